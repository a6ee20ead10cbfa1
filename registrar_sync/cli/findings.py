"""The command findings: every finding that a plan may bring up, and what to do about it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

import typer

from registrar_sync.cli.options import Common, Output
from registrar_sync.cli.render import Printer
from registrar_sync.cli.session import session
from registrar_sync.core.guard import KINDS, kind_of
from registrar_sync.core.kinds import FindingKind

Id = Annotated[str | None, typer.Argument(metavar="ID", help="One finding; without it, all of them.", show_default=False)]
AsOutput = Annotated[Output, typer.Option("--output", help="For people or for scripts.")]


def findings(finding_id: Id = None, *, output: AsOutput = Output.table) -> None:
    """List every finding, or explain one: what was met, why it matters, what to do, whether it can be accepted."""
    with session(Common(output=output), "findings") as now:
        if finding_id is None:
            _list(now.printer)
        elif output is Output.json:
            _rows(now.printer, {finding_id: kind_of(finding_id)})
        else:
            _page(now.printer, finding_id, kind_of(finding_id))


def _list(printer: Printer) -> None:
    if printer.as_json:
        _rows(printer, dict(KINDS))
        return
    columns = ("id", "severity", "acceptable", "what")
    rows = [{"id": id_, "severity": kind.severity, "acceptable": _cell(kind), "what": kind.what} for id_, kind in KINDS.items()]
    printer.rows("findings", "findings", rows, columns)


def _rows(printer: Printer, kinds: dict[str, FindingKind]) -> None:
    keys = ("severity", "acceptable", "what", "why", "advice")
    rows = [{"id": id_, **{key: getattr(kind, key) for key in keys}} for id_, kind in kinds.items()]
    printer.rows("findings", "findings", rows, ("id", *keys))


def _cell(kind: FindingKind) -> str:
    """Only what stops a plan is there to be accepted."""
    if kind.severity != "block":
        return "-"
    return "yes" if kind.acceptable else "no"


def _page(printer: Printer, finding_id: str, kind: FindingKind) -> None:
    for title, text in _entries(finding_id, kind):
        printer.entry(title, text)


def _entries(finding_id: str, kind: FindingKind) -> Iterator[tuple[str, str]]:
    yield "finding", finding_id
    yield "severity", kind.severity
    yield "what", kind.what
    yield "why", kind.why
    yield "advice", kind.advice
    yield "accept", _how_to_accept(finding_id, kind)


def _how_to_accept(finding_id: str, kind: FindingKind) -> str:
    if kind.severity != "block":
        return "It stops nothing, so there is nothing to accept."
    if not kind.acceptable:
        return "It cannot be accepted."
    return f"--accept {finding_id}, beside the options of the command that it held back. Every other block still holds."
