"""The map of the small internet: which servers there are, which domains, and who is said to answer for them.

A domain is a line of ``DOMAINS``. What stands in its zone besides SOA, NS and addresses is ``RECORDS``, unless told otherwise.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from tests.integration.nameserver import Behaviour

# unsigned; signed, with the DS in the parent; signed by a key that the DS does not name; signed, and the signatures are over
Signing = Literal["unsigned", "good", "wrong-key", "expired"]

FIRST_SERIAL = 2026010101
NEGATIVE_TTL = 300
MISSING = "missing.com."  # nobody registered it

RECORDS = f"""
@ 3600 A 192.0.2.80
@ 3600 MX 5 mailgate
@ 3600 MX 40 smtp.isp.net.
@ 3600 MX 40 secours.isp.net.
@ 600 TXT "v=spf1 mx include:spf.isp.net ~all"
@ 3600 TXT "site-verification=4711"
www 900 A 192.0.2.81
mailgate 3600 A 192.0.2.25
alias {NEGATIVE_TTL} CNAME www.isp.net.
"""
_ISP = """
www 3600 A 192.0.2.82
spf 3600 TXT "v=spf1 ip4:192.0.2.0/24 -all"
smtp 3600 A 192.0.2.26
secours 3600 A 192.0.2.27
"""
_SERVICE = """
includespf 3600 TXT "v=spf1 ip4:198.51.100.0/24 -all"
france 3600 A 198.51.100.1
europe 3600 A 198.51.100.2
"""


@dataclass(frozen=True)
class Place:
    """Where a server runs. ``process``: one NSD; None: nothing listens, or a scripted server where ``script`` is given."""

    net: int  # 127.20.NET.x
    process: str | None = None
    v4: bool = True
    v6: bool = False
    lags: bool = False  # serves the zone as it was, until told to catch up
    script: Script | None = None


@dataclass(frozen=True)
class Script:
    """How a scripted server behaves. ``drop_share``: of the UDP questions; ``anycast``: two sites, asked in turn."""

    default: Behaviour = "answer"
    drop_share: float = 0.0
    anycast: bool = False


@dataclass(frozen=True)
class Host:
    """A name server: its absolute name, and its addresses."""

    name: str
    place: Place
    addresses: tuple[str, ...]

    @property
    def key(self) -> str | None:
        """Servers of one key are one process and hold the same zones; None where nothing listens."""
        return self.name if self.place.script else self.place.process


@dataclass(frozen=True)
class Domain:
    """A zone. ``delegated``: the NS set in the parent; ``listed``: that in the zone; ``held_by``: servers that have the zone."""

    name: str
    hosts: tuple[Host, ...]
    delegated: tuple[str, ...]
    listed: tuple[str, ...]
    held_by: tuple[str, ...]
    primary: str
    signing: Signing
    records: str


def _scripted(default: Behaviour = "answer", *, drop_share: float = 0.0, anycast: bool = False) -> Place:
    return Place(9, script=Script(default, drop_share, anycast))


FIRST, SECOND, THIRD = (Place(net, process) for net, process in ((2, "first"), (3, "second"), (4, "third")))
NOWHERE = Place(66)
_used: dict[int, itertools.count[int]] = {}


def _host(name: str, place: Place) -> Host:
    addresses: tuple[str, ...] = ()
    if place.v4:
        addresses = (f"127.20.{place.net}.{next(_used.setdefault(place.net, itertools.count(1)))}",)
    return Host(name, place, addresses + (("::1",) if place.v6 else ()))


def _domain(
    name: str,
    hosts: Mapping[str, Place] | None = None,
    *,
    delegated: Sequence[str] | None = None,
    listed: Sequence[str] | None = None,
    held_by: Sequence[str] | None = None,
    primary: str | None = None,
    signing: Signing = "unsigned",
    records: str = RECORDS,
) -> Domain:
    """Names of servers are relative to the domain, or absolute. What is not told: all the hosts, else all that are delegated."""

    def full(names: Sequence[str]) -> tuple[str, ...]:
        return tuple(each if each.endswith(".") else f"{each}.{name}" for each in names)

    usual = list(hosts or {}) or list(delegated or ())
    holders = [label for label in usual if hosts is None or hosts[label].process or hosts[label].script]
    return Domain(
        name=name,
        hosts=tuple(_host(full([label])[0], place) for label, place in (hosts or {}).items()),
        delegated=full(usual if delegated is None else delegated),
        listed=full(usual if listed is None else listed),
        held_by=full(holders if held_by is None else held_by),
        primary=full([primary or usual[0]])[0],
        signing=signing,
        records=records,
    )


def _tld(name: str, *servers: str, signing: Signing = "good", records: str = "") -> Domain:
    hosts = {f"{'ab'[number]}.nic.{name}": Place(1, process) for number, process in enumerate(servers)}
    return _domain(name, hosts, signing=signing, records=records)


_PAIR = {"ns1": FIRST, "ns2": SECOND}
_HOSTER = ("ns1.hoster.net.", "ns2.hoster.net.")
_DEEPEST = ("ns1.deepest.org.", "ns2.deepest.org.")
_LIARS = {"id": _scripted("wrong-id"), "question": _scripted("wrong-question"), "source": _scripted("other-address")}

DOMAINS: tuple[Domain, ...] = (
    _domain(".", {"a.root.": Place(0, "root-a"), "b.root.": Place(0, "root-b")}, signing="good", records=""),
    # No delegation: a name in the TLD's own zone that is an alias.
    _tld("com.", "com-a", "com-b", records="alias 3600 CNAME normal.com.\n"),
    _tld("net.", "net"),
    _tld("org.", "org"),
    _tld("test.", "test", signing="unsigned"),
    # --- as it should be
    _domain("normal.com.", _PAIR),
    _domain("hoster.net.", _PAIR),
    _domain("isp.net.", delegated=_HOSTER, records=_ISP),
    _domain("security-mail.net.", delegated=_HOSTER, records=_SERVICE),
    _domain("child.normal.com.", {"ns1": THIRD}),
    _domain("cohosted.com.", _PAIR),  # and below it a zone on the same servers: nobody refers to it
    _domain("sub.cohosted.com.", delegated=["ns1.cohosted.com.", "ns2.cohosted.com."]),
    _domain("firm.co.test.", _PAIR),  # co.test has no records and no zone
    _domain("signed.com.", _PAIR, signing="good"),
    # --- addresses that must be looked for
    _domain("hosted.com.", delegated=_HOSTER),
    _domain("deep.com.", delegated=["ns1.deep.net.", "ns2.deep.net."]),
    _domain("deep.net.", _PAIR, delegated=_DEEPEST, listed=_DEEPEST),
    _domain("deepest.org.", _PAIR),
    _domain("v6.com.", {"ns1": FIRST, "ns2": Place(3, "second", v6=True)}),
    _domain("v6only.com.", {"ns1": Place(3, "second", v4=False, v6=True)}),
    # --- delegations that are not right
    _domain("differ.com.", {"ns1": FIRST, "ns2": THIRD, "ns3": SECOND}, delegated=["ns1", "ns2"], listed=["ns1", "ns3"]),
    _domain("lame.com.", _PAIR, held_by=["ns1"]),  # ns2 says REFUSED
    _domain("unauthoritative.com.", {"ns1": FIRST, "ns2": _scripted("not-aa")}),
    _domain("dead.com.", {"ns1": FIRST, "ns2": NOWHERE}),
    _domain("gone.com.", {"ns1": NOWHERE, "ns2": NOWHERE}),
    _domain("nameless.com.", {"ns1": FIRST}, delegated=["ns1", "ns.nowhere.test."], listed=["ns1", "ns.nowhere.test."]),
    _domain("loop-a.com.", delegated=["ns1.loop-b.net."], held_by=[]),
    _domain("loop-b.net.", delegated=["ns1.loop-a.com."], held_by=[]),
    _domain("hidden.com.", {**_PAIR, "primary": _scripted()}, primary="primary", delegated=["ns1", "ns2"], listed=["ns1", "ns2"]),
    _domain("apex-alias.org.", {"ns1": _scripted()}, records="@ 300 CNAME www.isp.net.\n"),
    # --- DNSSEC that is not right
    _domain("bogus.com.", _PAIR, signing="wrong-key"),
    _domain("expired.com.", _PAIR, signing="expired"),
    # --- servers that misbehave, each beside an honest ns1
    _domain("lags.com.", {"ns1": FIRST, "ns2": Place(3, "second", lags=True)}),
    _domain("anycast.com.", {"ns1": FIRST, "ns2": _scripted(anycast=True)}),
    _domain("liar.com.", {"ns1": FIRST, **_LIARS}),
    _domain("drops.com.", {"ns1": FIRST, "ns2": _scripted(drop_share=0.3)}),
    _domain("tcp.com.", {"ns1": FIRST, "ns2": _scripted("tc")}),
    _domain("noudp.com.", {"ns1": FIRST, "ns2": _scripted("drop-udp")}),
    _domain("silent.com.", {"ns1": FIRST, "ns2": _scripted("drop")}),
    _domain("scripted.com.", {"ns1": _scripted(), "ns2": _scripted()}),  # for a test to make of it what it needs
)

HOSTS: Mapping[str, Host] = {host.name: host for domain in DOMAINS for host in domain.hosts}


def parent_of(name: str) -> str | None:
    """The closest domain above; None for the root."""
    names = {domain.name for domain in DOMAINS}
    labels = name.rstrip(".").split(".")
    above = [".".join(labels[number:]) + "." for number in range(1, len(labels) + 1)]
    return next((candidate for candidate in above if candidate in names and candidate != name), None)


def zone_text(domain: Domain, ds: Mapping[str, Sequence[str]]) -> str:
    """The zone as a master file. ``ds``: rdata of the DS RRset, by domain below."""
    lines = [f"$ORIGIN {domain.name}", "$TTL 3600"]
    alias_at_apex = "@ 300 CNAME" in domain.records
    if not alias_at_apex:
        lines.append(f"@ SOA {domain.primary} hostmaster {FIRST_SERIAL} 7200 900 1209600 {NEGATIVE_TTL}")
        lines += [f"@ NS {server}" for server in domain.listed]
    lines += [line for host in domain.hosts for line in _address_lines(host)]
    lines += [line for child in DOMAINS if parent_of(child.name) == domain.name for line in _cut_lines(child, ds)]
    return "\n".join([*lines, domain.records.strip(), ""])


def _cut_lines(child: Domain, ds: Mapping[str, Sequence[str]]) -> list[str]:
    """A delegation: NS, DS, and the addresses of servers that lie in the child itself."""
    glue = [host for host in child.hosts if host.name in child.delegated]
    return [
        *(f"{child.name} NS {server}" for server in child.delegated),
        *(f"{child.name} DS {rdata}" for rdata in ds.get(child.name, ())),
        *(line for host in glue for line in _address_lines(host)),
    ]


def _address_lines(host: Host) -> list[str]:
    return [f"{host.name} {'AAAA' if ':' in address else 'A'} {address}" for address in host.addresses]
