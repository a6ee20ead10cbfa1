"""The way of every change, enrolment or rollback: observe, draft, confirm, lock, compare, record, write, read back, wait."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from registrar_sync.core.finding import Finding
from registrar_sync.core.guard import held_back
from registrar_sync.core.model import RRset, RRsetChange, ZoneView
from registrar_sync.core.visibility import Visibility
from registrar_sync.errors import ConfirmationNeeded, Drift, JournalUnusable, LockLost
from registrar_sync.operations.desk import READ_COUNTS_S, Desk
from registrar_sync.operations.lock import CountingLock, let_calls_land, refuse_open_change
from registrar_sync.operations.observe import DnsLook, look_at_dns
from registrar_sync.operations.result import PlanShown, Result
from registrar_sync.operations.wait import wait_for_nothing_new, wait_for_written
from registrar_sync.operations.write import ENTERING, LEAVING, Outcome, Work, ZoneMoved, carry_out
from registrar_sync.ports import ChangeState, DnsProvider, Images, NewChange, ZoneLock

# Shown the draft as a result of state "planned"; False stops. None: nobody is asked (--yes).
Confirm = Callable[[Result], bool] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A change as drafted on one view.

    ``drift``: why nothing may be written (rollback only); ``detail``: what else is worth saying of it. ``republish``: there
    may be nothing to write, but what the API holds was perhaps never published.
    """

    view: ZoneView
    before: Mapping[str, RRset | None]
    after: Mapping[str, RRset | None]
    changes: tuple[RRsetChange, ...]
    digest: str
    findings: tuple[Finding, ...] = ()
    detail: str = ""
    drift: str = ""
    republish: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Procedure:
    """What distinguishes an enrolment from a rollback. ``draft`` decides on a view; ``undoes``: the enrolment taken back."""

    command: Literal["enroll", "rollback"]
    draft: Callable[[DnsLook, ZoneView], Draft]
    confirm: Confirm = None
    undoes: int | None = None
    context: Mapping[str, Any] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class _Sitting:
    """One drafted change on its way: which read it stands on, and whether a person has seen it."""

    look: DnsLook
    draft: Draft
    mark: int
    read_at: float
    asked: bool = False


def observe_and_draft(desk: Desk, procedure: Procedure) -> tuple[DnsProvider, _Sitting]:
    """Ask the DNS, then the API, and draft the change; nothing is written."""
    look = look_at_dns(desk)
    mark = desk.setting.journal.mark()
    provider = desk.open()
    view = provider.read(desk.owner)
    read_at = desk.setting.clock.monotonic()
    draft = procedure.draft(look, view)
    _show(desk, draft)
    return provider, _Sitting(look=look, draft=draft, mark=mark, read_at=read_at)


def _show(desk: Desk, draft: Draft) -> None:
    desk.plan = PlanShown(digest=draft.digest, changes=draft.changes, before=draft.before, after=draft.after)
    desk.say(draft.findings)


def make_change(desk: Desk, procedure: Procedure) -> Result:
    """Carry a change through to its end. Raises known errors; before the intent is durable nothing was changed."""
    refuse_open_change(desk)
    provider, sitting = observe_and_draft(desk, procedure)
    end = _end_of(desk, sitting.draft)
    if end == "refused":
        end = _second_thought(desk, procedure, provider, sitting)
    if end is not None:
        _record_end(desk, procedure, sitting.draft, end)
        return _stopped(desk, sitting, end)
    _ask(desk, procedure, sitting)
    assert desk.zone is not None
    lock = desk.setting.journal.lock(desk.zone)
    try:
        ended = _under_lock(desk, procedure, provider, lock, sitting)
    except Exception:
        lock.release()
        raise
    # A kill or Ctrl-C in there leaves the lock to its lease: recover then waits for the call that may be under way.
    lock.release()
    return _after_write(desk, sitting, ended) if isinstance(ended, Outcome) else _stopped(desk, sitting, ended)


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
        _compare(desk, procedure, sitting, _look_again(desk, provider, sitting))
    return _end_of(desk, sitting.draft)


def _record_end(desk: Desk, procedure: Procedure, draft: Draft, end: _End) -> None:
    """Into the journal, where an intent is open, or where a rollback was asked for: evidence that it was."""
    rolls_back = procedure.undoes if end == "nothing-to-do" else None
    if desk.under_way:
        _append_end(desk, end, wrote=False, rolls_back=rolls_back)
    elif procedure.command == "rollback" and end != "refused":
        images = Images(before=draft.before, after=draft.before)
        new = _new_change(desk, procedure, {})
        desk.change_id = desk.setting.journal.begin(new, images, state=end, rolls_back=rolls_back)


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


def _under_lock(desk: Desk, procedure: Procedure, provider: DnsProvider, lock: ZoneLock, sitting: _Sitting) -> Outcome | _End:
    """Compare, record the intent, write, read back, record the outcome; as often as the zone moves before our first value."""
    let_calls_land(desk.setting, lock)
    refuse_open_change(desk, locked=True)
    reread = _must_reread(desk, sitting)
    while True:
        if reread:
            _compare(desk, procedure, sitting, _look_again(desk, provider, sitting))
            end = _end_of(desk, sitting.draft)
            if end is not None:
                _record_end(desk, procedure, sitting.draft, end)
                return end
        lock.renew()
        _record_intent(desk, procedure, sitting)
        try:
            outcome = _carry_out(desk, procedure, provider, lock, sitting.draft)
        except ZoneMoved:
            reread = True
            continue
        rolls_back = procedure.undoes if outcome.state == "written" else None
        _append_end(desk, outcome.state, wrote=outcome.wrote, complete=outcome.complete, rolls_back=rolls_back)
        return outcome


def _carry_out(desk: Desk, procedure: Procedure, provider: DnsProvider, lock: ZoneLock, draft: Draft) -> Outcome:
    order = ENTERING if procedure.command == "enroll" else LEAVING
    work = Work(start=draft.view, before=draft.before, after=draft.after, order=order)
    counting = CountingLock(lock)
    try:
        return carry_out(desk, provider, counting, work)
    except LockLost:
        assert desk.change_id is not None
        if counting.renewals == 0 and desk.setting.journal.change(desk.change_id).state == "intended":
            # Stopped between intent and first call until somebody took over: this change wrote nothing, and must not look it.
            _append_end(desk, "refused", wrote=False)
        raise


def _must_reread(desk: Desk, sitting: _Sitting) -> bool:
    """Whether the read no longer counts: a person was asked, it is too old, or our own journal wrote to the zone since."""
    assert desk.zone is not None
    too_old = desk.setting.clock.monotonic() - sitting.read_at > READ_COUNTS_S
    return sitting.asked or too_old or desk.setting.journal.touched_since(desk.zone, sitting.mark)


def _look_again(desk: Desk, provider: DnsProvider, sitting: _Sitting) -> ZoneView:
    """Ask the DNS, then the API, once more: what the DNS said before the pause says nothing of the zone after it."""
    sitting.look = look_at_dns(desk)
    return provider.read(desk.owner)


def _compare(desk: Desk, procedure: Procedure, sitting: _Sitting, view: ZoneView) -> None:
    """Draft anew on a fresh view. What a person said yes to must not become another change behind their back."""
    fresh = procedure.draft(sitting.look, view)
    if sitting.asked and fresh.digest != sitting.draft.digest:
        if desk.under_way:
            _append_end(desk, "drift", wrote=False)
        raise Drift(
            "The zone changed after the plan was shown. Nothing was changed by us.", hint="Run it again to see the new plan."
        )
    sitting.draft = fresh
    _show(desk, fresh)


def _record_intent(desk: Desk, procedure: Procedure, sitting: _Sitting) -> None:
    draft = sitting.draft
    images = Images(before=draft.before, after=draft.after)
    detail = {"serials": sitting.look.serials, "digest": draft.digest}
    if desk.change_id is None:
        desk.change_id = desk.setting.journal.begin(_new_change(desk, procedure, detail), images)
    else:
        desk.setting.journal.append(desk.change_id, "intended", images=images, detail=detail)
    desk.under_way = True


def _new_change(desk: Desk, procedure: Procedure, detail: Mapping[str, Any]) -> NewChange:
    assert desk.zone is not None
    return NewChange(
        domain=desk.owner,
        zone=desk.zone,
        owner=desk.owner,
        provider=desk.setting.provider,
        account=desk.setting.account,
        service=desk.setting.service.to_json(),
        command=procedure.command,
        undoes=procedure.undoes,
        context={**procedure.context, **detail},
    )


def _append_end(desk: Desk, state: ChangeState, *, wrote: bool, complete: bool = False, rolls_back: int | None = None) -> None:
    """Record how it ended. ``complete``: the after-image stood whole at some time, so its publication may yet be seen."""
    assert desk.change_id is not None
    detail = {"wrote": wrote, "complete": complete}
    try:
        desk.setting.journal.append(desk.change_id, state, detail=detail, rolls_back=rolls_back)
    except JournalUnusable as error:
        error.changed = "yes" if wrote else "no"
        raise
    desk.under_way = state == "unknown"
    desk.wrote = state == "written"


def _after_write(desk: Desk, sitting: _Sitting, outcome: Outcome) -> Result:
    desk.say((*sitting.draft.findings, *outcome.findings))
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
    state: Literal["authoritative", "overdue"] = "overdue" if seen.verdict == "pending" else "authoritative"
    if desk.setting.journal.change(desk.change_id).last("rolled-back"):
        text = "It was written, and rolled back by somebody else while we waited."
        return desk.result("written", changed=True, visibility=seen, message=text, hint="registrar-sync history")
    until = seen.old_until.isoformat() if seen.old_until else None
    desk.setting.journal.append(desk.change_id, state, detail={"old_until": until})
    if state == "overdue":
        text = "Written and read back, but not served by every authoritative server yet."
        return desk.result(state, changed=True, visibility=seen, message=text, hint=desk.check_again)
    return desk.result(state, changed=True, visibility=seen, message=sitting.draft.detail, hint=_undo_hint(desk))


def _undo_hint(desk: Desk) -> str:
    return f"registrar-sync rollback {desk.shown_domain}" if desk.command == "enroll" else ""


def _restored(desk: Desk, outcome: Outcome) -> Result:
    error = outcome.error
    assert error is not None
    done = "The values before were written back and read back" if outcome.wrote else "Nothing was changed"
    error.changed = "no"
    return desk.result("restored", error=error, message=f"{error.message} {done}.", hint=error.hint or "Run it again later.")
