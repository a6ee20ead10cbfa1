"""What earlier changes of this journal mean for what is served now: leftovers that look like ours, and what caches may hold."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import takewhile
from typing import Protocol

from registrar_sync.core import visibility
from registrar_sync.core.evidence import Change
from registrar_sync.core.model import RRset, same_data, same_values
from registrar_sync.core.observation import Observation
from registrar_sync.core.prepared import old_until_of
from registrar_sync.core.visibility import Gate, Target
from registrar_sync.operations.observe import OURS, RRsets, last_write


class Histories(Protocol):
    """The journal, or as much of it as was read already."""

    def changes(self, domain: str | None = None, *, zone: str | None = None) -> list[Change]:
        """Changes, newest first, of one domain or of one zone."""
        ...


def changed_types(before: RRsets, after: RRsets) -> tuple[str, ...]:
    """The types that differ."""
    return tuple(t for t in OURS if not same_data(before.get(t), after.get(t)))


def earlier_writers(journal: Histories, owner: str, change_id: int) -> tuple[Change, ...]:
    """What wrote for this owner before a change, newest first."""
    return writers_before(change_id, journal.changes(owner))


def writers_before(change_id: int, changes: Iterable[Change]) -> tuple[Change, ...]:
    """Those of an owner's changes that wrote before one of them, in their order."""
    return tuple(change for change in changes if change.id < change_id and last_write(change) is not None)


def unseen_writers(journal: Histories, zone: str | None, *, before: int | None = None) -> list[Change]:
    """Changes of the zone that wrote to it since one was last seen authoritative, newest first."""
    writers = (c for c in journal.changes(zone=zone) if last_write(c) is not None and (before is None or c.id < before))
    return list(takewhile(lambda change: change.last("authoritative") is None, writers))


def gate_of(unseen: Iterable[Change], target: Target, *, serials: Mapping[str, int], until: datetime | None) -> Gate | None:
    """A gate where earlier writes of this journal to the zone were not yet seen authoritative: their publications are still
    to come, and what is served until ours has come may look like ours.

    A moved serial tells ours from what stood before. It tells nothing where one of those earlier writes had the same target:
    its own publication would look just like ours, and be taken back by the next one. Then only time decides.
    """
    earlier = list(unseen)
    if not earlier:
        return None
    stood = [change for change in earlier if any(event.detail.get("complete") for event in change.events)]
    alike = any(_looks_like(change.images.after, target, stood) for change in stood)
    return Gate(serials={} if alike else serials, until=until)


def _looks_like(image: RRsets, target: Target, stood: Sequence[Change]) -> bool:
    """Whether what an earlier change wrote would be taken for the target, once it is served. Of a type that it did not write,
    anything may have stood then that one of ``stood`` knows, or that stands now."""
    for rtype in target.types:
        known = [image[rtype]] if rtype in image else [target.before.get(rtype), *_all_sides(stood, rtype)]
        if not any(_would_do(rrset, rtype, target) for rrset in known):
            return False
    return True


def _all_sides(changes: Iterable[Change], rtype: str) -> Iterable[RRset | None]:
    for images in (change.images for change in changes):
        yield from (side[rtype] for side in (images.before, images.after) if rtype in side)


def _would_do(rrset: RRset | None, rtype: str, target: Target) -> bool:
    """Whether a set would be taken for the target's."""
    wanted = target.after[rtype]
    only = Target(before={rtype: target.before.get(rtype)}, after={rtype: wanted})
    ttls = {rtype: rrset.ttl} if rrset and rrset.live else {}
    return same_values(rrset, wanted) and not only.lagging(ttls)


def caches_until(
    now: datetime, target: Target, earlier: Sequence[Change], observations_before: Sequence[Observation]
) -> datetime:
    """Until when a cache may hold what was served before the change to ``target``, were it seen everywhere ``now``.

    What stood before an earlier change counts too, where that was served with a longer TTL (as before ``prepare``): until its
    own end, or as long from now where it was never seen that it was gone.
    """
    changed = changed_types(target.before, target.after)
    untils = [visibility.old_until(now, target.before, changed, observations_before)]
    untils += [until for change in earlier if (until := old_until_of(change)) is not None]
    for change in takewhile(lambda one: one.last("authoritative") is None, earlier):
        images = change.images
        types = changed_types(images.before, images.after)
        untils.append(visibility.old_until(now, images.before, types, observations_before))
    return max(untils)


def wrote_until(wrote_at: datetime, budget_s: float) -> datetime:
    """When the provider has had its time to serve what was written."""
    return wrote_at + timedelta(seconds=budget_s)
