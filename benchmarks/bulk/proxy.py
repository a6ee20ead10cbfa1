"""``python -m benchmarks.bulk.proxy UPSTREAM_PORT LATENCY_S LOG``: HTTP to 127.0.0.1, late, counted, and kept open.

Prints its port, serves until its standard input ends, then writes a line of JSON for each request to LOG. PowerDNS closes each
connection, accepts about ten that wait, and with SQLite answers 500 to concurrent writes: so this lets so many requests
through at a time, and one write; who asks has keep-alive, as at a vendor's front.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path

_AT_ONCE = 8
_LONGEST = 1 << 20
_READS = ("GET", "HEAD")


@dataclass(slots=True)
class Seen:
    """One request. Times: seconds, monotonic; ``at_once``: requests under way when it came, itself included; ``body``: of a
    write; ``status`` 0: not answered."""

    method: str
    path: str
    start: float
    at_once: int
    connection: int
    body: str = ""
    end: float = 0.0
    status: int = 0


@dataclass(slots=True)
class Proxy:
    """In front of one server."""

    port: int
    latency_s: float
    seen: list[Seen] = field(default_factory=list)
    connections: int = 0
    under_way: int = 0
    _gate: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(_AT_ONCE))
    _writes: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(1))
    _served: set[asyncio.Task[None]] = field(default_factory=set)

    async def start(self) -> int:
        """The port that it listens at."""
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0, limit=_LONGEST, backlog=512)
        return int(server.sockets[0].getsockname()[1])

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        number = self.connections
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):  # the last: the end
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                body = await reader.readexactly(_length(head))
                # A client that dies meanwhile takes nothing back: what was sent is done, as it is at any server.
                answered = asyncio.create_task(self._answer(number, head, body, writer))
                self._served.add(answered)
                answered.add_done_callback(self._served.discard)
                await answered
        writer.close()

    async def _answer(self, number: int, head: bytes, body: bytes, writer: asyncio.StreamWriter) -> None:
        method, path, _ = head.split(b"\r\n", 1)[0].decode("latin-1").split(" ")
        with self._counted(Seen(method, path, time.monotonic(), self.under_way + 1, number)) as seen:
            if method not in _READS:
                seen.body = body.decode()
            await asyncio.sleep(self.latency_s)
            answer = await self._pass_on(head, body, write=method not in _READS)
            seen.status = int(answer.split(b" ", 2)[1])
        with contextlib.suppress(ConnectionError):
            writer.write(answer)
            await writer.drain()

    @contextlib.contextmanager
    def _counted(self, seen: Seen) -> Iterator[Seen]:
        self.under_way += 1
        self.seen.append(seen)
        try:
            yield seen
        finally:
            seen.end = time.monotonic()
            self.under_way -= 1

    async def _pass_on(self, head: bytes, body: bytes, *, write: bool) -> bytes:
        async with self._writes if write else contextlib.nullcontext(), self._gate:
            reader, writer = await asyncio.open_connection("127.0.0.1", self.port, limit=_LONGEST)
            lines = [line for line in head.split(b"\r\n") if not line.lower().startswith((b"connection:", b"keep-alive:"))]
            writer.write(b"\r\n".join([lines[0], b"Connection: close", *lines[1:]]) + body)
            answer = await reader.read(-1)
            writer.close()
        if not answer:
            raise ConnectionError("the server closed without an answer")
        return _kept_open(answer)


def _length(head: bytes) -> int:
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    return 0


def _kept_open(answer: bytes) -> bytes:
    """The server's answer, for a connection that stays."""
    head, _, body = answer.partition(b"\r\n\r\n")
    skipped = (b"connection:", b"content-length:", b"keep-alive:")
    first, *lines = [line for line in head.split(b"\r\n") if not line.lower().startswith(skipped)]
    status = first.split(b" ", 1)[1]
    length = [] if status.startswith(b"204") else [b"Content-Length: %d" % len(body)]
    return b"\r\n".join([b"HTTP/1.1 " + status, *lines, *length, b"", b""]) + body


async def _run(port: int, latency_s: float, log: Path) -> None:
    proxy = Proxy(port, latency_s)
    print(await proxy.start(), flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    log.write_text("".join(json.dumps(asdict(seen)) + "\n" for seen in proxy.seen))


if __name__ == "__main__":
    asyncio.run(_run(int(sys.argv[1]), float(sys.argv[2]), Path(sys.argv[3])))
