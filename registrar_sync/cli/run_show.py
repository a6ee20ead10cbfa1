"""What a person or a script sees of a run: a line for each domain as it ends, a bar for each account, how all of it stands."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from rich.progress import TaskID, TextColumn
from rich.table import Table
from rich.text import Text

from registrar_sync.bulk.tally import Moved, Tally
from registrar_sync.cli.bars import bars, put_beside
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
        self._bars = bars(TextColumn("{task.fields[told]}")) if loads is not None else None
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
        shown = moved_json(self._run, self._command, moved) if self._printer.as_json else _line(moved)
        put_beside(self._bars, self._printer, shown)
        if self._bars is not None and moved.account in self._tasks:
            self._speed.count(moved.account)
            self._bars.update(self._tasks[moved.account], advance=1, told=self._told(moved.account, tally))

    def _told(self, account: str, tally: Tally) -> str:
        """How fast it goes, how long it may still take, what failed."""
        speed = self._speed.now(account)
        mine = [one for one in tally.counts() if one.account == account]
        loads = [load for load in self._loads if load.account == account]
        left_s = eta(mine, loads, {account: speed}).get(account, 0.0)
        failed = sum(one.rows for one in mine if one.outcome in FAILURES)
        left = f", {in_words(round(left_s))} left" if left_s >= 1 else ""
        return f"{speed:.1f} a second{left}" + (f", {failed} failed" if failed else "")

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


def show_run(printer: Printer, run: Run, tally: Tally, command: str) -> None:
    """How a run stands, for people or for scripts."""
    if printer.as_json:
        printer.json(run_json(run, tally, command))
    else:
        printer.show(*summary(run, tally))


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
