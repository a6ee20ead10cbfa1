"""A question to a recursive resolver that is given up soon: who asks has a slower way, by other resolvers and with more time."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

from registrar_sync.core.observation import Answer
from registrar_sync.resolver.answers import loose_end, told, unusable
from registrar_sync.resolver.asked import OVER, Asked
from registrar_sync.resolver.engine import Engine
from registrar_sync.resolver.packet import Question
from registrar_sync.resolver.plain import plain_told, read_message

_HASTE_S = 2.0

Done = Callable[[Answer | None], object]


class Hasty(Asked):
    """``done`` is called once, in the engine's loop: with what a usable response says that leads nowhere else, or None."""

    __slots__ = ("done", "due", "rtype")

    due: float  # when it is given up, in the loop's time

    def __init__(self, address: str, port: int, name: str, rtype: str, done: Done) -> None:
        super().__init__(address, port, Question(name, rtype, recursive=True))
        self.rtype = rtype
        self.done = done

    def take(self, wire: bytes) -> bool:
        """See ``Asked``."""
        answer = plain_told(wire, self.question.octets, self.rtype)
        if answer is None:
            message = read_message(wire)
            if message is None:
                return False
            answer = None if unusable(message) or loose_end(message) else told(message)
        self.done(answer)
        return True

    def fail(self, why: str) -> None:
        """See ``Asked``."""
        self.done(None)


class Haste:
    """Asks, and gives up what takes too long: all have the same time, so they end in the order in which they began, and one
    timer does for all. In the loop's thread only."""

    def __init__(self) -> None:
        self._begun: deque[Hasty] = deque()
        self._timer: asyncio.TimerHandle | None = None

    def begin(self, hasty: Hasty, engine: Engine) -> None:
        """Ask."""
        loop = asyncio.get_running_loop()
        hasty.due = loop.time() + _HASTE_S
        self._begun.append(hasty)
        if self._timer is None:
            self._timer = loop.call_at(hasty.due, self._look, engine)
        engine.ask(hasty)

    def _look(self, engine: Engine) -> None:
        loop, self._timer = asyncio.get_running_loop(), None
        late = []
        while self._begun and (self._begun[0].stage is OVER or self._begun[0].due <= loop.time()):
            late.append(self._begun.popleft())
        if self._begun:
            self._timer = loop.call_at(self._begun[0].due, self._look, engine)
        for hasty in late:
            if hasty.stage is not OVER:
                engine.forget(hasty)
                hasty.done(None)
