"""Commands on one domain: enroll, plan, check, rollback, recover, history."""

from __future__ import annotations

from collections.abc import Callable

import typer

from registrar_sync.cli import exit_codes
from registrar_sync.cli.check_list import STANDARD_INPUT, ListedDomain, check_listed, refuse_waiting
from registrar_sync.cli.options import (
    Common,
    Domain,
    DryRun,
    Lingering,
    OptionalDomain,
    Output,
    Patience,
    What,
    Who,
    Whom,
    Yes,
    grouped,
)
from registrar_sync.cli.session import session
from registrar_sync.core import names
from registrar_sync.core.evidence import Change
from registrar_sync.operations.result import rrset_json


@grouped
def enroll(
    domain: Domain,
    *,
    who: Who,
    what: What,
    yes: Yes = False,
    dry_run: DryRun = False,
    patience: Patience,
    whom: Whom,
    common: Common,
) -> None:
    """Put the service into the domain's SPF and MX, and wait until every authoritative server answers it."""
    with session(common) as now:
        wanted = {**now.where(who), **what.words(), **whom.words()}
        if dry_run:
            now.end(now.client.plan(domain, **wanted))
        confirm = now.confirmation("enroll", domain, yes=yes)
        now.end(now.client.enroll(domain, **wanted, **patience.words(), confirm=confirm))


@grouped
def plan(
    domain: Domain,
    *,
    who: Who,
    what: What,
    exit_code: bool = typer.Option(False, "--exit-code", help="Exit 20 where there is something to write."),
    whom: Whom,
    common: Common,
) -> None:
    """Show what enroll would write. Nothing is written."""
    with session(common) as now:
        result = now.client.plan(domain, **now.where(who), **what.words(), **whom.words())
        if exit_code and result.state == "planned" and not result.left:
            now.printer.result(result)
            raise typer.Exit(exit_codes.CHANGES_PLANNED)
        now.end(result)


@grouped
def check(domain: ListedDomain, *, who: Who, patience: Lingering, whom: Whom, common: Common) -> None:
    """Ask the DNS whether the domain's mail goes through the service. Needs neither credentials nor a journal.

    Judged is the effect, whoever brought it about: the service authorised by the SPF record, itself or through others, and its
    hosts before all other MX hosts. "check -" reads many domains from standard input. With --wait it looks again and again,
    and ends with 0 once every authoritative server shows it, or with 4 when the time is over.
    """
    with session(common, "check") as now:
        if domain == STANDARD_INPUT:
            refuse_waiting(patience)
            check_listed(now, {**who.words(), **whom.words()})
        now.end(now.client.check(domain, **who.words(), **patience.words(), **whom.words()))


@grouped
def rollback(
    domain: Domain,
    *,
    to: int | None = typer.Option(None, "--to", metavar="CHANGE", help="Undo this change and all later ones."),
    keep_spf: bool = typer.Option(False, "--keep-spf", help="Leave the include in the SPF record."),
    yes: Yes = False,
    dry_run: DryRun = False,
    patience: Patience,
    whom: Whom,
    common: Common,
) -> None:
    """Take back exactly our part of the domain; what others have added since stays."""
    with session(common) as now:
        confirm = None if dry_run else now.confirmation("rollback", domain, yes=yes)
        asked = {**patience.words(), **whom.words()}
        now.end(now.client.rollback(domain, to=to, keep_spf=keep_spf, dry_run=dry_run, confirm=confirm, **asked))


@grouped
def recover(domain: OptionalDomain = None, *, whom: Whom, common: Common) -> None:
    """Bring interrupted changes to exactly before or exactly after. Never asks."""
    with session(common, "recover") as now:
        results = now.client.recover(domain, **whom.words())
        if not results and common.output is Output.table:
            now.printer.line("No change was interrupted: there is nothing to recover.")
        now.end(*results)


@grouped
def history(
    domain: OptionalDomain = None,
    *,
    change: int | None = typer.Option(None, "--change", metavar="ID", help="One change with its states and values."),
    common: Common,
) -> None:
    """List the journal's changes, newest first."""
    with session(common, "history") as now:
        journal = now.world.journal
        changes = [journal.change(change)] if change is not None else now.client.history(domain)
        if common.output is Output.table:
            now.printer.line(f"journal: {journal.location}")
        rows = [_row(found, full=change is not None) for found in changes]
        columns = ("change_id", "at", "domain", "provider", "account", "service", "command", "state", "undoes")
        now.printer.rows("history", "changes", rows, columns)
        if change is not None and common.output is Output.table:
            _print_events(now.printer.line, changes[0])


def _row(change: Change, *, full: bool) -> dict[str, object]:
    row: dict[str, object] = {
        "change_id": change.id,
        "domain": names.display(change.what.domain),
        "zone": names.display(change.what.zone),
        "provider": change.what.provider,
        "account": change.what.account,
        "service": change.what.service.get("name"),
        "command": change.what.command,
        "state": change.state,
        "at": change.at.isoformat(timespec="seconds"),
        "undoes": change.what.undoes,
    }
    if full:
        images = change.images
        row["only"] = change.what.context.get("only")
        row["events"] = [{"state": e.state, "at": e.at.isoformat(timespec="seconds"), **e.detail} for e in change.events]
        row["before"] = {t: rrset_json(rrset) for t, rrset in images.before.items()}
        row["after"] = {t: rrset_json(rrset) for t, rrset in images.after.items()}
    return row


def _print_events(line: Callable[[str], None], change: Change) -> None:
    for event in change.events:
        line(f"  {event.at:%Y-%m-%d %H:%M:%S}Z  {event.state}")
    for title, rrsets in (("before", change.images.before), ("after", change.images.after)):
        for rtype, rrset in rrsets.items():
            shown = rrset_json(rrset)
            line(f"{title} {rtype}: " + (f"TTL {shown['ttl']}" if shown else "none"))
            for value in shown["values"] if shown else ():
                line(f"  {value}")
