"""``python -m benchmarks.dns.relay LOSS ADDRESS:PORT ...``: a network that loses datagrams, in front of name servers.

It prints the addresses that stand for the servers as one line of JSON, and, when its standard input ends, what it has counted.
Each datagram is lost with the same probability, question or answer. TCP is passed through whole: what is lost there the system
sends again by itself.
"""

from __future__ import annotations

import asyncio
import json
import random
import socket
import sys
from contextlib import suppress

Place = tuple[str, int]

_BATCH = 64
_BUFFER = 1 << 22
_IDS = 1 << 16


class Relay:
    """In front of one server: one socket to the clients, one to the server, and ids of its own between the two."""

    def __init__(self, server: Place, loss: float) -> None:
        self._server, self._loss = server, loss
        self._chance = random.Random(server[0])
        self._back: list[tuple[Place, bytes] | None] = [None] * _IDS
        self._next = 0
        self.passed = self.lost = self.connections = 0
        self._front, self._behind = _udp(), _udp()
        self._behind.connect(server)
        self.place: Place = self._front.getsockname()

    async def start(self) -> None:
        """Relay from now on."""
        loop = asyncio.get_running_loop()
        loop.add_reader(self._front.fileno(), self._questions)
        loop.add_reader(self._behind.fileno(), self._answers)
        await asyncio.start_server(self._connected, *self.place)

    def _loses(self) -> bool:
        lost = self._chance.random() < self._loss
        self.lost += lost
        self.passed += not lost
        return lost

    def _questions(self) -> None:
        with suppress(OSError):
            for _ in range(_BATCH):
                wire, client = self._front.recvfrom(4096)
                if not self._loses():
                    self._next = (self._next + 1) % _IDS
                    self._back[self._next] = client, wire[:2]
                    self._behind.send(self._next.to_bytes(2, "big") + wire[2:])

    def _answers(self) -> None:
        with suppress(OSError):
            for _ in range(_BATCH):
                wire = self._behind.recv(4096)
                back = self._back[int.from_bytes(wire[:2], "big")]
                if back is not None and not self._loses():
                    client, identity = back
                    self._front.sendto(identity + wire[2:], client)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        with suppress(OSError):
            there, onward = await asyncio.open_connection(*self._server)
            await asyncio.gather(_pour(reader, onward), _pour(there, writer))


async def _pour(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while octets := await source.read(65536):
            target.write(octets)
            await target.drain()
    target.close()


def _udp() -> socket.socket:
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    made.setblocking(False)
    for option in (socket.SO_RCVBUF, socket.SO_SNDBUF):
        made.setsockopt(socket.SOL_SOCKET, option, _BUFFER)
    made.bind(("127.0.0.1", 0))
    return made


async def _serve(loss: float, servers: list[Place]) -> None:
    relays = [Relay(server, loss) for server in servers]
    for relay in relays:
        await relay.start()
    print(json.dumps([relay.place for relay in relays]), flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    counted = ("passed", "lost", "connections")
    print(json.dumps({name: sum(getattr(relay, name) for relay in relays) for name in counted}), flush=True)


def _place(text: str) -> Place:
    address, _, port = text.rpartition(":")
    return address, int(port)


if __name__ == "__main__":
    asyncio.run(_serve(float(sys.argv[1]), [_place(text) for text in sys.argv[2:]]))
