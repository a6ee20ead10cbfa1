"""UDP sockets: few, each at a random port of the system's choice, and none in use for long (RFC 5452)."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from collections.abc import Callable, Iterator

from registrar_sync.resolver.asked import Asked

_DOORS = 4  # for each address family; a power of two
_QUESTIONS_A_DOOR = 4096  # and strays; then another one takes its place
_MOST_OPEN = 1 << 15  # questions at once; there are twice as many ids
_CHANCES = 256
_RECEIVE_BUFFER = 1 << 22  # octets: a burst of answers must find room


class Door:
    """One socket. ``open``: the questions under way through it, by id; ``used``: what went through so far."""

    __slots__ = ("family", "open", "retired", "socket", "used")

    def __init__(self, family: socket.AddressFamily) -> None:
        self.family = family
        self.socket = socket.socket(family, socket.SOCK_DGRAM)
        self.socket.setblocking(False)
        with contextlib.suppress(OSError):
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVE_BUFFER)
        self.open: dict[bytes, Asked] = {}
        self.used = 0
        self.retired = False


class Doors:
    """The sockets in use, and those that only wait for their last answers."""

    def __init__(self, loop: asyncio.AbstractEventLoop, read: Callable[[Door], None]) -> None:
        self._loop = loop
        self._read = read
        self._in_use: dict[socket.AddressFamily, list[Door]] = {}
        self._retired: set[Door] = set()
        self._chances: list[tuple[int, bytes]] = []  # of a door and an id, drawn by the hundred

    def admit(self, asked: Asked) -> Door:
        """Give a question a door and an id of its own there, both at random. Raises ``OSError`` where no socket is to be had."""
        if not self._chances:
            octets = os.urandom(3 * _CHANCES)
            self._chances = [(octets[at] % _DOORS, octets[at + 1 : at + 3]) for at in range(0, len(octets), 3)]
        number, identity = self._chances.pop()
        doors = self._in_use.get(asked.peer.family, ())
        door = doors[number] if number < len(doors) else None
        if door is None or door.used >= _QUESTIONS_A_DOOR:
            door = self._renew(asked.peer.family, number)
        while identity in door.open:
            identity = os.urandom(2)
        asked.door, asked.identity = door, identity
        door.open[identity] = asked
        door.used += 1
        return door

    def _renew(self, family: socket.AddressFamily, number: int) -> Door:
        """A new door in the place of this number, or a used one where no sockets are left for now."""
        doors = self._in_use.setdefault(family, [])
        try:
            door = Door(family)
        except OSError:
            used = doors[number % len(doors)] if doors else None
            if used is None or len(used.open) > _MOST_OPEN:
                raise
            return used
        if number < len(doors):
            self.retire(doors[number])
        doors.append(door)
        self._loop.add_reader(door.socket.fileno(), self._read, door)
        return door

    def retire(self, door: Door) -> None:
        """Admit nobody there any more; it is shut when its last question has left."""
        if door.retired:
            return
        self._in_use[door.family].remove(door)
        door.retired = True
        self._retired.add(door)
        self._shut_if_idle(door)

    def leave(self, asked: Asked) -> None:
        """A question gives its id back: what comes for it from now on is a stray."""
        door = asked.door
        if door is not None:
            asked.door = None
            del door.open[asked.identity]
            if door.retired:
                self._shut_if_idle(door)

    def _shut_if_idle(self, door: Door) -> None:
        if not door.open and door in self._retired:
            self._retired.discard(door)
            self._shut(door)

    def _shut(self, door: Door) -> None:
        self._loop.remove_reader(door.socket.fileno())
        door.socket.close()

    def questions(self) -> Iterator[Asked]:
        """All that are under way through any door."""
        for door in self._all():
            yield from door.open.values()

    def close(self) -> None:
        """Shut all."""
        for door in self._all():
            self._shut(door)
        self._in_use.clear()
        self._retired.clear()

    def _all(self) -> list[Door]:
        return [*(door for doors in self._in_use.values() for door in doors), *self._retired]
