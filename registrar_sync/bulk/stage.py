"""What the lanes of a run share in one process, and the work on one row."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from registrar_sync.bulk.limits import Kept
from registrar_sync.bulk.outcome import Patience, is_the_accounts, news_of, told_of
from registrar_sync.bulk.planning import Account, nobody_listens, our_bug, service_of, wanted_of
from registrar_sync.bulk.tally import Moved
from registrar_sync.core import names
from registrar_sync.core.evidence import Change
from registrar_sync.core.roster import Row
from registrar_sync.core.run import RowNews, Run, RunBook, RunRow
from registrar_sync.errors import JournalUnusable, RegistrarSyncError
from registrar_sync.operations import enrol, recover, rollback
from registrar_sync.operations.desk import Request, Setting
from registrar_sync.operations.refusal import refusal
from registrar_sync.operations.request import request_of
from registrar_sync.operations.result import Result
from registrar_sync.ports import Clock, Journal

LOG = logging.getLogger(__name__)


@dataclass(slots=True, kw_only=True)
class Stage:
    """What all lanes of a run share here. ``moved``: told of each row that stands otherwise, once that is durable, from any
    thread. ``setting_for``: of a journalled change. ``stopping``: set when no row is to be begun any more."""

    run: Run
    book: RunBook
    journal: Journal
    clock: Clock
    account: Callable[[str], Account]
    setting_for: Callable[[Change], Setting]
    moved: Callable[[Moved], None] = lambda moved: None
    stopping: threading.Event = field(default_factory=threading.Event)
    patience: Patience = field(default_factory=Patience)

    @property
    def waits(self) -> bool:
        """Whether what is written is watched."""
        return self.run.what.options.get("wait") != "none"

    def given_up(self) -> dict[str, str]:
        """The run's accounts that are not asked any more here, and why."""
        reasons = {name: self.account(name).given_up for name in self.run.what.lanes}
        return {name: reason.message for name, reason in reasons.items() if reason is not None}


class LaneWork:
    """The work of one lane, row by row, over one connection. Close it."""

    def __init__(self, stage: Stage, account: Account, before_call: Callable[[], None]) -> None:
        self._stage = stage
        self._account = account
        self._before_call = before_call
        self._kept: Kept | None = None
        self._usual: tuple[str | None, Request] | None = None
        self._over: tuple[Setting, Setting] | None = None

    def work(self, row: RunRow) -> RowNews:
        """Carry one row out. Raises ``JournalUnusable``: then it stays begun, and whoever goes on recovers it."""
        try:
            result = self._result(row)
        except RegistrarSyncError as error:
            result = self._refused(row, error)
        except Exception as error:  # one domain's odd answer must not end the others' run
            LOG.debug("%s", row.what.domain, exc_info=True)
            result = self._bug(row, error)
        if isinstance(result.error, JournalUnusable):
            raise result.error
        return self._news(row, result)

    def _news(self, row: RunRow, result: Result) -> RowNews:
        stage = self._stage
        self._account.heard(result.error)
        if self._account.given_up is not None and result.error is not None and is_the_accounts(result.error):
            return RowNews(line=row.what.line, epoch=row.epoch, state="todo", told=told_of(result))  # no fault of the domain's
        return news_of(row, result, now=stage.clock.now(), waits=stage.waits, patience=stage.patience)

    def _refused(self, row: RunRow, error: RegistrarSyncError) -> Result:
        return refusal(self._stage.run.what.command, row.what.domain, error, account=row.what.account)

    def _bug(self, row: RunRow, error: Exception) -> Result:
        result = self._refused(row, our_bug(row.what.domain, row.what.account, error))
        if not self._stage.journal.unfinished(row.what.domain):
            return result
        domain = names.display(row.what.domain)
        text = f"A bug of ours in the middle of a change: {type(error).__name__}. The zone may have been changed."
        return replace(result, state="unknown", changed=True, message=text, hint=f"registrar-sync recover {domain}")

    def _result(self, row: RunRow) -> Result:
        if row.attempts > 1:
            self._recover(row)
        if self._stage.run.what.command == "rollback":
            return self._roll_back(row)
        result = self._enrol(row)
        return self._known_already(row, result) if result.state == "nothing-to-do" and row.attempts > 1 else result

    def _enrol(self, row: RunRow) -> Result:
        service, request = self._asked(row)
        setting = self._account.setting(service)
        if isinstance(setting, RegistrarSyncError):
            raise setting
        return enrol.enroll(self._over_one_connection(setting), request)

    def _asked(self, row: RunRow) -> tuple[str | None, Request]:
        """The service and the request. Rows that say nothing of themselves are asked for in the same words, but for the domain
        (which the roster's check made sure of); a zone for all of them is held against each."""
        if row.what.options or self._stage.run.what.options.get("zone"):
            return self._asked_by_itself(row)
        if self._usual is None:
            self._usual = self._asked_by_itself(row)
        service, request = self._usual
        return service, replace(request, domain=row.what.domain)

    def _asked_by_itself(self, row: RunRow) -> tuple[str | None, Request]:
        options = Row(row.what.domain, row.what.options).over(self._stage.run.what.options).options
        return service_of(options), self._request(row, wanted_of(options))

    def _request(self, row: RunRow, wanted: Mapping[str, Any]) -> Request:
        asked = {**wanted, "wait": "none", "timeout": None}
        return replace(request_of(row.what.domain, **asked), run=self._stage.run.id)

    def _over_one_connection(self, setting: Setting) -> Setting:
        if self._over is None or self._over[0] is not setting:
            kept = self._kept
            if kept is None:
                kept = self._kept = Kept(setting.open_provider, before_call=self._before_call)
            self._over = setting, replace(setting, open_provider=lambda: kept, notify=nobody_listens, ends_soon=True)
        return self._over[1]

    # --- what an earlier attempt left ---------------------------------------------------------------------------------
    def _recover(self, row: RunRow) -> None:
        """Whoever began it before may have died in the middle, or lost an answer."""
        for change in self._stage.journal.unfinished(row.what.domain):
            setting = self._over_one_connection(self._stage.setting_for(change))
            result = recover.recover(setting, Request(domain=change.what.domain, wait="none"), change)
            if result.error is not None:
                raise result.error

    def _known_already(self, row: RunRow, result: Result) -> Result:
        """Nothing was left to do, since an earlier attempt of this run wrote it: that is the row's change."""
        for change in self._stage.journal.changes(row.what.domain):
            if change.what.context.get("run") == self._stage.run.id and change.state in ("written", "overdue", "authoritative"):
                return replace(result, state="written", changed=True, change_id=change.id)
        return result

    # --- rollback -----------------------------------------------------------------------------------------------------
    def _roll_back(self, row: RunRow) -> Result:
        """Undo what the other run wrote; where somebody has enrolled on top of it, that is theirs to undo first."""
        assert row.what.to_change is not None
        change = self._stage.journal.change(row.what.to_change)
        later = [one for one in self._stage.journal.changes(row.what.domain) if one.id > change.id and rollback.is_undoable(one)]
        if later:
            domain = names.display(row.what.domain)
            text = f"Change {later[0].id} enrolled {domain} anew after this run. Nothing was changed."
            hint = f"registrar-sync rollback {domain} --to {change.id} takes both back"
            about: dict[str, Any] = {"domain": row.what.domain, "account": row.what.account}
            return Result(command="rollback", state="refused", message=text, hint=hint, **about)

        def setting_for(undone: Change) -> Setting:
            return self._over_one_connection(self._stage.setting_for(undone))

        request = replace(self._request(row, {}), to_change=change.id)
        return rollback.rollback(setting_for(change), request, setting_for=setting_for)

    def close(self) -> None:
        """Close the connection."""
        if self._kept is not None:
            self._kept.end()
