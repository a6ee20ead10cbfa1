"""A real BIND for tests: started on free loopback ports, its zones made and unmade while it runs, stopped again."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import dns.name
import dns.query
import dns.rcode
import dns.rdatatype
import dns.tsig
import dns.update
import dns.zone

from tests.integration.internet_processes import Processes, find_program, free_port, has_ipv6, texts_at, until

ALGORITHM = "hmac-sha256"
# Name -> secret. ``ours`` may change the zone as its policy says, ``others`` everything.
SECRETS = {
    "ours": "b3Vycy1vdXJzLW91cnMtb3Vycw==",
    "others": "b3RoZXJzLW90aGVycy1vdGhlcnM=",
    "stranger": "c3RyYW5nZXItc3RyYW5nZXI=",
}
MAY_ALL = "grant ours zonesub ANY;"
_SELF = "bind.test.invalid"


def token(name: str, secret: str | None = None, algorithm: str = ALGORITHM) -> str:
    """A key as lexicon's auth_token."""
    return f"{algorithm}:{name}:{secret or SECRETS[name]}"


def key(name: str) -> dns.tsig.Key:
    """A key as dnspython has it."""
    return dns.tsig.Key(name, SECRETS[name], ALGORITHM)


@dataclass
class Bind:
    """A running server. ``port``: of DNS, at 127.0.0.1 and, where there is one, at ::1. ``group``: its process group."""

    folder: Path
    port: int
    control: int
    group: int = 0
    _versions: dict[str, int] = field(default_factory=dict)

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def log(self) -> str:
        return (self.folder / "named.log").read_text()

    def load(self, zone: str, master_file: str, policy: str = MAY_ALL) -> None:
        """Make a zone, in the place of the one of that name. ``policy``: what the key ``ours`` may do."""
        if zone in self._versions:
            self.rndc("delzone", zone)
        self._versions[zone] = self._versions.get(zone, 0) + 1
        file = self.folder / f"{zone}.{self._versions[zone]}.zone"
        file.write_text(master_file)
        rules = f"update-policy {{ {policy} grant others zonesub ANY; }}; allow-transfer {{ key others; }};"
        self.rndc("addzone", zone, f'{{ type primary; file "{file}"; {rules} }};')

    def rndc(self, *words: str) -> None:
        program = find_program("rndc", self.folder)
        address = ["-s", "127.0.0.1", "-p", str(self.control), "-k", str(self.folder / "rndc.key")]
        done = subprocess.run([program, *address, *words], capture_output=True, text=True, timeout=20, check=False)
        assert done.returncode == 0, (words, done.stderr, self.log[-2000:])

    def zone(self, name: str) -> list[str]:
        """Every record, one a line, by a transfer; the SOA left out: its serial moves."""
        transfer = dns.query.xfr(
            "127.0.0.1", name, port=self.port, relativize=False, lifetime=10, keyring={key("others").name: key("others")}
        )
        zone = dns.zone.from_xfr(transfer, relativize=False)
        assert zone is not None
        found = [(owner.to_text(), ttl, rdata) for owner, ttl, rdata in zone.iterate_rdatas()]
        return sorted(f"{owner} {ttl} {r.rdtype.name} {r.to_text()}" for owner, ttl, r in found if r.rdtype != dns.rdatatype.SOA)

    def add(self, zone: str, owner: str, rtype: str, text: str, ttl: int) -> None:
        """Another writer's hand."""
        update = dns.update.UpdateMessage(zone, keyring=key("others"))
        update.add(dns.name.from_text(owner), ttl, rtype, text)
        answer = dns.query.tcp(update, "127.0.0.1", port=self.port, timeout=10)
        assert answer.rcode() == dns.rcode.NOERROR, answer

    def updates(self, name: str = "ours") -> list[str]:
        """What a key changed so far, a line each."""
        marked = f"/key {name}: updating zone "
        return [line.partition(marked)[2] for line in self.log.splitlines() if marked in line and "': " in line]


@contextmanager
def bind(folder: Path) -> Iterator[Bind]:
    """A server without zones, in a folder of its own below ``folder``."""
    here = folder / "bind"
    here.mkdir()
    server = Bind(here, free_port(ipv6=has_ipv6()), free_port(ipv6=False))
    processes = Processes(here)
    try:
        (here / "rndc.key").write_text(_key("rndc", SECRETS["others"]))
        (here / "named.conf").write_text(_configuration(server))
        program = find_program("named", here)
        server.group = processes.start([program, "-f", "-n", "1", "-c", here / "named.conf"], here / "start.log")
        until(lambda: bool(texts_at("127.0.0.1", server.port, _SELF)), processes, "named answers")
        yield server
    finally:
        processes.close()


def _key(name: str, secret: str) -> str:
    return f'key "{name}" {{ algorithm {ALGORITHM}; secret "{secret}"; }};\n'


def _configuration(server: Bind) -> str:
    (server.folder / "self.zone").write_text(f'$TTL 60\n@ SOA {_SELF}. . 1 1 1 1 1\n@ NS {_SELF}.\n@ TXT "up"\n@ A 127.0.0.1\n')
    on_ipv6 = "::1;" if has_ipv6() else "none;"
    return f"""
options {{
    directory "{server.folder}";
    pid-file none; session-keyfile none; lock-file none;
    listen-on port {server.port} {{ 127.0.0.1; }};
    listen-on-v6 port {server.port} {{ {on_ipv6} }};
    recursion no; dnssec-validation no; notify no; empty-zones-enable no; allow-new-zones yes; minimal-any yes;
    allow-transfer {{ none; }};
}};
logging {{
    channel all {{ file "named.log"; severity info; print-category yes; }};
    category default {{ all; }};
    category update {{ all; }};
    category update-security {{ all; }};
}};
include "rndc.key";
controls {{ inet 127.0.0.1 port {server.control} allow {{ 127.0.0.1; }} keys {{ rndc; }}; }};
{"".join(_key(name, secret) for name, secret in SECRETS.items() if name != "stranger")}
zone "{_SELF}" {{ type primary; file "self.zone"; }};
"""
