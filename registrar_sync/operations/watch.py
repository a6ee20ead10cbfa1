"""Watch any number of written changes until every authoritative server answers them: one loop, and nothing held per domain.

A change that waits is one small object and one entry in a heap. What is due is asked of the resolver, which answers through the
mailbox; what was seen is judged as a single wait does (the same pause, the same verdict) and journalled in batches. Due times
are in the journal, so a watch that was killed is gone on with by the next one, and two at a time do not look at the same.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence

from registrar_sync.core.observation import Observation
from registrar_sync.core.progress import Progress
from registrar_sync.core.visibility import ServerVerdict
from registrar_sync.core.watching import Becomes, Glance
from registrar_sync.operations.result import Result
from registrar_sync.operations.watch_case import Case, Cases, Decided, Goal, SettingFor
from registrar_sync.operations.watch_claims import Claims
from registrar_sync.operations.watch_gear import Gear, beat_s
from registrar_sync.operations.watch_look import Looks
from registrar_sync.ports import Clock, Journal

_TICK_S = 1.0  # between two looks at what others have written into the journal
_CACHES = -2  # the lane of those that ask nobody
_AT_A_TIME = 100  # changes read from the journal before the loop looks at servers again


class Watch:
    """The loop, for one run. ``setting_for``: the account's setting (budget, resolver) of a change; it may be asked often.

    A bulk run makes one, hands ``run`` to a thread of its own (or drains it between its writes), and calls ``add`` from its
    writers as soon as a change is written; ``no_more`` after the last one, ``stop`` to leave the rest to whoever goes on:

    >>> watch = Watch(setting_for, journal, clock)                                # doctest: +SKIP
    >>> watch.add(change_id)            # from any thread, before or while it runs  # doctest: +SKIP
    >>> watch.no_more()                                                           # doctest: +SKIP
    >>> for result in watch.run():      # as each ends: authoritative, overdue ...  # doctest: +SKIP
    ...     print(result.domain, result.state)

    ``goal`` "visible" waits for caches, too. ``timeout_s``: the whole wait from ``add`` on, instead of the provider's budget
    from the write on. ``notify`` hears how many wait. ``gear``: with other bounds than the usual ones.
    """

    def __init__(
        self,
        setting_for: SettingFor,
        journal: Journal,
        clock: Clock,
        *,
        goal: Goal = "authoritative",
        timeout_s: float | None = None,
        notify: Callable[[str], None] = lambda text: None,
        gear: Gear | None = None,
    ) -> None:
        self._journal = journal
        self._clock = clock
        self._goal, self._timeout_s = goal, timeout_s
        self._notify = notify
        self._reader = Cases(journal, setting_for, clock, goal=goal, timeout_s=timeout_s)
        gear = gear or Gear()
        self._mailbox, self._schedule = gear.mailbox, gear.schedule
        self._looks = Looks(gear.mailbox, gear.delegations, clock, on_seen=self._seen, on_nobody=self._nobody)
        self._cases: dict[int, Case] = {}
        self._domains: dict[str, int] = {}
        self._added: list[tuple[int, bool]] = []
        self._unclaimed: list[Case] = []
        self._decided: list[Decided] = []
        self._mark = 0
        self._next_tick = 0.0
        self._rests_until = 0.0
        self._is_open, self._is_stopped = True, False
        self.ended: Counter[str] = Counter()

    # --- from any thread ----------------------------------------------------------------------------------------------
    def add(self, *change_ids: int, fresh: bool = False) -> None:
        """Watch these, too. ``fresh``: this process has just written them, so nobody else looks at them yet; most are served at
        once, and only those that must be waited for are claimed."""
        self._mailbox.put(lambda: self._added.extend((one, fresh) for one in change_ids))

    def no_more(self) -> None:
        """Nothing will be added: end when nothing is left."""
        self._mailbox.put(self._close)

    def stop(self) -> None:
        """End now. What still waits stays in the journal as it is, due times included."""
        self._mailbox.put(self._halt)

    def _close(self) -> None:
        self._is_open = False

    def _halt(self) -> None:
        self._is_stopped = True

    # --- the loop -----------------------------------------------------------------------------------------------------
    def run(self) -> Iterator[Result]:
        """Each change's result as it ends, in the caller's thread. However it is left, the journal then holds the true state.

        Raises ``JournalUnusable``, and ``NothingJournalled`` for a change that was never written down.
        """
        claims = Claims(self._journal, self._reader, self._clock)
        self._mark = self._journal.mark()
        try:
            while not self._is_over():
                yield from self._round(claims)
        finally:
            self._looks.close()
            claims.release(self._ours())

    def _is_over(self) -> bool:
        return self._is_stopped or not (self._is_open or self._added or self._cases)

    def _round(self, claims: Claims) -> Iterator[Result]:
        if (rest_s := beat_s(len(self._cases))) and not self._added:
            self._clock.sleep(rest_s)
        for errand in self._mailbox.take(self._patience_s()):
            errand()
        if self._is_stopped:
            return
        yield from self._take_in(claims)
        for change_id in self._schedule.take(self._clock.monotonic()):
            yield from self._begin(self._cases[change_id])
        yield from self._settle(claims)
        self._claim_late(claims)
        if self._clock.monotonic() >= self._next_tick:
            self._next_tick = self._clock.monotonic() + _TICK_S
            yield from self._hear(claims)
            self._keep(claims)
            self._rests_until = self._next_look()
            self._notify(self._progress())

    def _patience_s(self) -> float:
        if self._added:
            return 0.0
        wakes_at = self._schedule.wakes_at()
        first = self._next_tick if wakes_at is None else min(wakes_at, self._next_tick)
        return max(0.0, first - self._clock.monotonic())

    def _next_look(self) -> float:
        """When something is to be looked at next; 0.0 while something is, or nothing is known."""
        return 0.0 if self._added or self._schedule.taken else self._schedule.wakes_at() or 0.0

    def rests_s(self) -> float:
        """Seconds for which nothing is to be looked at, by the newest tick. From any thread."""
        return max(0.0, self._rests_until - self._clock.monotonic())

    def _progress(self) -> Progress:
        words = [f"{len(self._cases)} waiting", *(f"{count} {state}" for state, count in sorted(self.ended.items()))]
        return Progress(", ".join(words), goal="watching", servers=(), until=None)

    # --- in and out ---------------------------------------------------------------------------------------------------
    def _take_in(self, claims: Claims) -> Iterator[Result]:
        """Some of what was added."""
        new = {one: fresh for one, fresh in self._added[:_AT_A_TIME] if one not in self._cases}
        del self._added[:_AT_A_TIME]
        if not new:
            return
        cases, ended = self._reader.read(list(new))
        for case in cases:
            self._cases[case.id] = case
            self._domains[case.waiting.domain] = case.id
        self._claim(claims, [case for case in cases if not new[case.id]], anew=self._timeout_s is not None)
        for case in cases:
            if new[case.id]:
                self._wait(case)
        for result in ended:
            yield self._told(result)

    def _claim(self, claims: Claims, cases: Sequence[Case], *, anew: bool = False) -> None:
        """Look at those that nobody else looks at; of the others we hear by the journal."""
        claims.claim(cases, anew=anew)
        for case in cases:
            if case.is_ours:
                self._wait(case)
            else:
                self._schedule.drop(case.id)

    def _claim_late(self, claims: Claims) -> None:
        """What was fresh, and was not there at the first look."""
        if self._unclaimed:
            late, self._unclaimed = self._unclaimed, []
            self._claim(claims, [case for case in late if self._is_current(case)], anew=self._timeout_s is not None)

    def _wait(self, case: Case) -> None:
        """Until the due time that it has, or for caches."""
        now, waiting = self._clock.monotonic(), case.waiting
        if case.old_until is None:
            self._schedule.put(case.id, now, max(0.0, waiting.due - now), lane=waiting.lane)
            return
        left_s = (case.old_until - self._clock.now()).total_seconds()
        latest = float("inf") if self._timeout_s is None else waiting.deadline
        self._schedule.put(case.id, now, left_s, latest=latest, lane=_CACHES)

    def _end(self, change_id: int) -> None:
        case = self._cases.pop(change_id)
        self._schedule.drop(change_id)
        if self._domains.get(case.waiting.domain) == change_id:
            del self._domains[case.waiting.domain]

    def _told(self, result: Result) -> Result:
        self.ended[result.state if result.error is None else "refused"] += 1
        return result

    def _ours(self) -> list[Case]:
        """Those that we have claimed."""
        return [case for case in self._cases.values() if case.is_ours and case.is_claimed and case.old_until is None]

    # --- looking ------------------------------------------------------------------------------------------------------
    def _begin(self, case: Case) -> Iterator[Result]:
        if case.old_until is None:
            self._looks.begin(case)
            return
        self._end(case.id)
        yield self._told(self._reader.cached(case))

    def _is_current(self, case: Case) -> bool:
        """Whether an answer is still of use: it did not end meanwhile, and nobody else has taken it over."""
        return self._cases.get(case.id) is case and case.is_ours

    def _nobody(self, case: Case) -> None:
        """It is not known whom to ask, as where no delegation is found."""
        if self._is_current(case):
            self._become(case, "overdue" if self._clock.monotonic() >= case.waiting.deadline else "waiting", ())

    def _seen(self, case: Case, glance: Glance | None, seen: Sequence[Observation]) -> None:
        if not self._is_current(case):
            return
        if glance is None:
            self._become(case, *case.waiting.judge(seen, at=self._clock.now(), now=self._clock.monotonic()))
        elif case.waiting.has_moved(glance, seen[0]):
            self._looks.look(case)
        else:
            self._pause(case)

    def _become(self, case: Case, becomes: Becomes, servers: tuple[ServerVerdict, ...]) -> None:
        if becomes == "waiting":
            self._pause(case)
        elif becomes == "to-be-confirmed":
            self._looks.look(case)
        else:
            self._decided.append(Decided(case=case, state=becomes, servers=servers))

    def _pause(self, case: Case) -> None:
        now, waiting = self._clock.monotonic(), case.waiting
        pause_s = waiting.pause_s(now)
        waiting.due = self._schedule.put(case.id, now, pause_s, latest=waiting.deadline, lane=waiting.lane)
        case.is_new_due = True
        if not case.is_claimed:
            self._unclaimed.append(case)

    def _settle(self, claims: Claims) -> Iterator[Result]:
        """What was seen goes into the journal before anybody is told."""
        if not self._decided:
            return
        decided, self._decided = self._decided, []
        settled = self._reader.settle([one for one in decided if self._is_current(one.case)])
        claims.forget(case for case, result in settled if result.state == "written")
        for case, result in settled:
            seen = result.visibility
            if self._goal == "visible" and seen is not None and seen.verdict == "authoritative" and seen.old_until:
                self._wait(case)
                continue
            self._end(case.id)
            yield self._told(result)

    # --- others -------------------------------------------------------------------------------------------------------
    def _hear(self, claims: Claims) -> Iterator[Result]:
        """What others have written into the journal about what we wait for."""
        touched: set[int] = set()
        for news in self._journal.news(self._mark):
            self._mark = news.id
            case = self._cases.get(news.change_id)
            if case is None:
                touched |= {self._domains[news.domain]} if news.detail.get("wrote") and news.domain in self._domains else set()
            elif news.id > case.read_to and (news.state != "overdue" or not case.is_ours):
                touched.add(case.id)
        if not touched:
            return
        cases = [self._cases[one] for one in sorted(touched)]
        ended = self._reader.ended_elsewhere(cases)
        claims.forget(case for case, result in ended if result.state == "written")
        for case, result in ended:
            self._end(case.id)
            yield self._told(result)
        for case in cases:
            if case.id in self._cases and case.old_until is not None:
                self._wait(case)

    def _keep(self, claims: Claims) -> None:
        """Now and then, keep what is ours, and take over from who is gone."""
        if not claims.due:
            return
        if not claims.keep(self._ours()):
            for case in self._ours():
                case.is_ours = case.is_claimed = False
                self._schedule.drop(case.id)
        self._claim(claims, [case for case in self._cases.values() if not case.is_ours])
