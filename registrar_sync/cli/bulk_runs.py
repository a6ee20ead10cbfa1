"""Commands that look at runs, and tell them what to do: bulk status, pause, cancel, report."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from registrar_sync.bulk.tally import Tally
from registrar_sync.cli.bulk import RunId, ThisRun
from registrar_sync.cli.options import Common, grouped
from registrar_sync.cli.run_show import show_run
from registrar_sync.cli.session import Session, session
from registrar_sync.core.run import LEASE_S, Run, RunBook, RunState

AllRuns = Annotated[bool, typer.Option("--all", help="Every run of the journal, newest first.")]
Target = Annotated[Path, typer.Option("--to", metavar="NAME", help="Write NAME.html, NAME.csv and NAME.jsonl.")]


@grouped
def status(run_id: RunId = None, *, all_: AllRuns = False, common: Common) -> None:
    """How a run stands, also while another process works on it."""
    with session(common, "bulk status") as now:
        book = _book(now)
        for run in book.runs() if all_ else [book.run(run_id)]:
            _show(now, book, run, "bulk status")


@grouped
def pause(run_id: RunId = None, *, common: Common) -> None:
    """Begin no more domains of a run; what is under way is ended by whoever works on it. bulk resume goes on."""
    _order(common, "bulk pause", run_id, "paused", "by a person")


@grouped
def cancel(run_id: ThisRun, *, common: Common) -> None:
    """End a run: what was not begun never is. What it wrote stays; bulk rollback takes that back."""
    _order(common, "bulk cancel", run_id, "cancelled", "by a person")


@grouped
def report(run_id: RunId = None, *, to: Target = Path("report"), common: Common) -> None:
    """Write what became of a run as one page for people (HTML), as a table (CSV) and as JSON lines."""
    from registrar_sync.bulk.report import write_report  # noqa: PLC0415 - status and the others draw no page

    with session(common, "bulk report") as now:
        book = _book(now)
        run = book.run(run_id)
        for path in write_report(run, book.counts(run.id), book.rows(run.id), to, at=datetime.now().astimezone()):
            now.printer.line(str(path))


def _order(common: Common, command: str, run_id: int | None, state: RunState, why: str) -> None:
    with session(common, command) as now:
        book = _book(now)
        _show(now, book, book.order(book.run(run_id).id, state, why), command)


def _book(now: Session) -> RunBook:
    return now.world.journal.run_book(lease_s=LEASE_S)


def _show(now: Session, book: RunBook, run: Run, command: str) -> None:
    show_run(now.printer, run, Tally(book.counts(run.id)), command)
