"""The query engine against servers on loopback that lose, forge, flood, stall and trickle. Every question comes to an end."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import gc
import os
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import dns.flags
import dns.message
import dns.rcode
import dns.rrset
import pytest

from registrar_sync.core.model import Mx, Rdata, Txt
from registrar_sync.core.observation import Observation, Server
from registrar_sync.core.visibility import NO_ROUTE
from registrar_sync.resolver import DnsResolver
from registrar_sync.resolver.exchange import Unanswered
from registrar_sync.resolver.loop import EngineLoop
from tests.integration.nameserver import Behaviour, NameServer, Transport
from tests.integration.test_resolver import MX_VALUES, TXT_VALUES, ZONE, RealClock, at, fill

Reply = Callable[[bytes, int], list[bytes]]
"""What to send back for a datagram, and for which time it came (1, 2, ...)."""


class Udp:
    """A server over UDP alone (its TCP port is closed), with a function of the test's own for a brain."""

    def __init__(self, reply: Reply, address: str = "127.0.0.1") -> None:
        self.reply = reply
        self.address = address
        self.asked: Counter[bytes] = Counter()
        self.clients: list[tuple[str, int]] = []
        self.questions: set[tuple[int, bytes]] = set()  # port and id
        self._stop = threading.Event()

    def __enter__(self) -> Self:
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 21)
        self.socket.bind((self.address, 0))
        self.socket.settimeout(0.02)
        self.port = self.socket.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._stop.set()
        self._thread.join()
        self.socket.close()

    def _serve(self) -> None:
        while not self._stop.is_set():
            with contextlib.suppress(TimeoutError):
                wire, client = self.socket.recvfrom(4096)
                self.clients.append(client)
                self.questions.add((client[1], wire[:2]))
                self.asked[wire] += 1
                for reply in self.reply(wire, self.asked[wire]):
                    self.socket.sendto(reply, client)

    @property
    def server(self) -> Server:
        return Server(name="ns1.example.com.", address=self.address, port=self.port)


def answer(wire: bytes, *, flags: int = 0x8400, text: str = "v=spf1 mx ~all") -> bytes:
    query = dns.message.from_wire(wire)
    reply = dns.message.make_response(query)
    reply.flags = dns.flags.Flag(flags)
    reply.answer.append(dns.rrset.from_text(query.question[0].name, 300, "IN", "TXT", f'"{text}"'))
    return reply.to_wire()


def honest(wire: bytes, time: int) -> list[bytes]:
    return [answer(wire)]


def silent(wire: bytes, time: int) -> list[bytes]:
    return []


@pytest.fixture
def loop() -> Iterator[EngineLoop]:
    made = EngineLoop(timeout_s=1.0, tries=3)
    yield made
    made.close()


def said(message: dns.message.Message) -> list[str]:
    return [rdata.to_text() for rrset in message.answer for rdata in rrset]


SPF = ['"v=spf1 mx ~all"']


async def ask_all(loop: EngineLoop, server: Server, count: int) -> list[str]:
    """``count`` questions at once; what came of each: "answered" or why not."""

    async def one(number: int) -> str:
        wire, why = await loop.engine.ask_one(server.address, server.port, f"a{number}.example.com.", "TXT")
        return why if wire is None else "answered"

    return await asyncio.gather(*map(one, range(count)))


# --- loss and silence -------------------------------------------------------------------------------------------------
def test_an_answer_to_the_first_datagram_counts_though_a_second_was_sent(loop: EngineLoop) -> None:
    held: list[bytes] = []

    def late(wire: bytes, time: int) -> list[bytes]:
        held.append(wire)
        return [answer(held[0])] if time == 2 else []

    with Udp(late) as server:
        assert said(loop.ask(server.server, ZONE, "TXT")) == SPF
    assert len(set(held)) == 1, "the same question again: whoever guesses its id has no more to aim at"


def test_every_question_is_answered_though_a_fifth_of_the_datagrams_is_lost(loop: EngineLoop) -> None:
    with Lossy() as server:
        results = loop.run(ask_all(loop, at(server), 400))
    assert results == ["answered"] * 400
    assert server.lost > 40


class Lossy(NameServer):
    """Loses every fifth datagram that comes in."""

    lost = 0
    seen = 0

    def _udp_replies(self, query: dns.message.Message) -> Iterator[tuple[bytes, bool]]:
        self.seen += 1
        if self.seen % 5:
            yield from super()._udp_replies(query)
        else:
            self.lost += 1


def test_a_server_without_tcp_is_asked_on_by_udp_while_there_is_time(loop: EngineLoop) -> None:
    def deaf(wire: bytes, time: int) -> list[bytes]:
        return [answer(wire)] if time > 3 or b"first" in wire else []

    with Udp(deaf) as server:
        loop.ask(server.server, "first.example.com.", "TXT")
        assert said(loop.ask(server.server, ZONE, "TXT")) == SPF


def test_a_dead_server_does_not_hold_what_is_asked_of_others(loop: EngineLoop) -> None:
    async def both(dead: Server, alive: Server) -> tuple[list[str], bool]:
        waiting = asyncio.ensure_future(ask_all(loop, dead, 300))
        answered = await ask_all(loop, alive, 300)
        ended = waiting.done()
        waiting.cancel()
        return answered, ended

    with Udp(silent) as dead, Udp(honest) as alive:
        answered, dead_ended = loop.run(both(dead.server, alive.server))
    assert answered == ["answered"] * 300
    assert not dead_ended


def test_a_dead_server_is_not_asked_all_that_waits_for_it() -> None:
    with contextlib.closing(EngineLoop(timeout_s=0.2, tries=2)) as loop, NameServer(default="drop") as dead:
        results = loop.run(ask_all(loop, at(dead), 3000))
        assert all(result.startswith("no answer") for result in results), Counter(results)
        assert len({question.name for question in dead.asked}) < 300
        dead.default = "answer"
        dead.records["a1.example.com.", "TXT"] = (60, SPF)
        assert said(loop.ask(at(dead), "a1.example.com.", "TXT")) == SPF, "and asked again when it is asked anew"


def test_a_server_has_only_so_many_questions_under_way_until_it_answers(loop: EngineLoop) -> None:
    with Udp(silent) as server:
        loop.run(ask_for_a_moment(loop, server.server, 500))
        assert 1 < len(server.asked) < 100
    with Udp(honest) as server:
        assert loop.run(ask_all(loop, server.server, 500)) == ["answered"] * 500
        assert len(server.asked) == 500


async def ask_for_a_moment(loop: EngineLoop, server: Server, count: int) -> None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(0.3):
            await ask_all(loop, server, count)


def test_a_question_that_nobody_waits_for_any_more_gives_its_place_back(loop: EngineLoop) -> None:
    with Udp(silent) as server:
        loop.run(ask_for_a_moment(loop, server.server, 500))
        server.reply = honest
        assert loop.run(ask_all(loop, server.server, 500)) == ["answered"] * 500


def test_a_question_ends_within_the_time_it_was_given(loop: EngineLoop) -> None:
    with Udp(silent) as server:
        for limit_s in (0.05, 0.0, -1.0):
            with pytest.raises(Unanswered, match="no answer in time"):
                loop.ask(server.server, ZONE, "TXT", limit_s=limit_s)


# --- forgery and floods -----------------------------------------------------------------------------------------------
def forgeries(wire: bytes) -> list[bytes]:
    """All that is not the answer to this question."""
    lie = answer(wire, text="v=spf1 +all")
    other_name = answer(wire[:13] + b"f" + wire[14:], text="v=spf1 +all")
    return [
        bytes([lie[0] ^ 1]) + lie[1:],
        lie[:2] + b"\x04" + lie[3:],  # a question
        lie[:2] + b"\x8c" + lie[3:],  # another opcode
        other_name,
        lie[:4] + b"\x00\x02" + lie[6:],  # two questions
        lie[:12],
        lie[:5],
        b"",
        wire,
    ]


def test_forged_answers_are_passed_over_and_the_true_one_taken(loop: EngineLoop) -> None:
    with Udp(lambda wire, time: [*forgeries(wire), answer(wire)]) as server:
        assert said(loop.ask(server.server, ZONE, "TXT")) == SPF
        assert sum(server.asked.values()) == 1, "none of them cost the question its try"


@pytest.mark.parametrize("stranger", ["127.0.0.99", "127.0.0.1"])
def test_the_right_answer_from_the_wrong_place_is_forged(loop: EngineLoop, stranger: str) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind((stranger, 0))

        def reply(wire: bytes, time: int) -> list[bytes]:
            other.sendto(answer(wire, text="v=spf1 +all"), server.clients[-1])
            return [answer(wire)]

        with Udp(reply) as server:
            assert said(loop.ask(server.server, ZONE, "TXT")) == SPF


def test_one_server_cannot_answer_for_another(loop: EngineLoop) -> None:
    with Udp(silent) as asked, Udp(silent, address="127.0.0.98") as liar:

        async def both() -> tuple[bytes | None, str]:
            lying = asyncio.ensure_future(loop.engine.ask_one(liar.address, liar.port, ZONE, "TXT"))
            asking = asyncio.ensure_future(loop.engine.ask_one(asked.address, asked.port, ZONE, "TXT"))
            while not asked.clients:
                await asyncio.sleep(0.01)
            liar.socket.sendto(answer(next(iter(asked.asked)), text="v=spf1 +all"), asked.clients[0])
            told = await asking
            lying.cancel()
            return told

        wire, why = loop.run(both())
    assert wire is None
    assert why.startswith("no answer by UDP; TCP: connection refused")


def test_a_flood_neither_starves_others_nor_holds_its_own_question(loop: EngineLoop) -> None:
    stop = threading.Event()
    with Flooding(stop) as flooding, Udp(honest) as other:
        flooding.records[ZONE, "TXT"] = (60, SPF)
        try:
            assert said(loop.ask(at(flooding), ZONE, "TXT")) == SPF
            assert loop.run(ask_all(loop, other.server, 200)) == ["answered"] * 200
            assert said(loop.ask(at(flooding), ZONE, "TXT")) == SPF
        finally:
            stop.set()
    assert flooding.asked_for(ZONE, "TXT") == ["udp", "tcp"] * 2


class Flooding(NameServer):
    """For each question by UDP a flood of forged answers that does not end."""

    def __init__(self, stop: threading.Event) -> None:
        super().__init__()
        self.stop = stop

    def _send_udp(self, reply: bytes, client: tuple[str, int], *, stranger: bool) -> None:
        def flood() -> None:
            number = 0
            while not self.stop.is_set():
                number = (number + 1) % 65536
                guess = number.to_bytes(2, "big")
                if guess != reply[:2]:
                    self._udp.sendto(guess + reply[2:], client)

        flooding = threading.Thread(target=flood, daemon=True)
        flooding.start()
        self._threads.append(flooding)


def test_answers_that_come_twice_are_no_flood(loop: EngineLoop) -> None:
    """A server that was slow for a moment answers the repeated questions too."""
    with Udp(lambda wire, time: [answer(wire)] * 2) as server:
        assert loop.run(ask_all(loop, server.server, 2000)) == ["answered"] * 2000, "its TCP port is closed"


# --- odd servers ------------------------------------------------------------------------------------------------------
def test_formerr_without_the_question_means_a_server_older_than_edns(loop: EngineLoop) -> None:
    with Udp(lambda wire, time: [wire[:2] + b"\x80\x01" + bytes(8)] if wire[11] else [answer(wire)]) as server:
        assert said(loop.ask(server.server, ZONE, "TXT")) == SPF
        assert sorted(wire[11] for wire in server.asked) == [0, 1]


def test_formerr_again_and_again_is_told(loop: EngineLoop) -> None:
    with Udp(lambda wire, time: [wire[:2] + b"\x80\x01" + bytes(8)]) as server:
        assert loop.ask(server.server, ZONE, "TXT").rcode() == dns.rcode.FORMERR
        assert sum(server.asked.values()) == 2


@pytest.mark.parametrize("rcode", [2, 4, 5])
def test_a_refusal_without_the_question_is_a_refusal(loop: EngineLoop, rcode: int) -> None:
    with Udp(lambda wire, time: [wire[:2] + bytes([0x80, rcode]) + bytes(8)]) as server:
        assert loop.ask(server.server, ZONE, "TXT").rcode() == rcode


def test_a_server_may_echo_the_question_in_capitals(loop: EngineLoop) -> None:
    with Udp(lambda wire, time: [(reply := answer(wire))[:12] + reply[12:25].upper() + reply[25:]]) as server:
        assert said(loop.ask(server.server, ZONE, "TXT")) == SPF


def test_garbled_by_udp_is_asked_by_tcp(loop: EngineLoop) -> None:
    with Garbling() as server:
        server.records[ZONE, "TXT"] = (60, SPF)
        assert said(loop.ask(at(server), ZONE, "TXT")) == SPF
    assert server.asked_for(ZONE, "TXT") == ["udp", "tcp"]


class Garbling(NameServer):
    """By UDP the last octet is missing."""

    def _send_udp(self, reply: bytes, client: tuple[str, int], *, stranger: bool) -> None:
        super()._send_udp(reply[:-1], client, stranger=stranger)


@pytest.mark.parametrize(
    ("reply", "why"),
    [
        (lambda wire: answer(wire, flags=0x8600), "its answer does not fit UDP; TCP: connection refused"),
        (lambda wire: answer(wire)[:-1], "its answer by UDP is garbled; TCP: connection refused"),
    ],
)
def test_why_it_went_by_tcp_is_told(loop: EngineLoop, reply: Callable[[bytes], bytes], why: str) -> None:
    with Udp(lambda wire, time: [reply(wire)]) as server, pytest.raises(Unanswered) as error:
        loop.ask(server.server, ZONE, "TXT")
    assert str(error.value) == why


@contextlib.contextmanager
def tcp_server(serve: Callable[[socket.socket, threading.Event], None]) -> Iterator[Server]:
    """TCP alone; ``serve`` has each connection to itself."""
    stop = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listening, ThreadPoolExecutor(8) as pool:
        listening.settimeout(0.02)

        def one(connection: socket.socket) -> None:
            with connection, contextlib.suppress(OSError):
                serve(connection, stop)

        def accept() -> None:
            while not stop.is_set():
                with contextlib.suppress(TimeoutError):
                    pool.submit(one, listening.accept()[0])

        pool.submit(accept)
        try:
            yield Server(name="ns1.example.com.", address="127.0.0.1", port=listening.getsockname()[1])
        finally:
            stop.set()


def trickle(connection: socket.socket, stop: threading.Event) -> None:
    """64 KB are promised, and come octet by octet."""
    connection.sendall(b"\xff\xff")
    while not stop.wait(0.01):
        connection.sendall(b"x")


def hang_up(connection: socket.socket, stop: threading.Event) -> None:
    connection.recv(512)


def stall(connection: socket.socket, stop: threading.Event) -> None:
    stop.wait()


@pytest.mark.parametrize(
    ("serve", "why"),
    [
        (trickle, "no answer by UDP or TCP within 0.2 s a try"),
        (stall, "no answer by UDP or TCP within 0.2 s a try"),
        (hang_up, "no answer by UDP; TCP: it closed the connection"),
    ],
)
def test_a_connection_that_brings_no_answer_ends(serve: Callable[[socket.socket, threading.Event], None], why: str) -> None:
    with (
        contextlib.closing(EngineLoop(timeout_s=0.2, tries=2)) as loop,
        tcp_server(serve) as server,
        pytest.raises(Unanswered) as error,
    ):
        loop.ask(server, ZONE, "TXT")
    assert str(error.value) == why


class Stalling(NameServer):
    """By UDP an answer that does not fit, by TCP none."""

    def _step(self, query: dns.message.Message, transport: Transport) -> Behaviour:
        super()._step(query, transport)
        return "tc" if transport == "udp" else "drop"


def test_many_stalled_connections_do_not_keep_another_server_from_being_asked_by_tcp() -> None:
    with contextlib.closing(EngineLoop(timeout_s=5.0)) as loop, Stalling() as stalling, NameServer() as other:
        other.records[ZONE, "TXT"] = (60, SPF)
        other.behave(ZONE, "TXT", "tc")

        async def both() -> None:
            stalled = [asyncio.ensure_future(ask_all(loop, at(stalling), 1)) for _ in range(200)]
            while len(stalling.asked) < 200:
                await asyncio.sleep(0.01)
            assert said(await loop.engine.message(at(other), ZONE, "TXT")) == SPF
            assert not any(one.done() for one in stalled)
            for one in stalled:
                one.cancel()

        loop.run(both())


# --- sockets and ports ------------------------------------------------------------------------------------------------
def test_few_sockets_are_used_and_none_for_long(loop: EngineLoop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("registrar_sync.resolver.doors._QUESTIONS_A_DOOR", 100)
    others = open_sockets()  # such as those of servers that run for the whole session
    with Udp(honest) as server:
        assert loop.run(ask_all(loop, server.server, 2000)) == ["answered"] * 2000
        # a question that was sent again is still one
        ports = Counter(port for port, _ in server.questions)
        # the system may give a port that was given back once more
        assert max(ports.values()) <= 200
        assert 15 <= len(ports) < 40
        ids = Counter(wire[:2] for wire in server.asked)
        assert len(ids) > 1900
        assert open_sockets() - others < 20


def open_sockets() -> int:
    return sum(os.path.realpath(link).rpartition("/")[2].startswith("socket:") for link in Path("/proc/self/fd").iterdir())


def test_where_no_socket_is_to_be_had_the_question_ends(loop: EngineLoop, monkeypatch: pytest.MonkeyPatch) -> None:
    class NoMore(socket.socket):
        def __init__(self, *args: Any, **options: Any) -> None:
            raise OSError(errno.EMFILE, "Too many open files")

    with Udp(honest) as server:
        loop.run(asyncio.sleep(0))  # the loop has its own sockets by now
        monkeypatch.setattr("registrar_sync.resolver.doors.socket.socket", NoMore)
        with pytest.raises(Unanswered, match="too many open files"):
            loop.ask(server.server, ZONE, "TXT")
        monkeypatch.undo()
        assert said(loop.ask(server.server, ZONE, "TXT")) == SPF


def test_thousands_of_questions_that_cannot_be_sent_all_end(loop: EngineLoop, monkeypatch: pytest.MonkeyPatch) -> None:
    class NoRoute(socket.socket):
        def sendto(self, *datagram: Any) -> int:
            raise OSError(errno.ENETUNREACH, "Network is unreachable")

    monkeypatch.setattr("registrar_sync.resolver.doors.socket.socket", NoRoute)
    results = loop.run(ask_all(loop, Server(name="ns1.example.com.", address="192.0.2.1"), 5000))
    assert results == [NO_ROUTE] * 5000


@pytest.mark.parametrize("address", ["not an address", "", "192.0.2", "fe80::1%nowhere0"])
def test_what_is_no_address_is_told(loop: EngineLoop, address: str) -> None:
    with pytest.raises(Unanswered, match="its address cannot be asked"):
        loop.ask(Server(name="ns1.example.com.", address=address), ZONE, "TXT")


@pytest.mark.parametrize("spelling", ["::1", "0:0:0:0:0:0:0:1", "::0.0.0.1"])
def test_an_address_may_be_spelled_in_any_way(loop: EngineLoop, spelling: str) -> None:
    server = fill(NameServer(address="::1"))
    try:
        server.__enter__()
    except OSError:
        pytest.skip("this machine has no IPv6 loopback")
    with contextlib.closing(contextlib.ExitStack()) as stack:
        stack.push(server.__exit__)
        assert len(said(loop.ask(Server(name="ns1.", address=spelling, port=server.port), ZONE, "TXT"))) == 2
        assert server.asked_for(ZONE, "TXT") == ["udp"]


# --- the thread -------------------------------------------------------------------------------------------------------
def engine_threads() -> int:
    return sum(thread.name == "dns-engine" for thread in threading.enumerate())


def standing() -> tuple[int, int]:
    """Engines and sockets of this process, without those that other tests have left to the garbage collector."""
    gc.collect()
    return engine_threads(), open_sockets()


def has_more_than(before: tuple[int, int]) -> bool:
    """Whether anything was left open since. Servers that run for the whole session may have closed something of theirs."""
    return engine_threads() > before[0] or open_sockets() > before[1]


def eventually(holds: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + 20
    while not holds() and time.monotonic() < deadline:
        time.sleep(0.01)
    return holds()


def test_close_gives_thread_and_sockets_back_and_tells_who_waits() -> None:
    before = standing()
    resolver = DnsResolver(recursives=None, nameservers=None, clock=RealClock(), timeout_s=60.0)
    told: list[list[Observation]] = []
    with Udp(silent) as server, ThreadPoolExecutor(1) as pool:
        resolver.observe_soon([server.server], ZONE, ZONE, ["TXT"], told.append, serial=False)
        asking = pool.submit(resolver.observe, [server.server] * 2, ZONE, ZONE, ["TXT", "MX"])
        assert eventually(lambda: len(server.asked) == 3)
        resolver.close()
        assert {a.detail for seen in asking.result() for a in seen.answers.values()} == {"the resolver was closed"}
    assert [[a.detail for a in seen.answers.values()] for seen in told[0]] == [["the resolver was closed"]]
    assert len(told) == 1
    assert not has_more_than(before)
    resolver.close()
    (seen,) = resolver.observe([server.server], ZONE, ZONE, ["TXT"])
    assert seen.answers["TXT"].detail == "the resolver was closed"
    assert engine_threads() <= before[0], "and it does not begin again"


def test_a_resolver_that_nobody_holds_any_more_ends_by_itself() -> None:
    before = standing()
    with fill(NameServer()) as server:
        DnsResolver(recursives=None, nameservers=None, clock=RealClock()).observe([at(server)], ZONE, ZONE, ["TXT"])
    gc.collect()
    assert eventually(lambda: not has_more_than(before))


def test_a_coroutine_that_is_under_way_when_the_loop_is_closed_ends() -> None:
    loop = EngineLoop()
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(lambda: loop.run(asyncio.sleep(3600)))
        assert eventually(lambda: bool(loop.run(tasks())))
        loop.close()
        with pytest.raises(Unanswered, match="closed"):
            waiting.result()


async def tasks() -> list[asyncio.Task[Any]]:
    return [task for task in asyncio.all_tasks() if "sleep" in repr(task)]


def test_jobs_run_in_their_order_in_the_loops_thread(loop: EngineLoop) -> None:
    seen: list[tuple[int, str]] = []
    for number in range(1000):
        loop.post(lambda number=number: seen.append((number, threading.current_thread().name)))  # type: ignore[misc]
    assert eventually(lambda: len(seen) == 1000)
    assert seen == [(number, "dns-engine") for number in range(1000)]


def test_a_job_that_fails_stops_no_other(loop: EngineLoop, caplog: pytest.LogCaptureFixture) -> None:
    seen: list[int] = []
    for _ in range(3):
        loop.post(lambda: 1 / 0)
        loop.post(lambda: seen.append(1))
    assert eventually(lambda: len(seen) == 3)
    assert "division by zero" in caplog.text


# --- observing many ---------------------------------------------------------------------------------------------------
HOPED: dict[str, frozenset[Rdata]] = {"TXT": TXT_VALUES, "MX": MX_VALUES}


@pytest.mark.parametrize("serial", [True, False])
def test_what_is_seen_is_the_same_whatever_was_expected(serial: bool) -> None:
    other: dict[str, frozenset[Rdata]] = {"TXT": frozenset({Txt((b"old",))}), "MX": frozenset({Mx(1, "old.example.net.")})}
    with fill(NameServer()) as server, contextlib.closing(new_resolver()) as resolver:
        seen = [
            resolver.observe([at(server)], ZONE, ZONE, ["TXT", "MX"], expected=expected, serial=serial)
            for expected in (None, {}, HOPED, other, {"TXT": TXT_VALUES})
        ]
        assert all(one == seen[0] for one in seen)
        assert seen[0][0].answers["MX"].values == MX_VALUES
        assert (seen[0][0].serial is not None) == serial
        assert bool(server.asked_for(ZONE, "SOA")) == serial


def new_resolver(**options: Any) -> DnsResolver:
    return DnsResolver(recursives=None, nameservers=None, clock=RealClock(), **options)


def test_thousands_are_observed_at_once_and_each_is_told_once() -> None:
    told: list[tuple[int, list[Observation]]] = []
    with fill(NameServer()) as one, fill(NameServer()) as other, contextlib.closing(new_resolver()) as resolver:
        for number in range(0, 1000, 10):
            other.records[f"a{number}.example.com.", "TXT"] = (60, ['"wrong"'])
        for number in range(1000):
            one.records[f"a{number}.example.com.", "TXT"] = (60, SPF)
            other.records.setdefault((f"a{number}.example.com.", "TXT"), (60, SPF))
        hoped: dict[str, frozenset[Rdata]] = {"TXT": frozenset({Txt((b"v=spf1 mx ~all",))})}
        for number in range(1000):
            resolver.observe_soon(
                [at(one), at(other)],
                ZONE,
                f"a{number}.example.com.",
                ["TXT"],
                lambda seen, number=number: told.append((number, seen)),  # type: ignore[misc]
                expected=hoped,
                serial=False,
            )
        assert eventually(lambda: len(told) == 1000)
    assert {number for number, _ in told} == set(range(1000))
    wrong = {number for number, (_, second) in told if second.answers["TXT"].values != hoped["TXT"]}
    assert wrong == set(range(0, 1000, 10))
    assert all(first.answers["TXT"].values == hoped["TXT"] for _, (first, _) in told)


def test_one_who_fails_when_told_keeps_no_other_from_being_told(caplog: pytest.LogCaptureFixture) -> None:
    told: list[list[Observation]] = []
    with fill(NameServer()) as server, contextlib.closing(new_resolver()) as resolver:
        resolver.observe_soon([at(server)], ZONE, ZONE, ["TXT"], lambda seen: 1 / 0)
        resolver.observe_soon([at(server)], ZONE, ZONE, ["TXT"], told.append)
        assert eventually(lambda: bool(told))
    assert "division by zero" in caplog.text


def test_no_servers_and_no_types_are_told_too() -> None:
    told: list[list[Observation]] = []
    with fill(NameServer()) as server, contextlib.closing(new_resolver()) as resolver:
        resolver.observe_soon([], ZONE, ZONE, ["TXT"], told.append)
        resolver.observe_soon([at(server)], ZONE, ZONE, [], told.append, serial=False)
        resolver.observe_soon([Server(name="ns9.", address="")], ZONE, ZONE, ["TXT"], told.append)
        assert eventually(lambda: len(told) == 3)
    details = [[a.detail for one in seen for a in one.answers.values()] for seen in told]
    assert sorted(details) == [[], [], ["its name does not resolve"]]
