"""Which lowered TTLs stand, by the journal: what ``finish`` raises, and what a rollback takes back along with an enrolment."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from registrar_sync.core.evidence import Change, Images
from registrar_sync.core.model import Rdata, ZoneView, values_of
from registrar_sync.core.plan import changes_between
from registrar_sync.core.scope import TYPES
from registrar_sync.core.service import MailService
from registrar_sync.core.ttl import Image, Lowering, raise_all
from registrar_sync.core.undo import Undo, plan_rollback

_WROTE_AND_STANDS = frozenset({"written", "authoritative", "overdue", "unknown"})
_FINISHED = frozenset({"written", "authoritative", "overdue", "nothing-to-do"})


def stands(change: Change) -> bool:
    """Whether a change wrote to the zone and was not taken back."""
    if change.last("rolled-back"):
        return False
    return change.state in _WROTE_AND_STANDS or (change.state == "drift" and has_written(change))


def has_written(change: Change) -> bool:
    """Whether a change wrote to the provider, however it ended."""
    return any(event.detail.get("wrote") for event in change.events)


def same_place(one: Change, other: Change) -> bool:
    """Whether two changes are about the same owner in the same account's zone."""
    return (one.what.owner, one.what.zone, one.what.account) == (other.what.owner, other.what.zone, other.what.account)


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A ``prepare`` that wrote. ``ended_by``: the id of the ``finish`` or rollback that ended it; None: it is open.
    ``later``: what wrote at the same place since, newest first."""

    change: Change
    ended_by: int | None
    later: tuple[Change, ...]

    @property
    def is_open(self) -> bool:
        """Whether its TTLs were not raised again."""
        return self.ended_by is None

    def was_open_at(self, change: Change) -> bool:
        """Whether a later change was made while the TTLs were lowered."""
        return self.change.id < change.id and (self.ended_by is None or self.ended_by > change.id)

    @property
    def lowering(self) -> Lowering:
        """What it did to the sets."""
        added = {rtype: frozenset(v for c in self.later for v in _added(c.images, rtype)) for rtype in TYPES}
        return Lowering(before=self.change.images.before, after=self.change.images.after, added=added)

    @property
    def over_at(self) -> datetime | None:
        """From when no cache can hold an answer with the old TTL; None: not known, until every server was seen with the new."""
        return old_until_of(self.change)


def _added(images: Images, rtype: str) -> frozenset[Rdata]:
    return values_of(images.after.get(rtype)) - values_of(images.before.get(rtype))


def old_until_of(change: Change) -> datetime | None:
    """Until when caches may hold what stood before the change; None: not known, as while it was not seen authoritative."""
    seen = change.last("authoritative")
    told = seen.detail.get("old_until") if seen else None
    return datetime.fromisoformat(told) if told else None


def prepares(changes: Iterable[Change]) -> tuple[Prepared, ...]:
    """Every ``prepare`` that wrote, newest first. ``changes``: those of one domain."""
    ordered = sorted(changes, key=lambda change: change.id, reverse=True)
    wrote = [change for change in ordered if change.what.command == "prepare" and _took(change)]
    return tuple(_prepared(change, ordered) for change in wrote)


def open_prepares(changes: Iterable[Change]) -> tuple[Prepared, ...]:
    """Those whose TTLs were not raised again, newest first."""
    return tuple(one for one in prepares(changes) if one.is_open)


def _took(change: Change) -> bool:
    """Whether the lowering stood once: also one that was rolled back, since what was enrolled meanwhile shows it."""
    return stands(change) or change.last("rolled-back") is not None


def _prepared(change: Change, changes: Sequence[Change]) -> Prepared:
    later = [one for one in changes if one.id > change.id and same_place(one, change)]
    ends = [one.id for one in later if one.what.command == "finish" and _has_finished(one)]
    rolled_back = change.last("rolled-back")
    if rolled_back:
        ends.append(int(rolled_back.detail["by"]))
    return Prepared(change=change, ended_by=min(ends, default=None), later=tuple(one for one in later if has_written(one)))


def _has_finished(change: Change) -> bool:
    return change.state in _FINISHED or change.last("rolled-back") is not None


# --- a rollback ---------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """How a rollback and lowered TTLs meet. ``today``: the lowerings that it takes out of today's sets; ``images``: of what
    stood before and after the enrolment, newest first each; ``along``: ids of the changes taken back along with it."""

    today: tuple[Lowering, ...] = ()
    images: tuple[Lowering, ...] = ()
    along: tuple[int, ...] = ()


def reach_of(undone: Change, changes: Iterable[Change], *, since: int | None) -> Reach:
    """What taking back ``undone`` (an enrolment or a ``prepare``) takes back along with it.

    Every lowering that is open now, or was when the enrolment was made, and the ``finish`` that ended it; ``since``: only
    what has this id or a later one. So values and TTLs go back, in one write, to what stood before ``prepare``.
    """
    known = [one for one in prepares(changes) if same_place(one.change, undone)]
    then = [one for one in known if one.was_open_at(undone)]
    taken = [one for one in known if (one.is_open or one in then) and not one.change.last("rolled-back")]
    taken = [one for one in taken if since is None or one.change.id >= since]
    ended_by = {one.ended_by for one in taken}
    along = {one.change.id for one in taken} | {c.id for one in taken for c in one.later if c.id in ended_by and stands(c)}
    return Reach(
        today=tuple(one.lowering for one in taken if one.is_open),
        images=tuple(one.lowering for one in then if one in taken or not one.is_open),
        along=tuple(sorted(along - {undone.id})),
    )


def plan_prepared_rollback(view: ZoneView, before: Image, after: Image, service: MailService, reach: Reach) -> Undo:
    """``plan_rollback``, with the lowered TTLs that it reaches raised in the same write.

    It is thought through on sets whose TTLs were never lowered, and what differs from today's is written.
    """
    about = {*after, *(rtype for one in reach.today for rtype in one.after)}
    today = {rtype: view.rrset(rtype) for rtype in TYPES if rtype in about}
    raised = raise_all(today, reach.today)
    others = [rrset for rrset in view.rrsets if rrset.rtype not in today]
    rrsets = (*others, *(rrset for rrset in raised.values() if rrset is not None))
    undo = plan_rollback(replace(view, rrsets=rrsets), raise_all(before, reach.images), raise_all(after, reach.images), service)
    target = today if undo.drift else {**raised, **undo.after}
    return replace(undo, changes=changes_between(view.owner, today, target, reversed(TYPES)), before=today, after=target)
