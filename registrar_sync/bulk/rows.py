"""The rows of a new run: who goes first, and on which lane."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import chain, zip_longest

from registrar_sync.bulk.book import Book, Entry
from registrar_sync.core import names
from registrar_sync.core.run import Brakes, NewRow, lane_of, wave_of


def new_rows(book: Book, lanes: Mapping[str, int], brakes: Brakes) -> Iterator[NewRow]:
    """The book's rows: the canaries, some of each account, then the others by their lines."""
    canaries = _canaries(book, list(lanes), brakes.canary)
    first = {entry.line for entry in canaries}
    others = (entry for entry in book.rows() if entry.line not in first)
    for position, entry in enumerate(chain(canaries, others)):
        yield _new_row(book, entry, lanes, wave_of(position, brakes))


def _canaries(book: Book, accounts: list[str], count: int) -> list[Entry]:
    """The first rows of each account in turn."""
    firsts = [book.first_of(account, count) for account in accounts]
    return [entry for turn in zip_longest(*firsts) for entry in turn if entry is not None][:count]


def _new_row(book: Book, entry: Entry, lanes: Mapping[str, int], wave: int) -> NewRow:
    return NewRow(
        line=entry.line,
        domain=entry.row.domain,
        typed=entry.typed,
        account=entry.account,
        lane=_lane(book, entry, lanes[entry.account]),
        options=entry.row.options,
        wave=wave,
    )


def _lane(book: Book, entry: Entry, lanes: int) -> int:
    """One for all domains of a zone. Zones are dealt out in turn, so that no lane has much more to do than another; one that is
    no row of the account itself goes by its name."""
    zone = _zone(book, entry)
    place = book.place_of(zone, entry.account)
    return lane_of(zone, lanes) if place is None else place % lanes


def _zone(book: Book, entry: Entry) -> str:
    """The zone, as far as it can be told without asking anybody: the one that the row names, else the topmost domain of the
    roster that it stands in. Two domains of one zone that are on two lanes after all meet at the zone's lock."""
    said = entry.row.options.get("zone")
    if isinstance(said, str):
        return names.absolute(said)
    return next((name for name in reversed(names.ancestors(entry.row.domain)) if book.has(name)), entry.row.domain)
