"""Leaving a run to the workers: what ``--detach`` does instead of working on it here."""

from __future__ import annotations

from typing import Annotated, NoReturn

import typer

from registrar_sync.bulk.tally import Tally
from registrar_sync.cli import exit_codes
from registrar_sync.cli.run_show import show_run
from registrar_sync.cli.session import Session
from registrar_sync.core.run import Run
from registrar_sync.errors import JournalUnusable
from registrar_sync.runs import Runs

Detach = Annotated[
    bool, typer.Option("--detach", help="Leave it to the workers of a journal in PostgreSQL, and come back at once.")
]


def refuse_without_workers(now: Session, *, detach: bool) -> None:
    """Before anything is kept: only the journal of several machines has workers. Raises ``UsageError``."""
    if detach:
        _conninfo(now)


def leave_to_workers(now: Session, runs: Runs, run: Run, command: str) -> NoReturn:
    """Wake the workers, tell how the run stands, and leave."""
    _wake(now)
    show_run(now.printer, run, Tally(runs.book.counts(run.id)), command)
    now.printer.progress(f"Run {run.id} is left to the workers. registrar-sync bulk status {run.id} looks at it.")
    raise typer.Exit(exit_codes.DONE)


def _wake(now: Session) -> None:
    try:
        from registrar_sync.worker.jobs import wake  # noqa: PLC0415 - installed only where there are workers
        from registrar_sync.worker.pulse import Pulse  # noqa: PLC0415
    except ImportError:
        return  # workers elsewhere look by themselves every few seconds
    conninfo = _conninfo(now)
    wake(conninfo)
    try:
        workers = Pulse(conninfo, now.world.journal.location).read().workers
    except JournalUnusable:
        workers = 0
    if not workers:
        now.printer.warning("No worker works on this journal now. Start one: registrar-sync worker --journal URL")


def _conninfo(now: Session) -> str:
    from registrar_sync.worker.place import conninfo_of  # noqa: PLC0415 - SQLAlchemy is slow to import

    return conninfo_of(now.world.journal_url)
