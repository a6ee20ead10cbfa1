"""Every recursive resolver asked for itself: what its cache shows, and whether it accepts the zone's signatures."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

import dns.message
import dns.rcode

from registrar_sync.core.elsewhere import BOGUS
from registrar_sync.core.observation import NO_ANSWER, Answer, Observation, Server
from registrar_sync.errors import LookupFailed
from registrar_sync.ports import Clock
from registrar_sync.resolver.answers import told, unusable
from registrar_sync.resolver.doh import Doh, DohServer
from registrar_sync.resolver.endpoints import servers_at, system_recursives
from registrar_sync.resolver.exchange import Unanswered
from registrar_sync.resolver.silences import Silences

ANSWER_S = 3.0
"""Seconds for one question to one resolver: what it says is information, and nobody waits long for that."""

_MOST = 8  # resolvers
_SILENT = Answer(status="unreachable", detail=f"{NO_ANSWER} a moment ago, and not asked again")

Asked = TypeVar("Asked", Server, DohServer)


@dataclass(frozen=True, slots=True, kw_only=True)
class AlsoAsked:
    """Whose word is information only. ``each``: recursive resolvers whose caches are looked at (None: those that are asked
    anyway). ``doh``: asked over HTTPS where no recursive resolver answers on port 53. ``root_hints``: the root's servers and
    their addresses, from which a delegation is looked for where no recursive resolver can be asked at all (empty: it is not)."""

    each: Sequence[tuple[str, int]] | None = None
    doh: tuple[DohServer, ...] = ()
    root_hints: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


NOBODY = AlsoAsked()


class Ask(Protocol):
    """One question to one server; raises ``Unanswered``."""

    def __call__(
        self, server: Server, name: str, rtype: str, *, recursive: bool, checking_disabled: bool = False, limit_s: float
    ) -> dns.message.Message: ...


AskBit = Callable[[str, bool], dns.message.Message]
"""A question for a type, with checking disabled or not, to a resolver that is settled."""


class EachRecursive:
    """``recursives``: whom to ask (None: those of ``resolv_conf``, read when first needed). ``doh``: asked too where not one of
    them answers anything."""

    def __init__(
        self, *, recursives: Sequence[tuple[str, int]] | None, resolv_conf: str, ask: Ask, clock: Clock, doh: Doh | None
    ) -> None:
        self._servers = None if recursives is None else servers_at(recursives)
        self._resolv_conf = resolv_conf
        self._ask = ask
        self._doh = doh
        self._silent = Silences(clock)

    def observe(self, owner: str, rtypes: Sequence[str]) -> list[Observation]:
        """See ``ports.Resolver.ask_recursives``."""
        servers = self._known()
        seen = _all_at_once(lambda server: self._by_port_53(server, owner, rtypes), servers)
        if self._doh is not None and servers and all(one.silent for one in seen):
            doh = self._doh
            seen += _all_at_once(lambda server: _over_https(doh, server, owner, rtypes), doh.servers)
        return seen

    def _known(self) -> tuple[Server, ...]:
        if self._servers is None:
            try:
                self._servers = system_recursives(self._resolv_conf)
            except LookupFailed:
                return ()
        return self._servers[:_MOST]

    def _by_port_53(self, server: Server, owner: str, rtypes: Sequence[str]) -> Observation:
        def ask(rtype: str, checking_disabled: bool) -> dns.message.Message:
            return self._ask(server, owner, rtype, recursive=True, checking_disabled=checking_disabled, limit_s=ANSWER_S)

        if server in self._silent:
            return Observation(server=server, answers=dict.fromkeys(rtypes, _SILENT))
        seen = Observation(server=server, answers=_answers(ask, rtypes))
        if seen.silent:
            self._silent.add(server)
        return seen


def _all_at_once(ask: Callable[[Asked], Observation], servers: Sequence[Asked]) -> list[Observation]:
    if len(servers) < 2:
        return [ask(server) for server in servers]
    with ThreadPoolExecutor(len(servers)) as pool:
        return list(pool.map(ask, servers))


def _over_https(doh: Doh, server: DohServer, owner: str, rtypes: Sequence[str]) -> Observation:
    asked = Server(name=f"{server.host}.", address=server.addresses[0] if server.addresses else server.host, port=server.port)

    def ask(rtype: str, checking_disabled: bool) -> dns.message.Message:
        nonlocal asked
        asked, response = doh.ask_one(server, owner, rtype, checking_disabled=checking_disabled)
        return response

    answers = _answers(ask, rtypes)
    return Observation(server=asked, answers=answers, over_https=True)


def _answers(ask: AskBit, rtypes: Sequence[str]) -> dict[str, Answer]:
    """One answer a type; who is silent on the first is not asked further."""
    answers: dict[str, Answer] = {}
    for rtype in rtypes:
        try:
            answers[rtype] = _judged(ask, rtype)
        except Unanswered as error:
            silence = Answer(status="unreachable", detail=str(error))
            return {**dict.fromkeys(rtypes, silence), **answers}
    return answers


def _judged(ask: AskBit, rtype: str) -> Answer:
    response = ask(rtype, False)
    if response.rcode() == dns.rcode.SERVFAIL and not unusable(ask(rtype, True)):
        return Answer(status="bogus", detail=BOGUS)
    if reason := unusable(response):
        return Answer(status="unreachable", detail=reason)
    return told(response)
