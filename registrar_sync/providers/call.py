"""One call to a vendor under way: its attempts, the pauses between them, and what its answer means."""

from __future__ import annotations

import email.utils
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC
from typing import TYPE_CHECKING, Generic, TypeVar

import requests
import tenacity

from registrar_sync.errors import RegistrarSyncError, WriteMustReread
from registrar_sync.providers.answer import Answer, json_of
from registrar_sync.providers.policy import Again, HttpDenied, HttpRefused, OfAccount, Policy, final_error
from registrar_sync.providers.redaction import told_in_xml, vendor_codes, vendor_words
from registrar_sync.providers.slots import Held, TooLate
from registrar_sync.providers.wire import Lost

if TYPE_CHECKING:
    from registrar_sync.providers.transport import Transport

T = TypeVar("T")

LOG = logging.getLogger(__name__)

MOST_ATTEMPTS = 5  # of a read or a replace; a publish is repeated until its time is over
_BACK_OFF = tenacity.wait_random_exponential(multiplier=0.25, max=4)  # seconds, with jitter
_SHORTEST_EXCHANGE_S = 0.05  # less time than this is no time for an exchange
_OF_THE_ZONE = (409, 423)  # "conflict" and "locked" speak of what was asked for, not of how often we ask


@dataclass(slots=True)
class _Call(Generic[T]):
    """One call under way. ``ends``: when it must be over, monotonic."""

    transport: Transport
    policy: Policy
    ends: float
    any_effect: bool = field(default=False, init=False)
    _failed: Again | None = field(default=None, init=False)

    def _exchange(self, limit_s: float) -> T:
        """One attempt. Raises ``Lost``, ``Again``, and errors of ``errors``."""
        raise NotImplementedError

    def shown(self) -> str:
        """The call in messages."""
        raise NotImplementedError

    def carry_out(self) -> T:
        try:
            try:
                return self._attempt()
            except Again as again:
                self._failed = again
            return self._go_on()
        except (HttpRefused, HttpDenied) as refused:
            refused.after_effect = self.any_effect and self.policy.kind != "read"
            raise
        except Again as last:
            raise final_error(self.policy, last, any_effect=self.any_effect, what=self._what()) from None

    def _go_on(self) -> T:
        """After a first attempt that failed: nearly every call is spared tenacity, which costs as much as half of one."""
        retrying = tenacity.Retrying(
            retry=tenacity.retry_if_exception_type(Again),
            wait=self._pause,
            stop=self._is_over,
            sleep=self.transport.clock.sleep,
            reraise=True,
        )
        return retrying(self._next_attempt)

    def _next_attempt(self) -> T:
        """The one that was made already is told as the first."""
        failed, self._failed = self._failed, None
        if failed is not None:
            raise failed
        return self._attempt()

    def _what(self) -> str:
        return f"{self.transport.label}: {self.shown()}"

    def _pause(self, state: tenacity.RetryCallState) -> float:
        last = state.outcome.exception() if state.outcome else None
        asked = last.retry_after_s if isinstance(last, Again) else None
        return max(asked or 0.0, _BACK_OFF(state))

    def _is_over(self, state: tenacity.RetryCallState) -> bool:
        resume = self.transport.clock.monotonic() + state.upcoming_sleep
        if self.policy.kind == "once" or resume + _SHORTEST_EXCHANGE_S >= self.ends:
            return True
        if self.policy.kind == "publish":
            return False
        return state.attempt_number >= MOST_ATTEMPTS or self.policy.age_left(resume) <= 0

    def _attempt(self) -> T:
        self._wait_for_slot()
        self.policy.before_call()
        now = self.transport.clock.monotonic()
        if self.policy.age_left(now) <= 0:
            raise WriteMustReread(f"{self._what()} was not sent: what was read before it is too old by now.")
        limit_s = self.ends - now
        if limit_s < _SHORTEST_EXCHANGE_S:
            raise Again("no time was left to send it", effect=False)
        self.transport.api_calls += 1
        try:
            answer = self._exchange(limit_s)
        except Lost as lost:
            self._log(str(lost))
            self.any_effect |= lost.sent
            raise Again(self.transport.redact.foreign(str(lost)), effect=lost.sent) from None
        except Again as again:
            self.any_effect |= again.effect
            self._tell_account(again)
            raise
        self.transport.slots.pace.answered(busy=False)
        return answer

    def _tell_account(self, again: Again) -> None:
        """What was said to us holds for all who call for this account."""
        if again.of_account == "slow":
            self.transport.slots.pace.answered(busy=True)
        if again.of_account != "no" and again.retry_after_s:
            self.transport.slots.pace.hold(again.retry_after_s)

    def _wait_for_slot(self) -> None:
        try:
            waited = self.transport.slots.wait(self.policy)
        except TooLate as late:
            # The fresh read waits for its slot itself: before it only what the provider asked for is waited.
            text = f"{self._what()} was not sent: the account's rate is used up for {late.wait_s:.0f} s."
            raise WriteMustReread(text, retry_after_s=late.held_s) from None
        except Held as held:
            raise self._held(held.wait_s) from None
        if waited:
            # A read or a publish may wait for its slot as long as the rate asks: its time begins when it has it.
            self.ends = max(self.ends, self.transport.clock.monotonic() + self.transport.call_limit_s)

    def _held(self, wait_s: float) -> RegistrarSyncError:
        last = Again("it was not sent: the provider told this account to wait", effect=False, retry_after_s=wait_s)
        return final_error(self.policy, last, any_effect=self.any_effect, what=self._what())

    def _log(self, outcome: object) -> None:
        if LOG.isEnabledFor(logging.DEBUG):  # taking secrets out costs more than the line
            LOG.debug("%s -> %s (request %d)", self._what(), self.transport.redact.clean(str(outcome)), self.transport.api_calls)


@dataclass(slots=True)
class OtherCall(_Call[T]):
    """``exchange`` is the adapter's, and what names it."""

    name: str
    exchange: Callable[[float], T]

    def shown(self) -> str:
        return self.name

    def _exchange(self, limit_s: float) -> T:
        answer = self.exchange(limit_s)
        self.transport.answered(self.shown)
        self._log("answered")
        return answer


@dataclass(slots=True)
class HttpCall(_Call[requests.Response]):
    """One HTTP request. ``url``: as the adapter gave it."""

    method: str
    url: str
    prepared: requests.PreparedRequest
    _status: int = field(default=0, init=False)

    def shown(self) -> str:
        return self.transport.shown(self.method, self.url)

    def _answered(self) -> str:
        return f"{self.shown()}: HTTP {self._status}"

    def _exchange(self, limit_s: float) -> requests.Response:
        response = self.transport.send_once(self.prepared, limit_s)
        self._status = response.status_code
        self.transport.answered(self._answered, response.content)
        self._log(response.status_code)
        return self._judged(response)

    def _judged(self, response: requests.Response) -> requests.Response:
        status = response.status_code
        if 200 <= status < 300:
            return self._with_json(response) if self.transport.rules.answers == "json" else response
        if status == 429 or status in self.transport.rules.busy_statuses:
            raise self._busy(response)
        if status >= 500 or status == 408:  # 408: OVH under load, with an HTML body (external-dns issue 1546)
            # 503 with Retry-After speaks of the service as a whole
            of_account: OfAccount = "wait" if status == 503 else "no"
            raise Again(self._said(response), effect=True, retry_after_s=self._retry_after(response), of_account=of_account)
        if status < 400 and self.policy.kind != "read":  # a redirect: whether the call was carried out before, it does not say
            raise final_error(self.policy, Again(self._said(response), effect=True), any_effect=True, what=self._what())
        raise self._refusal(response)

    def _busy(self, response: requests.Response) -> Again:
        of_account: OfAccount = "no" if response.status_code in _OF_THE_ZONE else "slow"
        return Again(self._said(response), effect=False, retry_after_s=self._retry_after(response), of_account=of_account)

    def _with_json(self, response: requests.Response) -> requests.Response:
        """An accepted call whose body is JSON; an empty body (204) reads as null.

        A read that answers something else is no answer. A write was accepted whatever its body says, and no adapter is to
        stumble over it.
        """
        parsed = json_of(response)
        if parsed is not None:
            if isinstance(response, Answer):
                response.keep_json(parsed)
        elif response.content.strip() != b"null":
            if self.policy.kind == "read" and response.content.strip():
                self.transport.log_answer()
                raise Again(f"HTTP {response.status_code}, and the answer is not JSON", effect=False)
            response._content, response.encoding = b"null", "utf-8"  # lexicon logs the text: else its encoding is guessed, slowly
        return response

    def _refusal(self, response: requests.Response) -> RegistrarSyncError:
        said = f"{self._what()} was refused: {self._said(response)}"
        answer = _told_by(response)
        codes = vendor_codes(answer)
        hint = next((text for code, text in self.transport.rules.hints.items() if code in codes), "")
        if response.status_code in (401, 403):
            return HttpDenied(
                f"{said}. The credentials are not accepted, or lack a right; this call changed nothing.",
                hint=hint or "Check the account's credentials and their rights.",
                status=response.status_code,
                answer=answer,
            )
        if codes & self.transport.busy_codes:
            raise self._busy(response)
        refused = HttpRefused(f"{said}. This call changed nothing.", status=response.status_code, answer=answer, codes=codes)
        if self.policy.kind == "publish":
            # One publication may be under way at a time; the next one is refused meanwhile (terraform-provider-ovh #76).
            raise Again(said, effect=False, refused=refused)
        return refused

    def _said(self, response: requests.Response) -> str:
        answer = _told_by(response)
        body = response.content[:4000].decode("utf-8", "replace")
        words = self.transport.redact.foreign(vendor_words(answer, body)).rstrip(". ")
        return f"HTTP {response.status_code}" + (f" {words}" if words else "")

    def _retry_after(self, response: requests.Response) -> float | None:
        """Seconds that the server asks us to wait: a number or a date (RFC 9110 section 10.2.3)."""
        text = response.headers.get("Retry-After", "").strip()
        if text.isascii() and text.isdigit():
            return min(float(text[:9]), 86400.0)
        if not text:
            return self._retry_after_in_body(response)
        try:
            when = email.utils.parsedate_to_datetime(text)
        except (ValueError, OverflowError):
            return None
        seconds = (when if when.tzinfo else when.replace(tzinfo=UTC)) - self.transport.clock.now()
        return min(max(seconds.total_seconds(), 0.0), 86400.0)

    def _retry_after_in_body(self, response: requests.Response) -> float | None:
        key, answer = self.transport.rules.retry_after, json_of(response)
        seconds = answer.get(key) if key and isinstance(answer, dict) else None
        # In this order: JSON as Python reads it knows NaN, and numbers too large for a float.
        return float(min(max(0, seconds), 86400)) if isinstance(seconds, int | float) else None


def _told_by(response: requests.Response) -> object:
    """The body of a refusal: JSON, or an XML error in its shape."""
    answer = json_of(response)
    return told_in_xml(response.content[:65536].decode("utf-8", "replace")) if answer is None else answer
