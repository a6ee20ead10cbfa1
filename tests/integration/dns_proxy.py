"""A door in front of a real name server, over TCP: it passes messages on, and lets a test alter, hold or lose them."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

import dns.flags
import dns.message
import dns.opcode
import dns.rcode

from tests.integration.bind import key

Forward = Callable[[bytes], bytes]
Rule = Callable[[bytes, Forward], bytes | None]
"""Gets a message and a way to pass it on; gives the answer's octets, or None to hang up."""


def is_update(wire: bytes) -> bool:
    return dns.opcode.from_flags(struct.unpack("!H", wire[2:4])[0]) == dns.opcode.UPDATE


def pass_on(wire: bytes, forward: Forward) -> bytes:
    return forward(wire)


@dataclass
class Proxy:
    """``conversations``: connections taken so far. ``before``: called with its number, from 0, before one is served."""

    target: tuple[str, int]
    port: int = 0
    rule: Rule = pass_on
    before: Callable[[int], None] = lambda number: None
    conversations: int = 0
    updates: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def forward(self, wire: bytes) -> bytes:
        with socket.create_connection(self.target, timeout=10) as server:
            server.sendall(struct.pack("!H", len(wire)) + wire)
            return _message(server) or b""

    def serve(self, client: socket.socket) -> None:
        with self._lock, client, suppress(OSError):  # one after the other: what a test counts has an order
            client.settimeout(10)
            self.before(self.conversations)
            self.conversations += 1
            while wire := _message(client):
                self.updates += is_update(wire)
                answer = self.rule(wire, self.forward)
                if answer is None:
                    return
                client.sendall(struct.pack("!H", len(answer)) + answer)


def _message(sock: socket.socket) -> bytes:
    size = sock.recv(2, socket.MSG_WAITALL)
    return sock.recv(struct.unpack("!H", size)[0], socket.MSG_WAITALL) if len(size) == 2 else b""


def answered(wire: bytes, rcode: dns.rcode.Rcode = dns.rcode.NOERROR, flags: int = 0, name: str = "ours") -> bytes:
    """A signed answer without records."""
    query = dns.message.from_wire(wire, keyring={key(name).name: key(name)})
    response = dns.message.make_response(query)
    response.flags |= flags
    response.set_rcode(rcode)
    return response.to_wire()


@contextmanager
def proxy_to(address: str) -> Iterator[Proxy]:
    """A door in front of ``127.0.0.1:PORT``."""
    host, _, port = address.rpartition(":")
    proxy = Proxy((host, int(port)))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        proxy.port = listener.getsockname()[1]
        threads: list[threading.Thread] = []

        def accept() -> None:
            with suppress(OSError):
                while True:
                    threads.append(threading.Thread(target=proxy.serve, args=(listener.accept()[0],), daemon=True))
                    threads[-1].start()

        door = threading.Thread(target=accept, daemon=True)
        door.start()
        yield proxy
        listener.shutdown(socket.SHUT_RDWR)
        door.join(10)
        for thread in threads:
            thread.join(10)
