"""One world per provider: a server that stands for the vendor, a zone in it, and a hand that edits it as others would."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Protocol

import pytest
import yaml

from registrar_sync import Client
from registrar_sync.providers.catalog import load_catalog
from registrar_sync.providers.catalog_model import ProviderSpec
from registrar_sync.sandbox.draft import Draft
from registrar_sync.sandbox.server import Sandbox
from registrar_sync.sandbox.txt import bare, character_strings, fitted, rendered

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
        if "txt-strings" in self._spec.cannot_hold:
            self._edit(self._join_strings)
        if self._spec.dialect.txt_unsure:
            self._edit(self._drop_unsure)
        if any(row.ttl < self._spec.ttl.min for row in self.sandbox.store.zone(DOMAIN).rows):
            self._edit(self._raise_ttls)

    @property
    def _spec(self) -> ProviderSpec:
        return spec_of(self.vendor)

    def _drop_unsure(self, draft: Draft) -> None:
        """No TXT value beside which the vendor's set is not written (``txt_unsure``; the refusal has a test of its own)."""
        unsure = self._spec.dialect.txt_unsure
        draft.remove([row for row in draft.zone.rows if row.rtype == "TXT" and any(char in bare(row.text) for char in unsure)])

    def _raise_ttls(self, draft: Draft) -> None:
        """TTLs that the vendor takes."""
        for row in draft.zone.rows:
            draft.change(row, ttl=max(row.ttl, self._spec.ttl.min))

    def _join_strings(self, draft: Draft) -> None:
        """TXT values as a vendor keeps them that knows no character-strings: one text, cut at 255 octets when it is served."""
        for row in draft.zone.rows:
            if row.rtype == "TXT":
                draft.change(row, text=rendered(fitted([b"".join(character_strings(row.text))])))

    def _edit(self, change: Callable[[Draft], None]) -> None:
        store = self.sandbox.store
        delay_s, store.publish_delay_s = store.publish_delay_s, 0.0
        with store.editing(DOMAIN) as draft:
            change(draft)
            draft.publish()
        store.publish_delay_s = delay_s

    def stored(self) -> str:
        return self.sandbox.store.zone_text(DOMAIN, published=False)

    def served(self) -> str:
        return self.sandbox.store.zone_text(DOMAIN)

    def add(self, owner: str, rtype: str, text: str, ttl: int) -> None:
        self.sandbox.store.add_record(DOMAIN, owner, rtype, text, max(ttl, self._spec.ttl.min))

    def writes(self) -> list[str]:
        return [f"{r['method']} {r['path']}" for r in self.sandbox.requests if not only_reads(r)]

    def account(self) -> dict[str, Any]:
        address, port = self.sandbox.dns_address
        dns = f"{address}:{port}"
        return {
            "provider": self.vendor,
            "endpoint": self.sandbox.vendors[self.vendor],
            "credentials": sandbox_credentials(self.vendor),
            "nameservers": [dns],
            "resolvers": [dns],
            "read_back_s": 1.0,
        }

    def environ(self) -> dict[str, str]:
        return {"SANDBOX": "sandbox"}


LOGIN = "/oauth2/token"


def only_reads(request: Mapping[str, object]) -> bool:
    """Whether a logged request changes nothing: a token is asked for by POST."""
    return request["method"] == "GET" or str(request["path"]).endswith(LOGIN)


@cache
def spec_of(provider: str) -> ProviderSpec:
    """The shipped entry; reading the catalog takes long."""
    return load_catalog().provider(provider)


def sandbox_credentials(provider: str) -> dict[str, str]:
    """What a simulator takes: "sandbox" for every field that has no default."""
    options = load_catalog().provider(provider).credentials
    return {option: "env:SANDBOX" for option, about in options.items() if about.required and about.default is None}


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

    @property
    def lowest_ttl(self) -> int:
        """Seconds that the provider takes, as its entry declares."""
        return spec_of(self.vendor.account()["provider"]).ttl.min

    def skip_what_it_cannot_hold(self, what: str) -> None:
        """End a case whose zone no zone at this provider can be, as its entry declares."""
        spec = load_catalog().provider(self.vendor.account()["provider"])
        if what in spec.cannot_hold:
            pytest.skip(f"{spec.name} holds no {what} (cannot_hold in providers.yaml)")

    def skip_unless_it_can(self, what: str) -> None:
        """End a case of what this provider's entry says it cannot do (only entries on lexicon's verbs do)."""

    def is_wrong_when_replaced(self, option: str) -> bool:
        """Whether an option is a credential, which the vendor does not accept when it is another one."""
        return True

    def load_plain(self, master_file: str) -> None:
        """Make the zone anew, with TXT values only that may be sent again with another TTL."""
        self.vendor.load(master_file)

    def close(self) -> None:
        for client in self.clients:
            client.close()
