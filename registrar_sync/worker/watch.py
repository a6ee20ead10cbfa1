"""The watch over what a run has written, wherever it was written: one worker at a time has it."""

from __future__ import annotations

import threading
from collections.abc import Callable

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
        _feed(watch, stopping)
    finally:
        watch.stop()
    if watch.failed is not None:
        raise watch.failed


def _feed(watch: RunWatch, stopping: threading.Event) -> None:
    while watch.failed is None and not stopping.is_set():
        watch.flush()
        if not watch.take_up():
            return
        stopping.wait(_LOOK_S)
