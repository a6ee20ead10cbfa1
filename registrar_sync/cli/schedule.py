"""Commands for a cut-over with short TTLs: prepare, finish, due."""

from __future__ import annotations

from typing import Annotated

import typer

from registrar_sync.cli.options import Accept, Common, Domain, DryRun, OnlyPart, Output, Patience, Who, Whom, Yes, grouped
from registrar_sync.cli.session import session

Ttl = Annotated[int, typer.Option(metavar="SECONDS", help="The TTL until finish; what is lower already stays.")]
Provider = Annotated[str | None, typer.Option("--provider", "-p", help="Only what was prepared at this provider.")]
Account = Annotated[str | None, typer.Option(help="Only what was prepared in this account; else in the journal's newest.")]


@grouped
def prepare(
    domain: Domain,
    *,
    ttl: Ttl = 300,
    who: Who,
    only: OnlyPart = None,
    accept: Accept = None,
    yes: Yes = False,
    dry_run: DryRun = False,
    patience: Patience,
    whom: Whom,
    common: Common,
) -> None:
    """Lower the TTLs of the domain's TXT and MX records before a cut-over, and say when the old ones are over."""
    with session(common) as now:
        wanted = {**now.where(who), "only": only and only.value, "accept": accept or ()}
        wanted |= {**patience.words(), **whom.words()}
        confirm = None if dry_run else now.confirmation("prepare", domain, yes=yes)
        now.end(now.client.prepare(domain, ttl=ttl, **wanted, dry_run=dry_run, confirm=confirm))


@grouped
def finish(
    domain: Domain,
    *,
    provider: Provider = None,
    account: Account = None,
    accept: Accept = None,
    yes: Yes = False,
    dry_run: DryRun = False,
    patience: Patience,
    whom: Whom,
    common: Common,
) -> None:
    """Raise the TTLs again to what they were before prepare; what others have changed since stays."""
    wanted = {"provider": provider, "account": account, "accept": accept or (), **patience.words(), **whom.words()}
    with session(common) as now:
        confirm = None if dry_run else now.confirmation("finish", domain, yes=yes)
        now.end(now.client.finish(domain, **wanted, dry_run=dry_run, confirm=confirm))


@grouped
def due(*, common: Common) -> None:
    """List what waits, by the journal alone: the next command for each domain, and from when on."""
    with session(common, "due") as now:
        rows = [row.to_json() for row in now.client.due()]
        if not rows and common.output is Output.table:
            now.printer.line(f"Nothing waits, by the journal {now.world.journal.location}")
            return
        now.printer.rows("due", "due", rows, ("ready", "due_at", "domain", "what", "next"))
