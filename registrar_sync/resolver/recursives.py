"""The recursive resolvers: asked in order, in a bounded time, and a silent one not by every question again."""

from __future__ import annotations

import threading
from collections.abc import Sequence

import dns.message

from registrar_sync.core.names import display
from registrar_sync.core.observation import Server
from registrar_sync.errors import LookupFailed
from registrar_sync.ports import Clock
from registrar_sync.resolver.answers import unusable
from registrar_sync.resolver.doh import Doh
from registrar_sync.resolver.endpoints import servers_at, system_recursives
from registrar_sync.resolver.exchange import Unanswered
from registrar_sync.resolver.hasty import Done, Haste, Hasty
from registrar_sync.resolver.loop import EngineLoop
from registrar_sync.resolver.silences import Silences

QUESTION_S = 12.0
"""Seconds after which a question is given up, whatever the resolvers do; each of them has its share."""

_PROBE_S = 2.0


class Recursives:
    """Questions to the recursive resolvers. Safe from many threads.

    ``recursives``: addresses and ports, tried in order; None: those of ``resolv_conf``, read when first needed. ``doh``: asked
    where all of them are silent.
    """

    def __init__(
        self,
        *,
        recursives: Sequence[tuple[str, int]] | None,
        resolv_conf: str,
        engine: EngineLoop,
        clock: Clock,
        doh: Doh | None = None,
    ) -> None:
        self._doh = doh
        self._servers = servers_at(recursives) if recursives else None
        self._resolv_conf = resolv_conf
        self._engine = engine
        self._clock = clock
        self._silent = Silences(clock)
        self._probing = threading.Lock()
        self._haste = Haste()

    def ask(self, name: str, rtype: str, *, limit_s: float = QUESTION_S) -> dns.message.Message:
        """The first usable response of a recursive resolver, within ``limit_s`` seconds. Raises ``LookupFailed``."""
        ends = self._clock.monotonic() + limit_s
        servers = self._recursive_servers()
        failures = []
        for index, server in enumerate(servers):
            share_s = (ends - self._clock.monotonic()) / (len(servers) - index)
            try:
                response = self._ask_one(server, name, rtype, share_s)
            except Unanswered as error:
                failures.append(f"{server}: {error}")
                continue
            if not (reason := unusable(response)):
                return response
            failures.append(f"{server}: {reason}")
        if self._doh is not None and all(server in self._silent for server in servers):
            try:
                return _usable(self._doh.ask(name, rtype))
            except Unanswered as error:
                failures.append(f"over HTTPS: {error}")
        raise LookupFailed(
            f"No recursive resolver could tell the {rtype} records of {display(name)} ({'; '.join(failures)}). "
            "Nothing was changed.",
            hint="Try again, or name another recursive resolver with --resolver ADDR.",
        )

    def ask_soon(self, name: str, rtype: str, done: Done) -> None:
        """Ask the first recursive resolver, without a thread that waits: ``done`` gets what its usable response says, or None
        where it gave none at once, or one that leads on. It is called in the engine's thread, or before this returns."""
        try:
            server = self._recursive_servers()[0]
        except LookupFailed:
            done(None)
            return
        hasty = Hasty(server.address, server.port, name, rtype, done)
        if server in self._silent or not self._engine.post(lambda: self._haste.begin(hasty, self._engine.engine)):
            done(None)

    def _ask_one(self, server: Server, name: str, rtype: str, share_s: float) -> dns.message.Message:
        if server in self._silent:
            raise Unanswered("it gave no answer a moment ago and was not asked again")
        if share_s <= 0:
            raise Unanswered("no answer in time")  # the others used it up, which says nothing of this one
        try:
            return self._engine.ask(server, name, rtype, recursive=True, limit_s=share_s)
        except Unanswered:
            self._find_out_if_silent(server)
            raise

    def _find_out_if_silent(self, server: Server) -> None:
        """One question without an answer may be that name's own fault: the servers of the root are what every resolver knows."""
        with self._probing:
            if server in self._silent:
                return
            try:
                self._engine.ask(server, ".", "NS", recursive=True, limit_s=_PROBE_S)
            except Unanswered:
                self._silent.add(server)

    def _recursive_servers(self) -> tuple[Server, ...]:
        if self._servers is None:
            self._servers = system_recursives(self._resolv_conf)
        return self._servers


def _usable(response: dns.message.Message) -> dns.message.Message:
    if reason := unusable(response):
        raise Unanswered(reason)
    return response
