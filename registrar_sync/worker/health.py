"""Whether this worker is well, told over HTTP, and the end of one that is not: systemd starts it anew."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from socket import AF_INET6
from socketserver import TCPServer
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from prometheus_client import CollectorRegistry, make_wsgi_app

from registrar_sync.bulk.fence import awake_s
from registrar_sync.errors import JournalUnusable, UsageError
from registrar_sync.worker.pulse import Pulse

_log = logging.getLogger(__name__)

SICK = 70
"""The exit code of a worker that ended itself (EX_SOFTWARE)."""

_Start = Callable[[str, list[tuple[str, str]]], Any]


@dataclass(slots=True)
class Health:
    """Whether this worker says in the database that it lives. ``worker_ids``: its own rows there; ``hung_s``: how long it may be
    silent, though the database answers, until it is ended by ``exit_now``. One that cannot be reached is waited for.
    ``without``: accounts that it leaves to other workers, and why."""

    pulse: Pulse
    worker_ids: Callable[[], Iterable[int]]
    hung_s: float
    exit_now: Callable[[int], object]
    without: Mapping[str, str] = field(default_factory=dict)
    _is_over: threading.Event = field(default_factory=threading.Event, init=False)
    _silent_since: float | None = field(default=None, init=False)

    def why_not(self) -> str:
        """Why it is not well; "" while it is."""
        try:
            age_s = self.pulse.own_age_s(list(self.worker_ids()))
        except JournalUnusable as error:
            self._silent_since = None
            return error.message
        if age_s is not None and age_s < self.hung_s:
            self._silent_since = None
            return ""
        if self._silent_since is None:
            self._silent_since = awake_s()
        return "This worker does not say in the database that it lives, though the database answers."

    @property
    def told(self) -> str:
        """What is said of a worker that is well."""
        lines = (f"without account {name}: {' '.join(why.split())}" for name, why in sorted(self.without.items()))
        return "\n".join(["ok", *lines])

    @property
    def is_silent(self) -> bool:
        """Whether nothing was heard of it the last time, though the database answered."""
        return self._silent_since is not None

    def start(self) -> None:
        """Watch over it, in a thread."""
        threading.Thread(target=self._run, daemon=True, name="health").start()

    def stop(self) -> None:
        """No more."""
        self._is_over.set()

    def _run(self) -> None:
        while not self._is_over.wait(self.hung_s / 6):
            why = self.why_not()
            if why and self._silent_since is not None and awake_s() - self._silent_since > self.hung_s:
                _log.error("%s It ends itself, to be started anew; what was begun is taken over.", why)
                self.exit_now(SICK)


class Page:
    """``/metrics`` and ``/healthz`` on an address of its own."""

    def __init__(self, address: tuple[str, int], registry: CollectorRegistry, health: Health) -> None:
        """Listens at once. Raises ``UsageError`` where that address cannot be had."""
        self._metrics = make_wsgi_app(registry)
        self._health = health
        try:
            kind = _Server6 if ":" in address[0] else _Server
            self._server = make_server(*address, self._answer, server_class=kind, handler_class=_Quiet)
        except OSError as error:
            raise UsageError(f"Nobody can listen at {address[0]}:{address[1]}: {error.strerror}. Nothing was done.") from error

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self._server.server_port)

    def start(self) -> None:
        """Answer, in a thread."""
        threading.Thread(target=self._server.serve_forever, daemon=True, name="metrics").start()

    def stop(self) -> None:
        """No more."""
        self._server.shutdown()
        self._server.server_close()

    def _answer(self, environ: dict[str, Any], start: _Start) -> Iterable[bytes]:
        path = environ.get("PATH_INFO")
        if path == "/metrics":
            return self._metrics(environ, start)  # type: ignore[no-any-return]
        if path == "/healthz":
            why = self._health.why_not()
            return _text(start, "503 Service Unavailable" if why else "200 OK", why or self._health.told)
        return _text(start, "404 Not Found", "/metrics or /healthz")


def _text(start: _Start, status: str, text: str) -> Iterable[bytes]:
    start(status, [("Content-Type", "text/plain; charset=utf-8")])
    return [f"{text}\n".encode()]


class _Server(WSGIServer):
    """One question after the other: a scrape reads the database, and nobody needs two at once."""

    def server_bind(self) -> None:
        """As it was, but its own name is not looked up."""
        TCPServer.server_bind(self)
        self.server_name, self.server_port = str(self.server_address[0]), int(self.server_address[1])
        self.setup_environ()


class _Server6(_Server):
    address_family = AF_INET6


class _Quiet(WSGIRequestHandler):
    """Logs no requests."""

    timeout = 10  # nobody keeps the others out by saying nothing

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - its own name
        """Nothing."""
