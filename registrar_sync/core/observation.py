"""What DNS servers were asked and what they said: values that the resolver brings in and visibility judges."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from registrar_sync.core.model import Rdata, Record, RRset, ZoneView


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """One address of a name server. ``name`` its host name (or the address where none is known), ``address`` v4 or v6."""

    name: str
    address: str
    port: int = 53

    def __str__(self) -> str:
        host = f"[{self.address}]" if ":" in self.address else self.address
        return host if self.port == 53 else f"{host}:{self.port}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One server's answer to one question.

    ``data``: records came. ``absent``: an authoritative "no such data" (NODATA or NXDOMAIN). ``unreachable``: nothing that
    can be judged came (timeout, REFUSED, SERVFAIL, lame): never the same as absent (rules B6.8). ``detail`` says why.
    """

    status: Literal["data", "absent", "unreachable"]
    values: frozenset[Rdata] = frozenset()
    ttl: int | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """One server's answers for one owner.

    ``answers`` by type. ``serial``: the zone's SOA serial at this server, when it answered. ``negative_ttl``: seconds a
    "no such data" may be cached, min(SOA TTL, SOA MINIMUM) (RFC 2308 section 5).
    """

    server: Server
    answers: Mapping[str, Answer] = field(default_factory=dict)
    serial: int | None = None
    negative_ttl: int | None = None

    @property
    def reachable(self) -> bool:
        """Whether every question got an answer that can be judged."""
        return all(answer.status != "unreachable" for answer in self.answers.values())


def view_of(seen: Observation, owner: str) -> ZoneView:
    """What a server answers, as if a provider's API had told it: the types asked for, and no rows of its own."""
    rrsets = (
        RRset(owner=owner, rtype=rtype, records=tuple(Record(rdata=value, ttl=answer.ttl or 0) for value in answer.values))
        for rtype, answer in seen.answers.items()
        if answer.status == "data" and answer.values
    )
    return ZoneView(zone=owner, owner=owner, rrsets=tuple(rrsets))


@dataclass(frozen=True, slots=True, kw_only=True)
class Delegation:
    """Who answers for a name. ``zone``: the closest zone cut at or above the name, as the DNS tells it (None: the DNS
    knows none). ``servers``: every address of each of its name servers. ``checked`` False: the operator named the servers."""

    zone: str | None
    servers: tuple[Server, ...]
    checked: bool = True
