"""Who may write to a zone now: no interrupted change in the way, no call of a dead process still under way, the lock in hand."""

from __future__ import annotations

from registrar_sync.core import names
from registrar_sync.errors import OpenChange
from registrar_sync.operations.desk import Desk, Setting
from registrar_sync.ports import ZoneLock


def refuse_open_change(desk: Desk, *, locked: bool = False) -> None:
    """An interrupted change must be recovered before anything else is written; only a rollback may undo an ``unknown`` enrolment.

    At a staged provider that holds for every owner of the zone: our publish would publish its half-written edits. ``locked``:
    we hold the zone's lock. Else a writer that is alive means a locked zone, not an interrupted change.
    """
    zone = desk.zone if desk.setting.staged else None
    known = desk.history(anew=True)[::-1] + (desk.setting.journal.changes(zone=zone) if zone else [])
    for change in (one for one in known if one.state in ("intended", "unknown")):
        if desk.command == "rollback" and (change.state, change.what.command) == ("unknown", "enroll"):
            continue
        if not locked:
            desk.setting.journal.quiet_in_s(change.what.zone, desk.setting.call_limit_s)
        domain = names.display(change.what.domain)
        raise OpenChange(
            f"Change {change.id} of {domain} was interrupted (state {change.state}). Nothing was changed now.",
            hint=f"Run: registrar-sync recover {domain}",
        )


def let_calls_land(setting: Setting, lock: ZoneLock) -> None:
    """Where the lock was a dead process's, a call of theirs may still be under way: wait until it must be over."""
    if lock.dead_since is not None:
        since_s = (setting.clock.now() - lock.dead_since).total_seconds()
        sit_out(setting, min(setting.call_limit_s - since_s, setting.call_limit_s))


def sit_out(setting: Setting, quiet_s: float) -> None:
    """Wait until a call that may still be under way must be over, and say why."""
    if quiet_s > 0:
        setting.notify(f"waiting {quiet_s:.0f} s: a call of an interrupted process may still be under way")
        setting.clock.sleep(quiet_s)


class CountingLock:
    """A zone lock that knows how often it let a call through."""

    def __init__(self, lock: ZoneLock) -> None:
        self._lock = lock
        self.dead_since = lock.dead_since
        self.renewals = 0

    def renew(self) -> None:
        """Let one more call through. Raises ``LockLost``."""
        self._lock.renew()
        self.renewals += 1

    def release(self) -> None:
        """Give the zone back."""
        self._lock.release()
