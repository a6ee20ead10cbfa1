"""Bring an interrupted change to one of its two ends: exactly before, or exactly after (design section 5, Recover)."""

from __future__ import annotations

from collections.abc import Collection

from registrar_sync.core.evidence import Change, ChangeState
from registrar_sync.core.undo import mixture
from registrar_sync.errors import Drift, OutcomeUnknown
from registrar_sync.operations.desk import Desk, Request, Setting
from registrar_sync.operations.lock import let_calls_land, sit_out
from registrar_sync.operations.observe import last_write
from registrar_sync.operations.result import Result
from registrar_sync.operations.write import ENTERING, LEAVING, Work, read_back, restore
from registrar_sync.ports import DnsProvider, ZoneLock


def recover(setting: Setting, request: Request, change: Change) -> Result:
    """End ``change``, whose state is ``intended`` or ``unknown``. ``setting`` belongs to the change's account. Never asks."""
    desk = Desk(command="recover", setting=setting, request=request, change_id=change.id, zone=change.what.zone)

    def work() -> Result:
        setting.journal.check_writable()
        sit_out(setting, _quiet_in_s(setting, change))
        lock = setting.journal.lock(change.what.zone)
        let_calls_land(setting, lock)
        try:
            return _recover(desk, lock, change)
        finally:
            lock.release()

    return desk.run(work)


def _quiet_in_s(setting: Setting, change: Change) -> float:
    """A call that was left under way may still land: reading before it must be over proves nothing. A dead writer's last call
    began when it last renewed the lock, one that gave up began its last before it said ``unknown``."""
    quiet_s = setting.journal.quiet_in_s(change.what.zone, setting.call_limit_s)
    if change.state != "unknown":
        return quiet_s
    since_s = (setting.clock.now() - change.events[-1].at).total_seconds()
    return max(quiet_s, min(setting.call_limit_s - since_s, setting.call_limit_s))


def _recover(desk: Desk, lock: ZoneLock, change: Change) -> Result:
    change = desk.setting.journal.change(change.id)
    if change.state not in ("intended", "unknown"):
        return desk.result("nothing-to-do", message=f"Change {change.id} has already ended: {change.state}.")
    provider = desk.open()
    view = provider.read(desk.owner)
    images = change.images
    standing = mixture(view, images.before, images.after)
    work = Work(start=view, before=images.before, after=images.after, order=_order(change))
    if standing == "foreign":
        return _drift(desk, change)
    desk.under_way = True
    return _forward(desk, provider, lock, change, work) if standing == "after" else _back(desk, provider, lock, change, work)


def _order(change: Change) -> tuple[str, ...]:
    """As it was written; a change of an older version says it by its command."""
    usual = ENTERING if change.what.command == "enroll" else LEAVING
    return tuple(change.what.context.get("order", usual))


def _rolls_back(change: Change) -> tuple[int, ...]:
    undoes = change.what.undoes
    return tuple(change.what.context.get("rolls_back", () if undoes is None else (undoes,)))


def _drift(desk: Desk, change: Change) -> Result:
    _end(desk, change, "drift", wrote=True)
    domain = desk.shown_domain
    raise Drift(
        f"{domain} holds values that are neither those before nor those planned in change {change.id}: recover wrote nothing.",
        hint=f"Look at it: registrar-sync history {domain}; undo our part: registrar-sync rollback {domain}",
    )


def _forward(desk: Desk, provider: DnsProvider, lock: ZoneLock, change: Change, work: Work) -> Result:
    provider.publish(before_call=lock.renew)
    standing = read_back(desk, provider, work)[1]
    if standing == "foreign":
        return _drift(desk, change)
    if standing != "after":
        raise OutcomeUnknown("The change was complete, but can no longer be read back.")
    _end(desk, change, "written", wrote=True, complete=True, rolls_back=_rolls_back(change))
    message = "All of it was there: the change is complete." + (" It was published." if provider.staged else "")
    return desk.result("written", changed=True, message=message, hint=desk.check_again)


def _back(desk: Desk, provider: DnsProvider, lock: ZoneLock, change: Change, work: Work) -> Result:
    restored = restore(desk, provider, lock, work, work.start, publish=True)
    if restored.error is not None:
        raise restored.error
    _end(desk, change, "restored", wrote=restored.wrote or last_write(change) is not None)
    text = (
        "The values before were written back and read back." if restored.wrote else "Nothing of it was there: all is as before."
    )
    return desk.result("restored", message=text)


def _end(
    desk: Desk, change: Change, state: ChangeState, *, wrote: bool, complete: bool = False, rolls_back: Collection[int] = ()
) -> None:
    detail = {"wrote": wrote, "complete": complete, "recovered": True}
    desk.setting.journal.append(change.id, state, detail=detail, rolls_back=rolls_back)
    desk.under_way = False
