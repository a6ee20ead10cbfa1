"""Commands on the configuration: config schema, config check."""

from __future__ import annotations

import json

import typer

from registrar_sync.cli.options import Common, grouped
from registrar_sync.cli.session import session

app = typer.Typer(no_args_is_help=True, help="The operator's providers.yaml.")


@app.command()
def schema() -> None:
    """Print the JSON Schema of providers.yaml."""
    from registrar_sync.providers.catalog import json_schema  # noqa: PLC0415 - pydantic is slow to import

    with session(Common()) as now:
        now.printer.text(json.dumps(json_schema(), indent=2) + "\n")


@app.command()
@grouped
def check(*, common: Common) -> None:
    """Read providers.yaml and say what is wrong with it: file, line and key."""
    with session(common, "config check") as now:
        catalog = now.world.catalog
        file = now.world.config_file()
        row = {
            "file": str(file) if file else None,
            "providers": len(catalog.providers),
            "accounts": len(catalog.accounts()),
            "services": len(catalog.services),
        }
        now.printer.rows("config check", "files", [row], ("file", "providers", "accounts", "services"))
