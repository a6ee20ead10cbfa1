"""Ask recursive resolvers, once the data stands at the authoritative servers, and sleep until caches have let go of the old.

Never before that: a cache that is asked too early keeps the old answer, or that there is none, for everybody (rules B6.7).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from registrar_sync.core.elsewhere import bogus_text, closed_text, judge_recursives, named, nobody_answers, port_53_closed
from registrar_sync.core.guard import finding
from registrar_sync.core.observation import Observation
from registrar_sync.core.pace import next_wait
from registrar_sync.core.progress import Progress, Watched
from registrar_sync.core.visibility import ServerVerdict, Target, Visibility, aged
from registrar_sync.operations.desk import Desk
from registrar_sync.operations.due import clock_time
from registrar_sync.operations.observe import OURS
from registrar_sync.operations.rounds import poll

JudgeElsewhere = Callable[[Sequence[Observation], datetime | None], tuple[ServerVerdict, ...]]

_ASK_AGAIN = timedelta(seconds=10)  # the least between two questions to a cache


class Elsewhere:
    """The recursive resolvers of one look: what they say, and since when."""

    def __init__(self, desk: Desk, judge: JudgeElsewhere) -> None:
        self._desk = desk
        self._judge = judge
        self._watched: dict[object, Watched] = {}
        self.observations: list[Observation] = []
        self.asked_at = desk.setting.clock.now()

    def beside(self, seen: Visibility) -> Visibility:
        """``seen`` with what the recursive resolvers say now; its verdict stays what it is."""
        self.observations = self._desk.setting.resolver.ask_recursives(self._desk.owner, OURS)
        self.asked_at = self._desk.setting.clock.now()
        rows = self._judge(self.observations, seen.old_until)
        for row in rows:
            self._note(row)
        say_bogus(self._desk, rows)
        return replace(seen, servers=(*(row for row in seen.servers if row.role == "authoritative"), *rows))

    def _note(self, row: ServerVerdict) -> None:
        before = self._watched.get(row.server)
        stays = before is not None and before.row.verdict == row.verdict
        since = before.since if before is not None and stays else self.asked_at
        self._watched[row.server] = Watched(row=row, since=since)

    @property
    def watched(self) -> tuple[Watched, ...]:
        """The rows of the last look, each with since when it says so."""
        return tuple(self._watched.values())

    def due_at(self, old_until: datetime) -> datetime:
        """When the next cache must have let go of what it holds; ``old_until`` at the latest."""
        late = [one.row.until for one in self.watched if one.row.verdict != "new" and one.row.until is not None]
        return min([old_until, *(max(until, self.asked_at + _ASK_AGAIN) for until in late)])


def against(desk: Desk, target: Target) -> Elsewhere:
    """Recursive resolvers, judged by a change's own data."""

    def judge(seen: Sequence[Observation], old_until: datetime | None) -> tuple[ServerVerdict, ...]:
        return judge_recursives(seen, target, now=desk.setting.clock.now(), old_until=old_until)

    return Elsewhere(desk, judge)


def say_bogus(desk: Desk, rows: Sequence[ServerVerdict]) -> None:
    """The finding of a zone whose signatures do not validate, once."""
    servers = [row.server for row in rows if row.verdict == "bogus"]
    if servers:
        _say_once(desk, "dnssec-bogus", bogus_text(desk.zone or desk.owner, servers))


def _say_once(desk: Desk, kind: str, text: str) -> None:
    """A finding that may have been told already, in other words."""
    if all(one.id != kind for one in desk.findings):
        desk.add(finding(kind, text))


def in_the_dark(desk: Desk, seen: Visibility, authoritative: Sequence[Observation], elsewhere: Elsewhere) -> Visibility:
    """Not one authoritative server could be asked: whoever can be asked instead proves it for itself alone.

    ``seen`` as it is where they can be asked, or nobody else can.
    """
    if not nobody_answers(authoritative):
        return seen
    told = elsewhere.beside(seen)
    if not port_53_closed(authoritative, elsewhere.observations):
        return seen
    _say_once(desk, "port-53-closed", closed_text(elsewhere.observations))
    return replace(told, verdict="pending", note=_not_proven(told.servers))


def _not_proven(rows: Sequence[ServerVerdict]) -> str:
    showing = [named(row.server) for row in rows if row.role == "recursive" and row.verdict == "new"]
    shown = f"{' and '.join(showing)} shows the new data, for itself alone" if showing else "nobody else shows the new data yet"
    return f"No authoritative server can be asked from here, so nothing is proven; {shown}."


def wait_for_caches(
    desk: Desk, seen: Visibility, elsewhere: Elsewhere, *, ends: datetime, watched: Sequence[Watched]
) -> Visibility:
    """Only TTLs have to run out: sleep until just then, and say meanwhile which recursive resolvers show the new data.

    ``ends``: the end of the whole wait; ``watched``: the authoritative servers. Where it is not known how long caches hold the
    old data, there is nothing to wait for.
    """
    clock = desk.setting.clock
    if seen.old_until is None:
        return seen
    old_until, state = seen.old_until, seen

    def look() -> Visibility:
        nonlocal state
        if clock.now() >= elsewhere.due_at(old_until):
            state = elsewhere.beside(state)
        state = replace(state, verdict=aged(clock.now(), old_until))
        desk.setting.notify(_progress(state, (*watched, *elsewhere.watched)))
        return state

    def pause_s(_: float, left_s: float) -> float:
        due_s = (elsewhere.due_at(old_until) - clock.now()).total_seconds()
        return next_wait(0.0, left_s, budget_s=0.0, due_s=due_s)

    left_s = (ends - clock.now()).total_seconds()
    return poll(clock, left_s, look, until=lambda now: now.verdict == "visible", pause_s=pause_s)


def _progress(seen: Visibility, servers: tuple[Watched, ...]) -> Progress:
    assert seen.old_until is not None
    rows = [one.row for one in servers if one.row.role == "recursive"]
    showing = (
        f"; {sum(row.verdict == 'new' for row in rows)} of {len(rows)} recursive resolvers show the new data" if rows else ""
    )
    text = f"cached elsewhere until {clock_time(seen.old_until)}{showing}"
    goal = "at every authoritative server; waiting until no cache can hold the old data"
    return Progress(text, goal=goal, servers=servers, until=seen.old_until)
