"""Plain answers taken apart without reading the rest.

A skim says nothing of any message that is not as plain as can be: dnspython reads that one. What it does say is what dnspython
would (property tests hold the two together).
"""

from __future__ import annotations

import struct
from collections.abc import Container

from registrar_sync.resolver.packet import HEADER_OCTETS, LONGEST_NAME, OPT

_POINTER = 0xC0  # the two high bits of a compression pointer (RFC 1035 section 4.1.4)
_HEADS = {  # an owner that points to the question's name, the type, class IN
    "TXT": b"\xc0\x0c\x00\x10\x00\x01",
    "MX": b"\xc0\x0c\x00\x0f\x00\x01",
    "A": b"\xc0\x0c\x00\x01\x00\x01",
    "AAAA": b"\xc0\x0c\x00\x1c\x00\x01",
}
_SOA_HEAD = b"\xc0\x0c\x00\x06\x00\x01"
_SECTIONS = struct.Struct("!HHHH")
_RECORD = struct.Struct("!HHIH")  # type, class, TTL, length
_SOA = struct.Struct("!IIIII")  # serial, refresh, retry, expire, minimum
_LONGEST_TTL = 0x7FFFFFFF  # RFC 2181 section 8
_IN, _A, _NS, _SOA_TYPE, _AAAA = 1, 1, 2, 6, 28
_NXDOMAIN = 3


class NotPlain(Exception):
    """The message is odd, or more than a skim reads."""


def skim(wire: bytes, question: bytes, rtype: str, *, recursive: bool = False) -> tuple[int, list[bytes]] | None:
    """The TTL and the rdata of a plain answer to a question for TXT, MX or addresses: names in it whole and in lower case.

    Plain: NOERROR, authoritative, whole; every record in the answer is of the owner and type asked for, at one TTL; beside it
    nothing but NS and addresses, and EDNS without options. ``recursive``: of a resolver that offers recursion, as good as
    authoritative. ``None``: let dnspython read it. ``wire`` must be a response to ``question``. Whether the character-strings of
    a TXT are well-formed, and an address as long as it must be, is not looked at.
    """
    head = _HEADS.get(rtype)
    if head is None or wire[3] & 0x0F or not _is_plain(wire, recursive=recursive):
        return None
    try:
        return _skim(wire, question, head)
    except (NotPlain, IndexError, struct.error):
        return None


def skim_absent(wire: bytes, question: bytes, *, recursive: bool = False) -> tuple[int, bool] | None:
    """The negative TTL in seconds of a plain "no such data", and whether it is NXDOMAIN: no answer, and first in the authority
    section the SOA of a zone at or above the name (RFC 2308 section 2). Plain, ``None`` and the rest as for ``skim``."""
    if wire[6:8] != b"\x00\x00" or wire[3] & 0x0F not in (0, _NXDOMAIN) or not _is_plain(wire, recursive=recursive):
        return None
    try:
        return _skim_absent(wire, question), wire[3] & 0x0F == _NXDOMAIN
    except (NotPlain, IndexError, struct.error):
        return None


def skim_soa(wire: bytes, question: bytes) -> tuple[int, int] | None:
    """The serial, and the negative TTL in seconds (the lower of the record's TTL and its MINIMUM), of a plain answer to an SOA
    question: one record. Plain, ``None`` and ``wire`` as for ``skim``."""
    if wire[3] & 0x0F or not _is_plain(wire):
        return None
    try:
        return _skim_soa(wire, question)
    except (NotPlain, IndexError, struct.error):
        return None


def _is_plain(wire: bytes, *, recursive: bool = False) -> bool:
    """QR set, opcode and TC zero, and AA set; for a recursive resolver RA does as well."""
    return wire[2] & 0xFA == 0x80 and (wire[2] & 0x04 != 0 or (recursive and wire[3] & 0x80 != 0))


def _skim_soa(wire: bytes, question: bytes) -> tuple[int, int]:
    questions, answers, authorities, additionals = _SECTIONS.unpack_from(wire, 4)
    position = HEADER_OCTETS + len(question)
    if (questions, answers) != (1, 1) or wire[position : position + 6] != _SOA_HEAD:
        raise NotPlain
    serial, negative_ttl, end = _soa_at(wire, position + 2, question)
    _check_rest(wire, end, (authorities, additionals), question, ())
    return serial, negative_ttl


def _skim_absent(wire: bytes, question: bytes) -> int:
    questions, _, authorities, additionals = _SECTIONS.unpack_from(wire, 4)
    if questions != 1 or not authorities:
        raise NotPlain
    zone, position = _read_name(wire, HEADER_OCTETS + len(question), question)
    if not _is_at_or_above(zone, question[:-4].lower()):
        raise NotPlain
    _, negative_ttl, end = _soa_at(wire, position, question)
    _check_rest(wire, end, (authorities - 1, additionals), question, ())
    return negative_ttl


def _soa_at(wire: bytes, position: int, question: bytes) -> tuple[int, int, int]:
    """The serial, the negative TTL and the end of an SOA record whose owner ends here."""
    kind, family, ttl, length = _RECORD.unpack_from(wire, position)
    start: int = position + _RECORD.size
    end: int = start + length
    _, behind = _read_name(wire, start, question)
    _, behind = _read_name(wire, behind, question)
    if (kind, family) != (_SOA_TYPE, _IN) or behind + _SOA.size != end or ttl > _LONGEST_TTL:
        raise NotPlain
    serial, _, _, _, minimum = _SOA.unpack_from(wire, behind)
    return serial, min(ttl, minimum), end


def _is_at_or_above(zone: bytes, name: bytes) -> bool:
    """Whether a name stands at or below a zone, both as they travel, in lower case."""
    position = len(name) - len(zone)
    if not name.endswith(zone):
        return False
    at = 0
    while at < position:
        at += name[at] + 1
    return at == position


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
    if len(whole) > LONGEST_NAME:
        raise NotPlain
    return whole.lower(), behind or position + 1


def _check_rest(wire: bytes, position: int, counts: tuple[int, int], question: bytes, names: Container[int]) -> None:
    """Raise ``NotPlain`` unless dnspython would find nothing wrong, and nothing that counts, in what follows the answer.

    ``names``: where names stand that have been read.
    """
    records, end = counts[0] + counts[1], len(wire)
    if counts[1] and _is_plain_opt(wire[-len(OPT) :]):
        records, end = records - 1, end - len(OPT)
    for _ in range(records):
        position = _skip_record(wire, position, question, names)
    if position != end:
        raise NotPlain


def _is_plain_opt(record: bytes) -> bool:
    """Without options, version 0, and with no upper bits of an RCODE."""
    return record[:3] == OPT[:3] and record[5:7] == b"\x00\x00" and record[9:] == b"\x00\x00"


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
