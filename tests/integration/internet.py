"""A small internet on loopback: root, TLDs and zones on real name servers, all at one high port, and resolvers that know them.

``internet_map.DOMAINS`` is the list of what there is. Every server has an address of its own in 127.20.0.0/16; the port is
``Internet.port`` everywhere. Tests use the fixture of ``internet_fixture``: one internet a session, put back after each test.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import dns.name
import dns.rdataset
import dns.zone

from tests.integration import internet_processes
from tests.integration.internet_map import DOMAINS, HOSTS, Domain, parent_of, zone_text
from tests.integration.internet_processes import Processes, free_port, has_ipv6
from tests.integration.internet_scripted import Scripted, scripted_servers
from tests.integration.internet_servers import MARKER, Nsd, Recursive
from tests.integration.internet_signing import delegation_signers, ds_of, make_keys, signed


@dataclass(frozen=True)
class Server:
    """A name server. ``nsd``: the process that it is an address of, shared with others; ``scripted``: one that misbehaves."""

    name: str
    addresses: tuple[str, ...]
    port: int
    nsd: Nsd | None
    script: Scripted | None

    @property
    def address(self) -> str:
        return self.addresses[0]

    @property
    def scripted(self) -> Scripted:
        """The scripted server, to see what it was ``asked`` and to make it ``behave``."""
        assert self.script, f"{self.name} is not a scripted server"
        return self.script

    def questions(self) -> int:
        """How many questions were asked so far: of it, or of all servers of its process."""
        return len(self.scripted.asked) if self.nsd is None else self.nsd.questions()

    @contextmanager
    def silenced(self) -> Iterator[None]:
        """It takes questions and answers none, nor do the others of its process."""
        if self.nsd:
            with internet_processes.paused(self.nsd.process_group):
                yield
            return
        self.scripted.silent = True
        try:
            yield
        finally:
            self.scripted.silent = False


@dataclass(frozen=True)
class Zone:
    """A zone. ``text``: its newest master file, unsigned; ``delegated``, ``listed``: the NS set in the parent and in the zone."""

    name: str
    text: str
    serial: int
    parent: str | None
    delegated: tuple[str, ...]
    listed: tuple[str, ...]
    held_by: tuple[str, ...]
    signed: bool


class Internet:
    """The running internet. Made by ``running_internet``."""

    def __init__(self, port: int, nsds: dict[str, Nsd], scripted: dict[str, Scripted], *, ipv6: bool) -> None:
        self.port = port
        self.ipv6 = ipv6
        self.root_hints: tuple[tuple[str, str], ...] = tuple((host.name, host.addresses[0]) for host in _domain(".").hosts)
        self._nsds = nsds
        self._scripted = scripted
        self._keys = make_keys({domain.name: domain for domain in DOMAINS})
        self._mark = 0
        self._newest: dict[str, str] = {}
        self._held: dict[tuple[str, str], str] = {}
        self.recursive: Recursive  # validates
        self.careless: Recursive  # does not
        self._original = self._first_texts()

    # --- what there is ------------------------------------------------------------------------------------------------
    @property
    def trust_anchor(self) -> str:
        """The root's key, as a DS record."""
        return f". IN DS {ds_of('.', self._keys['.'])}"

    def server(self, name: str) -> Server:
        """A name server by its absolute name."""
        host = HOSTS[name]
        addresses = tuple(address for address in host.addresses if self.ipv6 or ":" not in address)
        nsd = self._nsds.get(host.place.process or "")
        return Server(name, addresses, self.port, nsd, self._scripted.get(name))

    def zone(self, name: str) -> Zone:
        """A zone by its absolute name."""
        domain, text = _domain(name), self._newest[name]
        soa = _parsed(text, name).get_rdataset(name, "SOA")
        serial = soa[0].serial if soa else 0
        signing = domain.signing != "unsigned"
        return Zone(name, text, serial, parent_of(name), domain.delegated, domain.listed, domain.held_by, signing)

    # --- changing it --------------------------------------------------------------------------------------------------
    def replace_zone(self, name: str, text: str, *, at: Sequence[str] | None = None) -> None:
        """Give a zone's servers a new master file, serial included; when this returns they answer from it.

        ``at``: only these servers (and, as one process answers for many, those beside them: ns1 of any domain is one
        process, ns2 another). Without ``at`` all but those that lag. A signed zone is signed anew.
        """
        self._newest[name] = text
        hosts = [HOSTS[server] for server in at or _domain(name).held_by]
        self._publish(name, {host.key for host in hosts if host.key and (at or not host.place.lags)})

    def set_rrset(
        self, zone: str, owner: str, rtype: str, ttl: int, *rdata: str, at: Sequence[str] | None = None, same_serial: bool = False
    ) -> int:
        """Change one RRset of a zone's newest version (no ``rdata``: remove it) and raise its serial, which is returned."""
        parsed = _parsed(self._newest[zone], zone)
        parsed.delete_rdataset(owner, rtype)
        if rdata:
            parsed.replace_rdataset(owner, dns.rdataset.from_text("IN", rtype, ttl, *rdata))
        soa = parsed.find_rdataset(zone, "SOA")
        serial: int = soa[0].serial + (0 if same_serial else 1)
        parsed.replace_rdataset(zone, dns.rdataset.from_rdata(soa.ttl, soa[0].replace(serial=serial)))
        self.replace_zone(zone, parsed.to_text(relativize=False), at=at)
        return serial

    def catch_up(self, name: str) -> None:
        """All servers of a zone answer from its newest version, the lagging and both sites of the anycast ones included."""
        keys = {HOSTS[server].key for server in _domain(name).held_by}
        self._publish(name, {key for key in keys if key and self._held[name, key] != self._newest[name]})
        for server in _domain(name).held_by:
            if server in self._scripted:
                self._scripted[server].catch_up()

    def reset(self) -> None:
        """As it was at the start: zones, behaviours, caches."""
        for scripted in self._scripted.values():
            scripted.reset()
        for name, key in [place for place, text in self._held.items() if text != self._original[place[0]]]:
            self._newest[name] = self._original[name]
            self._publish(name, {key})
        for name, original in self._original.items():
            self._newest[name] = original
        for scripted in self._scripted.values():
            scripted.catch_up()
        for recursive in (self.recursive, self.careless):
            recursive.reset()

    def _first_texts(self) -> dict[str, str]:
        domains = {domain.name: domain for domain in DOMAINS}
        signers = delegation_signers(domains, self._keys)
        return {name: zone_text(domain, signers) for name, domain in domains.items()}

    def load_all(self) -> None:
        """Write every zone for its servers, before the real ones start."""
        self._newest = dict(self._original)
        for domain in DOMAINS:
            for key in {HOSTS[server].key for server in domain.held_by} - {None}:
                self._write(domain.name, str(key), self._for_servers(domain.name))

    def wait(self) -> None:
        """Wait until every real server answers for every zone."""
        for nsd in self._nsds.values():
            for zone in nsd.zones:
                nsd.wait_for(zone, str(self._mark))

    def _publish(self, name: str, keys: set[str]) -> None:
        self._mark += 1
        text = self._for_servers(name)
        for key in keys:
            self._write(name, key, text)
        reloading = [self._nsds[key] for key in keys if key in self._nsds]
        for nsd in reloading:
            nsd.reload(name)
        for nsd in reloading:
            nsd.wait_for(name, str(self._mark))

    def _write(self, name: str, key: str, text: str) -> None:
        if key in self._scripted:
            self._scripted[key].load(text, name)
        else:
            self._nsds[key].write(name, text)
        self._held[name, key] = self._newest[name]

    def _for_servers(self, name: str) -> str:
        """The newest version with our mark, signed where it is to be."""
        text = f'{self._newest[name]}\n{MARKER}.{name.lstrip(".")} 0 IN TXT "{self._mark}"\n'
        signing = _domain(name).signing
        return text if signing == "unsigned" else signed(_parsed(text, name), self._keys[name], signing)


@contextmanager
def running_internet() -> Iterator[Internet]:
    """All servers started, and ended with the block, or with this process."""
    ipv6 = has_ipv6()
    port = free_port(ipv6=ipv6)
    with ExitStack() as stack:
        processes = Processes(Path(tempfile.mkdtemp(prefix="internet-")))
        stack.callback(processes.close)
        nsds = {key: _nsd(key, port, processes, ipv6=ipv6) for key in {host.place.process for host in HOSTS.values()} if key}
        scripted = stack.enter_context(scripted_servers(list(HOSTS.values()), port))
        internet = Internet(port, nsds, scripted, ipv6=ipv6)
        internet.load_all()
        for nsd in nsds.values():
            nsd.start()
        internet.recursive = Recursive("127.20.53.1", port, processes, internet.trust_anchor, ipv6)
        internet.careless = Recursive("127.20.53.2", port, processes, None, ipv6)
        for recursive in (internet.recursive, internet.careless):
            recursive.start()
        internet.wait()
        for recursive in (internet.recursive, internet.careless):
            recursive.wait()
            recursive.flush()
        yield internet


def _nsd(key: str, port: int, processes: Processes, *, ipv6: bool) -> Nsd:
    hosts = [host for host in HOSTS.values() if host.place.process == key]
    addresses = dict.fromkeys(address for host in hosts for address in host.addresses if ipv6 or ":" not in address)
    zones = [domain.name for domain in DOMAINS if any(HOSTS[server].key == key for server in domain.held_by)]
    return Nsd(key, tuple(addresses), port, tuple(zones), processes)


def _domain(name: str) -> Domain:
    return next(domain for domain in DOMAINS if domain.name == name)


def _parsed(text: str, name: str) -> dns.zone.Zone:
    return dns.zone.from_text(text, name, relativize=False, check_origin=False)
