"""Changes together with all others of their zones: what a watch has to know of each."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import bindparam, exists, select

from registrar_sync.core.evidence import Change, Event
from registrar_sync.journal.batches import batches
from registrar_sync.journal.database import Database
from registrar_sync.journal.failures import readable
from registrar_sync.journal.rows import change_from_row, event_from_row
from registrar_sync.journal.schema import change, change_event

_OTHER = change.alias()
_ALONE = select(change.c.id).where(
    change.c.id.in_(bindparam("ids", expanding=True)),
    ~exists().where(_OTHER.c.zone == change.c.zone, _OTHER.c.id != change.c.id),
)

_GIVEN = change.alias()
_ZONES = select(_GIVEN.c.zone).where(_GIVEN.c.id.in_(bindparam("ids", expanding=True)))
_CHANGES = select(change).where(change.c.zone.in_(_ZONES)).order_by(change.c.id.desc())
_EVENTS = (
    select(change_event)
    .where(change_event.c.change_id.in_(select(change.c.id).where(change.c.zone.in_(_ZONES))))
    .order_by(change_event.c.id)
)


def alone(database: Database, change_ids: Collection[int]) -> set[int]:
    """See ``ports.Journal.alone``."""
    if not change_ids:
        return set()
    with database.read() as connection:
        return {one for ids in batches(change_ids) for one in connection.execute(_ALONE, {"ids": ids}).scalars()}


def alongside(database: Database, change_ids: Collection[int]) -> list[Change]:
    """See ``ports.Journal.alongside``."""
    if not change_ids:
        return []
    given = {"ids": list(change_ids)}
    with database.read() as connection, readable(database.location):
        rows = [row._asdict() for row in connection.execute(_CHANGES, given)]
        # After them: a change and its first event are written together, so each of these has its events. Those of changes
        # that were begun between the two questions are left out.
        events: dict[int, list[Event]] = {row["id"]: [] for row in rows}
        for event in map(event_from_row, connection.execute(_EVENTS, given)):
            if event.change_id in events:
                events[event.change_id].append(event)
        return [change_from_row(row, events[row["id"]]) for row in rows]
