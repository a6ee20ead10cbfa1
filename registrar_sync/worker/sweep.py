"""What is to be done, by the journal: it alone is the truth, a lost job is one that is made again."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from registrar_sync.bulk.judge import judge
from registrar_sync.core.run import Count, Run, RunBook
from registrar_sync.worker.jobs import Slot, watch_key

CapOf = Callable[[str], int]
"""How many domains an account may have under way at a time, by the configuration of today."""


@dataclass(slots=True)
class ToDo:
    """The jobs that must be there: slots of accounts to work on, runs to watch, and runs that do not go on but have rows that
    were left begun. ``awake``: runs whose watch must not rest, since more is written."""

    slots: dict[Slot, None] = field(default_factory=dict)
    watches: list[int] = field(default_factory=list)
    left: list[int] = field(default_factory=list)
    awake: set[int] = field(default_factory=set)


@dataclass(slots=True)
class Sweep:
    """Looks over all runs."""

    book: RunBook
    cap: CapOf
    now: Callable[[], datetime]
    _over: set[int] = field(default_factory=set, init=False)
    _written: set[int] = field(default_factory=set, init=False)  # nothing of these is to be begun any more

    def look(self, resting: Collection[str] = ()) -> ToDo:
        """Judge every run that goes on, and tell what is to be done. ``resting``: the locks of jobs that wait for a later
        time. Raises ``JournalUnusable``."""
        todo = ToDo()
        for run in reversed(self.book.runs("running", "paused", "cancelled")):
            waits = watch_key(run.id) in resting and run.id in self._written
            if run.id not in self._over and not waits:
                self._look_at(run, todo)
        return todo

    def _look_at(self, run: Run, todo: ToDo) -> None:
        counts = self.book.counts(run.id)
        if any(one.state == "written" for one in counts):
            todo.watches.append(run.id)
        if all(one.state in ("written", "done") for one in counts):
            self._written.add(run.id)
        if run.state == "cancelled" and all(one.state == "done" for one in counts):
            self._over.add(run.id)  # nothing of it moves any more
        if run.state != "running" and any(one.state == "begun" for one in counts):
            todo.left.append(run.id)
        if run.state == "running":
            run = judge(self.book, run, counts)
        if run.state == "running" and self._is_due(run, counts):
            todo.awake.add(run.id)
            todo.slots |= dict.fromkeys(slots_of(run, counts, self.cap))

    def _is_due(self, run: Run, counts: Sequence[Count]) -> bool:
        """Something can be begun now, or is left by somebody who died."""
        due = self.book.next_due(run.id)
        return any(one.state == "begun" for one in counts) or (due is not None and due <= self.now())


def slots_of(run: Run, counts: Iterable[Count], cap: CapOf) -> list[Slot]:
    """The slots in which the run has work: of accounts with unfinished rows in an open wave, as many as the run has lanes there,
    and no more than the account may have under way today."""
    open_rows = [one for one in counts if one.state in ("todo", "begun") and one.wave <= run.wave]
    accounts = dict.fromkeys(one.account for one in open_rows)
    return [Slot(name, number) for name in accounts for number in range(min(run.what.lanes.get(name, 1), cap(name)))]
