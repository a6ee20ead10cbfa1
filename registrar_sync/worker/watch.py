"""The watch over what a run has written, wherever it was written: one worker at a time has it."""

from __future__ import annotations

import threading
from collections.abc import Callable

from registrar_sync.bulk.outcome import Watched
from registrar_sync.bulk.stage import Stage
from registrar_sync.bulk.tally import Moved
from registrar_sync.bulk.watching import RunWatch

_LOOK_S = 2.0  # between two looks at what the lanes have written meanwhile

WatchOf = Callable[[Stage, Callable[[Moved], None]], RunWatch]
"""Makes the watch of a run, told of each row that ended."""


def watch_run(stage: Stage, watch_of: WatchOf, stopping: threading.Event) -> None:
    """Watch until no row of the run stands as written, or ``stopping``. What still waits then is in the journal, due times
    included. Raises ``JournalUnusable``."""
    watch = watch_of(stage, stage.moved)
    watch.start()
    try:
        _feed(stage, watch, stopping)
    finally:
        watch.stop()
    if watch.failed is not None:
        raise watch.failed


def _feed(stage: Stage, watch: RunWatch, stopping: threading.Event) -> None:
    known: set[int] = set()
    while watch.failed is None and not stopping.is_set():
        watch.flush()
        rows = stage.book.written(stage.run.id)
        if not rows:
            return
        for row in rows:
            if row.change_id is not None and row.change_id not in known:
                watch.add(Watched.of(row), row.change_id)
        known = {row.change_id for row in rows if row.change_id is not None}
        stopping.wait(_LOOK_S)
