"""The report of a run: one page for people, a table for spreadsheets, JSON lines for scripts."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, closing
from datetime import datetime
from pathlib import Path

from registrar_sync.bulk.page_file import PageFile
from registrar_sync.bulk.report_page import About, page
from registrar_sync.bulk.report_row import Facts, facts_of
from registrar_sync.bulk.report_tables import csv_lines, json_line
from registrar_sync.bulk.report_tally import Tally
from registrar_sync.core.run import Count, Run, RunRow
from registrar_sync.errors import RegistrarSyncError

SUFFIXES = (".html", ".csv", ".jsonl")


def write_report(run: Run, counts: Sequence[Count], rows: Iterable[RunRow], target: Path, *, at: datetime) -> list[Path]:
    """Write NAME.html, NAME.csv and NAME.jsonl, and give back their paths; NAME is ``target`` without one of these endings.

    ``rows`` are read once, and a few at a time: the JSON lines are written first, and the other two are made of them. ``at``:
    now, aware; its time zone is that of the page. Each file takes its place whole, and none before all three are complete.
    Raises ``UsageError`` for a path that cannot be written, and ``RegistrarSyncError`` where the disk is full, or where fewer
    rows come than ``counts`` has: then the files that were there are left as they were.
    """
    with ExitStack() as stack:
        paths = paths_of(target)
        html, table, lines = (stack.enter_context(closing(PageFile(path, roster=None, hint=_HINT))) for path in paths)
        tally = Tally()
        lines.fill(json_line(facts) for facts in _tallied(run, rows, tally))
        _check_whole(run, counts, tally)
        table.fill(csv_lines(_again(lines)))
        about = About(run=run, at=at, tables=tuple(path.name for path in paths[1:]))
        html.fill(page(about, tally, _again(lines)))
        for file in (lines, table, html):
            file.put()
    return paths


_HINT = "Name another file, or make room on its disk."


def paths_of(target: Path) -> list[Path]:
    """The page, the table and the JSON lines of a report that is called ``target``.

    >>> [path.name for path in paths_of(Path("run.7"))]
    ['run.7.html', 'run.7.csv', 'run.7.jsonl']
    """
    name = target.name.removesuffix(target.suffix) if target.suffix.lower() in SUFFIXES else target.name
    return [target.with_name(name + suffix) for suffix in SUFFIXES]


def _tallied(run: Run, rows: Iterable[RunRow], tally: Tally) -> Iterator[Facts]:
    for row in rows:
        facts = facts_of(run, row)
        tally.add(facts)
        yield facts


def _again(lines: PageFile) -> Iterator[Facts]:
    return map(json.loads, lines.lines())


def _check_whole(run: Run, counts: Sequence[Count], tally: Tally) -> None:
    """A run's rows are all there from its beginning: a report that lacks some would be wrong, and look right."""
    expected = sum(count.rows for count in counts)
    if tally.rows != expected:
        raise RegistrarSyncError(
            f"The journal counts {expected} domains in run {run.id}, and {tally.rows} could be read. No report was written.",
            hint="Run it again.",
        )
