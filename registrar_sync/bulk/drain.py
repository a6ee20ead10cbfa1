"""One lane's rows, one after the other, for a slice of time: the same for threads of one machine and for workers of several."""

from __future__ import annotations

from typing import Literal

from registrar_sync.bulk.stage import LaneWork, Stage
from registrar_sync.bulk.tally import Moved
from registrar_sync.core.run import Lane, LaneHeld, RowNews, RunRow
from registrar_sync.errors import LockLost

Left = Literal["more", "empty", "held", "given-up", "lost", "told-to-wait"]
"""``more``: the time was over; ``empty``: nothing is due now; ``held``: somebody else works on the lane; ``given-up``: the
account is not asked any more; ``lost``: somebody else has taken the lane over; ``told-to-wait``: by the provider, for longer than
a domain would wait with its read in hand."""

LONGEST_HOLD_S = 1.0


def drain(stage: Stage, lane: Lane, work: LaneWork, *, until: float) -> Left:
    """Work on the lane's rows until the monotonic time ``until`` (a row that is begun is ended). Raises ``JournalUnusable``."""
    held = stage.book.lane(lane)
    if held is None:
        return "held"
    try:
        return _drain(stage, lane, held, work, until)
    except LockLost:
        return "lost"
    finally:
        held.release()


def _drain(stage: Stage, lane: Lane, held: LaneHeld, work: LaneWork, until: float) -> Left:
    ended: tuple[RunRow, RowNews] | None = None
    while True:
        left = _must_stop(stage, lane, until)
        if left is not None:
            if ended is not None:
                stage.book.hear(lane.run_id, [ended[1]])
                stage.moved(_moved(*ended))
            return left
        row = held.take(ended[1] if ended else None)
        if ended is not None:
            stage.moved(_moved(*ended))
        if row is None:
            return "empty"
        ended = (row, work.work(row))


def _must_stop(stage: Stage, lane: Lane, until: float) -> Left | None:
    account = stage.account(lane.account)
    if account.given_up is not None:
        return "given-up"
    if account.held_s() > LONGEST_HOLD_S:
        return "told-to-wait"
    return "more" if stage.stopping.is_set() or stage.clock.monotonic() >= until else None


def _moved(row: RunRow, news: RowNews) -> Moved:
    return Moved(domain=row.what.domain, account=row.what.account, wave=row.what.wave, was="todo", news=news)
