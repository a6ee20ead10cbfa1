"""The composition root: joins configuration, provider, resolver, journal and clock into what an operation stands on."""

from __future__ import annotations

import os
import time
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import platformdirs

from registrar_sync.choice import choose, refuse_manual
from registrar_sync.core.evidence import Change
from registrar_sync.errors import ConfigInvalid, JournalUnusable
from registrar_sync.operations.desk import USUAL_BUDGET_S, Setting
from registrar_sync.operations.inquire import Inquiry
from registrar_sync.ports import DnsProvider, Journal, Pace, Resolver

if TYPE_CHECKING:
    from registrar_sync.core.service import MailService
    from registrar_sync.providers.catalog import Account, Catalog
    from registrar_sync.providers.catalog_model import ProviderSpec
    from registrar_sync.resolver.shared import Resolvers
    from registrar_sync.sandbox.server import Sandbox

CONFIG_VARIABLE = "REGISTRAR_SYNC_CONFIG"
DEFAULT_SERVICE = "security-mail"


class SystemClock:
    """The real time."""

    def now(self) -> datetime:
        """The present, UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Seconds that never run backwards."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Wait."""
        time.sleep(max(0.0, seconds))


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Which names to ask instead of the DNS's own: ``ADDR[:PORT]`` texts, as the operator gave them."""

    nameservers: tuple[str, ...] = ()
    resolvers: tuple[str, ...] = ()


@dataclass(kw_only=True)
class World:
    """One process's connection to configuration, journal and (where asked for) the embedded sandbox. Close it.

    ``notify`` hears progress, ``warn`` warnings, ``tell`` what was found out in the operator's place. ``policy_port`` and
    ``smtp_port``: where MTA-STS policies and mail servers listen; other than the standard's only in tests. ``paces``: by account,
    what all who call on its behalf share.
    """

    config: Path | None = None
    journal_url: str | None = None
    environ: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    notify: Callable[[str], None] = lambda text: None
    warn: Callable[[str], None] = warnings.warn
    tell: Callable[[str], None] = lambda text: None
    clock: SystemClock = field(default_factory=SystemClock)
    policy_port: int = 443
    smtp_port: int = 25
    paces: dict[str, Pace] = field(default_factory=dict, init=False)
    _inquiries: dict[Resolver, Inquiry] = field(default_factory=dict, init=False)

    @cached_property
    def catalog(self) -> Catalog:
        """The shipped catalog with the operator's file laid over it."""
        from registrar_sync.providers.catalog import load_catalog  # noqa: PLC0415 - --help must stay quick

        catalog = load_catalog(self.config_file())
        for warning in catalog.warnings:
            self.warn(warning)
        return catalog

    def config_file(self) -> Path | None:
        """The operator's file: --config, else $REGISTRAR_SYNC_CONFIG, else the user's configuration folder.

        Never the working directory: the file may name commands and endpoints (design section 4).
        """
        named = self.config or (Path(self.environ[CONFIG_VARIABLE]) if self.environ.get(CONFIG_VARIABLE) else None)
        if named is not None:
            return named
        usual = Path(platformdirs.user_config_dir("registrar-sync")) / "providers.yaml"
        return usual if usual.exists() else None

    @cached_property
    def state_dir(self) -> Path:
        """Where the journal and the sandbox are kept."""
        return Path(platformdirs.user_state_dir("registrar-sync"))

    @cached_property
    def journal(self) -> Journal:
        """The journal: --journal, else a SQLite file in the state folder."""
        from registrar_sync.journal import open_journal  # noqa: PLC0415 - SQLAlchemy is slow to import

        return open_journal(self.journal_url, default=self.state_dir / "journal.sqlite", clock=self.clock)

    def journal_if_any(self) -> Journal:
        """The journal for a look that needs none: none is begun for it, and one that cannot be opened says nothing."""
        from registrar_sync.journal import NoJournal, is_begun  # noqa: PLC0415 - SQLAlchemy is slow to import

        try:
            if "journal" in self.__dict__ or is_begun(self.journal_url, default=self.state_dir / "journal.sqlite"):
                return self.journal
        except JournalUnusable as error:
            self.warn(f"{error.message} The look goes on without it.")
        return NoJournal()

    @cached_property
    def sandbox(self) -> Sandbox:
        """The embedded registrar, started on first use."""
        from registrar_sync.sandbox.launch import embedded  # noqa: PLC0415 - only for --provider sandbox

        sandbox = embedded(self.state_dir / "sandbox")
        sandbox.start()
        return sandbox

    def service(self, name: str | None) -> MailService:
        """The mail service of that name."""
        return self.catalog.service(name or DEFAULT_SERVICE)

    def setting(
        self,
        *,
        provider: str | None,
        account: str | None,
        service: MailService,
        asked: Asked,
        domain: str | None = None,
        read_only: bool = False,
    ) -> Setting:
        """All that an operation on ``domain`` (which only ``provider`` "auto" needs to know) in this account stands on."""
        chosen = self._account(provider, account, asked=asked, domain=domain)
        spec = chosen.provider
        refuse_manual(spec, service, domain)
        resolver = self.resolver(asked, chosen)
        return Setting(
            provider="sandbox" if chosen.sandbox else spec.name,
            account=chosen.name,
            service=service,
            open_provider=self._opener(chosen, read_only=read_only),
            resolver=resolver,
            inquiry=self._inquiry(resolver),
            journal=self.journal,
            clock=self.clock,
            staged=spec.staged,
            budget_s=chosen.budget_s,
            read_back_s=chosen.read_back_s,
            call_limit_s=chosen.call_limit_s,
            ttl_min=spec.ttl.min,
            ttl_max=spec.ttl.max,
            nameserver_suffixes=_suffixes(chosen),
            writes=spec.writes,
            edits_in_place=spec.edits_in_place,
            notify=self.notify,
        )

    def setting_for(self, change: Change, asked: Asked, *, read_only: bool = False) -> Setting:
        """The setting that a journalled change was made in."""
        from registrar_sync.core.service import MailService  # noqa: PLC0415 - kept beside its only use

        service = MailService.from_json(change.what.service)
        account = self.catalog.account(change.what.account)
        if change.what.provider != ("sandbox" if account.sandbox else account.provider.name):
            raise ConfigInvalid(
                f"Change {change.id} was made at {change.what.provider}, but the account {account.name} now belongs to"
                f" {account.provider.name}. Nothing was changed.",
                hint=f"Give {account.name} its provider back in providers.yaml, or name the new account otherwise.",
            )
        return self.setting(provider=None, account=change.what.account, service=service, asked=asked, read_only=read_only)

    def looking(
        self, *, provider: str | None, account: str | None, service: MailService, asked: Asked, domain: str | None = None
    ) -> Setting:
        """A setting without credentials, for ``check``: the provider's name only decides whom to ask."""
        chosen = self._account(provider, account, asked=asked, domain=domain) if provider or account else None
        resolver = self.resolver(asked, chosen)
        return Setting(
            provider=(("sandbox" if chosen.sandbox else chosen.provider.name) if chosen else ""),
            account=chosen.name if chosen else "",
            service=service,
            open_provider=_no_provider,
            resolver=resolver,
            inquiry=self._inquiry(resolver),
            journal=self.journal_if_any(),
            clock=self.clock,
            budget_s=chosen.budget_s if chosen else USUAL_BUDGET_S,
            nameserver_suffixes=_suffixes(chosen) if chosen else (),
            notify=self.notify,
        )

    def open_account(self, name: str) -> tuple[ProviderSpec, DnsProvider]:
        """A read-only provider of an account, for ``providers test``."""
        chosen = self.catalog.account(name)
        refuse_manual(chosen.provider)
        return chosen.provider, self._opener(chosen, read_only=True)()

    @cached_property
    def _resolvers(self) -> Resolvers:
        from registrar_sync.resolver.shared import Resolvers  # noqa: PLC0415 - dnspython is slow to import

        return Resolvers(self.clock)

    def resolver(self, asked: Asked, account: Account | None) -> Resolver:
        """Who answers DNS questions: the options, else the account's own settings, else the sandbox, else the system."""
        from registrar_sync.resolver import DohServer, Wanted  # noqa: PLC0415 - dnspython is slow to import

        own = account is not None and account.sandbox  # its one server is the authoritative one
        embedded = ("{}:{}".format(*self.sandbox.dns_address),) if own else ()
        wanted = Wanted(
            nameservers=asked.nameservers or tuple(account.nameservers if account else ()) or embedded,
            recursives=asked.resolvers or tuple(account.resolvers if account else ()) or embedded,
            caches=None if own else self.catalog.recursives,
            doh=tuple(DohServer(url=one.url, addresses=tuple(one.addresses)) for one in self.catalog.doh),
        )
        return self._resolvers.of(wanted)

    def _inquiry(self, resolver: Resolver) -> Inquiry:
        """One for all domains that ask the same recursive resolvers: the service and the big mailers are asked about once."""
        from registrar_sync.mail_probe import MailProbe  # noqa: PLC0415 - --help must stay quick
        from registrar_sync.mta_sts import PolicyFetcher  # noqa: PLC0415

        if resolver not in self._inquiries:
            self._inquiries[resolver] = Inquiry(
                resolver=resolver,
                policy_hosts=PolicyFetcher(port=self.policy_port),
                mail_hosts=MailProbe(port=self.smtp_port),
                clock=self.clock,
            )
        return self._inquiries[resolver]

    def _account(self, provider: str | None, account: str | None, *, asked: Asked, domain: str | None) -> Account:
        """The account meant; where the name servers tell it, it is said how."""
        chosen = choose(self.catalog, provider, account, domain=domain, resolver=lambda: self.resolver(asked, None))
        if chosen.how:
            self.tell(chosen.how)
        return chosen.account

    def credentials(self, account: Account) -> dict[str, str]:
        """The account's credentials, as they are now. Raises what makes them unusable."""
        from registrar_sync.credentials import resolve_account  # noqa: PLC0415 - kept beside the provider layer's imports

        spec, own = account.provider, True if account.name == account.provider.name else None
        return resolve_account(
            spec.credentials, account.references, spec.lexicon_name, self.environ, lexicon_names=own, warn=self.warn
        )

    def _opener(self, account: Account, *, read_only: bool) -> Callable[[], DnsProvider]:
        """Credentials are looked up before the first question to anybody; the adapter is made on opening."""
        from registrar_sync.providers.lexicon_zone import LexiconZone  # noqa: PLC0415 - lexicon is slow to import
        from registrar_sync.providers.read_only import ReadOnly  # noqa: PLC0415

        spec = account.provider
        if account.sandbox:
            values = {option: "sandbox" for option, about in spec.credentials.items() if about.default is None}
            settings = account.settings(values, endpoint=self.sandbox.vendors[spec.name])
        else:
            settings = account.settings(self.credentials(account))

        def open_provider() -> DnsProvider:
            zone = LexiconZone(spec, settings, self.clock, pace=self.paces.get(account.name))
            return ReadOnly(zone) if read_only else zone

        return open_provider

    def close(self) -> None:
        """Stop the resolvers and the sandbox and close the journal, where they were used."""
        if "_resolvers" in self.__dict__:
            self._resolvers.close()
        if "sandbox" in self.__dict__:
            self.sandbox.stop()
        if "journal" in self.__dict__:
            self.journal.close()


def _suffixes(account: Account) -> tuple[str, ...]:
    """Of the vendor's name servers; not known where an endpoint of the account's own stands in for the vendor's."""
    return () if account.sandbox or account.endpoint else tuple(account.provider.nameservers)


def _no_provider() -> DnsProvider:
    raise AssertionError("check asks no provider")
