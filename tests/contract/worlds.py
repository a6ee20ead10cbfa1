"""One world per provider: a server that stands for the vendor, a zone in it, and a hand that edits it as others would."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import yaml

from registrar_sync import Client
from registrar_sync.sandbox.server import Sandbox

DOMAIN = "example.com"

LONG_TXT = " ".join(f'"{part * 200}"' for part in "abc")  # 600 bytes in three character-strings

NEIGHBOURS = f"""
$ORIGIN {DOMAIN}.
$TTL 3600
@ SOA ns1 hostmaster 1 7200 900 1209600 600
@ NS ns1
@ 300 A 192.0.2.10
ns1 A 127.0.0.1
www 900 A 192.0.2.11
mailgate A 192.0.2.12
@ 600 TXT "google-site-verification=abc"
@ 600 TXT "part one, " "part two"
@ 600 TXT "say \\"hi\\" back\\\\slash"
@ 600 TXT {LONG_TXT}
sub 600 TXT "v=spf1 mx -all"
sub 600 MX 7 mailgate
"""

SPF = '@ 600 TXT "v=spf1 mx a:mailgate.example.com ~all"\n'
USUAL_MX = "@ 300 MX 5 mailgate\n@ 300 MX 40 smtp.isp.net.\n@ 300 MX 40 secours.isp.net.\n"
USUAL = NEIGHBOURS + SPF + USUAL_MX


class Vendor(Protocol):
    """The vendor's side of a world: what it stores and serves, and who else writes there."""

    def load(self, master_file: str) -> None:
        """Make the zone of ``DOMAIN`` anew."""
        ...

    def stored(self) -> str:
        """The zone as the vendor stores it: spelling, TTLs, disabled rows; the serial left out."""
        ...

    def served(self) -> str:
        """The zone as the DNS serves it; the serial left out."""
        ...

    def add(self, owner: str, rtype: str, text: str, ttl: int) -> None:
        """Add a record as somebody else would, published at once."""
        ...

    def writes(self) -> list[str]:
        """Every write request so far: "METHOD path"."""
        ...

    def account(self) -> dict[str, Any]:
        """The account's entry for the operator's providers.yaml."""
        ...

    def environ(self) -> dict[str, str]:
        """The variables that the account's credentials refer to."""
        ...


@dataclass
class SandboxVendor:
    """One of the sandbox's simulators."""

    sandbox: Sandbox
    vendor: str

    def load(self, master_file: str) -> None:
        self.sandbox.store.add_zone(DOMAIN, master_file)

    def stored(self) -> str:
        return self.sandbox.store.zone_text(DOMAIN, published=False)

    def served(self) -> str:
        return self.sandbox.store.zone_text(DOMAIN)

    def add(self, owner: str, rtype: str, text: str, ttl: int) -> None:
        self.sandbox.store.add_record(DOMAIN, owner, rtype, text, ttl)

    def writes(self) -> list[str]:
        asked = [(str(r["method"]), str(r["path"])) for r in self.sandbox.requests]
        return [f"{method} {path}" for method, path in asked if method != "GET"]

    def account(self) -> dict[str, Any]:
        address, port = self.sandbox.dns_address
        dns = f"{address}:{port}"
        return {
            "provider": self.vendor,
            "endpoint": self.sandbox.vendors[self.vendor],
            "credentials": dict.fromkeys(CREDENTIALS[self.vendor], "env:SANDBOX"),
            "nameservers": [dns],
            "resolvers": [dns],
            "read_back_s": 1.0,
        }

    def environ(self) -> dict[str, str]:
        return {"SANDBOX": "sandbox"}


CREDENTIALS = {
    "ovh": ("auth_application_key", "auth_application_secret", "auth_consumer_key"),
    "gandi": ("auth_token",),
    "ionos": ("api_key",),
}


@dataclass
class ProviderWorld:
    """A vendor, a client on it, and the name that the operator says."""

    vendor: Vendor
    name: str
    folder: Path
    clients: list[Client] = field(default_factory=list)

    def client(self, **account: Any) -> Client:
        """A client of its own over the world's one journal; ``account`` overrides what the account says."""
        entry = self.vendor.account() | account
        config = self.folder / f"providers-{len(self.clients)}.yaml"
        config.write_text(yaml.safe_dump({"accounts": {entry["provider"]: entry}}))
        environ = {**self.vendor.environ(), "REGISTRAR_SYNC_CONFIG": str(config)}
        client = Client(journal=str(self.folder / "journal.sqlite"), environ=environ)
        if self.name == "sandbox":
            # The embedded one would keep its zones in the state folder, out of this world's reach.
            assert isinstance(self.vendor, SandboxVendor)
            vars(client.world)["sandbox"] = self.vendor.sandbox
        self.clients.append(client)
        return client

    @contextmanager
    def unchanged(self) -> Iterator[None]:
        """Within this, the vendor must see no write."""
        before = len(self.vendor.writes())
        yield
        assert self.vendor.writes()[before:] == []

    def close(self) -> None:
        for client in self.clients:
            client.close()
