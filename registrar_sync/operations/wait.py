"""Wait until every authoritative server answers the new data, and work out how long caches hold the old (section 5, step 6)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import takewhile

import tenacity

from registrar_sync.core import visibility
from registrar_sync.core.evidence import Change
from registrar_sync.core.model import same_data, same_values
from registrar_sync.core.observation import Server
from registrar_sync.core.prepared import old_until_of
from registrar_sync.core.visibility import Gate, Target, Visibility
from registrar_sync.operations.desk import Desk
from registrar_sync.operations.observe import OURS, DnsLook, RRsets, journalled_old_until, last_write


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wanted:
    """What to wait for. ``earlier``: what wrote for this owner before, newest first; ``changed``: the types that differ
    between before and after."""

    target: Target
    look: DnsLook
    gate: Gate | None = None
    earlier: tuple[Change, ...] = ()

    @property
    def changed(self) -> tuple[str, ...]:
        return _changed(self.target.before, self.target.after)


def _changed(before: RRsets, after: RRsets) -> tuple[str, ...]:
    return tuple(t for t in OURS if not same_data(before.get(t), after.get(t)))


def wait_for_written(desk: Desk, look: DnsLook, before: RRsets, after: RRsets) -> Visibility:
    """Wait until what this change has just written is served everywhere."""
    assert desk.change_id is not None
    target = Target(before=before, after=after)
    gate = _gate(desk, desk.change_id, target, serials=look.serials, wrote_at=desk.setting.clock.now())
    return _wait(desk, _Wanted(target=target, look=look, gate=gate, earlier=_earlier(desk, desk.change_id)))


def wait_for_nothing_new(desk: Desk, look: DnsLook, live: RRsets) -> Visibility:
    """Nothing was written: wait until the DNS serves what the API holds, and complete the change that wrote it."""
    writer = next(iter(_unseen_writers(desk)), None)
    wanted = _Wanted(target=Target(before=live, after=live), look=look)
    if writer is not None:
        wrote_at = last_write(writer)
        assert wrote_at is not None
        if _wrote_this(desk, writer, live):
            # what it wrote may differ from what stood before in a TTL alone
            wanted = replace(wanted, target=Target(before=writer.images.before, after=live), earlier=_earlier(desk, writer.id))
        gate = _gate(desk, writer.id, wanted.target, serials=writer.what.context.get("serials", {}), wrote_at=wrote_at)
        wanted = replace(wanted, gate=gate)
    seen = _wait(desk, wanted)
    if writer is not None and _wrote_this(desk, writer, live) and seen.verdict in ("authoritative", "visible"):
        # the newest change was never seen served everywhere; now it is
        until = seen.old_until.isoformat() if seen.old_until else None
        desk.setting.journal.append(writer.id, "authoritative", detail={"old_until": until})
    return seen


def _wrote_this(desk: Desk, writer: Change, live: RRsets) -> bool:
    """Whether a change that stands wrote just what this owner holds now."""
    return (
        writer.state in ("written", "overdue")
        and writer.what.owner == desk.owner
        and all(same_data(writer.images.after.get(t), live[t]) for t in OURS)
    )


def _wait(desk: Desk, wanted: _Wanted) -> Visibility:
    if desk.request.wait == "none":
        return Visibility(verdict="not-asked", old_until=_old_until(desk, wanted), servers=())
    if not _servers(wanted):
        return Visibility(verdict="pending", old_until=None, servers=())  # nobody to wait for: accepted as not delegated
    timeout_s = _timeout_s(desk, wanted)
    started = desk.setting.clock.now()
    seen = _poll(desk, timeout_s, lambda: _look(desk, wanted), until=lambda v: v.verdict != "pending")
    if seen.verdict != "authoritative" or desk.request.wait != "visible":
        return seen
    left = timeout_s - (desk.setting.clock.now() - started).total_seconds()

    def look_at_clock() -> Visibility:
        return replace(seen, verdict=aged(desk.setting.clock.now(), seen.old_until))

    return _poll(desk, left, look_at_clock, until=lambda v: v.verdict == "visible" or v.old_until is None)


def _servers(wanted: _Wanted) -> tuple[Server, ...]:
    return wanted.look.delegation.servers if wanted.look.delegation else ()


def _timeout_s(desk: Desk, wanted: _Wanted) -> float:
    if desk.request.timeout_s is not None:
        return desk.request.timeout_s
    until = _old_until(desk, wanted) if desk.request.wait == "visible" else None
    old_s = (until - desk.setting.clock.now()).total_seconds() if until else 0.0
    return desk.setting.budget_s + max(0.0, old_s)


def _poll(desk: Desk, timeout_s: float, look: Callable[[], Visibility], *, until: Callable[[Visibility], bool]) -> Visibility:
    """``look`` until ``until``: tenacity with our clock, since its own stop_after_delay reads the real one."""
    clock = desk.setting.clock
    started = clock.now()

    def elapsed_s() -> float:
        return (clock.now() - started).total_seconds()

    def pause_s(state: tenacity.RetryCallState) -> float:
        return visibility.next_wait(elapsed_s(), timeout_s - elapsed_s(), budget_s=desk.setting.budget_s)

    def last(state: tenacity.RetryCallState) -> Visibility:
        assert state.outcome is not None
        seen: Visibility = state.outcome.result()
        return seen

    retrying = tenacity.Retrying(
        sleep=clock.sleep,
        stop=lambda state: elapsed_s() >= timeout_s,
        wait=pause_s,
        retry=tenacity.retry_if_result(lambda seen: not until(seen)),
        retry_error_callback=last,
    )
    result: Visibility = retrying(look)
    return result


def _look(desk: Desk, wanted: _Wanted) -> Visibility:
    seen = desk.setting.resolver.observe(_servers(wanted), desk.zone or desk.owner, desk.owner, OURS)
    now = desk.setting.clock.now()
    verdicts = visibility.judge(seen, wanted.target, now=now, gate=wanted.gate)
    desk.setting.notify(_progress(verdicts))
    until = _old_until(desk, wanted)
    if not visibility.overall(verdicts):
        return Visibility(verdict="pending", old_until=until, servers=verdicts)
    return Visibility(verdict=aged(now, until), old_until=until, servers=verdicts)


def _progress(verdicts: tuple[visibility.ServerVerdict, ...]) -> str:
    done = sum(row.verdict == "new" for row in verdicts)
    return f"{done} of {len(verdicts)} authoritative servers answer the new data"


def aged(now: datetime, until: datetime | None) -> visibility.Verdict:
    """Authoritative data is visible once no cache can hold what was before (None: not known, so never claimed)."""
    return "visible" if until is not None and now >= until else "authoritative"


def _old_until(desk: Desk, wanted: _Wanted) -> datetime | None:
    """Until when a cache may hold what was served before; where nothing changes now, the journal remembers the last change.

    What stood before an earlier change counts too, where that was served with a longer TTL (as before ``prepare``): until its
    own end, or as long from now where it was never seen that it was gone.
    """
    if not wanted.changed:
        return journalled_old_until(desk.setting, desk.owner)
    now, observations = desk.setting.clock.now(), wanted.look.observations
    untils = [visibility.old_until(now, wanted.target.before, wanted.changed, observations)]
    untils += [until for change in wanted.earlier if (until := old_until_of(change)) is not None]
    for change in takewhile(lambda one: one.last("authoritative") is None, wanted.earlier):
        images = change.images
        untils.append(visibility.old_until(now, images.before, _changed(images.before, images.after), observations))
    return max(untils)


def _earlier(desk: Desk, change_id: int) -> tuple[Change, ...]:
    """What wrote for this owner before a change, newest first."""
    changes = desk.setting.journal.changes(desk.owner)
    return tuple(change for change in changes if change.id < change_id and last_write(change) is not None)


def _gate(desk: Desk, change_id: int, target: Target, *, serials: Mapping[str, int], wrote_at: datetime) -> Gate | None:
    """A gate where earlier writes of this journal to the zone were not yet seen authoritative: their publications are still
    to come, and what is served until ours has come may look like ours.

    A moved serial tells ours from what stood before. It tells nothing where one of those earlier writes had the same target:
    its own publication would look just like ours, and be taken back by the next one. Then only time decides.
    """
    earlier = _unseen_writers(desk, before=change_id)
    if not earlier:
        return None
    stood = [change for change in earlier if any(event.detail.get("complete") for event in change.events)]
    alike = any(_looks_like(change.images.after, target) for change in stood)
    return Gate(serials={} if alike else serials, until=wrote_at + timedelta(seconds=desk.setting.budget_s))


def _looks_like(image: RRsets, target: Target) -> bool:
    """Whether what an earlier change wrote would be taken for the target, once it is served."""
    ttls = {rtype: rrset.ttl for rtype, rrset in image.items() if rrset and rrset.live}
    return all(same_values(image.get(t), target.after[t]) for t in OURS) and not target.lagging(ttls)


def _unseen_writers(desk: Desk, *, before: int | None = None) -> list[Change]:
    """Changes of the zone that wrote to it since one was last seen authoritative, newest first."""
    changes = desk.setting.journal.changes(zone=desk.zone)
    writers = (c for c in changes if last_write(c) is not None and (before is None or c.id < before))
    return list(takewhile(lambda change: change.last("authoritative") is None, writers))
