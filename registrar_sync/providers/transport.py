"""One HTTP policy for every adapter: a time limit, safe repeats only, counting, redaction, and no way out of the endpoint."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar
from urllib.parse import urlsplit

import requests

from registrar_sync.errors import ConfigInvalid, CredentialsRejected, ProviderRefused
from registrar_sync.ports import Clock, Pace
from registrar_sync.providers.call import HttpCall, OtherCall
from registrar_sync.providers.catalog_model import HttpRules
from registrar_sync.providers.endpoint import endpoint_fault, is_inside
from registrar_sync.providers.pace import AccountPace
from registrar_sync.providers.policy import READ, Policy
from registrar_sync.providers.redaction import Redactor
from registrar_sync.providers.seam import Carried
from registrar_sync.providers.slots import Slots
from registrar_sync.providers.wire import Wire

T = TypeVar("T")

LOG = logging.getLogger(__name__)

_PASSED_ON = frozenset({"params", "data", "json", "headers", "auth"})  # what an adapter may say of a request


@dataclass(slots=True, kw_only=True)
class Transport:
    """The HTTP side of one opened account.

    ``label`` names provider and account in messages. ``call_limit_s``: the longest one call may take, its attempts and the
    pauses between them included. ``pace``: the account's; without one this transport's own, which only the vendor slows down.
    ``rules``: what is said of the vendor's HTTP. ``busy_codes``: its codes that mean what 429 does.
    """

    label: str
    clock: Clock
    redact: Redactor
    call_limit_s: float = 15.0
    pace: Pace | None = None
    rules: HttpRules = field(default_factory=HttpRules)
    busy_codes: frozenset[str] = frozenset()
    api_calls: int = 0
    _last_call: Callable[[], str] = str
    _last_body: bytes = b""
    _bases: tuple[str, ...] = ()
    _policy: Policy = READ
    _wire: Wire = field(default_factory=lambda: Wire("registrar-sync"))
    slots: Slots = field(init=False)

    def __post_init__(self) -> None:
        pace = self.pace or AccountPace(None, self.clock.monotonic)
        self.slots = Slots(pace, self.clock, longest_hold_s=self.call_limit_s)

    def confine(self, *bases: str) -> None:
        """Accept only URLs at or below one of ``bases``. Raises ``ConfigInvalid`` for one that must not be used."""
        if bases == self._bases:
            return
        for fault in filter(None, map(endpoint_fault, bases)):
            raise ConfigInvalid(f"{self.label}: {self.redact.clean(fault)}. Nothing was changed.", hint="Correct the endpoint.")
        self._bases = bases

    def carrying(self, policy: Policy = READ) -> Carrying:
        """Carry the requests of adapter calls inside; those that are no reads go under ``policy``."""
        return Carrying(self, policy)

    def request(self, method: str, url: str, **options: Any) -> requests.Response:
        """One call: as many attempts as its policy and its time allow. Raises only errors of ``errors``."""
        method = method.upper()
        policy = READ if self._only_reads(method) else self._policy
        if not any(is_inside(url, base) for base in self._bases):
            shown = self.shown(method, url)
            raise ProviderRefused(f"{self.label}: {shown} lies outside the account's endpoint {' '.join(self._bases)}: not sent.")
        if policy.kind == "read" and not self._may_read_by(method):
            raise ProviderRefused(f"{self.label}: {self.shown(method, url)} would write while only reading is allowed: not sent.")
        passed_on = {name: value for name, value in options.items() if name in _PASSED_ON}
        prepared = self.prepare_request(requests.Request(method, url, **passed_on))
        return HttpCall(self, policy, self.clock.monotonic() + self.call_limit_s, method, url, prepared).carry_out()

    def shown(self, method: str, url: str) -> str:
        """A request in messages. Called where there is one: taking secrets out costs as much as checking the URL."""
        return f"{method} {self.redact.foreign(urlsplit(url).path)}"

    def _only_reads(self, method: str) -> bool:
        """Whether a request of this method changes nothing, whatever it is part of."""
        return method == "HEAD" or (method == "GET" and not self.rules.writes_by_get)

    def _may_read_by(self, method: str) -> bool:
        return method in ("GET", "HEAD") or (method == "POST" and self.rules.reads_by_post)

    def carry(self, shown: str, exchange: Callable[[float], T], *, writes: bool) -> T:
        """One exchange that is no HTTP: under the same policy, time limit, rate and count. ``shown`` names it in messages.

        ``exchange`` gets the seconds that it may take. It raises ``Lost`` where no answer came, ``Again`` where the answer says
        to come back, and errors of ``errors`` for a refusal.
        """
        policy = self._policy if writes else READ
        if writes and policy.kind == "read":
            raise ProviderRefused(f"{self.label}: {shown} would write while only reading is allowed: not sent.")
        return OtherCall(self, policy, self.clock.monotonic() + self.call_limit_s, shown, exchange).carry_out()

    def prepare_request(self, request: requests.Request) -> requests.PreparedRequest:
        """The request as it would go out. Raises ``CredentialsRejected`` where a header cannot carry its value."""
        try:
            return self._wire.prepared(request)
        except (requests.exceptions.InvalidHeader, UnicodeError):  # its text holds the header's value
            raise CredentialsRejected(
                f"{self.label}: a credential holds characters that no HTTP header carries. Nothing was sent.",
                hint="Look for a line break or an accented letter in the credential.",
            ) from None

    def redact_record(self, record: logging.LogRecord) -> bool:
        """Take secrets out of a log record of the adapter's."""
        return self.redact.filter(record)

    @property
    def last_call(self) -> str:
        """The call answered last, and its status."""
        return self._last_call()

    def answered(self, call: Callable[[], str], body: bytes = b"") -> None:
        """Remember what was answered last: an adapter that does not understand it raises something without a word of it."""
        self._last_call, self._last_body = call, body

    def log_answer(self) -> None:
        """The last answer into the log, for --debug: as it came, its beginning, secrets gone."""
        LOG.debug("%s: %s: %s", self.label, self.last_call, self.redact.answer(self._last_body) or "no body")

    def close(self) -> None:
        """Close the connections."""
        self._wire.close()

    def send_once(self, prepared: requests.PreparedRequest, limit_s: float) -> requests.Response:
        """One attempt. Raises ``Lost``."""
        return self._wire.exchange(prepared, limit_s)


class Carrying(Carried):
    """Within it adapter calls go through a transport, under a policy."""

    __slots__ = ("_outer", "_policy", "_transport")

    def __init__(self, transport: Transport, policy: Policy) -> None:
        super().__init__(transport)
        self._transport = transport
        self._policy = policy

    def __enter__(self) -> None:
        self._outer, self._transport._policy = self._transport._policy, self._policy
        super().__enter__()

    def __exit__(self, *error: object) -> None:
        super().__exit__()
        self._transport._policy = self._outer
