"""Wait until every authoritative server answers the new data, and work out how long caches hold the old (section 5, step 6)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from registrar_sync.core import visibility
from registrar_sync.core.evidence import Change
from registrar_sync.core.model import same_data
from registrar_sync.core.observation import Observation, Server
from registrar_sync.core.pace import next_wait
from registrar_sync.core.visibility import Gate, ServerVerdict, Target, Visibility, aged
from registrar_sync.operations.complete import seen_before
from registrar_sync.operations.desk import Desk
from registrar_sync.operations.earlier import (
    caches_until,
    changed_types,
    earlier_writers,
    gate_of,
    unseen_writers,
    writers_before,
    wrote_until,
)
from registrar_sync.operations.elsewhere import against, in_the_dark, wait_for_caches
from registrar_sync.operations.observe import DnsLook, RRsets, journalled_old_until, last_write
from registrar_sync.operations.record import record_seen
from registrar_sync.operations.rounds import Rounds, poll


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wanted:
    """What to wait for. ``earlier``: what wrote for this owner before, newest first."""

    target: Target
    look: DnsLook
    gate: Gate | None = None
    earlier: tuple[Change, ...] = ()

    @property
    def changed(self) -> bool:
        return bool(changed_types(self.target.before, self.target.after))

    @property
    def servers(self) -> tuple[Server, ...]:
        return self.look.delegation.servers if self.look.delegation else ()


def wait_for_written(desk: Desk, look: DnsLook, before: RRsets, after: RRsets) -> Visibility:
    """Wait until what this change has just written is served everywhere."""
    assert desk.change_id is not None
    target = Target(before=before, after=after)
    earlier = writers_before(desk.change_id, desk.history())
    if desk.request.wait == "none":
        return _not_asked(desk, _Wanted(target=target, look=look, earlier=earlier))
    until = wrote_until(desk.setting.clock.now(), desk.setting.budget_s)
    unseen = unseen_writers(desk.setting.journal, desk.zone, before=desk.change_id)
    gate = gate_of(unseen, target, serials=look.serials, until=until)
    return _wait(desk, _Wanted(target=target, look=look, gate=gate, earlier=earlier))


def wait_for_nothing_new(desk: Desk, look: DnsLook, live: RRsets) -> Visibility:
    """Nothing was written: wait until the DNS serves what the API holds, and complete the change that wrote it."""
    writer = next(iter(unseen_writers(desk.setting.journal, desk.zone)), None)
    ours = writer is not None and _wrote_this(desk, writer, live)
    if writer is None:
        return _wait(desk, _Wanted(target=Target(before=live, after=live), look=look))
    seen = _wait(desk, _wanted_again(desk, look, writer, live, ours=ours))
    if ours and seen.verdict in ("authoritative", "visible"):
        # the newest change was never seen served everywhere; now it is
        record_seen(desk.setting.journal, writer.id, "authoritative", seen.old_until)
    return seen


def _wanted_again(desk: Desk, look: DnsLook, writer: Change, live: RRsets, *, ours: bool) -> _Wanted:
    """What to wait for where ``writer`` was not yet seen; ``ours``: it wrote ``live``, for this owner."""
    setting = desk.setting
    wrote_at = last_write(writer)
    assert wrote_at is not None
    # what it wrote may differ from what stood before in a TTL alone
    target = Target(before={**live, **writer.images.before} if ours else live, after=live)
    unseen = unseen_writers(setting.journal, desk.zone, before=writer.id)
    until = wrote_until(wrote_at, setting.budget_s)
    gate = gate_of(unseen, target, serials=writer.what.context.get("serials", {}), until=until)
    earlier = earlier_writers(setting.journal, desk.owner, writer.id) if ours else ()
    before = replace(look, observations=seen_before(writer, look.observations)) if ours else look
    return _Wanted(target=target, look=before, gate=gate, earlier=earlier)


def _wrote_this(desk: Desk, writer: Change, live: RRsets) -> bool:
    """Whether a change that stands wrote just what this owner holds now, as far as ``live`` tells of all that it wrote."""
    return (
        writer.state in ("written", "overdue")
        and writer.what.owner == desk.owner
        and all(rtype in live and same_data(rrset, live[rtype]) for rtype, rrset in writer.images.after.items())
    )


def _wait(desk: Desk, wanted: _Wanted) -> Visibility:
    if desk.request.wait == "none":
        return _not_asked(desk, wanted)
    if not wanted.servers:
        return Visibility(verdict="pending", old_until=None, servers=())  # nobody to wait for: accepted as not delegated
    clock = desk.setting.clock
    started, timeout_s = clock.now(), _timeout_s(desk, wanted)
    elsewhere = against(desk, wanted.target)
    rounds = _rounds(desk, wanted)
    ends = started + timedelta(seconds=timeout_s)

    def pause_s(elapsed_s: float, left_s: float) -> float:
        return next_wait(elapsed_s, left_s, budget_s=desk.setting.budget_s, stirred_s=rounds.stirred_s)

    seen = poll(clock, timeout_s, lambda: _look(desk, wanted, rounds, ends), until=_is_there, pause_s=pause_s)
    if seen.verdict == "pending":
        return in_the_dark(desk, seen, list(rounds.observations.values()), elsewhere)
    seen = elsewhere.beside(seen)
    if seen.verdict != "authoritative" or desk.request.wait != "visible":
        return seen
    return wait_for_caches(desk, seen, elsewhere, ends=ends, watched=rounds.watched(wanted.servers))


def _not_asked(desk: Desk, wanted: _Wanted) -> Visibility:
    return Visibility(verdict="not-asked", old_until=_old_until(desk, wanted), servers=())


def _is_there(seen: Visibility) -> bool:
    return seen.verdict != "pending"


def _rounds(desk: Desk, wanted: _Wanted) -> Rounds:
    def judge(seen: Sequence[Observation]) -> tuple[ServerVerdict, ...]:
        return visibility.judge(seen, wanted.target, now=desk.setting.clock.now(), gate=wanted.gate)

    return Rounds(
        desk.setting,
        zone=desk.zone or desk.owner,
        owner=desk.owner,
        judge=judge,
        confirm=wanted.changed,
        serials=wanted.look.serials,
    )


def _timeout_s(desk: Desk, wanted: _Wanted) -> float:
    if desk.request.timeout_s is not None:
        return desk.request.timeout_s
    until = _old_until(desk, wanted) if desk.request.wait == "visible" else None
    old_s = (until - desk.setting.clock.now()).total_seconds() if until else 0.0
    return desk.setting.budget_s + max(0.0, old_s)


def _look(desk: Desk, wanted: _Wanted, rounds: Rounds, ends: datetime) -> Visibility:
    rows = rounds.look(wanted.servers)
    desk.setting.notify(rounds.progress(wanted.servers, ends))
    until = _old_until(desk, wanted)
    verdict = aged(desk.setting.clock.now(), until) if visibility.overall(rows) else "pending"
    return Visibility(verdict=verdict, old_until=until, servers=rows)


def _old_until(desk: Desk, wanted: _Wanted) -> datetime | None:
    """Until when a cache may hold what was served before; where nothing changes now, the journal remembers the last change."""
    if not wanted.changed:
        return journalled_old_until(desk.setting, desk.owner)
    return caches_until(desk.setting.clock.now(), wanted.target, wanted.earlier, wanted.look.observations)
