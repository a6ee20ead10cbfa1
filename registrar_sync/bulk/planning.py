"""Plan every row of a roster: one account's rows in its threads, with what they share shared, and nothing written."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from registrar_sync.bulk.book import Entry
from registrar_sync.bulk.lanes import Lane, drain
from registrar_sync.bulk.limits import Kept
from registrar_sync.core import names
from registrar_sync.errors import CredentialsMissing, CredentialsRejected, ProviderUnavailable, RegistrarSyncError
from registrar_sync.operations import enrol
from registrar_sync.operations.desk import Setting
from registrar_sync.operations.refusal import refusal
from registrar_sync.operations.request import request_of
from registrar_sync.operations.result import Result

LOG = logging.getLogger(__name__)

_HOPELESS: Mapping[str, type[RegistrarSyncError]] = {one.kind: one for one in (CredentialsRejected, ProviderUnavailable)}
MOST_REJECTED = 5
"""Domains whose credentials are refused one after the other, before any domain was planned, until the account is given up: more
of the same may lock it."""
MOST_SILENT = 20
"""Domains in a row that an account's API gives no usable answer for, until it is given up."""

_NOT_FOR_THE_REQUEST = ("provider", "account", "service", "nameservers", "resolvers")


class OurBug(RegistrarSyncError):
    """A failure that nobody thought of, in one domain: the others go on."""

    kind = "bug"


@dataclass(slots=True)
class Account:
    """One account, as its threads share it. ``setting_of``: by a service's name; raises what makes it unusable. ``held_s``: how
    long the provider asked to leave the account alone, from now, in seconds."""

    name: str
    threads: int
    setting_of: Callable[[str | None], Setting]
    held_s: Callable[[], float] = lambda: 0.0
    _settings: dict[str | None, Setting | RegistrarSyncError] = field(default_factory=dict, init=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False)
    _in_a_row: int = field(default=0, init=False)
    _went_well: bool = field(default=False, init=False)
    _given_up: RegistrarSyncError | None = field(default=None, init=False)

    @property
    def given_up(self) -> RegistrarSyncError | None:
        """Why the account is not asked any more."""
        return self._given_up

    def setting(self, service: str | None) -> Setting | RegistrarSyncError:
        """What an operation stands on here, made once a service; the error where it cannot be had."""
        with self._lock:
            if self._given_up is not None:
                return self._given_up
            if service not in self._settings:
                try:
                    made = self.setting_of(service)
                    self._settings[service] = replace(made, notify=nobody_listens)
                except CredentialsMissing as error:
                    self._settings[service] = self._given_up = error
                except RegistrarSyncError as error:
                    self._settings[service] = error
            return self._settings[service]

    def heard(self, error: RegistrarSyncError | None) -> None:
        """How a domain ended: an account that can only fail is not asked for ever."""
        with self._lock:
            if error is None or error.kind not in _HOPELESS:
                self._in_a_row, self._went_well = 0, True
                return
            self._in_a_row += 1
            rejected = error.kind == CredentialsRejected.kind and not self._went_well
            if self._in_a_row >= (MOST_REJECTED if rejected else MOST_SILENT) and self._given_up is None:
                text = f"Not asked: account {self.name} was given up after {self._in_a_row} failures in a row. {error.message}"
                self._given_up = _HOPELESS[error.kind](text, hint=error.hint)


def nobody_listens(text: str) -> None:
    """Hundreds of waits at once are nothing that a person reads."""


class _Planner:
    """One thread's work: plans over one connection."""

    def __init__(self, account: Account, defaults: Mapping[str, Any]) -> None:
        self._account = account
        self._defaults = defaults
        self._kept: Kept | None = None

    def work(self, entry: Entry) -> Result:
        """The plan of one row; every failure as its result."""
        options = entry.row.over(self._defaults).options
        known = {"provider": None, "account": self._account.name, "service": service_of(options)}
        try:
            setting = self._account.setting(known["service"])
            if isinstance(setting, RegistrarSyncError):
                return refusal("plan", entry.row.domain, setting, **known)
            result = self._plan(setting, entry, options)
        except RegistrarSyncError as error:
            result = refusal("plan", entry.row.domain, error, **known)
        except Exception as error:  # one domain's odd answer must not end the others' run
            LOG.debug("%s", entry.row.domain, exc_info=True)
            result = refusal("plan", entry.row.domain, our_bug(entry.row.domain, entry.account, error), **known)
        self._account.heard(result.error)
        return result

    def _plan(self, setting: Setting, entry: Entry, options: Mapping[str, Any]) -> Result:
        request = request_of(entry.row.domain, **wanted_of(options))
        if self._kept is None:
            self._kept = Kept(setting.open_provider)
        kept = self._kept
        return enrol.plan(replace(setting, open_provider=lambda: kept), request)

    def close(self) -> None:
        """Close the connection."""
        if self._kept is not None:
            self._kept.end()


def plan_rows(
    rows: Mapping[str, Iterator[Entry]], accounts: Callable[[str], Account], defaults: Mapping[str, Any]
) -> Generator[tuple[Entry, Result], None, None]:
    """Plan the rows of each account (name -> its rows), the results as they end."""
    return drain(_lane(accounts(name), entries, defaults) for name, entries in rows.items())


def _lane(account: Account, entries: Iterator[Entry], defaults: Mapping[str, Any]) -> Lane[Entry, Result]:
    return Lane(entries, account.threads, lambda: _Planner(account, defaults))


def service_of(options: Mapping[str, Any]) -> str | None:
    """The service that they name; None: the usual one."""
    service: str | None = options.get("service")
    return service


def wanted_of(options: Mapping[str, Any]) -> dict[str, Any]:
    """The options that are for ``request_of``."""
    return {name: value for name, value in options.items() if name not in _NOT_FOR_THE_REQUEST}


def our_bug(domain: str, account: str, error: Exception) -> OurBug:
    """A failure that nobody thought of, as a known one."""
    command = f"registrar-sync plan {names.display(domain)} --account {account} --debug"
    text = f"A bug of ours: {type(error).__name__}. Nothing was changed."
    return OurBug(text, hint=f"{command} shows where; please report it.")
