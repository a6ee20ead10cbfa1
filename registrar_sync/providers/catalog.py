"""The catalog of providers, accounts and services: providers.yaml, the shipped one and the operator's own over it."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

from registrar_sync.core.names import parse_domain
from registrar_sync.core.service import MailService, ServiceExchange
from registrar_sync.errors import UnknownName
from registrar_sync.providers.catalog_check import checked, combination_faults
from registrar_sync.providers.catalog_file import read_located, read_shipped
from registrar_sync.providers.catalog_model import AccountEntry, CatalogFile, DohEntry, ProviderSpec, Rate, ServiceEntry
from registrar_sync.providers.catalog_overlay import overlay, overlay_faults

_REFERENCE = re.compile(r"(env|file):.")


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountSettings:
    """An account ready for use: what the provider layer works with.

    ``credentials``: lexicon option -> value, never shown. ``endpoint``: the API's base URL where it is not the vendor's own.
    ``call_limit_s``: the longest one API call may take, its retries included; ``read_back_s``: how long a write may take to
    show in the API; both in seconds. ``rate``: the operator's own limit, kept by every enrolment.
    """

    name: str
    credentials: Mapping[str, str] = field(default_factory=dict, repr=False)
    endpoint: str | None = None
    call_limit_s: float = 15.0
    read_back_s: float = 10.0
    rate: Rate | None = None
    concurrency: int = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """An account as configured.

    ``references``: option -> where its value is kept (``env:NAME``, ``file:/path``), or the value itself. Empty: the values
    come from lexicon's own variables, ``LEXICON_<PROVIDER>_<OPTION>``. ``rate``: what many enrolments together keep to;
    ``own_rate``: the operator's own limit, which a single one keeps to as well.
    """

    name: str
    provider: ProviderSpec
    references: Mapping[str, str] = field(repr=False)
    endpoint: str | None
    nameservers: tuple[str, ...]
    resolvers: tuple[str, ...]
    rate: Rate | None
    own_rate: Rate | None
    concurrency: int
    call_limit_s: float
    read_back_s: float
    budget_s: float
    sandbox: bool

    def settings(self, resolved: Mapping[str, str], *, endpoint: str | None = None) -> AccountSettings:
        """The account with its credentials ``resolved`` (option -> value); ``endpoint`` replaces the account's own."""
        credentials = {option: value for option, value in resolved.items() if value}
        return AccountSettings(
            name=self.name,
            credentials=MappingProxyType(credentials),
            endpoint=endpoint or self.endpoint,
            call_limit_s=self.call_limit_s,
            read_back_s=self.read_back_s,
            rate=self.own_rate,
            concurrency=self.concurrency,
        )


@dataclass(frozen=True, slots=True)
class Catalog:
    """What is known of providers, accounts and services. ``warnings``: what an operator should be told about the file.
    ``recursives``, ``doh``: recursive resolvers whose caches are looked at, and those asked over HTTPS."""

    providers: Mapping[str, ProviderSpec]
    declared: Mapping[str, AccountEntry]
    services: Mapping[str, ServiceEntry]
    warnings: tuple[str, ...] = ()
    recursives: tuple[str, ...] = ()
    doh: tuple[DohEntry, ...] = ()

    def provider(self, name: str) -> ProviderSpec:
        """A provider by its name or an alias. Raises ``UnknownName``."""
        key = name.strip().lower()
        for spec in self.providers.values():
            if key == spec.name or key in spec.aliases:
                return spec
        aliases = [alias for spec in self.providers.values() for alias in spec.aliases]
        raise _unknown("provider", name, [*self.providers, *aliases], "registrar-sync providers list")

    def account(self, name: str) -> Account:
        """An account by its name; every provider is also an account of its own name. Raises ``UnknownName``."""
        entry = self.declared.get(name)
        if entry is not None:
            return self._account(name, entry)
        try:
            spec = self.provider(name)
        except UnknownName:
            aliases = [alias for spec in self.providers.values() for alias in spec.aliases]
            known = [*self.declared, *self.providers, *aliases]
            raise _unknown("provider or account", name, known, "registrar-sync providers list") from None
        own = self.declared.get(spec.name)  # the operator's own settings for it, also where it is called by an alias
        return self._account(spec.name, own or AccountEntry(provider=spec.name))

    def service(self, name: str) -> MailService:
        """A service by its name. Raises ``UnknownName``."""
        entry = self.services.get(name)
        if entry is None:
            raise _unknown("service", name, self.services, "registrar-sync config check")
        exchanges = (
            ServiceExchange(exchange=parse_domain(e.exchange), below=e.below, replace=e.replace) for e in entry.exchanges
        )
        return MailService(
            name=name,
            include=parse_domain(entry.include, scoped=True),
            all_qualifier=entry.all_qualifier,
            exchanges=tuple(exchanges),
            equal_preferences=entry.equal_preferences,
            ttl=entry.ttl,
        )

    def accounts(self) -> list[str]:
        """The names of the declared accounts."""
        return sorted(self.declared)

    def _account(self, name: str, entry: AccountEntry) -> Account:
        spec = self.provider(entry.provider)
        return Account(
            name=name,
            provider=spec,
            references=_references(spec, entry),
            endpoint=entry.endpoint,
            nameservers=tuple(entry.nameservers),
            resolvers=tuple(entry.resolvers),
            rate=entry.rate or spec.rate,
            own_rate=entry.rate,
            concurrency=entry.concurrency,
            call_limit_s=spec.call_limit_s if entry.call_limit_s is None else entry.call_limit_s,
            read_back_s=spec.read_back_s if entry.read_back_s is None else entry.read_back_s,
            budget_s=spec.budget_s if entry.budget_s is None else entry.budget_s,
            sandbox=entry.sandbox,
        )


def load_catalog(operator_file: Path | None = None) -> Catalog:
    """The shipped catalog with the operator's file, if any, laid over it. Raises ``ConfigInvalid`` with file, line and key."""
    shipped = read_shipped(shipped_file())
    own = read_located(operator_file) if operator_file else None
    merged = overlay(shipped, own) if own else shipped
    content, warnings = checked(merged, is_reference=lambda text: bool(_REFERENCE.match(text)), shipped=shipped.file)
    for fault in (*(overlay_faults(shipped, own) if own else ()), *combination_faults(merged, content)):
        raise fault
    specs = {name: ProviderSpec(name=name, **dict(entry)) for name, entry in content.providers.items()}
    return Catalog(specs, content.accounts, content.services, warnings, tuple(content.recursives), tuple(content.doh))


def shipped_file() -> Path:
    """providers.yaml beside the package's modules (as installed), else in the folder above (a working copy)."""
    package = Path(__file__).resolve().parent.parent
    installed = package / "providers.yaml"
    return installed if installed.exists() else package.parent / "providers.yaml"


def json_schema() -> dict[str, Any]:
    """The JSON Schema of providers.yaml."""
    return CatalogFile.model_json_schema()


def _references(spec: ProviderSpec, entry: AccountEntry) -> dict[str, str]:
    """The credentials as written; an endpoint that the adapter takes as an option is one of them."""
    references = dict(entry.credentials)
    if entry.endpoint is None or spec.endpoint.option is None:
        return references
    if not references:  # then the others come from lexicon's variables (lexicon/config.py, EnvironmentConfigSource)
        prefix = f"LEXICON_{spec.lexicon_name}_".upper()
        wanted = [option for option, credential in spec.credentials.items() if credential.required]
        references = {option: f"env:{prefix}{option.upper()}" for option in wanted}
    return {**references, spec.endpoint.option: entry.endpoint}


def _unknown(what: str, name: str, known: Iterable[str], list_command: str) -> UnknownName:
    near = difflib.get_close_matches(name.lower(), sorted(known), n=3, cutoff=0.5)
    hint = f"Did you mean {' or '.join(near)}?" if near else f"Run: {list_command}"
    return UnknownName(f"There is no {what} called {name!r}. Nothing was changed.", hint=hint)
