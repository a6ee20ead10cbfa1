"""Many domains: the table of bulk's commands, and the arguments that they share."""

from __future__ import annotations

from typing import Annotated, ClassVar

import typer

from registrar_sync.cli.late import LateGroup

RosterFile = Annotated[str, typer.Argument(metavar="FILE", help="The roster; - reads standard input.", show_default=False)]
SkipInvalid = Annotated[bool, typer.Option("--skip-invalid", help="Leave rows with faults out and go on with the others.")]
RunId = Annotated[int | None, typer.Argument(metavar="RUN", help="The run's number; the newest without one.", show_default=False)]
ThisRun = Annotated[int, typer.Argument(metavar="RUN", help="The run's number.", show_default=False)]


class _Commands(LateGroup):
    places: ClassVar = {
        "plan": "bulk_plan:plan",
        "run": "bulk_run:run",
        "resume": "bulk_run:resume",
        "watch": "bulk_run:watch",
        "rollback": "bulk_run:rollback",
        "status": "bulk_runs:status",
        "pause": "bulk_runs:pause",
        "cancel": "bulk_runs:cancel",
        "report": "bulk_runs:report",
    }


app = typer.Typer(
    cls=_Commands, no_args_is_help=True, help="Many domains at once, from a roster: a CSV, JSON lines, or one domain a line."
)


@app.callback()
def bulk() -> None:
    """Many domains at once, from a roster: a CSV with a header, JSON lines, or one domain a line."""
