"""What a person or a script sees of a run over a roster: a line for each domain, a bar, the summary."""

from __future__ import annotations

from collections.abc import Iterator

from rich.progress import TaskID, TextColumn, TimeRemainingColumn
from rich.text import Text

from registrar_sync.bulk.book import Entry
from registrar_sync.bulk.summary import OUTCOMES, SAID, Outcome, Summary
from registrar_sync.cli.bars import bars, put_beside
from registrar_sync.cli.render import Printer
from registrar_sync.cli.words import clean
from registrar_sync.core import names
from registrar_sync.operations.result import Result

COMMAND = "bulk plan"

_STYLES = {"planned": "green", "nothing-to-do": "dim", "held-back": "yellow", "failed": "bold red"}


class Lines:
    """A line for each domain as it ends, on stdout; on a terminal a bar on stderr, while anything is still to be done."""

    def __init__(self, printer: Printer, *, bar: bool) -> None:
        self._printer = printer
        self._bar = bars(TimeRemainingColumn(), TextColumn("{task.fields[failed]}", style="bold red")) if bar else None
        self._task: TaskID | None = None

    def start(self, rows: int) -> None:
        """Draw the bar."""
        if self._bar is not None:
            self._task = self._bar.add_task("planning", total=rows, failed="")
            self._bar.start()

    def show(self, entry: Entry, result: Result, outcome: Outcome, summary: Summary) -> None:
        """One domain, there at once for whatever reads it."""
        value = {**result.to_json(), "command": COMMAND, "line": entry.line}
        put_beside(self._bar, self._printer, value if self._printer.as_json else _line(entry, result, outcome))
        if self._bar is not None and self._task is not None:
            failed = f"{summary.outcomes['failed']} failed" if summary.outcomes["failed"] else ""
            self._bar.update(self._task, advance=1, failed=failed)

    def end(self) -> None:
        """Wipe the bar away. Twice is once."""
        if self._bar is not None:
            self._bar.stop()


def _line(entry: Entry, result: Result, outcome: Outcome) -> Text:
    line = Text(f"{clean(names.display(result.domain)):<30}  ").append(f"{SAID[outcome]:<13}", style=_STYLES[outcome])
    line.append(f"  {clean(entry.account)}", style="dim")
    if result.error is not None:
        line.append(f"  {clean(' '.join(result.message.split()))}")
    elif result.findings:
        line.append(f"  {' '.join(dict.fromkeys(finding.id for finding in result.findings))}")
    return line


def summary_lines(summary: Summary) -> Iterator[Text]:
    """The end of a table: what all of it came to."""
    yield Text("")
    yield Text(f"{summary.done} of {summary.rows} domains planned. Nothing was changed.", style="bold")
    for outcome in OUTCOMES:
        yield Text(f"  {summary.outcomes[outcome]:>7}  ").append(SAID[outcome], style=_STYLES[outcome])
    for title, counts in (("held back by", summary.holding), ("failed with", summary.failures), ("findings", summary.findings)):
        if counts:
            yield Text(f"{title}: " + ", ".join(f"{clean(name)} {count}" for name, count in counts.most_common()))
    if summary.left:
        yield Text(f"{summary.left} of them leave MX lines to a hand.")
    if summary.left_out:
        yield Text(f"{summary.left_out} rows of the roster had faults and were left out.")
    if summary.digest:
        yield Text(f"digest: {summary.digest}")
