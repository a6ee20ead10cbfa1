"""NSD and Unbound for the small internet: their settings, starting them, and what they can be told while they run."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.integration.internet_map import DOMAINS, HOSTS
from tests.integration.internet_processes import Processes, childless, command, find_program, texts_at, until

# Settings of both that keep a server a plain child of the test: no other user, no root folder, nothing outside ``folder``.
_PLAIN = ("username", "chroot", "pidfile")
_OLD_ANSWERS_S = 3.0  # after a reload, many times what it takes beside other work
MARKER = "_loaded"  # a TXT record that we put into every zone, to see when a server has it


@dataclass
class Nsd:
    """One NSD with zones of its own. It answers for these only, at each of its addresses."""

    label: str
    addresses: tuple[str, ...]
    port: int
    zones: tuple[str, ...]
    processes: Processes
    process_group: int = 0
    _written: int = field(default_factory=lambda: int(time.time()))
    _old: set[str] = field(default_factory=set)

    @property
    def folder(self) -> Path:
        return self.processes.folder / self.label

    def write(self, zone: str, text: str) -> None:
        """Write a zone's file, to be read at the start or by ``reload``."""
        self.folder.mkdir(exist_ok=True)
        path = self._path(zone)
        path.write_text(text)
        self._written += 1  # NSD reads a file again when its time has moved, which two quick writes may not do
        os.utime(path, (self._written, self._written))

    def start(self) -> None:
        """Start it. It does not answer yet when this returns."""
        config = self.folder / "nsd.conf"
        config.write_text(self._config())
        program = find_program("nsd", self.processes.folder)
        self.process_group = self.processes.start([program, "-d", "-c", config], self.folder / "log")

    def reload(self, zone: str) -> None:
        """Read a zone's file again. It may answer from the old one for a moment yet."""
        self._old = childless(self.process_group)
        reply = command(self.folder / "control", f"NSDCT1 reload {zone}")
        assert reply.startswith("ok"), f"{self.label}: reload {zone}: {reply}"

    def wait_for(self, zone: str, mark: str) -> None:
        """Wait until the server answers from the file with this mark, and from no other.

        A reload makes a new process that answers, and the old one answers beside it until it has ended. One that lives on
        answers only what came by TCP before: it is not waited for longer.
        """
        owner = f"{MARKER}.{zone}".replace("..", ".")
        what = f"{self.label} answers from the newest {zone} ({self.folder / 'log'})"
        until(lambda: texts_at(self.addresses[0], self.port, owner) == [f'"{mark}"'], self.processes, what)
        enough = time.monotonic() + _OLD_ANSWERS_S
        what = f"the old process of {self.label} ends"
        until(lambda: not self._old & childless(self.process_group) or time.monotonic() > enough, self.processes, what)

    def questions(self) -> int:
        """How many questions it was asked so far."""
        lines = command(self.folder / "control", "NSDCT1 stats_noreset").splitlines()
        return int(next(line.split("=")[1] for line in lines if line.startswith("num.queries=")))

    def _path(self, zone: str) -> Path:
        return self.folder / f"{zone.rstrip('.') or 'root'}.zone"

    def _config(self) -> str:
        server = {
            **dict.fromkeys((*_PLAIN, "database", "xfrdfile"), '""'),
            "zonesdir": self.folder,
            "zonelistfile": self.folder / "zone.list",
            "xfrdir": self.folder,
            "server-count": 1,
            "rrl-ratelimit": 0,  # by default 200 answers a second, then truncated ones
            "rrl-whitelist-ratelimit": 0,
        }
        lines = ["server:", *_settings(server), *(f"  ip-address: {address}@{self.port}" for address in self.addresses)]
        lines += ["remote-control:", "  control-enable: yes", f"  control-interface: {self.folder / 'control'}"]
        for zone in self.zones:
            lines += ["zone:", f'  name: "{zone}"', f'  zonefile: "{self._path(zone)}"']
        return "\n".join([*lines, ""])


@dataclass
class Recursive:
    """One Unbound. It knows the servers of every zone, and their port, from its settings."""

    address: str
    port: int
    processes: Processes
    trust_anchor: str | None
    ipv6: bool
    max_ttl: int = 2
    max_negative_ttl: int = 1

    @property
    def endpoint(self) -> tuple[str, int]:
        return self.address, self.port

    def flush(self) -> None:
        """Forget all that was learned."""
        self._say("flush_zone .")
        self._say("flush_infra all")

    def cache_for(self, max_ttl: int, max_negative_ttl: int) -> None:
        """Keep answers at most so many seconds, from now on; their TTL is shown cut to it."""
        self._say(f"set_option cache-max-ttl: {max_ttl}")
        self._say(f"set_option cache-max-negative-ttl: {max_negative_ttl}")

    def reset(self) -> None:
        """As it was at the start."""
        self.cache_for(self.max_ttl, self.max_negative_ttl)
        self.flush()

    def start(self) -> None:
        """Start it. It does not answer yet when this returns."""
        self._folder.mkdir()
        config = self._folder / "unbound.conf"
        config.write_text(self._config())
        program = find_program("unbound", self.processes.folder)
        self.processes.start([program, "-d", "-c", config], self._folder / "log")

    def wait(self) -> None:
        """Wait until it answers from the root."""
        owner = f"{MARKER}."
        until(lambda: bool(texts_at(self.address, self.port, owner)), self.processes, f"unbound at {self.address} answers")

    @property
    def _folder(self) -> Path:
        return self.processes.folder / f"unbound-{self.address}"

    def _say(self, line: str) -> None:
        reply = command(self._folder / "control", f"UBCT1 {line}")
        assert reply.startswith("ok"), f"unbound: {line}: {reply}"

    def _config(self) -> str:
        server: dict[str, object] = {
            **dict.fromkeys(_PLAIN, '""'),
            "directory": self._folder,
            "use-syslog": "no",
            "verbosity": 1,
            "num-threads": 1,
            "interface": f"{self.address}@{self.port}",
            "access-control": "127.0.0.0/8 allow",
            "do-not-query-localhost": "no",
            "do-ip6": "yes" if self.ipv6 else "no",
            "local-zone": '"test." nodefault',  # RFC 6761: it would say NXDOMAIN by itself
            "cache-max-ttl": self.max_ttl,
            "cache-max-negative-ttl": self.max_negative_ttl,
            "module-config": '"validator iterator"' if self.trust_anchor else '"iterator"',
            "ede": "yes",
            # With its usual patience a dead server would cost seconds, and then the answer not be sent: Unbound sends none
            # later than 1.9 s after the question (discard-timeout). So it takes 1.3 s at most.
            "unknown-server-time-limit": 100,
            "infra-cache-max-rtt": 300,
            "outbound-msg-retry": 2,
        }
        if self.trust_anchor:
            server["trust-anchor"] = f'"{self.trust_anchor}"'
        lines = ["server:", *_settings(server), "remote-control:", "  control-enable: yes"]
        lines.append(f"  control-interface: {self._folder / 'control'}")
        return "\n".join([*lines, *self._stubs(), ""])

    def _stubs(self) -> list[str]:
        """Every zone cut with its servers: left to the delegations, Unbound would ask at port 53."""
        lines: list[str] = []
        for domain in DOMAINS:
            hosts = [HOSTS[server] for server in domain.delegated if server in HOSTS]
            addresses = [address for host in hosts for address in host.addresses if self.ipv6 or ":" not in address]
            if addresses:
                lines += ["stub-zone:", f'  name: "{domain.name}"', *(f"  stub-addr: {each}@{self.port}" for each in addresses)]
        return lines


def _settings(options: Mapping[str, object]) -> Sequence[str]:
    return [f"  {name}: {value}" for name, value in options.items()]
