"""Which servers were found silent a moment ago: not waited for again at once, since domain after domain would be."""

from __future__ import annotations

from registrar_sync.core.observation import Server
from registrar_sync.ports import Clock

_SILENCE_S = 30.0


class Silences:
    """Remembers each for ``_SILENCE_S`` seconds. Safe from many threads."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._until: dict[Server, float] = {}

    def __contains__(self, server: Server) -> bool:
        return self._clock.monotonic() < self._until.get(server, float("-inf"))

    def add(self, server: Server) -> None:
        """It is silent, from now on."""
        self._until[server] = self._clock.monotonic() + _SILENCE_S
