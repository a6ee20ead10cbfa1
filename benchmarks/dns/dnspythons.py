"""dnspython's ways: one question after the other, 32 threads, and asyncio with as many questions under way.

Each worker keeps its sockets, which is quicker than dnspython's habit of one a question. An answer is compared with what is
expected as dnspython's own Rdataset: the least that leads to a verdict.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import dns.asyncbackend
import dns.asyncquery
import dns.exception
import dns.message
import dns.name
import dns.query
import dns.rdataset
import dns.rdatatype

from benchmarks.dns.child import Count, Outcome, Task, measured
from benchmarks.dns.estate import GOOD, SERVED, TYPES, Domain, Estate

WORKERS = 32
TIMEOUT_S = 2.0

Place = tuple[str, int]
Said = bool | None  # whether it is as expected; None: no answer


@dataclass(frozen=True, slots=True)
class Asking:
    """One question to one server, and the expected answer."""

    domain: int
    name: dns.name.Name
    rtype: str
    place: Place
    expected: dns.rdataset.Rdataset

    def query(self) -> dns.message.Message:
        """The same message as ours: EDNS with 1232 octets, RD=0."""
        return dns.message.make_query(self.name, self.rtype, use_edns=0, payload=1232, flags=0)

    def read(self, response: dns.message.Message) -> bool:
        """Whether it is as expected."""
        rtype = self.expected.rdtype
        found = next((one for one in response.answer if one.rdtype == rtype and one.name == self.name), None)
        return found is not None and self.expected == found.to_rdataset()


def askings(domains: Sequence[Domain], places: Sequence[Place]) -> list[Asking]:
    """Every question, domain by domain."""
    return [
        Asking(number, dns.name.from_text(domain.name), rtype, place, _expected(domain, rtype))
        for number, domain in enumerate(domains)
        for place in places
        for rtype in TYPES
    ]


def _expected(domain: Domain, rtype: str) -> dns.rdataset.Rdataset:
    good = SERVED[GOOD]
    texts = [f'"{text}"' for text in good.texts] if rtype == "TXT" else [f"{number} {host}" for number, host in good.mx]
    return dns.rdataset.from_text_list("IN", rtype, 300, texts, origin=dns.name.from_text(domain.name), relativize=False)


def ask(task: Task) -> Outcome:
    """The questions of a task, in its way."""
    domains = Estate(task.zones).domains(task.most)
    wanted = askings(domains, task.places)
    return measured(lambda: _count(domains, wanted, _WAYS[task.way](wanted)))


def _count(domains: Sequence[Domain], wanted: Sequence[Asking], said: Sequence[Said]) -> Count:
    """A domain is as wanted where every server's every answer is."""
    new = [True] * len(domains)
    whole = [True] * len(domains)
    for asking, answer in zip(wanted, said, strict=True):
        new[asking.domain] &= answer is True
        whole[asking.domain] &= answer is not None
    right = sum(w and n == (domain.kind == GOOD) for domain, n, w in zip(domains, new, whole, strict=True))
    obtained = sum(answer is not None for answer in said)
    return Count(asked=len(wanted), obtained=obtained, domains=len(domains), right=right)


# --- one after the other, and threads ---------------------------------------------------------------------------------
def _in_turn(wanted: Sequence[Asking]) -> list[Said]:
    with ExitStack() as stack:
        sockets = {place: stack.enter_context(_connected(place)) for place in {asking.place for asking in wanted}}
        return [_one(asking, sockets[asking.place]) for asking in wanted]


def _connected(place: Place) -> socket.socket:
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    made.setblocking(False)
    made.bind(("127.0.0.1", 0))
    return made


def _one(asking: Asking, sock: socket.socket) -> Said:
    address, port = asking.place
    try:
        return asking.read(dns.query.udp(asking.query(), address, TIMEOUT_S, port, sock=sock, ignore_unexpected=True))
    except dns.exception.DNSException:
        return None


def _threads(wanted: Sequence[Asking]) -> list[Said]:
    shares = [wanted[start::WORKERS] for start in range(WORKERS)]
    with ThreadPoolExecutor(WORKERS) as pool:
        return _in_order(list(pool.map(_in_turn, shares)), len(wanted))


def _in_order(shares: Sequence[Sequence[Said]], count: int) -> list[Said]:
    """The answers in the order of the questions, of which each worker had every 32nd."""
    said: list[Said] = [None] * count
    for start, share in enumerate(shares):
        said[start::WORKERS] = share
    return said


# --- asyncio ----------------------------------------------------------------------------------------------------------
def _asyncio(wanted: Sequence[Asking]) -> list[Said]:
    return asyncio.run(_all(wanted))


async def _all(wanted: Sequence[Asking]) -> list[Said]:
    said: list[Said] = [None] * len(wanted)
    numbers = iter(range(len(wanted)))
    await asyncio.gather(*(_worker(wanted, said, numbers) for _ in range(WORKERS)))
    return said


async def _worker(wanted: Sequence[Asking], said: list[Said], numbers: Iterator[int]) -> None:
    backend: Any = dns.asyncbackend.get_backend("asyncio")
    sock = await backend.make_socket(socket.AF_INET, socket.SOCK_DGRAM, 0, ("127.0.0.1", 0))
    async with sock:
        for number in numbers:
            said[number] = await _one_async(wanted[number], sock)


async def _one_async(asking: Asking, sock: Any) -> Said:
    address, port = asking.place
    try:
        response = await dns.asyncquery.udp(asking.query(), address, TIMEOUT_S, port, sock=sock, ignore_unexpected=True)
    except dns.exception.DNSException:
        return None
    return asking.read(response)


_WAYS: Mapping[str, Callable[[Sequence[Asking]], list[Said]]] = {"sync": _in_turn, "threads": _threads, "asyncio": _asyncio}
