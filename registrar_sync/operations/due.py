"""What waits, by the journal: the list for an operator, and the warning to who enrols before the old TTLs are over."""

from __future__ import annotations

from datetime import datetime

from registrar_sync.core.due import Due, due_of
from registrar_sync.core.finding import Finding
from registrar_sync.core.guard import finding
from registrar_sync.core.prepared import Prepared, open_prepares
from registrar_sync.errors import ZoneLocked
from registrar_sync.operations.desk import Desk
from registrar_sync.ports import Clock, Journal


def due(journal: Journal, clock: Clock) -> tuple[Due, ...]:
    """All that waits, what is due first at the head. Asks nobody but the journal, and writes nothing."""
    under_way = {change.id for change in journal.unfinished() if _is_held(journal, change.what.zone)}
    return due_of(journal.changes(images=False), clock.now(), under_way=under_way)


def _is_held(journal: Journal, zone: str) -> bool:
    """Whether a living process holds the zone: a change of it without an end is under way, not interrupted."""
    try:
        journal.quiet_in_s(zone, 0.0)
    except ZoneLocked:
        return True
    return False


def too_early(desk: Desk) -> list[Finding]:
    """That caches may still hold answers with the TTLs from before ``prepare``; nothing once that is over."""
    here = [one for one in open_prepares(desk.history()) if _is_of(desk, one)]
    if not here:
        return []
    if here[0].over_at is None:
        return [finding("prepare-too-early", _unseen(here[0]))]
    over_at = max(one.over_at for one in here if one.over_at is not None)
    if desk.setting.clock.now() >= over_at:
        return []
    text = f"Caches may hold answers with the old TTL until {clock_time(over_at)}: until then a cut-over takes as long as ever."
    return [finding("prepare-too-early", text)]


def _is_of(desk: Desk, prepared: Prepared) -> bool:
    what = prepared.change.what
    return (what.account, what.zone) == (desk.setting.account, desk.zone)


def _unseen(prepared: Prepared) -> str:
    earliest = clock_time(datetime.fromisoformat(prepared.change.what.context["over_at"]))
    return (
        f"The lower TTLs of change {prepared.change.id} were not seen at every authoritative server: caches may hold answers with"
        f" the old TTL, until {earliest} at the earliest. Run prepare again: it looks, and says when."
    )


def clock_time(at: datetime) -> str:
    """A time for an operator, in the time of this machine: 14:05 CET, 2026-11-23."""
    return f"{at.astimezone():%H:%M %Z, %Y-%m-%d}"
