"""A stage for one operation: a provider in memory, name servers that serve what it holds, a clock that jumps, a real journal."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from registrar_sync.core.known import PolicyQuestion, Said, SmtpQuestion
from registrar_sync.core.model import Mx, Other, Rdata, Record, RRset, Txt, values_of
from registrar_sync.core.observation import Answer, Delegation, Observation, Server
from registrar_sync.core.service import MailService, ServiceExchange
from registrar_sync.errors import LookupFailed
from registrar_sync.journal import open_journal
from registrar_sync.operations.desk import Request, Setting
from registrar_sync.operations.enrol import enroll, plan
from registrar_sync.operations.inquire import Inquiry
from registrar_sync.operations.recover import recover
from registrar_sync.operations.result import Result
from registrar_sync.operations.rollback import rollback
from registrar_sync.ports import Hoped, Journal
from registrar_sync.providers.memory import MemoryProvider

OWNER = "example.com."

SERVICE = MailService(
    name="security-mail",
    include="includespf.security-mail.net.",
    all_qualifier="~",
    exchanges=(
        ServiceExchange(exchange="france.security-mail.net.", below=3, replace=50),
        ServiceExchange(exchange="europe.security-mail.net.", below=4, replace=10),
    ),
)


def data(*values: Rdata, ttl: int = 300) -> Answer:
    return Answer(status="data", values=frozenset(values), ttl=ttl)


WORLD = {
    ("includespf.security-mail.net.", "TXT"): data(Txt((b"v=spf1 ip4:192.0.2.0/24 -all",))),
    ("france.security-mail.net.", "A"): data(Other("192.0.2.101")),
    ("europe.security-mail.net.", "A"): data(Other("192.0.2.102")),
    ("mailgate.example.com.", "A"): data(Other("192.0.2.5")),
    ("smtp.isp.net.", "A"): data(Other("192.0.2.6")),
}


@dataclass
class Hosts:
    """Policy hosts by domain and mail hosts by name, as a test sets them; all others do not answer."""

    policies: dict[str, Said] = field(default_factory=dict)
    mail: dict[str, Said] = field(default_factory=dict)

    def fetch(self, question: PolicyQuestion) -> Said:
        return self.policies.get(question.domain, Said(status="unknown", text="nobody answers"))

    def would_take(self, question: SmtpQuestion) -> Said:
        return self.mail.get(question.host, Said(status="unknown", text="nobody answers"))


class Nobody(Hosts):
    """Neither a policy host nor a mail host answers."""


class JumpingClock:
    """Sleeping is jumping; every look at it costs a millisecond."""

    def __init__(self) -> None:
        self.elapsed_s = 0.0
        self.start = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)

    def now(self) -> datetime:
        self.elapsed_s += 0.001
        return self.start + timedelta(seconds=self.elapsed_s)

    def monotonic(self) -> float:
        self.elapsed_s += 0.001
        return self.elapsed_s

    def sleep(self, seconds: float) -> None:
        self.elapsed_s += max(0.0, seconds)


@dataclass
class MemoryDns:
    """Name servers over a memory provider, each with what it served ``lag_s`` ago."""

    provider: MemoryProvider
    clock: JumpingClock
    zone: str | None = OWNER
    servers: tuple[Server, ...] = (Server(name="ns1.example.net.", address="192.0.2.53"),)
    lag_s: float = 0.0
    fails: bool = False
    silent: frozenset[str] = frozenset()
    silence: str = "timed out"
    history: list[tuple[float, int, dict[str, RRset | None]]] = field(default_factory=list)
    world: dict[tuple[str, str], Answer] = field(default_factory=lambda: dict(WORLD))
    caches: Callable[[str, Sequence[str]], list[Observation]] = lambda owner, rtypes: []
    asked_caches: list[tuple[float, str, tuple[str, ...]]] = field(default_factory=list)

    def delegation(self, owner: str) -> Delegation:
        if self.fails:
            raise LookupFailed("no resolver answered")
        return Delegation(zone=self.zone, servers=self.servers if self.zone else ())

    def observe(
        self,
        servers: Sequence[Server],
        zone: str,
        owner: str,
        rtypes: Sequence[str],
        *,
        expected: Hoped = None,
        serial: bool = True,
    ) -> list[Observation]:
        now = {t: self.provider.served(owner, t) for t in ("TXT", "MX", "A")}
        if not self.history or self.history[-1][2] != now:
            self.history.append((self.clock.elapsed_s, len(self.history) + 1, now))
        due = [row for row in self.history if row[0] + self.lag_s <= self.clock.elapsed_s] or self.history[:1]
        _, number, rrsets = due[-1]
        return [self._one(server, number if serial else None, rrsets, rtypes) for server in servers]

    def observe_soon(
        self,
        servers: Sequence[Server],
        zone: str,
        owner: str,
        rtypes: Sequence[str],
        done: Callable[[list[Observation]], object],
        *,
        expected: Hoped = None,
        serial: bool = True,
    ) -> None:
        """From another thread, which has ended when this returns."""
        seen = self.observe(servers, zone, owner, rtypes, expected=expected, serial=serial)
        thread = threading.Thread(target=done, args=(seen,))
        thread.start()
        thread.join()

    def ask_recursives(self, owner: str, rtypes: Sequence[str]) -> list[Observation]:
        """What ``caches`` says; who asked what, and when, is kept."""
        self.asked_caches.append((self.clock.elapsed_s, owner, tuple(rtypes)))
        return self.caches(owner, rtypes)

    def look_up(self, name: str, rtype: str) -> Answer:
        """The world beside the zone: the service as it ought to be, and what a test puts in ``world``."""
        return self.world.get((name, rtype), Answer(status="absent"))

    def look_up_soon(self, name: str, rtype: str, done: Callable[[Answer | None], object]) -> None:
        """At once."""
        done(self.look_up(name, rtype))

    def close(self) -> None:
        """It holds nothing."""

    def _one(self, server: Server, serial: int | None, rrsets: dict[str, RRset | None], rtypes: Sequence[str]) -> Observation:
        if server.address in self.silent:
            return Observation(server=server, answers={t: Answer(status="unreachable", detail=self.silence) for t in rtypes})
        answers = {t: self._answer(rrsets.get(t)) for t in rtypes}
        return Observation(server=server, answers=answers, serial=serial, negative_ttl=600)

    def _answer(self, rrset: RRset | None) -> Answer:
        values = values_of(rrset)
        return Answer(status="data", values=values, ttl=rrset.ttl) if rrset and values else Answer(status="absent")


def txt(*values: str, ttl: int = 600) -> RRset:
    records = tuple(Record(rdata=Txt((v.encode(),)), ttl=ttl, native={"id": f"T{n}"}) for n, v in enumerate(values))
    return RRset(owner=OWNER, rtype="TXT", records=records)


def mx(*values: tuple[int, str], ttl: int = 300) -> RRset:
    records = tuple(Record(rdata=Mx(p, e), ttl=ttl, native={"id": f"M{n}"}) for n, (p, e) in enumerate(values))
    return RRset(owner=OWNER, rtype="MX", records=records)


def a(address: str) -> RRset:
    return RRset(owner=OWNER, rtype="A", records=(Record(rdata=Other(address), ttl=300),))


START = (
    txt("google-site-verification=abc", "v=spf1 a ~all"),
    mx((5, "mailgate.example.com."), (40, "smtp.isp.net.")),
    a("192.0.2.1"),
)


class Stage:
    """Everything that an operation on ``example.com`` stands on."""

    def __init__(self, folder: Path, *rrsets: RRset, staged: bool = False) -> None:
        self.clock = JumpingClock()
        self.provider = MemoryProvider({OWNER: rrsets or START}, staged=staged)
        self.dns = MemoryDns(self.provider, self.clock)
        self.hosts = Hosts()
        self.journal: Journal = open_journal(str(folder / "journal.sqlite"), default=folder / "unused", clock=self.clock)
        self.setting = Setting(
            provider="memory",
            account="memory",
            service=SERVICE,
            open_provider=lambda: self.provider,
            resolver=self.dns,
            inquiry=Inquiry(resolver=self.dns, policy_hosts=self.hosts, mail_hosts=self.hosts, clock=self.clock),
            journal=self.journal,
            clock=self.clock,
            staged=staged,
            budget_s=120.0,
        )

    def enroll(self, confirm: Any = None, **request: Any) -> Result:
        return enroll(self.setting, Request(domain=OWNER, **request), confirm)

    def plan(self, **request: Any) -> Result:
        return plan(self.setting, Request(domain=OWNER, **request))

    def rollback(self, **request: Any) -> Result:
        wanted = Request(domain=OWNER, **request)
        return rollback(self.setting, wanted, None, setting_for=lambda change: self.setting)

    def recover(self) -> list[Result]:
        request = Request(domain=OWNER, wait="none")
        return [recover(self.setting, request, change) for change in self.journal.unfinished()]

    def values(self, rtype: str) -> set[str]:
        return {str(value) for value in values_of(self.provider.stored(OWNER, rtype))}

    def states(self) -> list[str]:
        return [change.state for change in reversed(self.journal.changes())]

    def writes(self) -> int:
        return sum(entry.startswith(("write", "publish")) for entry in self.provider.log)

    def is_as_at_the_start(self, *rrsets: RRset) -> bool:
        wanted = {r.rtype: r for r in rrsets or START}
        held = {t: self.provider.stored(OWNER, t) for t in wanted}
        return {t: _plain(r) for t, r in held.items()} == {t: _plain(r) for t, r in wanted.items()}


def _plain(rrset: RRset | None) -> set[Record]:
    return {replace(record, native=None) for record in rrset.records} if rrset else set()
