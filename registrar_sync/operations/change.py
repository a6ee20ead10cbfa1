"""The way of every change, enrolment or rollback: observe, draft, confirm, lock, compare, record, write, read back, wait."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from registrar_sync.core.guard import held_back
from registrar_sync.core.model import ZoneView
from registrar_sync.core.observation import view_of
from registrar_sync.core.prepared import open_prepares
from registrar_sync.core.spf_said import say_moment_absent
from registrar_sync.core.visibility import Visibility
from registrar_sync.core.waiting import SeenState
from registrar_sync.errors import ConfirmationNeeded, Drift, LockLost
from registrar_sync.operations.desk import READ_COUNTS_S, Desk
from registrar_sync.operations.draft import Draft, Procedure
from registrar_sync.operations.lock import CountingLock, let_calls_land, refuse_open_change
from registrar_sync.operations.observe import DnsLook, begin_look, look_at_dns
from registrar_sync.operations.record import append_end, claim_zone, record_end, record_intent, record_seen
from registrar_sync.operations.result import PlanShown, Result
from registrar_sync.operations.wait import wait_for_nothing_new, wait_for_written
from registrar_sync.operations.write import Outcome, Work, ZoneMoved, carry_out
from registrar_sync.ports import DnsProvider, ZoneLock


@dataclass(slots=True, kw_only=True)
class _Sitting:
    """One drafted change on its way: which read it stands on, and whether a person has seen it."""

    look: DnsLook
    draft: Draft
    mark: int
    read_at: float
    asked: bool = False


def observe_and_draft(desk: Desk, procedure: Procedure, *, mark: int = 0) -> tuple[DnsProvider, _Sitting]:
    """Ask the DNS, then the API, and draft the change; nothing is written. ``mark``: of the journal, before it was asked.

    The DNS answers while the zone is looked for; what stands in the zone is read after that.
    """
    asked = begin_look(desk)
    provider = desk.open()
    look = _looked(desk, procedure, asked())
    view = provider.read(desk.owner)
    read_at = desk.setting.clock.monotonic()
    draft = _drafted(desk, procedure, look, view)
    _show(desk, draft)
    return provider, _Sitting(look=look, draft=draft, mark=mark, read_at=read_at)


def _drafted(desk: Desk, procedure: Procedure, look: DnsLook, view: ZoneView) -> Draft:
    draft = procedure.draft(look, view)
    gap = () if desk.setting.edits_in_place else say_moment_absent(draft.changes)
    return replace(draft, findings=(*draft.findings, *gap))


def _show(desk: Desk, draft: Draft) -> None:
    desk.plan = PlanShown(digest=draft.digest, changes=draft.changes, before=draft.before, after=draft.after)
    desk.say(draft.findings, draft.left)


def make_change(desk: Desk, procedure: Procedure) -> Result:
    """Carry a change through to its end. Raises known errors; before the intent is durable nothing was changed."""
    mark = desk.setting.journal.mark()
    refuse_open_change(desk)
    provider, sitting = observe_and_draft(desk, procedure, mark=mark)
    end = _end_of(desk, sitting.draft)
    if end == "refused":
        end = _second_thought(desk, procedure, provider, sitting)
    if end is not None:
        record_end(desk, procedure, sitting.draft, end)
        return _stopped(desk, sitting, end)
    _ask(desk, procedure, sitting)
    assert desk.zone is not None
    lock = _claim(desk, procedure, sitting) or desk.setting.journal.lock(desk.zone)
    try:
        ended = _under_lock(desk, procedure, provider, lock, sitting)
    except Exception:
        lock.release()
        raise
    # A kill or Ctrl-C in there leaves the lock to its lease: recover then waits for the call that may be under way.
    lock.release()
    return _after_write(desk, sitting, ended) if isinstance(ended, Outcome) else _stopped(desk, sitting, ended)


NOT_YET = "Written and read back, but not served by every authoritative server yet."

_End = Literal["drift", "refused", "nothing-to-do"]


def _end_of(desk: Desk, draft: Draft) -> _End | None:
    """Why there is nothing to write: drift, findings in the way, already so; None: there is."""
    if draft.drift:
        return "drift"
    if held_back(draft.findings, desk.request.accept):
        return "refused"
    return None if draft.changes or draft.republish else "nothing-to-do"


def _second_thought(desk: Desk, procedure: Procedure, provider: DnsProvider, sitting: _Sitting) -> _End | None:
    """What stands in the way may be another process's half-written work: then say that, or look again once it is done."""
    refuse_open_change(desk)
    assert desk.zone is not None
    if desk.setting.journal.touched_since(desk.zone, sitting.mark):
        _compare(desk, procedure, sitting, _look_again(desk, procedure, provider, sitting))
    return _end_of(desk, sitting.draft)


def _stopped(desk: Desk, sitting: _Sitting, end: _End) -> Result:
    draft = sitting.draft
    if end == "drift":
        raise Drift(f"{draft.drift} Nothing was changed.", hint=f"Look at it: registrar-sync history {desk.shown_domain}")
    if end == "refused":
        return desk.held(held_back(draft.findings, desk.request.accept))
    seen = wait_for_nothing_new(desk, sitting.look, draft.after)
    return desk.result("nothing-to-do", message=draft.detail or "Nothing to change.", visibility=seen)


def _ask(desk: Desk, procedure: Procedure, sitting: _Sitting) -> None:
    if procedure.confirm is None:
        return
    sitting.asked = True
    if not procedure.confirm(desk.result("planned")):
        raise ConfirmationNeeded("Declined. Nothing was changed.", hint="Run it again when it is right.")


def _claim(desk: Desk, procedure: Procedure, sitting: _Sitting) -> ZoneLock | None:
    """The usual case, in one step of the journal: the read counts, and nobody is or was in the way. None: it is not the usual
    one, and nothing was done."""
    if sitting.asked or _is_old(desk, sitting):
        return None
    return claim_zone(desk, procedure, sitting.look, sitting.draft, since=sitting.mark)


def _under_lock(desk: Desk, procedure: Procedure, provider: DnsProvider, lock: ZoneLock, sitting: _Sitting) -> Outcome | _End:
    """Compare, record the intent, write, read back, record the outcome; as often as the zone moves before our first value."""
    intended = desk.under_way  # together with the lock: then nothing was in the way
    if not intended:
        let_calls_land(desk.setting, lock)
        refuse_open_change(desk, locked=True)
    reread = _is_old(desk, sitting) if intended else _must_reread(desk, sitting)
    while True:
        if reread:
            intended = False
            _compare(desk, procedure, sitting, _look_again(desk, procedure, provider, sitting))
            end = _end_of(desk, sitting.draft)
            if end is not None:
                record_end(desk, procedure, sitting.draft, end)
                return end
        if not intended:
            lock.renew()
            record_intent(desk, procedure, sitting.look, sitting.draft)
        try:
            outcome = _carry_out(desk, procedure, provider, lock, sitting.draft)
        except ZoneMoved:
            reread = True
            continue
        rolls_back = (*procedure.rolls_back, *sitting.draft.rolls_back) if outcome.state == "written" else ()
        how = {"wrote": outcome.wrote, "complete": outcome.complete}
        append_end(desk, outcome.state, **how, rolls_back=rolls_back, releasing=lock)
        return outcome


def _carry_out(desk: Desk, procedure: Procedure, provider: DnsProvider, lock: ZoneLock, draft: Draft) -> Outcome:
    work = Work(start=draft.view, before=draft.before, after=draft.after, order=procedure.order)
    counting = CountingLock(lock)
    try:
        return carry_out(desk, provider, counting, work)
    except LockLost:
        assert desk.change_id is not None
        if counting.renewals == 0 and desk.setting.journal.change(desk.change_id).state == "intended":
            # Stopped between intent and first call until somebody took over: this change wrote nothing, and must not look it.
            append_end(desk, "refused", wrote=False)
        raise


def _must_reread(desk: Desk, sitting: _Sitting) -> bool:
    """Whether the read no longer counts: a person was asked, it is too old, or our own journal wrote to the zone since."""
    assert desk.zone is not None
    return sitting.asked or _is_old(desk, sitting) or desk.setting.journal.touched_since(desk.zone, sitting.mark)


def _is_old(desk: Desk, sitting: _Sitting) -> bool:
    return desk.setting.clock.monotonic() - sitting.read_at > READ_COUNTS_S


def _look_again(desk: Desk, procedure: Procedure, provider: DnsProvider, sitting: _Sitting) -> ZoneView:
    """Ask the DNS, then the API, once more: what the DNS said before the pause says nothing of the zone after it. What was
    found out may not count any more either, and must not be asked between this read and the write."""
    sitting.look = _looked(desk, procedure, look_at_dns(desk))
    desk.history(anew=True)
    return provider.read(desk.owner)


def _looked(desk: Desk, procedure: Procedure, look: DnsLook) -> DnsLook:
    """Foresee on what the DNS serves, which is nearly always what the API holds: then only drafting lies between the API's read
    and the write."""
    served = next((seen for seen in look.observations if seen.reachable), None)
    if served is not None:
        procedure.foresee(view_of(served, desk.owner))
    return look


def _compare(desk: Desk, procedure: Procedure, sitting: _Sitting, view: ZoneView) -> None:
    """Draft anew on a fresh view. What a person said yes to must not become another change behind their back."""
    fresh = _drafted(desk, procedure, sitting.look, view)
    if sitting.asked and fresh.digest != sitting.draft.digest:
        if desk.under_way:
            append_end(desk, "drift", wrote=False)
        raise Drift(
            "The zone changed after the plan was shown. Nothing was changed by us.", hint="Run it again to see the new plan."
        )
    sitting.draft = fresh
    _show(desk, fresh)


def _after_write(desk: Desk, sitting: _Sitting, outcome: Outcome) -> Result:
    desk.say((*sitting.draft.findings, *outcome.findings), sitting.draft.left)
    if outcome.state == "restored":
        return _restored(desk, outcome)
    if outcome.state == "unknown":
        assert outcome.error is not None
        return desk.failed(outcome.error)
    seen = wait_for_written(desk, sitting.look, sitting.draft.before, sitting.draft.after)
    if seen.verdict == "not-asked":
        return desk.result("written", changed=True, visibility=seen, message=sitting.draft.detail, hint=_undo_hint(desk))
    return _seen(desk, sitting, seen)


def _seen(desk: Desk, sitting: _Sitting, seen: Visibility) -> Result:
    """The result once the servers were asked; journalled, unless somebody has taken the change back while we waited."""
    assert desk.change_id is not None
    state: SeenState = "overdue" if seen.verdict == "pending" else "authoritative"
    if record_seen(desk.setting.journal, desk.change_id, state, seen.old_until) == "rolled-back":
        text = "It was written, and rolled back by somebody else while we waited."
        return desk.result("written", changed=True, visibility=seen, message=text, hint="registrar-sync history")
    if state == "overdue":
        text = f"Written and read back. {seen.note}" if seen.note else NOT_YET
        return desk.result(state, changed=True, visibility=seen, message=text, hint=desk.wait_on)
    return desk.result(state, changed=True, visibility=seen, message=sitting.draft.detail, hint=_undo_hint(desk))


def _undo_hint(desk: Desk) -> str:
    """The command that takes it back; after ``prepare`` the one that goes on, too."""
    domain, service = desk.shown_domain, desk.setting.service.name
    if desk.command == "prepare":
        only = f" --only {desk.request.only}" if desk.request.only else ""
        enroll = f"registrar-sync enroll {domain} --account {desk.setting.account} --service {service}{only}"
        return f"once no cache holds the old TTL: {enroll}; to undo it: registrar-sync finish {domain}"
    if desk.command != "enroll":
        return ""
    if desk.left:
        return f"once the MX are entered by hand: {desk.check_again}; to undo what was written: registrar-sync rollback {domain}"
    lowered = open_prepares(desk.history())
    finish = f"once mail flows, raise the TTLs again: registrar-sync finish {domain}; " if lowered else ""
    return f"{finish}to undo it: registrar-sync rollback {domain}"


def _restored(desk: Desk, outcome: Outcome) -> Result:
    error = outcome.error
    assert error is not None
    done = "The values before were written back and read back" if outcome.wrote else "Nothing was changed"
    error.changed = "no"
    return desk.result("restored", error=error, message=f"{error.message} {done}.", hint=error.hint or "Run it again later.")
