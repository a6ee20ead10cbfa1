"""Finding out who answers for many domains: a few threads, none of which anybody has to wait for."""

from __future__ import annotations

import threading
from collections.abc import Callable
from queue import SimpleQueue

from registrar_sync.core.observation import Delegation
from registrar_sync.ports import Resolver

Told = Callable[[Delegation | Exception], None]


class Delegations:
    """``workers`` threads at the most, started when they are needed. The resolver remembers what it found."""

    def __init__(self, *, workers: int = 16) -> None:
        self._most = workers
        self._threads: list[threading.Thread] = []
        self._wanted: SimpleQueue[tuple[Resolver, str, Told] | None] = SimpleQueue()

    def find(self, resolver: Resolver, owner: str, told: Told) -> None:
        """Returns at once; ``told`` is called once, from another thread, with the delegation or why there is none."""
        self._wanted.put((resolver, owner, told))
        if len(self._threads) < self._most:
            # a daemon: it may be waiting for a server that never answers when the process is to end
            thread = threading.Thread(target=self._work, name="delegations", daemon=True)
            self._threads.append(thread)
            thread.start()

    def close(self) -> None:
        """Begin nothing more; what is under way ends by itself."""
        while not self._wanted.empty():
            self._wanted.get()
        for _ in self._threads:
            self._wanted.put(None)

    def _work(self) -> None:
        while (wanted := self._wanted.get()) is not None:
            resolver, owner, told = wanted
            told(_found(resolver, owner))


def _found(resolver: Resolver, owner: str) -> Delegation | Exception:
    try:
        return resolver.delegation(owner)
    except Exception as error:  # noqa: BLE001 - whoever asked is told, and raises what it does not know
        return error
