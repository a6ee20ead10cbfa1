"""What a person or a script sees of a run: a line for each domain as it ends, a bar for each account, how all of it stands."""

from __future__ import annotations

import json
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn
from rich.table import Table
from rich.text import Text

from registrar_sync.bulk.tally import Moved, Tally
from registrar_sync.cli.render import Printer
from registrar_sync.cli.words import clean
from registrar_sync.core import names
from registrar_sync.core.duration import in_words
from registrar_sync.core.run import FAILURES, Run
from registrar_sync.core.run_estimate import Load, eta
from registrar_sync.operations.result import SCHEMA

_STYLES = {
    "authoritative": "green",
    "written": "green",
    "nothing-to-do": "dim",
    "held-back": "yellow",
    "overdue": "yellow",
    "failed": "bold red",
    "unknown": "bold red",
    "cancelled": "dim",
}
_LEFT = ("todo", "begun", "written")
_LOOK_BACK_S, _MOST_SEEN = 30.0, 10_000


class Speed:
    """Domains a second, of each account, over the last half minute. ``monotonic``: seconds."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._ended: dict[str, deque[float]] = {}

    def count(self, account: str) -> None:
        """One more has ended."""
        self._ended.setdefault(account, deque(maxlen=_MOST_SEEN)).append(self._monotonic())

    def now(self, account: str) -> float:
        """As fast as it goes now; 0 where nothing is known."""
        now, ended = self._monotonic(), self._ended.get(account, deque())
        while ended and ended[0] < now - _LOOK_BACK_S:
            ended.popleft()
        return (len(ended) - 1) / (now - ended[0]) if len(ended) > 1 and now > ended[0] else 0.0


class RunLines:
    """A line for each domain as it ends, on stdout; on a terminal a bar for each account on stderr."""

    def __init__(self, printer: Printer, run: Run, command: str, *, loads: Sequence[Load] | None) -> None:
        """``loads``: of the accounts, for the bars; None: no bars are drawn."""
        self._printer = printer
        self._run = run
        self._command = command
        self._loads = loads or ()
        self._speed = Speed(time.monotonic)
        self._bars = _bars() if loads is not None else None
        self._tasks: dict[str, TaskID] = {}

    def start(self, tally: Tally) -> None:
        """Draw the bars."""
        if self._bars is None:
            return
        for account, counts in tally.by_account().items():
            done = sum(count for state, count in counts.items() if state not in _LEFT)
            self._tasks[account] = self._bars.add_task(clean(account), total=counts.total(), completed=done, told="")
        self._bars.start()

    def show(self, moved: Moved, tally: Tally) -> None:
        """One domain that ended, there at once for whatever reads it."""
        if not moved.has_ended:
            return
        if self._printer.as_json:
            self._line(Text(json.dumps(moved_json(self._run, self._command, moved))))
        else:
            self._line(_line(moved))
        if self._bars is not None and moved.account in self._tasks:
            self._speed.count(moved.account)
            self._bars.update(self._tasks[moved.account], advance=1, told=self._told(moved.account, tally))

    def _told(self, account: str, tally: Tally) -> str:
        """How fast it goes, how long it may still take, what failed."""
        speed = self._speed.now(account)
        left_s = eta(tally.counts(), self._loads, {account: speed}).get(account, 0.0)
        failed = sum(one.rows for one in tally.counts() if one.account == account and one.outcome in FAILURES)
        left = f", {in_words(round(left_s))} left" if left_s >= 1 else ""
        return f"{speed:.1f} a second{left}" + (f", {failed} failed" if failed else "")

    def _line(self, line: Text) -> None:
        if self._bars is not None and sys.stdout.isatty():  # one terminal: the bars know how to make room
            self._bars.console.print(line, soft_wrap=True)
        elif self._printer.as_json:
            sys.stdout.write(f"{line.plain}\n")
        else:
            self._printer.show(line)
        sys.stdout.flush()

    def end(self) -> None:
        """Wipe the bars away. Twice is once."""
        if self._bars is not None:
            self._bars.stop()


def moved_json(run: Run, command: str, moved: Moved) -> dict[str, Any]:
    """A row that ended, as ``--output json`` prints it."""
    about = {"schema": SCHEMA, "command": command, "run": run.id, "domain": names.display(moved.domain), "account": moved.account}
    return {**about, **moved.to_json()}


def run_json(run: Run, tally: Tally, command: str) -> dict[str, Any]:
    """How a run stands, as ``--output json`` prints it."""
    return {
        "schema": SCHEMA,
        "command": command,
        "run": run.id,
        "what": run.what.command,
        "roster": run.what.roster,
        "state": run.state,
        "why": run.why,
        "wave": run.wave,
        "at": run.at.isoformat(),
        "ended_at": run.ended_at.isoformat() if run.ended_at else None,
        "undoes": run.what.undoes,
        "outcomes": dict(tally.done()),
        "left": tally.left(),
        "accounts": {name: dict(counts) for name, counts in tally.by_account().items()},
    }


def summary(run: Run, tally: Tally) -> Iterator[Text | Table]:
    """How a run stands, for people."""
    why = f" ({run.why})" if run.why else ""
    yield Text(f"Run {run.id} ({run.what.command}, {run.what.roster}): {run.state}{clean(why)}", style="bold")
    done = tally.done()
    for outcome, count in done.most_common():
        yield Text(f"  {count:>7}  ").append(outcome, style=_STYLES[outcome])
    if tally.left():
        yield Text(f"  {tally.left():>7}  left, {tally.left('written')} of them written and not yet seen everywhere")
    accounts = tally.by_account()
    if len(accounts) > 1:
        yield _accounts(accounts)


def _accounts(accounts: dict[str, Any]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in ("account", "left", "done", "failed", "held back"):
        table.add_column(title, justify="left" if title == "account" else "right")
    for name, counts in accounts.items():
        left = sum(counts[state] for state in _LEFT)
        failed = sum(counts[outcome] for outcome in FAILURES)
        cells = (left, counts.total() - left, failed, counts["held-back"])
        table.add_row(clean(name), *(str(cell) for cell in cells))
    return table


def _line(moved: Moved) -> Text:
    outcome, told = moved.news.outcome or "", moved.news.told
    line = Text(f"{clean(names.display(moved.domain)):<30}  ").append(f"{outcome:<13}", style=_STYLES.get(outcome, ""))
    line.append(f"  {clean(moved.account)}", style="dim")
    if outcome in (*FAILURES, "held-back"):
        findings = " ".join(dict.fromkeys(one[0] for one in told.get("findings", ()) if one[1] == "block"))
        said = told.get("message", "") if told.get("error") or not findings else findings
        line.append(f"  {clean(' '.join(str(said).split()))}")
    return line


def _bars() -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[told]}"),
        console=Console(file=sys.stderr, highlight=False),
        transient=True,
        redirect_stdout=False,
        redirect_stderr=False,
    )
