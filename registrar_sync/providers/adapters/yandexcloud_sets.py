"""Yandex Cloud's record sets: as rows, and as they are sent. Nothing is asked here.

Vendor facts: an empty list and a 0 are left out of an answer (lexicon's recordings of 2022: ``{}``); TXT values are kept as they
were sent, and read as in a master file, where a blank divides strings and ``;`` outside quotes begins a comment
(yandex-cloud/docs, en/dns/concepts/resource-record.md); one over 255 octets comes back as several quoted strings (issue 506 and
pull request 622 of yandex-cloud/terraform-provider-yandex). Read on 2026-11-23.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from registrar_sync.core.txt import quote, unquote
from registrar_sync.providers.rows import Row, RowEdit, UnusableAnswer, list_of, text_of
from registrar_sync.providers.shapes import RRsetWrite

_PIECE = re.compile(r'"(?:[^"\\]|\\.)*"|\\.|(;)|[^"\\;]+|.', re.DOTALL)
_MOST_DIGITS = 10


def items_of(answer: object, key: str) -> list[Any]:
    """A page's items, each an object. An answer that says nothing, but perhaps where the next page is, has an empty list."""
    if isinstance(answer, dict) and answer.keys() <= {"nextPageToken"}:
        return []
    items = list_of(answer, key)
    if not all(isinstance(item, dict) for item in items):
        raise UnusableAnswer(f"{key} holds something that is no object")
    return items


def rows_of(found: Mapping[str, Any]) -> list[dict[str, Any]]:
    """A set of an answer as native rows: the whole set, and ``value``, the one of its data that the row is."""
    text_of(found, "name")
    return [{**found, "value": text_of({"value": value}, "value")} for value in list_of(found, "data")]


def row_of(native: Mapping[str, Any]) -> Row:
    """A TXT value's content is its character-strings, quoted."""
    rtype, value = text_of(native, "type"), text_of(native, "value")
    return Row(rtype=rtype, content=quote(_strings_of(value)) if rtype == "TXT" else value, ttl=_ttl_of(native), native=native)


def _ttl_of(found: Mapping[str, Any]) -> int:
    """Seconds: a number written as text (int64 in JSON), left out where it is 0."""
    text = text_of({"ttl": "0", **found}, "ttl")
    if not (text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS):
        raise UnusableAnswer("ttl is no number")
    return int(text)


def _strings_of(value: str) -> tuple[bytes, ...]:
    """The character-strings that a listed TXT value stands for. Raises ``ValueError``."""
    comment = next((piece.start() for piece in _PIECE.finditer(value) if piece[1]), len(value))
    return unquote(value[:comment]) or (b"",)


def as_read(native: Mapping[str, Any]) -> dict[str, Any]:
    """The set that a native row is of."""
    return {key: value for key, value in native.items() if key != "value"}


def as_wanted(rrset: RRsetWrite) -> dict[str, Any]:
    """A set to be: its description and the like as they are, or were."""
    known: Mapping[str, Any] = next((row.native for row in (*rrset.gone, *rrset.rows) if row.native), {})
    data = [_spelled(edit, edit.after) for edit in rrset.edits if edit.after]
    return {"name": rrset.owner, **as_read(known), "type": rrset.rtype, "ttl": str(rrset.ttl), "data": data}


def _spelled(edit: RowEdit, wanted: Row) -> str:
    """A value that stands there, or stood there, exactly as it was listed."""
    for known in (wanted.native, edit.before.native if edit.before else {}):
        if known and row_of(known).content == wanted.content:
            return str(known["value"])
    return wanted.content
