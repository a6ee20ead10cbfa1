"""What DNS servers were asked and what they said: values that the resolver brings in and visibility judges."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from registrar_sync.core.model import Rdata, Record, RRset, ZoneView
from registrar_sync.core.names import display

NO_ANSWER = "no answer"
"""How the detail of an ``unreachable`` begins where not one octet came back; a server that refuses or fails has answered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """One address of a name server. ``name`` its host name (or the address where none is known), ``address`` v4 or v6."""

    name: str
    address: str
    port: int = 53

    def __str__(self) -> str:
        """Where it is; empty for one without an address."""
        if not self.address:
            return ""
        host = f"[{self.address}]" if ":" in self.address else self.address
        return host if self.port == 53 else f"{host}:{self.port}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One server's answer to one question.

    ``data``: records came. ``absent``: an authoritative "no such data" (NODATA or NXDOMAIN). ``unreachable``: nothing that
    can be judged came (timeout, REFUSED, SERVFAIL, lame): never the same as absent (rules B6.8). ``bogus``: a recursive
    resolver holds an answer back because its signatures do not validate (RFC 4035). ``detail`` says why.
    """

    status: Literal["data", "absent", "unreachable", "bogus"]
    values: frozenset[Rdata] = frozenset()
    ttl: int | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """One server's answers for one owner.

    ``answers`` by type. ``serial``: the zone's SOA serial at this server, when it answered. ``negative_ttl``: seconds a
    "no such data" may be cached, min(SOA TTL, SOA MINIMUM) (RFC 2308 section 5). ``over_https``: asked over HTTPS
    (RFC 8484), because port 53 is closed.
    """

    server: Server
    answers: Mapping[str, Answer] = field(default_factory=dict)
    serial: int | None = None
    negative_ttl: int | None = None
    over_https: bool = False

    @property
    def reachable(self) -> bool:
        """Whether every question got an answer that can be judged."""
        return all(answer.status in ("data", "absent") for answer in self.answers.values())

    @property
    def silent(self) -> bool:
        """Whether nothing at all came from it: no route, nobody there, or a port that is closed on the way."""
        return bool(self.answers) and all(
            answer.status == "unreachable" and answer.detail.startswith(NO_ANSWER) for answer in self.answers.values()
        )


def view_of(seen: Observation, owner: str) -> ZoneView:
    """What a server answers, as if a provider's API had told it: the types asked for, and no rows of its own."""
    rrsets = (
        RRset(owner=owner, rtype=rtype, records=tuple(Record(rdata=value, ttl=answer.ttl or 0) for value in answer.values))
        for rtype, answer in seen.answers.items()
        if answer.status == "data" and answer.values
    )
    return ZoneView(zone=owner, owner=owner, rrsets=tuple(rrsets))


@dataclass(frozen=True, slots=True, kw_only=True)
class Remark:
    """What is not right with one name server of a delegation. ``server``: its name; ``address``: where it was met, if it is one
    address only, as ``Server`` shows it; ``detail``: what was met.

    ``lame``: it answers, and not for the zone. ``unreachable``: no answer came. ``unresolved``: its name has no address.
    ``parent-only``, ``child-only``: only the zone above, or only the zone itself, names it. ``disagrees``: it is authoritative
    and tells the delegation or its own zone otherwise than the others.
    """

    server: str
    kind: Literal["lame", "unreachable", "unresolved", "parent-only", "child-only", "disagrees"]
    detail: str
    address: str = ""

    def __str__(self) -> str:
        return f"{display(self.server)}{f' ({self.address})' if self.address else ''}: {self.detail}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Delegation:
    """Who answers for a name. ``zone``: the closest zone cut at or above the name, as the DNS tells it (None: the DNS
    knows none). ``parent``: the zone above, whose servers were asked for it. ``servers``: every address of every name server that
    the zone above or the zone itself names; one without an address has an empty one. ``source``: who said so, the servers of the
    zone above, a recursive resolver because these could not be asked, or the operator."""

    zone: str | None
    servers: tuple[Server, ...]
    parent: str | None = None
    remarks: tuple[Remark, ...] = ()
    source: Literal["parent", "resolver", "operator"] = "parent"

    @property
    def checked(self) -> bool:
        """Whether the DNS was asked: not where the operator named the servers."""
        return self.source != "operator"
