"""One written change that waits to be seen: what is kept of it while it waits, whom to ask next, and what an answer means."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Literal

from registrar_sync.core import visibility
from registrar_sync.core.evidence import Images
from registrar_sync.core.model import Mx, Rdata, Record, RRset, is_spf, values_of
from registrar_sync.core.observation import Answer, Observation, Server
from registrar_sync.core.pace import next_wait
from registrar_sync.core.visibility import Gate, ServerVerdict, Target

Becomes = Literal["authoritative", "to-be-confirmed", "overdue", "waiting"]


@dataclass(frozen=True, slots=True)
class Glance:
    """One question to one server that was seen without the new data. As long as the answer is ``stale`` again, nothing has
    moved, and the other servers need not be asked."""

    server: Server
    rtype: str
    stale: frozenset[Rdata]

    @property
    def expected(self) -> dict[str, frozenset[Rdata]] | None:
        """The data not to be read again, where there is any."""
        return {self.rtype: self.stale} if self.stale else None


@dataclass(slots=True, eq=False, kw_only=True)
class WaitingChange:
    """A change as it waits. Times are in seconds of a clock that never runs backwards.

    ``started``: what the pauses are counted from; ``deadline``: from when on it is overdue; ``due``: the next look;
    ``stirred``: when a server last turned to the new data; ``servers``: empty while it is not known whom to ask, and ``crowd``
    a number for all that have these servers; ``is_confirmed``: all servers have said once that they have it (another machine
    behind one of the addresses may not).
    """

    change_id: int
    domain: str
    zone: str
    target: Target
    gate: Gate | None
    budget_s: float
    started: float
    deadline: float
    due: float
    attempts: int = 0
    servers: tuple[Server, ...] = ()
    crowd: int = 0
    glance: Glance | None = None
    news: int = 0
    stirred: float | None = None
    is_confirmed: bool = False
    is_suspect: bool = False

    @property
    def lane(self) -> int:
        """Those who ask the same servers share one, and so do all that have a silent server: they take long."""
        return -1 if self.is_suspect else self.crowd

    @property
    def expected(self) -> dict[str, frozenset[Rdata]]:
        """The new data by type, for the resolver to compare with."""
        return {rtype: values_of(rrset) for rtype, rrset in self.target.after.items()}

    def pause_s(self, now: float) -> float:
        """Seconds until the next look, as a single wait would count them."""
        stirred_s = None if self.stirred is None else now - self.stirred
        return next_wait(now - self.started, self.deadline - now, budget_s=self.budget_s, stirred_s=stirred_s)

    def judge(
        self, observations: Sequence[Observation], *, at: datetime, now: float
    ) -> tuple[Becomes, tuple[ServerVerdict, ...]]:
        """What the answers of all servers make of it. ``at`` and ``now``: the same moment by both clocks."""
        verdicts = visibility.judge(observations, self.target, now=at, gate=self.gate)
        news = sum(row.verdict == "new" for row in verdicts)
        if news > self.news:
            self.stirred = now
        self.news = news
        self.is_suspect = any(row.verdict == "unreachable" for row in verdicts)
        self.glance = _glance(observations, verdicts, self.target)
        confirmed, self.is_confirmed = self.is_confirmed, visibility.overall(verdicts)
        if self.is_confirmed:
            return ("authoritative" if confirmed else "to-be-confirmed"), verdicts
        return ("overdue" if now >= self.deadline else "waiting"), verdicts

    def has_moved(self, glance: Glance, observation: Observation) -> bool:
        """Whether the answer to a glance is another one than before, so that it is worth asking all servers."""
        answer = observation.answers.get(glance.rtype, Answer(status="unreachable"))
        self.is_suspect = answer.status == "unreachable"
        return not self.is_suspect and answer.values != glance.stale


def _glance(observations: Iterable[Observation], verdicts: Iterable[ServerVerdict], target: Target) -> Glance | None:
    """A server and a type by which it is not there yet; None: only asking everybody can tell (a TTL, a gate, silence)."""
    for seen, row in zip(observations, verdicts, strict=True):
        if row.verdict not in ("old", "absent", "other"):
            continue
        for rtype in target.types:
            answer = seen.answers.get(rtype)
            if answer and answer.status != "unreachable" and _ours(answer.values) != _ours(values_of(target.after[rtype])):
                return Glance(seen.server, rtype, answer.values)
    return None


def _ours(values: Iterable[Rdata]) -> frozenset[Rdata]:
    """What an enrolment is about, of the values of one type."""
    return frozenset(value for value in values if is_spf(value) or isinstance(value, Mx))


def slim_target(images: Images) -> Target:
    """The images as something to judge by, without what only a provider needs, so that ten thousand of them fit: neither native
    rows nor disabled ones, and equal records (such as the service's hosts) are one object."""
    return Target(before=_slim_side(images.before), after=_slim_side(images.after))


def _slim_side(side: Mapping[str, RRset | None]) -> dict[str, RRset | None]:
    return {rtype: _slim(rrset) for rtype, rrset in side.items()}


def _slim(rrset: RRset | None) -> RRset | None:
    if rrset is None or not rrset.live:
        return None
    return rrset.with_records(_one_object(row.rdata, row.ttl) for row in rrset.live)


@lru_cache(maxsize=4096)
def _one_object(rdata: Rdata, ttl: int) -> Record:
    return Record(rdata=rdata, ttl=ttl)
