"""The only printer: results to stdout, progress and warnings to stderr; never a secret, never a control character."""

from __future__ import annotations

import json
import sys
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from registrar_sync.cli.live import LiveTable
from registrar_sync.cli.render_visibility import visibility_lines
from registrar_sync.cli.words import clean
from registrar_sync.core import names
from registrar_sync.core.finding import Finding
from registrar_sync.core.model import RRset, RRsetChange, is_spf, values_of
from registrar_sync.core.progress import Progress
from registrar_sync.errors import RegistrarSyncError
from registrar_sync.operations.result import SCHEMA, Result, rrset_json, value_order

_SEVERITY_STYLES = {"block": "bold red", "warn": "yellow", "info": "cyan"}
_SEVERITIES = tuple(_SEVERITY_STYLES)  # the order in which findings are read
_LIGHT_STYLES = {"green": "bold green", "yellow": "bold yellow", "red": "bold red", "grey": "dim"}
_LIGHT_NAMES = {"spf": "SPF", "mx": "MX", "delegation": "delegation", "mta_sts": "MTA-STS"}
# States in which the zone holds what the plan's "after" says.
_ENDED = ("written", "authoritative", "overdue", "nothing-to-do")
# Errors that come straight after the plan was shown, or before there was any.
_PLAN_WAS_SHOWN = ("confirmation", "interrupted")
_NEVER_FOLDED = ("at", "change_id", "command", "state", "undoes", "tier", "id", "severity", "acceptable")
_PAGE = 100  # the widest that a text is good to read
_WIDE = 10_000  # not a terminal: one record stays on one line, whatever reads it


class Printer:
    """Prints what commands give back, for people or as JSON."""

    def __init__(self, *, as_json: bool, live: bool = False) -> None:
        """``live``: waits are drawn in place on stderr, which is a terminal."""
        self.as_json = as_json
        self._out = Console(file=sys.stdout, soft_wrap=True, highlight=False, width=None if sys.stdout.isatty() else _WIDE)
        self._err = Console(file=sys.stderr, soft_wrap=True, highlight=False, width=None if sys.stderr.isatty() else _WIDE)
        self._last_progress = ""
        self._live = LiveTable(Console(file=sys.stderr, highlight=False)) if live else None

    def settle(self) -> None:
        """Leave the terminal to what is printed next: what was drawn of a wait goes."""
        if self._live is not None:
            self._live.stop()

    def progress(self, text: str) -> None:
        """On stderr: a wait drawn in place, where that can be; else one line, each change once."""
        if self._live is not None and isinstance(text, Progress):
            self._live.show(text)
        elif text != self._last_progress:
            self.settle()
            self._last_progress = text
            self._err.print(Text(clean(text), style="dim"))

    def json(self, value: Mapping[str, Any]) -> None:
        """One JSON object on one line of stdout."""
        self.text(json.dumps(value, ensure_ascii=True) + "\n")

    def rows(self, command: str, plural: str, rows: Sequence[Mapping[str, Any]], columns: Iterable[str]) -> None:
        """A list: a table of some columns for people, all keys for scripts."""
        if self.as_json:
            self.json({"schema": SCHEMA, "command": command, plural: list(rows)})
            return
        table = Table(box=None, pad_edge=False, header_style="bold")
        keys = list(columns)
        for key in keys:
            table.add_column(key.replace("_", " "), overflow="fold", no_wrap=key in _NEVER_FOLDED)
        for row in rows:
            table.add_row(*(Text(clean("" if row[key] is None else str(row[key]))) for key in keys))
        self._out.print(table)

    def line(self, text: str) -> None:
        """One line of the result."""
        self._out.print(Text(clean(text)))

    def show(self, *blocks: Text | Table) -> None:
        """Blocks of the result, their texts clean already."""
        for block in blocks:
            self._out.print(block)

    def findings(self, findings: tuple[Finding, ...]) -> None:
        """Findings of the result."""
        self.show(*_findings(findings))

    def entry(self, title: str, text: str) -> None:
        """One entry of a page: the text beside its title, wrapped at words to the terminal's width."""
        indent = " " * 10
        width = min(self._out.width, _PAGE) if sys.stdout.isatty() else _WIDE
        filled = textwrap.fill(
            clean(text), width, initial_indent=f"{title:<10}", subsequent_indent=indent, break_on_hyphens=False
        )
        self._out.print(Text(filled))

    def text(self, text: str) -> None:
        """A document of our own making, as it is; at once, so that a reader who has gone is noticed here."""
        sys.stdout.write(text)
        sys.stdout.flush()

    def warning(self, text: str) -> None:
        """One warning on stderr."""
        self.settle()
        self._err.print(Text(clean(text), style="yellow"))

    def error(self, error: RegistrarSyncError, *, command: str = "") -> None:
        """A known failure that belongs to no domain."""
        if self.as_json:
            self.json(
                {
                    "schema": SCHEMA,
                    "command": command or None,
                    "state": "refused",
                    "changed": False,
                    "error": {"kind": error.kind, "message": error.message, "hint": error.hint},
                }
            )
            return
        self._complain(error.message, error.hint)

    def _complain(self, message: str, hint: str) -> None:
        self.settle()
        for line in message.splitlines():
            self._err.print(Text(clean(line), style="bold red"))
        if hint:
            self._err.print(Text(clean(hint)))

    def plan_for_question(self, result: Result) -> None:
        """The plan on stderr, where the question will be asked."""
        self.settle()
        for line in [*_head(result), *_plan(result), *_findings(result.findings)]:
            self._err.print(line)

    def listed(self, result: Result) -> None:
        """One domain of a long list: one line, there at once for whatever reads it."""
        self.settle()
        if self.as_json:
            self.json(result.to_json())
        else:
            self._out.print(_one_line(result))
        sys.stdout.flush()

    def result(self, result: Result) -> None:
        """One domain's result."""
        self.settle()
        if self.as_json:
            self.json(result.to_json())
            return
        if result.error is not None and result.error.kind in _PLAN_WAS_SHOWN and not result.changed:
            self._complain(result.message, result.hint)
            return
        values_stay = result.command in ("prepare", "finish")
        body = _stood_and_stands(result) if result.state in _ENDED and not values_stay else _plan(result)
        for line in [*_head(result), *body, *_findings(result.findings), *_lights(result), *visibility_lines(result.visibility)]:
            self._out.print(line)
        self.text("".join(clean(line) + "\n" for line in result.ticket))  # as it is: rich would expand its tabs
        if result.error is not None:
            self._complain(result.message or result.error.message, result.hint)
            return
        if result.message:
            self._out.print(Text(clean(result.message)))
        if result.hint:
            self._out.print(Text(clean(f"next: {result.hint}"), style="dim"))


def _head(result: Result) -> list[Text]:
    about = [result.provider and f"provider {result.provider}", result.service and f"service {result.service}"]
    about += [f"change {result.change_id}" if result.change_id is not None else ""]
    shown = ", ".join(part for part in about if part)
    line = Text(clean(names.display(result.domain)), style="bold")
    line.append(f"  {result.state}", style="default")
    return [line.append(f"  ({clean(shown)})", style="dim") if shown else line]


def _lights(result: Result) -> list[Text]:
    """One line for each light: the word says what the colour says."""
    lines = []
    for name, light in result.lights.named() if result.lights else ():
        line = Text(f"  {_LIGHT_NAMES[name]:<11} ").append(f"{light.light:<7}", style=_LIGHT_STYLES[light.light])
        lines.append(line.append(clean(light.detail)))
    return lines


def _one_line(result: Result) -> Text:
    line = Text(f"{clean(names.display(result.domain)):<30}  {result.state:<13}")
    for name, light in result.lights.named() if result.lights else ():
        line.append(f"  {_LIGHT_NAMES[name]} ").append(f"{light.light:<6}", style=_LIGHT_STYLES[light.light])
    if result.error is not None:
        line.append(f"  {clean(' '.join(result.message.split()))}", style="bold red")
    elif result.lights is None:
        line.append(f"  {clean(result.message)}", style="dim")
    line.rstrip()
    return line


def _stood_and_stands(result: Result) -> list[Text]:
    """SPF and MX as they were and as they are: what an operator writes into the ticket."""
    if result.plan is None:
        return []
    lines = []
    for title, rtype, wanted in (("SPF", "TXT", is_spf), ("MX", "MX", _any)):
        if rtype not in result.plan.after:
            continue  # it was not about that one
        for when, rrsets in (("stood", result.plan.before), ("stands", result.plan.after)):
            values = [v for v in values_of(rrsets.get(rtype)) if wanted(v)]
            shown = ", ".join(str(v) for v in sorted(values, key=value_order)) or "none"
            lines.append(Text(f"  {title} {when}: {clean(shown)}"))
    return lines


def _any(value: object) -> bool:
    return True


def _plan(result: Result) -> list[Text]:
    """Each RRset that changes, old values against new ones, unchanged ones between them."""
    return [line for change in (result.plan.changes if result.plan else ()) for line in _change(change)]


def _change(change: RRsetChange) -> list[Text]:
    before, after = _values(change.before), _values(change.after)
    lines = [Text(f"{clean(names.display(change.owner))}  {change.rtype}  {_ttl(change.before, change.after)}", style="bold")]
    lines += [Text(f"  - {clean(value)}", style="red") for value in before if value not in after]
    for value in after:
        new = value not in before
        lines.append(Text(f"  {'+' if new else ' '} {clean(value)}", style="green" if new else "default"))
    return lines


def _values(rrset: RRset | None) -> list[str]:
    shown = rrset_json(rrset)
    return shown["values"] if shown else []


def _ttl(before: RRset | None, after: RRset | None) -> str:
    ttls = [str(rrset.ttl) for rrset in (before, after) if rrset is not None and rrset.records]
    return "TTL " + " -> ".join(dict.fromkeys(ttls)) if ttls else ""


def _findings(findings: tuple[Finding, ...]) -> list[Text]:
    lines = []
    for finding in sorted(findings, key=lambda found: _SEVERITIES.index(found.severity)):
        message, *more = finding.message.split("\n")  # more: a record with a caret under its fault
        line = Text(f"{finding.severity}: {finding.id}: ", style=_SEVERITY_STYLES[finding.severity])
        lines.append(line.append(clean(message), style="default"))
        lines.extend(Text(f"    {clean(one)}") for one in more)
    return lines
