"""What of leaving a service can be done now: the hosts at once, the include when the service's mail queue must be empty."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from registrar_sync.core.evidence import Change
from registrar_sync.core.leaving import Leaving, Standing
from registrar_sync.core.model import ZoneView
from registrar_sync.core.prepared import Prepared, prepares, same_place
from registrar_sync.core.scope import TYPES
from registrar_sync.core.service import MailService
from registrar_sync.core.ttl import raise_all
from registrar_sync.core.unenrol_mx import holds_hosts
from registrar_sync.core.unenrol_spf import holds_include
from registrar_sync.operations.desk import Desk
from registrar_sync.operations.observe import last_write
from registrar_sync.operations.rollback import is_undoable

# How long, in seconds, a service may go on sending what it had queued: senders retry for 4 to 5 days (RFC 5321 section 4.5.4.1).
USUAL_GRACE_S = 5 * 86400

Part = Literal["mx", "spf", "both"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What of leaving is done now.

    ``part`` None: nothing; "both" also where MX is all there is. ``due``: when the include may go, where it stays for now;
    ``starts``: that time counts from now, for want of a better; ``hurries``: the include goes while mail may still be queued;
    ``waits``: it stays as long as the MX set holds hosts of the service. ``ends``: of these types nothing of ours is left then.
    """

    part: Part | None = None
    grace_s: int = USUAL_GRACE_S
    due: datetime | None = None
    starts: bool = False
    hurries: bool = False
    waits: bool = False
    ends: tuple[str, ...] = ()

    @property
    def spf_now(self) -> bool:
        """Whether nothing of ours is left once this is done."""
        return self.part in ("spf", "both")

    @property
    def context(self) -> dict[str, Any]:
        """As the journal keeps it. An entry that only starts the time counts as the MX part: MX holds none of ours."""
        due = self.due.isoformat() if self.due else None
        return {"part": self.part or "mx", "grace_s": self.grace_s, "spf_due_at": due}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Left:
    """When the hosts went, and when it was then said that the include should go."""

    at: datetime
    due: datetime


def next_step(desk: Desk, leaving: Leaving, view: ZoneView, grace_s: int | None) -> Step:
    """Decide on what stands now. ``grace_s``: seconds between hosts and include (None: as it was said when the hosts went)."""
    asked_s = USUAL_GRACE_S if grace_s is None else grace_s
    in_mx, in_spf = holds_hosts(view.rrset("MX"), leaving), holds_include(view.rrset("TXT"), leaving)
    if "TXT" not in desk.scope.types:
        return Step(part="mx" if in_mx else None, grace_s=asked_s, ends=("MX",))
    if "MX" not in desk.scope.types:
        return _spf_alone(desk, grace_s, in_spf=in_spf, in_mx=in_mx)
    if not in_spf:
        return Step(part="both" if in_mx else None, grace_s=asked_s, ends=TYPES)
    if in_mx and asked_s == 0:
        return Step(part="both", grace_s=0, hurries=True, ends=TYPES)
    if in_mx:
        due = desk.setting.clock.now() + timedelta(seconds=asked_s)
        return Step(part="mx", grace_s=asked_s, due=due, ends=("MX",))
    return _hosts_gone(desk, grace_s)


def _spf_alone(desk: Desk, grace_s: int | None, *, in_spf: bool, in_mx: bool) -> Step:
    """The MX set is not ours to write here. Its hosts go before the include does, and somebody else sees to that."""
    seen_to = "mx-by-hand" in desk.request.accept and bool(desk.scope.by_hand)
    if in_spf and (seen_to or not in_mx):
        return _hosts_gone(desk, grace_s)
    if in_spf and grace_s == 0 and not desk.scope.by_hand:
        return Step(part="spf", grace_s=0, hurries=True, ends=("TXT",))
    return Step(grace_s=USUAL_GRACE_S if grace_s is None else grace_s, waits=in_spf)


def _hosts_gone(desk: Desk, grace_s: int | None) -> Step:
    """The include is all that is left."""
    now, usual = desk.setting.clock.now(), timedelta(seconds=USUAL_GRACE_S)
    asked_s = USUAL_GRACE_S if grace_s is None else grace_s
    left = _left(desk)
    if left is None and asked_s > 0:
        return Step(grace_s=asked_s, due=now + timedelta(seconds=asked_s), starts=True)
    if left is None or asked_s == 0:
        return Step(part="spf", grace_s=0, hurries=left is None or now < left.at + usual, ends=TYPES)
    due = left.due if grace_s is None else left.at + timedelta(seconds=grace_s)
    if now < due:
        return Step(grace_s=asked_s, due=due)
    return Step(part="spf", grace_s=asked_s, hurries=now < left.at + usual, ends=TYPES)


def _left(desk: Desk) -> _Left | None:
    """The newest journalled leaving of the hosts, unless an enrolment put them in again since."""
    for change in _with_service(desk):
        command, wrote_at, context = change.what.command, last_write(change), change.what.context
        if change.state == "restored" or (command == "unenroll" and change.state in ("refused", "drift")):
            continue
        if command == "enroll" and wrote_at is not None and "MX" in change.images.after:
            return None
        if command == "unenroll" and context["part"] != "spf":
            at, told = wrote_at or change.at, context["spf_due_at"]
            due = datetime.fromisoformat(told) if told else at + timedelta(seconds=context["grace_s"])
            return _Left(at=at, due=due)
        if command == "rollback" and context.get("keep_spf") and wrote_at is not None:
            return _Left(at=wrote_at, due=wrote_at + timedelta(seconds=USUAL_GRACE_S))
    return None


def _with_service(desk: Desk) -> Iterator[Change]:
    """The domain's changes with the service, newest first, also where its name or its include was another one then."""
    service = desk.setting.service
    for change in desk.setting.journal.changes(desk.owner):
        then = MailService.from_json(change.what.service)
        if then.name == service.name or then.include == service.include:
            yield change


def leaving_of(desk: Desk) -> Leaving:
    """What leaving goes by, with what the journal knows of the domain's enrolments."""
    changes = list(_with_service(desk))
    rollbacks = [c for c in changes if c.what.command == "rollback" and c.what.context.get("keep_spf")]
    kept = {change.what.undoes for change in rollbacks if last_write(change) is not None}
    finished = [one for one in prepares(desk.setting.journal.changes(desk.owner)) if not one.is_open]
    standing = (_images(change, finished, whole=is_undoable(change)) for change in changes if _stands(change, kept))
    return Leaving(service=desk.setting.service, standing=tuple(standing), accept=desk.request.accept)


def _stands(change: Change, kept: set[int | None]) -> bool:
    return change.what.command == "enroll" and (is_undoable(change) or change.id in kept)


def _images(change: Change, finished: Iterable[Prepared], *, whole: bool) -> Standing:
    """``whole`` False: rolled back with --keep-spf, so only its SPF half stands. ``finished``: lowered TTLs that were raised
    again; where the enrolment was made in between, its images are seen as they would have been without."""
    lowerings = [one.lowering for one in finished if same_place(one.change, change) and one.was_open_at(change)]
    before, after = raise_all(change.images.before, lowerings), raise_all(change.images.after, lowerings)
    before = before if whole else {**after, **({"TXT": before["TXT"]} if "TXT" in before else {})}
    return Standing(before=before, after=after, service=MailService.from_json(change.what.service))


def standing_ids(desk: Desk, ended: Collection[str]) -> tuple[int, ...]:
    """The domain's enrolments with the service that nobody has taken back and of which nothing is left once nothing of these
    types is, newest first."""
    standing = (c for c in _with_service(desk) if c.what.command == "enroll" and is_undoable(c))
    return tuple(change.id for change in standing if change.images.after.keys() <= set(ended))
