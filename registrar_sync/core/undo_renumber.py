"""Seeing a renumbered MX set as it was before: each customer's host that still stands where we moved it, back in its place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from registrar_sync.core.model import Mx, Rdata, Record, RRset, values_of
from registrar_sync.core.restore import disabled_since
from registrar_sync.core.service import MailService

Moves = Mapping[Rdata, Mx]
"""A value that we wrote, and what it was before."""


def moves_of(before: RRset | None, wrote: RRset | None, service: MailService) -> Moves:
    """The customer's values that a change gave another preference: of each exchange the lowest was the lowest, and so on, for
    the order never changes. An exchange that came or went was not renumbered."""
    was, now = _preferences(before), _preferences(wrote)
    return {
        Mx(new, exchange): Mx(old, exchange)
        for exchange in was.keys() & now.keys() - service.hosts
        if len(was[exchange]) == len(now[exchange])
        for old, new in zip(was[exchange], now[exchange], strict=True)
        if old != new
    }


def still_ours(moves: Moves, live: RRset | None, before: RRset | None, wrote: RRset | None) -> Moves:
    """The moves that today's set can still show. A value may be one that we wrote and another one of before: it is taken for
    ours, unless a preference that only the before-image has stands for that exchange: then somebody put it back already."""
    was = values_of(before)
    put_back_already = values_of(live) & (was - values_of(wrote))
    returned = {value.exchange for value in put_back_already if isinstance(value, Mx)}
    return {new: old for new, old in moves.items() if new not in was or old.exchange not in returned}


def _preferences(rrset: RRset | None) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for value in sorted(value for value in values_of(rrset) if isinstance(value, Mx)):
        found.setdefault(value.exchange, []).append(value.preference)
    return found


def put_back(rrset: RRset | None, moves: Moves) -> RRset | None:
    """The set with its served rows at their old preferences. One whose old value somebody set again is left out: it stands."""
    if rrset is None or not moves:
        return rrset
    standing = values_of(rrset) - moves.keys()
    rows = []
    for row in rrset.records:
        target = None if row.disabled else moves.get(row.rdata)
        if target is None:
            rows.append(row)
        elif target not in standing:
            rows.append(replace(row, rdata=target))
    return rrset.with_records(rows)


def put_back_disabled(live: RRset | None, before: RRset | None, moves: Moves) -> RRset | None:
    """The set with its rows that were disabled since at their old preferences, so that they are enabled there in place."""
    if live is None or not moves:
        return live
    since = disabled_since(live, before)
    rows: list[Record] = []
    for row in live.records:
        target = moves.get(row.rdata)
        if row.disabled and target is not None and since[row.rdata]:
            since[row.rdata] -= 1
            rows.append(replace(row, rdata=target))
        else:
            rows.append(row)
    return live.with_records(rows)
