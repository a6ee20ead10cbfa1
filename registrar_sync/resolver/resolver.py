"""Who answers for a name, and what each of these servers says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

import dns.rdata

from registrar_sync.core.names import absolute, ancestors, display
from registrar_sync.core.observation import Answer, Delegation, Observation, Server
from registrar_sync.errors import LookupFailed
from registrar_sync.ports import Clock
from registrar_sync.resolver.answers import CIRCLE, behind_alias, fault_of, judge, loose_end, rrset_of, soa_of, told
from registrar_sync.resolver.endpoints import servers_at
from registrar_sync.resolver.exchange import Exchange, Unanswered
from registrar_sync.resolver.recursives import QUESTION_S, Recursives

UNRESOLVED = "its name does not resolve"

_MAX_ALIASES = 8  # steps that we follow ourselves, each with as many within the response as dnspython follows (16)
_MAX_SERVERS = 64  # addresses; a delegation is input of strangers, and every address is asked
_WORKERS = 16


class DnsResolver:
    """The ``Resolver`` port over dnspython, synchronous; holds no connection between questions.

    ``recursives``: the recursive resolvers, tried in order (None: the system's, read when first needed). ``nameservers``:
    the authoritative servers, instead of those that the delegation names. ``port``: of the servers that a delegation names.
    ``timeout_s``: seconds of one try; ``tries``: all but the last by UDP, the last by TCP (one each at the least), so a
    question to a dead server takes ``timeout_s * tries`` seconds.
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
    ) -> None:
        self._nameservers = servers_at(nameservers or ())
        self._port = port
        self._clock = clock
        self._exchange = Exchange(clock=clock, timeout_s=timeout_s, tries=tries)
        self._recursives = Recursives(recursives=recursives, resolv_conf=resolv_conf, exchange=self._exchange, clock=clock)

    # --- who answers for a name ---------------------------------------------------------------------------------------
    def delegation(self, owner: str) -> Delegation:
        """The closest zone cut at or above ``owner`` of two labels or more, and every address of its name servers.

        A name server whose name has no address, or could not be looked up, is a ``Server`` with an empty address. Raises
        ``LookupFailed`` when no recursive resolver gave a usable answer, or not one server has an address. With
        ``nameservers`` given, nothing is asked and ``checked`` is False.
        """
        if self._nameservers:
            return Delegation(zone=None, servers=self._nameservers, checked=False)
        for name in ancestors(owner):
            hosts = sorted({absolute(str(rdata)) for rdata in self._look_up(name, "NS")})
            if hosts:
                return Delegation(zone=name, servers=self._addresses(name, hosts))
        return Delegation(zone=None, servers=())

    def _addresses(self, zone: str, hosts: Sequence[str]) -> tuple[Server, ...]:
        _refuse_too_many(zone, len(hosts))
        with ThreadPoolExecutor(_WORKERS) as pool:
            found = [server for servers in pool.map(self._addresses_of, hosts) for server in servers]
        _refuse_too_many(zone, len(found))
        if not any(server.address for server in found):
            names = ", ".join(display(host) for host in hosts)
            raise LookupFailed(
                f"No address was found for any name server of {display(zone)} ({names}). Nothing was changed.",
                hint="Check the NS records, or name the servers with --nameserver ADDR.",
            )
        return tuple(found)

    def _addresses_of(self, host: str) -> list[Server]:
        addresses: list[str] = []
        for rtype in ("A", "AAAA"):
            try:
                addresses += sorted(str(rdata) for rdata in self._look_up(host, rtype))
            except LookupFailed:
                continue  # the other family may do; a host with neither stays visible, without an address
        return [Server(name=host, address=address, port=self._port) for address in addresses or [""]]

    def look_up(self, name: str, rtype: str) -> Answer:
        """See ``ports.Resolver``. Takes at most ``QUESTION_S`` seconds, however long the chain of aliases."""
        if fault := fault_of(name):
            return Answer(status="absent", detail=f"no domain name: {fault}")
        try:
            return self._follow(name, rtype, ends=self._clock.monotonic() + QUESTION_S)
        except LookupFailed as error:
            return Answer(status="unreachable", detail=error.message.removesuffix(" Nothing was changed.").removesuffix("."))

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

    def _look_up(self, name: str, rtype: str) -> Sequence[dns.rdata.Rdata]:
        """The RRset at ``name``: empty for NXDOMAIN and NODATA, and where the name is an alias. Raises ``LookupFailed``."""
        return list(rrset_of(self._recursives.ask(name, rtype).answer, name, rtype) or ())

    # --- what the authoritative servers say ---------------------------------------------------------------------------
    def observe(self, servers: Sequence[Server], zone: str, owner: str, rtypes: Sequence[str]) -> list[Observation]:
        """Ask all servers at once, by address, RD=0, UDP then TCP: the SOA of ``zone`` first, then ``rtypes`` at ``owner``.

        The serial is thus never newer than the data beside it. A server that is silent on the SOA is not asked further.
        Where ``zone`` is a name below the apex, the serial is that of the zone it stands in.
        """
        if not servers:
            return []
        with ThreadPoolExecutor(min(_WORKERS, len(servers))) as pool:
            return list(pool.map(lambda server: self._observe(server, zone, owner, rtypes), servers))

    def _observe(self, server: Server, zone: str, owner: str, rtypes: Sequence[str]) -> Observation:
        if not server.address:
            return _unreachable(server, rtypes, UNRESOLVED)
        try:
            response = self._exchange.ask(server, zone, "SOA", recursive=False)
        except Unanswered as error:
            return _unreachable(server, rtypes, str(error))
        soa, negative_ttl = soa_of(response)
        answers: dict[str, Answer] = {}
        for rtype in rtypes:
            answers[rtype], seen_ttl = self._answer(server, owner, rtype)
            negative_ttl = seen_ttl if negative_ttl is None else negative_ttl
        return Observation(server=server, answers=answers, serial=soa.serial if soa else None, negative_ttl=negative_ttl)

    def _answer(self, server: Server, owner: str, rtype: str) -> tuple[Answer, int | None]:
        """The answer, and the negative TTL where it holds one."""
        try:
            response = self._exchange.ask(server, owner, rtype, recursive=False)
        except Unanswered as error:
            return Answer(status="unreachable", detail=str(error)), None
        answer = judge(response, owner, rtype)
        return answer, answer.ttl if answer.status == "absent" else None


def _unreachable(server: Server, rtypes: Sequence[str], detail: str) -> Observation:
    answers: Mapping[str, Answer] = {rtype: Answer(status="unreachable", detail=detail) for rtype in rtypes}
    return Observation(server=server, answers=answers)


def _refuse_too_many(zone: str, count: int) -> None:
    if count > _MAX_SERVERS:
        raise LookupFailed(
            f"The delegation of {display(zone)} names {count} servers or addresses, over {_MAX_SERVERS}. Nothing was changed.",
            hint="Check the NS records, or name the servers with --nameserver ADDR.",
        )
