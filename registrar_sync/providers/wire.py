"""HTTP on the wire: one keep-alive session, and one time limit that holds for a whole exchange.

requests' own timeouts start anew with every byte that comes; a server that drips bytes for ever would never hit them. Here a
watchdog shuts the connection's socket down when the time is over, whatever the exchange is waiting for.
"""

from __future__ import annotations

import os
import socket
import threading
import time
from contextlib import suppress
from http.client import CONTINUE, SWITCHING_PROTOCOLS, HTTPException, HTTPResponse
from typing import Any, ClassVar
from urllib.parse import urlsplit

import requests
import urllib3
from requests.adapters import HTTPAdapter
from requests.structures import CaseInsensitiveDict
from requests.utils import get_environ_proxies
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError

from registrar_sync.providers.endpoint import is_loopback
from registrar_sync.providers.time_limit import TIME_LIMITS

RESPONSE_LIMIT = 64 * 1024 * 1024  # octets, unpacked: a zone of some hundred thousand records


class Lost(Exception):
    """No whole answer came. ``sent``: whether any octet of the request may have reached the server."""

    def __init__(self, why: str, *, sent: bool) -> None:
        super().__init__(why)
        self.sent = sent


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


class _FinalAnswer(HTTPResponse):
    """An answer that is final: those before it are read and left (RFC 9110 section 15.2).

    http.client passes over 100 only. Whatever it took for the final one would leave the true one on the connection, and the
    next call would get it.
    """

    def _read_status(self) -> tuple[str, int, str]:
        version, status, reason = super()._read_status()  # type: ignore[misc]
        if status == SWITCHING_PROTOCOLS:  # what follows is no HTTP
            raise HTTPException("the server switched to another protocol, unasked")
        return version, CONTINUE if status < 200 else status, reason


class _Watched(HTTPConnection):
    """A connection that tells its session which socket it uses, and that it has begun to send."""

    response_class = _FinalAnswer
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


class _WatchedTls(_Watched, HTTPSConnection):
    """The same over TLS."""


class _WatchedAdapter(HTTPAdapter):
    """requests' adapter with pools of watched connections, never a retry of its own."""

    def __init__(self, lifelines: Lifelines) -> None:
        plain = type("_Plain", (_Watched,), {"lifelines": lifelines})
        tls = type("_Tls", (_WatchedTls,), {"lifelines": lifelines})
        http_pool = type("_HttpPool", (urllib3.HTTPConnectionPool,), {"ConnectionCls": plain})
        https_pool = type("_HttpsPool", (urllib3.HTTPSConnectionPool,), {"ConnectionCls": tls})
        self._pools = {"http": http_pool, "https": https_pool}
        super().__init__(pool_connections=2, pool_maxsize=1)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = self._pools

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:
        manager = super().proxy_manager_for(proxy, **kwargs)
        manager.pool_classes_by_scheme = self._pools
        return manager


class Wire:
    """One session. Not for use by two threads at once."""

    def __init__(self, user_agent: str) -> None:
        self._lifelines = Lifelines()
        self.session = requests.Session()
        self.session.trust_env = False  # no ~/.netrc: it would replace the Authorization header
        self.session.headers["User-Agent"] = user_agent
        self.session.adapters.clear()
        for scheme in ("https://", "http://"):
            self.session.mount(scheme, _WatchedAdapter(self._lifelines))

    def prepared(self, request: requests.Request) -> requests.PreparedRequest:
        """As ``requests.Session.prepare_request``, without merging what this session never has: auth, params, hooks, files.
        Raises what that raises."""
        headers = CaseInsensitiveDict({**self.session.headers})
        headers.update(request.headers)
        prepared = requests.PreparedRequest()
        prepared.prepare(
            method=request.method,
            url=request.url,
            headers={name: value for name, value in headers.items() if value is not None},
            data=request.data,
            json=request.json,
            params=request.params,
            auth=request.auth,
            cookies=self.session.cookies,
        )
        return prepared

    def exchange(self, prepared: requests.PreparedRequest, limit_s: float) -> requests.Response:
        """Send one request and read its whole answer within ``limit_s`` seconds. Raises ``Lost``."""
        self._lifelines.begin()
        try:
            with TIME_LIMITS.within(limit_s, self._lifelines.cut):
                response = self._send(prepared, limit_s)
                _read_all(response)
        except (requests.RequestException, urllib3.exceptions.HTTPError, HTTPException, OSError) as error:
            raise self._lost(error, limit_s) from None  # its text may hold a URL with a key in it
        finally:
            self._lifelines.end()
        if self._lifelines.is_cut:  # a body without a length ends when the socket is shut: it looks whole and is not
            raise self._lost(None, limit_s)
        return response

    def close(self) -> None:
        """Close the connections."""
        self.session.close()
        self._lifelines.close()

    def _send(self, prepared: requests.PreparedRequest, limit_s: float) -> requests.Response:
        url = prepared.url or ""
        host = urlsplit(url).hostname or ""
        return self.session.send(
            prepared,
            stream=True,
            timeout=(limit_s, limit_s),
            allow_redirects=False,
            proxies={} if is_loopback(host) else get_environ_proxies(url, no_proxy=None),
            verify=os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE") or True,
        )

    def _lost(self, error: Exception | None, limit_s: float) -> Lost:
        if self._lifelines.is_cut or isinstance(error, requests.Timeout):
            return Lost(f"no whole answer within {limit_s:.0f} s", sent=self._lifelines.sent)
        return Lost(_reason(error), sent=self._lifelines.sent)


def _read_all(response: requests.Response) -> None:
    body = bytearray()
    for chunk in response.iter_content(65536):
        body += chunk
        if len(body) > RESPONSE_LIMIT:
            response.close()
            raise HTTPException(f"the answer is larger than {RESPONSE_LIMIT} octets")
    response._content = bytes(body)  # where requests itself puts a body that was streamed


def _reason(error: BaseException | None) -> str:
    """The innermost cause in plain words: requests wraps it in urllib3's and its own."""
    seen: list[str] = []
    while error is not None and len(seen) < 8:
        seen.append(str(error) or type(error).__name__)
        error = error.__cause__ or error.__context__
    return seen[-1] if seen else "the connection was lost"
