"""Changes on the watch, each with all that the journal holds of its zone."""

from __future__ import annotations

from collections.abc import Sequence

from registrar_sync.core.evidence import Change
from registrar_sync.core.prepared import has_written, stands
from registrar_sync.ports import Journal


class History:
    """All changes of one zone, newest first, read already."""

    def __init__(self, changes: list[Change]) -> None:
        self._changes = changes

    def changes(self, domain: str | None = None, *, zone: str | None = None) -> list[Change]:
        """As ``ports.Journal.changes``."""
        return [change for change in self._changes if domain is None or change.what.domain == domain]

    @property
    def is_alone(self) -> bool:
        """Whether the zone has one change only."""
        return len(self._changes) == 1

    def successor(self, change: Change) -> Change | None:
        """What wrote to the same sets later, and stands."""
        later = (one for one in self._changes if one.id > change.id and one.what.owner == change.what.owner)
        standing = (one for one in later if has_written(one) and stands(one))
        return next((one for one in standing if not change.images.after.keys().isdisjoint(one.images.after)), None)


def with_histories(journal: Journal, change_ids: Sequence[int]) -> list[tuple[Change, History]]:
    """The changes, in this order. Raises ``NothingJournalled``, ``JournalUnusable``."""
    zones: dict[str, list[Change]] = {}
    by_id: dict[int, Change] = {}
    for change in journal.alongside(change_ids) if change_ids else ():
        zones.setdefault(change.what.zone, []).append(change)
        by_id[change.id] = change
    histories = {zone: History(changes) for zone, changes in zones.items()}
    changes = [by_id.get(one) or journal.change(one) for one in change_ids]  # the latter says which is missing
    return [(change, histories[change.what.zone]) for change in changes]
