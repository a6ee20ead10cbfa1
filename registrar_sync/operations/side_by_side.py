"""Many items worked on side by side, in a bounded number of threads, their results in the order of the items.

Items are read as they come and only a bounded number ahead, so that a list may be endless, and each result is given out as
soon as it and those before it are there: a slow source does not hold back what is done.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from queue import SimpleQueue
from typing import TypeVar

from registrar_sync.operations.pulse import next_of, result_of

_AHEAD = 4  # items a worker: enough that one slow item does not leave the other workers without work

Item = TypeVar("Item")
Done = TypeVar("Done")


def side_by_side(work: Callable[[Item], Done], items: Iterable[Item], *, workers: int = 16) -> Iterator[Done]:
    """``work`` on each item; ``items`` is read in a thread of its own. What work or items raise is raised here, in its turn.

    A caller that stops early waits for nothing: what is under way ends by itself, the rest is not begun.
    """
    slots = threading.Semaphore(workers * _AHEAD)
    queued: SimpleQueue[Future[Done] | None] = SimpleQueue()
    stopped = threading.Event()
    pool = ThreadPoolExecutor(workers)

    def read() -> None:
        try:
            for item in items:
                slots.acquire()
                if stopped.is_set():
                    return
                queued.put(pool.submit(work, item))
        except Exception as error:  # noqa: BLE001 - it is the caller's, who reads it from the queue
            failed: Future[Done] = Future()
            failed.set_exception(error)
            queued.put(failed)
        finally:
            queued.put(None)

    # a daemon: it may be waiting for a line that never comes
    threading.Thread(target=read, name="items", daemon=True).start()
    try:
        while (future := next_of(queued)) is not None:
            yield result_of(future)
            slots.release()
    finally:
        stopped.set()
        slots.release()
        pool.shutdown(wait=False, cancel_futures=True)
