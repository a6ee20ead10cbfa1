"""Commands on many domains: bulk plan."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from registrar_sync.bulk.page import About, page
from registrar_sync.bulk.page_file import PageFile
from registrar_sync.bulk.roster import Checked
from registrar_sync.bulk.source import STANDARD_INPUT
from registrar_sync.bulk.summary import Summary, shown_on_page
from registrar_sync.cli import exit_codes
from registrar_sync.cli.bulk import RosterFile, SkipInvalid
from registrar_sync.cli.bulk_roster import checked_roster
from registrar_sync.cli.bulk_show import COMMAND, Lines, summary_lines
from registrar_sync.cli.check_list import leave_at_once
from registrar_sync.cli.one_core import one_core
from registrar_sync.cli.options import Common, What, Who, Whom, grouped
from registrar_sync.cli.session import Session, session
from registrar_sync.errors import Interrupted
from registrar_sync.many import Many

Html = Annotated[Path | None, typer.Option("--html", metavar="FILE", help="Write the plan as one page, too.")]


@grouped
def plan(
    file: RosterFile, *, skip_invalid: SkipInvalid = False, html: Html = None, who: Who, what: What, whom: Whom, common: Common
) -> None:
    """Show what enroll would write for every domain of a roster. Nothing is written.

    A CSV has a header: domain, and any of provider, account, service, zone, mx, all, only, ttl, accept, merge-spf, set-all,
    add-all, fix-qualifier, dedupe, keep-implicit, renumber and probe-smtp. JSON lines have the same keys. The options say what
    holds where a row does not. The roster is read whole first, and nobody is asked anything while a row has a fault. The digest
    at the end stands for all of the plans.
    """
    with session(common, COMMAND) as now, ExitStack() as stack:
        many = Many(now.world, {**who.words(), **what.words()}, **whom.words())
        roster = Path(file) if file != STANDARD_INPUT else None
        target = stack.enter_context(closing(PageFile(html, roster=roster))) if html else None
        checked = checked_roster(now, many, file, COMMAND, skip_invalid=skip_invalid)
        stack.enter_context(closing(checked.book))
        bar = sys.stderr.isatty() and not (common.verbose or common.debug)
        _Run(now=now, many=many, checked=checked, lines=Lines(now.printer, bar=bar), page=target).run()


@dataclass(slots=True, kw_only=True)
class _Run:
    """The planning of a roster that is in order."""

    now: Session
    many: Many
    checked: Checked
    lines: Lines
    page: PageFile | None
    summary: Summary = field(init=False)
    codes: set[int] = field(default_factory=set, init=False)

    def __post_init__(self) -> None:
        self.summary = Summary(rows=self.checked.rows, left_out=self.checked.left_out)

    def run(self) -> NoReturn:
        try:
            self._plan()
            self.lines.end()
            self.summary.digest = self.checked.book.digest()
            self._tell()
        except KeyboardInterrupt:
            self._interrupted()
        except (BrokenPipeError, SystemExit):  # rich makes the second of the first
            self._leave(exit_codes.FAILED)
        finally:
            self.lines.end()
        raise typer.Exit(worst(self.codes))

    def _plan(self) -> None:
        self.lines.start(self.summary.rows)
        with one_core(), closing(self.many.plan(self.checked)) as results:
            for entry, result in results:
                accept: Mapping[str, Any] = entry.row.over(self.many.defaults).options
                outcome = self.summary.add(entry, result, accept["accept"])
                shown = shown_on_page(entry, result, outcome) if self.page else None
                self.checked.book.record(entry.line, outcome, result.plan.digest if result.plan else None, shown)
                self.codes.add(exit_codes.of_result(result))
                self.lines.show(entry, result, outcome, self.summary)

    def _tell(self, *, interrupted: bool = False) -> None:
        if self.now.printer.as_json:
            self.now.printer.warning(self.summary.line())
        else:
            self.now.printer.show(*summary_lines(self.summary))
        if self.page is not None:
            about = About(roster=self.checked.name, at=datetime.now().astimezone(), interrupted=interrupted)
            self.page.write(page(about, self.summary, self.checked.book.shown()))

    def _interrupted(self) -> NoReturn:
        """What was done is told; what is under way in threads writes nothing, and is not waited for."""
        self.lines.end()
        self._tell(interrupted=True)
        told = Interrupted("Interrupted: the rest was not planned. Nothing was changed.", hint="Run it again.")
        self.now.printer.warning(f"{told.message} {told.hint}")
        self._leave(exit_codes.INTERRUPTED)

    def _leave(self, code: int) -> NoReturn:
        if self.page is not None:
            self.page.close()
        leave_at_once(code)


def worst(codes: set[int]) -> int:
    """One exit code for many domains: a bug of ours, else some failed, else some were held back, else done."""
    others = codes - {exit_codes.DONE, exit_codes.HELD_BACK, exit_codes.BUG}
    if exit_codes.BUG in codes:
        return exit_codes.BUG
    return exit_codes.SOME_FAILED if others else max(codes, default=exit_codes.DONE)
