"""The command watch."""

from __future__ import annotations

from contextlib import closing
from typing import Annotated

import typer

from registrar_sync.cli import exit_codes
from registrar_sync.cli.options import Common, Output, Patience, Whom, grouped
from registrar_sync.cli.session import session
from registrar_sync.errors import Interrupted

Domains = Annotated[list[str] | None, typer.Argument(help="The domains; without one, all that wait.", show_default=False)]

_GO_ON = "registrar-sync watch goes on where this stopped."


@grouped
def watch(domains: Domains = None, *, patience: Patience, whom: Whom, common: Common) -> None:
    """Wait until every authoritative server shows what was written, for any number of domains; a line for each as it ends.

    What is written and not yet seen is in the journal, and so is how far a watch has come: a watch that was stopped is gone on
    with by the next one, and two at a time do not ask twice.
    """
    codes: list[int] = []
    with session(common, "watch") as now:
        try:
            with closing(now.client.watch(domains or (), **patience.words(), **whom.words())) as results:
                for result in results:
                    now.printer.settle()
                    now.printer.listed(result)
                    codes.append(exit_codes.of_result(result))
        except KeyboardInterrupt as stop:
            told = f"Interrupted: {len(codes)} ended; what still waits is in the journal. Nothing was changed."
            now.printer.error(Interrupted(told, hint=_GO_ON), command="watch")
            raise typer.Exit(exit_codes.INTERRUPTED) from stop
        if not codes and common.output is Output.table:
            now.printer.line("Nothing waits to be seen.")
        raise typer.Exit(max(codes, default=exit_codes.DONE))
