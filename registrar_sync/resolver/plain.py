"""The short way from a response to an answer: expected rdata is compared as octets, and only what differs is read by dnspython.

The long way is ``answers.judge`` over a whole message; both give the same answer (a property test holds them together).
"""

from __future__ import annotations

from collections.abc import Collection
from functools import lru_cache

import dns.exception
import dns.message
import dns.rdata
import dns.rdataclass

from registrar_sync.core.model import Mx, Rdata, Txt
from registrar_sync.core.observation import Answer
from registrar_sync.core.txt import split_strings
from registrar_sync.resolver.answers import value_of
from registrar_sync.resolver.packet import name_octets, plain_name_octets, plain_name_text
from registrar_sync.resolver.skim import skim, skim_absent

_LONGEST_STRING = 255  # octets (RFC 1035 section 3.3)
_LENGTHS = [bytes([length]) for length in range(_LONGEST_STRING + 1)]


class Expected:
    """What the RRset of one type is hoped to be, as values and as it travels.

    An answer that differs in spelling only (the character-strings of a TXT cut elsewhere) is not equal on the wire: that one is
    read, and its values compared.
    """

    __slots__ = ("_last", "octets", "values")

    def __init__(self, values: frozenset[Rdata]) -> None:
        self.values = values
        octets = frozenset(filter(None, map(_octets_of, values)))
        self.octets = octets if len(octets) == len(values) else frozenset()  # equal to no answer
        self._last: Answer | None = None

    def matches(self, rdata: Collection[bytes]) -> bool:
        """Whether these are the octets of all expected values, each once, in any order."""
        return len(rdata) == len(self.octets) and self.octets.issuperset(rdata) and len(set(rdata)) == len(rdata)

    def answer(self, ttl: int) -> Answer:
        """The answer that holds the expected values. Servers mostly agree on the TTL: the last one made is given again."""
        last = self._last
        if last is None or last.ttl != ttl:
            last = self._last = Answer(status="data", values=self.values, ttl=ttl)
        return last


@lru_cache(maxsize=32768)
def expected_of(values: frozenset[Rdata]) -> Expected:
    """Kept, since who waits looks for the same values again and again."""
    return Expected(values)


def plain_answer(wire: bytes, question: bytes, rtype: str, expected: Expected | None = None) -> Answer | None:
    """What a plain authoritative answer says, as ``answers.judge`` would; None: read the whole message.

    ``wire`` must be a response to ``question``.
    """
    skimmed = skim(wire, question, rtype)
    if skimmed is None:
        return _absence(skim_absent(wire, question))
    ttl, rdata = skimmed
    if expected is not None and expected.matches(rdata):
        return expected.answer(ttl)
    return _data(rtype, rdata, ttl)


def plain_told(wire: bytes, question: bytes, rtype: str) -> Answer | None:
    """What a plain answer of a recursive resolver says, as ``answers.told`` would of one that is usable and leads nowhere else;
    None: read the whole message. ``wire`` as for ``plain_answer``."""
    skimmed = skim(wire, question, rtype, recursive=True)
    if skimmed is None:
        return _absence(skim_absent(wire, question, recursive=True))
    ttl, rdata = skimmed
    return _data(rtype, rdata, ttl)


def _absence(skimmed: tuple[int, bool] | None) -> Answer | None:
    return None if skimmed is None else Answer(status="absent", ttl=skimmed[0], detail="NXDOMAIN" if skimmed[1] else "")


def _data(rtype: str, rdata: Collection[bytes], ttl: int) -> Answer | None:
    try:
        return Answer(status="data", values=frozenset([_value_at(rtype, octets) for octets in rdata]), ttl=ttl)
    except dns.exception.DNSException:
        return None


def read_message(wire: bytes) -> dns.message.Message | None:
    """The message, or None where it is garbled."""
    try:
        return dns.message.from_wire(wire)
    except (dns.exception.DNSException, ValueError):  # ValueError: what a record's own reader may raise
        return None


@lru_cache(maxsize=65536)
def _value_at(rtype: str, octets: bytes) -> Rdata:
    return _plain_value(rtype, octets) or value_of(dns.rdata.from_wire(dns.rdataclass.IN, rtype, octets, 0, len(octets)))


def _plain_value(rtype: str, octets: bytes) -> Rdata | None:
    """A TXT, or an MX whose exchange is spelled as it travels; None: dnspython must look at it."""
    if rtype == "TXT":
        strings = _strings(octets)
        return Txt(strings) if strings else None
    exchange = plain_name_text(octets[2:]) if rtype == "MX" else None
    return Mx(octets[0] << 8 | octets[1], exchange) if exchange else None


def _strings(octets: bytes) -> tuple[bytes, ...]:
    """The character-strings of a TXT; none where they are not well-formed."""
    strings, at, end = [], 0, len(octets)
    while at < end:
        behind = at + 1 + octets[at]
        strings.append(octets[at + 1 : behind])
        at = behind
    return tuple(strings) if at == end else ()


def _octets_of(value: Rdata) -> bytes | None:
    """The rdata as ``skim`` gives it; None where there is no telling how a server would spell it."""
    if isinstance(value, Mx):
        return _mx_octets(value.preference, value.exchange)
    if not isinstance(value, Txt):
        return None
    strings = value.strings
    if len(strings) != 1 or len(strings[0]) > _LONGEST_STRING:
        if not strings or max(map(len, strings)) > _LONGEST_STRING:
            strings = split_strings(value.joined)  # some APIs give a long value as one string
        return b"".join([_LENGTHS[len(string)] + string for string in strings])
    return _LENGTHS[len(strings[0])] + strings[0]


def _mx_octets(preference: int, exchange: str) -> bytes | None:
    try:
        if plain := plain_name_octets(exchange):
            return preference.to_bytes(2, "big") + plain
        octets = preference.to_bytes(2, "big") + name_octets(exchange)
        # what dnspython would spell otherwise than it stands here would not be the expected value
        return octets if _value_at("MX", octets) == Mx(preference, exchange) else None
    except (dns.exception.DNSException, OverflowError):
        return None
