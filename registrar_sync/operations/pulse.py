"""Waits that hear Ctrl-C: one that comes just before a wait without an end would be heard only after it."""

from __future__ import annotations

from concurrent.futures import Future
from concurrent.futures import wait as wait_for
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import TypeVar

Item = TypeVar("Item")

_PULSE_S = 0.5


def next_of(queue: SimpleQueue[Item]) -> Item:
    """The next in the queue."""
    while True:
        with suppress(Empty):
            return queue.get(timeout=_PULSE_S)


def result_of(future: Future[Item]) -> Item:
    """What the work came to; what it raised is raised."""
    while not wait_for([future], timeout=_PULSE_S).done:
        pass
    return future.result()
