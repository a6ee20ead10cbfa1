"""The server of the benchmark: a real PowerDNS over SQLite, behind the proxy, with fresh zones for each contestant."""

from __future__ import annotations

import json
import sqlite3
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.bulk.estate import Estate, Key, RRset, Value, Zone, leaned_on
from benchmarks.bulk.proxy import Seen
from benchmarks.dns.child import ROOT, python
from tests.integration.powerdns import API_KEY, PowerDns, powerdns

KEY = API_KEY
_ROWS = """
SELECT d.name, r.name, r.type, r.ttl, r.prio, r.content, r.disabled FROM records r JOIN domains d ON d.id = r.domain_id
WHERE r.type IS NOT NULL AND r.type != 'SOA' ORDER BY r.content
"""


@dataclass(frozen=True, slots=True)
class Stage:
    """What a contestant works on. ``api``: the proxy's address, as PowerDNS's own would be; ``dns``: ``ADDR:PORT``, not delayed;
    ``folder``: for what the contestant keeps. ``seen``: every request, once the stage is left."""

    estate: Estate
    api: str
    dns: str
    folder: Path
    database: Path
    seen: list[Seen] = field(default_factory=list)

    @property
    def api_port(self) -> int:
        """The proxy's."""
        return int(self.api.rpartition(":")[2])

    def zones(self) -> dict[str, Zone]:
        """Every zone as the server's database has it, the SOA left out: its serial moves."""
        found: dict[str, dict[Key, RRset]] = {}
        with closing(sqlite3.connect(self.database)) as base:
            for zone, owner, rtype, ttl, preference, content, disabled in base.execute(_ROWS):
                rrsets, key = found.setdefault(f"{zone}.", {}), (f"{owner}.", rtype)
                values = rrsets[key].values if key in rrsets else ()
                rrsets[key] = RRset(ttl, (*values, Value(_text(rtype, preference, content), bool(disabled))))
        return dict(found)


class Template:
    """A database with all zones of an estate as they are at first; made once, copied for each contestant."""

    def __init__(self, folder: Path, estate: Estate) -> None:
        self.estate = estate
        folder.mkdir()
        self._database = folder / "pdns.sqlite3"
        with powerdns(folder) as server:
            for name, zone in (*leaned_on(), *estate.before()):
                _create(server, name, zone)
        with closing(sqlite3.connect(self._database)) as base:
            base.execute("PRAGMA journal_mode = WAL")  # else a write lets name server and reads fail with "database is locked"

    @contextmanager
    def stage(self, folder: Path, *, latency_s: float) -> Iterator[Stage]:
        """A server of its own with fresh zones, and a proxy of its own before it."""
        folder.mkdir()
        log = folder / "requests"
        with powerdns(folder, copy_of=self._database) as server, _proxied(server, latency_s, log) as port:
            stage = Stage(self.estate, f"http://127.0.0.1:{port}", server.dns, folder, server.database)
            yield stage
        stage.seen.extend(Seen(**json.loads(line)) for line in log.read_text().splitlines())


@contextmanager
def _proxied(server: PowerDns, latency_s: float, log: Path) -> Iterator[int]:
    command = python("benchmarks.bulk.proxy", server.api_url.rpartition(":")[2], str(latency_s), str(log))
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as proxy:
        assert proxy.stdin
        assert proxy.stdout
        yield int(proxy.stdout.readline())
        proxy.stdin.close()  # it writes its log and ends


def _create(server: PowerDns, name: str, zone: Mapping[Key, RRset]) -> None:
    rrsets = [
        {
            "name": owner,
            "type": rtype,
            "ttl": rrset.ttl,
            "records": [{"content": value.text, "disabled": value.disabled} for value in rrset.values],
        }
        for (owner, rtype), rrset in zone.items()
    ]
    server.call("POST", "/zones", {"name": name, "kind": "Native", "soa_edit_api": "INCREASE", "rrsets": rrsets})


def _text(rtype: str, preference: int, content: str) -> str:
    """The database keeps names without their last dot, and preferences apart."""
    absolute = f"{content}." if rtype in {"MX", "NS", "CNAME"} else content
    return f"{preference} {absolute}" if rtype == "MX" else absolute
