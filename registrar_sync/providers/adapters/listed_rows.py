"""For an API with ids whose listing brings the rows whole: all of them have the listing's age."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from registrar_sync.providers.policy import HttpRefused
from registrar_sync.providers.rows import Row, UnusableAnswer

_NEVER = float("-inf")


class ListedRows:
    """The reading half of ``RecordAdapter``; stands before a lexicon provider in a class's bases.

    Listing anew for one row's sake makes no other row young that is not what it was: the age of a listing is only that of
    rows, and of a set of ids, which stand in it unchanged. Rows that we add or remove ourselves are no surprise to it.
    """

    list_rows: Callable[[str], list[Row]]  # all rows at an owner (absolute), from the API
    now: Callable[[], float]
    _delete: Callable[[str], Any]  # lexicon's
    copied_at: float | None = None  # set by a ``list_rows`` that gave a copy: when the copy was made, monotonic seconds

    _owner = ""
    _listed_at = _NEVER
    _listed: dict[Any, Row] | None = None
    _expected: frozenset[Any] = frozenset()

    @property
    def rows_url(self) -> str:
        """Of the zone's rows; each has its own below it, by its id."""
        raise NotImplementedError

    def rows(self, owner: str) -> list[Row]:
        """List them."""
        rows = self._list(owner)
        self._expected = frozenset(self._listed or {})
        return rows

    def row_id(self, row: Row) -> Any:
        """What the API knows the row by."""
        return row.native["id"]

    def read_at(self, row: Row) -> float:
        """Of the newest listing, where the row stands in it as it is here."""
        return self._listed_at if (self._listed or {}).get(self.row_id(row)) == row else _NEVER

    def listed_at(self) -> float:
        """Of the newest listing, where it has the ids that were read, and ours."""
        return self._listed_at if self._has_expected_ids() else _NEVER

    def is_still(self, row: Row) -> bool:
        """List anew: whether the row is what it was."""
        self._list(self._owner)
        return (self._listed or {}).get(self.row_id(row)) == row

    def lists_still(self, owner: str) -> bool:
        """List anew: whether the rows are the same ones, and ours."""
        self._list(owner)
        return self._has_expected_ids()

    def note_added(self, made: object, row: Row) -> None:
        """We added a row. ``made``: what the API answered of it; without an id in it the next listing shows a stranger."""
        number = made.get("id") if isinstance(made, dict) else None
        if isinstance(number, int | str):
            self._expected |= {number}
            self._listed = {**(self._listed or {}), number: row}

    def remove_row(self, row: Row) -> None:
        """DELETE by id; a 404 says that it is gone already."""
        number = self.row_id(row)
        try:
            self._delete(f"{self.rows_url}/{number}")
        except HttpRefused as refused:
            if refused.status != 404:
                raise
        self._expected -= {number}
        self._listed = {key: kept for key, kept in (self._listed or {}).items() if key != number}

    def _list(self, owner: str) -> list[Row]:
        rows = self.list_rows(owner)
        by_id = {self.row_id(row): row for row in rows}
        if len(by_id) < len(rows):
            raise UnusableAnswer("two rows have the same id")
        self._owner, self._listed = owner, by_id
        self._listed_at = self.now() if self.copied_at is None else self.copied_at
        return rows

    def _has_expected_ids(self) -> bool:
        return frozenset(self._listed or {}) == self._expected
