"""Which account is meant: by its name, by its provider's, or by the name servers that serve the domain."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from registrar_sync.core.names import display
from registrar_sync.core.serving import group_servers
from registrar_sync.errors import ProviderManual, UnknownName, UsageError

if TYPE_CHECKING:
    from registrar_sync.core.service import MailService
    from registrar_sync.dns_port import Resolver
    from registrar_sync.providers.catalog import Account, Catalog
    from registrar_sync.providers.catalog_model import ProviderSpec

AUTO = "auto"
"""Said in place of a provider: the one whose name servers serve the domain."""


@dataclass(frozen=True, slots=True)
class Choice:
    """The account meant, and the sentence that says how that is known where nobody named it."""

    account: Account
    how: str = ""


def choose(
    catalog: Catalog, provider: str | None, account: str | None, *, domain: str | None, resolver: Callable[[], Resolver]
) -> Choice:
    """The account meant by --provider and --account; every provider is also an account of its own name.

    ``resolver`` is asked for the delegation of ``domain`` where the provider is ``AUTO`` and no account is named. Raises
    ``UsageError``, and ``LookupFailed`` where the delegation cannot be found out.
    """
    if account is None and provider is None:
        raise UsageError(
            "No provider was named. Nothing was changed.",
            hint="Say --provider NAME or --account NAME; registrar-sync providers list shows them. --provider auto finds it by"
            " the name servers of the domain.",
        )
    if account is None and provider == AUTO:
        return detect(catalog, domain, resolver)
    chosen = catalog.account(account or provider or "")
    if account is not None and provider not in (None, AUTO) and not _is_of(catalog, chosen, provider or ""):
        raise UnknownName(
            f"Account {account} belongs to {chosen.provider.name}, not to {provider}. Nothing was changed.",
            hint="Leave --provider out, or name an account of that provider.",
        )
    return Choice(chosen)


def _is_of(catalog: Catalog, account: Account, provider: str) -> bool:
    return provider == account.name or catalog.provider(provider).name == account.provider.name


# --- by the name servers ------------------------------------------------------------------------------------------------
def detect(catalog: Catalog, domain: str | None, resolver: Callable[[], Resolver]) -> Choice:
    """The account of the provider whose name servers the zone that holds ``domain`` is delegated to; never one of two."""
    if domain is None:
        raise UsageError(
            "Many domains may have many providers: --provider auto is for one domain. Nothing was asked.",
            hint="Leave --provider out, or name one.",
        )
    delegation = resolver().delegation(domain)
    if not delegation.checked:
        raise UsageError(
            "The name servers were given, so the delegation was not asked, and it alone tells the provider. Nothing was changed.",
            hint="Say --provider NAME, or leave --nameserver out.",
        )
    if delegation.zone is None or not delegation.servers:
        raise UsageError(
            f"The DNS knows no name servers for {display(domain)}, which would tell the provider. Nothing was changed.",
            hint="Mend the name, or say --provider NAME.",
        )
    zone, servers = display(delegation.zone), [server.name for server in delegation.servers]
    spec = _one_provider(catalog, zone, servers)
    account = _one_account(catalog, spec)
    beside = "" if account.name == spec.name else f", account {account.name}"
    return Choice(account, f"{zone} is served by {_shown(servers)}: provider {spec.name}{beside}")


def _one_provider(catalog: Catalog, zone: str, servers: Iterable[str]) -> ProviderSpec:
    groups = group_servers(servers, {name: spec.nameservers for name, spec in catalog.providers.items()})
    providers = sorted({name for names in groups for name in names})
    if not providers:
        raise UsageError(
            f"{zone} is served by {_shown(servers)}, and none of the providers known here has such name servers. Nothing was"
            " changed.",
            hint="Say --provider NAME, as they may serve it under other names; registrar-sync providers list shows all.",
        )
    if len(providers) > 1 or () in groups:
        told = "; ".join(
            f"{_shown(names)} may be of {' or '.join(known) or 'nobody known here'}" for known, names in groups.items()
        )
        raise UsageError(
            f"The name servers of {zone} do not tell one provider: {told}. Nothing was changed.",
            hint=f"Name one: {' or '.join(f'--provider {name}' for name in providers)}.",
        )
    return catalog.provider(providers[0])


def _one_account(catalog: Catalog, spec: ProviderSpec) -> Account:
    """The one that the operator has declared for it; the one of its own name where there is none."""
    declared = [account for name in catalog.accounts() if (account := catalog.account(name)).provider.name == spec.name]
    declared = [account for account in declared if not account.sandbox]
    if len(declared) > 1:
        names = " or ".join(f"--account {account.name}" for account in declared)
        raise UsageError(
            f"The provider is {spec.name}, and {len(declared)} accounts of it are declared. Nothing was changed.",
            hint=f"Name one: {names}.",
        )
    return declared[0] if declared else catalog.account(spec.name)


def _shown(servers: Iterable[str]) -> str:
    return ", ".join(sorted({display(server) for server in servers}))


# --- what cannot be written to ------------------------------------------------------------------------------------------
def refuse_manual(spec: ProviderSpec, service: MailService | None = None, domain: str | None = None) -> None:
    """Raise ``ProviderManual`` for a provider that nothing can be written through: with what is to be entered by hand."""
    if spec.writes:
        return
    hint = "registrar-sync providers list shows what can."
    if service is not None:
        name = display(domain) if domain else "DOMAIN"
        lines = ", ".join(f"{one.below} {display(one.exchange)}" for one in service.exchanges)
        hint = (
            f"By hand, at its console: the SPF record that registrar-sync spf {name} shows with {service.name} in it, and the MX"
            f" {lines}, at lower numbers where others have these. Then registrar-sync check {name} says whether all is in place."
        )
    raise ProviderManual(
        f"{spec.name} is listed, but cannot be written to: {spec.reason or spec.tier}. Nothing was changed.", hint=hint
    )
