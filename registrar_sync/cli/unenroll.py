"""The command unenroll."""

from __future__ import annotations

from typing import Annotated

import typer

from registrar_sync.cli.options import Accept, Common, Domain, DryRun, OnlyPart, Patience, Who, Whom, Yes, grouped
from registrar_sync.cli.session import session

Grace = Annotated[
    str | None,
    typer.Option(
        metavar="TIME",
        help="How long the include stays after the hosts: 5d (the default), 12h, 30m, seconds; 0 takes both out at once.",
        show_default=False,
    ),
]


@grouped
def unenroll(
    domain: Domain,
    *,
    who: Who,
    grace: Grace = None,
    only: OnlyPart = None,
    accept: Accept = None,
    yes: Yes = False,
    dry_run: DryRun = False,
    patience: Patience,
    whom: Whom,
    common: Common,
) -> None:
    """Take the service out of the domain, whoever put it there: MX now; SPF by the same command after --grace."""
    with session(common) as now:
        wanted = {**now.where(who), "grace": grace, "only": only and only.value, "accept": accept or ()}
        wanted |= {**whom.words(), **patience.words()}
        confirm = None if dry_run else now.confirmation("unenroll", domain, yes=yes)
        now.end(now.client.unenroll(domain, **wanted, dry_run=dry_run, confirm=confirm))
