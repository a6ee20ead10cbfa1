"""DNS questions over HTTPS (RFC 8484), for a network that closes port 53: POST, the certificate checked, within a time limit."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import dns.exception
import dns.flags
import dns.message

from registrar_sync.core.observation import NO_ANSWER, Server
from registrar_sync.ports import Clock
from registrar_sync.resolver.exchange import Unanswered
from registrar_sync.tls import reason_of, trusting_context

if TYPE_CHECKING:
    import urllib3

MEDIA_TYPE = "application/dns-message"
LARGEST = 65_535
"""Octets of a DNS message: its length has 16 bits over TCP, and RFC 8484 keeps to that."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DohServer:
    """``url``: where to POST, as the resolver's operator publishes it. ``addresses``: to connect to; empty: those that the
    system finds for the host, which needs a DNS that still answers."""

    url: str
    addresses: tuple[str, ...] = ()

    @property
    def host(self) -> str:
        """The name that the certificate must be valid for."""
        return urlsplit(self.url).hostname or ""

    @property
    def port(self) -> int:
        """443 where none is given."""
        return urlsplit(self.url).port or 443

    @property
    def target(self) -> str:
        """Path and query."""
        parts = urlsplit(self.url)
        return f"{parts.path or '/'}{'?' if parts.query else ''}{parts.query}"


class Doh:
    """Asks resolvers over HTTPS, in order. Safe from many threads. No proxy is used; a redirect is no answer."""

    def __init__(self, servers: Sequence[DohServer], *, clock: Clock, timeout_s: float = 5.0) -> None:
        self.servers = tuple(servers)
        self._clock = clock
        self._timeout_s = timeout_s
        self._lock = threading.Lock()
        self._trust: ssl.SSLContext | None = None

    def ask(self, name: str, rtype: str) -> dns.message.Message:
        """The response of the first that gives one, whatever its RCODE. Raises ``Unanswered``."""
        failures = []
        for server in self.servers:
            try:
                return self.ask_one(server, name, rtype)[1]
            except Unanswered as error:
                failures.append(f"{server.host}: {error}")
        raise Unanswered("; ".join(failures) or "nobody to ask over HTTPS")

    def ask_one(
        self, server: DohServer, name: str, rtype: str, *, checking_disabled: bool = False
    ) -> tuple[Server, dns.message.Message]:
        """One resolver's response, and the address it came from. Its addresses share the time. Raises ``Unanswered``."""
        query = dns.message.make_query(name, rtype, use_edns=0, id=0)  # id 0: like questions look alike (RFC 8484)
        if checking_disabled:
            query.flags |= dns.flags.CD
        ends = self._clock.monotonic() + self._timeout_s
        addresses = server.addresses or _resolved(server)
        failures = []
        for index, address in enumerate(addresses):
            share_s = (ends - self._clock.monotonic()) / (len(addresses) - index)
            try:
                response = _matched(query, self._post(server, address, query.to_wire(), share_s))
            except Unanswered as error:
                failures.append(f"{address}: {error}")
            else:
                return Server(name=f"{server.host}.", address=address, port=server.port), response
        raise Unanswered(f"{NO_ANSWER} over HTTPS ({'; '.join(failures)})")

    def _post(self, server: DohServer, address: str, body: bytes, limit_s: float) -> bytes:
        import urllib3  # noqa: PLC0415 - slow to import, and port 53 is seldom closed

        if limit_s <= 0:
            raise Unanswered("no time was left to ask")
        # Connecting and the handshake may take a quarter each: urllib3 counts the limit of connecting for either.
        timeout = urllib3.Timeout(connect=limit_s / 4, total=limit_s)
        try:
            with urllib3.HTTPSConnectionPool(
                address, server.port, timeout=timeout, retries=False, ssl_context=self._trusted(), server_hostname=server.host
            ) as pool:
                headers = {"Host": server.host, "Accept": MEDIA_TYPE, "Content-Type": MEDIA_TYPE, "User-Agent": "registrar-sync"}
                response = pool.urlopen("POST", server.target, body=body, headers=headers, redirect=False, preload_content=False)
                try:
                    return _body(response)
                finally:
                    response.close()
        except (urllib3.exceptions.HTTPError, OSError, ValueError) as error:
            raise Unanswered(reason_of(error)) from error

    def _trusted(self) -> ssl.SSLContext:
        """One for all questions: reading the certificates takes longer than a question does."""
        with self._lock:
            if self._trust is None:
                self._trust = trusting_context()
            return self._trust


def _resolved(server: DohServer) -> tuple[str, ...]:
    """The system's opinion of the host's addresses. Raises ``Unanswered``."""
    try:
        found = socket.getaddrinfo(server.host, server.port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise Unanswered(f"{NO_ANSWER}: the system finds no address for {server.host}") from error
    return tuple(dict.fromkeys(str(entry[4][0]) for entry in found))


def _body(response: urllib3.BaseHTTPResponse) -> bytes:
    if response.status != 200:
        raise Unanswered(f"HTTP {response.status}")
    if response.headers.get("Content-Type", "").partition(";")[0].strip().lower() != MEDIA_TYPE:
        raise Unanswered("its answer is no DNS message")
    body = b""
    while piece := response.read(LARGEST + 1, decode_content=False):
        body += piece
        if len(body) > LARGEST:
            raise Unanswered(f"its answer is longer than {LARGEST} octets")
    return body


def _matched(query: dns.message.Message, wire: bytes) -> dns.message.Message:
    try:
        response = dns.message.from_wire(wire)
    except dns.exception.DNSException as error:
        raise Unanswered("its answer is garbled") from error
    if not query.is_response(response) or response.flags & dns.flags.TC:
        raise Unanswered("its answer is not to our question")
    return response
