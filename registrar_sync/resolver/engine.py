"""The engine as coroutines see it: questions to await, over ``Dispatch``."""

from __future__ import annotations

import asyncio

import dns.message

from registrar_sync.core.observation import Server
from registrar_sync.resolver.asked import Awaited, Told
from registrar_sync.resolver.dispatch import Dispatch
from registrar_sync.resolver.exchange import Unanswered
from registrar_sync.resolver.packet import Question


class Engine(Dispatch):
    """Asks questions, in the event loop that runs when it is made. Not thread-safe: others ask by an ``EngineLoop``.

    A coroutine that is cancelled while it waits takes its question back.
    """

    async def ask_one(
        self, address: str, port: int, name: str, rtype: str, *, recursive: bool = False, checking_disabled: bool = False
    ) -> tuple[bytes | None, str]:
        """One question, awaited: the response's octets, which dnspython can read, or None and why not."""
        question = Question(name, rtype, recursive=recursive, checking_disabled=checking_disabled)
        told, why = await self._await(address, port, question)
        return (told[0] if told else None), why

    async def message(
        self, server: Server, name: str, rtype: str, *, recursive: bool = False, checking_disabled: bool = False
    ) -> dns.message.Message:
        """One question, awaited: the response. Raises ``Unanswered``."""
        question = Question(name, rtype, recursive=recursive, checking_disabled=checking_disabled)
        told, why = await self._await(server.address, server.port, question)
        if told is None:
            raise Unanswered(why)
        return told[1]

    async def _await(self, address: str, port: int, question: Question) -> Told:
        told: asyncio.Future[Told] = asyncio.get_running_loop().create_future()
        asked = Awaited(address, port, question, told)
        try:
            self.ask(asked)
            return await told
        finally:
            self.forget(asked)
