"""Lower the TTLs before a cut-over, and raise them again after it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from registrar_sync.core.evidence import Change
from registrar_sync.core.finding import Finding
from registrar_sync.core.guard import finding, held_back
from registrar_sync.core.model import RRset, ZoneView, is_spf, same_data, values_of
from registrar_sync.core.plan import changes_between, digest_of
from registrar_sync.core.prepared import Prepared, open_prepares
from registrar_sync.core.scope import shown_types
from registrar_sync.core.ttl import Image, lower_ttls, raise_all
from registrar_sync.operations.change import make_change, observe_and_draft
from registrar_sync.operations.desk import Desk, Request, Setting
from registrar_sync.operations.draft import Confirm, Draft, Procedure
from registrar_sync.operations.enrol import notices
from registrar_sync.operations.lock import refuse_open_change
from registrar_sync.operations.observe import DnsLook, as_served, dns_findings
from registrar_sync.operations.result import Result
from registrar_sync.operations.scope import refuse_unwritable
from registrar_sync.ports import Journal

# Seconds: short enough for a cut-over within a coffee, long enough for every provider (none of the catalog's refuses it).
USUAL_TTL_S = 300

NOTHING_PREPARED = "No TTLs of this domain are lowered, as far as this journal knows. Nothing was changed."


def prepare(setting: Setting, request: Request, confirm: Confirm = None, *, dry_run: bool = False) -> Result:
    """Lower the TTLs of the owner's TXT and MX sets to ``request.ttl`` seconds, and wait until every server answers them.

    before: TXT {spf 10800, "abc" 10800}, MX {5 mailgate 60}.  call: ttl 300.
    after: TXT {spf 300, "abc" 300}, MX {5 mailgate 60}: a lower TTL is left alone, no value is touched.
    The old TTLs are in the journal. ``dry_run``: show what would be written, and write nothing.
    """
    desk = Desk(command="prepare", setting=setting, request=request)
    context = {"only": request.only}
    procedure = Procedure(
        command="prepare", draft=lambda look, view: _lowering(desk, look, view), confirm=confirm, context=context
    )
    return _carried_out(desk, procedure, dry_run=dry_run)


def finish(setting: Setting, request: Request, confirm: Confirm = None, *, dry_run: bool = False) -> Result:
    """Raise the TTLs that ``prepare`` lowered to what they were before it, where they are still what it set.

    ``setting`` belongs to the account of the ``prepare``. Also what was added since gets the set's old TTL. Before an
    enrolment, it undoes the ``prepare``.
    """
    newest = to_finish(setting.journal, request.domain, setting.account)
    desk = Desk(command="finish", setting=setting, request=replace(request, zone=newest.what.zone) if newest else request)
    procedure = Procedure(command="finish", draft=lambda look, view: _raising(desk, look, view), confirm=confirm)
    return _carried_out(desk, procedure, dry_run=dry_run)


def _carried_out(desk: Desk, procedure: Procedure, *, dry_run: bool) -> Result:
    def work() -> Result:
        refuse_unwritable(desk)
        if dry_run:
            return _shown(desk, procedure)
        desk.setting.journal.check_writable()
        refuse_open_change(desk)
        if desk.command == "finish" and not _standing(desk):
            return desk.result("nothing-to-do", message=NOTHING_PREPARED)
        return make_change(desk, procedure)

    return desk.run(work)


def _shown(desk: Desk, procedure: Procedure) -> Result:
    refuse_open_change(desk)
    draft = observe_and_draft(desk, procedure)[1].draft
    held = held_back(draft.findings, desk.request.accept)
    if held:
        return desk.held(held)
    if not draft.changes:
        return desk.result("nothing-to-do", message=draft.detail)
    return desk.result("planned", message=f"Nothing was changed: this is what {desk.command} would write.")


def _drafted(desk: Desk, look: DnsLook, view: ZoneView, after: Image) -> Draft:
    before = {rtype: view.rrset(rtype) for rtype in after}
    return Draft(
        view=view,
        before=before,
        after=after,
        changes=changes_between(view.owner, before, after, tuple(after)),
        digest=digest_of(view.zone, view.owner, before, after),
        findings=(*notices(view), *dns_findings(desk, look, as_served(desk, look, view))),
    )


# --- prepare ------------------------------------------------------------------------------------------------------------
def _lowering(desk: Desk, look: DnsLook, view: ZoneView) -> Draft:
    asked = desk.request.ttl or USUAL_TTL_S
    ttl = min(max(asked, desk.setting.ttl_min), desk.setting.ttl_max)
    draft = _drafted(desk, look, view, lower_ttls(view, ttl, desk.scope.types))
    old_ttls = {rtype: rrset.ttl if rrset and rrset.live else None for rtype, rrset in draft.before.items()}
    return replace(
        draft,
        findings=(*_clamped(desk, asked, ttl), *_shared(draft), *draft.findings),
        detail=" ".join(filter(None, ("" if draft.changes else _nothing_to_lower(draft.before, ttl), _by_hand(desk)))),
        context={"ttl": ttl, "old_ttls": old_ttls, "over_at": _over_at_the_earliest(desk, draft)},
    )


def _over_at_the_earliest(desk: Desk, draft: Draft) -> str:
    """When the old TTLs would be over if every server answered the new ones at once; the truth comes with ``old_until``."""
    ttls = [row.ttl for rrset in draft.before.values() for row in (rrset.live if rrset else ())]
    return (desk.setting.clock.now() + timedelta(seconds=max(ttls, default=0))).isoformat()


def _clamped(desk: Desk, asked: int, ttl: int) -> list[Finding]:
    if asked == ttl:
        return []
    bounds = f"{desk.setting.ttl_min} to {desk.setting.ttl_max} s"
    return [finding("ttl-clamped", f"The provider allows TTLs from {bounds}: {ttl} is used, not {asked}.")]


def _shared(draft: Draft) -> list[Finding]:
    """That the TTL of the TXT set is also that of values which have nothing to do with mail."""
    before, after = draft.before.get("TXT"), draft.after.get("TXT")
    others = sum(not is_spf(value) for value in values_of(before))
    if not others or same_data(before, after):
        return []
    values = f"{others} values that are" if others > 1 else "1 value that is"
    text = f"A TTL is that of the whole TXT set: it is lowered also for {values} no SPF record, until finish."
    return [finding("ttl-shared", text)]


def _nothing_to_lower(before: Image, ttl: int) -> str:
    held: list[RRset] = [rrset for rrset in before.values() if rrset and rrset.live]
    if not held:
        return f"No {' and no '.join(before)} records stand there: there is no TTL to lower."
    return f"No TTL of {' and '.join(before)} there is above {ttl} s: there is nothing to lower."


def _by_hand(desk: Desk) -> str:
    left = shown_types(desk.scope.by_hand)
    return f"The TTL of the {left} set is left to be lowered by hand: it cannot be written through this provider." if left else ""


# --- finish -------------------------------------------------------------------------------------------------------------
def _raising(desk: Desk, look: DnsLook, view: ZoneView) -> Draft:
    lowerings = [one.lowering for one in _standing(desk)]
    types = dict.fromkeys(rtype for one in lowerings for rtype in one.after)
    draft = _drafted(desk, look, view, raise_all({rtype: view.rrset(rtype) for rtype in types}, lowerings))
    detail = "" if draft.changes else "The TTLs are no longer those that prepare set: others have changed them, and they stay."
    # Also where nothing is left to raise, the journal gets an entry: then nothing is prepared any more.
    return replace(draft, detail=detail, remember=True)


def to_finish(journal: Journal, domain: str, account: str | None = None) -> Change | None:
    """The change whose account ``finish`` is about: the newest open ``prepare``, else one that was interrupted; None: neither.
    ``account``: only there."""
    prepared = [one.change for one in open_prepares(journal.changes(domain))]
    found = (change for change in (*prepared, *journal.unfinished(domain)) if account in (None, change.what.account))
    return next(found, None)


def _standing(desk: Desk) -> list[Prepared]:
    """The open preparations of this account's zone, newest first."""
    prepared = open_prepares(desk.setting.journal.changes(desk.owner))
    here = (desk.setting.account, desk.request.zone)
    return [one for one in prepared if (one.change.what.account, one.change.what.zone) == here]
