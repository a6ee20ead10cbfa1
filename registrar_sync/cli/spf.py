"""The command spf: the SPF tree, its price, and what the service would change."""

from __future__ import annotations

import typer

from registrar_sync.cli import exit_codes
from registrar_sync.cli.options import Common, Domain, Who, Whom, grouped
from registrar_sync.cli.render_spf import show_spf
from registrar_sync.cli.session import session


@grouped
def spf(domain: Domain, *, who: Who, whom: Whom, common: Common) -> None:
    """Show all that the SPF record includes, what each part costs, and what the service would change. Needs no credentials."""
    with session(common) as now:
        report = now.client.spf(domain, **who.words(), **whom.words())
        show_spf(now.printer, report)
        raise typer.Exit(exit_codes.of_error(report.error) if report.error else exit_codes.DONE)
