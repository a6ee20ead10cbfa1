"""Take back exactly our part of a domain, also after others have edited the zone."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace

from registrar_sync.core.evidence import Change
from registrar_sync.core.finding import Finding
from registrar_sync.core.guard import finding
from registrar_sync.core.model import RRset, ZoneView, same_values
from registrar_sync.core.prepared import Reach, open_prepares, plan_prepared_rollback, reach_of, stands
from registrar_sync.core.service import MailService
from registrar_sync.errors import Drift, NothingJournalled
from registrar_sync.operations.change import make_change, observe_and_draft
from registrar_sync.operations.desk import Desk, OperationInterrupted, Request, Setting
from registrar_sync.operations.draft import Confirm, Draft, Procedure
from registrar_sync.operations.enrol import notices
from registrar_sync.operations.lock import refuse_open_change
from registrar_sync.operations.result import Result
from registrar_sync.operations.write import LEAVING


def is_undoable(change: Change) -> bool:
    """Whether it is an enrolment that wrote to the zone and stands."""
    return change.what.command == "enroll" and stands(change)


def rollback(
    setting: Setting,
    request: Request,
    confirm: Confirm = None,
    *,
    setting_for: Callable[[Change], Setting],
    dry_run: bool = False,
) -> Result:
    """Undo the newest enrolment of the domain, or with ``to_change`` that one and all later ones, newest first.

    TTLs that ``prepare`` lowered for it go back in the same write; where there is no enrolment, the newest ``prepare`` does.
    ``setting`` belongs to the newest change; ``setting_for`` gives account and provider of each one from the journal.
    ``dry_run``: show what undoing the newest of them would write, and write nothing.
    """
    desk = Desk(command="rollback", setting=setting, request=request)

    def work() -> Result:
        setting.journal.check_writable()
        refuse_open_change(desk)
        changes = to_undo(setting, request)
        if not changes:
            return desk.result("nothing-to-do", message="Nothing of this domain is left to undo. Nothing was changed.")
        if dry_run:
            return _undo(setting_for(changes[0]), request, changes[0], confirm, dry_run=True)
        return _undo_all(changes, request, confirm, setting_for)

    return desk.run(work)


def to_undo(setting: Setting, request: Request) -> list[Change]:
    """The changes that a rollback would undo, newest first: enrolments, each with what was prepared for it, or where there
    is none the ``prepare`` itself (the oldest one meant, which takes the later ones along)."""
    changes = setting.journal.changes(request.domain)
    standing = [change for change in changes if is_undoable(change)]
    lowered = [prepared.change for prepared in open_prepares(changes)]
    since = request.to_change
    if since is None:
        return standing[:1] or lowered[:1]
    if not any(change.id == since and change.what.command in ("enroll", "prepare") for change in changes):
        raise NothingJournalled(
            f"Change {since} is neither an enrolment nor a prepare of this domain. Nothing was changed.",
            hint="See: registrar-sync history",
        )
    return [change for change in standing if change.id >= since] or [change for change in lowered if change.id >= since][-1:]


def _undo_all(changes: list[Change], request: Request, confirm: Confirm, setting_for: Callable[[Change], Setting]) -> Result:
    done: list[Result] = []
    for change, setting in [(change, setting_for(change)) for change in changes]:  # an account that is gone stops it before all
        # Only the last state is worth waiting for: the ones before it are passed through.
        wait = request.wait if change is changes[-1] else "none"
        try:
            done.append(_undo(setting, replace(request, wait=wait), change, confirm))
        except OperationInterrupted as stop:
            raise OperationInterrupted(_together([*done, stop.result])) from stop
        if not done[-1].ok:
            break
    return _together(done)


def _together(done: list[Result]) -> Result:
    """The last result, saying also what the ones before it did."""
    last, earlier = done[-1], done[:-1]
    if not earlier:
        return last
    undone = ", ".join(str(result.change_id) for result in earlier)
    changed = any(result.changed for result in done)
    said = _of_this_one(last.message) if changed else last.message
    if changed and last.error is not None:
        last.error.message = _of_this_one(last.error.message)
        last.error.changed = "yes" if last.error.changed == "no" else last.error.changed
    return replace(
        last,
        changed=changed,
        api_calls=sum(result.api_calls for result in done),
        elapsed_s=sum(result.elapsed_s for result in done),
        message=f"Later changes were undone first (changes {undone}). {said}".strip(),
    )


def _of_this_one(message: str) -> str:
    """What one undoing says of itself, where others before it wrote."""
    return message.replace("Nothing was changed", "Nothing more was changed")


def _undo(setting: Setting, request: Request, change: Change, confirm: Confirm, *, dry_run: bool = False) -> Result:
    service = MailService.from_json(change.what.service)
    desk = Desk(command="rollback", setting=replace(setting, service=service), request=replace(request, zone=change.what.zone))

    def work() -> Result:
        if dry_run:
            refuse_open_change(desk)
            return _shown(desk, observe_and_draft(desk, _procedure(desk, change, confirm))[1].draft)
        return make_change(desk, _procedure(desk, change, confirm))

    return desk.run(work)


def _shown(desk: Desk, draft: Draft) -> Result:
    if draft.drift:
        raise Drift(f"{draft.drift} Nothing was changed.")
    if not draft.changes:
        return desk.result("nothing-to-do", message=draft.detail or "Nothing to change.")
    return desk.result("planned", message="Nothing was changed: this is what rollback would write.")


def _procedure(desk: Desk, change: Change, confirm: Confirm) -> Procedure:
    since = change.id if change.what.command == "prepare" else desk.request.to_change
    reach = reach_of(change, desk.setting.journal.changes(change.what.domain), since=since)
    return Procedure(
        command="rollback",
        draft=lambda look, view: _draft(desk, change, reach, view),
        confirm=confirm,
        order=LEAVING,
        undoes=change.id,
        rolls_back=(change.id, *reach.along),
        context={"keep_spf": desk.request.keep_spf},
    )


def _draft(desk: Desk, change: Change, reach: Reach, view: ZoneView) -> Draft:
    before, after = change.images.before, change.images.after
    if change.what.command == "prepare":
        before = after  # its TTLs are all that it changed, and they are in its reach
    if desk.request.keep_spf and "TXT" in after:
        # The SPF part counts as never changed: the include stays where it is.
        before = {**before, "TXT": after["TXT"]}
    undo = plan_prepared_rollback(view, before, after, desk.setting.service, reach)
    return Draft(
        view=view,
        before=undo.before,
        after=undo.after,
        changes=undo.changes,
        digest=undo.digest,
        findings=(
            *undo.findings,
            *notices(view, severity="info"),
            *_about_the_include(desk, change, undo.before.get("TXT"), undo.after.get("TXT")),
        ),
        detail=_absent(change, undo.findings) if undo.already_absent else "",
        drift=undo.drift,
        # An enrolment that ended unknown may have been published and never been taken back in the DNS.
        republish=desk.setting.staged and change.state == "unknown",
    )


def _absent(change: Change, findings: Collection[Finding]) -> str:
    if change.what.command == "prepare":
        return "The TTLs are no longer those that prepare set: others have changed them, and they stay."
    if any(found.id == "spf-merge-kept" for found in findings):
        return "Nothing of ours is left to take out; the merged SPF record stays as it is."
    return "Already absent: what this change put in has been taken out since."


def _about_the_include(desk: Desk, change: Change, before: RRset | None, after: RRset | None) -> list[Finding]:
    """Mail that the service still holds in its queue is sent for days (RFC 5321 section 4.5.4.1): its SPF must still pass."""
    if change.what.command == "prepare" or "TXT" not in change.images.after:
        return []
    if desk.request.keep_spf:
        return [finding("spf-include-left", _left(desk))]
    if same_values(before, after):
        return []
    text = "The include leaves the SPF record: mail still queued at the service may fail SPF. --keep-spf leaves it in for now."
    return [finding("spf-include-removed", text)]


def _left(desk: Desk) -> str:
    again = f"registrar-sync unenroll {desk.shown_domain} --account {desk.setting.account} --service {desk.setting.service.name}"
    return (
        "The include stays in the SPF record, so mail queued at the service still passes. No later rollback takes it out; in five"
        f" days, when the queue is empty: {again}"
    )
