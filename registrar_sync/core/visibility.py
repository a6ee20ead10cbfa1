"""From what the servers answered to what is visible: verdicts for each server and for all, and how long to wait.

Only an enrolment's own data decides: the SPF records among the TXT values, and the MX values. Other TXT values at the
owner come and go without touching a verdict. Where a change leaves the values of a type and alters its TTL, the TTL decides.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from registrar_sync.core.evidence import Images
from registrar_sync.core.model import Mx, Rdata, RRset, is_spf, same_values, values_of
from registrar_sync.core.observation import Answer, Observation, Server

NO_ROUTE = "cannot be asked from here: this machine has no route to it"
"""The detail of an unreachable server whose address family this machine cannot use (such as IPv6 on an IPv4-only network)."""

STILL_PUBLISHING = "equal, but an earlier change is still being published"

UNKNOWN_NEGATIVE_TTL_S = 10800
"""Seconds, where no server told its SOA: the longest that RFC 2308 section 5 calls sensible (one to three hours)."""

Role = Literal["authoritative", "recursive"]
ServerWord = Literal["new", "old", "absent", "unreachable", "other", "bogus"]
Verdict = Literal["visible", "authoritative", "pending", "not-asked"]


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """The part of the data at an owner that an enrolment is about."""

    spf: frozenset[Rdata]
    mx: frozenset[Rdata]

    @classmethod
    def of(cls, values: Mapping[str, frozenset[Rdata]]) -> Fingerprint:
        """The fingerprint of values by type ("TXT", "MX"); a type that is missing counts as empty."""
        return cls(frozenset(filter(is_spf, values.get("TXT", ()))), values.get("MX", frozenset()))

    @property
    def is_empty(self) -> bool:
        """Neither an SPF record nor an MX."""
        return not self.spf and not self.mx

    def __str__(self) -> str:
        spf = " | ".join(sorted(map(str, self.spf))) or "none"
        mx = ", ".join(map(str, _by_preference(self.mx))) or "none"
        return f"SPF: {spf}; MX: {mx}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """The RRsets before and after a change, by type; None: no such RRset. Types that ``after`` does not name are not judged."""

    before: Mapping[str, RRset | None]
    after: Mapping[str, RRset | None]

    @classmethod
    def of(cls, images: Images) -> Target:
        """What a journalled change wrote."""
        return cls(before=images.before, after=images.after)

    @property
    def types(self) -> Collection[str]:
        """The types to ask for and to judge."""
        return self.after.keys()

    def lagging(self, ttls: Mapping[str, int | None]) -> str:
        """The type that is still served with the TTL from before, in words, where the change is one of its TTL alone.

        ``ttls``: seconds by type (None: not served). What counts is which side of the change a TTL is on: a cache in front of
        a name server counts it down.
        """
        return _lagging(self.new_ttls, ttls)

    @property
    def new_ttls(self) -> Mapping[str, tuple[int, int]]:
        """The old and the new TTL of the types whose values stay and whose TTL does not."""
        pairs = {rtype: (self.before.get(rtype), after) for rtype, after in self.after.items()}
        return {
            rtype: (before.ttl, after.ttl)
            for rtype, (before, after) in pairs.items()
            if before and after and same_values(before, after) and after.live and before.ttl != after.ttl
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """An earlier write of this journal was not yet seen authoritative, so an answer equal to the target may be a leftover.

    It counts once the server's serial differs from the one in ``serials`` (by ``str(server)``, seen before our last write), or
    from ``until`` on, when the provider's budget since that write is over (None: never by time alone).
    """

    serials: Mapping[str, int]
    until: datetime | None

    def passes(self, observation: Observation, now: datetime) -> bool:
        """Whether an answer of this server, equal to the target, is the target."""
        if self.until is not None and now >= self.until:
            return True
        earlier = self.serials.get(str(observation.server))
        return None not in (earlier, observation.serial) and observation.serial != earlier


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerVerdict:
    """One server, judged. ``detail``: why, for a person; empty where the verdict says it all.

    ``until``: of a recursive resolver that shows the old data: when its cache must have let go of it (None: not known).
    """

    server: Server
    verdict: ServerWord
    detail: str = ""
    role: Role = "authoritative"
    until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Visibility:
    """The verdict on all servers: ``authoritative`` as ``overall`` says it; ``visible`` when ``old_until`` is over, too.

    ``old_until``: when no cache can hold the old answer any more (None: not known). ``note``: why it could not be proven,
    where that is not the servers' fault.
    """

    verdict: Verdict
    old_until: datetime | None = None
    servers: tuple[ServerVerdict, ...] = field(default=())
    note: str = ""


def judge(observations: Iterable[Observation], target: Target, *, now: datetime, gate: Gate | None) -> tuple[ServerVerdict, ...]:
    """Compare each server's SPF and MX with the target's.

    ``new`` equal to after (where before and after are the same, too); ``old`` equal to before, or held back by the gate, or
    with the TTL of before where only that changes; ``absent`` neither SPF nor MX; ``other`` anything else; ``unreachable`` a
    type got no answer that can be judged.
    """
    wanted = {rtype: values_of(rrset) for rtype, rrset in target.after.items()}
    after = Fingerprint.of(wanted)
    new_ttls = target.new_ttls
    last: tuple[Mapping[str, Answer], Fingerprint] = ({}, after)

    def found_by(seen: Observation) -> Fingerprint:
        nonlocal last  # servers mostly agree, and ten thousands of answers are judged in a second
        if seen.answers != last[0]:
            last = seen.answers, _found(seen, target.types)
        return last[1]

    def verdict_on(seen: Observation) -> ServerVerdict:
        if _serves_all(seen, wanted):
            found = after
        elif decided := undecided(seen, target.types):
            return decided
        else:
            found = found_by(seen)
        if found == after:
            if late := _lagging(new_ttls, _ttls(seen)):
                return ServerVerdict(server=seen.server, verdict="old", detail=late)
            if gate is None or gate.passes(seen, now):
                return ServerVerdict(server=seen.server, verdict="new")
            return ServerVerdict(server=seen.server, verdict="old", detail=STILL_PUBLISHING)
        if found == Fingerprint.of({rtype: values_of(target.before.get(rtype)) for rtype in target.types}):
            return ServerVerdict(server=seen.server, verdict="old", detail=str(found) if found.is_empty else "")
        return _neither(seen.server, found)

    return tuple(map(verdict_on, observations))


def _serves_all(seen: Observation, wanted: Mapping[str, frozenset[Rdata]]) -> bool:
    """Whether each type is served with just these values, those that are nobody's business included: the usual end of a wait,
    and told without picking them apart."""
    for rtype, values in wanted.items():
        answer = seen.answers.get(rtype)
        if answer is None or answer.status != "data" or not values or answer.values != values:
            return False
    return True


def _lagging(new_ttls: Mapping[str, tuple[int, int]], ttls: Mapping[str, int | None]) -> str:
    """See ``Target.lagging``."""
    for rtype, (old, new) in new_ttls.items():
        ttl = ttls.get(rtype)
        if ttl is None or (ttl > new if new < old else ttl <= old):
            return f"{rtype} has TTL {ttl}, not {new} yet" if ttl is not None else f"{rtype} is not served"
    return ""


def undecided(seen: Observation, types: Collection[str]) -> ServerVerdict | None:
    """The verdict on a server that left a question open (``unreachable``), holds an answer back (``bogus``) or answered with
    an alias (``other``); else None."""
    for rtype in types:
        answer = seen.answers.get(rtype)
        if answer is not None and answer.status == "bogus":
            return ServerVerdict(server=seen.server, verdict="bogus", detail=answer.detail)
        if answer is None or answer.status == "unreachable":
            detail = answer.detail if answer else f"{rtype} was not asked"
            return ServerVerdict(server=seen.server, verdict="unreachable", detail=detail)
        if answer.status == "data" and not answer.values:
            return ServerVerdict(server=seen.server, verdict="other", detail=answer.detail)
    return None


def _found(seen: Observation, types: Collection[str]) -> Fingerprint:
    return Fingerprint.of({rtype: answer.values for rtype, answer in seen.answers.items() if rtype in types})


def _ttls(seen: Observation) -> dict[str, int | None]:
    return {rtype: answer.ttl for rtype, answer in seen.answers.items() if answer.status == "data"}


def _neither(server: Server, found: Fingerprint) -> ServerVerdict:
    if found.is_empty:
        return ServerVerdict(server=server, verdict="absent")
    return ServerVerdict(server=server, verdict="other", detail=str(found))


def overall(verdicts: Iterable[ServerVerdict]) -> bool:
    """Whether every authoritative server, at every address that can be asked, answers the new data.

    A server that does not answer means no. An address without a route from this machine is left out only where the same
    server has another one, which answers the new data: on an IPv4-only network its IPv6 address says nothing about it.
    """
    asked = [verdict for verdict in verdicts if verdict.role == "authoritative"]
    proven = {verdict.server.name for verdict in asked if verdict.verdict == "new"}
    return bool(proven) and all(
        verdict.verdict == "new" or (verdict.detail == NO_ROUTE and verdict.server.name in proven) for verdict in asked
    )


def aged(now: datetime, until: datetime | None) -> Verdict:
    """Authoritative data is visible once no cache can hold what was before (None: not known, so never claimed)."""
    return "visible" if until is not None and now >= until else "authoritative"


def old_until(
    seen_at: datetime,
    before: Mapping[str, RRset | None],
    changed: Collection[str],
    observations_before: Iterable[Observation],
) -> datetime:
    """When no cache can hold an answer from before the change any more (rules B6.4); the new TTL plays no part.

    ``seen_at`` (when the last authoritative server was first seen with the new data) plus the longest old TTL of the
    ``changed`` types, as the API or any server told it; where nothing was served, plus the negative TTL, and
    ``UNKNOWN_NEGATIVE_TTL_S`` where no server told one. Nothing changed: ``seen_at``.
    """
    observations = tuple(observations_before)
    ttls = (_old_ttl(rtype, before.get(rtype), observations) for rtype in changed)
    return seen_at + timedelta(seconds=max(ttls, default=0))


def _old_ttl(rtype: str, rrset: RRset | None, observations: Sequence[Observation]) -> int:
    answers = [seen.answers[rtype] for seen in observations if rtype in seen.answers]
    ttls = [answer.ttl for answer in answers if answer.status == "data" and answer.ttl is not None]
    ttls += [record.ttl for record in rrset.live] if rrset else []
    if ttls:
        return max(ttls)
    negative = [seen.negative_ttl for seen in observations if seen.negative_ttl is not None]
    return max(negative, default=UNKNOWN_NEGATIVE_TTL_S)


def _by_preference(values: Iterable[Rdata]) -> list[Mx]:
    return sorted(value for value in values if isinstance(value, Mx))
