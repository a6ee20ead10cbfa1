"""The real PowerDNS as a contract world: zones from master files, read back as stored and as served."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dns.query
import dns.rdatatype
import dns.zone

from tests.integration.powerdns import API_KEY, PowerDns, powerdns

RRsets = dict[tuple[str, str], tuple[int, list[str]]]


@dataclass
class PowerDnsVendor:
    """The zone ``zone`` (as spelled) on a running server; see ``tests.contract.worlds.Vendor``."""

    server: PowerDns
    zone: str = "example.com."
    kind: str = "Native"

    def load(self, master_file: str) -> None:
        if any(found["name"].lower() == self.zone.lower() for found in self.server.call("GET", "/zones")):
            self.server.call("DELETE", f"/zones/{self.zone}")
        self.server.create_zone(self.zone, _rrsets(self.zone, master_file), kind=self.kind)

    def stored(self) -> str:
        return "\n".join(f"{name}. {ttl} IN {rtype} {prio} {content}" for name, rtype, ttl, prio, content in self._rows())

    def _rows(self) -> list[tuple[str, str, int, int, str]]:
        return self.server.stored(self.zone.lower())

    def served(self) -> str:
        address, _, port = self.server.dns.rpartition(":")
        transfer = dns.query.xfr(address, self.zone, port=int(port), relativize=False, lifetime=10)
        zone = dns.zone.from_xfr(transfer, relativize=False)
        assert zone is not None
        lines = [f"{owner} {ttl} {rdata.rdtype.name} {rdata.to_text()}" for owner, ttl, rdata in zone.iterate_rdatas()]
        return "\n".join(sorted(line for line in lines if " SOA " not in line))

    def add(self, owner: str, rtype: str, text: str, ttl: int) -> None:
        name = owner.removesuffix(".") + "."
        found = next((r for r in self.server.zone(self.zone)["rrsets"] if (r["name"], r["type"]) == (name, rtype)), None)
        records = [{"content": r["content"], "disabled": r["disabled"]} for r in found["records"]] if found else []
        records.append({"content": text, "disabled": False})
        self.server.patch(self.zone, {"name": name, "type": rtype, "ttl": ttl, "records": records})

    def writes(self) -> list[str]:
        """Every PATCH raises the serial by one (soa_edit_api INCREASE): that many writes."""
        return ["PATCH"] * int(self.server.zone(self.zone)["serial"])

    def account(self) -> dict[str, Any]:
        return {
            "provider": "powerdns",
            "endpoint": self.server.api_url,
            "credentials": {"auth_token": "env:POWERDNS_KEY"},
            "nameservers": [self.server.dns],
            "resolvers": [self.server.dns],
            "read_back_s": 1.0,
        }

    def environ(self) -> dict[str, str]:
        return {"POWERDNS_KEY": API_KEY}


def _rrsets(zone: str, master_file: str) -> RRsets:
    parsed = dns.zone.from_text(master_file, origin=zone, relativize=False, check_origin=False)
    found: RRsets = {}
    for owner, rdataset in parsed.iterate_rdatasets():
        name, rtype = owner.to_text(), dns.rdatatype.to_text(rdataset.rdtype)
        found[name, rtype] = (rdataset.ttl, [rdata.to_text() for rdata in rdataset])
    return found


@contextmanager
def powerdns_server(folder: Path) -> Iterator[PowerDnsVendor]:
    """A server with no zone yet."""
    with powerdns(folder) as server:
        yield PowerDnsVendor(server)
