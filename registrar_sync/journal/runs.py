"""Runs over many domains, as ``core.run.RunBook``: what is still to be done, by whom, and how each domain ended."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, func, insert, literal_column, select, update

from registrar_sync.core.run import Count, Lane, NewRow, NewRun, RowNews, Run, RunRow, RunState
from registrar_sync.errors import NothingJournalled
from registrar_sync.journal.batches import batches
from registrar_sync.journal.database import Database
from registrar_sync.journal.failures import readable
from registrar_sync.journal.lanes import SqlLane, acquire
from registrar_sync.journal.moment import moment
from registrar_sync.journal.prepared import Prepared
from registrar_sync.journal.run_due import first_due
from registrar_sync.journal.run_rows import (
    cancel_rows,
    keep_rows,
    row_from,
    run_from_row,
    run_values,
    tell_more,
)
from registrar_sync.journal.schema import run, run_row
from registrar_sync.ports import Clock

_PAGE = 500  # rows in one answer

_COUNTED = [run_row.c.account, run_row.c.wave, run_row.c.state, run_row.c.outcome]
_COUNTS = Prepared(
    select(*_COUNTED, func.count().label("rows")).where(run_row.c.run_id == bindparam("of_run")).group_by(*_COUNTED)
)
_NEWEST = select(run).order_by(run.c.id.desc())
_RUN, _LAST = Prepared(select(run).where(run.c.id == bindparam("of_run"))), Prepared(_NEWEST.limit(1))
_ORDER = (
    update(run)
    .where(run.c.id == bindparam("of_run"))
    .values(state=bindparam("to_state"), why=bindparam("because"), ended_at=bindparam("ended"))
)
_OPEN_WAVE = (
    update(run).where(run.c.id == bindparam("of_run"), run.c.wave < bindparam("to_wave")).values(wave=bindparam("to_wave"))
)
_WITHOUT_TOLD = [column for column in run_row.c if column is not run_row.c.told]


class SqlRunBook:
    """See ``core.run.RunBook``. ``lease_s``: of a lane whose holder cannot be asked after. Thread-safe."""

    def __init__(self, database: Database, clock: Clock, *, lease_s: float) -> None:
        self._database = database
        self._clock = clock
        self._lease_s = lease_s

    def create(self, new: NewRun, rows: Iterable[NewRow]) -> int:
        """Keep a run and all of its rows, or nothing of it. What ``rows`` raises goes up, and must not come from a writer of
        this journal."""
        with self._database.write() as connection:
            now = moment(connection, self._clock)
            at_first = {"state": "running", "wave": 0, "why": "", "at": now.ours}
            key = connection.execute(insert(run), {**run_values(new), **at_first}).inserted_primary_key
            assert key is not None
            keep_rows(connection, int(key[0]), rows, now.journals)
        return int(key[0])

    def run(self, run_id: int | None = None) -> Run:
        """One run; None: the newest. Raises ``NothingJournalled``."""
        with self._database.read() as connection:
            return self._run(connection, run_id)

    def runs(self, *states: RunState) -> list[Run]:
        """All (in these states), newest first."""
        question = _NEWEST.where(run.c.state.in_(states)) if states else _NEWEST
        with self._database.read() as connection, readable(self._database.location):
            return [run_from_row(row._asdict()) for row in connection.execute(question)]

    def counts(self, run_id: int) -> list[Count]:
        """The rows by account, wave, state and outcome: by one index, without the rows themselves."""
        with self._database.read() as connection:
            return [Count(**row) for row in _COUNTS.all(connection, of_run=run_id)]

    def order(self, run_id: int, state: RunState, why: str = "") -> Run:
        """Pause, go on, cancel, end; a run that is so already, or is over, stays as it is. Raises ``NothingJournalled``."""
        with self._database.write() as connection:
            before = self._run(connection, run_id)
            if before.state in (state, "cancelled", "ended"):
                return before
            now = self._clock.now()
            ended = now if state in ("cancelled", "ended") else None
            connection.execute(_ORDER, {"of_run": run_id, "to_state": state, "because": why, "ended": ended})
            if state == "cancelled":
                cancel_rows(connection, run_id, now)
            return self._run(connection, run_id)

    def open_wave(self, run_id: int, wave: int) -> None:
        """Let rows up to this wave be begun; one that is open stays so."""
        with self._database.write() as connection:
            connection.execute(_OPEN_WAVE, {"of_run": run_id, "to_wave": wave})

    def lane(self, lane: Lane) -> SqlLane | None:
        """Take the lane: a free one, a dead holder's, or one whose lease has run out."""
        return acquire(self._database, self._clock, lane, lease_s=self._lease_s)

    def next_due(self, run_id: int) -> datetime | None:
        """When the first row in ``todo`` of an open wave is due; None: there is none. Raises ``NothingJournalled``."""
        with self._database.read() as connection:
            due = first_due(connection, run_id, self._run(connection, run_id).wave)
            return None if due is None else moment(connection, self._clock).to_ours(due)

    def hear(self, run_id: int, news: Sequence[RowNews]) -> None:
        """Write down how rows ended, all at once; those that others have written down or begun since are left out."""
        with self._database.write(changed="unknown") as connection:
            now = moment(connection, self._clock)
            for batch in batches(news):
                tell_more(connection, run_id, batch, now)
            if any(one.state == "todo" for one in news) and self._run(connection, run_id).state == "cancelled":
                cancel_rows(connection, run_id, now.ours)

    def written(self, run_id: int) -> list[RunRow]:
        """The rows in ``written``, by line, without what they tell."""
        question = (
            select(*_WITHOUT_TOLD)
            .where(run_row.c.run_id == run_id, run_row.c.state == literal_column("'written'"))
            .order_by(run_row.c.line)
        )
        with self._database.read() as connection, readable(self._database.location):
            return [row_from(row._asdict()) for row in connection.execute(question)]

    def rows(self, run_id: int, *, states: Sequence[str] = (), newest_first: bool = False) -> Iterator[RunRow]:
        """All rows (in these states) by line, or from the last line on; read a page at a time, so each as it then stands."""
        line = run_row.c.line
        question = select(run_row).where(run_row.c.run_id == run_id).order_by(line.desc() if newest_first else line).limit(_PAGE)
        if states:
            question = question.where(run_row.c.state.in_(states))
        page = self._page(question)
        while page:
            yield from page
            last = page[-1].what.line
            page = self._page(question.where(line < last if newest_first else line > last)) if len(page) == _PAGE else []

    def _page(self, question: Any) -> list[RunRow]:
        with self._database.read() as connection, readable(self._database.location):
            return [row_from(row._asdict()) for row in connection.execute(question)]

    def _run(self, connection: Connection, run_id: int | None) -> Run:
        row = _LAST.one(connection) if run_id is None else _RUN.one(connection, of_run=run_id)
        if row is None:
            which = f"run {run_id}" if run_id is not None else "run"
            raise NothingJournalled(
                f"The journal {self._database.location} holds no {which}. Nothing was changed.",
                hint="registrar-sync bulk status lists the runs.",
            )
        with readable(self._database.location):
            return run_from_row(row)
