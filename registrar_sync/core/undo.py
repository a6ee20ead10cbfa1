"""Taking an enrolment back, months later, from a zone that others have edited since; and what a half-written zone holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from registrar_sync.core.finding import Finding
from registrar_sync.core.guard import finding
from registrar_sync.core.model import RRset, RRsetChange, ZoneView, same_data, values_of
from registrar_sync.core.names import display
from registrar_sync.core.plan import TYPES, changes_between, digest_of
from registrar_sync.core.restore import Restored
from registrar_sync.core.service import MailService
from registrar_sync.core.undo_mx import undo_mx
from registrar_sync.core.undo_spf import undo_spf

Image = Mapping[str, RRset | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Undo:
    """A rollback not yet written.

    ``changes``: only what would be written, MX before TXT (leaving order, rules A8). ``before`` and ``after``: the sets that it
    is about, whole. ``drift``: why nothing is written, with the ways out; empty where we may write. ``merged``: others edited
    since, only our part is taken out. ``absent``: the types whose part of ours had gone already.
    """

    zone: str
    owner: str
    changes: tuple[RRsetChange, ...]
    findings: tuple[Finding, ...]
    before: Image
    after: Image
    drift: str = ""
    merged: bool = False
    absent: frozenset[str] = frozenset()

    @property
    def already_absent(self) -> bool:
        """Whether there is nothing to take back."""
        return not self.changes and not self.drift

    @property
    def digest(self) -> str:
        """SHA-256, in hexadecimal, over zone, owner, and both sets' values and TTLs before and after."""
        return digest_of(self.zone, self.owner, self.before, self.after)


def plan_rollback(view: ZoneView, before: Image, after: Image, service: MailService) -> Undo:
    """What taking back the change from image ``before`` to image ``after`` would write into the zone of today.

    ``service`` as it was when the change was made. A set that the images do not name was not part of it, and is not part of the
    rollback. Drift in one of SPF and MX: neither is written. Never raises.
    """
    today = {rtype: view.rrset(rtype) for rtype in TYPES if rtype in after}
    parts = {rtype: _UNDO[rtype](rrset, before.get(rtype), after.get(rtype), service) for rtype, rrset in today.items()}
    drift = " ".join(f"{rtype}: {part.drift}" for rtype, part in parts.items() if part.drift)
    target = today if drift else {rtype: part.after for rtype, part in parts.items()}
    merged = not drift and any(part.merged for part in parts.values())
    return Undo(
        zone=view.zone,
        owner=view.owner,
        changes=changes_between(view.owner, today, target, reversed(TYPES)),
        findings=_findings(view, parts) if not drift else (),
        before=today,
        after=target,
        drift=drift,
        merged=merged,
        absent=frozenset(rtype for rtype, part in parts.items() if part.absent),
    )


_UNDO = {"TXT": undo_spf, "MX": undo_mx}


def _findings(view: ZoneView, parts: Mapping[str, Restored]) -> tuple[Finding, ...]:
    more = tuple(one for part in parts.values() for one in part.findings)
    types = " and ".join(rtype for rtype, part in parts.items() if part.merged)
    if not types:
        return more
    text = f"{types} at {display(view.owner)} was edited since our change: only our part is taken out, the rest stays."
    return (finding("merged-rollback", text), *more)


def mixture(view: ZoneView, before: Image, after: Image) -> Literal["after", "before", "mixed", "foreign"]:
    """What a read after a write shows: the one image, the other, values of both, or a value of neither.

    Right values with another TTL are ``mixed``: not what was planned, and nobody else's. Disabled rows are not served and do
    not count.
    """
    if all(same_data(view.rrset(rtype), image) for rtype, image in after.items()):
        return "after"
    if all(same_data(view.rrset(rtype), image) for rtype, image in before.items()):
        return "before"
    known = {rtype: values_of(before.get(rtype)) | values_of(after.get(rtype)) for rtype in {*before, *after}}
    return "mixed" if all(values_of(view.rrset(rtype)) <= values for rtype, values in known.items()) else "foreign"
