"""Delegations for callers in other threads: the walks run in the engine's loop, all of a run together."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import dns.message

from registrar_sync.core.observation import Delegation, Server
from registrar_sync.errors import LookupFailed
from registrar_sync.ports import Clock
from registrar_sync.resolver.delegation import Delegations
from registrar_sync.resolver.exchange import Unanswered
from registrar_sync.resolver.loop import EngineLoop
from registrar_sync.resolver.opinion import Opinion
from registrar_sync.resolver.recursives import Recursives
from registrar_sync.resolver.top import Top
from registrar_sync.resolver.walk import Walk


class DelegationFinder:
    """Safe from many threads. ``port``: of every authoritative server; ``root_hints``: where to begin when no recursive resolver
    can be asked (empty: nowhere)."""

    def __init__(
        self, *, loop: EngineLoop, recursives: Recursives, clock: Clock, port: int, root_hints: Mapping[str, tuple[str, ...]]
    ) -> None:
        self._loop = loop
        self._recursives = recursives
        self._opinion = Opinion(recursives=recursives, port=port)
        top = Top(look_up=self._look_up, root_hints=root_hints)
        walk = Walk(ask=self._ask, top=top, clock=clock, port=port)
        self._delegations = Delegations(walk=walk, clock=clock, as_resolved=self._as_resolved)

    def find(self, owner: str) -> Delegation:
        """The closest zone cut at or above ``owner`` of two labels or more, and its servers. Raises ``LookupFailed``."""
        try:
            return self._loop.run(self._delegations.find(owner))
        except Unanswered as error:
            raise LookupFailed(f"The name servers were not looked up: {error}. Nothing was changed.") from error

    async def _ask(self, server: Server, name: str, rtype: str) -> dns.message.Message:
        return await self._loop.engine.message(server, name, rtype)

    async def _look_up(self, name: str, rtype: str) -> dns.message.Message:
        return await asyncio.to_thread(self._recursives.ask, name, rtype)

    async def _as_resolved(self, owner: str) -> Delegation:
        return await asyncio.to_thread(self._opinion.delegation, owner)
