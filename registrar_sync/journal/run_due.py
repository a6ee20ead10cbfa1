"""Which row of a run comes next, however many wait: one step in an index, not a look at each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, literal_column, select

from registrar_sync.core.run import Lane, RunState
from registrar_sync.journal.prepared import Prepared
from registrar_sync.journal.schema import run, run_row

# Word for word as in the indexes over these rows alone: a planner need not know what a parameter will be.
_TODO = run_row.c.state == literal_column("'todo'")
_BEGUN = run_row.c.state == literal_column("'begun'")

_OF_RUN = run_row.c.run_id == bindparam("of_run")
_OF_LANE = _OF_RUN & (run_row.c.account == bindparam("of_account")) & (run_row.c.lane == bindparam("of_number"))
_LATER_WAVE = run_row.c.wave > bindparam("after_wave")
_TO_WORK_ON = [column for column in run_row.c if column is not run_row.c.told]

_FIRST_OF_RUN = Prepared(
    select(run_row.c.wave, run_row.c.due_at)
    .where(_OF_RUN, _TODO, _LATER_WAVE)
    .order_by(run_row.c.wave, run_row.c.due_at)
    .limit(1)
)
_FIRST_OF_LANE = Prepared(
    select(*_TO_WORK_ON).where(_OF_LANE, _TODO, _LATER_WAVE).order_by(run_row.c.wave, run_row.c.due_at, run_row.c.line).limit(1)
)
_LEFT_BEGUN = Prepared(select(*_TO_WORK_ON).where(_OF_LANE, _BEGUN).order_by(run_row.c.line).limit(1))
_STATE = Prepared(select(run.c.state, run.c.wave).where(run.c.id == bindparam("of_run")))


def state_of(connection: Connection, run_id: int) -> tuple[RunState, int]:
    """How the run stands, and the wave that is open."""
    row = _STATE.all(connection, of_run=run_id)[0]
    return row["state"], row["wave"]


def first_due(connection: Connection, run_id: int, open_wave: int) -> datetime | None:
    """When the first row to be begun is due."""
    return min((row["due_at"] for row in _firsts(connection, _FIRST_OF_RUN, {"of_run": run_id}, open_wave)), default=None)


def next_row(connection: Connection, lane: Lane, open_wave: int, now: datetime, *, left_first: bool) -> Mapping[str, Any] | None:
    """The lane's row to be worked on now: the first that is due, or one that was begun and left by somebody (``left_first``: that
    one first, as whoever takes the lane up wants it)."""
    of_lane = {"of_run": lane.run_id, "of_account": lane.account, "of_number": lane.number}
    left = _LEFT_BEGUN.one(connection, **of_lane) if left_first else None
    if left is not None:
        return left
    due = next((row for row in _firsts(connection, _FIRST_OF_LANE, of_lane, open_wave) if row["due_at"] <= now), None)
    return due if due is not None or left_first else _LEFT_BEGUN.one(connection, **of_lane)


def _firsts(connection: Connection, first: Prepared, whose: Mapping[str, Any], open_wave: int) -> Iterator[Mapping[str, Any]]:
    """The first row in ``todo`` of each open wave that has any: nearly always there is one such wave."""
    wave = -1
    while True:
        row = first.one(connection, **whose, after_wave=wave)
        if row is None or row["wave"] > open_wave:
            return
        yield row
        wave = row["wave"]
