"""Who answers for a name, and what each of these servers says."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from registrar_sync.core.observation import Answer, Delegation, Observation, Server
from registrar_sync.errors import LookupFailed
from registrar_sync.ports import Clock, Hoped
from registrar_sync.resolver.answers import CIRCLE, behind_alias, fault_of, loose_end, told
from registrar_sync.resolver.doh import Doh
from registrar_sync.resolver.each import NOBODY, AlsoAsked, EachRecursive
from registrar_sync.resolver.endpoints import servers_at
from registrar_sync.resolver.exchange import Unanswered
from registrar_sync.resolver.finder import DelegationFinder
from registrar_sync.resolver.look import Look
from registrar_sync.resolver.loop import EngineLoop
from registrar_sync.resolver.recursives import QUESTION_S, Recursives

_MAX_ALIASES = 8  # steps that we follow ourselves, each with as many within the response as dnspython follows (16)


class DnsResolver:
    """The ``Resolver`` port over an ``EngineLoop``: one thread that asks, and a few sockets, from the first question until
    ``close``. Safe from many threads.

    ``recursives``: the recursive resolvers, tried in order (None: the system's, read when first needed). ``nameservers``:
    the authoritative servers, instead of those that the delegation names. ``port``: of the servers that a delegation names.
    ``timeout_s``: seconds of one try; ``tries``: all but the last by UDP, the last by TCP (one each at the least), so a
    question to a dead server takes ``timeout_s * tries`` seconds. ``also``: whom else to ask, and when.
    """

    def __init__(
        self,
        *,
        recursives: Sequence[tuple[str, int]] | None,
        nameservers: Sequence[tuple[str, int]] | None,
        clock: Clock,
        port: int = 53,
        timeout_s: float = 2.0,
        tries: int = 3,
        resolv_conf: str = "/etc/resolv.conf",
        also: AlsoAsked = NOBODY,
    ) -> None:
        self._nameservers = servers_at(nameservers or ())
        self._clock = clock
        self._engine = EngineLoop(timeout_s=timeout_s, tries=tries)
        https = Doh(also.doh, clock=clock) if also.doh else None
        self._recursives = Recursives(recursives=recursives, resolv_conf=resolv_conf, engine=self._engine, clock=clock, doh=https)
        self._finder = DelegationFinder(
            loop=self._engine, recursives=self._recursives, clock=clock, port=port, root_hints=also.root_hints
        )
        asked = recursives if also.each is None else also.each
        self._each = EachRecursive(recursives=asked, resolv_conf=resolv_conf, ask=self._engine.ask, clock=clock, doh=https)

    # --- who answers for a name ---------------------------------------------------------------------------------------
    def delegation(self, owner: str) -> Delegation:
        """See ``ports.Resolver``. With ``nameservers`` given, nothing is asked and they are what it says."""
        if self._nameservers:
            return Delegation(zone=None, servers=self._nameservers, source="operator")
        return self._finder.find(owner)

    def ask_recursives(self, owner: str, rtypes: Sequence[str]) -> list[Observation]:
        """See ``ports.Resolver``."""
        return self._each.observe(owner, rtypes)

    def look_up(self, name: str, rtype: str) -> Answer:
        """See ``ports.Resolver``. Takes at most ``QUESTION_S`` seconds, however long the chain of aliases."""
        if fault := fault_of(name):
            return Answer(status="absent", detail=f"no domain name: {fault}")
        try:
            return self._follow(name, rtype, ends=self._clock.monotonic() + QUESTION_S)
        except LookupFailed as error:
            return Answer(status="unreachable", detail=error.message.removesuffix(" Nothing was changed.").removesuffix("."))

    def look_up_soon(self, name: str, rtype: str, done: Callable[[Answer | None], object]) -> None:
        """See ``ports.Resolver``."""
        if fault_of(name):
            done(None)
        else:
            self._recursives.ask_soon(name, rtype, done)

    def _follow(self, name: str, rtype: str, *, ends: float) -> Answer:
        """Ask on where a response ends with an alias and says nothing of where it leads. Raises ``LookupFailed``."""
        asked = [name]
        ttl: int | None = None
        while len(asked) <= _MAX_ALIASES:
            response = self._recursives.ask(asked[-1], rtype, limit_s=ends - self._clock.monotonic())
            answer = told(response)
            ttl = answer.ttl if ttl is None else min(ttl, answer.ttl if answer.ttl is not None else ttl)
            onward = loose_end(response)
            if not onward:
                return behind_alias(answer, asked[-1], ttl) if len(asked) > 1 else answer
            if onward in asked:
                return Answer(status="unreachable", detail=CIRCLE)
            asked.append(onward)
        return Answer(status="unreachable", detail=CIRCLE)

    # --- what the authoritative servers say ---------------------------------------------------------------------------
    def observe(
        self,
        servers: Sequence[Server],
        zone: str,
        owner: str,
        rtypes: Sequence[str],
        *,
        expected: Hoped = None,
        serial: bool = True,
    ) -> list[Observation]:
        """See ``ports.Resolver``. Where ``zone`` is a name below the apex, the serial is that of the zone it stands in."""
        look = Look(self._engine, servers, owner, rtypes, zone=zone if serial else None, expected=expected)
        try:
            return self._engine.run(look.finish())
        except Unanswered:
            return look.closed()

    def observe_soon(
        self,
        servers: Sequence[Server],
        zone: str,
        owner: str,
        rtypes: Sequence[str],
        done: Callable[[list[Observation]], object],
        *,
        expected: Hoped = None,
        serial: bool = True,
    ) -> None:
        """See ``ports.Resolver``."""
        look = Look(self._engine, servers, owner, rtypes, done, zone=zone if serial else None, expected=expected)
        if not self._engine.post(look.start):
            done(look.closed())

    def close(self) -> None:
        """See ``ports.Resolver``."""
        self._engine.close()
