"""The three forms of a roster: CSV with a header, JSON lines, one domain a line. Each makes cells of a line, or faults."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from registrar_sync.bulk.lines import Line
from registrar_sync.core.roster import Fault, faults_of_header
from registrar_sync.core.roster_columns import DOMAIN, column_name
from registrar_sync.errors import RosterInvalid

Read = tuple[Mapping[str, str] | None, tuple[Fault, ...]]
"""The cells of a line (None: it has none that could be told apart), and what is wrong with the line."""

DELIMITERS = (",", ";", "\t")
_SHOWN = {",": "commas", ";": "semicolons", "\t": "tabs"}


@dataclass(frozen=True, slots=True)
class Form:
    """How the lines of a roster are read. ``columns``: those that a row can have (None: whichever it names). ``header``: whether
    the first line is one. ``faults``: what is wrong with the header."""

    name: str
    read: Callable[[str], Read]
    columns: tuple[str, ...] | None = None
    header: bool = False
    faults: tuple[Fault, ...] = ()

    def can_say(self, *columns: str) -> bool:
        """Whether a row can have one of these columns."""
        return self.columns is None or any(column in self.columns for column in columns)


def is_remark(text: str) -> bool:
    """Whether a line is left out in every form: blank, or a remark."""
    stripped = text.strip()
    return not stripped or stripped.startswith("#")


def form_of(first: Line, name: str) -> Form:
    """The form that the first line shows. Raises ``RosterInvalid`` where it shows none."""
    if first.fault:
        raise RosterInvalid(
            f"{name}, line {first.number}: {first.fault}. Nobody was asked anything.",
            hint="Give a CSV with a header, JSON lines, or one domain a line.",
        )
    text = first.text.strip()
    if text.startswith("{"):
        return Form("JSON lines", _read_json)
    if text.startswith("["):
        raise RosterInvalid(
            f"{name}, line {first.number}: a JSON array is no roster. Nobody was asked anything.",
            hint="Give one JSON object a line (jq -c '.[]').",
        )
    present = [delimiter for delimiter in DELIMITERS if delimiter in first.text.strip(" ")]
    if not present and column_name(text.strip('"')) != DOMAIN:
        return Form("plain list", _read_plain, columns=(DOMAIN,))
    return _csv(first, present, name)


def _broken(text: str) -> Read:
    return None, (Fault("", text),)


# --- one domain a line ----------------------------------------------------------------------------------------------------
def _read_plain(text: str) -> Read:
    return {DOMAIN: text.partition("#")[0]}, ()


# --- CSV --------------------------------------------------------------------------------------------------------------------
def _csv(first: Line, present: Sequence[str], name: str) -> Form:
    """RFC 4180 with one difference: a line is a row. No value of ours holds a line break, and a quote that is never closed is
    then a fault of its own line and does not swallow those that follow."""
    where = f"{name}, line {first.number}"
    if len(present) > 1:
        kinds = " and ".join(_SHOWN[delimiter] for delimiter in present)
        raise RosterInvalid(
            f"{where}: the header holds {kinds}: which of them parts the columns? Nobody was asked anything.",
            hint="Use one of comma, semicolon and tab, and none of the others in the header.",
        )
    delimiter = present[0] if present else ","
    cells = _cells(first.text, delimiter)
    if isinstance(cells, str):
        raise RosterInvalid(f"{where}: {cells}. Nobody was asked anything.", hint="Mend the header.")
    columns = tuple(column_name(cell) for cell in cells)
    if DOMAIN not in columns:
        raise RosterInvalid(
            f"{where}: no column is called domain. Nobody was asked anything.",
            hint="The first line of a CSV is its header, such as domain,provider,mx.",
        )

    def read(text: str) -> Read:
        found = _cells(text, delimiter)
        if isinstance(found, str):
            return _broken(found)
        if len(found) != len(columns):
            return _broken(f"it has {len(found)} cells, and the header has {len(columns)}")
        return dict(zip(columns, found, strict=True)), ()

    kind = f"CSV ({_SHOWN[delimiter]})"
    return Form(kind, read, columns=columns, header=True, faults=tuple(faults_of_header(columns)))


def _cells(text: str, delimiter: str) -> list[str] | str:
    """The cells of one line; a text: what is wrong with it."""
    try:
        return next(csv.reader([text], delimiter=delimiter, strict=True), [])
    except csv.Error as error:
        unclosed = "end of data" in str(error)
        return "a quote is not closed" if unclosed else f"a quote stands where none may ({error})"


# --- JSON lines ---------------------------------------------------------------------------------------------------------------
def _read_json(text: str) -> Read:
    try:
        found = json.loads(text, object_pairs_hook=_Pairs, parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        return _broken(f"it is no JSON: {error.msg}, at character {error.pos + 1}")
    except (ValueError, RecursionError):
        return _broken("it is no JSON of a roster's kind: a number that is none, or too long, or an object too deep")
    if not isinstance(found, _Pairs):
        return _broken("it is JSON, but no object")
    return _json_cells(found)


class _Pairs(list[tuple[str, Any]]):
    """An object's pairs: a dict would keep the last of two equal keys, and nobody would know."""


def _json_cells(pairs: Iterable[tuple[str, Any]]) -> Read:
    cells: dict[str, str] = {}
    faults = []
    for key, value in pairs:
        column = column_name(key)
        text = _text_of(value)
        if column in cells:
            faults.append(Fault(column[:80], "the key is there twice"))
        elif text is None:
            faults.append(Fault(column[:80], "a value is a text, a whole number, true, false, null, or a list of texts"))
        cells[column] = text or ""
    return cells, tuple(faults)


def _text_of(value: Any) -> str | None:
    """A value as a cell would have it; None where no cell can."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str | int):
        return str(value)
    if isinstance(value, list) and not isinstance(value, _Pairs) and all(isinstance(one, str) for one in value):
        return " ".join(value)
    return None


def _refuse_constant(name: str) -> Any:
    raise ValueError(name)
