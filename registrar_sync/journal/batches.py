"""Many values, as few statements as a database's limits allow."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

Item = TypeVar("Item")

_BATCH = 500  # values in one statement, below every database's limit; rows in the hand at a time


def batches(items: Iterable[Item]) -> Iterator[list[Item]]:
    """The items, as many at a time as fit one statement."""
    rest = iter(items)
    while batch := list(islice(rest, _BATCH)):
        yield batch
