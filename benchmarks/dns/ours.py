"""Our way: the resolver's ``observe_soon`` with what is expected, and the core's verdict on each domain."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial

from benchmarks.dns.child import Count, Outcome, Task, measured
from benchmarks.dns.estate import TYPES, Domain, Estate
from registrar_sync.core import visibility
from registrar_sync.core.observation import Observation, Server
from registrar_sync.resolver import DnsResolver
from registrar_sync.wiring import SystemClock


class Judged:
    """Counts verdicts as the answers come in; all is said when ``over`` is set."""

    def __init__(self, domains: int) -> None:
        self.obtained = self.right = 0
        self.over = threading.Event()
        self._left = domains
        self._now = datetime.now(UTC)

    def seen(self, domain: Domain, observations: Sequence[Observation]) -> None:
        """What every server of a domain answered. Called from one thread only."""
        verdicts = visibility.judge(observations, domain.target, now=self._now, gate=None)
        self.right += all(row.verdict == domain.word for row in verdicts)
        self.obtained += sum(answer.status != "unreachable" for one in observations for answer in one.answers.values())
        self._left -= 1
        if not self._left:
            self.over.set()


def ask(task: Task) -> Outcome:
    """All questions at once; the engine paces them."""
    domains = Estate(task.zones).domains(task.most)
    servers = [Server(name=f"ns{number}.example.", address=a, port=p) for number, (a, p) in enumerate(task.places, 1)]
    resolver = DnsResolver(recursives=[], nameservers=None, clock=SystemClock())
    try:
        return measured(lambda: _ask(resolver, domains, servers))
    finally:
        resolver.close()


def _ask(resolver: DnsResolver, domains: Sequence[Domain], servers: Sequence[Server]) -> Count:
    judged = Judged(len(domains))
    for one in domains:
        done = partial(judged.seen, one)
        resolver.observe_soon(servers, one.name, one.name, TYPES, done, expected=one.expected, serial=False)
    judged.over.wait()
    asked = len(domains) * len(servers) * len(TYPES)
    return Count(asked=asked, obtained=judged.obtained, domains=len(domains), right=judged.right)
