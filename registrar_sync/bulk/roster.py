"""A roster read and checked whole, before anybody is asked anything: every fault of every row, and the rows that are right."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Any, BinaryIO

from registrar_sync.bulk.book import Book, Entry
from registrar_sync.bulk.formats import Form, form_of, is_remark
from registrar_sync.bulk.lines import Line, read_lines
from registrar_sync.core.roster import Fault, Row, faults_together, parse_row
from registrar_sync.core.roster_columns import DOMAIN
from registrar_sync.errors import RosterInvalid

Place = Callable[[Mapping[str, Any]], tuple[str, tuple[Fault, ...]]]
"""The account that options mean, and what is wrong with the names in them. Asks nobody."""

_WHO = ("provider", "account")


@dataclass(frozen=True, slots=True)
class Located:
    """A fault and the line it stands in. ``typed``: the row's domain as somebody typed it ("" where none can be told)."""

    line: int
    typed: str
    fault: Fault


@dataclass(slots=True, kw_only=True)
class Checked:
    """What a roster came to. ``read``: its rows; ``rows``: those that are to be worked on, which the book holds; ``faults`` of
    rows and header; ``header``: whether that one has any (then no row can be believed). Close the book."""

    name: str
    form: str
    book: Book
    read: int = 0
    rows: int = 0
    faults: int = 0
    header: bool = False

    @property
    def left_out(self) -> int:
        """Rows with a fault, and those that another row contradicts."""
        return self.read - self.rows


@dataclass(slots=True, kw_only=True)
class Roster:
    """Reads a roster. ``defaults``: the options that hold where a row says nothing, all of them; ``hear``: called with each
    fault as it is found."""

    defaults: Mapping[str, Any]
    place: Place
    hear: Callable[[Located], object] = lambda located: None

    def check(self, stream: BinaryIO, name: str) -> Checked:
        """Read to the end. Raises ``RosterInvalid`` for what is no roster at all, or an empty one."""
        lines = (line for line in read_lines(stream, name) if line.fault or not is_remark(line.text))
        first = next(lines, None)
        if first is None:
            raise _empty(name)
        form = form_of(first, name)
        self._refuse_nobody(form, name)
        checked = Checked(name=name, form=form.name, book=Book())
        try:
            self._read(checked, form, lines if form.header else chain([first], lines), first.number)
        except BaseException:
            checked.book.close()
            raise
        if checked.rows or checked.faults:
            return checked
        checked.book.close()
        raise _empty(name)

    def _refuse_nobody(self, form: Form, name: str) -> None:
        """Said once, where it would be the same for every line."""
        if not (form.can_say(*_WHO) or any(self.defaults.get(who) for who in _WHO)):
            raise RosterInvalid(
                f"{name} has neither a column provider nor a column account, and no option names one. Nobody was asked anything.",
                hint="Say --provider NAME or --account NAME, or add the column.",
            )

    def _read(self, checked: Checked, form: Form, lines: Iterator[Line], header_line: int) -> None:
        for fault in form.faults:
            self._fault(checked, Located(header_line, "", fault))
        checked.header = bool(form.faults)
        told = frozenset(fault.column for fault in form.faults)
        for line in lines if DOMAIN not in told else ():
            self._row(checked, form, line, told)
        checked.book.settle()

    def _row(self, checked: Checked, form: Form, line: Line, told_already: frozenset[str]) -> None:
        cells, found = form.read(line.text) if not line.fault else (None, (Fault("", line.fault),))
        if form.header and cells and not any(text.strip() for text in cells.values()):
            return  # the empty rows at a sheet's end
        checked.read += 1
        typed = (cells or {}).get(DOMAIN, "").strip()
        row = None
        if cells is not None:
            row, more = parse_row({column: text for column, text in cells.items() if column not in told_already})
            found = (*found, *more)
        if row is not None:
            found = (*found, *self._placed(checked, line.number, row, typed, good=not found))
        for fault in found:
            self._fault(checked, Located(line.number, typed, fault))

    def _placed(self, checked: Checked, line: int, row: Row, typed: str, *, good: bool) -> tuple[Fault, ...]:
        """What is wrong with the row among its options, its names, and the rows before it; a ``good`` one is kept."""
        whole = row.over(self.defaults)
        account, found = self.place(whole.options)
        found = (*faults_together(whole), *found)
        entry = Entry(line, row, typed, account)
        earlier = checked.book.enter(entry)
        if earlier is not None:
            return (*found, self._twin(checked, entry, earlier))
        checked.rows += 1
        if found or not good:
            self._leave_out(checked, line)
        return found

    def _twin(self, checked: Checked, entry: Entry, earlier: Entry) -> Fault:
        """A domain that is there already. Where the two want different things neither is believed."""
        twin = "" if _same_spelling(entry, earlier) else f"the same domain as {earlier.typed[:80]!r}, "
        differing = self._differing(entry, earlier)
        text = f"{entry.typed[:80]!r} is {twin}in line {earlier.line} already"
        if not differing:
            return Fault(DOMAIN, text)
        self._leave_out(checked, earlier.line)
        return Fault(DOMAIN, f"{text}, with another {' and '.join(differing)}: neither row is used")

    def _differing(self, entry: Entry, earlier: Entry) -> list[str]:
        mine, others = (one.row.over(self.defaults).options for one in (entry, earlier))
        named = sorted({*mine, *others} - set(_WHO))
        account = ["account"] if entry.account != earlier.account else []
        return account + [name.replace("_", "-") for name in named if (mine.get(name) or None) != (others.get(name) or None)]

    def _leave_out(self, checked: Checked, line: int) -> None:
        if checked.book.leave_out(line):
            checked.rows -= 1

    def _fault(self, checked: Checked, located: Located) -> None:
        checked.faults += 1
        self.hear(located)


def _same_spelling(entry: Entry, earlier: Entry) -> bool:
    return entry.typed.casefold().removesuffix(".") == earlier.typed.casefold().removesuffix(".")


def _empty(name: str) -> RosterInvalid:
    return RosterInvalid(f"{name} lists no domain. Nobody was asked anything.", hint="Give one domain a line, or a CSV.")
