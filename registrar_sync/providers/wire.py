"""HTTP on the wire: kept connections, and one time limit that holds for a whole exchange.

requests' own timeouts start anew with every byte that comes; a server that drips bytes for ever would never hit them. Here a
watchdog shuts the connection's socket down when the time is over, whatever the exchange is waiting for.

An exchange goes straight to the connection, unless a proxy stands before it or the request is out of the ordinary: then requests
carries it. Either way connections are made, and servers' certificates checked, by urllib3 as requests tells it to.
"""

from __future__ import annotations

import os
import socket
from contextlib import suppress
from http.client import HTTPException
from math import ceil
from typing import Any, cast
from urllib.parse import SplitResult, urlsplit

import requests
import urllib3
from requests.cookies import extract_cookies_to_jar
from requests.structures import CaseInsensitiveDict
from requests.utils import get_environ_proxies
from urllib3.connection import HTTPConnection
from urllib3.exceptions import NewConnectionError

from registrar_sync.providers.answer import FinalAnswer, as_urllib3, fill, plain_answer
from registrar_sync.providers.endpoint import is_loopback
from registrar_sync.providers.lifelines import Lifelines, Verify, WatchedAdapter
from registrar_sync.providers.plain_request import octets_of, plainly_prepared
from registrar_sync.providers.time_limit import TIME_LIMITS

RESPONSE_LIMIT = 64 * 1024 * 1024  # octets, unpacked: a zone of some hundred thousand records
_MOST_SERVERS = 4  # of one account: an API, and whoever signs in for it

# urllib3 counts a connection that was refused among its timeouts.
_TIMEOUTS = (requests.Timeout, urllib3.exceptions.TimeoutError, TimeoutError)


class Lost(Exception):
    """No whole answer came. ``sent``: whether any octet of the request may have reached the server."""

    def __init__(self, why: str, *, sent: bool) -> None:
        super().__init__(why)
        self.sent = sent


class Wire:
    """One session. Not for use by two threads at once."""

    def __init__(self, user_agent: str) -> None:
        self._lifelines = Lifelines()
        self._adapter = WatchedAdapter(self._lifelines)
        self._straight: dict[tuple[str, str, Verify], HTTPConnection] = {}
        self._proxies: dict[tuple[str, str], dict[str, str]] = {}
        self.session = requests.Session()
        self.session.trust_env = False  # no ~/.netrc: it would replace the Authorization header
        self.session.headers["User-Agent"] = user_agent
        self._usual = tuple(self.session.headers.items())
        self.session.adapters.clear()
        for scheme in ("https://", "http://"):
            self.session.mount(scheme, self._adapter)

    def prepared(self, request: requests.Request) -> requests.PreparedRequest:
        """As ``requests.Session.prepare_request``, without merging what this session never has: auth, params, hooks, files.
        Raises what that raises, and ``UnicodeError`` for a header that http.client would not send."""
        if not len(self.session.cookies) and (plain := plainly_prepared(request, self._usual)):
            cast(Any, plain)._cookies = self.session.cookies  # asked for where an answer is a redirect
            return plain
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
        for value in prepared.headers.values():
            str(value).encode("latin-1")
        return prepared

    def exchange(self, prepared: requests.PreparedRequest, limit_s: float) -> requests.Response:
        """Send one request and read its whole answer within ``limit_s`` seconds. Raises ``Lost``."""
        self._lifelines.begin()
        try:
            with TIME_LIMITS.within(limit_s, self._lifelines.cut):
                response = self._exchanged(prepared, limit_s)
        except (requests.RequestException, urllib3.exceptions.HTTPError, HTTPException, OSError) as error:
            raise self._lost(error, limit_s) from None  # its text may hold a URL with a key in it
        finally:
            self._lifelines.end()
        if self._lifelines.is_cut:  # a body without a length ends when the socket is shut: it looks whole and is not
            raise self._lost(None, limit_s)
        return response

    def close(self) -> None:
        """Close the connections."""
        while self._straight:
            self._straight.popitem()[1].close()
        self.session.close()
        self._lifelines.close()

    def _exchanged(self, prepared: requests.PreparedRequest, limit_s: float) -> requests.Response:
        url = urlsplit(prepared.url or "")
        verify: Verify = os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE") or True
        proxies = self._proxies_to(url)
        if not proxies:
            connection = self._connection(prepared, url, verify)
            target = f"{url.path or '/'}?{url.query}" if url.query else url.path or "/"
            octets = octets_of(prepared, _host(connection), target)
            if octets is not None:
                return self._exchange_straight(connection, prepared, octets, limit_s)
        response = self.session.send(
            prepared, stream=True, timeout=(limit_s, limit_s), allow_redirects=False, proxies=proxies, verify=verify
        )
        _read_all(response)
        return response

    def _proxies_to(self, url: SplitResult) -> dict[str, str]:
        """By the environment as it was at first: looking at it costs as much as a call."""
        origin = url.scheme, url.netloc
        if origin not in self._proxies:
            if len(self._proxies) >= _MOST_SERVERS:
                self._proxies.clear()
            local = is_loopback(url.hostname or "")
            self._proxies[origin] = {} if local else get_environ_proxies(url.geturl(), no_proxy=None)
        return self._proxies[origin]

    def _connection(self, prepared: requests.PreparedRequest, url: SplitResult, verify: Verify) -> HTTPConnection:
        """The kept connection to a server, of the kind that requests would make; it need not be open."""
        key = url.scheme, url.netloc, verify
        found = self._straight.get(key)
        if found is None:
            if len(self._straight) >= _MOST_SERVERS:
                self._straight.pop(next(iter(self._straight))).close()
            found = self._straight[key] = self._adapter.new_connection(prepared, verify)
        return found

    def _exchange_straight(
        self, connection: HTTPConnection, prepared: requests.PreparedRequest, octets: bytes, limit_s: float
    ) -> requests.Response:
        """Whatever goes wrong half-way, the connection is not used again: the rest of this answer may still come."""
        came: FinalAnswer | None = None
        try:
            sock = _open(connection, limit_s)
            with suppress(BrokenPipeError, ConnectionResetError):  # it may have answered before it had read all
                connection.send(octets)
            came = FinalAnswer(sock, method=prepared.method)
            came.begin()
            response = self._read(prepared, came)
        except BaseException:
            connection.close()
            if came is not None:
                came.close()
            raise
        if came.will_close:
            connection.close()
        return response

    def _read(self, prepared: requests.PreparedRequest, came: FinalAnswer) -> requests.Response:
        if came.plain is not None:
            if (came.length or 0) > RESPONSE_LIMIT:
                raise _too_large()
            return plain_answer(prepared, came, came.read())
        raw = as_urllib3(came, prepared.method)
        response = self._adapter.build_response(prepared, raw)
        extract_cookies_to_jar(self.session.cookies, prepared, raw)  # type: ignore[no-untyped-call]
        _read_all(response)
        return response

    def _lost(self, error: Exception | None, limit_s: float) -> Lost:
        if self._lifelines.is_cut or (isinstance(error, _TIMEOUTS) and not isinstance(error, NewConnectionError)):
            return Lost(f"no whole answer within {limit_s:.0f} s", sent=self._lifelines.sent)
        return Lost(_reason(error), sent=self._lifelines.sent)


def _host(connection: HTTPConnection) -> str:
    """As http.client puts it into the header."""
    host = f"[{connection.host}]" if ":" in connection.host else connection.host
    return host if connection.port in (None, connection.default_port) else f"{host}:{connection.port}"


def _open(connection: HTTPConnection, limit_s: float) -> socket.socket:
    """Its socket, connected anew where the server has closed it, or sends what nobody asked for."""
    if connection.sock is not None and not connection.is_connected:
        connection.close()
    if connection.sock is None:
        connection.timeout = limit_s
        connection.connect()
    sock: socket.socket = connection.sock
    if (sock.gettimeout() or 0.0) < limit_s:  # to set it is a system call; what is left of a call's time, the watchdog sees to
        sock.settimeout(ceil(limit_s))
    return sock


def _too_large() -> HTTPException:
    return HTTPException(f"the answer is larger than {RESPONSE_LIMIT} octets")


def _read_all(response: requests.Response) -> None:
    body = bytearray()
    for chunk in response.iter_content(65536):
        body += chunk
        if len(body) > RESPONSE_LIMIT:
            response.close()
            raise _too_large()
    fill(response, bytes(body))


def _reason(error: BaseException | None) -> str:
    """The innermost cause in plain words: requests wraps it in urllib3's and its own."""
    seen: list[str] = []
    while error is not None and len(seen) < 8:
        seen.append(str(error) or type(error).__name__)
        error = error.__cause__ or error.__context__
    return seen[-1] if seen else "the connection was lost"
