"""The zones of the benchmark: what each holds, and what it must hold afterwards."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

INCLUDE = "include:includespf.security-mail.net"
SERVICE_MX = ("3 france.security-mail.net.", "4 europe.security-mail.net.")

Key = tuple[str, str]
"""Owner (absolute) and type."""

_TTLS = (300, 600, 3600)
_SPF = (
    '"v=spf1 mx ~all"',
    '"v=spf1 ip4:192.0.2.0/24 mx -all"',
    '"v=spf1 a mx include:_spf.example.net ~all"',
    '"v=spf1 ip6:2001:db8::/32 " "ip4:198.51.100.0/24 ?all"',  # two character-strings: joined without a space
    '"v=spf1 a:mailgate.example.net ip4:203.0.113.7 include:_spf.example.net -all"',
)
_NEIGHBOURS = (
    '"google-site-verification=abc{number}"',
    '"part one, " "part two"',
    " ".join(f'"{letter * 200}"' for letter in "abc"),
    '"say \\"hi\\" back\\\\slash"',
    '"key=value; other=value; number={number}"',
    '"MS=ms{number}"',
)


@dataclass(frozen=True, slots=True)
class Value:
    """One record's data in presentation form, and whether the server holds it back."""

    text: str
    disabled: bool = False


@dataclass(frozen=True, slots=True)
class RRset:
    """``ttl``: seconds."""

    ttl: int
    values: tuple[Value, ...]


Zone = Mapping[Key, RRset]


@dataclass(frozen=True)
class Estate:
    """``count`` customers' zones, all a little different and the same in every run, and two zones that they lean on."""

    count: int

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The customers' zones, absolute. Below example.com: lexicon.Client cuts a name at the public suffix list."""
        return tuple(f"z{number}.example.com." for number in range(self.count))

    def before(self) -> Iterator[tuple[str, Zone]]:
        """Every customer's zone as it is at first."""
        return ((name, _zone(number, name)) for number, name in enumerate(self.names))

    def after(self) -> Iterator[tuple[str, Zone]]:
        """Every customer's zone as it must be afterwards."""
        return ((name, enrolled(name, zone)) for name, zone in self.before())


def enrolled(name: str, zone: Zone) -> Zone:
    """The zone with the service: its include before ``all``, its hosts beneath the others, TTLs as they were."""
    txt, mx = zone[name, "TXT"], zone[name, "MX"]
    texts = tuple(Value(merged(value.text), value.disabled) for value in txt.values)
    hosts = (*(Value(text) for text in SERVICE_MX), *mx.values)
    return {**zone, (name, "TXT"): RRset(txt.ttl, texts), (name, "MX"): RRset(mx.ttl, hosts)}


def merged(text: str) -> str:
    """An SPF value with the service's include; any other value as it is.

    >>> merged('"v=spf1 mx ~all"')
    '"v=spf1 mx include:includespf.security-mail.net ~all"'
    """
    joined = text.replace('" "', "")
    if not joined.startswith('"v=spf1 '):
        return text
    terms, _, last = joined.rpartition(" ")
    return f"{terms} {INCLUDE} {last}"


def leaned_on() -> Iterator[tuple[str, Zone]]:
    """The service's zone, and that of the customers' hosts: asked by who looks before it writes."""
    hosts = {f"mx{number}.example.net.": f"192.0.2.{10 + number}" for number in range(5)} | {"mailgate.example.net.": "192.0.2.9"}
    service = {"france.security-mail.net.": "192.0.2.101", "europe.security-mail.net.": "192.0.2.102"}
    for zone, addresses, spf in (
        ("example.net.", hosts, ("_spf.example.net.", '"v=spf1 ip4:198.51.100.0/24 -all"')),
        ("security-mail.net.", service, ("includespf.security-mail.net.", '"v=spf1 ip4:192.0.2.0/24 -all"')),
    ):
        made = {(owner, "A"): RRset(3600, (Value(address),)) for owner, address in addresses.items()}
        yield zone, made | {(spf[0], "TXT"): RRset(3600, (Value(spf[1]),)), (zone, "NS"): _NS}


_NS = RRset(3600, (Value("ns1.example.net."), Value("ns2.example.net.")))


def _zone(number: int, name: str) -> Zone:
    ttl = _TTLS[number % 3]
    rrsets = {
        (name, "NS"): _NS,
        (name, "A"): RRset(_TTLS[number % 2], (Value("192.0.2.80"),)),
        (name, "TXT"): RRset(ttl, tuple(_texts(number))),
        (name, "MX"): RRset(_TTLS[(number // 3) % 3], tuple(_mx(number, name))),
        (f"mail.{name}", "A"): RRset(900, (Value("192.0.2.25"),)),
        (f"www.{name}", "A"): RRset(300, (Value("192.0.2.80"), Value("192.0.2.81"))),
        (f"ftp.{name}", "CNAME"): RRset(3600, (Value(f"www.{name}"),)),
        (f"_dmarc.{name}", "TXT"): RRset(600, (Value('"v=DMARC1; p=none"'),)),
        (f"sub.{name}", "TXT"): RRset(ttl, (Value('"v=spf1 mx -all"'),)),
        (f"sub.{name}", "MX"): RRset(ttl, (Value(f"7 mail.{name}"),)),
    }
    if number % 2:
        rrsets[name, "AAAA"] = RRset(600, (Value("2001:db8::80"), Value("2001:db8::81")))
    return rrsets


def _texts(number: int) -> Iterator[Value]:
    """SPF, none to four neighbours, and in one zone of twenty a value that the customer has switched off."""
    yield Value(_SPF[number % len(_SPF)])
    for turn in range(number % 5):
        yield Value(_NEIGHBOURS[(number + turn) % len(_NEIGHBOURS)].format(number=number))
    if number % 20 == 7:
        yield Value('"switched off"', disabled=True)


def _mx(number: int, name: str) -> Iterator[Value]:
    """One to five hosts, preferences from 5 to 40, some alike."""
    yield Value(f"5 mail.{name}" if number % 3 else f"10 mail.{name}")
    for turn in range((number // 2) % 5):
        yield Value(f"{10 * (1 + (turn + number % 2) // 2 + turn // 2)} mx{turn}.example.net.")
