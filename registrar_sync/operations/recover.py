"""Bring an interrupted change to one of its two ends: exactly before, or exactly after (design section 5, Recover)."""

from __future__ import annotations

from registrar_sync.core.undo import mixture
from registrar_sync.errors import Drift, OutcomeUnknown, RegistrarSyncError
from registrar_sync.operations.desk import Desk, Request, Setting
from registrar_sync.operations.observe import last_write
from registrar_sync.operations.result import Result
from registrar_sync.operations.write import Work, aimed_at, read_back, restore
from registrar_sync.ports import Change, ChangeState, DnsProvider, ZoneLock


def recover(setting: Setting, request: Request, change: Change) -> Result:
    """End ``change``, whose state is ``intended`` or ``unknown``. ``setting`` belongs to the change's account. Never asks."""
    desk = Desk(command="recover", setting=setting, request=request, change_id=change.id, zone=change.what.zone)
    try:
        setting.journal.check_writable()
        clock, journal = setting.clock, setting.journal
        # A call that the dead writer left under way may still land: reading before it must be over proves nothing.
        clock.sleep(journal.quiet_in_s(change.what.zone, setting.call_limit_s))
        lock = journal.lock(change.what.zone)
        try:
            return _recover(desk, lock, change)
        finally:
            lock.release()
    except RegistrarSyncError as error:
        return desk.failed(error)
    finally:
        desk.close()


def _recover(desk: Desk, lock: ZoneLock, change: Change) -> Result:
    change = desk.setting.journal.change(change.id)
    if change.state not in ("intended", "unknown"):
        return desk.result("nothing-to-do", message=f"Change {change.id} has already ended: {change.state}.")
    provider = desk.setting.open_provider()
    desk.provider = provider
    desk.zone = provider.open(desk.owner, change.what.zone)
    view = provider.read(desk.owner)
    images = change.images
    standing = mixture(view, images.before, images.after)
    work = Work(start=view, before=images.before, after=images.after, changes=aimed_at(view, images.before))
    if standing == "foreign":
        return _drift(desk, change)
    if standing == "after":
        return _forward(desk, provider, lock, change, work)
    return _back(desk, provider, lock, change, work)


def _drift(desk: Desk, change: Change) -> Result:
    _end(desk, change, "drift", wrote=True)
    domain = desk.shown_domain
    raise Drift(
        f"{domain} holds values that are neither those before nor those planned in change {change.id}: recover wrote nothing.",
        hint=f"Look at it: registrar-sync history {domain}; undo our part: registrar-sync rollback {domain}",
    )


def _forward(desk: Desk, provider: DnsProvider, lock: ZoneLock, change: Change, work: Work) -> Result:
    provider.publish(before_call=lock.renew)
    if read_back(desk, provider, work)[1] != "after":
        return _drift(desk, change)
    _end(desk, change, "written", wrote=True)
    if change.what.undoes is not None:
        desk.setting.journal.append(change.what.undoes, "rolled-back", detail={"by": change.id})
    message = "All of it was there: the change is complete." + (" It was published." if provider.staged else "")
    return desk.result("written", changed=True, message=message, hint=f"registrar-sync check {desk.shown_domain}")


def _back(desk: Desk, provider: DnsProvider, lock: ZoneLock, change: Change, work: Work) -> Result:
    touched = bool(work.changes) or last_write(change) is not None
    desk.under_way = True
    if not restore(desk, provider, lock, work, work.start, publish=True):
        _end(desk, change, "unknown", wrote=True)
        raise OutcomeUnknown("The values before could not be written back and read back.")
    _end(desk, change, "restored", wrote=touched)
    text = (
        "The values before were written back and read back."
        if work.changes
        else "Nothing of it was there: the zone is as before."
    )
    return desk.result("restored", message=text)


def _end(desk: Desk, change: Change, state: ChangeState, *, wrote: bool) -> None:
    desk.setting.journal.append(change.id, state, detail={"wrote": wrote, "recovered": True})
