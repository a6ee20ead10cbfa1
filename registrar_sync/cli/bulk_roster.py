"""The roster that a command is given, read whole: its faults are shown, and end the command where they must."""

from __future__ import annotations

import sys
from typing import NoReturn

import typer

from registrar_sync.bulk.roster import Checked
from registrar_sync.bulk.source import STANDARD_INPUT, opened
from registrar_sync.cli import exit_codes
from registrar_sync.cli.faults import Faults
from registrar_sync.cli.session import Session
from registrar_sync.errors import Interrupted, RosterInvalid
from registrar_sync.many import Many


def checked_roster(now: Session, many: Many, file: str, command: str, *, skip_invalid: bool) -> Checked:
    """The roster, read whole. Leaves with exit 2 while it has faults that are not to be left out."""
    if file == STANDARD_INPUT and sys.stdin is not None and sys.stdin.isatty():
        now.printer.progress("Reading the roster from the terminal; Ctrl-D on an empty line ends it.")
    faults = Faults(now.printer, command)
    try:
        with opened(file, sys.stdin.buffer if sys.stdin is not None else None) as (stream, name):
            checked = many.check(stream, name, hear=faults.hear)
    except KeyboardInterrupt as stop:
        now.printer.error(Interrupted("Interrupted. Nobody was asked anything."), command=command)
        raise typer.Exit(exit_codes.INTERRUPTED) from stop
    faults.end()
    if checked.faults and (checked.header or not skip_invalid or not checked.rows):
        checked.book.close()
        _refuse(now, checked, command)
    return checked


def _refuse(now: Session, checked: Checked, command: str) -> NoReturn:
    where = f"in {checked.left_out} of {checked.read} rows" if checked.read else "in the header"
    faults = "1 fault" if checked.faults == 1 else f"{checked.faults} faults"
    text = f"{checked.name} ({checked.form}): {faults} {where}. Nobody was asked anything, and nothing was changed."
    hint = "Mend them, or go on without these rows: --skip-invalid"
    if checked.header:
        hint = "Mend the header first: while a column is not understood, no row is."
    elif not checked.rows:
        hint = "Mend them: no row is left."
    error = RosterInvalid(text, hint=hint)
    if now.printer.as_json:  # stdout has each fault already
        now.printer.warning(f"{error.message} {error.hint}")
    else:
        now.printer.error(error, command=command)
    raise typer.Exit(exit_codes.USAGE)
