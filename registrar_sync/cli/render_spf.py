"""The SPF tree as a table: one line a term, indented under the record that holds it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from rich.table import Table
from rich.text import Text

from registrar_sync.cli.render import Printer
from registrar_sync.cli.words import clean
from registrar_sync.core import names
from registrar_sync.core.spf_picture import SpfPicture
from registrar_sync.core.spf_size import GUIDELINE, UDP_LIMIT, TxtSize
from registrar_sync.core.spf_tree import LOOKUP_LIMIT, VOID_LIMIT, Branch, Budget
from registrar_sync.operations.spf_report import SpfReport


def show_spf(printer: Printer, report: SpfReport) -> None:
    """The report on stdout; what went wrong on stderr."""
    if printer.as_json:
        printer.json(report.to_json())
        return
    if report.picture is not None:
        printer.show(*_head(report), *_standing(report.picture), *_after(report, report.picture))
    shown = report.picture is not None  # with its carets, so that the findings need not show the record again
    printer.findings(tuple(replace(f, message=f.message.partition("\n")[0]) if shown else f for f in report.findings))
    if report.error is not None:
        printer.error(report.error, command="spf")


def _head(report: SpfReport) -> Iterator[Text]:
    line = Text(clean(names.display(report.domain)), style="bold")
    yield line.append(f"  SPF as {clean(report.shown)} answers it", style="dim")
    if report.differing:
        yield Text(f"These servers answer another SPF record: {', '.join(report.differing)}", style="yellow")


# --- as it stands -------------------------------------------------------------------------------------------------------
def _standing(picture: SpfPicture) -> Iterator[Text | Table]:
    if not picture.records:
        yield Text("There is no SPF record.")
    for record, caret in zip(picture.records, picture.carets, strict=True):
        yield Text(caret, style="red") if caret else Text(clean(record))
    if picture.budget:
        yield _table(picture.budget)
        yield Text(f"{_price(picture.budget)}; {_octets(picture.size)}", style="bold")


def _table(budget: Budget) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("term", overflow="fold")
    table.add_column("look-ups", justify="right")
    table.add_column("empty", justify="right")
    table.add_column("what stands there", overflow="fold")
    for chain, branch in budget.walk():
        term = Text(clean("  " * (len(chain) - 1) + branch.term))
        table.add_row(term, _number(branch), str(branch.voids), _there(branch))
    return table


def _number(branch: Branch) -> str:
    return f"{branch.lookups}{'' if branch.measured else '+'}"


def _there(branch: Branch) -> Text:
    if branch.fault:
        return Text(clean(f"permerror: {branch.fault}"), style="bold red")
    if branch.unknown:
        return Text(clean(f"unknown: {branch.unknown}"), style="yellow")
    if branch.record:
        return Text(clean(branch.record))
    if branch.own_voids:
        return Text(f"{branch.own_voids} empty for every sender", style="yellow")
    return Text(clean(branch.note or names.display(branch.target)), style="dim")


# --- with the service ---------------------------------------------------------------------------------------------------
def _after(report: SpfReport, picture: SpfPicture) -> Iterator[Text]:
    told, service = picture.with_service, clean(report.service or "")
    if told.state == "there":
        yield Text(f"with {service}: its include stands there already")
    elif told.state == "covered":
        yield Text(clean(f"with {service}: authorised already, {told.detail}"))
    elif told.state == "refused":
        yield Text(f"with {service}: the record would not be touched, see the findings")
    elif told.budget and told.size:
        more = f"+{told.budget.lookups - picture.budget.lookups}: " if picture.budget else ""
        yield Text(f"with {service}: {more}{_price(told.budget)}; {_octets(told.size)}", style="bold")
        yield Text(clean(told.budget.record), style="green")


def _price(budget: Budget) -> str:
    least = "" if budget.measured else "at least "
    return f"{budget.number} of {LOOKUP_LIMIT} look-ups, {least}{budget.voids} of {VOID_LIMIT} empty ones"


def _octets(size: TxtSize) -> str:
    return f"{size.text} octets of text ({GUIDELINE} advised), answer of {size.answer} ({UDP_LIMIT} always fit into UDP)"
