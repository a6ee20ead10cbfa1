"""Bars on stderr while domains end, and the lines of those domains on stdout beside them."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, TextColumn
from rich.text import Text

from registrar_sync.cli.render import Printer


def bars(*columns: ProgressColumn) -> Progress:
    """What it is, the bar, so many of how many, and ``columns``. Gone when it is stopped."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        *columns,
        console=Console(file=sys.stderr, highlight=False),
        transient=True,
        redirect_stdout=False,
        redirect_stderr=False,
    )


def put_beside(drawn: Progress | None, printer: Printer, shown: Text | Mapping[str, Any]) -> None:
    """One line on stdout (a mapping: as JSON), there at once for whatever reads it."""
    if drawn is not None and sys.stdout.isatty():  # one terminal: the bars know how to make room
        line = shown if isinstance(shown, Text) else Text(json.dumps(shown))
        drawn.console.print(line, soft_wrap=True)
    elif isinstance(shown, Text):
        printer.show(shown)
        sys.stdout.flush()
    else:
        printer.json(shown)
