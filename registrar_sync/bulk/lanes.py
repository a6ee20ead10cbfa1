"""Rows worked on in threads, so many for each account: none waits for another account's, and none is held by a failing one."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass, field
from queue import Queue, SimpleQueue
from typing import Generic, Protocol, TypeVar

from registrar_sync.operations.pulse import next_of

Item = TypeVar("Item")
Item_contra = TypeVar("Item_contra", contravariant=True)
Done = TypeVar("Done")
Done_co = TypeVar("Done_co", covariant=True)

_AHEAD = 2  # items a worker: the next one is there when one ends, and little is read ahead


class Worker(Protocol[Item_contra, Done_co]):
    """What one thread does, item by item."""

    def work(self, item: Item_contra) -> Done_co:
        """The result of one item. Raises nothing that is known."""
        ...

    def close(self) -> None:
        """Give back what it held."""
        ...


@dataclass(slots=True)
class Lane(Generic[Item, Done]):
    """One account's rows, and how many threads may work on them, each with a worker of its own."""

    items: Iterator[Item]
    threads: int
    worker: Callable[[], Worker[Item, Done]]
    _waiting: Queue[Item | None] = field(default_factory=Queue, init=False)

    def feed(self) -> bool:
        """Hand the next item out, if there is one."""
        for item in self.items:
            self._waiting.put(item)
            return True
        return False

    def start(self, ended: SimpleQueue[_Ended[Item, Done]], stopped: threading.Event) -> list[threading.Thread]:
        """Begin; each item ends in ``ended``. Daemons: a call that hangs does not keep the process."""
        threads = [threading.Thread(target=self._run, args=(ended, stopped), daemon=True) for _ in range(self.threads)]
        for thread in threads:
            thread.start()
        return threads

    def end(self) -> None:
        """No more items: let the threads go home."""
        for _ in range(self.threads):
            self._waiting.put(None)

    def _run(self, ended: SimpleQueue[_Ended[Item, Done]], stopped: threading.Event) -> None:
        worker = self.worker()
        try:
            while (item := self._waiting.get()) is not None and not stopped.is_set():
                ended.put(_one(self, worker, item))
        finally:
            worker.close()


@dataclass(frozen=True, slots=True)
class _Ended(Generic[Item, Done]):
    lane: Lane[Item, Done]
    item: Item
    done: Done | None
    error: BaseException | None = None


def _one(lane: Lane[Item, Done], worker: Worker[Item, Done], item: Item) -> _Ended[Item, Done]:
    try:
        return _Ended(lane, item, worker.work(item))
    except BaseException as error:  # noqa: BLE001 - it is raised where the results are read
        return _Ended(lane, item, None, error)


def drain(lanes: Iterable[Lane[Item, Done]]) -> Generator[tuple[Item, Done], None, None]:
    """Every lane's items with their results, as they end. What a worker raises is raised here.

    The lanes' items are read in the caller's thread. A caller that stops early waits for nothing: what is under way ends by
    itself, the rest is not begun.
    """
    ended: SimpleQueue[_Ended[Item, Done]] = SimpleQueue()
    stopped = threading.Event()
    running = list(lanes)
    threads: list[threading.Thread] = []
    try:
        under_way = sum(lane.feed() for lane in running for _ in range(lane.threads * _AHEAD))
        threads = [thread for lane in running for thread in lane.start(ended, stopped)]
        while under_way:
            one = next_of(ended)
            if one.error is not None:
                raise one.error
            under_way += one.lane.feed() - 1
            yield one.item, one.done  # type: ignore[misc]
    finally:
        if under_way:
            stopped.set()
        for lane in running:
            lane.end()
        if not stopped.is_set():
            for thread in threads:
                thread.join()
