"""Which changes wait to be seen, and what became of them: the journal's questions and answers about a watch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, FromClause, and_, bindparam, exists, or_, select

from registrar_sync.core.evidence import ChangeState
from registrar_sync.core.waiting import News, Seen
from registrar_sync.journal.batches import batches
from registrar_sync.journal.database import Database
from registrar_sync.journal.failures import readable
from registrar_sync.journal.prepared import Prepared
from registrar_sync.journal.schema import change, change_event

_OPEN: tuple[ChangeState, ...] = ("written", "overdue")


def is_newest(event: FromClause) -> ColumnElement[bool]:
    """Whether a row of ``change_event``, or of an alias of it, is its change's last one."""
    later = change_event.alias()
    return ~exists().where(later.c.change_id == event.c.change_id, later.c.id > event.c.id)


def unseen(database: Database, domain: str | None, cached_after: datetime | None) -> list[int]:
    """See ``ports.Journal.unseen``."""
    waits = or_(change_event.c.state.in_(_OPEN), *([_cached(cached_after)] if cached_after else []))
    conditions = [waits, is_newest(change_event), *([change.c.domain == domain] if domain is not None else [])]
    joined = select(change.c.id).join_from(change_event, change, change.c.id == change_event.c.change_id)
    with database.read() as connection:
        return list(connection.execute(joined.where(*conditions).order_by(change.c.id)).scalars())


def _cached(after: datetime) -> ColumnElement[bool]:
    """Seen authoritative, and caches may hold the old answer. Times are kept as ISO 8601 text in UTC, which sorts as they do."""
    until = change_event.c.detail["old_until"].as_string()
    return and_(change_event.c.state == "authoritative", until > after.astimezone(UTC).isoformat())


_EVENT = change_event.c
_NEWS = Prepared(
    select(_EVENT.id, _EVENT.change_id, change.c.domain, _EVENT.state, _EVENT.detail)
    .join_from(change_event, change, change.c.id == _EVENT.change_id)
    .where(_EVENT.id > bindparam("mark"))
    .order_by(_EVENT.id)
)


def news(database: Database, mark: int) -> list[News]:
    """See ``ports.Journal.news``."""
    with database.read() as connection, readable(database.location):
        return [News(**row) for row in _NEWS.all(connection, mark=mark)]


@dataclass(frozen=True, slots=True, kw_only=True)
class StillNews:
    """What is to be added, and each change's state after that."""

    news: tuple[Seen, ...]
    states: dict[int, ChangeState]


def still_news(connection: Connection, seen: Sequence[Seen]) -> StillNews:
    """Which of these the journal does not know yet, of changes that still stand: nothing that was rolled back or seen by others
    meanwhile, and nothing that is overdue twice."""
    states = {state.change_id: state.state for state in _states(connection, [one.change_id for one in seen])}
    told = tuple(one for one in seen if states.get(one.change_id) in _OPEN and states[one.change_id] != one.state)
    return StillNews(news=told, states={**states, **{one.change_id: one.state for one in told}})


def _states(connection: Connection, change_ids: Sequence[int]) -> list[Any]:
    return [row for some in batches(change_ids) for row in connection.execute(_NEWEST_STATES, {"ids": some})]


_NEWEST_STATES = select(change_event.c.change_id, change_event.c.state).where(
    is_newest(change_event), change_event.c.change_id.in_(bindparam("ids", expanding=True))
)


def detail_of(seen: Seen) -> dict[str, Any]:
    """What the event tells beside its state."""
    return {"old_until": seen.old_until.isoformat() if seen.old_until else None}
