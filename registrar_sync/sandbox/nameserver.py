"""The authoritative name server: UDP and TCP on one port, in a thread of its own."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import socket
import threading
from collections.abc import Callable
from typing import Literal, cast

import dns.exception
import dns.message
import dns.name
import dns.rcode

from registrar_sync.errors import UsageError
from registrar_sync.sandbox.answers import ServedZone, indexed, respond, truncated, udp_wire
from registrar_sync.sandbox.store import Store
from registrar_sync.sandbox.switches import Switches
from registrar_sync.sandbox.zone import Zone

Mode = Literal["lag", "lie", "drop", "refuse", "servfail", "tcp-only"]
"""How a server behaves. ``lag``: serves what was due ``lag_s`` ago (0: an honest server); ``lie``: the newest serial with
the records of ``lag_s`` ago; ``drop``: never answers; ``refuse`` and ``servfail``: that code to everything; ``tcp-only``:
every UDP answer truncated."""
Address = tuple[str, int]

IDLE_S = 10.0
HEADER = 12
PORT_ATTEMPTS = 50


class NameServer:
    """One server over the store. ``address`` is known from the start: the sockets are bound in the constructor."""

    def __init__(
        self, store: Store, switches: Switches, address: Address = ("127.0.0.1", 0), *, mode: Mode = "lag", lag_s: float = 0.0
    ) -> None:
        self._store = store
        self._mode = mode
        self._lag_s = lag_s
        self._outside = dns.rcode.from_text("NXDOMAIN" if switches.dns_outside_zones == "nxdomain" else "REFUSED")
        self._index: dict[str, tuple[tuple[object, ...], ServedZone]] = {}
        self._udp, self._tcp = bound_pair(address)
        self.address: Address = self._tcp.getsockname()[:2]
        self._ready = threading.Event()
        self._wake: Callable[[], object] = lambda: None
        self._thread = threading.Thread(target=self._run, name="sandbox-nameserver", daemon=True)

    def start(self) -> None:
        """Answer from now on."""
        self._thread.start()
        self._ready.wait()

    def stop(self) -> None:
        """Close the sockets and end the thread, also of a server that was never started. Twice is once."""
        if self._thread.is_alive():
            self._ready.wait()
            self._wake()
            self._thread.join()
        self._udp.close()
        self._tcp.close()

    # --- answers -----------------------------------------------------------------------------------------------------
    def answer(self, wire: bytes, *, udp: bool) -> bytes | None:
        """The response to a message, None where there is none to give. Never raises, whatever comes in."""
        if self._mode == "drop":
            return None
        try:
            query = dns.message.from_wire(wire)
            response = self._respond(query)
        except (dns.exception.DNSException, ValueError):
            return _format_error(wire)
        if udp and self._mode == "tcp-only":
            return truncated(response)
        return udp_wire(response, query) if udp else response.to_wire(max_size=65535)

    def _respond(self, query: dns.message.Message) -> dns.message.Message:
        if self._mode in ("refuse", "servfail"):
            response = dns.message.make_response(query)
            response.set_rcode(dns.rcode.REFUSED if self._mode == "refuse" else dns.rcode.SERVFAIL)
            return response
        return respond(query, self._find, outside=self._outside)

    def _find(self, name: dns.name.Name) -> ServedZone | None:
        zones = self._store.zones()
        while True:
            zone = zones.get(name.to_text().lower())
            if zone:
                return self._served(zone)
            if name == dns.name.root:
                return None
            name = name.parent()

    def _served(self, zone: Zone) -> ServedZone:
        now = self._store.now()
        publication = zone.served(now - self._lag_s)
        serial = zone.served(now).serial if self._mode == "lie" else publication.serial
        what = (zone.soa, zone.soa_ttl, zone.default_ttl, publication, serial)
        known = self._index.get(zone.name)
        if known and known[0] == what:
            return known[1]
        served = indexed(zone, publication, serial)
        self._index[zone.name] = (what, served)
        return served

    # --- sockets -----------------------------------------------------------------------------------------------------
    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        finally:
            self._ready.set()

    async def _serve(self) -> None:
        loop, over = asyncio.get_running_loop(), asyncio.Event()
        self._wake = lambda: loop.call_soon_threadsafe(over.set)
        transport, _ = await loop.create_datagram_endpoint(lambda: _Datagrams(self), sock=self._udp)
        server = await asyncio.start_server(self._converse, sock=self._tcp)
        self._ready.set()
        await over.wait()
        transport.close()
        server.close()
        talks = asyncio.all_tasks() - {asyncio.current_task()}
        for talk in talks:
            talk.cancel()
        await asyncio.gather(*talks, return_exceptions=True)

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, EOFError, TimeoutError, asyncio.CancelledError):
            while True:
                async with asyncio.timeout(IDLE_S):
                    length = int.from_bytes(await reader.readexactly(2))
                    answer = self.answer(await reader.readexactly(length), udp=False)
                    if answer is not None:
                        writer.write(len(answer).to_bytes(2) + answer)
                        await writer.drain()
        writer.close()
        with contextlib.suppress(OSError, asyncio.CancelledError):
            await writer.wait_closed()


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, server: NameServer) -> None:
        self._server = server

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: Address) -> None:
        answer = self._server.answer(data, udp=True)
        if answer is not None:
            self._transport.sendto(answer, addr)


def _format_error(wire: bytes) -> bytes | None:
    """FORMERR with the query's id; nothing for what is no query (a response must never be answered)."""
    if len(wire) < HEADER or wire[2] & 0x80:
        return None
    return wire[:2] + bytes([0x80 | (wire[2] & 0x79), 1]) + bytes(8)


def bound_pair(address: Address) -> tuple[socket.socket, socket.socket]:
    """A UDP and a TCP socket on the same port; port 0 takes one that is free for both. Raises ``UsageError``."""
    family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
    for attempt in range(PORT_ATTEMPTS):
        tcp = bound(address, family, socket.SOCK_STREAM)
        udp = socket.socket(family, socket.SOCK_DGRAM)
        try:
            udp.bind(tcp.getsockname()[:2])
        except OSError as error:
            udp.close()
            tcp.close()
            if address[1] or error.errno != errno.EADDRINUSE or attempt == PORT_ATTEMPTS - 1:
                raise _not_bound(address, error) from error
        else:
            return udp, tcp
    raise AssertionError("unreachable: the last attempt returns or raises")


def bound(address: Address, family: socket.AddressFamily, kind: socket.SocketKind) -> socket.socket:
    """A listening socket. Raises ``UsageError`` where the address cannot be had."""
    # asyncio sets TCP_NODELAY only where the protocol is named; without it each answer waits for a delayed ACK
    sock = socket.socket(family, kind, socket.IPPROTO_TCP)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind(address)
        sock.listen(128)
    except OSError as error:
        sock.close()
        raise _not_bound(address, error) from error
    return sock


def _not_bound(address: Address, error: OSError) -> UsageError:
    return UsageError(
        f"The sandbox cannot listen at {address[0]}:{address[1]}: {error.strerror}.", hint="Port 0 takes a free one."
    )
