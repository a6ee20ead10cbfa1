"""No journal: for a look that needs none. It knows of no change, and refuses to take one."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, NoReturn

from registrar_sync.core.evidence import Change, ChangeState, Images, NewChange
from registrar_sync.core.pace_account import CallLimit
from registrar_sync.core.run import RunBook
from registrar_sync.core.waiting import News, Seen, WatchBook
from registrar_sync.errors import NothingJournalled
from registrar_sync.journal.failures import ELSEWHERE, unusable
from registrar_sync.journal.location import parse_location
from registrar_sync.ports import ZoneLock


def is_begun(location: str | None, *, default: Path) -> bool:
    """Whether a journal was begun there: a file that holds something, or a database server. Touches nothing.

    Raises ``JournalUnusable`` for what ``open_journal`` would not understand.
    """
    path = parse_location(location, default).path
    if path is None:
        return True
    try:
        return path.stat().st_size > 0
    except FileNotFoundError:
        return False
    except OSError:
        return True  # opening it says why


class NoJournal:
    """A ``ports.Journal`` without any entry; nothing can be written to it."""

    @property
    def location(self) -> str:
        """For people."""
        return "(none)"

    def check_writable(self) -> None:
        """Raise ``JournalUnusable``."""
        self._refuse()

    def mark(self) -> int:
        """0: there is no event."""
        return 0

    def news(self, mark: int) -> list[News]:
        """None."""
        return []

    def touched_since(self, zone: str, mark: int) -> bool:
        """Never."""
        return False

    def begin(self, new: NewChange, images: Images, *, state: ChangeState = "intended", rolls_back: Collection[int] = ()) -> int:
        """Raise ``JournalUnusable``."""
        self._refuse()

    def begin_locked(self, new: NewChange, images: Images, *, since: int) -> NoReturn:
        """Raise ``JournalUnusable``."""
        self._refuse()

    def append(
        self,
        change_id: int,
        state: ChangeState,
        *,
        detail: Mapping[str, Any] | None = None,
        images: Images | None = None,
        rolls_back: Collection[int] = (),
        releasing: ZoneLock | None = None,
        soon: bool = False,
    ) -> None:
        """Raise ``JournalUnusable``."""
        self._refuse()

    def change(self, change_id: int) -> Change:
        """Raise ``NothingJournalled``."""
        raise NothingJournalled("There is no journal, and so no change in it. Nothing was changed.")

    def changes(self, domain: str | None = None, *, zone: str | None = None, images: bool = True) -> list[Change]:
        """None."""
        return []

    def alongside(self, change_ids: Collection[int]) -> list[Change]:
        """None."""
        return []

    def alone(self, change_ids: Collection[int]) -> set[int]:
        """None."""
        return set()

    def unseen(self, domain: str | None = None, *, cached_after: datetime | None = None) -> list[int]:
        """None."""
        return []

    def record_seen(self, seen: Sequence[Seen]) -> dict[int, ChangeState]:
        """Raise ``JournalUnusable``."""
        self._refuse()

    def watch_book(self, *, lease_s: float = 60.0) -> WatchBook:
        """Raise ``JournalUnusable``."""
        self._refuse()

    def run_book(self, *, lease_s: float = 20.0) -> RunBook:
        """Raise ``JournalUnusable``."""
        self._refuse()

    def unfinished(self, domain: str | None = None) -> list[Change]:
        """None."""
        return []

    def pace(self, account: str, limit: CallLimit | None) -> NoReturn:
        """There is nothing to keep it in."""
        self._refuse()

    def lock(self, zone: str) -> ZoneLock:
        """Raise ``JournalUnusable``."""
        self._refuse()

    def quiet_in_s(self, zone: str, call_limit_s: float) -> float:
        """0: nobody wrote."""
        return 0.0

    def close(self) -> None:
        """Nothing is open."""

    def _refuse(self) -> NoReturn:
        raise unusable(self.location, "nothing can be written without a journal", ELSEWHERE)
