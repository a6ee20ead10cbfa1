"""Name servers and resolvers that answer from the ledger, at once, without a socket."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from queue import SimpleQueue

from benchmarks.bulk.memory_zones import TTL_S, Ledger, number_of, values_at
from registrar_sync.core.model import Other, Rdata, Txt
from registrar_sync.core.observation import Answer, Delegation, Observation, Server
from registrar_sync.dns_port import Hoped

_SERVER = Server(name="ns1.example.net.", address="192.0.2.53")


def _data(value: Rdata) -> Answer:
    return Answer(status="data", values=frozenset({value}), ttl=3600)


_SERVICE = {
    ("includespf.security-mail.net.", "TXT"): _data(Txt((b"v=spf1 ip4:192.0.2.0/24 -all",))),
    ("france.security-mail.net.", "A"): _data(Other("192.0.2.101")),
    ("europe.security-mail.net.", "A"): _data(Other("192.0.2.102")),
}

Task = Callable[[], object]


@dataclass(eq=False)
class MemoryDns:
    """A ``Resolver``."""

    ledger: Ledger
    _tasks: SimpleQueue[Task | None] = field(default_factory=SimpleQueue)

    def __post_init__(self) -> None:
        threading.Thread(target=self._serve, daemon=True, name="memory-dns").start()

    def delegation(self, owner: str) -> Delegation:
        """The operator says so."""
        return Delegation(zone=owner, servers=(_SERVER,), source="operator")

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
        """What the provider holds now."""
        number = number_of(owner)
        answers = {rtype: self._answer(number, rtype) for rtype in rtypes}
        return [Observation(server=server, answers=answers, serial=1 if serial else None, negative_ttl=600) for server in servers]

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
        """From another thread."""
        self._tasks.put(lambda: done(self.observe(servers, zone, owner, rtypes, serial=serial)))

    def ask_recursives(self, owner: str, rtypes: Sequence[str]) -> list[Observation]:
        """There are none."""
        return []

    def look_up(self, name: str, rtype: str) -> Answer:
        """The service, and hosts that all have an address."""
        if rtype == "A" and name.endswith(".example."):
            return _data(Other("192.0.2.25"))
        return _SERVICE.get((name, rtype), Answer(status="absent"))

    def look_up_soon(self, name: str, rtype: str, done: Callable[[Answer | None], object]) -> None:
        """At once."""
        done(self.look_up(name, rtype))

    def close(self) -> None:
        """End the thread."""
        self._tasks.put(None)

    def _serve(self) -> None:
        while (task := self._tasks.get()) is not None:
            task()

    def _answer(self, number: int, rtype: str) -> Answer:
        values = frozenset(values_at(number, rtype, new=self.ledger.is_new(number, rtype)))
        return Answer(status="data", values=values, ttl=TTL_S) if values else Answer(status="absent")
