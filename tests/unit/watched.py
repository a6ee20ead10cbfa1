"""A world for the watch: many written changes in a real journal, name servers that turn to the new data at a set time, and a
clock that stands still until nobody has anything to do."""

from __future__ import annotations

import functools
import heapq
import itertools
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import insert

from registrar_sync.core.evidence import Change, Images
from registrar_sync.core.model import Mx, Rdata, Record, RRset, Txt, values_of
from registrar_sync.core.observation import Answer, Delegation, Observation, Server
from registrar_sync.core.schedule import Schedule
from registrar_sync.errors import LookupFailed
from registrar_sync.journal import SqlJournal, open_journal
from registrar_sync.journal.rows import change_values, images_to_json
from registrar_sync.journal.schema import change, change_event
from registrar_sync.operations.delegations import Delegations, Told
from registrar_sync.operations.desk import Setting
from registrar_sync.operations.inquire import Inquiry
from registrar_sync.operations.mailbox import Errand, Mailbox
from registrar_sync.operations.watch import Watch
from registrar_sync.operations.watch_gear import Gear
from tests.unit.journals import new_change
from tests.unit.stage import SERVICE, Nobody

START = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
BUDGET_S = 600.0

Values = Mapping[str, frozenset[Rdata]]


class StandingClock:
    """Time passes only when it is told to."""

    def __init__(self) -> None:
        self.elapsed_s = 0.0

    def now(self) -> datetime:
        return START + timedelta(seconds=self.elapsed_s)

    def monotonic(self) -> float:
        return self.elapsed_s

    def sleep(self, seconds: float) -> None:
        self.elapsed_s += seconds


def before_and_after(domain: str, *, ttl: int = 300) -> Images:
    """An enrolment, with the rows of a provider."""
    rows = [Record(rdata=Txt((b"v=spf1 mx ~all",)), ttl=ttl, native={"id": 7, "subDomain": ""})]
    mailgate = Record(rdata=Mx(5, f"mailgate.{domain}"), ttl=ttl, native={"id": 9, "fieldType": "MX"})
    hosts = [Record(rdata=Mx(3, "france.security-mail.net."), ttl=ttl), Record(rdata=Mx(4, "europe.security-mail.net."), ttl=ttl)]
    spf = Record(rdata=Txt((b"v=spf1 mx include:includespf.security-mail.net ~all",)), ttl=ttl)

    def side(txt: list[Record], mx: list[Record]) -> dict[str, RRset | None]:
        return {
            "TXT": RRset(owner=domain, rtype="TXT", records=tuple(txt)),
            "MX": RRset(owner=domain, rtype="MX", records=tuple(mx)),
        }

    return Images(before=side(rows, [mailgate]), after=side([spf], [*hosts, mailgate]))


@functools.cache
def sides_of(domain: str) -> tuple[Values, Values]:
    """The values before and after."""
    images = before_and_after(domain)
    old, new = ({rtype: values_of(rrset) for rtype, rrset in side.items()} for side in (images.before, images.after))
    return old, new


def many_written(journal: SqlJournal, domains: Iterable[str], at: datetime = START, **more: Any) -> list[int]:
    """Enrolments that were written and not looked at, all in one transaction."""
    ids = []
    with journal._database.write() as connection:
        for domain in domains:
            key = connection.execute(
                insert(change).values(**change_values(new_change(domain, **more)), at=at)
            ).inserted_primary_key
            assert key is not None
            ids.append(int(key[0]))
            images = images_to_json(before_and_after(domain))
            wrote = {"wrote": True, "complete": True}
            events = [("intended", {}, images), ("written", wrote, None)]
            rows = [{"change_id": ids[-1], "state": s, "at": at, "detail": d, "images": i} for s, d, i in events]
            connection.execute(insert(change_event), rows)
    return ids


@dataclass
class Look:
    """One question put to the servers, and when."""

    domain: str
    servers: tuple[Server, ...]
    rtypes: tuple[str, ...]
    at: float


@dataclass
class WatchedDns:
    """Name servers by domain (``servers``, else ``usual``), each new from ``new_at`` of (domain, address) or domain on. A dead
    one costs ``dead_s`` a look. ``fails``: domains for which no delegation is found."""

    clock: StandingClock
    usual: tuple[Server, ...] = (
        Server(name="ns1.example.net.", address="192.0.2.53"),
        Server(name="ns2.example.net.", address="192.0.2.54"),
    )
    servers: dict[str, tuple[Server, ...]] = field(default_factory=dict)
    new_at: dict[object, float] = field(default_factory=dict)
    shown: dict[str, Values] = field(default_factory=dict)
    dead: set[str] = field(default_factory=set)
    dead_s: float = 6.0
    rtt_s: float = 0.01
    serial: Callable[[str], int | None] = lambda domain: None
    fails: set[str] = field(default_factory=set)
    looks: list[Look] = field(default_factory=list)
    most_under_way: int = 0
    _replies: list[tuple[float, int, Callable[[], None]]] = field(default_factory=list)
    _number: Any = field(default_factory=itertools.count)

    def delegation(self, owner: str) -> Delegation:
        if owner in self.fails:
            raise LookupFailed("no resolver answered")
        return Delegation(zone=owner, servers=self.servers.get(owner, self.usual))

    def observe_soon(
        self,
        servers: Sequence[Server],
        zone: str,
        owner: str,
        rtypes: Sequence[str],
        done: Callable[[list[Observation]], None],
        *,
        expected: Mapping[str, frozenset[Rdata]] | None = None,
        serial: bool = True,
    ) -> None:
        self.looks.append(Look(owner, tuple(servers), tuple(rtypes), self.clock.elapsed_s))
        seen = [self._answer(server, owner, rtypes, serial=serial) for server in servers]
        takes_s = self.dead_s if any(server.address in self.dead for server in servers) else self.rtt_s
        heapq.heappush(self._replies, (self.clock.elapsed_s + takes_s, next(self._number), lambda: done(seen)))
        self.most_under_way = max(self.most_under_way, len(self._replies))

    def _answer(self, server: Server, owner: str, rtypes: Sequence[str], *, serial: bool) -> Observation:
        if server.address in self.dead:
            silent = Answer(status="unreachable", detail="timed out")
            return Observation(server=server, answers=dict.fromkeys(rtypes, silent))
        at = self.new_at.get((owner, server.address), self.new_at.get(owner, float("inf")))
        old, new = sides_of(owner)
        shown = self.shown.get(owner) or (new if self.clock.elapsed_s >= at else old)
        answers = {rtype: Answer(status="data", values=shown[rtype], ttl=300) for rtype in rtypes}
        return Observation(server=server, answers=answers, serial=self.serial(owner) if serial else None)

    @property
    def next_reply_at(self) -> float:
        return self._replies[0][0] if self._replies else float("inf")

    def reply(self) -> None:
        """Tell what is due by now."""
        while self._replies and self._replies[0][0] <= self.clock.elapsed_s:
            heapq.heappop(self._replies)[2]()


class JumpingMailbox(Mailbox):
    """Waiting is jumping to the next reply, or to the end of the patience. ``meanwhile``: what happens at a set time."""

    def __init__(self, dns: WatchedDns) -> None:
        super().__init__()
        self._dns = dns
        self.meanwhile: list[tuple[float, Callable[[], None]]] = []

    def take(self, patience_s: float) -> list[Errand]:
        found = super().take(0)
        if found:
            return found
        clock = self._dns.clock
        self.meanwhile.sort(key=lambda each: each[0])
        next_at = min(self._dns.next_reply_at, *(at for at, _ in self.meanwhile[:1]), float("inf"))
        clock.elapsed_s = min(max(clock.elapsed_s, next_at), clock.elapsed_s + patience_s)
        while self.meanwhile and self.meanwhile[0][0] <= clock.elapsed_s:
            self.meanwhile.pop(0)[1]()
        self._dns.reply()
        return super().take(0)


class AtOnce(Delegations):
    """No threads."""

    def find(self, resolver: Any, owner: str, told: Told) -> None:
        try:
            told(resolver.delegation(owner))
        except LookupFailed as error:
            told(error)


class WatchStage:
    """A journal, a DNS, a clock, and watches on them."""

    def __init__(self, folder: Path) -> None:
        self.clock = StandingClock()
        self.dns = WatchedDns(self.clock)
        self.journal = open_journal(str(folder / "journal.sqlite"), default=folder / "unused", clock=self.clock)
        self.budget_s = BUDGET_S

    def written(self, *domains: str, **more: Any) -> list[int]:
        return many_written(self.journal, domains, self.clock.now(), **more)

    def setting_for(self, change: Change) -> Setting:
        dns: Any = self.dns
        return Setting(
            provider="memory",
            account="memory",
            service=SERVICE,
            open_provider=_no_provider,
            resolver=dns,
            inquiry=Inquiry(resolver=dns, policy_hosts=Nobody(), mail_hosts=Nobody(), clock=self.clock),
            journal=self.journal,
            clock=self.clock,
            budget_s=self.budget_s,
        )

    def watch(self, **more: Any) -> Watch:
        mailbox = more.pop("mailbox", None) or JumpingMailbox(self.dns)
        gear = Gear(mailbox=mailbox, delegations=AtOnce(), schedule=more.pop("schedule", None) or Schedule())
        given = {"setting_for": self.setting_for} | more
        return Watch(journal=self.journal, clock=self.clock, gear=gear, **given)

    def states(self, change_id: int) -> list[str]:
        return [event.state for event in self.journal.change(change_id).events]


def _no_provider() -> Any:
    raise AssertionError("a watch asks no provider")
