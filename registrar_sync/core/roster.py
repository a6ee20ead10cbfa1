"""One row of a roster: a domain and what is wanted for it, or every fault of the row."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any

from registrar_sync.core import names
from registrar_sync.core.roster_columns import COLUMNS, DOMAIN, Column, Value, column_of, option_of
from registrar_sync.errors import RegistrarSyncError, UsageError

_MESSAGE_LONGEST = 300
_WHO = ("provider", "account")  # a row that says either says both: an account is one provider's


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a row, and in which column ("" for the row as a whole)."""

    column: str
    message: str


@dataclass(frozen=True, slots=True)
class Row:
    """What a row says. ``domain``: absolute, A-label. ``options``: by the names that ``Client.plan`` takes; only what the row
    says itself, or, after ``over``, all that holds for it."""

    domain: str
    options: Mapping[str, Value] = field(default_factory=dict)

    def over(self, defaults: Mapping[str, Any]) -> Row:
        """The row with ``defaults`` for what it does not say. Who: where it names a provider or an account, neither default
        counts."""
        kept = {name: value for name, value in defaults.items() if not (name in _WHO and self._says_who)}
        return Row(self.domain, {**kept, **self.options})

    @property
    def _says_who(self) -> bool:
        return any(name in self.options for name in _WHO)


def parse_row(cells: Mapping[str, str]) -> tuple[Row | None, tuple[Fault, ...]]:
    """The row that these cells (column -> text; a blank one says nothing) mean, and all that is wrong with them. No row where
    its domain cannot be read. Never raises, whatever the texts are.

    >>> parse_row({"domain": "Example.com", "mx": "replace"})[0]
    Row(domain='example.com.', options={'mx': 'replace'})
    """
    faults: list[Fault] = []
    options: dict[str, Value] = {}
    domain = ""
    for column, text in cells.items():
        said = text.strip()
        if not said and column != DOMAIN:
            continue
        try:
            if column == DOMAIN:
                domain = names.parse_domain(_plain(said))
            else:
                options[option_of(column)] = _column(column).read(_plain(said))
        except RegistrarSyncError as error:
            faults.append(Fault(column, told(error)))
    if DOMAIN not in cells:
        faults.append(Fault(DOMAIN, "there is no domain"))
    return (Row(domain, options) if domain else None), tuple(faults)


def render_row(row: Row) -> dict[str, str]:
    """The cells that ``parse_row`` makes this row of."""
    cells = {DOMAIN: names.display(row.domain)}
    for option, value in row.options.items():
        column = column_of(option)
        cells[column] = COLUMNS[column].written(value)
    return cells


def faults_together(row: Row) -> Iterator[Fault]:
    """What is wrong with options that are each right by themselves. ``row``: after ``over``."""
    zone = row.options.get("zone")
    if isinstance(zone, str) and not names.is_within(row.domain, names.absolute(zone)):
        yield Fault("zone", f"{names.display(row.domain)} does not stand in the zone {names.display(zone)}")
    if row.options.get("set_all") and not row.options.get("all"):
        yield Fault("set-all", "it needs the value to set, in the column all: fail, softfail or neutral")


def faults_of_header(columns: Iterable[str]) -> Iterator[Fault]:
    """What is wrong with the columns that a roster has (names as ``column_name`` gives them)."""
    seen: set[str] = set()
    for column in columns:
        if column in seen:
            yield Fault(column, "the column is there twice")
        elif column != DOMAIN:
            try:
                _column(column)
            except UsageError as error:
                yield Fault(_short(column), told(error))
        seen.add(column)
    if DOMAIN not in seen:
        yield Fault(DOMAIN, "there is no column of this name")


def told(error: RegistrarSyncError) -> str:
    """An error as a fault's message: whether anything was changed is said once, for all of them; the nearest names stay."""
    text = error.message.removesuffix(" Nothing was changed.").removesuffix(" Nothing was asked.").removesuffix(".")
    near = error.hint if error.hint.startswith(("Nearest:", "Did you mean")) else ""
    return _short(f"{text}. {near}" if near else text)


def _column(name: str) -> Column:
    if name in COLUMNS:
        return COLUMNS[name]
    near = get_close_matches(name, [DOMAIN, *COLUMNS], n=1)
    hint = f"Did you mean {near[0]}?" if near else ""
    raise UsageError(f"there is no such column as {name[:80]!r}" if name else "the column has no name", hint=hint)


def _plain(text: str) -> str:
    """Text without characters that nobody sees: they come from a broken export, and would be carried into reports."""
    odd = next((char for char in text if not char.isprintable()), "")
    if odd:
        raise UsageError(f"{text[:80]!r} holds the character U+{ord(odd):04X}, which cannot be seen")
    return text


def _short(text: str) -> str:
    return text if len(text) <= _MESSAGE_LONGEST else text[: _MESSAGE_LONGEST - 3] + "..."
