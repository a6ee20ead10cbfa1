"""The faults of a roster, shown as they are found."""

from __future__ import annotations

from typing import Any

from registrar_sync.bulk.roster import Located
from registrar_sync.cli.render import Printer
from registrar_sync.operations.result import SCHEMA

MOST_FAULTS = 1000
"""Faults that a table shows; for scripts there is no such bound."""


class Faults:
    """Shows faults as they are found: on stderr for people, an object a line on stdout for scripts."""

    def __init__(self, printer: Printer, command: str) -> None:
        self._printer = printer
        self._command = command
        self._told = 0

    def hear(self, located: Located) -> None:
        """Show one."""
        self._told += 1
        if self._printer.as_json:
            self._printer.json(_fault_json(located, self._command))
        elif self._told <= MOST_FAULTS:
            self._printer.warning(_fault_line(located))

    def end(self) -> None:
        """Say how many were not shown."""
        if not self._printer.as_json and self._told > MOST_FAULTS:
            self._printer.warning(f"... and {self._told - MOST_FAULTS} more; --output json prints all of them.")


def _fault_line(located: Located) -> str:
    column = f", column {located.fault.column}" if located.fault.column else ""
    about = f" ({located.typed[:80]})" if located.typed and located.fault.column != "domain" else ""
    return f"line {located.line}{column}: {located.fault.message}{about}"


def _fault_json(located: Located, command: str) -> dict[str, Any]:
    return {
        "schema": SCHEMA,
        "command": command,
        "line": located.line,
        "column": located.fault.column or None,
        "domain": located.typed or None,
        "state": "refused",
        "changed": False,
        "error": {"kind": "roster", "message": located.fault.message, "hint": ""},
    }
