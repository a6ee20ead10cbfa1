"""Write, publish, read back; and where that fails, restore what was there (design section 5, steps 4 and 5)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from registrar_sync.core.finding import Finding
from registrar_sync.core.guard import finding
from registrar_sync.core.model import RRset, RRsetChange, ZoneView, same_data, values_of
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

    def __init__(self, view: ZoneView) -> None:
        super().__init__()
        self.view = view


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """A change to carry out. ``start``: the view it was planned on; ``before`` and ``after`` by type, TXT and MX always."""

    start: ZoneView
    before: Mapping[str, RRset | None]
    after: Mapping[str, RRset | None]
    changes: tuple[RRsetChange, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How it ended: ``written``, ``restored`` (the zone is as before) or ``unknown``. ``wrote``: whether any call went out."""

    state: Literal["written", "restored", "unknown"]
    wrote: bool = True
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
    view, standing = read_back(desk, provider, work, give_up=_is_definite(error))
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
    changes = work.changes
    patience_ends = desk.setting.clock.monotonic() + DEFERRED_LIMIT_S
    while changes:
        try:
            provider.write(changes, before_call=lock.renew)
        except WriteMustReread as deferred:
            if desk.setting.clock.monotonic() + deferred.retry_after_s > patience_ends:
                return deferred
            lock.renew()
            desk.setting.clock.sleep(deferred.retry_after_s)
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
    if mixture(view, work.before, work.after) != "foreign":
        return aimed_at(view, work.after)
    if _none_of_ours(view, work):
        raise ZoneMoved(view)
    raise OutcomeUnknown("Another writer changed the same records while the provider made us wait.")


def _none_of_ours(view: ZoneView, work: Work) -> bool:
    for rtype, after in work.after.items():
        before = values_of(work.before[rtype])
        live = values_of(view.rrset(rtype))
        if live & (values_of(after) - before) or before - values_of(after) - live:
            return False
    return True


def aimed_at(view: ZoneView, wanted: Mapping[str, RRset | None]) -> tuple[RRsetChange, ...]:
    """The changes from what stands now to what is wanted, in its order; only those that change something."""
    return changes_between(view.owner, {rtype: view.rrset(rtype) for rtype in wanted}, wanted, wanted)


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


def read_back(desk: Desk, provider: DnsProvider, work: Work, *, give_up: bool = False) -> tuple[ZoneView | None, str]:
    """Read until the zone is as planned or ``read_back_s`` has run out; ``give_up``: one read is enough (a clear refusal)."""
    clock = desk.setting.clock
    deadline = clock.monotonic() + desk.setting.read_back_s
    pause = 0.25
    while True:
        view, standing = _read_once(desk, provider, work)
        if standing == "after" or give_up or clock.monotonic() + pause > deadline:
            return view, standing
        clock.sleep(pause)
        pause = min(pause * 2, 2.0)


def _read_once(desk: Desk, provider: DnsProvider, work: Work) -> tuple[ZoneView | None, str]:
    try:
        view = provider.read(desk.owner)
    except (ProviderUnavailable, CredentialsRejected):
        return None, "unread"
    return view, mixture(view, work.before, work.after)


def _take_back(desk: Desk, provider: DnsProvider, lock: ZoneLock, failed: _Failed) -> Outcome:
    findings = beside(failed.work, failed.view)
    if failed.view is None or failed.standing == "foreign":
        return Outcome(state="unknown", error=_not_as_planned(failed), findings=findings)
    if failed.standing == "before" and failed.published == "no":
        return Outcome(state="restored", wrote=False, error=_not_as_planned(failed), findings=findings)
    restored = restore(desk, provider, lock, failed.work, failed.view, publish=failed.published != "no")
    return Outcome(state="restored" if restored else "unknown", error=_not_as_planned(failed), findings=findings)


def restore(desk: Desk, provider: DnsProvider, lock: ZoneLock, work: Work, view: ZoneView, *, publish: bool) -> bool:
    """Bring the zone back to the before-image, MX before SPF; whether it was read back."""
    leaving = {rtype: work.before[rtype] for rtype in sorted(work.before)}  # "MX" before "TXT"
    try:
        changes = aimed_at(view, leaving)
        if changes:
            provider.write(changes, before_call=lock.renew)
        if publish:
            provider.publish(before_call=lock.renew)
    except (*_FAILURES, WriteMustReread):
        return False
    back = Work(start=work.start, before=work.after, after=work.before, changes=changes)
    return read_back(desk, provider, back)[1] == "after"


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
