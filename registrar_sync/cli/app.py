"""The commands' table, and the one boundary where an unknown failure is called our bug."""

from __future__ import annotations

import io
import sys
import traceback

import typer

from registrar_sync.cli import (
    bulk,
    bulk_run,
    bulk_runs,
    config,
    domains,
    exit_codes,
    findings,
    providers,
    sandbox,
    schedule,
    spf,
    unenroll,
    watch,
    worker,
)

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Put a mail-filtering service into a domain's SPF and MX, prove it in the DNS, and take it back.",
)
for command in (domains.enroll, domains.plan, domains.check, domains.rollback, domains.recover, domains.history):
    app.command()(command)
app.command()(unenroll.unenroll)
for command in (schedule.prepare, schedule.finish, schedule.due):
    app.command()(command)
app.command()(spf.spf)
app.command()(watch.watch)
app.command()(worker.worker)
app.command()(findings.findings)
for command in (bulk_run.run, bulk_run.resume, bulk_run.watch, bulk_run.rollback):
    bulk.app.command()(command)
for command in (bulk_runs.status, bulk_runs.pause, bulk_runs.cancel, bulk_runs.report):
    bulk.app.command()(command)
app.add_typer(bulk.app, name="bulk")
app.add_typer(providers.app, name="providers")
app.add_typer(config.app, name="config")
app.add_typer(sandbox.app, name="sandbox")


def run() -> None:
    """Run the command line; a failure that we do not know is our bug: exit 3."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a TXT value may hold what the terminal's encoding does not
    try:
        app()
    except Exception as error:  # noqa: BLE001 - the boundary
        if "--debug" in sys.argv:
            traceback.print_exc()
        told = f"registrar-sync: a bug of ours: {type(error).__name__}: {error}\n"
        told += "What was begun is in the journal: registrar-sync history. --debug shows where it happened; please report it.\n"
        sys.stderr.write(told)
        sys.exit(exit_codes.BUG)
