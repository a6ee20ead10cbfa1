"""Write, publish, read back; and where that fails, restore what was there (design section 5, steps 4 and 5)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from registrar_sync.core.finding import Finding
from registrar_sync.core.guard import finding
from registrar_sync.core.model import RRset, RRsetChange, ZoneView, data_of, same_data, values_of
from registrar_sync.core.plan import changes_between
from registrar_sync.core.undo import mixture
from registrar_sync.errors import (
    CredentialsRejected,
    OutcomeUnknown,
    ProviderRefused,
    ProviderUnavailable,
    RegistrarSyncError,
    WriteMustReread,
)
from registrar_sync.operations.desk import Desk
from registrar_sync.ports import DnsProvider, ZoneLock

# How long, in seconds, a provider that asks us to wait is waited for, all in all: below the lease of the zone lock.
DEFERRED_LIMIT_S = 45.0

# Types that a provider changes by itself when a zone is edited: not compared in read-back.
SELF_MOVING = frozenset({"SOA", "RRSIG", "NSEC", "NSEC3", "NSEC3PARAM", "DNSKEY", "CDS", "CDNSKEY"})

_FAILURES = (ProviderRefused, CredentialsRejected, OutcomeUnknown, ProviderUnavailable)


class ZoneMoved(Exception):
    """Somebody else changed the zone before our first value was in it: plan again."""


ENTERING = ("TXT", "MX")
LEAVING = ("MX", "TXT")


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """A change to carry out. ``start``: the view it was planned on; ``before`` and ``after`` by type, TXT and MX always.

    ``order``: of the types, where they need separate calls: entering SPF before MX, leaving MX before SPF.
    """

    start: ZoneView
    before: Mapping[str, RRset | None]
    after: Mapping[str, RRset | None]
    order: tuple[str, ...] = ENTERING

    def changes_from(self, view: ZoneView) -> tuple[RRsetChange, ...]:
        """What is left to write, from what stands now."""
        return changes_between(view.owner, {t: view.rrset(t) for t in self.after}, self.after, self.order)

    @property
    def back(self) -> Work:
        """The work that takes this one back."""
        return Work(start=self.start, before=self.after, after=self.before, order=self.order[::-1])


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How it ended: ``written``, ``restored`` (the zone is as before) or ``unknown``.

    ``wrote``: whether any call may have changed something; ``complete``: whether all of it stood at some time.
    """

    state: Literal["written", "restored", "unknown"]
    wrote: bool = True
    complete: bool = True
    error: RegistrarSyncError | None = None
    findings: tuple[Finding, ...] = ()


def carry_out(desk: Desk, provider: DnsProvider, lock: ZoneLock, work: Work) -> Outcome:
    """Write and publish ``work``, read it back, and restore the before-image where it did not take.

    Raises ``ZoneMoved`` when the zone was found changed before any value of ours was in it.
    """
    error = _write(desk, provider, lock, work)
    published: _Published = "no"
    if error is None:
        error, published = _publish(provider, lock)
    view, standing = read_back(desk, provider, work, error)
    if standing == "after" and error is not None and published == "no" and not _is_definite(error):
        error, published = _publish(provider, lock)  # the call that got no answer had taken effect
    if standing == "after" and error is None:
        return Outcome(state="written", findings=beside(work, view))
    return _take_back(desk, provider, lock, _Failed(work=work, error=error, published=published, view=view, standing=standing))


_Published = Literal["no", "yes", "maybe"]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Failed:
    work: Work
    error: RegistrarSyncError | None
    published: _Published
    view: ZoneView | None
    standing: str


def _is_definite(error: RegistrarSyncError | None) -> bool:
    return isinstance(error, ProviderRefused | CredentialsRejected)


def _write(desk: Desk, provider: DnsProvider, lock: ZoneLock, work: Work) -> RegistrarSyncError | None:
    clock = desk.setting.clock
    changes = work.changes_from(work.start)
    patience_ends = clock.monotonic() + DEFERRED_LIMIT_S
    back_off_s = 1.0
    while changes:
        try:
            provider.write(changes, before_call=lock.renew)
        except WriteMustReread as deferred:
            pause_s = max(deferred.retry_after_s, back_off_s)
            if clock.monotonic() + pause_s > patience_ends:
                return deferred
            lock.renew()
            clock.sleep(pause_s)
            back_off_s = min(back_off_s * 2, 8.0)
        except _FAILURES as error:
            return error
        else:
            return None
        try:
            changes = _still_to_do(provider.read(desk.owner), work)
        except _FAILURES as error:
            return error
    return None


def _still_to_do(view: ZoneView, work: Work) -> tuple[RRsetChange, ...]:
    """After a pause: what of the work is left, from a fresh read. Raises when the zone is not the one we planned for."""
    if all(_is_on_the_way(view.rrset(t), work.before[t], work.after[t]) for t in work.after):
        return work.changes_from(view)
    if _none_of_ours(view, work):
        raise ZoneMoved
    raise OutcomeUnknown("Another writer changed the same records while the provider made us wait.")


def _is_on_the_way(live: RRset | None, before: RRset | None, after: RRset | None) -> bool:
    """Whether a set is as before, as planned, or half-way between by our own calls: what both ends hold is all there, with its
    TTLs, and of the rest nothing is anybody else's. A half-way state has a value of ours in it, where we add any."""
    now, old, new = data_of(live), data_of(before), data_of(after)
    if now in (old, new):
        return True
    return old & new <= now <= old | new and (bool(now & new - old) or not new - old)


def _none_of_ours(view: ZoneView, work: Work) -> bool:
    """Whether no call of ours can have taken effect. Additions go before removals, so a missing old value without a new one
    was taken out by somebody else; only where nothing is added do missing values speak of us."""
    for rtype, after in work.after.items():
        old, new, live = values_of(work.before[rtype]), values_of(after), values_of(view.rrset(rtype))
        if live & (new - old) or (not new - old and old - new - live):
            return False
        if data_of(view.rrset(rtype)) & (data_of(after) - data_of(work.before[rtype])):
            return False  # one of our TTLs
    return True


def _publish(provider: DnsProvider, lock: ZoneLock) -> tuple[RegistrarSyncError | None, _Published]:
    if not provider.staged:
        return None, "yes"
    try:
        provider.publish(before_call=lock.renew)
    except (ProviderRefused, CredentialsRejected) as error:
        return error, "no"
    except (OutcomeUnknown, ProviderUnavailable, WriteMustReread) as error:
        return error, "maybe"
    return None, "yes"


def read_back(
    desk: Desk, provider: DnsProvider, work: Work, error: RegistrarSyncError | None = None
) -> tuple[ZoneView | None, str]:
    """Read until the zone is as planned or the time is over: ``read_back_s``; after a clear refusal one read; after a call
    without an answer as long as that call may still take effect."""
    clock, pause_s = desk.setting.clock, 0.25
    patience_s = max(desk.setting.read_back_s, desk.setting.call_limit_s if isinstance(error, OutcomeUnknown) else 0.0)
    deadline = clock.monotonic() + (0.0 if _is_definite(error) else patience_s)
    while True:
        view, standing = _read_once(desk, provider, work)
        if standing == "after" or clock.monotonic() + pause_s > deadline:
            return view, standing
        clock.sleep(pause_s)
        pause_s = min(pause_s * 2, 2.0)


def _read_once(desk: Desk, provider: DnsProvider, work: Work) -> tuple[ZoneView | None, str]:
    try:
        view = provider.read(desk.owner)
    except (ProviderUnavailable, CredentialsRejected):
        return None, "unread"
    return view, mixture(view, work.before, work.after)


def _take_back(desk: Desk, provider: DnsProvider, lock: ZoneLock, failed: _Failed) -> Outcome:
    findings, error = beside(failed.work, failed.view), _not_as_planned(failed)
    complete = failed.standing in ("after", "unread") or (provider.staged and failed.published != "no")
    if failed.view is None or failed.standing == "foreign":
        return Outcome(state="unknown", complete=complete, error=error, findings=findings)
    restored = restore(desk, provider, lock, failed.work, failed.view, publish=failed.published != "no")
    state: Literal["restored", "unknown"] = "unknown" if restored.error else "restored"
    wrote = restored.wrote or (provider.staged and failed.published != "no")
    return Outcome(state=state, wrote=wrote, complete=complete, error=error, findings=findings)


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """How a restore went: ``wrote`` whether records were written back, ``error`` why the zone is not known to be as before."""

    wrote: bool
    error: RegistrarSyncError | None = None


def restore(desk: Desk, provider: DnsProvider, lock: ZoneLock, work: Work, view: ZoneView, *, publish: bool) -> Restored:
    """Bring the zone back to the before-image, in the opposite order, and read it back."""
    changes = work.back.changes_from(view)
    try:
        if changes:
            provider.write(changes, before_call=lock.renew)
        if publish:
            provider.publish(before_call=lock.renew)
    except (*_FAILURES, WriteMustReread) as error:
        return Restored(wrote=bool(changes), error=error)
    if changes and read_back(desk, provider, work.back)[1] != "after":
        return Restored(wrote=True, error=OutcomeUnknown("The values before were written back, but do not read back."))
    return Restored(wrote=bool(changes))


def _not_as_planned(failed: _Failed) -> RegistrarSyncError:
    if failed.error is not None:
        return failed.error
    return OutcomeUnknown("The provider said yes, but what it holds now is not what was written.")


def beside(work: Work, view: ZoneView | None) -> tuple[Finding, ...]:
    """What changed at the owner that is not ours to write: reported, never touched."""
    if view is None:
        return ()
    types = {r.rtype for r in (*work.start.rrsets, *view.rrsets)} - SELF_MOVING - set(work.after)
    moved = sorted(t for t in types if not same_data(work.start.rrset(t), view.rrset(t)))
    found = [
        finding("neighbour-changed", f"The {t} records at this owner changed meanwhile, not by us; left alone.") for t in moved
    ]
    return (*found, *_vendor_disabled(work, view))


def _vendor_disabled(work: Work, view: ZoneView) -> list[Finding]:
    found = []
    for rtype in work.after:
        was_live = values_of(work.before[rtype])
        now = view.rrset(rtype)
        off = sorted(str(r.rdata) for r in now.records if r.disabled and r.rdata in was_live) if now else []
        if off:
            text = f"The provider kept and disabled: {', '.join(off)}. They are not served; a rollback enables them again."
            found.append(finding("vendor-disabled", text))
    return found
