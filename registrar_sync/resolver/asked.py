"""One question to one server, under way."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from concurrent.futures import Future
from enum import Enum, auto
from typing import TYPE_CHECKING

import dns.message

from registrar_sync.resolver.packet import Question
from registrar_sync.resolver.plain import read_message

if TYPE_CHECKING:
    from registrar_sync.resolver.doors import Door
    from registrar_sync.resolver.peer import Peer

Told = tuple[tuple[bytes, dns.message.Message] | None, str]


class Stage(Enum):
    """Where a question is on its way."""

    WAITING = auto()  # for a place in its server's window
    SENT = auto()  # by UDP, and patience is not over
    BY_TCP = auto()  # in line or connected; UDP may still bring the answer
    OVER = auto()


WAITING, SENT, BY_TCP, OVER = Stage  # looking a member up is slow in Python 3.11


class Asked(ABC):
    """``question`` for the server at this address. What comes of it is told by one call of ``fail``, or of ``take`` that
    returns True; neither is called from within ``Engine.ask``. The rest is the engine's own book-keeping.
    """

    __slots__ = (
        "address", "began_at", "door", "identity", "peer", "plain", "port", "question", "reason", "sent_at", "stage",
        "stream", "tries", "waits_with", "why", "wire",
    )  # fmt: skip

    peer: Peer
    identity: bytes  # two octets, while it has a door
    wire: bytes  # as it was last sent
    began_at: float  # when it was first sent
    sent_at: float
    waits_with: set[Asked]  # all whose patience ends with this one's, while it is sent
    reason: str  # why it goes by TCP

    def __init__(self, address: str, port: int, question: Question) -> None:
        self.address = address
        self.port = port
        self.question = question
        self.stage = WAITING
        self.door: Door | None = None
        self.stream: asyncio.Task[bytes] | None = None
        self.tries = 0  # datagrams sent
        self.plain = False  # without EDNS
        self.why = ""  # why TCP brings nothing, where UDP may yet

    @abstractmethod
    def take(self, wire: bytes) -> bool:
        """A response to the question, whatever its RCODE. False: it is garbled, ask on if there is another way."""

    @abstractmethod
    def fail(self, why: str) -> None:
        """There will be no response; ``why`` is for a person."""


class Awaited(Asked):
    """A question whose response a coroutine or a thread awaits, as ``told``: the octets and the message, or None and why not."""

    __slots__ = ("told",)

    def __init__(self, address: str, port: int, question: Question, told: asyncio.Future[Told] | Future[Told]) -> None:
        super().__init__(address, port, question)
        self.told = told

    def take(self, wire: bytes) -> bool:
        """See ``Asked``."""
        message = read_message(wire)
        if message is not None and not self.told.done():
            self.told.set_result(((wire, message), ""))
        return message is not None

    def fail(self, why: str) -> None:
        """See ``Asked``."""
        if not self.told.done():
            self.told.set_result((None, why))
