"""What the journal is asked about changes, as statements that are built once: building one costs more than carrying it out."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Select, bindparam, exists, func, literal_column, or_, select

from registrar_sync.journal.prepared import Prepared
from registrar_sync.journal.schema import change, change_event
from registrar_sync.journal.watching import is_newest

MARK = Prepared(select(func.coalesce(func.max(change_event.c.id), 0).label("mark")))

EXISTS = Prepared(select(change.c.id).where(change.c.id == bindparam("of_change")))

_LATER = exists().where(
    change_event.c.change_id == change.c.id, change_event.c.id > bindparam("mark"), change.c.zone == bindparam("of_zone")
)
TOUCHED_SINCE = Prepared(select(_LATER.label("touched")))


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
    is_open = or_(*(event.c.state == literal_column(f"'{state}'") for state in ("intended", "unknown")))
    newest = exists().where(event.c.change_id == change.c.id, is_newest(event), is_open)
    return Prepared(_changes([newest, *(change.c[name] == bindparam(name) for name in columns)], newest_first=False))


@cache
def alongside() -> Select[Any]:
    """The changes ``ids`` and all others of their zones, newest first."""
    given = change.alias()
    zones = select(given.c.zone).where(given.c.id.in_(bindparam("ids", expanding=True)))
    return _changes([change.c.zone.in_(zones)])
