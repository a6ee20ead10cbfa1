"""Many domains on one ``World``: where rosters, accounts and operations are joined."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Iterable, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any, BinaryIO

from registrar_sync.bulk.book import Entry
from registrar_sync.bulk.planning import Account, plan_rows
from registrar_sync.bulk.roster import Checked, Located, Roster
from registrar_sync.choice import choose
from registrar_sync.core.evidence import Change
from registrar_sync.core.roster import Fault, told
from registrar_sync.core.run_estimate import Load, calls_of
from registrar_sync.dns_port import Resolver
from registrar_sync.errors import UsageError
from registrar_sync.operations.desk import Setting
from registrar_sync.operations.request import request_of
from registrar_sync.operations.result import Result
from registrar_sync.wiring import DEFAULT_SERVICE, Asked, World

if TYPE_CHECKING:
    from registrar_sync.providers.catalog import Account as Configured

_WHO = ("provider", "account", "service")


class Many:
    """Checks a roster and plans its domains.

    ``defaults``: the options of ``Client.plan`` that hold where a row says nothing; ``nameservers`` and ``resolvers`` hold for
    every row. Raises ``UsageError`` for what cannot be meant.
    """

    def __init__(
        self, world: World, defaults: Mapping[str, Any], *, nameservers: Iterable[str] = (), resolvers: Iterable[str] = ()
    ) -> None:
        self._world = world
        self._asked = Asked(nameservers=tuple(nameservers), resolvers=tuple(resolvers))
        accept = tuple(sorted(set(defaults.get("accept") or ())))
        self.defaults = {**defaults, "accept": accept, "service": defaults.get("service") or DEFAULT_SERVICE}
        self._lock = threading.Lock()  # a World is made ready by one thread at a time
        self._names_in = lru_cache(maxsize=4096)(self._place)
        self._refuse_defaults()

    def check(self, stream: BinaryIO, name: str, *, hear: Callable[[Located], object] = lambda located: None) -> Checked:
        """Read a roster whole; ``hear`` is called with each fault. Nobody is asked anything. Raises ``RosterInvalid``."""
        return Roster(defaults=self.defaults, place=self._placed, hear=hear).check(stream, name)

    def plan(self, checked: Checked) -> Generator[tuple[Entry, Result], None, None]:
        """Plan each row that was right, side by side inside the accounts' limits: the results as they end. Nothing is written."""
        rows = {name: checked.book.rows_of(name) for name in checked.book.accounts()}
        return plan_rows(rows, self.account, self.defaults)

    # --- names ----------------------------------------------------------------------------------------------------------------
    def _refuse_defaults(self) -> None:
        wanted = {name: value for name, value in self.defaults.items() if name not in (*_WHO, "zone")}
        if wanted.get("set_all") and not wanted.get("all"):
            wanted["all"] = "fail"  # the rows may say which
        request_of(self.defaults.get("zone") or "example.com", **wanted)
        if self.defaults.get("provider") or self.defaults.get("account"):
            self._account_name(self.defaults.get("provider"), self.defaults.get("account"))
        self._world.service(self.defaults.get("service"))
        if self._asked.nameservers or self._asked.resolvers:
            self._world.resolver(self._asked, None)

    def _placed(self, options: Mapping[str, Any]) -> tuple[str, tuple[Fault, ...]]:
        return self._names_in(*(options.get(name) for name in _WHO))

    def _place(self, provider: str | None, account: str | None, service: str | None) -> tuple[str, tuple[Fault, ...]]:
        found, name = [], ""
        try:
            name = self._account_name(provider, account)
        except UsageError as error:
            found.append(Fault("account" if account else "provider", told(error)))
        try:
            self._world.service(service)
        except UsageError as error:
            found.append(Fault("service", told(error)))
        return name, tuple(found)

    def _account_name(self, provider: str | None, account: str | None) -> str:
        return choose(self._world.catalog, provider, account, domain=None, resolver=_nobody).account.name

    # --- accounts -------------------------------------------------------------------------------------------------------------
    def account(self, name: str, *, read_only: bool = True) -> Account:
        """The account of this name, as the threads that work on it share it."""
        chosen = self._world.catalog.account(name)
        self._share_pace(chosen, with_others=not read_only)
        pace = self._world.paces[chosen.name]
        return Account(name, chosen.concurrency, lambda service: self._setting(name, service, read_only=read_only), pace.held)

    def load(self, name: str, rows: int) -> Load:
        """So many rows of an account, for an estimate."""
        from registrar_sync.providers.pace import limit_of  # noqa: PLC0415 - kept beside its only use

        chosen = self._world.catalog.account(name)
        calls = calls_of(chosen.provider.shape, chosen.provider.calls_a_domain)
        return Load(account=name, rows=rows, calls=calls, limit=limit_of(chosen.rate), lanes=chosen.concurrency)

    def _share_pace(self, account: Configured, *, with_others: bool) -> None:
        """One pace for all threads that work on the account; ``with_others``: and for all processes that share the journal."""
        from registrar_sync.providers.pace import AccountPace, limit_of  # noqa: PLC0415 - kept beside their only use

        with self._lock:
            if account.name in self._world.paces:
                return
            limit, world = limit_of(account.rate), self._world
            kept = world.journal.pace(account.name, limit) if with_others else AccountPace(limit, world.clock.monotonic)
            world.paces[account.name] = kept

    def _setting(self, account: str, service: str | None, *, read_only: bool) -> Setting:
        with self._lock:
            wanted = self._world.service(service)
            return self._world.setting(provider=None, account=account, service=wanted, asked=self._asked, read_only=read_only)

    def setting_for(self, change: Change) -> Setting:
        """What a change was made on. Raises what makes it unusable."""
        with self._lock:
            return self._world.setting_for(change, self._asked)

    def looking_at(self, account: str, service: str | None = None) -> Setting:
        """What a look at an account's domains stands on: no credentials."""
        with self._lock:
            return self._world.looking(provider=None, account=account, service=self._world.service(service), asked=self._asked)


def _nobody() -> Resolver:
    raise AssertionError("a roster is checked without asking anybody")
