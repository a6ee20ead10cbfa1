"""Scripted name servers of the small internet: they hold a zone as the real ones do, and misbehave."""

from __future__ import annotations

import random
import socket
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

import dns.message
import dns.rdatatype
import dns.zone

from tests.integration.internet_map import Host, Script
from tests.integration.nameserver import Behaviour, NameServer, Transport

_WAKE_S = 0.2  # they live as long as the session; their threads should seldom wake for nothing


@dataclass
class Scripted(NameServer):
    """A ``NameServer`` that takes whole zones, drops a share of the UDP questions, or is two sites behind one address."""

    script: Script = field(default_factory=Script)
    silent: bool = False
    _chance: random.Random = field(default_factory=lambda: random.Random(4711))
    _other_site: NameServer | None = None
    _answered: int = 0

    def __post_init__(self) -> None:
        self.default = self.script.default

    def load(self, text: str, origin: str) -> None:
        """Hold this zone. An anycast server's other site keeps what was held before, until ``catch_up``."""
        if self.script.anycast and self.records:
            self._other_site = NameServer(records=self.records, zones=self.zones)
        parsed = dns.zone.from_text(text, origin, relativize=False, check_origin=False)
        self.records = {
            (str(name), dns.rdatatype.to_text(rdataset.rdtype)): (rdataset.ttl, [str(rdata) for rdata in rdataset])
            for name, rdataset in parsed.iterate_rdatasets()
        }
        self.zones = {}
        if soa := parsed.get_rdataset(origin, "SOA"):
            self.zones = {origin: (soa.ttl, soa[0].serial, soa[0].minimum)}

    def catch_up(self) -> None:
        """Both sites of an anycast server hold the newest zone."""
        self._other_site = None

    def reset(self) -> None:
        """As it was at the start, its zone apart."""
        self.default, self.silent = self.script.default, False
        self.behaviours.clear()
        self.asked.clear()

    def _bind(self) -> tuple[socket.socket, socket.socket]:
        udp, tcp = super()._bind()
        udp.settimeout(_WAKE_S)
        tcp.settimeout(_WAKE_S)
        return udp, tcp

    def _step(self, query: dns.message.Message, transport: Transport) -> Behaviour:
        step = super()._step(query, transport)
        dropped = transport == "udp" and self._chance.random() < self.script.drop_share
        return "drop" if self.silent or dropped else step

    def _answer(self, query: dns.message.Message) -> dns.message.Message:
        self._answered += 1
        if self._other_site and self._answered % 2:
            return self._other_site._answer(query)
        return super()._answer(query)


@contextmanager
def scripted_servers(hosts: Sequence[Host], port: int) -> Iterator[dict[str, Scripted]]:
    """All the scripted servers, by name, with no zone yet."""
    servers = {
        host.name: Scripted(address=host.addresses[0], port=port, script=host.place.script)
        for host in hosts
        if host.place.script is not None
    }
    with ExitStack() as stack:
        for server in servers.values():
            stack.enter_context(server)
        yield servers
        for server in servers.values():  # all at once: each takes a moment to see it
            server._stop.set()
