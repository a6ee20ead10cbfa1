"""What a worker that died left begun in a run that does not go on: brought to one of its two ends, and nothing new begun."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from registrar_sync.bulk.fence import Fence
from registrar_sync.bulk.limits import Kept
from registrar_sync.bulk.outcome import told_of
from registrar_sync.bulk.planning import nobody_listens
from registrar_sync.bulk.stage import Stage
from registrar_sync.bulk.tally import Moved
from registrar_sync.core.evidence import Change
from registrar_sync.core.run import Lane, RowNews, RunRow
from registrar_sync.errors import Drift, JournalUnusable, RegistrarSyncError
from registrar_sync.operations import recover
from registrar_sync.operations.desk import Request
from registrar_sync.operations.result import Result
from registrar_sync.worker.pause import ToldToStop

_log = logging.getLogger(__name__)

_PAUSE_S, _LONGEST_PAUSE_S = 30.0, 3600.0  # credentials that are refused again and again may be locked


@dataclass(slots=True, kw_only=True)
class Leavings:
    """Ends them, lane by lane: who holds a lane knows that nobody else is at work there."""

    fence: Fence
    monotonic: Callable[[], float]
    stopping: threading.Event
    _pauses: dict[int, tuple[float, float]] = field(default_factory=dict, init=False)  # run -> until when, and for how long

    def end(self, stage: Stage, *, is_ours: Callable[[str], bool]) -> None:
        """All of a run, of accounts that are ``is_ours``. What cannot be ended now is tried again, ever more seldom. Raises
        ``JournalUnusable``."""
        until, pause_s = self._pauses.get(stage.run.id, (0.0, _PAUSE_S))
        if self.monotonic() < until:
            return
        try:
            for lane in dict.fromkeys(_lane(row) for row in _left(stage)):
                if is_ours(lane.account) and not self.stopping.is_set():
                    self._end(stage, lane)
        except ToldToStop:
            return
        except JournalUnusable:
            raise
        except RegistrarSyncError as error:
            self._pauses[stage.run.id] = (self.monotonic() + pause_s, min(2 * pause_s, _LONGEST_PAUSE_S))
            _log.warning("Run %d: what was left begun stays so for now: %s", stage.run.id, error.message)

    def _end(self, stage: Stage, lane: Lane) -> None:
        held = stage.book.lane(lane)
        if held is None:
            return
        try:
            for row in [row for row in _left(stage) if _lane(row) == lane]:
                news = _ended(stage, row, lambda: self.fence.check(lane))
                self.fence.check(lane)
                stage.book.hear(stage.run.id, [news])
                what = row.what
                stage.moved(Moved(domain=what.domain, account=what.account, wave=what.wave, was="begun", news=news))
        finally:
            held.release()


def _left(stage: Stage) -> list[RunRow]:
    return list(stage.book.rows(stage.run.id, states=("begun",)))


def _lane(row: RunRow) -> Lane:
    return Lane(run_id=row.run_id, account=row.what.account, number=row.what.lane)


def _ended(stage: Stage, row: RunRow, before_call: Callable[[], None]) -> RowNews:
    """How the row stands once nothing of it is under way: as written where that stands, else as it was before it was begun."""
    news = RowNews(line=row.what.line, epoch=row.epoch, state="todo")
    for change in stage.journal.unfinished(row.what.domain):
        result = _recovered(stage, change, before_call)
        news = replace(news, change_id=change.id, told=told_of(result))
        if isinstance(result.error, Drift):
            return replace(news, state="done", outcome="failed")
        if result.error is not None:
            raise result.error
    written = _written(stage, row)
    if written is not None:
        stands = replace(news, change_id=written)
        return replace(stands, state="written") if stage.waits else replace(stands, state="done", outcome="written")
    return replace(news, state="done", outcome="cancelled") if stage.run.state == "cancelled" else news


def _recovered(stage: Stage, change: Change, before_call: Callable[[], None]) -> Result:
    setting = stage.setting_for(change)
    kept = Kept(setting.open_provider, before_call=before_call)
    try:
        over_it = replace(setting, open_provider=lambda: kept, notify=nobody_listens)
        return recover.recover(over_it, Request(domain=change.what.domain, wait="none"), change)
    finally:
        kept.end()


def _written(stage: Stage, row: RunRow) -> int | None:
    """The change of this run that stands, if there is one."""
    for change in stage.journal.changes(row.what.domain):
        if change.what.context.get("run") == stage.run.id and change.state in ("written", "overdue", "authoritative"):
            return change.id
    return None
