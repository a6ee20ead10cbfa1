"""For an API that lists ids, and gives each row by its own call: every row has an age of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from registrar_sync.errors import ProviderUnavailable
from registrar_sync.providers.policy import HttpRefused
from registrar_sync.providers.rows import Row, UnusableAnswer

_LISTINGS = 2  # how often the ids are listed anew when a row vanishes under our hands


class RowsOneByOne:
    """The reading half of ``RecordAdapter``; stands before a lexicon provider in a class's bases. ``id`` is a number."""

    list_ids: Callable[[str], list[Any]]  # of the rows at an owner (absolute), from the API
    native_of: Callable[[int], Any]  # the row of an id, from the API
    row: Callable[[Mapping[str, Any]], Row]
    stands_at: Callable[[Row, str], bool]
    now: Callable[[], float]

    def __init__(self, config: Any) -> None:
        super().__init__(config)  # type: ignore[call-arg]
        self._ids: list[Any] = []
        self._ids_at = float("-inf")
        self._row_at: dict[int, float] = {}

    def rows(self, owner: str) -> list[Row]:
        """The ids, then each row."""
        for _ in range(_LISTINGS):
            self._ids = self._list_anew(owner)
            rows = [self._row_of_id(number) for number in self._ids]
            if None not in rows:
                return [row for row in rows if row is not None and self.stands_at(row, owner)]
        raise ProviderUnavailable(f"The rows of {owner} keep vanishing while they are read. Nothing was changed.")

    def _list_anew(self, owner: str) -> list[Any]:
        ids = self.list_ids(owner)
        self._ids_at = self.now()
        return ids

    def read_at(self, row: Row) -> float:
        """Of its own GET; a row that this object never read is as old as can be."""
        return self._row_at.get(row.native["id"], float("-inf"))

    def listed_at(self) -> float:
        """Of the last listing of ids."""
        return self._ids_at

    def is_still(self, row: Row) -> bool:
        """Ask for the row once more."""
        return self._row_of_id(row.native["id"]) == row

    def lists_still(self, owner: str) -> bool:
        """List the ids once more."""
        return set(self._list_anew(owner)) == set(self._ids)

    def _row_of_id(self, number: object) -> Row | None:
        """One row; None where it was removed since the ids were listed (external-dns PR 4844)."""
        if not isinstance(number, int) or isinstance(number, bool):
            raise UnusableAnswer("a row's id is no number")
        try:
            row = self.row(self.native_of(number))
        except HttpRefused as refused:
            if refused.status != 404:
                raise
            return None
        if row.native["id"] != number:
            raise UnusableAnswer(f"row {number} was asked for, row {row.native['id']} was answered")
        self._row_at[number] = self.now()
        return row
