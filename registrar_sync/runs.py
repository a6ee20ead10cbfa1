"""Runs over many domains on one ``World``: begun, gone on with, looked at, taken back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache, cached_property, partial
from typing import Any

from registrar_sync.bulk.executor import Executor
from registrar_sync.bulk.fence import Fence
from registrar_sync.bulk.outcome import Patience
from registrar_sync.bulk.roster import Checked
from registrar_sync.bulk.rows import new_rows
from registrar_sync.bulk.stage import Stage
from registrar_sync.bulk.tally import Moved
from registrar_sync.bulk.watching import RunWatch
from registrar_sync.core.finding import Finding
from registrar_sync.core.guard import held_back
from registrar_sync.core.run import LEASE_S, Brakes, Lane, NewRow, NewRun, Run, RunBook, RunState
from registrar_sync.core.run_estimate import Estimate, Load, estimate
from registrar_sync.core.service_check import check_service
from registrar_sync.errors import RegistrarSyncError, UsageError
from registrar_sync.many import Many
from registrar_sync.operations.request import request_of
from registrar_sync.operations.watch import Watch
from registrar_sync.wiring import World

_WHOM = ("nameservers", "resolvers")
_NOT_FOR_ROWS = (*_WHOM, "wait", "timeout")


class ServiceUnfit(RegistrarSyncError):
    """The mail service itself is not in order: nobody is sent to it."""

    kind = "service"


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """On what terms a run goes. ``wait``, ``timeout`` (seconds): as for ``Client.enroll``."""

    brakes: Brakes = field(default_factory=Brakes)
    wait: str = "authoritative"
    timeout: float | None = None
    nameservers: tuple[str, ...] = ()
    resolvers: tuple[str, ...] = ()


class Runs:
    """What can be done with runs. Every method raises ``JournalUnusable``; those that take a run ``NothingJournalled``, too."""

    def __init__(self, world: World, *, patience: Patience | None = None, lease_s: float = LEASE_S) -> None:
        self._world = world
        self._patience = patience or Patience()
        self._lease_s = lease_s

    @cached_property
    def book(self) -> RunBook:
        """The journal's runs."""
        return self._world.journal.run_book(lease_s=self._lease_s)

    # --- a new one ----------------------------------------------------------------------------------------------------
    def precheck(self, many: Many, checked: Checked) -> tuple[Finding, ...]:
        """What is to be said of the services themselves, before anybody is sent to one. Raises ``ServiceUnfit``."""
        said: dict[Finding, None] = {}
        for account, service, only in checked.book.services():
            setting = many.looking_at(account, service or many.defaults["service"])
            accept = many.defaults.get("accept") or ()
            request = request_of("example.com", accept=accept, only=only or many.defaults.get("only"))
            wish = request.wish(setting)
            found = setting.inquiry.settle(partial(check_service, request.domain, wish))
            if held := held_back(found, request.accept):
                text = " ".join(one.message for one in held)
                hint = " ".join(f"--accept {one.id}" for one in held if one.acceptable)
                raise ServiceUnfit(f"{text} Nothing was changed.", hint=f"If that is right, say {hint}" if hint else "")
            said.update(dict.fromkeys(found))
        return tuple(said)

    def estimate(self, many: Many, checked: Checked) -> Estimate:
        """How long it takes to write all rows that are right, by the accounts' limits."""
        return estimate(many.load(name, rows) for name, rows in checked.book.accounts().items())

    def loads(self, run: Run) -> list[Load]:
        """What the run asks of each account, whole."""
        rows = Counter[str]()
        for one in self.book.counts(run.id):
            rows[one.account] += one.rows
        many = self._many(run)
        return [many.load(name, count) for name, count in rows.items()]

    def start(self, many: Many, checked: Checked, terms: Terms) -> Run:
        """Keep a run over the rows that are right. Nothing is asked or written yet."""
        self._world.journal.check_writable()
        lanes = {name: min(many.account(name).threads, rows) for name, rows in checked.book.accounts().items()}
        options = {**many.defaults, **_said(terms)}
        new = NewRun(command="enroll", roster=checked.name, options=options, lanes=lanes, brakes=terms.brakes)
        return self.book.run(self.book.create(new, new_rows(checked.book, lanes, terms.brakes)))

    def undo(self, run: Run, terms: Terms) -> Run:
        """Keep a run that takes back what ``run`` wrote and still stands, newest first. Raises ``UsageError``."""
        if run.what.command == "rollback":
            raise UsageError(f"Run {run.id} is a rollback itself. Nothing was changed.", hint="bulk run enrols again.")
        if run.state == "running":
            hint = f"registrar-sync bulk pause {run.id}, or bulk cancel {run.id}"
            raise UsageError(f"Run {run.id} is not over. Nothing was changed.", hint=hint)
        whom = {name: run.what.options[name] for name in _WHOM if not getattr(terms, name)}
        options = {**_said(terms), **whom}
        new = NewRun(
            command="rollback", roster=f"run {run.id}", options=options, lanes=run.what.lanes, brakes=terms.brakes, undoes=run.id
        )
        return self.book.run(self.book.create(new, self._undone(run)))

    def _undone(self, run: Run) -> Iterator[NewRow]:
        lines = 0
        for row in self.book.rows(run.id, newest_first=True):
            if row.change_id is None or row.state == "todo" or row.outcome in ("nothing-to-do", "cancelled"):
                continue
            lines += 1
            yield replace(row.what, line=lines, options={}, wave=0, to_change=row.change_id)

    # --- one that is there --------------------------------------------------------------------------------------------
    def order(self, run_id: int | None, state: RunState, why: str = "") -> Run:
        """Pause, go on, cancel."""
        return self.book.order(self.book.run(run_id).id, state, why)

    def executor(self, run: Run, *, only_watch: bool = False) -> Executor:
        """What works through the run in this process; ``only_watch``: begins no row, and looks at what is written."""
        stage = self.stage(run)
        lanes = [] if only_watch else lanes_of(run)
        return Executor(stage, lambda moved: self.watch_of(stage, moved), lanes, Fence(lease_s=self._lease_s))

    def watch_of(self, stage: Stage, moved: Callable[[Moved], None]) -> RunWatch:
        """What watches the rows that stand as written; ``moved`` is told of each that ends."""
        return RunWatch(self._watch(stage.run), stage.book, stage.run.id, moved)

    def stage(self, run: Run) -> Stage:
        """What the run's lanes share in this process."""
        many = self._many(run)
        account = cache(lambda name: many.account(name, read_only=False))
        return Stage(
            run=run,
            book=self.book,
            journal=self._world.journal,
            clock=self._world.clock,
            account=account,
            setting_for=many.setting_for,
            patience=self._patience,
        )

    def _many(self, run: Run) -> Many:
        options = dict(run.what.options)
        whom: dict[str, Iterable[str]] = {name: options.get(name) or () for name in _WHOM}
        return Many(self._world, {name: value for name, value in options.items() if name not in _NOT_FOR_ROWS}, **whom)

    def _watch(self, run: Run) -> Watch:
        many = self._many(run)
        looking_at = cache(many.looking_at)
        options: Mapping[str, Any] = run.what.options
        goal: Any = "visible" if options.get("wait") == "visible" else "authoritative"
        return Watch(
            lambda change: looking_at(change.what.account),
            self._world.journal,
            self._world.clock,
            goal=goal,
            timeout_s=options.get("timeout"),
        )


def lanes_of(run: Run) -> list[Lane]:
    """The lanes of a run, the first one of each account before the second of any: none waits for all of another's."""
    lanes = (Lane(run_id=run.id, account=name, number=i) for name, count in run.what.lanes.items() for i in range(count))
    return sorted(lanes, key=lambda lane: (lane.number, lane.account))


def _said(terms: Terms) -> dict[str, Any]:
    return {name: getattr(terms, name) for name in _NOT_FOR_ROWS}
