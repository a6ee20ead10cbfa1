"""Runs and their rows in the journal: the core's values to columns and back, and the statements that change rows."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Integer, bindparam, func, literal_column, select, text, update

from registrar_sync.core.run import Brakes, NewRow, NewRun, RowNews, Run, RunRow
from registrar_sync.journal.batches import batches
from registrar_sync.journal.moment import Moment
from registrar_sync.journal.prepared import Prepared
from registrar_sync.journal.rows import to_json
from registrar_sync.journal.schema import UtcCount, UtcText, run_row

_OF_ROSTER = ("line", "domain", "typed", "account", "lane", "wave", "to_change", "options")
_AT_FIRST = {"state": "todo", "epoch": 0, "attempts": 0, "told": "{}"}


def run_values(new: NewRun) -> dict[str, Any]:
    """The columns of ``run`` that are known beforehand."""
    plain = {"options": to_json(new.options), "lanes": to_json(new.lanes), "brakes": asdict(new.brakes)}
    return {"command": new.command, "roster": new.roster, "undoes": new.undoes, **plain}


def run_from_row(row: Mapping[str, Any]) -> Run:
    """A run as it stands."""
    given = {name: row[name] for name in ("command", "roster", "options", "lanes", "undoes")}
    state = {name: row[name] for name in ("id", "state", "wave", "why", "at", "ended_at")}
    return Run(what=NewRun(brakes=Brakes(**row["brakes"]), **given), **state)


_OF_WHAT = ("line", "domain", "typed", "account", "lane", "options", "wave", "to_change")
_OF_ROW = ("run_id", "state", "epoch", "attempts", "due_at", "change_id", "outcome", "begun_at", "written_at", "ended_at")


def row_from(row: Mapping[str, Any]) -> RunRow:
    """A row as it stands; without what it tells, where that was not asked for."""
    what = NewRow(**{name: row[name] for name in _OF_WHAT})
    return RunRow(what=what, told=row.get("told") or {}, **{name: row[name] for name in _OF_ROW})


# --- a run's beginning -------------------------------------------------------------------------------------------------
def keep_rows(connection: Connection, run_id: int, rows: Iterable[NewRow], due_at: datetime) -> None:
    """Write the rows as they come, never more than a few in memory: a run may have a million."""
    alike = {"run_id": run_id, **_AT_FIRST, "due_at": UtcCount.count(due_at)}
    columns = ", ".join((*alike, *_OF_ROSTER))
    kept = f"INSERT INTO run_row ({columns})"
    if connection.dialect.driver == "psycopg":
        # No COPY: a writer that is frozen amid one is not put out by the server (see ``database``), and keeps everybody waiting.
        found = "json_populate_recordset(CAST(NULL AS run_row), CAST(:rows AS json))"
        statement = text(f"{kept} SELECT {columns} FROM {found}")  # noqa: S608 - names of our own columns
        for batch in batches(rows):
            whole = [{**alike, "told": {}, **{name: getattr(row, name) for name in _OF_ROSTER}} for row in batch]
            connection.execute(statement, {"rows": json.dumps(whole, default=dict)})
        return
    # the driver itself: of the second that 100,000 rows take, SQLAlchemy's part would be most
    mark = {"qmark": "?", "format": "%s", "pyformat": "%s"}[connection.dialect.paramstyle]
    values = ((*alike.values(), *(_plain(row, name) for name in _OF_ROSTER)) for row in rows)
    one = f"{kept} VALUES ({', '.join([mark] * (len(alike) + len(_OF_ROSTER)))})"
    for values_of_some in batches(values):
        connection.exec_driver_sql(one, values_of_some)


def _plain(row: NewRow, name: str) -> Any:
    value = getattr(row, name)
    return json.dumps(dict(value)) if name == "options" else value


# --- what became of a row ----------------------------------------------------------------------------------------------
_MINE = (run_row.c.run_id == bindparam("of_run")) & (run_row.c.line == bindparam("of_line"))
_UNDER_WAY = _MINE & (run_row.c.epoch == bindparam("of_epoch")) & text("run_row.state IN ('begun', 'written')")
_TELLING = (
    update(run_row)
    .where(_UNDER_WAY)
    .values(
        state=bindparam("state"),
        outcome=bindparam("outcome"),
        due_at=func.coalesce(bindparam("due", type_=UtcCount), run_row.c.due_at),
        change_id=func.coalesce(bindparam("of_change", type_=Integer), run_row.c.change_id),
        written_at=func.coalesce(bindparam("written", type_=UtcText), run_row.c.written_at),
        ended_at=bindparam("ended"),
    )
)
_TELL, _TELL_MORE = Prepared(_TELLING), Prepared(_TELLING.values(told=bindparam("told")))
_TOLD = select(run_row.c.line, run_row.c.told)
_TOLD = _TOLD.where(run_row.c.run_id == bindparam("of_run"), run_row.c.line.in_(bindparam("lines", expanding=True)))
_BEGIN = Prepared(
    update(run_row)
    .where(_MINE)
    .values(
        state="begun",
        outcome=None,
        epoch=run_row.c.epoch + 1,
        attempts=run_row.c.attempts + 1,
        begun_at=bindparam("now", type_=UtcText),
    )
)
_CANCEL = Prepared(
    update(run_row)
    .where(run_row.c.run_id == bindparam("of_run"), run_row.c.state == literal_column("'todo'"))
    .values(state="done", outcome="cancelled", ended_at=bindparam("now", type_=UtcText))
)


def tell(connection: Connection, run_id: int, news: RowNews, now: Moment) -> bool:
    """Write down how a row stands now, if it is still under way as the news' epoch; False: it is not. What was told before stays
    where the news tell nothing."""
    statement, told = (_TELL_MORE, {"told": dict(news.told)}) if news.told else (_TELL, {})
    return statement.change(connection, **_standing(run_id, news, now), **told) == 1


def tell_more(connection: Connection, run_id: int, news: Sequence[RowNews], now: Moment) -> None:
    """As ``tell``, but what was told before stays, key by key, where the news tell nothing."""
    if connection.dialect.name == "sqlite":
        for one in news:
            told = {f"told_{key}": json.dumps(value) for key, value in one.told.items()}
            _adding(tuple(one.told)).change(connection, **_standing(run_id, one, now), **told)
        return
    before = told_before(connection, run_id, news)
    for one in news:
        tell(connection, run_id, replace(one, told={**before.get(one.line, {}), **one.told}), now)


@lru_cache(maxsize=16)
def _adding(keys: tuple[str, ...]) -> Prepared:
    """``tell`` of so many keys: SQLite leaves the rest of the text as it is, which Python would have to read and write anew."""
    if not keys:
        return _TELL
    pairs = [part for key in keys for part in (f'$."{key}"', func.json(bindparam(f"told_{key}")))]
    return Prepared(_TELLING.values(told=func.json_set(run_row.c.told, *pairs)))


def _standing(run_id: int, news: RowNews, now: Moment) -> dict[str, Any]:
    row = {"of_run": run_id, "of_line": news.line, "of_epoch": news.epoch, "of_change": news.change_id}
    due = now.to_journals(news.due_at or now.ours) if news.state == "todo" else None
    ours = {state: now.ours if news.state == state else None for state in ("written", "done")}
    times = {"due": due, "written": ours["written"], "ended": ours["done"]}
    return {**row, "state": news.state, "outcome": news.outcome, **times}


def told_before(connection: Connection, run_id: int, news: Sequence[RowNews]) -> dict[int, dict[str, Any]]:
    """What the rows tell so far, by line."""
    lines = [one.line for one in news]
    return {row.line: row.told for row in connection.execute(_TOLD, {"of_run": run_id, "lines": lines})}


def begin(connection: Connection, row: Mapping[str, Any], now: datetime) -> RunRow:
    """Begin a row, once more where it was begun before: whoever did so has no say in it from now on."""
    found = {"of_run": row["run_id"], "of_line": row["line"]}
    _BEGIN.change(connection, **found, now=now)
    return row_from({**row, "state": "begun", "epoch": row["epoch"] + 1, "attempts": row["attempts"] + 1, "begun_at": now})


def cancel_rows(connection: Connection, run_id: int, now: datetime) -> None:
    """What is still to be begun never is."""
    _CANCEL.change(connection, of_run=run_id, now=now)
