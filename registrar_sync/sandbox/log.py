"""The request log: every request to a simulated vendor, in the order of the answers."""

from __future__ import annotations

import threading
from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class LoggedRequest:
    """One request. ``path`` as it was asked, query included; ``status`` 0 where the connection was broken off."""

    method: str
    path: str
    status: int


class RequestLog:
    """Appended to by the HTTP side, read by tests and at ``GET /_sandbox/requests``."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._requests: list[LoggedRequest] = []

    def add(self, method: str, path: str, status: int) -> None:
        """Append one request."""
        with self._lock:
            self._requests.append(LoggedRequest(method, path, status))

    def clear(self) -> None:
        """Forget all."""
        with self._lock:
            self._requests.clear()

    def entries(self) -> list[dict[str, str | int]]:
        """``{method, path, status}`` of every request so far."""
        with self._lock:
            return [asdict(request) for request in self._requests]
