"""What taking back SPF and taking back MX have in common: the outcome for one RRset, and whose TTL counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace

from registrar_sync.core.finding import Finding
from registrar_sync.core.model import Rdata, Record, RRset, values_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """One RRset taken back. ``after``: as it shall be; ``absent``: our part had gone already; ``merged``: others edited the
    set since, only our part was taken out; ``drift``: why we must not decide (then ``after`` is what stands today);
    ``findings``: what else is worth saying."""

    after: RRset | None
    absent: bool = False
    merged: bool = False
    drift: str = ""
    findings: tuple[Finding, ...] = ()


def with_todays_ttl(record: Record, live: RRset | None, wrote: RRset | None, *, instead_of: Record | None = None) -> Record:
    """A before-image's record with the TTL that counts: its own while the set still has what we wrote, else today's.

    ``instead_of``: today's row that it takes the place of, where there is one; else rows of the same value decide, else any
    row that somebody gave another TTL.
    """
    value = instead_of.rdata if instead_of else record.rdata
    today, written = _ttls(live), _ttls(wrote)
    shared = today.keys() & written.keys()
    changed = {one for one in shared if today[one] != written[one]}
    if value in shared:
        return replace(record, ttl=today[value][0]) if value in changed else record
    if changed:
        return replace(record, ttl=min(today[one][0] for one in changed))
    if shared or not (live and wrote and today) or live.ttl == wrote.ttl:
        return record
    return replace(record, ttl=live.ttl)


def _ttls(rrset: RRset | None) -> dict[Rdata, list[int]]:
    """The TTLs of each served value, the lowest first: in some APIs the rows of a set differ, even rows of one value."""
    ttls: dict[Rdata, list[int]] = {}
    for row in rrset.live if rrset else ():
        ttls[row.rdata] = sorted([*ttls.get(row.rdata, []), row.ttl])
    return ttls


def disabled_since(live: RRset | None, before: RRset | None) -> Counter[Rdata]:
    """The values of today's disabled rows, less those that were disabled in the before-image already."""
    return _disabled(live) - _disabled(before)


def _disabled(rrset: RRset | None) -> Counter[Rdata]:
    return Counter(row.rdata for row in rrset.records if row.disabled) if rrset else Counter()


def rows_we_enabled(before: RRset | None, wrote: RRset | None) -> tuple[Record, ...]:
    """The before-image's disabled rows that our change enabled."""
    enabled = _disabled(before) - _disabled(wrote)
    rows = []
    for row in before.records if before else ():
        if row.disabled and enabled[row.rdata] and row.rdata in values_of(wrote):
            enabled[row.rdata] -= 1
            rows.append(row)
    return tuple(rows)


def with_disabled_rows(
    rows: Iterable[Record], live: RRset | None, before: RRset | None, wrote: RRset | None
) -> tuple[Record, ...]:
    """``rows`` and today's disabled rows, save those disabled since whose value is to be served again: these are enabled in
    place (``pair_records`` then joins the disabled row and the served one). Rows that we enabled and that are still served
    are disabled again, in place too."""
    wanted = list(rows)
    served = values_of(live)
    waking = disabled_since(live, before) & Counter(row.rdata for row in wanted if row.rdata not in served)
    for row in live.records if live else ():
        if row.disabled and waking[row.rdata]:
            waking[row.rdata] -= 1
        elif row.disabled:
            wanted.append(row)
    lost = _disabled(before) - Counter(row.rdata for row in wanted if row.disabled)
    back = [row for row in rows_we_enabled(before, wrote) if row.rdata in served and lost[row.rdata]]
    return (*wanted, *(with_todays_ttl(row, live, wrote) for row in back))
