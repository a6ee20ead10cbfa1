"""From MX values to the rows that hold them at a provider: whose row is kept, moved, enabled, added or taken out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import lru_cache

from registrar_sync.core.model import Mx, Rdata, Record, RRset, ZoneView
from registrar_sync.core.mx import Placement
from registrar_sync.core.wish import Wish


def mx_values(rrset: RRset | None) -> frozenset[Mx]:
    """The served MX values of a set that may be absent."""
    return _mx_among(rrset.values) if rrset else frozenset()


@lru_cache(maxsize=256)  # every guard of a plan asks for the same two sets
def _mx_among(values: frozenset[Rdata]) -> frozenset[Mx]:
    return frozenset([value for value in values if isinstance(value, Mx)])


def arrange(view: ZoneView, before: RRset | None, placement: Placement, wish: Wish) -> RRset | None:
    """The rows of the placement: values that stay keep theirs, a missing value that stands disabled is enabled in place (never
    a second row of the same value), an exchange that moves keeps its row, the rest is new. Other disabled rows stay."""
    standing = before.records if before else ()
    missing = sorted(placement.values - mx_values(before))
    woken = {value: row for value in missing if (row := _first_disabled(standing, value))}
    moving = set(placement.moves.values())
    new = {value.exchange: value for value in missing if value not in woken and value not in moving}
    to_wake = list(woken.values())
    covered = set(woken)  # moved values that a woken row already holds
    rows: list[Record] = []
    for row in standing:
        if any(row is one for one in to_wake):
            rows.append(replace(row, disabled=False, ttl=wish.ttl_beside(before)))
        elif row.disabled:
            rows.append(row)
        elif not isinstance(row.rdata, Mx):
            rows.extend([row] if wish.mx_mode == "below" else [])
        elif row.rdata in placement.moves:
            rows.extend(_moved(row, placement.moves, covered))
        elif row.rdata in placement.values:
            rows.append(row)
        elif row.rdata.exchange in new:
            rows.append(replace(row, rdata=new.pop(row.rdata.exchange)))
    rows.extend(Record(rdata=value, ttl=wish.ttl_beside(before)) for value in new.values())
    return RRset(owner=view.owner, rtype="MX", records=tuple(rows)) if rows else None


def _first_disabled(rows: Iterable[Record], value: Mx) -> Record | None:
    return next((row for row in rows if row.disabled and row.rdata == value), None)


def _moved(row: Record, moves: Mapping[Mx, Mx], covered: set[Mx]) -> list[Record]:
    """The row at its new preference; none where a row that we enable holds it already, once for each such row."""
    assert isinstance(row.rdata, Mx)
    target = moves[row.rdata]
    if target in covered:
        covered.remove(target)
        return []
    return [replace(row, rdata=target)]


def without_duplicates(rrset: RRset) -> tuple[RRset, tuple[Mx, ...]]:
    """The set with one served row for each value, the first one, and the value of each row that goes (rules case 48)."""
    kept: list[Record] = []
    dropped: list[Mx] = []
    seen: set[Mx] = set()
    for row in rrset.records:
        if row.disabled or not isinstance(row.rdata, Mx):
            kept.append(row)
        elif row.rdata in seen:
            dropped.append(row.rdata)
        else:
            seen.add(row.rdata)
            kept.append(row)
    return rrset.with_records(kept), tuple(dropped)
