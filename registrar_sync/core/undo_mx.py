"""Taking back the MX half: exact where the set is still ours, else our hosts out and theirs back in (rules B4)."""

from __future__ import annotations

from collections.abc import Iterable

from registrar_sync.core.model import Mx, Rdata, Record, RRset, values_of
from registrar_sync.core.mx import NULL_EXCHANGE
from registrar_sync.core.restore import Restored, disabled_since, with_disabled_rows, with_todays_ttl
from registrar_sync.core.service import MailService


def undo_mx(live: RRset | None, before: RRset | None, wrote: RRset | None, service: MailService) -> Restored:
    """The MX set of today without what we did to it.

    Today's values are what we wrote: the before-image. Else the hosts that we added go, whatever their preference now; what
    we removed or moved comes back only while a host of the service still stands, and not where somebody set that exchange
    again; what others added stays. ``drift``: no MX would be left.
    """
    was, ours, today = values_of(before), values_of(wrote), values_of(live)
    if was == ours:
        return Restored(after=live)
    if today == ours:
        rows = [with_todays_ttl(row, live, wrote) for row in _served(before)]
        return Restored(after=_set_of(rows, live, before, wrote))
    placed = {_exchange(value) for value in ours} & service.hosts
    if placed.isdisjoint(_exchange(value) for value in today):
        return Restored(after=live, absent=True)
    return _three_way(live, before, wrote)


def _three_way(live: RRset | None, before: RRset | None, wrote: RRset | None) -> Restored:
    added = {_exchange(value) for value in values_of(wrote) - values_of(before)}
    stays = [row for row in _served(live) if _exchange(row.rdata) not in added]
    back = [with_todays_ttl(row, live, wrote) for row in _returning(live, before, wrote, stays)]
    if not stays and not back:
        return Restored(after=live, drift=_nothing_left(live))
    if {row.rdata for row in [*stays, *back]} == values_of(live):
        return Restored(after=live, absent=True)  # as when hosts that we had moved stand where they stood before us
    return Restored(after=_set_of([*stays, *back], live, before, wrote), merged=True)


def _returning(live: RRset | None, before: RRset | None, wrote: RRset | None, stays: list[Record]) -> list[Record]:
    """The before-image's rows that we removed or moved, and those that the provider disabled since."""
    asleep = values_of(before).intersection(disabled_since(live, before)) - values_of(live)
    lost = (values_of(before) - values_of(wrote)) | asleep
    held = {_exchange(row.rdata) for row in stays if row.rdata not in values_of(wrote)}  # set by somebody since
    rows = [row for row in _served(before) if row.rdata in lost and _exchange(row.rdata) not in held]
    others = [row for row in rows if _exchange(row.rdata) != NULL_EXCHANGE]
    return others if stays or others else rows  # a null MX stands alone (RFC 7505 section 3)


def _served(rrset: RRset | None) -> tuple[Record, ...]:
    return rrset.live if rrset else ()


def _exchange(rdata: Rdata) -> str:
    return rdata.exchange if isinstance(rdata, Mx) else ""


def _set_of(rows: Iterable[Record], live: RRset | None, before: RRset | None, wrote: RRset | None) -> RRset | None:
    records = with_disabled_rows(rows, live, before, wrote)
    pattern = live or before
    return pattern.with_records(records) if pattern and records else None


def _nothing_left(live: RRset | None) -> str:
    standing = ", ".join(sorted(map(str, values_of(live))))
    return (
        f"without our hosts no MX would be left of {standing}, and this is not the set that we wrote. Set the MX that shall stand"
        " at the provider, then run rollback again."
    )
