"""A report for a spreadsheet and for scripts: a row a domain."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from registrar_sync.bulk.markup import seen
from registrar_sync.bulk.report_row import Facts

_PLAIN = ("domain", "typed", "provider", "account", "zone", "service", "standing", "needs_person")
_TOLD = ("message", "hint", "error")
_FIGURES = (
    "line",
    "wave",
    "state",
    "outcome",
    "change_id",
    "attempts",
    "api_calls",
    "due_at",
    "begun_at",
    "written_at",
    "ended_at",
)
_WAITS = ("to_authoritative_s", "old_ttl", "old_until")
_SETS = ("TXT", "MX")
COLUMNS = (
    *(*_PLAIN, "next_command", *_TOLD, "findings", *_FIGURES, *_WAITS),
    *(f"{rtype.lower()}_{what}" for rtype in _SETS for what in ("ttl_before", "before", "ttl_after", "after")),
)
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""What a spreadsheet takes for the beginning of a formula (https://owasp.org/www-community/attacks/CSV_Injection)."""


def json_line(facts: Facts) -> str:
    """One line of JSON, in ASCII."""
    return json.dumps(facts) + "\n"


def csv_lines(rows: Iterable[Facts]) -> Iterator[str]:
    """A CSV with a header, every cell quoted (RFC 4180). Values of one set stand with `` | `` between them; exactly as they are
    they stand in the JSON lines."""
    yield _line(COLUMNS)
    for facts in rows:
        cells = _cells(facts)
        yield _line(cell(cells.get(column)) for column in COLUMNS)


def cell(value: object) -> str:
    """A cell that no spreadsheet computes, and in which nothing is hidden.

    >>> cell("=1+1"), cell("\\tx"), cell(None), cell(True)
    ("'=1+1", "'\\\\tx", '', 'yes')
    """
    if value is None or isinstance(value, bool):
        return "yes" if value else "" if value is None else "no"
    text = str(value)
    return f"'{seen(text)}" if text.startswith(_FORMULA) else seen(text)


def _line(cells: Iterable[str]) -> str:
    line = io.StringIO()
    csv.writer(line, quoting=csv.QUOTE_ALL).writerow(cells)
    return line.getvalue()


def _cells(facts: Mapping[str, Any]) -> dict[str, Any]:
    cells = {name: facts[name] for name in (*_PLAIN, *_TOLD, *_FIGURES, *_WAITS)}
    cells["next_command"] = facts["next"][0]["command"] if facts["needs_person"] and facts["next"] else None
    cells["findings"] = " ".join(dict.fromkeys(one["id"] for one in facts["findings"]))
    for one in facts["sets"]:
        for when in ("before", "after"):
            if one[when]:
                cells[f"{one['type'].lower()}_{when}"] = " | ".join(one[when]["values"])
                cells[f"{one['type'].lower()}_ttl_{when}"] = one[when]["ttl"]
    return cells
