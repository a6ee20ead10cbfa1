"""A world for every entry on lexicon's verbs: the fake adapter and the fake vendor, over one sandbox for all of them."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Iterable
from typing import Any

import pytest

from registrar_sync import Client
from registrar_sync.providers.catalog import Catalog, load_catalog
from registrar_sync.providers.catalog_model import AccountEntry, ProviderSpec
from registrar_sync.providers.verbs_model import Verbs
from registrar_sync.sandbox.draft import Draft
from registrar_sync.sandbox.server import Sandbox
from registrar_sync.sandbox.txt import character_strings, fitted, rendered
from tests.contract.fake_vendor import FakeVendor
from tests.contract.worlds import ProviderWorld, SandboxVendor


def credentials_of(spec: ProviderSpec) -> dict[str, str]:
    """A value for every option: its own default, a choice, what fits where it stands in a base URL, else "sandbox"."""
    return {option: _value(spec, option) for option in spec.credentials}


def _value(spec: ProviderSpec, option: str) -> str:
    about = spec.credentials[option]
    if about.default is not None:
        return about.default
    if about.choices:
        return about.choices[0]
    base = next((base for base in spec.bases if f"{{{option}}}" in base), "")
    return "https://api.vendor.test" if base.startswith("{") else "api.vendor.test" if base else "sandbox"


class FakeLexiconVendor(SandboxVendor):
    """The vendor's side of such a world. ``stored`` is what is served: how a value that we wrote is spelled is the vendor's."""

    def __init__(self, sandbox: Sandbox, spec: ProviderSpec) -> None:
        super().__init__(sandbox, spec.name)
        self.spec = spec
        self.credentials = credentials_of(spec)
        self.fake = FakeVendor(spec, sandbox.store, self.credentials)

    @property
    def _spec(self) -> ProviderSpec:
        return self.spec

    def load(self, master_file: str) -> None:
        super().load(master_file)
        self._edit(self._fit)

    def _fit(self, draft: Draft) -> None:
        """No TXT value beside which nothing is written (that it is refused has a case of its own); TTLs that the vendor takes."""
        for row in draft.zone.rows:
            if self.fake.verbs.whole_set and row.rtype == "TXT" and not is_plain(row.text):
                draft.remove([row])
                continue
            text = row.text
            if self.fake.verbs.txt_long == "one" and text.lower().startswith('"v=spf1'):  # where it is cut is the vendor's
                text = rendered(fitted([b"".join(character_strings(text))]))
            draft.change(row, text=text, ttl=min(row.ttl, self.spec.ttl.max))

    def only_plain_txt(self) -> None:
        """Take out what may not be sent again: that it is refused has a case of its own."""
        self._edit(lambda draft: draft.remove([row for row in draft.zone.rows if row.rtype == "TXT" and not is_plain(row.text)]))

    def stored(self) -> str:
        return self.served()

    def writes(self) -> list[str]:
        return list(self.fake.writes)

    def account(self) -> dict[str, Any]:
        address, port = self.sandbox.dns_address
        secrets = {option: f"env:FAKE_{option.upper()}" for option in self.credentials if self._is_given(option)}
        names = [f"{address}:{port}"]
        return {
            "provider": self.spec.name,
            "credentials": secrets,
            "nameservers": names,
            "resolvers": [*names],
            "read_back_s": 1.0,
        }

    def _is_given(self, option: str) -> bool:
        about = self.spec.credentials[option]
        return about.default is None and not about.fixed

    def environ(self) -> dict[str, str]:
        return {f"FAKE_{option.upper()}": value for option, value in self.credentials.items()}


def is_plain(text: str) -> bool:
    """Whether a TXT value is one short string without quotes and backslashes."""
    strings = character_strings(text)
    return len(strings) == 1 and not set(strings[0]) & set(b'"\\') and len(strings[0]) <= 255


@functools.cache
def shipped() -> Catalog:
    """providers.yaml, read once."""
    return load_catalog()


def one_of_each(names: Iterable[str], said: Callable[[ProviderSpec], object]) -> list[str]:
    """Of those whose entries say the same, the first."""
    first = {repr(said(shipped().provider(name))): name for name in reversed(list(names))}
    return sorted(first.values())


def way_of_writing(spec: ProviderSpec) -> object:
    """What decides the order of the calls."""
    verbs = spec.verbs or Verbs()
    return spec.tier, verbs.update, verbs.delete, verbs.preference == "content", verbs.whole_set, spec.transport


def way_of_naming(spec: ProviderSpec) -> object:
    """What decides the names that are given and asked for."""
    verbs = spec.verbs or Verbs()
    return verbs.apex, verbs.below, verbs.lists


class FakeWorld(ProviderWorld):
    """A world with such a vendor, whose clients share the catalog: it takes longer to read than an enrolment."""

    vendor: FakeLexiconVendor

    @property
    def spec(self) -> ProviderSpec:
        """The entry."""
        return self.vendor.spec

    def client(self, **account: Any) -> Client:
        """One for all that ask for nothing of their own."""
        if not account and self.clients:
            return self.clients[0]
        entry = AccountEntry(**(self.vendor.account() | account))
        catalog = shipped()
        providers = {**catalog.providers, self.spec.name: self.spec}
        client = Client(journal=str(self.folder / "journal.sqlite"), environ=self.vendor.environ())
        vars(client.world)["catalog"] = dataclasses.replace(catalog, providers=providers, declared={self.spec.name: entry})
        self.clients.insert(len(self.clients) if account else 0, client)
        return client

    @property
    def lowest_ttl(self) -> int:
        return self.spec.ttl.min

    def skip_what_it_cannot_hold(self, what: str) -> None:
        if what in self.spec.cannot_hold:
            pytest.skip(f"{self.spec.name} holds no {what} (cannot_hold in providers.yaml)")

    def skip_unless_it_can(self, what: str) -> None:
        verbs = self.vendor.fake.verbs
        declared = {
            "write an SPF value over 255 octets": (verbs.txt_long == "refused", "txt_long: refused"),
            "write a preference of 0": (verbs.preference_zero == "refused", "preference_zero: refused"),
            "change a TTL": (verbs.ttl == "none", "ttl: none"),
            "reject credentials": (not any(map(self.is_wrong_when_replaced, self.spec.credentials)), "no credentials"),
        }
        cannot, key = declared[what]
        if cannot:
            pytest.skip(f"{self.spec.name} cannot {what} ({key} in providers.yaml)")

    def is_wrong_when_replaced(self, option: str) -> bool:
        about = self.spec.credentials[option]
        return about.default is None and not about.choices and not any(f"{{{option}}}" in base for base in self.spec.bases)

    def load_plain(self, master_file: str) -> None:
        self.vendor.load(master_file)
        self.vendor.only_plain_txt()
