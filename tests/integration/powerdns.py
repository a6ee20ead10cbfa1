"""A real PowerDNS with its HTTP API, for tests: started on free loopback ports, with zones given as dicts, stopped again."""

from __future__ import annotations

import shutil
import socket
import sqlite3
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

API_KEY = "powerdns-key-of-this-test"
_SCHEMAS = ("/usr/share/pdns-backend-sqlite3/schema/schema.sqlite3.sql", "/usr/share/doc/pdns-backend-sqlite3/schema.sqlite3.sql")
_START_LIMIT_S = 20.0


@dataclass(frozen=True, slots=True)
class PowerDns:
    """A running server. ``api_url``: for ``pdns_server`` or an account's ``endpoint``; ``dns``: ``address:port``."""

    api_url: str
    dns: str
    database: Path
    api_key: str = API_KEY

    def create_zone(self, name: str, rrsets: Mapping[tuple[str, str], tuple[int, list[str]]], *, kind: str = "Native") -> None:
        """Make a zone. ``rrsets``: (owner, type) -> (TTL, contents); SOA and NS come with it where they are not given."""
        body: dict[str, Any] = {"name": name, "kind": kind, "soa_edit_api": "INCREASE", "rrsets": []}
        if (name, "NS") not in rrsets:
            body["nameservers"] = ["ns1.example.net."]
        for (owner, rtype), (ttl, contents) in rrsets.items():
            records = [{"content": content, "disabled": False} for content in contents]
            body["rrsets"].append({"name": owner, "type": rtype, "ttl": ttl, "records": records})
        self.call("POST", "/zones", body)

    def zone(self, name: str) -> dict[str, Any]:
        """The zone as the API tells it."""
        answer: dict[str, Any] = self.call("GET", f"/zones/{name}")
        return answer

    def rrsets(self, name: str) -> dict[tuple[str, str], tuple[int, list[tuple[str, bool]]]]:
        """(owner, type) -> (TTL, sorted (content, disabled)) of a zone, the SOA left out: its serial moves."""
        return {
            (rrset["name"], rrset["type"]): (rrset["ttl"], sorted((r["content"], r["disabled"]) for r in rrset["records"]))
            for rrset in self.zone(name)["rrsets"]
            if rrset["type"] != "SOA"
        }

    def patch(self, name: str, rrset: Mapping[str, Any]) -> None:
        """Another writer's hand on one RRset."""
        self.call("PATCH", f"/zones/{name}", {"rrsets": [{"changetype": "REPLACE", **rrset}]})

    def stored(self, name: str) -> list[tuple[str, str, int, int, str]]:
        """Name, type, TTL, preference and content of a zone's rows in the database, the SOA left out."""
        query = (
            "select r.name, r.type, r.ttl, r.prio, r.content from records r join domains d on d.id = r.domain_id"
            " where d.name = ? and r.type is not null and r.type != 'SOA' order by 1, 2, 3, 4, 5"
        )
        connection = sqlite3.connect(self.database)
        try:
            return connection.execute(query, (name.removesuffix("."),)).fetchall()
        finally:
            connection.close()

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """One API call."""
        url = f"{self.api_url}/api/v1/servers/localhost{path}"
        response = requests.request(method, url, json=body, headers={"X-API-Key": self.api_key}, timeout=10)
        assert response.ok, f"{method} {path}: {response.status_code} {response.text}"
        return response.json() if response.content else None


@contextmanager
def powerdns(folder: Path, *, copy_of: Path | None = None) -> Iterator[PowerDns]:
    """A server with an empty database in ``folder``, or with a copy of one that another server has left."""
    program = shutil.which("pdns_server") or "/usr/sbin/pdns_server"
    assert Path(program).exists(), "pdns_server is not installed: make test installs it (apt: pdns-server pdns-backend-sqlite3)"
    database = folder / "pdns.sqlite3"
    if copy_of is None:
        _create_tables(database)
    else:
        shutil.copyfile(copy_of, database)
    dns_port, api_port = _free_ports(2)
    log = folder / "pdns.log"
    with log.open("wb") as output:
        process = subprocess.Popen([program, *_options(folder, database, dns_port, api_port)], stdout=output, stderr=output)
    server = PowerDns(f"http://127.0.0.1:{api_port}", f"127.0.0.1:{dns_port}", database)
    try:
        _wait_until_ready(server, process, log)
        yield server
    finally:
        process.terminate()
        process.wait(timeout=10)


def _create_tables(database: Path) -> None:
    schema = next(Path(path) for path in _SCHEMAS if Path(path).exists())
    connection = sqlite3.connect(database)
    try:
        connection.executescript(schema.read_text())
    finally:
        connection.close()


def _options(folder: Path, database: Path, dns_port: int, api_port: int) -> list[str]:
    settings = {
        "config-dir": folder,
        "socket-dir": folder,
        "daemon": "no",
        "guardian": "no",
        "disable-syslog": "yes",
        "launch": "gsqlite3",
        "gsqlite3-database": database,
        "gsqlite3-pragma-synchronous": 0,
        "local-address": "127.0.0.1",
        "local-port": dns_port,
        "cache-ttl": 0,
        "query-cache-ttl": 0,
        "negquery-cache-ttl": 0,
        "zone-cache-refresh-interval": 0,
        "api": "yes",
        "api-key": API_KEY,
        "webserver-address": "127.0.0.1",
        "webserver-port": api_port,
        "webserver-allow-from": "127.0.0.0/8",
        "receiver-threads": 1,
        "distributor-threads": 1,
        "security-poll-suffix": "",
    }
    return [f"--{name}={value}" for name, value in settings.items()]


def _free_ports(count: int) -> list[int]:
    """Ports free for TCP and UDP."""
    ports: list[int] = []
    while len(ports) < count:
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as tcp, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
            tcp.bind(("127.0.0.1", 0))
            port = tcp.getsockname()[1]
            try:
                udp.bind(("127.0.0.1", port))
            except OSError:
                continue
            if port not in ports:
                ports.append(port)
    return ports


def _wait_until_ready(server: PowerDns, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + _START_LIMIT_S
    while time.monotonic() < deadline:
        assert process.poll() is None, f"pdns_server ended:\n{log.read_text()}"
        try:
            server.call("GET", "")
        except requests.ConnectionError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError(f"pdns_server did not answer:\n{log.read_text()}")
