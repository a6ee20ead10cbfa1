"""``check --wait``: look until the domain is enrolled at every authoritative server, then as long as caches may hold the old."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from registrar_sync.core import visibility
from registrar_sync.core.pace import next_wait
from registrar_sync.core.visibility import Visibility
from registrar_sync.errors import LookupFailed
from registrar_sync.operations.check import by_effect_elsewhere, check, effect_rows
from registrar_sync.operations.desk import Desk, Request, Setting
from registrar_sync.operations.elsewhere import wait_for_caches
from registrar_sync.operations.result import Result
from registrar_sync.operations.rounds import Rounds, poll


def check_waiting(setting: Setting, request: Request) -> Result:
    """``check``, once the domain is enrolled by effect at every authoritative server, or the time is over.

    ``request.timeout_s``: None is the provider's budget; with ``wait`` "visible", and what caches may take as well. How long
    those hold the old data only the journal knows: where it does not, "visible" is no more than "authoritative".
    """
    desk = Desk(command="check", setting=setting, request=request)
    return desk.run(lambda: _check_waiting(desk))


def _check_waiting(desk: Desk) -> Result:
    started = desk.setting.clock.now()
    timeout_s = desk.setting.budget_s if desk.request.timeout_s is None else desk.request.timeout_s
    rounds = _rounds_until_enrolled(desk, started, timeout_s)
    result = check(desk.setting, desk.request)
    seen = result.visibility
    if rounds is None or seen is None or result.state != "authoritative" or desk.request.wait != "visible":
        return result
    ends = started + timedelta(seconds=timeout_s)
    if desk.request.timeout_s is None and seen.old_until is not None:
        ends = max(ends, seen.old_until)
    return _until_visible(desk, result, seen, rounds, ends)


def _rounds_until_enrolled(desk: Desk, started: datetime, timeout_s: float) -> Rounds | None:
    """None: there is nobody to ask."""
    try:
        delegation = desk.setting.resolver.delegation(desk.owner)
    except LookupFailed:
        return None  # check says it
    servers = delegation.servers
    if not servers:
        return None
    zone = desk.request.zone or delegation.zone or desk.owner
    rounds = Rounds(desk.setting, zone=zone, owner=desk.owner, judge=lambda seen: effect_rows(desk, seen), confirm=True)
    ends = started + timedelta(seconds=timeout_s)

    def look_again() -> Visibility:
        rows = rounds.look(servers)
        desk.setting.notify(rounds.progress(servers, ends))
        return Visibility(verdict="authoritative" if visibility.overall(rows) else "pending", servers=rows)

    def pause_s(elapsed_s: float, left_s: float) -> float:
        return next_wait(elapsed_s, left_s, budget_s=desk.setting.budget_s, stirred_s=rounds.stirred_s)

    left_s = (ends - desk.setting.clock.now()).total_seconds()
    poll(desk.setting.clock, left_s, look_again, until=lambda seen: seen.verdict != "pending", pause_s=pause_s)
    return rounds


def _until_visible(desk: Desk, result: Result, seen: Visibility, rounds: Rounds, ends: datetime) -> Result:
    elsewhere = by_effect_elsewhere(desk)
    servers = tuple(row.server for row in seen.servers if row.role == "authoritative")
    told = wait_for_caches(desk, elsewhere.beside(seen), elsewhere, ends=ends, watched=rounds.watched(servers))
    return replace(result, visibility=told, elapsed_s=desk.setting.clock.monotonic() - desk.started)
