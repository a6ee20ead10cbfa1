"""What waits for somebody, by the journal alone: the next command for each domain, and from when on."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from registrar_sync.core.evidence import Change
from registrar_sync.core.names import display
from registrar_sync.core.prepared import has_written, old_until_of, open_prepares, stands

What = Literal["enroll", "finish", "unenroll", "check", "recover", "prepare"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """One thing that waits. ``due_at``: from when on; ``ready``: whether that is over; ``next``: the command to run."""

    domain: str
    what: What
    due_at: datetime
    ready: bool
    next: str

    def to_json(self) -> dict[str, Any]:
        """The row that ``registrar-sync due --output json`` prints."""
        return {
            "domain": display(self.domain),
            "what": self.what,
            "due_at": self.due_at.isoformat(timespec="seconds"),
            "ready": self.ready,
            "next": self.next,
        }


def due_of(changes: Iterable[Change], now: datetime, *, under_way: Collection[int] = ()) -> tuple[Due, ...]:
    """All that waits, what is due first at the head. ``changes``: any number, of any domains; ``under_way``: ids of changes
    whose writer is alive, so that nobody is to recover them.

    For each domain, the interrupted change alone; else what was written and never seen at every authoritative server, or
    what lowered TTLs wait for; and the SPF part of a leaving.
    """
    domains: dict[tuple[str, str, str], list[Change]] = {}
    for change in changes:
        domains.setdefault((change.what.domain, change.what.account, change.what.zone), []).append(change)
    rows = [row for group in domains.values() for row in _of_domain(_newest_first(group), now, under_way)]
    return tuple(sorted(rows, key=lambda row: (not row.ready, row.due_at, row.domain)))


def _newest_first(changes: Iterable[Change]) -> list[Change]:
    return sorted(changes, key=lambda change: change.id, reverse=True)


def _of_domain(changes: Sequence[Change], now: datetime, under_way: Collection[int]) -> list[Due]:
    interrupted = [change for change in changes if change.state in ("intended", "unknown")]
    if interrupted:
        waiting = [change for change in interrupted if change.id not in under_way]
        return [_due(one, "recover", one.events[-1].at, now, _short("recover", one)) for one in waiting[:1]]
    unseen = _unseen(changes, now)
    found = [unseen] if unseen else _after_prepare(changes, now)
    return [*found, *_leaving(changes, now)]


def _due(change: Change, what: What, at: datetime, now: datetime, command: str) -> Due:
    return Due(domain=change.what.domain, what=what, due_at=at, ready=now >= at, next=command)


def _short(command: str, change: Change) -> str:
    """``recover`` knows account and service from the journal."""
    return f"registrar-sync {command} {display(change.what.domain)}"


def _at(command: str, change: Change) -> str:
    return f"{_short(command, change)} --account {change.what.account}"


def _with_service(command: str, change: Change) -> str:
    return f"{_at(command, change)} --service {change.what.service['name']}"


def _only(change: Change) -> str:
    """The option, for a change that was about one part."""
    only = change.what.context.get("only")
    return f" --only {only}" if only else ""


def _unseen(changes: Sequence[Change], now: datetime) -> Due | None:
    """The newest change that wrote, where it stands and was never seen at every authoritative server."""
    newest = next(filter(has_written, changes), None)
    if newest is None or newest.state not in ("written", "overdue"):
        return None
    wrote_at = next(event.at for event in reversed(newest.events) if event.detail.get("wrote"))
    match newest.what.command:
        case "prepare":  # asked for once more, it writes nothing, looks, and remembers what it saw
            ttl = newest.what.context["ttl"]
            return _due(newest, "prepare", wrote_at, now, f"{_at('prepare', newest)} --ttl {ttl}{_only(newest)} --yes")
        case _:
            return _due(newest, "check", wrote_at, now, _at("check", newest))


def _after_prepare(changes: Sequence[Change], now: datetime) -> list[Due]:
    """What the newest lowered TTLs wait for: the end of the old ones, then the cut-over, then that it is visible."""
    prepared = next(iter(open_prepares(changes)), None)
    if prepared is None:
        return []
    cut_over = next((one for one in prepared.later if _is_cut_over(one)), None)
    change = cut_over or prepared.change
    at = old_until_of(change) or change.events[-1].at
    if cut_over or any(_is_cut_over(one) for one in changes):
        return [_due(change, "finish", at, now, _at("finish", change))]
    return [_due(change, "enroll", at, now, _with_service("enroll", change))]


def _is_cut_over(change: Change) -> bool:
    return change.what.command in ("enroll", "unenroll") and stands(change)


def _leaving(changes: Sequence[Change], now: datetime) -> list[Due]:
    """The SPF part of the newest leaving, unless something was done about the include since."""
    newest = next((change for change in changes if _is_about_the_service(change)), None)
    if newest is None or newest.what.command != "unenroll":
        return []
    told = newest.what.context.get("spf_due_at")
    if told is None:
        return []
    command = f"{_with_service('unenroll', newest)}{_only(newest)}"
    return [_due(newest, "unenroll", datetime.fromisoformat(told), now, command)]


def _is_about_the_service(change: Change) -> bool:
    if change.what.command not in ("enroll", "unenroll", "rollback"):
        return False
    return stands(change) or (change.state == "nothing-to-do" and change.what.command != "enroll")
