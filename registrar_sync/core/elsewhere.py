"""What recursive resolvers say: information beside the verdict, never a part of it.

A cache holds each RRset for itself, and until its own TTL has run out: there, the old SPF beside the new MX is nothing strange.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from registrar_sync.core.model import RRset
from registrar_sync.core.names import display
from registrar_sync.core.observation import Observation, Server
from registrar_sync.core.visibility import NO_ROUTE, ServerVerdict, Target, judge

BOGUS = "the DNSSEC signatures do not validate: senders that validate cannot resolve this domain"
"""The detail of a recursive resolver that answers SERVFAIL, and data where checking is disabled (RFC 4035)."""

_WORDS = {"TXT": "SPF", "MX": "MX"}
_CACHED = ("old", "absent", "other")


def judge_recursives(
    observations: Iterable[Observation], target: Target, *, now: datetime, old_until: datetime | None
) -> tuple[ServerVerdict, ...]:
    """The verdict on each recursive resolver. ``old``: of one type or more it still has what was before, of the others what is
    new; ``until`` then: when its TTL has run out, or ``old_until`` where that comes first."""
    return tuple(_judged(seen, target, now, old_until) for seen in observations)


def _judged(seen: Observation, target: Target, now: datetime, old_until: datetime | None) -> ServerVerdict:
    by_type = {rtype: _of_type(seen, target, rtype, now) for rtype in target.types}
    late = [rtype for rtype, row in by_type.items() if row.verdict == "old"]
    if late and {row.verdict for row in by_type.values()} <= {"old", "new"}:
        part = "" if len(late) == len(by_type) else f"still the old {' and '.join(_WORDS.get(t, t) for t in late)}"
        until = cached_until(seen, late, now, old_until)
        return ServerVerdict(server=seen.server, verdict="old", detail=part, role="recursive", until=until)
    (row,) = judge([seen], target, now=now, gate=None)
    until = cached_until(seen, target.types, now, old_until) if row.verdict in ("old", "absent") else None
    return replace(row, role="recursive", until=until)


def _of_type(seen: Observation, target: Target, rtype: str, now: datetime) -> ServerVerdict:
    def only(images: Mapping[str, RRset | None]) -> dict[str, RRset | None]:
        return {rtype: images.get(rtype)}

    (row,) = judge([seen], Target(before=only(target.before), after=only(target.after)), now=now, gate=None)
    return row


def cached_until(seen: Observation, types: Collection[str], now: datetime, old_until: datetime | None) -> datetime | None:
    """When a cache lets go of what it holds of these types: by the TTL that it tells, or ``old_until`` where that is sooner."""
    ttls = [answer.ttl for rtype in types if (answer := seen.answers.get(rtype)) is not None]
    ends = [old_until] if old_until else []
    if ttls and None not in ttls:
        ends.append(now + timedelta(seconds=max(ttl for ttl in ttls if ttl is not None)))
    return min(ends, default=None)


def port_53_closed(authoritative: Iterable[Observation], elsewhere: Iterable[Observation]) -> bool:
    """Whether port 53 seems to be closed from here: from no authoritative server came anything at all, and somebody else
    (a recursive resolver, or one asked over HTTPS) can tell of the zone."""
    return nobody_answers(authoritative) and any(seen.reachable for seen in elsewhere)


def nobody_answers(authoritative: Iterable[Observation]) -> bool:
    """Whether nothing at all came from any authoritative server at an address that can be reached by this machine."""
    asked = [seen for seen in authoritative if seen.server.address and not _no_route(seen)]
    return bool(asked) and all(seen.silent for seen in asked)


def _no_route(seen: Observation) -> bool:
    return any(answer.detail == NO_ROUTE for answer in seen.answers.values())


def closed_text(elsewhere: Sequence[Observation]) -> str:
    """In a sentence or two: port 53, and whom else we could ask."""
    told = [seen for seen in elsewhere if seen.reachable]
    names = " and ".join(named(seen.server) for seen in told)
    if any(seen.over_https for seen in told):
        closed = "Port 53 is closed from here: no name server of the zone and no recursive resolver answers."
        return f"{closed} Asked over HTTPS instead: {names}."
    return f"Port 53 to the zone's name servers seems to be closed from here: none answers. The recursive resolver does: {names}."


def named(server: Server) -> str:
    """A server for a person: its name, where it has one, and its address, likewise."""
    name = display(server.name)
    if not server.address:
        return name
    return str(server) if name == server.address else f"{name} ({server})"


def bogus_text(zone: str, rows: Iterable[Server]) -> str:
    """What is wrong with a zone whose signatures these resolvers do not accept."""
    names = " and ".join(map(named, rows))
    return (
        f"The DNSSEC signatures of {display(zone)} do not validate, says {names}: it answers SERVFAIL, and data where checking is"
        " disabled. Mail for this domain fails at every sender that validates."
    )


def as_recursives(
    rows: Iterable[ServerVerdict], observations: Iterable[Observation], *, now: datetime, old_until: datetime | None
) -> tuple[ServerVerdict, ...]:
    """Verdicts made by another measure, such as the effect, as those on recursive resolvers, in the order of both."""
    return tuple(
        replace(row, role="recursive", until=cached_until(seen, _WORDS, now, old_until) if row.verdict in _CACHED else None)
        for row, seen in zip(rows, observations, strict=True)
    )
