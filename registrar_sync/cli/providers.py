"""Commands on providers: providers list, show, test."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any

import typer

from registrar_sync.cli.options import Common, Output, grouped
from registrar_sync.cli.session import Session, session
from registrar_sync.core import names
from registrar_sync.core.model import ZoneView
from registrar_sync.credentials import lexicon_variable_name

if TYPE_CHECKING:
    from registrar_sync.providers.catalog_model import Credential, ProviderSpec

app = typer.Typer(no_args_is_help=True, help="What can be written to, and what it needs.")

Name = Annotated[str, typer.Argument(help="A provider's or an account's name.", show_default=False)]
AtDomain = Annotated[
    str | None, typer.Argument(metavar="[DOMAIN]", help="A domain of the account: its zone is opened, too.", show_default=False)
]

TIERS = ("certified", "dialect", "spf-only", "manual")  # from what is shown best to what is not written at all


@app.command("list")
@grouped
def list_(*, common: Common) -> None:
    """List every provider with its tier, what can be written through it, and what that was verified against."""
    with session(common, "providers list") as now:
        specs = sorted(now.world.catalog.providers.values(), key=lambda spec: (TIERS.index(spec.tier), spec.name))
        if common.output is Output.json:
            now.printer.rows("providers list", "providers", [summary(spec) for spec in specs], ())
            return
        columns = ("name", "tier", "SPF", "MX", "verified against, or why not")
        now.printer.rows(
            "providers list", "providers", [dict(zip(columns, _cells(spec), strict=True)) for spec in specs], columns
        )


def summary(spec: ProviderSpec) -> dict[str, Any]:
    """One provider, as scripts see it."""
    verified = {"against": spec.verified.against, "when": spec.verified.when.isoformat()} if spec.verified else None
    return {
        "name": spec.name,
        "tier": spec.tier,
        "spf": "TXT" in spec.writes,
        "mx": "MX" in spec.writes,
        "reason": spec.reason or None,
        "verified": verified,
    }


def _cells(spec: ProviderSpec) -> tuple[str, ...]:
    """As a person reads it: the reason where something cannot be done, else what stands behind it."""
    spf, mx = ("yes" if rtype in spec.writes else "-" for rtype in ("TXT", "MX"))
    return spec.name, spec.tier, spf, mx, spec.reason or _verified(spec)


def _verified(spec: ProviderSpec) -> str:
    return f"{spec.verified.against} ({spec.verified.when})" if spec.verified else ""


@app.command()
@grouped
def show(name: Name, *, common: Common) -> None:
    """Show one provider: what it needs and how to get that, its limits, and what is known of it."""
    with session(common, "providers show") as now:
        spec = now.world.catalog.account(name).provider
        if common.output is Output.json:
            variables = {option: lexicon_variable_name(spec.lexicon_name, option) for option in spec.credentials}
            row = {**spec.model_dump(mode="json"), "environment": variables}
            now.printer.rows("providers show", "providers", [row], ())
            return
        for title, text in _explained(spec):
            now.printer.entry(title, text)


def _explained(spec: ProviderSpec) -> Iterator[tuple[str, str]]:
    yield "provider", spec.name + (f" (also {', '.join(spec.aliases)})" if spec.aliases else "")
    yield "tier", spec.tier
    yield "writes", " and ".join({"TXT": "SPF", "MX": "MX"}[rtype] for rtype in spec.writes) or "nothing"
    if spec.reason:
        yield "reason", spec.reason
    yield "verified", _verified(spec) or "not at all"
    if spec.api:
        yield "API", spec.api
    if spec.writes:
        yield from _limits(spec)
    for option, credential in spec.credentials.items():
        yield "needs", _needed(spec, option, credential)
    if spec.extra:
        yield "package", f"pip install 'dns-lexicon[{spec.extra}]'"
    for sentence in spec.untestable:
        yield "untested", sentence


def _limits(spec: ProviderSpec) -> Iterator[tuple[str, str]]:
    yield "TTL", f"{spec.ttl.min} to {spec.ttl.max} s"
    if spec.rate:
        yield "rate", f"at most {spec.rate.calls} requests in {spec.rate.per_s:g} s, for a run over many domains"
    source = f" ({spec.budget_source})" if spec.budget_source else ""
    yield "served", f"by every name server within {spec.budget_s:g} s{source}"
    if spec.nameservers:
        yield "servers", ", ".join(f"*.{suffix}" for suffix in spec.nameservers)


def _needed(spec: ProviderSpec, option: str, credential: Credential) -> str:
    beside = [] if credential.required else ["optional"]
    beside += [f"without it: {credential.default}"] if credential.default is not None else []
    beside += [f"one of {', '.join(credential.choices)}"] if credential.choices else []
    told = f" ({'; '.join(beside)})" if beside else ""
    return f"{lexicon_variable_name(spec.lexicon_name, option)}: {credential.help}{told}"


@app.command("test")
@grouped
def try_account(account: Name, domain: AtDomain = None, *, common: Common) -> None:
    """Try the account's credentials by reading: its list of zones or, of a domain, its zone. Nothing is written."""
    with session(common, "providers test") as now:
        asked = names.parse_domain(domain) if domain else None
        spec, provider = now.world.open_account(account)
        row: dict[str, Any] = {"account": account, "provider": spec.name}
        try:
            if asked is None:
                row["zones"] = len(provider.zones())
            else:
                zone = provider.open(asked)
                row |= {"zone": names.display(zone), "records": _counted(provider.read(zone))}
        finally:
            provider.close()
        _tell(now, row, spec)


def _counted(view: ZoneView) -> dict[str, int]:
    """How many records of each type stand at the apex."""
    return dict(sorted(Counter({rrset.rtype: len(rrset.records) for rrset in view.rrsets}).items()))


def _tell(now: Session, row: dict[str, Any], spec: ProviderSpec) -> None:
    if now.printer.as_json:
        now.printer.rows("providers test", "accounts", [{**row, "not_tested": list(spec.untestable)}], ())
        return
    shown = {**row, **({"records": ", ".join(f"{n} {t}" for t, n in row["records"].items())} if "records" in row else {})}
    now.printer.rows("providers test", "accounts", [shown], tuple(shown))
    now.printer.line("The credentials were accepted for reading. Nothing was written.")
    for sentence in spec.untestable:
        now.printer.line(f"not tested: {sentence}")
