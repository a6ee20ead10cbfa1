"""What the journal and a watch tell each other: due times, what was seen, and what others have done meanwhile."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, Protocol

from registrar_sync.core.evidence import ChangeState

SeenState = Literal["authoritative", "overdue"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """When a written change is looked at again. Not evidence: it says how a watch goes on, and ends with it.

    ``started_at``: what the pauses are counted from; ``deadline_at``: when it counts as overdue; ``attempts``: looks so far.
    """

    change_id: int
    started_at: datetime
    deadline_at: datetime
    due_at: datetime
    attempts: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What the authoritative servers said of a written change in the end. ``old_until``: when no cache can hold what stood
    before (None: not known)."""

    change_id: int
    state: SeenState
    old_until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """One event of any change, without its images. ``id`` orders them."""

    id: int
    change_id: int
    domain: str
    state: ChangeState
    detail: Mapping[str, Any]


class WatchBook(Protocol):
    """Due times of changes that wait to be seen: no evidence, but what lets a successor go on, and keeps two from looking at
    the same. What a watcher claimed is its own until it releases it, or has not kept it for ``lease_s`` seconds, or is dead."""

    @property
    def lease_s(self) -> float:
        """Seconds that a claim counts after the last ``keep``."""
        ...

    def claim(self, rows: Sequence[Waiting], *, anew: bool = False) -> list[Waiting]:
        """Those of ``rows`` that are ours to look at now: all but those that another living watcher looks at.

        Each as it was left when it was there already, unless ``anew``; else as given.
        """
        ...

    def keep(self, rows: Sequence[Waiting]) -> bool:
        """Say that we are alive, and write down these due times. False: others have taken over, and nothing was written."""
        ...

    def forget(self, change_ids: Collection[int]) -> None:
        """Nobody needs to look at these any more."""
        ...

    def release(self, rows: Sequence[Waiting] = ()) -> None:
        """Write down these due times, and leave all that is ours to whoever goes on. Never raises."""
        ...
