"""A server, as the engine knows it: where it is, how fast it answers, and who waits for it.

Its pace is a window of questions under way, as TCP has one: it grows with answers and is cut by silence. A lost datagram now and
then is the network's and does not count; many of them are the server's.
"""

from __future__ import annotations

import random
import socket
from collections import deque
from collections.abc import Iterator
from typing import TYPE_CHECKING

import dns.inet

if TYPE_CHECKING:
    from registrar_sync.resolver.asked import Asked

MOST_STRAYS = 64
"""Datagrams of a server in a row that match no question, after which TCP is the surer way to it."""

_MOST_PEERS = 8192
_FIRST_WINDOW, _NARROWEST_WINDOW, _WIDEST_WINDOW = 32.0, 8.0, 256.0
_ANSWERS_A_LOSS = 16  # of as many answers, one may get lost on the way without any blame of the server
_MOST_CREDIT = 256
_FIRST_PATIENCE_S, _LEAST_PATIENCE_S = 0.5, 0.2


class Peer:
    """``destination``: the socket address. ``in_flight``: datagrams sent that may still be answered. ``rtt_s``: smoothed, 0 while
    unknown. Times are the loop's. Raises ``OSError`` for an address that is none."""

    __slots__ = (
        "_credit",
        "_cut_at",
        "_patience_s",
        "_turn",
        "answered_at",
        "by_tcp",
        "destination",
        "family",
        "in_flight",
        "rtt_s",
        "silent_at",
        "strays",
        "streams",
        "waiting",
        "window",
    )

    def __init__(self, address: str, port: int) -> None:
        self.family = socket.AddressFamily(dns.inet.af_for_address(address))
        self.destination = _canonical(dns.inet.low_level_address_tuple((address, port)), self.family)
        self.window = _FIRST_WINDOW
        self.in_flight = 0
        self.rtt_s = 0.0
        self.waiting: deque[Asked] = deque()  # for a place in the window
        self.by_tcp: deque[Asked] = deque()  # for a connection
        self.streams = 0
        self.strays = 0
        self.answered_at = self.silent_at = float("-inf")
        self._credit = 0
        self._cut_at = float("-inf")
        self._patience_s = _FIRST_PATIENCE_S
        self._turn = _WIDEST_WINDOW  # below it the window opens by one for each answer, from there on slowly

    @property
    def is_idle(self) -> bool:
        """Whether nobody asks it anything."""
        return not (self.in_flight or self.waiting or self.by_tcp or self.streams)

    def answered(self, now: float) -> None:
        """It has answered: it can take more."""
        self.answered_at = now
        self._credit += 1
        if self.strays > 0:  # noqa: PLR1730 - the quick way; this runs for every answer
            self.strays = 0
        if self.window < _WIDEST_WINDOW:
            self.window += 1.0 if self.window < self._turn else 1.0 / self.window

    def took(self, seconds: float) -> None:
        """The time of an answer to a question that was sent once."""
        self.rtt_s = rtt_s = self.rtt_s * 0.875 + seconds * 0.125 if self.rtt_s else seconds
        self._patience_s = _LEAST_PATIENCE_S if rtt_s < _LEAST_PATIENCE_S / 4 else rtt_s * 4

    def lost(self, sent_at: float, now: float) -> None:
        """A datagram was not answered. The window is cut once for all that were under way together."""
        if self._credit >= _ANSWERS_A_LOSS:
            self._credit = min(self._credit, _MOST_CREDIT) - _ANSWERS_A_LOSS
        elif sent_at > self._cut_at:
            self._cut_at = now
            self.window = self._turn = max(_NARROWEST_WINDOW, self.window / 2)

    def patience_s(self, tries: int) -> float:
        """How long to wait for the answer to the ``tries``-th datagram of one question before sending the next: longer each
        time, and never quite the same, so that what was lost together is not sent again together."""
        return self._patience_s * tries * (0.75 + random.random() / 2)  # noqa: S311 - no secret


class Peers:
    """All servers that were asked lately, by the address that the asker gave, and by where their answers come from."""

    def __init__(self) -> None:
        self._by_place: dict[tuple[str, int], Peer] = {}
        self._by_source: dict[tuple[object, ...], Peer] = {}

    def at(self, address: str, port: int) -> Peer:
        """The server at this address, however it is spelled. Raises as ``Peer`` does."""
        return self._by_place.get((address, port)) or self._meet(address, port)

    def from_whom(self, source: tuple[object, ...]) -> Peer | None:
        """The server that a datagram came from."""
        return self._by_source.get(source)

    def __iter__(self) -> Iterator[Peer]:
        return iter(self._by_source.values())

    def _meet(self, address: str, port: int) -> Peer:
        peer = Peer(address, port)
        if len(self._by_place) >= _MOST_PEERS:
            self._by_source = {source: peer for source, peer in self._by_source.items() if not peer.is_idle}
            self._by_place = {place: peer for place, peer in self._by_place.items() if not peer.is_idle}
        self._by_place[address, port] = self._by_source.setdefault(peer.destination, peer)
        return self._by_place[address, port]


def _canonical(address: tuple[object, ...], family: socket.AddressFamily) -> tuple[object, ...]:
    """The socket address as the system spells it on what comes from there."""
    host = str(address[0]).partition("%")[0]
    return (socket.inet_ntop(family, socket.inet_pton(family, host)), *address[1:])
