"""What the journal holds: changes, and the events that tell how each went."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from registrar_sync.core.model import RRset


@dataclass(frozen=True, slots=True, kw_only=True)
class Images:
    """The RRsets that a change touches, before and after, keyed by type ("TXT", "MX"). None: no such RRset."""

    before: Mapping[str, RRset | None]
    after: Mapping[str, RRset | None]


ChangeState = Literal[
    "intended",
    "written",
    "authoritative",
    "nothing-to-do",
    "refused",
    "restored",
    "unknown",
    "drift",
    "overdue",
    "rolled-back",
]


ChangeCommand = Literal["enroll", "rollback", "prepare", "finish", "unenroll"]


@dataclass(frozen=True, slots=True, kw_only=True)
class NewChange:
    """What is known of a change before its first write. ``context``: JSON, such as mode, TTLs and serials seen."""

    domain: str
    zone: str
    owner: str
    provider: str
    account: str
    service: Mapping[str, Any]
    command: ChangeCommand
    undoes: int | None = None
    context: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One state of a change. ``id`` orders events (never the clock). ``images`` come with ``intended`` only."""

    id: int
    change_id: int
    state: ChangeState
    at: datetime
    detail: Mapping[str, Any]
    images: Images | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A journalled enrolment or rollback of one domain, with its events, oldest first."""

    id: int
    what: NewChange
    at: datetime
    events: tuple[Event, ...]

    @property
    def state(self) -> ChangeState:
        """The newest state."""
        return self.events[-1].state

    @property
    def images(self) -> Images:
        """Before and after, as last intended."""
        return next(event.images for event in reversed(self.events) if event.images is not None)

    def last(self, *states: ChangeState) -> Event | None:
        """The newest event in one of these states."""
        return next((event for event in reversed(self.events) if event.state in states), None)
