"""A question to a recursive resolver that is given up soon: who asks has a slower way, by other resolvers and with more time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import dns.message

from registrar_sync.resolver.answers import unusable
from registrar_sync.resolver.asked import Asked
from registrar_sync.resolver.engine import Engine
from registrar_sync.resolver.packet import Question
from registrar_sync.resolver.plain import read_message

_HASTE_S = 2.0


class Hasty(Asked):
    """``done`` is called once, in the engine's loop: with the usable response, or None."""

    __slots__ = ("done", "limit")

    limit: asyncio.TimerHandle

    def __init__(self, address: str, port: int, question: Question, done: Callable[[dns.message.Message | None], object]) -> None:
        super().__init__(address, port, question)
        self.done = done

    def begin(self, engine: Engine) -> None:
        """Ask, in the loop's thread."""
        self.limit = asyncio.get_running_loop().call_later(_HASTE_S, self._give_up, engine)
        engine.ask(self)

    def _give_up(self, engine: Engine) -> None:
        engine.forget(self)
        self.done(None)

    def take(self, wire: bytes) -> bool:
        """See ``Asked``."""
        message = read_message(wire)
        if message is None:
            return False
        self.limit.cancel()
        self.done(None if unusable(message) else message)
        return True

    def fail(self, why: str) -> None:
        """See ``Asked``."""
        self.limit.cancel()
        self.done(None)
