"""Taking back the MX half: exact where the set is still ours, else our hosts out and theirs back in (rules B4)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable

from registrar_sync.core.model import Mx, Rdata, Record, RRset, values_of
from registrar_sync.core.mx import NULL_EXCHANGE
from registrar_sync.core.restore import Restored, disabled_since, with_disabled_rows, with_todays_ttl
from registrar_sync.core.service import MailService
from registrar_sync.core.undo_renumber import moves_of, put_back, put_back_disabled, still_ours


def undo_mx(live: RRset | None, before: RRset | None, wrote: RRset | None, service: MailService) -> Restored:
    """The MX set of today without what we did to it.

    Today's values are what we wrote: the before-image, save rows that stood twice and that we were asked to leave once. Else
    the hosts of the service that we added go, whatever their preference now; what we removed or moved comes back only while
    one of these still stands, and not where somebody set that exchange again; a customer's host that we renumbered goes back
    to its own preference, unless somebody gave it another one since; what others added stays. ``drift``: no MX would be left.
    """
    if values_of(before) == values_of(wrote):
        return Restored(after=live)
    done = _Done(live, before, wrote, service)
    if values_of(done.today) == values_of(done.wrote):
        rows = [with_todays_ttl(row, done.today, done.wrote) for row in _standing_as_often(before, done.wrote)]
        return Restored(after=done.set_of(rows))
    placed = {_exchange(value) for value in values_of(wrote)} & service.hosts
    if placed.isdisjoint(_exchange(value) for value in values_of(live)):
        return Restored(after=live, absent=True)
    return _three_way(done)


class _Done:
    """What we did, and today's set, both seen with the customer's preferences as they were before we renumbered them."""

    def __init__(self, live: RRset | None, before: RRset | None, wrote: RRset | None, service: MailService) -> None:
        moves = moves_of(before, wrote, service)
        self.live, self.before, self.service = live, before, service
        self.wrote = put_back(wrote, moves)
        moves = still_ours(moves, live, before, wrote)
        self._live, self._wrote = put_back_disabled(live, before, moves), wrote
        self.today = put_back(self._live, moves)
        self.is_renumbered = values_of(self.today) != values_of(live)

    def set_of(self, rows: Iterable[Record]) -> RRset | None:
        """A set of these rows, and of the disabled ones that stay or are disabled again."""
        records = with_disabled_rows(rows, self._live, self.before, self._wrote)
        pattern = self._live or self.before
        return pattern.with_records(records) if pattern and records else None


def _three_way(done: _Done) -> Restored:
    placed = values_of(done.wrote) - values_of(done.before)
    ours = {_exchange(value) for value in placed} & done.service.hosts
    stays = [row for row in _served(done.today) if row.rdata not in placed and _exchange(row.rdata) not in ours]
    back = [with_todays_ttl(row, done.today, done.wrote) for row in _returning(done, stays)]
    if not stays and not back:
        return _nothing_else(done, placed)
    if {row.rdata for row in [*stays, *back]} == values_of(done.today) and not done.is_renumbered:
        return Restored(after=done.live, absent=True)  # as when hosts that we had moved stand where they stood before us
    return Restored(after=done.set_of([*stays, *back]), merged=True)


def _nothing_else(done: _Done, placed: Collection[Rdata]) -> Restored:
    """No MX of the customer's: the domain's own address, where we had made it an explicit fallback, means the same as none."""
    fallback = [row for row in _served(done.today) if row.rdata in placed and _exchange(row.rdata) not in done.service.hosts]
    if fallback:
        return Restored(after=done.set_of(fallback), merged=True)
    return Restored(after=done.live, drift=_nothing_left(done.live))


def _standing_as_often(before: RRset | None, wrote: RRset | None) -> list[Record]:
    """The before-image's served rows; of a value that we left standing, no more rows than we left (rules case 48)."""
    left = Counter(row.rdata for row in _served(wrote))
    asked = values_of(wrote)
    rows = []
    for row in _served(before):
        if row.rdata not in asked or left[row.rdata] > 0:
            left[row.rdata] -= 1
            rows.append(row)
    return rows


def _returning(done: _Done, stays: list[Record]) -> list[Record]:
    """The before-image's rows that we removed or moved, and those that the provider disabled since."""
    before, wrote, today = values_of(done.before), values_of(done.wrote), values_of(done.today)
    asleep = before.intersection(disabled_since(done.today, done.before)) - today
    lost = (before - wrote) | asleep
    held = {_exchange(row.rdata) for row in stays if row.rdata not in wrote}  # set by somebody since
    rows = [row for row in _served(done.before) if row.rdata in lost and _exchange(row.rdata) not in held]
    others = [row for row in rows if _exchange(row.rdata) != NULL_EXCHANGE]
    return others if stays or others else rows  # a null MX stands alone (RFC 7505 section 3)


def _served(rrset: RRset | None) -> tuple[Record, ...]:
    return rrset.live if rrset else ()


def _exchange(rdata: Rdata) -> str:
    return rdata.exchange if isinstance(rdata, Mx) else ""


def _nothing_left(live: RRset | None) -> str:
    standing = ", ".join(sorted(map(str, values_of(live))))
    return (
        f"without our hosts no MX would be left of {standing}, and this is not the set that we wrote. Set the MX that shall stand"
        " at the provider, then run rollback again."
    )
