"""Commands on one domain: enroll, plan, check, rollback, recover, history."""

from __future__ import annotations

from collections.abc import Callable

import typer

from registrar_sync.cli import exit_codes, options
from registrar_sync.cli.session import session
from registrar_sync.core import names
from registrar_sync.operations.result import rrset_json
from registrar_sync.ports import Change


def enroll(
    domain: options.Domain,
    provider: options.Provider = None,
    account: options.Account = None,
    service: options.Service = None,
    zone: options.Zone = None,
    mx: options.MxMode = options.Mx.below,
    all_: options.AllQualifier = None,
    ttl: options.Ttl = None,
    accept: options.Accept = None,
    yes: options.Yes = False,
    dry_run: options.DryRun = False,
    wait: options.WaitFor = options.Wait.authoritative,
    timeout: options.Timeout = None,
    nameserver: options.Nameservers = None,
    resolver: options.Resolvers = None,
    output: options.OutputAs = options.Output.table,
    journal: options.Journal = None,
    config: options.Config = None,
    verbose: options.Verbose = False,
    debug: options.Debug = False,
) -> None:
    """Put the service into the domain's SPF and MX, and wait until every authoritative server answers it."""
    who = {"provider": provider, "account": account, "service": service, "zone": zone}
    what = {"mx": mx.value, "all": all_ and all_.value, "ttl": ttl, "accept": accept or ()}
    asked = {"nameservers": nameserver or (), "resolvers": resolver or ()}
    with session(output, journal=journal, config=config, verbose=verbose, debug=debug) as now:
        if dry_run:
            now.end(now.client.plan(domain, **who, **what, **asked))
        confirm = now.confirmation("enroll", domain, yes=yes)
        now.end(now.client.enroll(domain, **who, **what, **asked, wait=wait.value, timeout=timeout, confirm=confirm))


def plan(
    domain: options.Domain,
    provider: options.Provider = None,
    account: options.Account = None,
    service: options.Service = None,
    zone: options.Zone = None,
    mx: options.MxMode = options.Mx.below,
    all_: options.AllQualifier = None,
    ttl: options.Ttl = None,
    accept: options.Accept = None,
    exit_code: bool = typer.Option(False, "--exit-code", help="Exit 20 where there is something to write."),
    nameserver: options.Nameservers = None,
    resolver: options.Resolvers = None,
    output: options.OutputAs = options.Output.table,
    journal: options.Journal = None,
    config: options.Config = None,
    verbose: options.Verbose = False,
    debug: options.Debug = False,
) -> None:
    """Show what enroll would write. Nothing is written."""
    who = {"provider": provider, "account": account, "service": service, "zone": zone}
    what = {"mx": mx.value, "all": all_ and all_.value, "ttl": ttl, "accept": accept or ()}
    asked = {"nameservers": nameserver or (), "resolvers": resolver or ()}
    with session(output, journal=journal, config=config, verbose=verbose, debug=debug) as now:
        result = now.client.plan(domain, **who, **what, **asked)
        if exit_code and result.state == "planned":
            now.printer.result(result)
            raise typer.Exit(exit_codes.CHANGES_PLANNED)
        now.end(result)


def check(
    domain: options.Domain,
    provider: options.Provider = None,
    account: options.Account = None,
    service: options.Service = None,
    zone: options.Zone = None,
    nameserver: options.Nameservers = None,
    resolver: options.Resolvers = None,
    output: options.OutputAs = options.Output.table,
    journal: options.Journal = None,
    config: options.Config = None,
    verbose: options.Verbose = False,
    debug: options.Debug = False,
) -> None:
    """Ask the DNS whether the domain's mail goes through the service. Needs no credentials."""
    with session(output, journal=journal, config=config, verbose=verbose, debug=debug) as now:
        now.end(
            now.client.check(
                domain,
                provider=provider,
                account=account,
                service=service,
                zone=zone,
                nameservers=nameserver or (),
                resolvers=resolver or (),
            )
        )


def rollback(
    domain: options.Domain,
    to: int | None = typer.Option(None, "--to", metavar="CHANGE", help="Undo this change and all later ones."),
    keep_spf: bool = typer.Option(False, "--keep-spf", help="Leave the include in the SPF record."),
    yes: options.Yes = False,
    dry_run: options.DryRun = False,
    wait: options.WaitFor = options.Wait.authoritative,
    timeout: options.Timeout = None,
    nameserver: options.Nameservers = None,
    resolver: options.Resolvers = None,
    output: options.OutputAs = options.Output.table,
    journal: options.Journal = None,
    config: options.Config = None,
    verbose: options.Verbose = False,
    debug: options.Debug = False,
) -> None:
    """Take back exactly our part of the domain; what others have added since stays."""
    with session(output, journal=journal, config=config, verbose=verbose, debug=debug) as now:
        confirm = None if dry_run else now.confirmation("rollback", domain, yes=yes)
        now.end(
            now.client.rollback(
                domain,
                to=to,
                keep_spf=keep_spf,
                dry_run=dry_run,
                confirm=confirm,
                wait=wait.value,
                timeout=timeout,
                nameservers=nameserver or (),
                resolvers=resolver or (),
            )
        )


def recover(
    domain: options.OptionalDomain = None,
    nameserver: options.Nameservers = None,
    resolver: options.Resolvers = None,
    output: options.OutputAs = options.Output.table,
    journal: options.Journal = None,
    config: options.Config = None,
    verbose: options.Verbose = False,
    debug: options.Debug = False,
) -> None:
    """Bring interrupted changes to exactly before or exactly after. Never asks."""
    with session(output, journal=journal, config=config, verbose=verbose, debug=debug) as now:
        results = now.client.recover(domain, nameservers=nameserver or (), resolvers=resolver or ())
        if not results and output is options.Output.table:
            now.printer.line("No change was interrupted: there is nothing to recover.")
        now.end(*results)


def history(
    domain: options.OptionalDomain = None,
    change: int | None = typer.Option(None, "--change", metavar="ID", help="One change with its states and values."),
    output: options.OutputAs = options.Output.table,
    journal: options.Journal = None,
    config: options.Config = None,
    verbose: options.Verbose = False,
    debug: options.Debug = False,
) -> None:
    """List the journal's changes, newest first."""
    with session(output, journal=journal, config=config, verbose=verbose, debug=debug) as now:
        changes = now.client.history(domain)
        if change is not None:
            changes = [now.client.world.journal.change(change)]
        if output is options.Output.table:
            now.printer.line(f"journal: {now.client.world.journal.location}")
        rows = [_row(found, full=change is not None) for found in changes]
        columns = ("change_id", "at", "domain", "provider", "account", "service", "command", "state", "undoes")
        now.printer.rows("history", "changes", rows, columns)
        if change is not None and output is options.Output.table:
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
