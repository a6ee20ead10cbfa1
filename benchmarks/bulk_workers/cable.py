"""A way to PostgreSQL that can be cut: TCP on the loopback, whose packets the kernel drops, or whose relay goes silent."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

_TABLE = "registrar_sync_benchmark"


@dataclass
class Cable:
    """``journal``: the same place, by this way. ``how`` it is cut: "nft" drops packets, else "silence" reads none."""

    place: str
    port: int = field(default=0, init=False)
    _loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.new_event_loop, init=False)
    _open: asyncio.Event = field(default_factory=asyncio.Event, init=False)

    @property
    def how(self) -> str:
        """Which of the two."""
        return "nft" if _may_filter() else "silence"

    @property
    def journal(self) -> str:
        """Its URL."""
        url = urlsplit(self.place)
        options = [(name, value) for name, value in parse_qsl(url.query) if name != "host"]
        user = url.netloc.rpartition("@")[0]
        return url._replace(netloc=f"{user}@127.0.0.1:{self.port}", query=urlencode(options, quote_via=quote)).geturl()

    def __enter__(self) -> Cable:
        self._open.set()
        server = self._loop.run_until_complete(asyncio.start_server(self._joined, "127.0.0.1", 0))
        self.port = server.sockets[0].getsockname()[1]
        threading.Thread(target=self._loop.run_forever, daemon=True).start()
        return self

    def __exit__(self, *error: object) -> None:
        self._loop.call_soon_threadsafe(self._end)

    def _end(self) -> None:
        for task in asyncio.all_tasks(self._loop):
            task.cancel()
        self._loop.call_later(0.5, self._loop.stop)  # once they have ended

    @contextmanager
    def cut(self) -> Iterator[None]:
        """Nothing gets through meanwhile, in either direction, and nobody is told."""
        (self._drop if _may_filter() else self._hold)()
        try:
            yield
        finally:
            (self._let_pass if _may_filter() else self._go_on)()

    # --- by the kernel ------------------------------------------------------------------------------------------------
    def _drop(self) -> None:
        rules = f"tcp dport {self.port} drop; tcp sport {self.port} drop;"
        _nft(f"table inet {_TABLE} {{ chain cut {{ type filter hook input priority 0; {rules} }}; }}\n")

    def _let_pass(self) -> None:
        _nft(f"delete table inet {_TABLE}\n")

    # --- by the relay -------------------------------------------------------------------------------------------------
    def _hold(self) -> None:
        self._loop.call_soon_threadsafe(self._open.clear)

    def _go_on(self) -> None:
        self._loop.call_soon_threadsafe(self._open.set)

    async def _joined(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await self._open.wait()
        folder = dict(parse_qsl(urlsplit(self.place).query))["host"]
        there_reader, there_writer = await asyncio.open_unix_connection(f"{folder}/.s.PGSQL.5432")
        await asyncio.gather(self._pass(reader, there_writer), self._pass(there_reader, writer))

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await reader.read(65536):
                await self._open.wait()
                writer.write(data)
                await writer.drain()
        with suppress(OSError):
            writer.close()


def _may_filter() -> bool:
    """Whether this machine lets us drop packets of our own port."""
    return shutil.which("nft") is not None and _nft("list tables\n", check=False) == 0


def _nft(rules: str, *, check: bool = True) -> int:
    return subprocess.run(["nft", "-f", "-"], input=rules, text=True, check=check, capture_output=True).returncode
