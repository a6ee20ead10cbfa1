"""A wait, drawn while it lasts: a table of the servers on a terminal, gone when the result comes."""

from __future__ import annotations

import threading
from datetime import datetime

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from registrar_sync.cli.words import clean
from registrar_sync.core import names
from registrar_sync.core.progress import Progress, Watched

_STYLES = {"new": "green", "old": "yellow", "absent": "yellow", "other": "yellow", "unreachable": "red", "bogus": "red"}
_COLUMNS = ("server", "address", "verdict", "since", "")


class LiveTable:
    """Shows ``Progress`` in place, and leaves the terminal as it was when stopped. Other lines on the same console appear above
    it. Safe from many threads."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._lock = threading.Lock()
        self._live: Live | None = None

    def show(self, progress: Progress) -> None:
        """Draw it, in place of what was drawn before."""
        with self._lock:
            if self._live is None:
                self._live = Live(console=self._console, auto_refresh=False, transient=True)
                self._live.start()
            self._live.update(_drawn(progress), refresh=True)

    def stop(self) -> None:
        """Wipe it away. Twice is once."""
        with self._lock:
            if self._live is not None:
                self._live.stop()
                self._live = None


def _drawn(progress: Progress) -> Group:
    until = f", until {_clock(progress.until)}" if progress.until else ""
    line = Text(clean(f"{progress.goal}{until} ({progress})"), style="dim")
    if not progress.servers:
        return Group(line)
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in _COLUMNS:
        table.add_column(column, no_wrap=column not in ("server", ""), overflow="fold")
    for watched in progress.servers:
        table.add_row(*_row(watched))
    return Group(table, line)


def _row(watched: Watched) -> tuple[Text, ...]:
    row = watched.row
    role = "" if row.role == "authoritative" else " (recursive)"
    detail = f"until {_clock(row.until)}" if row.until and not row.detail else row.detail
    texts = (f"{names.display(row.server.name)}{role}", str(row.server), row.verdict, _clock(watched.since, seconds=True), detail)
    styles = ("", "", _STYLES[row.verdict], "dim", "dim")
    return tuple(Text(clean(text), style=style) for text, style in zip(texts, styles, strict=True))


def _clock(at: datetime, *, seconds: bool = False) -> str:
    """Of this machine; with the day where it is another one."""
    here, today = at.astimezone(), datetime.now(at.tzinfo).astimezone().date()
    shown = f"{here:%H:%M:%S}" if seconds else f"{here:%H:%M}"
    return shown if here.date() == today else f"{shown}, {here:%Y-%m-%d}"
