"""The DnsProvider port over a lexicon adapter: authentication, endpoints and HTTP stay lexicon's; RRsets are ours."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, cast

from registrar_sync.core.model import RRsetChange, ZoneView
from registrar_sync.core.names import absolute, ancestors, display
from registrar_sync.errors import (
    ConfigInvalid,
    CredentialsMissing,
    CredentialsRejected,
    OutcomeUnknown,
    ProviderManual,
    ProviderRefused,
    ProviderUnavailable,
    RegistrarSyncError,
)
from registrar_sync.ports import Clock
from registrar_sync.providers.catalog import AccountSettings
from registrar_sync.providers.catalog_model import ProviderSpec
from registrar_sync.providers.policy import READ, READ_COUNTS_S, HttpRefused, Policy
from registrar_sync.providers.rate import RateWindow
from registrar_sync.providers.redaction import Redactor
from registrar_sync.providers.rows import Speller
from registrar_sync.providers.shapes import (
    Adapter,
    Calls,
    RecordAdapter,
    RRsetAdapter,
    StagedAdapter,
    write_records,
    write_rrsets,
)
from registrar_sync.providers.transport import Transport, no_wait

# What an adapter may raise when an answer is not what it expects; lexicon checks little.
_STRANGE = (ValueError, KeyError, TypeError, AttributeError, IndexError, OSError)


class LexiconZone:
    """One account at a certified provider; see ``ports.DnsProvider``. Not for use by two threads at once.

    ``slot``: seconds to wait before the next request, for a rate that several share; without it the account's own rate holds
    for this object.
    """

    def __init__(
        self, spec: ProviderSpec, account: AccountSettings, clock: Clock, *, slot: Callable[[], float] | None = None
    ) -> None:
        if spec.tier != "certified" or spec.adapter is None:
            raise ProviderManual(
                f"{spec.name} cannot be written to by this program: {spec.reason or spec.tier}. Nothing was changed.",
                hint="registrar-sync providers list shows which can.",
            )
        _require_credentials(spec, account)
        self._spec = spec
        self._account = account
        self._clock = clock
        secrets = [account.credentials.get(option, "") for option, credential in spec.credentials.items() if credential.secret]
        self._http = Transport(
            label=spec.name if account.name == spec.name else f"{spec.name} (account {account.name})",
            clock=clock,
            redact=Redactor(secrets),
            call_limit_s=account.call_limit_s,
            slot=slot or (RateWindow(account.rate, clock.monotonic) if account.rate else no_wait),
        )
        self._adapter: Adapter | None = None
        self._zone = ""
        self._entered_at: float | None = None
        self._read_at: float | None = None

    @property
    def staged(self) -> bool:
        """As declared in the catalog."""
        return self._spec.staged

    @property
    def api_calls(self) -> int:
        """HTTP requests made so far."""
        return self._http.api_calls

    def open(self, owner: str, zone: str | None = None) -> str:
        """See the port."""
        with self._asking():
            adapter = self._make_adapter(owner)
            adapter.enter([display(name) for name in ([zone] if zone else ancestors(owner))])
        self._adapter = adapter
        self._zone = absolute(adapter.domain)
        self._entered_at = self._clock.monotonic() if adapter.reads_on_entering else None
        return self._zone

    def read(self, owner: str) -> ZoneView:
        """See the port."""
        adapter = self._opened()
        read_at = self._take_entered_at()
        if read_at is None:
            adapter.forget()
        with self._asking():
            rrsets = self._speller(adapter).rrsets(owner, adapter.rows(owner))
        self._read_at = self._clock.monotonic() if read_at is None else read_at
        return ZoneView(zone=self._zone, owner=owner, rrsets=rrsets, notices=adapter.notices)

    def write(self, changes: Sequence[RRsetChange], *, before_call: Callable[[], None]) -> None:
        """See the port."""
        adapter = self._opened()
        self._entered_at = None
        calls = Calls(http=self._http, read_at=self._read_at, before_call=before_call)
        with self._changing(READ):
            if self._spec.shape == "rrset":
                write_rrsets(cast(RRsetAdapter, adapter), changes, self._speller(adapter), calls)
            else:
                write_records(cast(RecordAdapter, adapter), changes, self._speller(adapter), calls)

    def publish(self, *, before_call: Callable[[], None]) -> None:
        """See the port."""
        if not self.staged:
            return
        with self._changing(Policy(kind="publish", before_call=before_call)):
            cast(StagedAdapter, self._opened()).publish()

    def zones(self) -> list[str]:
        """See the port."""
        with self._asking():
            return sorted(absolute(name) for name in self._make_adapter("").list_zones())

    def close(self) -> None:
        """See the port."""
        self._http.close()

    def _opened(self) -> Adapter:
        if self._adapter is None:
            raise RuntimeError("open() comes before read(), write() and publish()")
        return self._adapter

    def _take_entered_at(self) -> float | None:
        """When opening has fetched the zone: once, and only while that counts as a read."""
        entered_at, self._entered_at = self._entered_at, None
        if entered_at is None or self._clock.monotonic() - entered_at >= READ_COUNTS_S:
            return None
        return entered_at

    def _speller(self, adapter: Adapter) -> Speller:
        return Speller(self._spec.dialect, self._zone, adapter.row)

    def _make_adapter(self, owner: str) -> Adapter:
        module_name, _, class_name = (self._spec.adapter or "").partition(":")
        adapter_class = getattr(importlib.import_module(module_name), class_name)
        adapter: Adapter = adapter_class(_lexicon_config(self._spec, self._account, display(owner) if owner else ""))
        if self._spec.endpoint.attribute and self._account.endpoint:
            setattr(adapter, self._spec.endpoint.attribute, self._account.endpoint.rstrip("/"))
        self._http.confine(adapter.base_url)
        adapter.now = self._clock.monotonic
        return adapter

    @contextmanager
    def _asking(self) -> Iterator[None]:
        """Adapter calls that only read: whatever goes wrong is a failed read, never an empty zone."""
        try:
            with self._http.carrying():
                yield
        except ProviderRefused as refused:
            self._raise_if_credentials(refused)
            raise ProviderUnavailable(refused.message, hint=refused.hint) from None
        except RegistrarSyncError:
            raise
        except _STRANGE as error:
            text = f"{self._http.label}: the answer is not understood ({self._told(error)}). Nothing was changed."
            raise ProviderUnavailable(text) from error

    @contextmanager
    def _changing(self, policy: Policy) -> Iterator[None]:
        try:
            with self._http.carrying(policy):
                yield
        except ProviderRefused as refused:
            self._raise_if_credentials(refused)
            raise
        except RegistrarSyncError:
            raise
        except _STRANGE as error:
            text = f"{self._http.label}: the answer to a write is not understood ({self._told(error)})"
            raise OutcomeUnknown(text) from error

    def _raise_if_credentials(self, refused: ProviderRefused) -> None:
        if isinstance(refused, HttpRefused) and refused.codes.intersection(self._spec.credential_errors):
            raise CredentialsRejected(
                f"{refused.message} The credentials are not accepted.", hint="Check the account's credentials."
            ) from None

    def _told(self, error: Exception) -> str:
        return self._http.redact.foreign(f"{type(error).__name__}: {error}")


def _require_credentials(spec: ProviderSpec, account: AccountSettings) -> None:
    options = _options(spec, account)
    for option, credential in spec.credentials.items():
        if credential.choices and options.get(option, "") not in credential.choices:
            raise ConfigInvalid(
                f"Account {account.name}: {option} is none of {', '.join(credential.choices)}. Nothing was changed.",
                hint=f"Correct {option}.",
            )
    missing = [option for option, credential in spec.credentials.items() if credential.required and not options.get(option)]
    if missing:
        raise CredentialsMissing(
            f"Account {account.name} ({spec.name}) lacks credentials: {', '.join(missing)}. Nothing was changed.",
            hint=f"registrar-sync providers show {spec.name} tells what each is.",
        )


def _options(spec: ProviderSpec, account: AccountSettings) -> dict[str, str]:
    """The adapter's options: defaults, credentials, and the endpoint where it is an option."""
    defaults = {option: c.default for option, c in spec.credentials.items() if c.default is not None}
    fixed = {option: default for option, default in defaults.items() if spec.credentials[option].fixed}
    options = {**defaults, **account.credentials, **fixed}
    if spec.endpoint.option and account.endpoint:
        options[spec.endpoint.option] = account.endpoint
    return options


def _lexicon_config(spec: ProviderSpec, account: AccountSettings, domain: str) -> Any:
    """A resolver with one source. A plain dict would make lexicon read the environment and the working directory."""
    from lexicon.config import ConfigResolver  # noqa: PLC0415 - 160 ms that only an opened account pays for

    options = _options(spec, account)
    # lexicon reads some options by their command-line spelling (powerdns: "pdns-disable-notify").
    hyphened = {option.replace("_", "-"): value for option, value in options.items()}
    source: Mapping[str, Any] = {"provider_name": spec.lexicon_name, "domain": domain, spec.lexicon_name: {**hyphened, **options}}
    return ConfigResolver().with_dict(dict(source))
