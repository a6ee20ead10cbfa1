"""DNS messages as octets: questions written, and responses matched to them."""

from __future__ import annotations

import struct
from functools import lru_cache

import dns.name
import dns.rdatatype

HEADER_OCTETS = 12
FORMERR = 1

_RD, _CD = 0x0100, 0x0010
_COUNTS = b"\x00\x01\x00\x00\x00\x00\x00\x01"  # one question, and EDNS in the additional section
OPT = b"\x00\x00\x29" + struct.pack("!HIH", 1232, 0, 0)
"""EDNS (RFC 6891 section 6.1.2): 1232 octets, no options."""

_MAY_LACK_THE_QUESTION = frozenset({FORMERR, 2, 4, 5})  # FORMERR, SERVFAIL, NOTIMP, REFUSED
_PLAIN_IN_LABELS = b"abcdefghijklmnopqrstuvwxyz0123456789-_"
_PLAIN = _PLAIN_IN_LABELS + b"."
LONGEST_NAME, _LONGEST_LABEL = 255, 63  # octets (RFC 1035 section 2.3.4)
_LENGTHS = [bytes([length]) for length in range(_LONGEST_LABEL + 1)]

_SHORT = struct.Struct("!H")
_IN = 1


# --- questions --------------------------------------------------------------------------------------------------------
def name_octets(name: str) -> bytes:
    """The name as it travels, uncompressed. Raises ``dns.exception.DNSException`` for what is no domain name."""
    return plain_name_octets(name) or _any_name_octets(name)


@lru_cache(maxsize=8192)
def plain_name_octets(name: str) -> bytes | None:
    """The octets of an absolute name that stands for itself, without capital or escape; None for any other."""
    text = name.encode("utf-8", "surrogatepass")
    labels = text.split(b".")
    if labels.pop() or not labels or b"" in labels or len(text) >= LONGEST_NAME or text.translate(None, _PLAIN):
        return None
    if len(max(labels, key=len)) > _LONGEST_LABEL:
        return None
    return b"".join([_LENGTHS[len(label)] + label for label in labels]) + b"\x00"


def plain_name_text(octets: bytes) -> str | None:
    """The text of a whole name of plain labels, or of the root; None for any other. The way back of ``plain_name_octets``."""
    labels, at = [], 0
    while length := octets[at]:
        labels.append(octets[at + 1 : at + 1 + length])
        at += 1 + length
    if b"".join(labels).translate(None, _PLAIN_IN_LABELS):
        return None
    return (b".".join(labels) + b".").decode("ascii")


@lru_cache(maxsize=1024)
def _any_name_octets(name: str) -> bytes:
    octets = dns.name.from_text(name).to_wire()
    assert octets is not None  # only with a file to write to it is
    return octets


@lru_cache
def _type_and_class(rtype: str) -> bytes:
    return struct.pack("!HH", dns.rdatatype.from_text(rtype), _IN)


class Question:
    """A question for any server. ``octets``: its section; ``body``: the message with EDNS, but for the two octets of the id.

    ``recursive``: RD. ``checking_disabled``: CD, for what a validating resolver would hold back (RFC 4035).
    """

    __slots__ = ("body", "octets", "recursive")

    def __init__(self, name: str, rtype: str, *, recursive: bool = False, checking_disabled: bool = False) -> None:
        self.recursive = recursive
        self.octets = name_octets(name) + _type_and_class(rtype)
        flags = _RD * recursive | _CD * checking_disabled
        self.body = (_SHORT.pack(flags) if flags else b"\x00\x00") + _COUNTS + self.octets + OPT


def without_edns(wire: bytes) -> bytes:
    """The same question for a server older than EDNS (RFC 6891 section 7)."""
    return wire[:10] + b"\x00\x00" + wire[HEADER_OCTETS : -len(OPT)]


# --- responses --------------------------------------------------------------------------------------------------------
def is_response(wire: bytes, question: bytes) -> bool:
    """Whether a message is a response to this question, the id apart. Case does not matter; an error may come bare."""
    if len(wire) < HEADER_OCTETS or wire[2] & 0xF8 != 0x80:  # QR set, opcode QUERY
        return False
    if wire.startswith(question, HEADER_OCTETS) and wire[5] == 1 and not wire[4]:
        return True
    if wire[4:6] == b"\x00\x00":
        return wire[3] & 0x0F in _MAY_LACK_THE_QUESTION
    echo = wire[HEADER_OCTETS : HEADER_OCTETS + len(question)]
    return wire[4:6] == b"\x00\x01" and echo[-4:] == question[-4:] and echo[:-4].lower() == question[:-4].lower()


def is_truncated(wire: bytes) -> bool:
    """Whether TC is set."""
    return bool(wire[2] & 0x02)


def has_formerr(wire: bytes) -> bool:
    """Whether the server could not read the question."""
    return wire[3] & 0x0F == FORMERR
