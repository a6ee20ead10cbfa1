"""One HTTP policy for every adapter: a time limit, safe repeats only, counting, redaction, and no way out of the endpoint."""

from __future__ import annotations

import email.utils
import json
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC
from typing import Any
from urllib.parse import urlsplit

import requests
import tenacity

from registrar_sync.errors import ConfigInvalid, CredentialsRejected, ProviderRefused, RegistrarSyncError, WriteMustReread
from registrar_sync.ports import Clock
from registrar_sync.providers.endpoint import endpoint_fault, is_inside
from registrar_sync.providers.policy import READ, Again, HttpRefused, Policy, final_error
from registrar_sync.providers.redaction import Redactor, vendor_codes, vendor_words
from registrar_sync.providers.seam import carried_by
from registrar_sync.providers.wire import Lost, Wire

LOG = logging.getLogger(__name__)

MOST_ATTEMPTS = 5  # of a read or a replace; a publish is repeated until its time is over
_BACK_OFF = tenacity.wait_random_exponential(multiplier=0.25, max=4)  # seconds, with jitter
_SHORTEST_EXCHANGE_S = 0.05  # less time than this is no time for an exchange
_PASSED_ON = frozenset({"params", "data", "json", "headers", "auth"})  # what an adapter may say of a request


def no_wait() -> float:
    """No rate limit."""
    return 0.0


@dataclass(slots=True, kw_only=True)
class Transport:
    """The HTTP side of one opened account.

    ``label`` names provider and account in messages. ``call_limit_s``: the longest one call may take, its attempts and the
    pauses between them included. ``slot``: seconds to wait before the next request (0: it has taken its slot).
    """

    label: str
    clock: Clock
    redact: Redactor
    call_limit_s: float = 15.0
    slot: Callable[[], float] = no_wait
    api_calls: int = 0
    _base: str | None = None
    _policy: Policy = READ
    _wire: Wire = field(default_factory=lambda: Wire("registrar-sync"))

    def confine(self, base: str) -> None:
        """Accept only URLs at or below ``base``. Raises ``ConfigInvalid`` for one that must not be used."""
        fault = endpoint_fault(base)
        if fault:
            raise ConfigInvalid(f"{self.label}: {self.redact.clean(fault)}. Nothing was changed.", hint="Correct the endpoint.")
        self._base = base

    @contextmanager
    def carrying(self, policy: Policy = READ) -> Iterator[None]:
        """Carry the requests of adapter calls inside; those that are no reads go under ``policy``."""
        outer, self._policy = self._policy, policy
        try:
            with carried_by(self):
                yield
        finally:
            self._policy = outer

    def request(self, method: str, url: str, **options: Any) -> requests.Response:
        """One call: as many attempts as its policy and its time allow. Raises only errors of ``errors``."""
        policy = READ if method.upper() in ("GET", "HEAD") else self._policy
        shown = f"{method.upper()} {self.redact.clean(urlsplit(url).path)}"
        if self._base is None or not is_inside(url, self._base):
            raise ProviderRefused(f"{self.label}: {shown} lies outside the account's endpoint {self._base}: not sent.")
        if policy.kind == "read" and method.upper() not in ("GET", "HEAD"):
            raise ProviderRefused(f"{self.label}: {shown} would write while only reading is allowed: not sent.")
        passed_on = {name: value for name, value in options.items() if name in _PASSED_ON}
        prepared = self.prepare_request(requests.Request(method.upper(), url, **passed_on))
        return _Call(self, policy, prepared, shown, self.clock.monotonic() + self.call_limit_s).carry_out()

    def prepare_request(self, request: requests.Request) -> requests.PreparedRequest:
        """The request as it would go out. Raises ``CredentialsRejected`` where a header cannot carry its value."""
        try:
            prepared = self._wire.session.prepare_request(request)
            for value in prepared.headers.values():
                str(value).encode("latin-1")  # as http.client will
            return prepared
        except (requests.exceptions.InvalidHeader, UnicodeError):  # its text holds the header's value
            raise CredentialsRejected(
                f"{self.label}: a credential holds characters that no HTTP header carries. Nothing was sent.",
                hint="Look for a line break or an accented letter in the credential.",
            ) from None

    def redact_record(self, record: logging.LogRecord) -> bool:
        """Take secrets out of a log record of the adapter's."""
        return self.redact.filter(record)

    def close(self) -> None:
        """Close the connections."""
        self._wire.close()

    def send_once(self, prepared: requests.PreparedRequest, limit_s: float) -> requests.Response:
        """One attempt, counted. Raises ``Lost``."""
        self.api_calls += 1
        return self._wire.exchange(prepared, limit_s)


@dataclass(slots=True)
class _Call:
    """One call under way. ``ends``: when it must be over, monotonic."""

    transport: Transport
    policy: Policy
    prepared: requests.PreparedRequest
    shown: str
    ends: float
    any_effect: bool = False

    def carry_out(self) -> requests.Response:
        retrying = tenacity.Retrying(
            retry=tenacity.retry_if_exception_type(Again),
            wait=self._pause,
            stop=self._is_over,
            sleep=self.transport.clock.sleep,
            reraise=True,
        )
        try:
            return retrying(self._attempt)
        except Again as last:
            raise final_error(self.policy, last, any_effect=self.any_effect, what=self._what()) from None

    def _what(self) -> str:
        return f"{self.transport.label}: {self.shown}"

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

    def _attempt(self) -> requests.Response:
        self._wait_for_slot()
        self.policy.before_call()
        now = self.transport.clock.monotonic()
        if self.policy.age_left(now) <= 0:
            raise WriteMustReread(f"{self._what()} was not sent: what was read before it is too old by now.")
        limit_s = self.ends - now
        if limit_s < _SHORTEST_EXCHANGE_S:
            raise Again("no time was left to send it", effect=False)
        try:
            response = self.transport.send_once(self.prepared, limit_s)
        except Lost as lost:
            self._log(str(lost))
            self.any_effect |= lost.sent
            raise Again(self.transport.redact.foreign(str(lost)), effect=lost.sent) from None
        self._log(response.status_code)
        return self._judged(response)

    def _wait_for_slot(self) -> None:
        while (wait := self.transport.slot()) > 0:
            resume = self.transport.clock.monotonic() + wait
            if self.policy.age_left(resume) <= 0:
                raise WriteMustReread(f"{self._what()} was not sent: the account's rate is used up.", retry_after_s=wait)
            # A read or a publish may wait for its slot as long as the rate asks: its time begins when it has it.
            self.transport.clock.sleep(wait)
            self.ends = max(self.ends, self.transport.clock.monotonic() + self.transport.call_limit_s)

    def _log(self, outcome: object) -> None:
        LOG.debug("%s -> %s (request %d)", self._what(), self.transport.redact.clean(str(outcome)), self.transport.api_calls)

    def _judged(self, response: requests.Response) -> requests.Response:
        status = response.status_code
        if 200 <= status < 300:
            return self._with_json(response)
        if status == 429:
            raise Again(self._said(response), effect=False, retry_after_s=self._retry_after(response))
        if status >= 500 or status == 408:  # 408: OVH under load, with an HTML body (external-dns issue 1546)
            self.any_effect = True
            raise Again(self._said(response), effect=True, retry_after_s=self._retry_after(response))
        if status < 400 and self.policy.kind != "read":  # a redirect: whether the call was carried out before, it does not say
            raise final_error(self.policy, Again(self._said(response), effect=True), any_effect=True, what=self._what())
        raise self._refusal(response)

    def _with_json(self, response: requests.Response) -> requests.Response:
        """An accepted call whose body is JSON; an empty body (204) reads as null.

        A read that answers something else is no answer. A write was accepted whatever its body says, and no adapter is to
        stumble over it.
        """
        if _json_of(response) is None and response.content.strip() != b"null":
            if self.policy.kind == "read" and response.content.strip():
                raise Again("the answer is not JSON", effect=False)
            response._content = b"null"
        return response

    def _refusal(self, response: requests.Response) -> RegistrarSyncError:
        said = f"{self._what()} was refused: {self._said(response)}"
        if response.status_code in (401, 403):
            return CredentialsRejected(
                f"{said}. The credentials are not accepted, or lack a right; this call changed nothing.",
                hint="Check the account's credentials and their rights.",
            )
        answer = _json_of(response)
        codes = vendor_codes(answer)
        refused = HttpRefused(f"{said}. This call changed nothing.", status=response.status_code, answer=answer, codes=codes)
        if self.policy.kind == "publish":
            # One publication may be under way at a time; the next one is refused meanwhile (terraform-provider-ovh #76).
            raise Again(said, effect=False, refused=refused)
        return refused

    def _said(self, response: requests.Response) -> str:
        answer = _json_of(response)
        body = response.content[:4000].decode("utf-8", "replace")
        words = self.transport.redact.foreign(vendor_words(answer, body)).rstrip(". ")
        return f"HTTP {response.status_code}" + (f" {words}" if words else "")

    def _retry_after(self, response: requests.Response) -> float | None:
        """Seconds that the server asks us to wait: a number or a date (RFC 9110 section 10.2.3)."""
        text = response.headers.get("Retry-After", "").strip()
        if text.isascii() and text.isdigit():
            return min(float(text[:9]), 86400.0)
        try:
            when = email.utils.parsedate_to_datetime(text)
        except ValueError:
            return None
        seconds = (when if when.tzinfo else when.replace(tzinfo=UTC)) - self.transport.clock.now()
        return min(max(seconds.total_seconds(), 0.0), 86400.0)


def _json_of(response: requests.Response) -> object:
    try:
        return json.loads(response.content)
    except (ValueError, RecursionError):
        return None
