"""One change on the watch: brought in from the journal, and brought to its end there."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from registrar_sync.core.evidence import Change
from registrar_sync.core.names import display
from registrar_sync.core.prepared import old_until_of
from registrar_sync.core.visibility import ServerVerdict, Target, Visibility, aged, old_until
from registrar_sync.core.waiting import Seen, SeenState, Waiting
from registrar_sync.core.watching import WaitingChange, slim_target
from registrar_sync.errors import RegistrarSyncError
from registrar_sync.operations.before import from_context
from registrar_sync.operations.change import NOT_YET
from registrar_sync.operations.desk import Setting
from registrar_sync.operations.due import clock_time
from registrar_sync.operations.earlier import caches_until, changed_types, earlier_writers, gate_of, unseen_writers, wrote_until
from registrar_sync.operations.observe import last_write
from registrar_sync.operations.result import Result
from registrar_sync.operations.watch_history import History, with_histories
from registrar_sync.operations.watch_result import About, gone, refused, superseded
from registrar_sync.ports import Clock, Journal

Goal = Literal["authoritative", "visible"]
SettingFor = Callable[[Change], Setting]


@dataclass(slots=True, eq=False, kw_only=True)
class Case:
    """A change on the watch. ``is_ours``: we look, and not another process; ``is_claimed``: the journal says so, too.
    ``is_new_due``: its due time is not in the journal yet. ``read_to``: the newest event of it that we know.

    ``is_alone``: it was the only change of its zone when it was read. Then ``stays``: how long caches may hold what stood
    before, counted from when it is seen (None: nothing changed).
    ``old_until``: it is authoritative, and only caches are waited for; ``servers``: their verdicts then.
    """

    about: About
    waiting: WaitingChange
    setting: Setting
    is_ours: bool = True
    is_claimed: bool = False
    is_new_due: bool = False
    read_to: int = 0
    is_alone: bool = False
    stays: timedelta | None = None
    old_until: datetime | None = None
    servers: tuple[ServerVerdict, ...] = ()

    @property
    def id(self) -> int:
        """The change's id."""
        return self.waiting.change_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """What the servers have said of a case in the end."""

    case: Case
    state: SeenState
    servers: tuple[ServerVerdict, ...]


class Cases:
    """Reads changes into cases, and writes their ends. ``timeout_s``: the whole wait, from now on, instead of the provider's
    budget from the write on."""

    def __init__(
        self,
        journal: Journal,
        setting_for: SettingFor,
        clock: Clock,
        *,
        goal: Goal = "authoritative",
        timeout_s: float | None = None,
    ) -> None:
        self._journal = journal
        self._setting_for = setting_for
        self._clock = clock
        self._goal = goal
        self._timeout_s = timeout_s

    # --- from the journal ---------------------------------------------------------------------------------------------
    def read(self, change_ids: Iterable[int]) -> tuple[list[Case], list[Result]]:
        """The cases, and the results of what needs no watch (any more). Raises ``NothingJournalled``, ``JournalUnusable``."""
        cases: list[Case] = []
        ended: list[Result] = []
        for change, history in with_histories(self._journal, list(change_ids)):
            found = self._read(change, history)
            if isinstance(found, Case):
                cases.append(found)
            else:
                ended.append(found)
        return cases, ended

    def _read(self, change: Change, history: History) -> Case | Result:
        until = old_until_of(change)
        if change.state == "authoritative":
            if self._goal != "visible" or until is None or self._clock.now() >= until:
                return self._authoritative(About.of(change), until, ())
        elif change.state not in ("written", "overdue"):
            return gone(change)
        elif later := history.successor(change):
            return superseded(change, later)
        try:
            setting = self._setting_for(change)
        except RegistrarSyncError as error:
            return refused(change, error)
        target = slim_target(change.images)
        changed = changed_types(target.before, target.after)
        waiting = self._waiting(change, history, target, setting.budget_s)
        waiting.is_confirmed = not changed
        case = Case(about=About.of(change), waiting=waiting, setting=setting, read_to=change.events[-1].id)
        case.old_until = until if change.state == "authoritative" else None
        if history.is_alone:
            case.is_alone, case.stays = True, self._stays(change, target, changed)
        return case

    def _stays(self, change: Change, target: Target, changed: tuple[str, ...]) -> timedelta | None:
        """As ``_until``, of a change that is alone, from whatever moment on."""
        if not changed:
            return None
        now = self._clock.now()
        return old_until(now, target.before, changed, from_context(change.what.context.get("cached"))) - now

    def _waiting(self, change: Change, history: History, target: Target, budget_s: float) -> WaitingChange:
        wrote_at = last_write(change) or change.at
        now, at = self._clock.monotonic(), self._clock.now()
        again = self._timeout_s is not None or change.state == "overdue"  # waited for anew, not from the write on
        ago_s = 0.0 if again else max(0.0, (at - wrote_at).total_seconds())
        unseen = unseen_writers(history, change.what.zone, before=change.id)
        serials = change.what.context.get("serials", {})
        return WaitingChange(
            change_id=change.id,
            domain=change.what.owner,
            zone=change.what.zone,
            target=target,
            gate=gate_of(unseen, target, serials=serials, until=wrote_until(wrote_at, budget_s)),
            budget_s=budget_s,
            started=now - ago_s,
            deadline=now - ago_s + (budget_s if self._timeout_s is None else self._timeout_s),
            due=now,
        )

    # --- back to it ---------------------------------------------------------------------------------------------------
    def settle(self, decided: Sequence[Decided]) -> list[tuple[Case, Result]]:
        """Record what was seen, all in one transaction, and tell it. A result whose visibility is ``authoritative`` although
        ``visible`` is the goal is not the end of its case. Raises ``JournalUnusable``."""
        now = self._clock.now()
        alone = self._journal.alone([one.case.id for one in decided if one.case.is_alone])
        others = [one.case.id for one in decided if one.case.id not in alone]
        told = dict(zip(others, with_histories(self._journal, others), strict=True))
        kept = [seen for one in decided if (seen := self._seen(one, told.get(one.case.id), now)) is not None]
        states = self._journal.record_seen(kept)
        untils = {seen.change_id: seen.old_until for seen in kept}
        results = []
        for one in decided:
            one.case.old_until, one.case.servers = untils.get(one.case.id), one.servers
            results.append((one.case, self._settled(one, told.get(one.case.id), states.get(one.case.id))))
        return results

    def _seen(self, one: Decided, told: tuple[Change, History] | None, now: datetime) -> Seen | None:
        """What is to be recorded; None: another change has taken its place. ``told``: read anew, where others wrote to the zone;
        else what was known of it when it was read still holds."""
        if told is None:
            until = None if one.case.stays is None else now + one.case.stays
        elif one.state == "authoritative" or told[1].successor(told[0]) is None:
            until = self._until(*told, now)
        else:
            return None
        return Seen(change_id=one.case.id, state=one.state, old_until=until)

    def _until(self, change: Change, history: History, now: datetime) -> datetime | None:
        """Until when caches may hold what stood before, seen everywhere ``now``."""
        images = change.images
        if not changed_types(images.before, images.after):
            return None
        earlier = earlier_writers(history, change.what.owner, change.id)
        told = from_context(change.what.context.get("cached"))
        return caches_until(now, Target.of(images), earlier, told)

    def _settled(self, one: Decided, told: tuple[Change, History] | None, state: str | None) -> Result:
        case = one.case
        if state is None and told is not None and (later := told[1].successor(told[0])):
            return superseded(told[0], later)
        if state == "authoritative":
            return self._authoritative(case.about, case.old_until, one.servers, since=case.waiting.started)
        if state == "overdue":
            return self._overdue(case.about, one.servers, since=case.waiting.started)
        return gone(self._journal.change(case.id))

    def cached(self, case: Case) -> Result:
        """The end of a case for which only caches were waited for."""
        change = self._journal.change(case.id)
        if change.state != "authoritative":
            return gone(change)
        return self._authoritative(case.about, case.old_until, case.servers, since=case.waiting.started)

    def ended_elsewhere(self, cases: Sequence[Case]) -> list[tuple[Case, Result]]:
        """Those of ``cases`` that others have brought to an end. One that is seen authoritative, where caches matter, goes on."""
        found = []
        for case, (change, history) in zip(cases, with_histories(self._journal, [case.id for case in cases]), strict=True):
            if change.state == "overdue" and not case.is_ours and history.successor(change) is None:
                found.append((case, self._overdue(case.about, (), since=case.waiting.started)))
            elif isinstance(told := self._read(change, history), Result):
                found.append((case, told))
            else:
                case.read_to = told.read_to
                case.old_until = told.old_until or case.old_until
        return found

    def _overdue(self, about: About, servers: tuple[ServerVerdict, ...], *, since: float | None = None) -> Result:
        """Not served everywhere when its time was over."""
        seen = Visibility(verdict="pending", servers=servers)
        hint = f"Wait again: registrar-sync watch {display(about.domain)}"
        return about.result("overdue", visibility=seen, message=NOT_YET, hint=hint, elapsed_s=self._elapsed_s(since))

    def _authoritative(
        self, about: About, until: datetime | None, servers: tuple[ServerVerdict, ...], *, since: float | None = None
    ) -> Result:
        seen = Visibility(verdict=aged(self._clock.now(), until), old_until=until, servers=servers)
        cached = f"cached elsewhere until {clock_time(until)}" if until and seen.verdict == "authoritative" else ""
        return about.result("authoritative", visibility=seen, message=cached, elapsed_s=self._elapsed_s(since))

    def _elapsed_s(self, since: float | None) -> float:
        return 0.0 if since is None else self._clock.monotonic() - since

    def row(self, waiting: WaitingChange) -> Waiting:
        """A case as the journal keeps it, so that a successor goes on there."""
        now, at = self._clock.monotonic(), self._clock.now()

        def then(moment: float) -> datetime:
            return at + timedelta(seconds=moment - now)

        return Waiting(
            change_id=waiting.change_id,
            started_at=then(waiting.started),
            deadline_at=then(waiting.deadline),
            due_at=then(waiting.due),
            attempts=waiting.attempts,
        )

    def go_on(self, waiting: WaitingChange, row: Waiting) -> None:
        """Go on where the journal says that somebody stopped."""
        now, at = self._clock.monotonic(), self._clock.now()

        def then(moment: datetime) -> float:
            return now + (moment - at).total_seconds()

        waiting.started, waiting.deadline, waiting.due = then(row.started_at), then(row.deadline_at), then(row.due_at)
        waiting.attempts = row.attempts
