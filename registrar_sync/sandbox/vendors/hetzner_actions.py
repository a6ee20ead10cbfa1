"""Hetzner's actions: a write is answered at once, and carried out some time later."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from registrar_sync.sandbox.draft import Draft
from registrar_sync.sandbox.store import Store
from registrar_sync.sandbox.switches import Switches
from registrar_sync.sandbox.zone import Zone

FIRST_ID = 604_989_101_982_646  # of a recording


@dataclass(slots=True, kw_only=True)
class _Under:
    """One action under way. ``change``: what is still to be done."""

    number: int
    command: str
    zone: str
    zone_id: int
    started: float
    ends: float
    fails: bool
    change: Callable[[Draft], object] | None


class ActionLog:
    """Every action so far. A later one on the same zone ends after the earlier ones."""

    def __init__(self, store: Store, switches: Switches) -> None:
        self._store = store
        self._switches = switches
        self._actions: list[_Under] = []
        self._lock = threading.RLock()

    def start(self, zone: Zone, zone_id: int, command: str, change: Callable[[Draft], object]) -> dict[str, Any]:
        """Begin an action; returns it as it is shown."""
        with self._lock:
            now = self._store.now()
            earlier = [action.ends for action in self._actions if action.zone == zone.name]
            action = _Under(
                number=FIRST_ID + len(self._actions),
                command=command,
                zone=zone.name,
                zone_id=zone_id,
                started=now,
                ends=max([now, *earlier]) + self._switches.hetzner_action_s,
                fails=command in self._switches.hetzner_failing_actions,
                change=change,
            )
            if action.fails:
                action.change = None
            elif self._switches.hetzner_effect == "at-once":
                self._carry_out(action, served_in_s=action.ends - now)
            self._actions.append(action)
            return self._shown(action, running=True)

    def carry_out_due(self) -> None:
        """Do what is due by now, in its order."""
        with self._lock:
            for action in self._actions:
                if action.ends <= self._store.now():
                    self._carry_out(action, served_in_s=0.0)

    def _carry_out(self, action: _Under, *, served_in_s: float) -> None:
        change, action.change = action.change, None
        if change:
            with self._store.editing(action.zone) as draft:
                change(draft)
                draft.zone = draft.zone.published(draft.now, served_in_s + self._store.publish_delay_s)

    def is_running(self, zone: str) -> bool:
        """Whether an action on the zone has not ended."""
        with self._lock:
            return any(action.zone == zone and action.ends > self._store.now() for action in self._actions)

    def shown(self, number: str) -> dict[str, Any] | None:
        """An action by its id."""
        with self._lock:
            found = next((action for action in self._actions if str(action.number) == number), None)
            return self._shown(found, running=found.ends > self._store.now()) if found else None

    def _shown(self, action: _Under, *, running: bool) -> dict[str, Any]:
        error = None if running or not action.fails else {"code": "action_failed", "message": "Action failed"}
        return {
            "id": action.number,
            "command": action.command,
            "status": "running" if running else "error" if action.fails else "success",
            "progress": 0 if running else 100,
            "started": _time(action.started),
            "finished": None if running else _time(action.ends),
            "resources": [{"id": action.zone_id, "type": "zone"}],
            "error": error,
        }


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
