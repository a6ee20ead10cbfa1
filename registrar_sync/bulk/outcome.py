"""What one domain's result means for its row: done, to be watched, to be tried again; and what a report tells of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from registrar_sync.core import names
from registrar_sync.core.guard import KINDS
from registrar_sync.core.run import Outcome, RowNews, RunRow
from registrar_sync.errors import ProviderManual, RegistrarSyncError
from registrar_sync.operations.result import Result, State, rrset_json

PAUSES_S = (5.0, 30.0, 120.0)
"""Before a domain is tried again, after its first, second and third failure of a kind that may pass."""

_OF_THE_ACCOUNT = ("credentials-missing", "credentials-rejected", "provider-unavailable")
_PASSING = (*_OF_THE_ACCOUNT, "write-deferred", "zone-locked", "lookup-failed", "lock-lost", "open-change", "outcome-unknown")
_OUTCOMES: Mapping[State, Outcome] = {
    "written": "written",
    "authoritative": "authoritative",
    "nothing-to-do": "nothing-to-do",
    "overdue": "overdue",
    "unknown": "unknown",
    "restored": "failed",
    "drift": "failed",
    "refused": "held-back",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long a domain waits before it is tried again. One that is shorter is for tests."""

    pauses_s: tuple[float, ...] = PAUSES_S

    def again_at(self, row: RunRow, now: datetime) -> datetime | None:
        """When to try again what failed as it may pass; None: often enough."""
        return now + timedelta(seconds=self.pauses_s[row.attempts - 1]) if row.attempts <= len(self.pauses_s) else None


def is_the_accounts(error: RegistrarSyncError) -> bool:
    """Whether an account that can only fail may be to blame, and not the domain."""
    return error.kind in _OF_THE_ACCOUNT


def outcome_of(result: Result) -> Outcome:
    """The row's outcome. A refusal by findings waits for a person; one by an error is a failure."""
    if isinstance(result.error, ProviderManual):
        return "held-back"
    if result.error is not None and result.state in ("refused", "nothing-to-do"):
        return "failed"
    if result.left and result.state != "refused":
        return "held-back"  # written as far as the provider allows, the rest by hand
    return _OUTCOMES[result.state]


def news_of(row: RunRow, result: Result, *, now: datetime, waits: bool, patience: Patience) -> RowNews:
    """How the row stands after an operation on it. ``waits``: what is written is watched until it is served."""
    told = told_of(result)
    ids: dict[str, Any] = {"line": row.what.line, "epoch": row.epoch, "change_id": result.change_id, "told": told}
    if _may_pass(result):
        again = patience.again_at(row, now)
        if again is not None:
            return RowNews(state="todo", due_at=again, **ids)
    if result.state == "written" and result.error is None and waits:
        return RowNews(state="written", outcome="held-back" if result.left else None, **ids)
    return RowNews(state="done", outcome=outcome_of(result), **ids)


def _may_pass(result: Result) -> bool:
    """Whether the same may go well in a minute: amid a bulk run a name server's one lost answer is nobody's to look into."""
    if result.error is not None:
        return result.error.kind in _PASSING
    holds = [finding.id for finding in result.findings if finding.severity == "block"]
    return result.state == "refused" and bool(holds) and all(KINDS[one].may_pass for one in holds)


def told_of(result: Result) -> dict[str, Any]:
    """What a report tells of a domain, as JSON."""
    sets = result.plan.before if result.plan else {}
    after = result.plan.after if result.plan else {}
    return {
        **_ending(result),
        "provider": result.provider,
        "zone": names.display(result.zone) if result.zone else None,
        "service": result.service,
        "findings": [[one.id, one.severity, one.message] for one in result.findings],
        "sets": [[rtype, rrset_json(sets[rtype]), rrset_json(after.get(rtype))] for rtype in sets],
        "api_calls": result.api_calls,
        "elapsed_s": round(result.elapsed_s, 3),
        "left": result.left,
    }


def _ending(result: Result) -> dict[str, Any]:
    """Of that, what changes once more when a written row was seen to end."""
    until = result.visibility.old_until if result.visibility else None
    return {
        "state": result.state,
        "error": result.error.kind if result.error else None,
        "message": result.message,
        "hint": result.hint,
        "old_until": until.isoformat() if until else None,
    }


@dataclass(frozen=True, slots=True)
class Watched:
    """A row that is watched: all that is kept in memory of it. ``left``: something of it waits for a person anyhow."""

    line: int
    epoch: int
    domain: str
    account: str
    wave: int
    left: bool

    @classmethod
    def of(cls, row: RunRow) -> Watched:
        """A row that stands as written."""
        what = row.what
        return cls(what.line, row.epoch, what.domain, what.account, what.wave, row.outcome == "held-back")


def seen_news(row: Watched, result: Result) -> RowNews:
    """How a watched row ended. What was told of it when it was written stays, but for how it ended."""
    outcome = "held-back" if row.left and result.state == "authoritative" else outcome_of(result)
    told = _ending(result)
    return RowNews(line=row.line, epoch=row.epoch, state="done", outcome=outcome, change_id=result.change_id, told=told)
