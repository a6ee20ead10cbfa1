"""Hetzner answers a write with an action: when that has ended, the write is done, or refused.

Vendor facts: docs.hetzner.cloud/reference/cloud (Actions); both paths to one action stand there; recorded are those under
/zones (lexicon, January 2026: 2 to 17 s each). Read on 2026-11-23.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from registrar_sync.errors import CredentialsRejected, OutcomeUnknown, ProviderRefused, ProviderUnavailable
from registrar_sync.providers.policy import HttpRefused
from registrar_sync.providers.rows import number_of, text_of
from registrar_sync.providers.shapes import Calls

_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.25, 2.0  # between two looks
_NO_ANSWER = (ProviderUnavailable, ProviderRefused, CredentialsRejected)


class Actions:
    """The waiting; stands before a lexicon provider in a class's bases."""

    _get: Callable[..., Any]
    now: Callable[[], float]

    _running: int | None = None  # an action of ours of which no end was seen

    def settle(self, action: Any, calls: Calls) -> None:
        """Wait for an action by the account's clock, at most for the call limit.

        Raises ``ProviderRefused`` where it ended in error, ``OutcomeUnknown`` where no end was seen.
        """
        number, pause_s = number_of(action, "id"), _FIRST_PAUSE_S
        self._running = number
        ends = self.now() + calls.http.call_limit_s
        while not _has_ended(action):
            if (left_s := ends - self.now()) <= 0:
                raise OutcomeUnknown(f"Action {number} at Hetzner did not end within {calls.http.call_limit_s:g} s.")
            calls.http.clock.sleep(min(pause_s, left_s))
            pause_s = min(pause_s * 2, _LONGEST_PAUSE_S)
            action = self._looked_at(number)
        self._running = None
        if action and text_of(action, "status") == "error":
            raise ProviderRefused(calls.http.redact.foreign(f"Hetzner refused it in the end: {_reason(action)}."))

    def refuse_while_running(self) -> None:
        """Raise ``ProviderUnavailable`` while an action of ours runs: its effect could come after a reading."""
        if self._running is not None:
            if not _has_ended(self._action(self._running)):
                raise ProviderUnavailable(f"Action {self._running} at Hetzner still runs: what stands there may change yet.")
            self._running = None

    def _looked_at(self, number: int) -> Any:
        try:
            return self._action(number)
        except _NO_ANSWER as error:
            raise OutcomeUnknown(f"How action {number} at Hetzner ends is not known: {error.message}") from None

    def _action(self, number: int) -> Any:
        """The action; None where neither path knows it: then only what stands there tells."""
        for path in ("/zones/actions", "/actions"):
            try:
                action = self._get(f"{path}/{number}")["action"]
            except HttpRefused as refused:
                if refused.status != 404:
                    raise
            else:
                text_of(action, "status")
                return action
        return None


def _has_ended(action: Any) -> bool:
    return action is None or text_of(action, "status") in ("success", "error")


def _reason(action: Mapping[str, Any]) -> str:
    error = action.get("error")
    words = [error[key] for key in ("code", "message") if isinstance(error.get(key), str)] if isinstance(error, dict) else []
    return ": ".join(words) or "no reason was given"
