"""What the journal is asked about changes, as statements that are built once: building one costs more than carrying it out."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, FromClause, Select, and_, bindparam, exists, func, literal_column, or_, select

from registrar_sync.journal.prepared import Prepared
from registrar_sync.journal.schema import change, change_event
from registrar_sync.journal.watching import is_newest

MARK = Prepared(select(func.coalesce(func.max(change_event.c.id), 0).label("mark")))

_LATER = exists().where(
    change_event.c.change_id == change.c.id, change_event.c.id > bindparam("mark"), change.c.zone == bindparam("of_zone")
)
TOUCHED_SINCE = Prepared(select(_LATER.label("touched")))


def _is_open(event: FromClause) -> ColumnElement[bool]:
    return or_(*(event.c.state == literal_column(f"'{state}'") for state in ("intended", "unknown")))


_ANYBODYS = change.alias()
_MOVED = exists().where(
    change_event.c.change_id == _ANYBODYS.c.id,
    or_(change_event.c.id > bindparam("since"), and_(_is_open(change_event), is_newest(change_event))),
)
IN_THE_WAY = Prepared(
    select(_ANYBODYS.c.id)
    .where(or_(_ANYBODYS.c.zone == bindparam("of_zone"), _ANYBODYS.c.domain == bindparam("of_domain")), _MOVED)
    .limit(1)
)


def _changes(conditions: Iterable[ColumnElement[bool]], *, newest_first: bool = True, images: bool = True) -> Select[Any]:
    """Changes with their events, in order; an event's columns are called ``event_...``."""
    columns = [column for column in change_event.c if images or column is not change_event.c.images]
    named = [column.label(f"event_{column.name}") for column in columns]
    joined = select(change, *named).join_from(change, change_event, change.c.id == change_event.c.change_id)
    order = change.c.id.desc() if newest_first else change.c.id
    return joined.where(*conditions).order_by(order, change_event.c.id)


@cache
def changes(*columns: str, images: bool) -> Prepared:
    """Changes, newest first, whose ``columns`` are what they are asked to be."""
    return Prepared(_changes([change.c[name] == bindparam(name) for name in columns], images=images))


@cache
def unfinished(*columns: str) -> Prepared:
    """Of these, the ones whose newest state is ``intended`` or ``unknown``, oldest first."""
    event = change_event.alias()
    newest = exists().where(event.c.change_id == change.c.id, is_newest(event), _is_open(event))
    return Prepared(_changes([newest, *(change.c[name] == bindparam(name) for name in columns)], newest_first=False))
