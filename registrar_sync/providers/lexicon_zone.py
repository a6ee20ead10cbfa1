"""The DnsProvider port over a lexicon adapter: authentication, endpoints and HTTP stay lexicon's; RRsets are ours."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
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
from registrar_sync.ports import Clock, Pace
from registrar_sync.providers.catalog import AccountSettings
from registrar_sync.providers.catalog_model import ProviderSpec
from registrar_sync.providers.pace import AccountPace, limit_of
from registrar_sync.providers.policy import READ, READ_COUNTS_S, HttpDenied, HttpRefused, Policy
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
from registrar_sync.providers.transport import Transport
from registrar_sync.providers.verbs import VerbsZone
from registrar_sync.providers.verbs_lexicon import AdapterFailed
from registrar_sync.providers.verbs_write import VerbsAdapter, write_verbs

# What an adapter may raise when an answer is not what it expects; lexicon checks little.
_STRANGE = (ValueError, KeyError, TypeError, AttributeError, IndexError, OSError)


_LONGEST = 1500  # characters of a message
_LOOK = "Run it again with --debug, which logs the whole answer, secrets taken out, and report it."


class LexiconZone:
    """One account at a certified provider; see ``ports.DnsProvider``. Not for use by two threads at once.

    ``pace``: the account's, where several share it; without it the account's own rate holds for this object.
    """

    def __init__(self, spec: ProviderSpec, account: AccountSettings, clock: Clock, *, pace: Pace | None = None) -> None:
        if spec.tier == "manual" or spec.shape is None:
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
            pace=pace or AccountPace(limit_of(account.rate), clock.monotonic),
            rules=spec.http,
            busy_codes=frozenset(spec.busy_errors),
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
            self._http.slots.reading()
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
            elif self._spec.shape == "record":
                write_records(cast(RecordAdapter, adapter), changes, self._speller(adapter), calls)
            else:
                write_verbs(cast(VerbsAdapter, adapter), changes, self._speller(adapter), calls)

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
        config = _lexicon_config(self._spec, self._account, display(owner) if owner else "")
        adapter: Adapter = _adapter_maker(self._spec, self._account)(config)
        if self._spec.adapter and self._spec.endpoint.attribute and self._account.endpoint:
            setattr(adapter, self._spec.endpoint.attribute, self._account.endpoint.rstrip("/"))
        self._http.confine(*adapter.base_urls)
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
            raise ProviderUnavailable(self._shown(refused.message), hint=refused.hint) from None
        except RegistrarSyncError as error:
            self._make_fit(error)  # zones may be told by their names
            raise
        except AdapterFailed as failed:
            self._raise_if_rejected(failed)
            text = f"{self._strange('lexicon gave up on the answer', failed)}. Nothing was changed."
            raise ProviderUnavailable(text, hint=_LOOK) from failed
        except _STRANGE as error:
            text = f"{self._strange('the answer is not understood', error)}. Nothing was changed."
            raise ProviderUnavailable(text, hint=_LOOK) from error

    @contextmanager
    def _changing(self, policy: Policy) -> Iterator[None]:
        try:
            with self._http.carrying(policy):
                yield
        except (ProviderRefused, CredentialsRejected) as refused:
            self._make_fit(refused)
            if isinstance(refused, HttpRefused | HttpDenied) and refused.after_effect:
                text = f"{refused.message} But an attempt before it got no answer, and may have taken effect."
                raise OutcomeUnknown(text, hint=refused.hint) from None
            self._raise_if_credentials(refused)
            raise
        except RegistrarSyncError:
            raise
        except AdapterFailed as failed:
            raise OutcomeUnknown(self._strange("lexicon gave up during a write", failed), hint=_LOOK) from failed
        except _STRANGE as error:
            raise OutcomeUnknown(self._strange("the answer to a write is not understood", error), hint=_LOOK) from error

    def _strange(self, what: str, error: Exception) -> str:
        """What was met, at which call; the answer itself goes into the log."""
        self._http.log_answer()
        call = f"{self._http.last_call}: " if self._http.last_call else ""
        return f"{self._http.label}: {call}{what} ({self._told(error)})"

    def _shown(self, text: str) -> str:
        """A text into which an adapter may have put a vendor's words."""
        return self._http.redact.foreign(text, _LONGEST)

    def _make_fit(self, error: RegistrarSyncError) -> None:
        error.message, error.hint = self._shown(error.message), self._shown(error.hint)
        error.args = (error.message,)

    def _raise_if_credentials(self, refused: RegistrarSyncError) -> None:
        if isinstance(refused, HttpRefused) and refused.codes.intersection(self._spec.credential_errors):
            raise CredentialsRejected(
                f"{refused.message} The credentials are not accepted.", hint="Check the account's credentials."
            ) from None

    def _raise_if_rejected(self, failed: AdapterFailed) -> None:
        if failed.rejected:
            raise CredentialsRejected(
                f"{self._http.label}: the vendor did not let us in ({self._told(failed)}). Nothing was changed.",
                hint="Check the account's credentials, and that the zone is in this account.",
            ) from failed

    def _told(self, error: BaseException) -> str:
        if isinstance(error, AdapterFailed) and error.__cause__ is not None:
            error = error.__cause__
        return self._http.redact.foreign(f"{type(error).__name__}: {error}")


def _adapter_maker(spec: ProviderSpec, account: AccountSettings) -> Callable[[Any], Any]:
    if spec.adapter is None:
        return partial(VerbsZone, spec, endpoint=account.endpoint)
    module_name, _, class_name = spec.adapter.partition(":")
    try:
        return cast(Callable[[Any], Any], getattr(importlib.import_module(module_name), class_name))
    except ImportError as error:
        raise ConfigInvalid(
            f"{spec.name} needs a package that is not installed ({error}). Nothing was asked of anybody.",
            hint=f"pip install 'dns-lexicon[{spec.extra or spec.lexicon_name}]'",
        ) from error


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
    source: dict[str, Any] = {"provider_name": spec.lexicon_name, "domain": domain, spec.lexicon_name: {**hyphened, **options}}
    return ConfigResolver().with_dict(source)
