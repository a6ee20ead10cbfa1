"""DNS messages as octets: questions written, responses matched, and plain answers taken apart without reading the rest.

``skim`` says nothing of any message that is not as plain as can be: dnspython reads that one. What it does say is what dnspython
would (a property test holds the two together).
"""

from __future__ import annotations

import struct
from collections.abc import Container
from functools import lru_cache

import dns.name
import dns.rdatatype

HEADER_OCTETS = 12
FORMERR = 1

_RD, _CD = 0x0100, 0x0010
_COUNTS = b"\x00\x01\x00\x00\x00\x00\x00\x01"  # one question, and EDNS in the additional section
_OPT = b"\x00\x00\x29" + struct.pack("!HIH", 1232, 0, 0)  # RFC 6891 section 6.1.2: 1232 octets, no options
_MAY_LACK_THE_QUESTION = frozenset({FORMERR, 2, 4, 5})  # FORMERR, SERVFAIL, NOTIMP, REFUSED
_PLAIN = b"abcdefghijklmnopqrstuvwxyz0123456789-_."
_LONGEST_NAME, _LONGEST_LABEL = 255, 63  # octets (RFC 1035 section 2.3.4)
_LENGTHS = [bytes([length]) for length in range(_LONGEST_LABEL + 1)]

_POINTER = 0xC0  # the two high bits of a compression pointer (RFC 1035 section 4.1.4)
_HEADS = {  # an owner that points to the question's name, the type, class IN
    "TXT": b"\xc0\x0c\x00\x10\x00\x01",
    "MX": b"\xc0\x0c\x00\x0f\x00\x01",
}
_SOA_HEAD = b"\xc0\x0c\x00\x06\x00\x01"
_SHORT = struct.Struct("!H")
_SECTIONS = struct.Struct("!HHHH")
_RECORD = struct.Struct("!HHIH")  # type, class, TTL, length
_SOA = struct.Struct("!IIIII")  # serial, refresh, retry, expire, minimum
_LONGEST_TTL = 0x7FFFFFFF  # RFC 2181 section 8
_IN, _A, _NS, _AAAA = 1, 1, 2, 28


class NotPlain(Exception):
    """The message is odd, or more than ``skim`` reads."""


# --- questions --------------------------------------------------------------------------------------------------------
def name_octets(name: str) -> bytes:
    """The name as it travels, uncompressed. Raises ``dns.exception.DNSException`` for what is no domain name."""
    return plain_name_octets(name) or _any_name_octets(name)


@lru_cache(maxsize=8192)
def plain_name_octets(name: str) -> bytes | None:
    """The octets of an absolute name that stands for itself, without capital or escape; None for any other."""
    text = name.encode("utf-8", "surrogatepass")
    labels = text.split(b".")
    if labels.pop() or not labels or b"" in labels or len(text) >= _LONGEST_NAME or text.translate(None, _PLAIN):
        return None
    if len(max(labels, key=len)) > _LONGEST_LABEL:
        return None
    return b"".join([_LENGTHS[len(label)] + label for label in labels]) + b"\x00"


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
        self.body = (_SHORT.pack(flags) if flags else b"\x00\x00") + _COUNTS + self.octets + _OPT


def without_edns(wire: bytes) -> bytes:
    """The same question for a server older than EDNS (RFC 6891 section 7)."""
    return wire[:10] + b"\x00\x00" + wire[HEADER_OCTETS : -len(_OPT)]


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


def skim(wire: bytes, question: bytes, rtype: str) -> tuple[int, list[bytes]] | None:
    """The TTL and the rdata of a plain answer to a TXT or MX question: names in it whole and in lower case.

    Plain: NOERROR, authoritative, whole; every record in the answer is of the owner and type asked for, at one TTL; beside it
    nothing but NS and addresses, and EDNS without options. ``None``: let dnspython read it. ``wire`` must be a response to
    ``question``. Whether the character-strings of a TXT are well-formed is not looked at.
    """
    head = _HEADS.get(rtype)
    if head is None or not _is_plain(wire):
        return None
    try:
        return _skim(wire, question, head)
    except (NotPlain, IndexError, struct.error):
        return None


def skim_soa(wire: bytes, question: bytes) -> tuple[int, int] | None:
    """The serial, and the negative TTL in seconds (the lower of the record's TTL and its MINIMUM), of a plain answer to an SOA
    question: one record. Plain, ``None`` and ``wire`` as for ``skim``."""
    if not _is_plain(wire):
        return None
    try:
        return _skim_soa(wire, question)
    except (NotPlain, IndexError, struct.error):
        return None


def _is_plain(wire: bytes) -> bool:
    return wire[2] & 0xFE == 0x84 and not wire[3] & 0x0F  # QR and AA set, opcode, TC and RCODE zero


def _skim_soa(wire: bytes, question: bytes) -> tuple[int, int]:
    questions, answers, authorities, additionals = _SECTIONS.unpack_from(wire, 4)
    position = HEADER_OCTETS + len(question)
    if (questions, answers) != (1, 1) or wire[position : position + 6] != _SOA_HEAD:
        raise NotPlain
    _, _, ttl, length = _RECORD.unpack_from(wire, position + 2)
    _, behind = _read_name(wire, position + 12, question)
    _, behind = _read_name(wire, behind, question)
    end = position + 12 + length
    if behind + _SOA.size != end or ttl > _LONGEST_TTL:
        raise NotPlain
    serial, _, _, _, minimum = _SOA.unpack_from(wire, behind)
    _check_rest(wire, end, (authorities, additionals), question, ())
    return serial, min(ttl, minimum)


def _skim(wire: bytes, question: bytes, head: bytes) -> tuple[int, list[bytes]]:
    questions, answers, authorities, additionals = _SECTIONS.unpack_from(wire, 4)
    position = HEADER_OCTETS + len(question)
    head_and_ttl = wire[position : position + 10]
    if questions != 1 or not answers or not head_and_ttl.startswith(head):
        raise NotPlain
    is_mx = head is _HEADS["MX"]
    found, names = [], []
    for _ in range(answers):
        if wire[position : position + 10] != head_and_ttl:
            raise NotPlain
        start = position + 12
        position = start + (wire[position + 10] << 8 | wire[position + 11])
        if is_mx:
            names.append(start + 2)
            found.append(_mx(wire, start, position, question))
        else:
            found.append(wire[start:position])
    ttl = int.from_bytes(head_and_ttl[6:], "big")
    if ttl > _LONGEST_TTL or position > len(wire):
        raise NotPlain
    _check_rest(wire, position, (authorities, additionals), question, names)
    return ttl, found


def _mx(wire: bytes, start: int, end: int, question: bytes) -> bytes:
    exchange, behind = _read_name(wire, start + 2, question)
    if behind != end:
        raise NotPlain
    return wire[start : start + 2] + exchange


def _read_name(wire: bytes, start: int, question: bytes) -> tuple[bytes, int]:
    """A name, whole and in lower case, and where what follows it begins. Pointers lead backwards only, and all that they lead
    to stands before the name."""
    parts = []
    position, limit, behind = start, start, 0
    while length := wire[position]:
        if length < 64:
            parts.append(wire[position : position + length + 1])
            position += length + 1
        elif length >= _POINTER:
            target = (length & 0x3F) << 8 | wire[position + 1]
            behind = behind or position + 2
            if target == HEADER_OCTETS:
                parts.append(question[:-5])
                position = HEADER_OCTETS + len(question) - 5
                break
            if target >= limit:
                raise NotPlain
            position = limit = target
        else:
            raise NotPlain
        if behind and position >= start:
            raise NotPlain
    whole = b"".join(parts) + b"\x00"
    if len(whole) > _LONGEST_NAME:
        raise NotPlain
    return whole.lower(), behind or position + 1


def _check_rest(wire: bytes, position: int, counts: tuple[int, int], question: bytes, names: Container[int]) -> None:
    """Raise ``NotPlain`` unless dnspython would find nothing wrong, and nothing that counts, in what follows the answer.

    ``names``: where names stand that have been read.
    """
    records, end = counts[0] + counts[1], len(wire)
    if counts[1] and _is_plain_opt(wire[-len(_OPT) :]):
        records, end = records - 1, end - len(_OPT)
    for _ in range(records):
        position = _skip_record(wire, position, question, names)
    if position != end:
        raise NotPlain


def _is_plain_opt(record: bytes) -> bool:
    """Without options, version 0, and with no upper bits of an RCODE."""
    return record[:3] == _OPT[:3] and record[5:7] == b"\x00\x00" and record[9:] == b"\x00\x00"


def _skip_record(wire: bytes, position: int, question: bytes, names: Container[int]) -> int:
    if wire[position] == _POINTER and wire[position + 1] in names:
        position += 2
    else:
        _, position = _read_name(wire, position, question)
    kind, family, _, length = _RECORD.unpack_from(wire, position)
    start = position + _RECORD.size
    end: int = start + length
    if family != _IN:
        raise NotPlain
    if kind == _NS:
        if _read_name(wire, start, question)[1] != end:
            raise NotPlain
    elif (kind, length) not in ((_A, 4), (_AAAA, 16)):
        raise NotPlain
    return end
