"""Connections whose sockets another thread can shut down: the one way to end an exchange whatever it is waiting for."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import suppress
from typing import Any, ClassVar, cast

import requests
import urllib3
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError

from registrar_sync.providers.answer import FinalAnswer

Verify = bool | str
"""How a server's certificate is checked. True: by the usual authorities; else by those of this file or folder."""


class Lifelines:
    """The open sockets of one session, so that another thread can shut them down."""

    def __init__(self) -> None:
        self._sockets: set[socket.socket] = set()
        self._leaving: list[socket.socket] = []
        self._lock = threading.Lock()
        self.is_cut = False
        self.sent = False

    def add(self, sock: socket.socket) -> socket.socket:
        """Remember a connection. A duplicate handle is kept: wrapping a socket in TLS takes the original away."""
        handle = sock.dup()
        with self._lock:
            self._sockets.add(handle)
            if self.is_cut:
                _shut(handle)
        return handle

    def drop(self, handle: socket.socket) -> None:
        """Forget a closed connection when the exchange is over: http.client closes it before the body is read."""
        with self._lock:
            self._leaving.append(handle)

    def end(self) -> None:
        """The exchange is over."""
        with self._lock:
            for handle in self._leaving:
                self._sockets.discard(handle)
                handle.close()
            self._leaving.clear()

    def close(self) -> None:
        """Let go of every connection."""
        with self._lock:
            self._leaving.extend(self._sockets)
        self.end()

    def begin(self) -> None:
        """Start an exchange: nothing is sent, nothing is cut."""
        with self._lock:
            self.is_cut = self.sent = False

    def cut(self) -> None:
        """The time is over: whoever reads or writes on one of the sockets is woken with an end of file."""
        with self._lock:
            self.is_cut = True
            for handle in self._sockets:
                _shut(handle)


def _shut(handle: socket.socket) -> None:
    with suppress(OSError):
        handle.shutdown(socket.SHUT_RDWR)


class Watched(HTTPConnection):
    """A connection that tells its session which socket it uses, and that it has begun to send."""

    response_class = FinalAnswer
    lifelines: ClassVar[Lifelines]
    _handle: socket.socket | None = None

    def _new_conn(self) -> socket.socket:
        limit_s = self.timeout if isinstance(self.timeout, int | float) else 15.0
        ends = time.monotonic() + limit_s
        failure: OSError | None = None
        for family, kind, protocol, _, address in self._addresses(limit_s):
            if time.monotonic() >= ends or self.lifelines.is_cut:
                break
            sock = socket.socket(family, kind, protocol)
            try:
                self._handle = self.lifelines.add(sock)
                sock.settimeout(max(ends - time.monotonic(), 0.001))
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                sock.connect(address)
            except OSError as error:
                failure = error
                self._forget()
                sock.close()
            else:
                return sock
        if failure is None or isinstance(failure, TimeoutError):
            raise ConnectTimeoutError(self, "the connection took too long")
        raise NewConnectionError(self, f"no connection: {failure.strerror or failure}") from failure

    def _addresses(self, limit_s: float) -> list[Any]:
        """Look the host up, in a thread of its own: the system's resolver knows no time limit. An address is not looked up."""
        with suppress(OSError, UnicodeError):
            return list(socket.getaddrinfo(self._dns_host, self.port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST))
        found: list[Any] = []
        failed: list[OSError] = []

        def look_up() -> None:
            try:
                found.extend(socket.getaddrinfo(self._dns_host, self.port, type=socket.SOCK_STREAM))
            except OSError as error:
                failed.append(error)
            except UnicodeError as error:  # a label that IDNA refuses
                failed.append(OSError(f"the host name cannot be looked up: {error}"))

        thread = threading.Thread(target=look_up, daemon=True)
        thread.start()
        thread.join(limit_s)
        if failed:
            raise NewConnectionError(self, f"{self.host} cannot be looked up: {failed[0].strerror or failed[0]}") from failed[0]
        return list(found)

    def send(self, data: Any) -> None:
        if self.sock is None:
            self.connect()
        self.lifelines.sent = True
        super().send(data)

    def close(self) -> None:
        super().close()
        self._forget()

    def _forget(self) -> None:
        if self._handle is not None:
            self.lifelines.drop(self._handle)
            self._handle = None


class WatchedTls(Watched, HTTPSConnection):
    """The same over TLS."""


class WatchedAdapter(HTTPAdapter):
    """requests' adapter with pools of watched connections, never a retry of its own."""

    def __init__(self, lifelines: Lifelines) -> None:
        plain = type("_Plain", (Watched,), {"lifelines": lifelines})
        tls = type("_Tls", (WatchedTls,), {"lifelines": lifelines})
        http_pool = type("_HttpPool", (urllib3.HTTPConnectionPool,), {"ConnectionCls": plain})
        https_pool = type("_HttpsPool", (urllib3.HTTPSConnectionPool,), {"ConnectionCls": tls})
        self._pools = {"http": http_pool, "https": https_pool}
        super().__init__(pool_connections=2, pool_maxsize=1)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = self._pools

    def new_connection(self, prepared: requests.PreparedRequest, verify: Verify) -> HTTPConnection:
        """Straight to the request's server, with TLS as requests sets it up; not opened yet."""
        pool: Any = self.get_connection_with_tls_context(prepared, verify, proxies={})
        self.cert_verify(pool, prepared.url or "", verify, None)  # type: ignore[no-untyped-call]
        return cast(HTTPConnection, pool._new_conn())

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:
        manager = super().proxy_manager_for(proxy, **kwargs)
        manager.pool_classes_by_scheme = self._pools
        return manager
