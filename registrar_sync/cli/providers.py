"""Commands on providers: providers list, show, test."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from registrar_sync.cli.options import Common, Output, grouped
from registrar_sync.cli.session import session
from registrar_sync.credentials import lexicon_variable_name

if TYPE_CHECKING:
    from registrar_sync.providers.catalog_model import ProviderSpec

app = typer.Typer(no_args_is_help=True, help="What can be written to, and what it needs.")

Name = Annotated[str, typer.Argument(help="A provider's or an account's name.", show_default=False)]


@app.command("list")
@grouped
def list_(*, common: Common) -> None:
    """List every provider with its tier and what it was verified against."""
    with session(common, "providers list") as now:
        specs = sorted(now.client.world.catalog.providers.values(), key=lambda spec: (spec.tier, spec.name))
        columns = ("name", "aliases", "tier", "verified_against", "verified_when", "reason")
        now.printer.rows("providers list", "providers", [_summary(spec) for spec in specs], columns)


@app.command()
@grouped
def show(name: Name, *, common: Common) -> None:
    """Show one provider: credentials and how to get them, limits, what is known of it."""
    with session(common, "providers show") as now:
        spec = now.client.world.catalog.provider(name)
        if common.output is Output.json:
            now.printer.rows("providers show", "providers", [spec.model_dump(mode="json")], ())
            return
        for line in _explained(spec):
            now.printer.line(line)


def _summary(spec: ProviderSpec) -> dict[str, object]:
    return {
        "name": spec.name,
        "aliases": ", ".join(spec.aliases),
        "tier": spec.tier,
        "verified_against": spec.verified.against if spec.verified else None,
        "verified_when": spec.verified.when.isoformat() if spec.verified else None,
        "reason": spec.reason or None,
    }


def _explained(spec: ProviderSpec) -> list[str]:
    lines = [f"{key.replace('_', ' ')}: {value}" for key, value in _summary(spec).items() if value]
    lines += [f"API: {spec.api}"] if spec.api else []
    lines += [f"time until served everywhere: {spec.budget_s:g} s ({spec.budget_source})"] if spec.budget_source else []
    lines += [f"credential {lexicon_variable_name(spec.lexicon_name, n)}: {c.help}" for n, c in spec.credentials.items()]
    return lines + [f"providers test cannot find out: {sentence}" for sentence in spec.untestable]


@app.command("test")
@grouped
def try_account(account: Name, *, common: Common) -> None:
    """Try the account's credentials by reading its list of zones. Nothing is written."""
    with session(common, "providers test") as now:
        spec, provider = now.client.world.open_account(account)
        try:
            zones = provider.zones()
        finally:
            provider.close()
        row = {"account": account, "provider": spec.name, "zones": len(zones), "not_tested": list(spec.untestable)}
        now.printer.rows("providers test", "accounts", [row], ("account", "provider", "zones"))
        if common.output is Output.table:
            now.printer.line("The credentials were accepted for reading. Nothing was written.")
            for sentence in spec.untestable:
                now.printer.line(f"not tested: {sentence}")
