"""The commands' table, and the one boundary where an unknown failure is called our bug."""

from __future__ import annotations

import io
import sys
import traceback
from typing import ClassVar

import typer

from registrar_sync.cli import exit_codes
from registrar_sync.cli.late import LateGroup


class _Commands(LateGroup):
    places: ClassVar = {
        "enroll": "domains:enroll",
        "plan": "domains:plan",
        "check": "domains:check",
        "rollback": "domains:rollback",
        "recover": "domains:recover",
        "history": "domains:history",
        "unenroll": "unenroll:unenroll",
        "prepare": "schedule:prepare",
        "finish": "schedule:finish",
        "due": "schedule:due",
        "spf": "spf:spf",
        "watch": "watch:watch",
        "worker": "worker:worker",
        "findings": "findings:findings",
        "bulk": "bulk:app",
        "providers": "providers:app",
        "config": "config:app",
        "sandbox": "sandbox:app",
    }


app = typer.Typer(
    cls=_Commands,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Put a mail-filtering service into a domain's SPF and MX, prove it in the DNS, and take it back.",
)


@app.callback()
def registrar_sync() -> None:
    """The commands' table."""


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
