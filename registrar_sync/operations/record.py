"""A change's entry in the journal: the intent before the first write, the outcome after the last."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from registrar_sync.core.evidence import ChangeState, Images, NewChange
from registrar_sync.core.waiting import Seen, SeenState
from registrar_sync.errors import JournalUnusable
from registrar_sync.operations.before import to_context
from registrar_sync.operations.desk import Desk
from registrar_sync.operations.draft import Draft, Procedure
from registrar_sync.operations.observe import DnsLook
from registrar_sync.ports import Journal, ZoneLock


def record_end(desk: Desk, procedure: Procedure, draft: Draft, end: ChangeState) -> None:
    """Into the journal, where an intent is open, or where a rollback was asked for: evidence that it was."""
    rolls_back = (*procedure.rolls_back, *draft.rolls_back) if end == "nothing-to-do" else ()
    if desk.under_way:
        append_end(desk, end, wrote=False, rolls_back=rolls_back)
    elif (procedure.command == "rollback" or draft.remember) and end != "refused":
        images = Images(before=draft.before, after=draft.before)
        new = _new_change(desk, procedure, draft, {})
        desk.change_id = desk.setting.journal.begin(new, images, state=end, rolls_back=rolls_back)


def record_intent(desk: Desk, procedure: Procedure, look: DnsLook, draft: Draft) -> None:
    """The complete before-image, durably, before anything is written (invariant 1 of the journal)."""
    images = Images(before=draft.before, after=draft.after)
    detail = _seen_before(look, draft)
    if desk.change_id is None:
        desk.change_id = desk.setting.journal.begin(_new_change(desk, procedure, draft, detail), images)
    else:
        desk.setting.journal.append(desk.change_id, "intended", images=images, detail=detail)
    desk.under_way = True


def claim_zone(desk: Desk, procedure: Procedure, look: DnsLook, draft: Draft, *, since: int) -> ZoneLock | None:
    """The zone's lock and the intent in one step, durable together. None: something is in the way, and nothing was done."""
    new = _new_change(desk, procedure, draft, _seen_before(look, draft))
    claimed = desk.setting.journal.begin_locked(new, Images(before=draft.before, after=draft.after), since=since)
    if claimed is None:
        return None
    desk.change_id, lock = claimed
    desk.under_way = True
    return lock


def _seen_before(look: DnsLook, draft: Draft) -> dict[str, Any]:
    return {"serials": look.serials, "digest": draft.digest, "cached": to_context(look.observations)}


def _new_change(desk: Desk, procedure: Procedure, draft: Draft, detail: Mapping[str, Any]) -> NewChange:
    assert desk.zone is not None
    rolls_back = (*procedure.rolls_back, *draft.rolls_back)
    run = {} if desk.request.run is None else {"run": desk.request.run}
    return NewChange(
        domain=desk.owner,
        zone=desk.zone,
        owner=desk.owner,
        provider=desk.setting.provider,
        account=desk.setting.account,
        service=desk.setting.service.to_json(),
        command=procedure.command,
        undoes=procedure.undoes,
        context={**procedure.context, **draft.context, "order": procedure.order, "rolls_back": rolls_back, **run, **detail},
    )


def append_end(
    desk: Desk,
    state: ChangeState,
    *,
    wrote: bool,
    complete: bool = False,
    rolls_back: Collection[int] = (),
    releasing: ZoneLock | None = None,
) -> None:
    """Record how it ended. ``complete``: the after-image stood whole at some time, so its publication may yet be seen.
    ``releasing``: a lock that is given back with it."""
    assert desk.change_id is not None
    detail = {"wrote": wrote, "complete": complete}
    soon = desk.setting.ends_soon and releasing is not None
    try:
        desk.setting.journal.append(desk.change_id, state, detail=detail, rolls_back=rolls_back, releasing=releasing, soon=soon)
    except JournalUnusable as error:
        error.changed = "yes" if wrote else "no"
        raise
    desk.under_way = state == "unknown"
    desk.wrote = state == "written"


def record_seen(journal: Journal, change_id: int, state: SeenState, old_until: datetime | None) -> ChangeState:
    """What the authoritative servers said of a change that was written; the state it is in then: another one where somebody
    else has gone on with it meanwhile."""
    return journal.record_seen([Seen(change_id=change_id, state=state, old_until=old_until)])[change_id]
