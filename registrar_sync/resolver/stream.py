"""Questions over TCP (RFC 7766): one connection each, a few at once, and no server holds more of them than its share."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Callable

from registrar_sync.resolver.asked import BY_TCP, Asked
from registrar_sync.resolver.packet import is_response, is_truncated
from registrar_sync.resolver.peer import Peer

GARBLED = "its answer is garbled or not to our question"
SILENCE = "no answer by UDP"

_AT_ONCE, _AT_ONE_SERVER = 64, 8


class NoStream(Exception):
    """The connection brought no usable response; the text says why. ``broken``: it was refused or cut, and did not just last."""

    def __init__(self, why: str, *, broken: bool = False) -> None:
        super().__init__(why)
        self.broken = broken


Told = Callable[[Asked, bytes, NoStream | None], None]


class Streams:
    """The connections under way. ``told`` hears of each what came: the matched response, or why there is
    none. It does not hear of a connection that was cancelled."""

    def __init__(self, loop: asyncio.AbstractEventLoop, *, timeout_s: float, told: Told) -> None:
        self._loop = loop
        self._timeout_s = timeout_s
        self._told = told
        self._tasks: dict[asyncio.Task[bytes], Asked] = {}
        self._in_line: dict[Peer, None] = {}  # servers with a question that waits and a connection to spare, in their order

    def ask(self, asked: Asked) -> None:
        """Connect when there is room."""
        asked.peer.by_tcp.append(asked)
        self._line_up(asked.peer)
        self._go_on()

    def _line_up(self, peer: Peer) -> None:
        if peer.by_tcp and peer.streams < _AT_ONE_SERVER:
            self._in_line[peer] = None

    def _go_on(self) -> None:
        """Start what there is room for, one question of each server in turn."""
        while self._in_line and len(self._tasks) < _AT_ONCE:
            peer = next(iter(self._in_line))
            del self._in_line[peer]
            asked = _next_of(peer)
            if asked is not None:
                self._start(asked, peer)
            self._line_up(peer)

    def _start(self, asked: Asked, peer: Peer) -> None:
        peer.streams += 1
        asked.stream = task = self._loop.create_task(ask_by_tcp(asked, timeout_s=self._timeout_s))
        self._tasks[task] = asked
        task.add_done_callback(self._ended)

    @staticmethod
    def drop(asked: Asked) -> None:
        """The question needs its connection, or its place in the line, no more."""
        if asked.stream is not None:
            asked.stream.cancel()
            asked.stream = None

    def questions(self) -> list[Asked]:
        """All that are connected."""
        return list(self._tasks.values())

    def _ended(self, task: asyncio.Task[bytes]) -> None:
        asked = self._tasks.pop(task)
        asked.peer.streams -= 1
        if asked.stream is task:
            asked.stream = None
        self._line_up(asked.peer)
        if not task.cancelled():
            error = task.exception()
            self._told(asked, b"" if error else task.result(), _as_told(error))
        self._go_on()


def _next_of(peer: Peer) -> Asked | None:
    while peer.by_tcp:
        asked = peer.by_tcp.popleft()
        if asked.stage is BY_TCP and asked.stream is None:
            return asked
    return None


def _as_told(error: BaseException | None) -> NoStream | None:
    return error if error is None or isinstance(error, NoStream) else NoStream(f"TCP: {error}")


async def ask_by_tcp(asked: Asked, *, timeout_s: float) -> bytes:
    """The whole response, within ``timeout_s`` seconds from connecting to the last octet. Raises ``NoStream``."""
    try:
        async with asyncio.timeout(timeout_s):
            response = await _exchange(asked)
    except TimeoutError:
        if asked.reason == SILENCE:
            raise NoStream(f"no answer by UDP or TCP within {timeout_s:g} s a try") from None
        raise NoStream(f"{asked.reason}; no answer by TCP within {timeout_s:g} s") from None
    except EOFError:
        raise NoStream(f"{asked.reason}; TCP: it closed the connection", broken=True) from None
    except OSError as error:
        why = os.strerror(error.errno).lower() if error.errno else str(error)
        raise NoStream(f"{asked.reason}; TCP: {why}", broken=True) from error
    if response[:2] != asked.wire[:2] or not is_response(response, asked.question.octets):
        raise NoStream(GARBLED)
    if is_truncated(response):
        raise NoStream("its answer is truncated even over TCP")
    return response


async def _exchange(asked: Asked) -> bytes:
    loop = asyncio.get_running_loop()
    with socket.socket(asked.peer.family, socket.SOCK_STREAM) as connection:
        connection.setblocking(False)
        await loop.sock_connect(connection, asked.peer.destination)
        await loop.sock_sendall(connection, len(asked.wire).to_bytes(2, "big") + asked.wire)
        length = int.from_bytes(await _read_exactly(connection, 2), "big")
        return await _read_exactly(connection, length)


async def _read_exactly(connection: socket.socket, size: int) -> bytes:
    """Raises ``EOFError`` where the connection ends before."""
    loop = asyncio.get_running_loop()
    read = bytearray()
    while len(read) < size:
        piece = await loop.sock_recv(connection, size - len(read))
        if not piece:
            raise EOFError
        read += piece
    return bytes(read)
