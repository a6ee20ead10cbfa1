"""The way from the top of the DNS down to a name, asking authoritative servers only (RFC 1034 section 5.3.3).

What is learned is kept for a run: zone cuts and the addresses of name servers, so that ten thousand domains of one TLD and one
hoster cost little more than their own questions. What strangers' zones can make us do is bounded: referrals lead down only, a
name that is needed to find itself is given up and named, and every walk has a purse of questions.
"""

from __future__ import annotations

import asyncio
import random
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from itertools import zip_longest

import dns.message

from registrar_sync.core.names import display
from registrar_sync.core.observation import Server
from registrar_sync.ports import Clock
from registrar_sync.resolver.exchange import Unanswered
from registrar_sync.resolver.kept import Kept
from registrar_sync.resolver.referral import ROOT, Final, Referral, Unusable, read
from registrar_sync.resolver.top import Top
from registrar_sync.resolver.trail import Aliased, AllSilent, Cut, Found, InCircles, Lost, Trail

Ask = Callable[[Server, str, str], Awaitable[dns.message.Message]]
"""One question to one server, RD=0: server, name, type. Raises ``Unanswered``."""

KEPT_S = 300.0
_FAILURE_KEPT_S = 30.0  # that an address was not found, and that no answer came
_REFERRALS = 16
_MOST_GLUELESS = 8  # of a delegation on the way: further down, each of them may be as many again
_MOST_TRIED = 16  # servers asked for one step
_MOST_TOLD = 4
_HEDGE_S = 0.4  # seconds until the next server is asked too
_STRIKES = 2  # questions in a row without an answer: then the server is left alone for a while


class Walk:
    """Walks of one run, all in one event loop. ``port``: of every authoritative server."""

    def __init__(self, *, ask: Ask, top: Top, clock: Clock, port: int) -> None:
        self._ask = ask
        self._top = top
        self._port = port
        self._cuts: Kept[str, Cut] = Kept(clock)
        self._found: Kept[str, Found] = Kept(clock)
        self._closed: Kept[str, str] = Kept(clock)  # zones none of whose servers can be asked from here
        self._silent: Kept[Server, str] = Kept(clock)
        self._strikes: dict[Server, int] = {}

    # --- the zone of a name -------------------------------------------------------------------------------------------
    async def cut_of(self, owner: str) -> Cut:
        """The closest zone cut at or above ``owner``. Raises ``Lost``."""
        trail, name = Trail(), owner
        cut = await self._closest(owner)
        for _ in range(_REFERRALS):
            if cut.zone == name:
                return cut
            said = await self._step(cut, name, "NS", trail)
            if isinstance(said, Referral):
                cut = self._keep(said, cut)
            elif said.alias:
                name = name.partition(".")[2] or ROOT  # the zone that it stands in is that of the name above it, or a cut there
            elif said.zone == cut.zone:
                return cut
            else:
                return await self._unreferred(said, cut, trail)
        raise InCircles(f"the referrals towards {display(owner)} do not end")

    async def _unreferred(self, said: Final, above: Cut, trail: Trail) -> Cut:
        """A zone kept at the servers of the zone above, so that nobody refers to it: it tells its servers itself."""
        names = await self._step(above, said.zone, "NS", trail)
        if isinstance(names, Referral):
            return self._keep(names, above)
        return Cut(zone=said.zone, hosts=dict.fromkeys(names.values, ()), above=above, referred=False)

    def _keep(self, referral: Referral, above: Cut) -> Cut:
        return self._cuts.put(referral.zone, Cut(zone=referral.zone, hosts=referral.hosts, above=above), KEPT_S)

    async def _step(self, cut: Cut, name: str, rtype: str, trail: Trail) -> Referral | Final:
        """What the first server of a zone says whose answer can be used. Raises ``AllSilent``, ``InCircles``."""
        if (why := self._closed.get(cut.zone)) is not None:
            raise AllSilent(why)
        failures: list[Unanswered] = []
        for servers in (self._with_glue, self._without_glue):
            said = await self._race(await servers(cut, trail), cut.zone, name, rtype, trail, failures)
            if said is not None:
                return said
        told = "; ".join(map(str, failures[:_MOST_TOLD])) or "none has an address"
        why = f"no server of {display(cut.zone)} gave a usable answer ({told})"
        if not any(isinstance(failure, Unusable) for failure in failures):
            self._closed.put(cut.zone, why, _FAILURE_KEPT_S)
        raise AllSilent(why)

    async def _race(
        self, servers: Sequence[Server], zone: str, name: str, rtype: str, trail: Trail, failures: list[Unanswered]
    ) -> Referral | Final | None:
        """Ask one, soon another beside it, and take the first usable answer."""

        async def one(server: Server) -> Referral | Final:
            try:
                return read(await self.ask(server, name, rtype, trail), zone=zone, name=name, rtype=rtype)
            except Unanswered as error:
                raise type(error)(f"{display(server.name)} ({server}): {error}") from error

        waiting, running = deque(servers[:_MOST_TRIED]), set[asyncio.Task[Referral | Final]]()
        try:
            while waiting or running:
                if waiting:
                    running.add(asyncio.ensure_future(one(waiting.popleft())))
                done, running = await asyncio.wait(
                    running, timeout=_HEDGE_S if waiting else None, return_when=asyncio.FIRST_COMPLETED
                )
                failed = [error for task in done if isinstance(error := task.exception(), Unanswered)]
                failures += failed
                if len(failed) < len(done):
                    return next(task.result() for task in done if not isinstance(task.exception(), Unanswered))
        finally:
            for task in running:
                task.cancel()
        return None

    # --- one server ---------------------------------------------------------------------------------------------------
    async def ask(self, server: Server, name: str, rtype: str, trail: Trail) -> dns.message.Message:
        """The response of a server, whatever it says. One that gave no answer again and again is not asked for a while.
        Raises ``Unanswered``, ``InCircles``."""
        if (why := self._silent.get(server)) is not None:
            raise Unanswered(why)
        trail.pay()
        try:
            response = await self._ask(server, name, rtype)
        except Unanswered as error:
            self._strikes[server] = self._strikes.get(server, 0) + 1
            if self._strikes[server] >= _STRIKES:
                self._silent.put(server, str(error), _FAILURE_KEPT_S)
            raise
        self._strikes.pop(server, None)
        return response

    # --- the servers of a zone ----------------------------------------------------------------------------------------
    async def servers_of(self, cut: Cut, trail: Trail) -> Mapping[str, tuple[Server, ...]]:
        """The addresses of every server of a zone: its glue, else what its name leads to."""
        without = [host for host, glue in cut.hosts.items() if not glue]
        found = await asyncio.gather(*(self.addresses(host, trail) for host in without))
        looked_up = {host: one.addresses for host, one in zip(without, found, strict=True)}
        return {host: self.at(host, looked_up.get(host, glue)) for host, glue in cut.hosts.items()}

    def at(self, host: str, addresses: Sequence[str]) -> tuple[Server, ...]:
        """The addresses of a host as servers."""
        return tuple(Server(name=host, address=address, port=self._port) for address in addresses)

    async def _with_glue(self, cut: Cut, trail: Trail) -> Sequence[Server]:
        return _dealt([self.at(host, glue) for host, glue in cut.hosts.items()])

    async def _without_glue(self, cut: Cut, trail: Trail) -> Sequence[Server]:
        hosts = [host for host, glue in cut.hosts.items() if not glue][:_MOST_GLUELESS]
        found = await asyncio.gather(*(self.addresses(host, trail) for host in hosts))
        if circles := [one.why for one in found if one.circles and not any(other.addresses for other in found)]:
            raise InCircles(circles[0])
        return _dealt([self.at(host, one.addresses) for host, one in zip(hosts, found, strict=True)])

    # --- the addresses of a server ------------------------------------------------------------------------------------
    async def addresses(self, host: str, trail: Trail) -> Found:
        """The addresses of a name server, from the servers of its own zone. Raises nothing."""
        if (found := self._found.get(host)) is not None:
            return found
        if trail.hosts:  # never by waiting for another walk, which may be waiting for this one
            return await self._resolve(host, trail)
        return await self._found.once(host, lambda: self._resolve(host, trail))

    async def _resolve(self, host: str, trail: Trail) -> Found:
        try:
            onward = trail.towards(host)
            found = Found(addresses=(*await self._records(host, "A", onward), *await self._records(host, "AAAA", onward)))
        except InCircles as error:
            return Found(why=str(error), circles=True)  # true of this trail; from elsewhere the way may be another
        except Aliased as error:
            found = Found(why=str(error))
        except Lost as error:  # the servers of its zone cannot be asked from here
            found = Found(addresses=await self._top.addresses(host), why=str(error))
        return self._found.put(host, found, KEPT_S if found.addresses else _FAILURE_KEPT_S)

    async def _records(self, host: str, rtype: str, trail: Trail) -> tuple[str, ...]:
        """The rdata at a host's name. Raises ``Lost``."""
        cut = await self._closest(host)
        for _ in range(_REFERRALS):
            said = await self._step(cut, host, rtype, trail)
            if isinstance(said, Referral):
                cut = self._keep(said, cut)
            elif said.alias:
                raise Aliased("its name is an alias, which a name server's must not be (RFC 2181 section 10.3)")
            else:
                return said.values
        raise InCircles(f"the referrals towards {display(host)} do not end")

    # --- where to begin -----------------------------------------------------------------------------------------------
    async def _closest(self, name: str) -> Cut:
        """The closest cut that is known: at the least the top-level domain's, or the root's. Raises ``NoStart``."""
        labels = name.removesuffix(".").split(".")
        above = [".".join(labels[number:]) + "." for number in range(len(labels))]
        for candidate in (*above, ROOT):
            if (cut := self._cuts.get(candidate)) is not None:
                return cut
        return await self._cuts.once(above[-1], lambda: self._begin(above[-1]))

    async def _begin(self, top: str) -> Cut:
        cut = await self._top.above(top)
        return self._cuts.put(cut.zone, cut, KEPT_S)


def _dealt(hosts: list[tuple[Server, ...]]) -> list[Server]:
    """One address of each host, then another of each; not always the same host first."""
    random.shuffle(hosts)
    return [server for round_ in zip_longest(*hosts) for server in round_ if server is not None]
