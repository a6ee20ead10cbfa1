"""Yandex Cloud answers a write with an operation: when that is done, the write is carried out, or refused.

Vendor facts: yandex-cloud/docs, en/dns/api-ref/Operation/get.md; in lexicon's recordings of 2022 every operation is done at once.
Read on 2026-11-23.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from registrar_sync.errors import CredentialsRejected, OutcomeUnknown, ProviderRefused, ProviderUnavailable
from registrar_sync.providers.rows import UnusableAnswer, text_of
from registrar_sync.providers.shapes import Calls

_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.25, 2.0  # between two looks
_NO_ANSWER = (ProviderUnavailable, ProviderRefused, CredentialsRejected)


class Operations:
    """The waiting; stands before a lexicon provider in a class's bases."""

    operations_endpoint = "https://operation.api.cloud.yandex.net"

    _get: Callable[..., Any]
    operation_url: Callable[[str], str]
    now: Callable[[], float]

    _running = ""  # an operation of ours of which no end was seen

    def settle(self, operation: Any, calls: Calls) -> None:
        """Wait for an operation by the account's clock, at most for the call limit.

        Raises ``ProviderRefused`` where it ended in error, ``OutcomeUnknown`` where no end was seen.
        """
        self._running, pause_s = text_of(operation, "id"), _FIRST_PAUSE_S
        ends = self.now() + calls.http.call_limit_s
        while not _is_done(operation):
            if (left_s := ends - self.now()) <= 0:
                raise OutcomeUnknown(f"Yandex Cloud's operation {self._running} was not done in {calls.http.call_limit_s:g} s.")
            calls.http.clock.sleep(min(pause_s, left_s))
            pause_s = min(pause_s * 2, _LONGEST_PAUSE_S)
            operation = self._looked_at()
        self._running = ""
        if "error" in operation:
            raise ProviderRefused(
                calls.http.redact.foreign(f"Yandex Cloud refused it in the end: {_reason(operation['error'])}.")
            )

    def refuse_while_running(self) -> None:
        """Raise ``ProviderUnavailable`` while an operation of ours runs: its effect could come after a reading."""
        if self._running:
            if not _is_done(self._get(self.operation_url(self._running))):
                raise ProviderUnavailable(
                    f"Yandex Cloud's operation {self._running} still runs: what stands there may change yet."
                )
            self._running = ""

    def _looked_at(self) -> Any:
        try:
            return self._get(self.operation_url(self._running))
        except _NO_ANSWER as error:
            raise OutcomeUnknown(f"How Yandex Cloud's operation {self._running} ends is not known: {error.message}") from None


def _is_done(operation: Any) -> bool:
    """``done`` is left out of an answer where it is false."""
    if not isinstance(operation, dict) or not isinstance(operation.get("done", False), bool):
        raise UnusableAnswer("the answer is no operation")
    return bool(operation.get("done"))


def _reason(error: object) -> str:
    message = error.get("message") if isinstance(error, dict) else None
    return message if isinstance(message, str) and message else "no reason was given"
