"""A stage for the weathers of the DNS: the real operations on the small internet, and a provider that writes into its zones."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Sequence
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

import dns.zone

from registrar_sync.cli.exit_codes import of_result
from registrar_sync.cli.render import Printer
from registrar_sync.core.due import Due
from registrar_sync.core.model import Record, RRset, RRsetChange, Txt
from registrar_sync.core.names import display
from registrar_sync.core.txt import quote
from registrar_sync.core.visibility import Role, ServerVerdict
from registrar_sync.journal import open_journal
from registrar_sync.operations.check import check
from registrar_sync.operations.check_wait import check_waiting
from registrar_sync.operations.desk import Request, Setting
from registrar_sync.operations.due import due
from registrar_sync.operations.enrol import enroll, plan
from registrar_sync.operations.inquire import Inquiry
from registrar_sync.operations.result import Result
from registrar_sync.operations.rollback import rollback
from registrar_sync.operations.watch_open import watch_open
from registrar_sync.providers.memory import MemoryProvider
from registrar_sync.resolver import AlsoAsked, DnsResolver
from registrar_sync.resolver.answers import value_of
from registrar_sync.wiring import SystemClock
from tests.integration.internet import Internet
from tests.integration.internet_map import DOMAINS
from tests.unit.stage import SERVICE, Nobody

BUDGET_S = 30.0


class Hoster(MemoryProvider):
    """The account that holds a zone of the small internet. What is written is served when the write returns, by all servers of
    the zone but those that lag; ``first``: by these only. A zone that is not on the map is empty, and nobody serves it."""

    def __init__(self, internet: Internet, zone: str) -> None:
        self._internet, self._name = internet, zone
        self._is_served = any(domain.name == zone for domain in DOMAINS)
        self.first: Sequence[str] | None = None
        super().__init__({zone: _rrsets_of(internet, zone) if self._is_served else []})

    def write(self, changes: Sequence[RRsetChange], *, before_call: Callable[[], None]) -> None:
        """See the port."""
        for change in changes:
            super().write([change], before_call=before_call)
            self.publish_one(change.owner, change.rtype)

    def publish_one(self, owner: str, rtype: str) -> None:
        """The servers serve what is held of one owner and type."""
        if not self._is_served:
            return
        held = self.stored(owner, rtype)
        texts = [_text(record) for record in held.live] if held else []
        self._internet.set_rrset(self._name, owner, rtype, held.ttl if held else 0, *texts, at=self.first)

    def catch_up(self) -> None:
        """The servers that did not serve it yet do so now."""
        self._internet.catch_up(self._name)


class Weather:
    """A domain of the small internet, its hoster, a journal and a resolver, and what an operator does with them.

    ``zone``: of the domain, where it is another name. ``options``: of the resolver.
    """

    def __init__(self, internet: Internet, folder: Path, domain: str, *, zone: str | None = None, **options: Any) -> None:
        self.internet, self.domain = internet, domain
        self.clock = SystemClock()
        self.hoster = Hoster(internet, zone or domain)
        self.resolver = self._resolver(options)
        self.journal = open_journal(str(folder / f"{domain}sqlite"), default=folder / "unused", clock=self.clock)
        self.heard: list[str] = []
        self._then: list[tuple[str, Callable[[], object]]] = []
        self.setting = Setting(
            provider="memory",
            account="hoster",
            service=SERVICE,
            open_provider=lambda: self.hoster,
            resolver=self.resolver,
            inquiry=Inquiry(resolver=self.resolver, policy_hosts=Nobody(), mail_hosts=Nobody(), clock=self.clock),
            journal=self.journal,
            clock=self.clock,
            budget_s=BUDGET_S,
            notify=self._hear,
        )

    def _resolver(self, options: dict[str, Any]) -> DnsResolver:
        usual: dict[str, Any] = {
            "recursives": [self.internet.recursive.endpoint],
            "nameservers": None,
            "port": self.internet.port,
            "timeout_s": 1.0,
            "tries": 3,
            "clock": self.clock,
            "also": AlsoAsked(),
        }
        return DnsResolver(**usual | options)

    def close(self) -> None:
        """Give sockets and the journal back."""
        self.resolver.close()
        self.journal.close()

    # --- what an operator does ----------------------------------------------------------------------------------------
    def plan(self, **request: Any) -> Result:
        return plan(self.setting, Request(domain=self.domain, **request))

    def enroll(self, **request: Any) -> Result:
        return enroll(self.setting, Request(domain=self.domain, **request))

    def rollback(self, **request: Any) -> Result:
        wanted = Request(domain=self.domain, **request)
        return rollback(self.setting, wanted, setting_for=lambda change: self.setting)

    def check(self) -> Result:
        return check(self.setting, Request(domain=self.domain, wait="none"))

    def check_waiting(self, **request: Any) -> Result:
        return check_waiting(self.setting, Request(domain=self.domain, **request))

    def watch(self, **options: Any) -> Result:
        (result,) = watch_open(self.journal, self.clock, lambda account: self.setting, notify=self._hear, **options)
        return result

    def due(self) -> tuple[Due, ...]:
        return due(self.journal, self.clock)

    def states(self, change_id: int | None) -> list[str]:
        """What the journal says of a change, from its start on."""
        assert change_id is not None
        return [event.state for event in self.journal.change(change_id).events]

    # --- while it waits -----------------------------------------------------------------------------------------------
    def when_heard(self, words: str, act: Callable[[], object]) -> None:
        """Act once, as soon as progress says these words."""
        self._then.append((words, act))

    def _hear(self, text: str) -> None:
        self.heard.append(str(text))
        for one in [one for one in self._then if one[0] in text]:
            self._then.remove(one)
            one[1]()


# --- what is seen -----------------------------------------------------------------------------------------------------
def printed(result: Result) -> str:
    """What the command line prints of it, on stdout and stderr."""
    with redirect_stdout(io.StringIO()) as out, redirect_stderr(io.StringIO()) as err:
        Printer(as_json=False).result(result)
    return out.getvalue() + err.getvalue()


def ended(result: Result) -> tuple[str, int, str]:
    """The state, the exit code, and the verdict on all servers."""
    return result.state, of_result(result), result.visibility.verdict if result.visibility else ""


def rows(result: Result, role: Role = "authoritative") -> list[ServerVerdict]:
    return [row for row in result.visibility.servers if row.role == role] if result.visibility else []


def verdicts(result: Result, role: Role = "authoritative") -> dict[str, str]:
    """By the name of the server, the domain's own part of it left out; of a resolver, by its address."""
    return {_short(row.server.name, result.domain): row.verdict for row in rows(result, role)}


def details(result: Result) -> dict[str, str]:
    """As ``verdicts``."""
    return {_short(row.server.name, result.domain): row.detail for row in rows(result)}


def _short(name: str, domain: str) -> str:
    return display(name).removesuffix(f".{display(domain)}")


def findings(result: Result) -> dict[str, tuple[str, str]]:
    return {found.id: (found.severity, found.message) for found in result.findings}


def _rrsets_of(internet: Internet, zone: str) -> Iterable[RRset]:
    """As an API tells a zone: all but the SOA."""
    parsed = dns.zone.from_text(internet.zone(zone).text, zone, relativize=False, check_origin=False)
    return [
        RRset(owner=str(name), rtype=rtype, records=tuple(Record(rdata=value_of(rdata), ttl=rdataset.ttl) for rdata in rdataset))
        for name, rdataset in parsed.iterate_rdatasets()
        if (rtype := rdataset.rdtype.name) != "SOA"
    ]


def _text(record: Record) -> str:
    return quote(record.rdata.strings) if isinstance(record.rdata, Txt) else str(record.rdata)
