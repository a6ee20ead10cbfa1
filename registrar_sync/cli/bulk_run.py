"""Commands that work through a run: bulk run, resume, rollback, watch."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any, NoReturn

import typer

from registrar_sync.bulk.executor import Executor
from registrar_sync.bulk.roster import Checked
from registrar_sync.cli import exit_codes
from registrar_sync.cli.bulk import RosterFile, RunId, SkipInvalid, ThisRun
from registrar_sync.cli.bulk_roster import checked_roster
from registrar_sync.cli.detach import Detach, leave_to_workers, refuse_without_workers
from registrar_sync.cli.one_core import one_core
from registrar_sync.cli.options import Common, Patience, What, Who, Whom, Yes, grouped
from registrar_sync.cli.run_show import RunLines, show_run
from registrar_sync.cli.session import Session, at_a_terminal, says_yes, session
from registrar_sync.core.run import Brakes, Run
from registrar_sync.errors import ConfirmationNeeded, JournalUnusable, UsageError
from registrar_sync.many import Many
from registrar_sync.runs import Runs, Terms

Canary = Annotated[int, typer.Option(metavar="N", min=0, help="So many domains first; the others once these are done.")]
Wave = Annotated[int, typer.Option(metavar="N", min=0, help="Then so many at a time; 0: all that are left.")]
MaxFailures = Annotated[
    str, typer.Option(metavar="N|P%", help="Pause when more domains have failed, or a larger part of a wave.")
]

_GO_ON = "registrar-sync bulk resume {}"


def brakes_of(canary: int, wave: int, max_failures: str) -> Brakes:
    """The brakes that the options mean. Raises ``UsageError``.

    >>> brakes_of(5, 0, "10%").max_share
    0.1
    """
    text = max_failures.strip()
    digits = text.removesuffix("%").strip()
    if not digits.isascii() or not digits.isdigit() or (text.endswith("%") and int(digits) > 100):
        raise UsageError(f"--max-failures is a number or a part in per cent, not {max_failures!r}. Nothing was changed.")
    if text.endswith("%"):
        return Brakes(canary=canary, wave=wave, max_share=int(digits) / 100)
    return Brakes(canary=canary, wave=wave, max_failures=int(digits))


@grouped
def run(
    file: RosterFile,
    *,
    skip_invalid: SkipInvalid = False,
    canary: Canary = 0,
    wave: Wave = 0,
    max_failures: MaxFailures = "10%",
    detach: Detach = False,
    yes: Yes = False,
    who: Who,
    what: What,
    whom: Whom,
    patience: Patience,
    common: Common,
) -> None:
    """Enrol every domain of a roster.

    The roster is read whole first, and the service is looked at; nothing is written while a row has a fault. What is done is in
    the journal: a run that was stopped, or killed, is gone on with by bulk resume, and bulk rollback takes back what it wrote.
    Ctrl-C ends what is under way and begins nothing more. bulk plan shows what would be written.
    """
    with session(common, "bulk run") as now:
        refuse_without_workers(now, detach=detach)
        brakes = brakes_of(canary, wave, max_failures)
        many = Many(now.world, {**who.words(), **what.words()}, **whom.words())
        checked = checked_roster(now, many, file, "bulk run", skip_invalid=skip_invalid)
        runs = Runs(now.world)
        try:
            for finding in runs.precheck(many, checked):
                now.printer.warning(f"{finding.id}: {finding.message}")
            now.printer.progress(f"{_rows(checked)}: {runs.estimate(many, checked)}.")
            _confirm(f"Enrol {checked.rows} domains?", yes=yes)
            asked: dict[str, Any] = {name: tuple(value) for name, value in whom.words().items()}
            made = runs.start(many, checked, Terms(brakes=brakes, **patience.words(), **asked))
        finally:
            checked.book.close()
        if detach:
            leave_to_workers(now, runs, made, "bulk run")
        work_through(now, runs, made, "bulk run", common)


@grouped
def resume(run_id: RunId = None, *, detach: Detach = False, common: Common) -> None:
    """Go on with a run that was paused, stopped or killed."""
    with session(common, "bulk resume") as now:
        refuse_without_workers(now, detach=detach)
        runs = Runs(now.world)
        resumed = runs.order(run_id, "running")
        if detach:
            leave_to_workers(now, runs, resumed, "bulk resume")
        work_through(now, runs, resumed, "bulk resume", common)


@grouped
def rollback(
    run_id: ThisRun,
    *,
    canary: Canary = 0,
    wave: Wave = 0,
    max_failures: MaxFailures = "10%",
    detach: Detach = False,
    yes: Yes = False,
    patience: Patience,
    common: Common,
) -> None:
    """Take back what a run wrote, domain by domain, newest first; what others have changed since stays."""
    with session(common, "bulk rollback") as now:
        refuse_without_workers(now, detach=detach)
        runs = Runs(now.world)
        made = runs.book.run(run_id)
        _confirm(f"Take back what run {made.id} ({made.what.roster}) wrote?", yes=yes)
        terms = Terms(brakes=brakes_of(canary, wave, max_failures), **patience.words())
        undoing = runs.undo(made, terms)
        if detach:
            leave_to_workers(now, runs, undoing, "bulk rollback")
        work_through(now, runs, undoing, "bulk rollback", common)


@grouped
def watch(run_id: RunId = None, *, common: Common) -> None:
    """Follow a run that another process works on, and look at what is written until it is served. Begins nothing."""
    with session(common, "bulk watch") as now:
        runs = Runs(now.world)
        work_through(now, runs, runs.book.run(run_id), "bulk watch", common, only_watch=True)


def _rows(checked: Checked) -> str:
    left_out = f" ({checked.left_out} rows are left out)" if checked.left_out else ""
    return f"{checked.rows} domains of {checked.name}{left_out}"


def _confirm(question: str, *, yes: bool) -> None:
    if yes:
        return
    hint = "Say --yes to write without asking; registrar-sync bulk plan shows what would be written."
    if not at_a_terminal():
        raise ConfirmationNeeded("There is no terminal to ask at. Nothing was changed.", hint=hint)
    if not says_yes(question):
        raise ConfirmationNeeded("Declined. Nothing was changed.", hint="Run it again when it is right.")


def work_through(now: Session, runs: Runs, run: Run, command: str, common: Common, *, only_watch: bool = False) -> NoReturn:
    """Work on the run, tell each domain as it ends and how the run stands then, and leave with the exit code."""
    executor = runs.executor(run, only_watch=only_watch)
    bars = sys.stderr.isatty() and not (common.verbose or common.debug)
    lines = RunLines(now.printer, run, command, loads=runs.loads(run) if bars else None)
    now.printer.progress(
        f"Run {run.id}. Ctrl-C stops it after what is under way; registrar-sync bulk status {run.id} looks at it."
    )
    lines.start(executor.tally)
    try:
        with one_core(), _heard(executor) as interrupted:
            for moved in executor.work():
                lines.show(moved, executor.tally)
    except JournalUnusable as error:
        error.hint = f"{error.hint} Then go on: {_GO_ON.format(run.id)}".strip()
        raise
    finally:
        lines.end()
    ended = executor.run
    if interrupted and ended.state == "running" and not only_watch:
        ended = runs.order(run.id, "paused", "interrupted")
    _tell(now, ended, executor, command)
    raise typer.Exit(exit_codes.INTERRUPTED if interrupted else code_of(ended, executor))


def _tell(now: Session, run: Run, executor: Executor, command: str) -> None:
    show_run(now.printer, run, executor.tally, command)
    if run.state in ("paused", "running") and executor.tally.left():
        now.printer.warning(f"Go on: {_GO_ON.format(run.id)}")
    elif executor.tally.done():
        now.printer.warning(f"Report: registrar-sync bulk report {run.id}")


def code_of(run: Run, executor: Executor) -> int:
    """Done; some held back; some failed, or not all done."""
    done = executor.tally.done()
    if executor.tally.left() or any(done[outcome] for outcome in ("failed", "unknown", "overdue", "cancelled")):
        return exit_codes.SOME_FAILED
    return exit_codes.HELD_BACK if done["held-back"] else exit_codes.DONE


@contextmanager
def _heard(executor: Executor) -> Iterator[list[int]]:
    """Ctrl-C, or a service manager's SIGTERM: no row is begun any more; a second one leaves at once. The signals that came."""
    came: list[int] = []

    def hear(number: int, frame: Any) -> None:
        came.append(number)
        executor.stop()
        if len(came) > 1:
            raise KeyboardInterrupt

    heard = [number for number in (signal.SIGINT, signal.SIGTERM) if signal.getsignal(number) is not signal.SIG_IGN]
    before = {number: signal.signal(number, hear) for number in heard}
    try:
        yield came
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
