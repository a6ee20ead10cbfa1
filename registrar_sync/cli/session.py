"""One command under way: the client, the printer, and the way out with an exit code."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn

import typer

from registrar_sync.choice import AUTO
from registrar_sync.cli import exit_codes
from registrar_sync.cli.options import Common, Output, Who
from registrar_sync.cli.render import Printer
from registrar_sync.errors import ConfirmationNeeded, Interrupted, RegistrarSyncError
from registrar_sync.operations.desk import OperationInterrupted
from registrar_sync.operations.refusal import refusal
from registrar_sync.operations.result import Command, Result
from registrar_sync.wiring import World

if TYPE_CHECKING:
    from registrar_sync.client import Client


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """What a command has at hand."""

    world: World
    printer: Printer

    @property
    def client(self) -> Client:
        """The operations."""
        from registrar_sync.client import Client  # noqa: PLC0415 - what only looks at the journal needs none of them

        return Client(world=self.world)

    def end(self, *results: Result) -> NoReturn:
        """Print the results and leave with the worst exit code."""
        for result in results:
            self.printer.result(result)
        code = max((exit_codes.of_result(result) for result in results), default=exit_codes.DONE)
        raise typer.Exit(code)

    def confirmation(self, command: Command, domain: str, *, yes: bool) -> Callable[[Result], bool] | None:
        """None with --yes; else a question at the terminal. Without a terminal: refuse before anybody is asked anything."""
        if yes:
            return None
        if not at_a_terminal():
            error = ConfirmationNeeded(
                "There is no terminal to ask at. Nothing was changed.", hint="Say --yes to write without asking, or --dry-run."
            )
            self.end(refusal(command, domain, error))
        return self._ask

    def where(self, who: Who) -> dict[str, Any]:
        """Account, service and zone as the client takes them. At a terminal, where nothing else tells the provider, the name
        servers may: a person sees what was found."""
        return {**who.words(), "otherwise": AUTO if at_a_terminal() else None}

    def _ask(self, planned: Result) -> bool:
        self.printer.plan_for_question(planned)
        return says_yes("Write this?")


def says_yes(question: str) -> bool:
    """Ask at the terminal; the end of input is a no."""
    try:
        return typer.confirm(question, default=False, err=True)
    except typer.Abort as stop:
        # Typer makes one of Ctrl-C and of the end of input; only the first is an interruption.
        if isinstance(stop.__context__, KeyboardInterrupt):
            raise KeyboardInterrupt from stop
        return False


def at_a_terminal() -> bool:
    """Whether a person reads and answers."""
    return sys.stdin.isatty() and sys.stderr.isatty()


@contextmanager
def session(common: Common, command: str = "") -> Iterator[Session]:
    """Open the client for one command; every known error that no result carries is printed here, as that of ``command``."""
    talks = common.verbose or common.debug  # log lines and a table would write over each other
    printer = Printer(as_json=common.output is Output.json, live=sys.stderr.isatty() and not talks)
    _log(verbose=common.verbose, debug=common.debug)
    notify = printer.progress if common.verbose or sys.stderr.isatty() else None
    world = World(config=common.config, journal_url=common.journal, warn=printer.warning, tell=printer.progress)
    if notify is not None:
        world.notify = notify
    try:
        yield Session(world=world, printer=printer)
    except RegistrarSyncError as error:
        printer.error(error, command=command)
        raise typer.Exit(exit_codes.of_error(error)) from error
    except OperationInterrupted as stop:
        printer.result(stop.result)
        raise typer.Exit(exit_codes.INTERRUPTED) from stop
    except BrokenPipeError as error:
        _stop_printing()
        raise typer.Exit(exit_codes.FAILED) from error
    except KeyboardInterrupt as error:
        told = Interrupted("Interrupted.", hint="What was begun: registrar-sync history")
        printer.error(told, command=command)
        raise typer.Exit(exit_codes.INTERRUPTED) from error
    finally:
        printer.settle()
        world.close()


def _stop_printing() -> None:
    """Nobody reads stdout any more, as after ``| head``: what Python still holds for it goes nowhere, without a complaint."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)


def _log(*, verbose: bool, debug: bool) -> None:
    level = logging.DEBUG if debug else logging.INFO if verbose else logging.WARNING
    logging.basicConfig(stream=sys.stderr, level=level, format="%(levelname)s %(name)s: %(message)s", force=True)
    # Their lines say nothing to an operator, and nobody takes secrets out of them; lexicon's pass through our redactor.
    for noisy in ("urllib3", "asyncio"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
