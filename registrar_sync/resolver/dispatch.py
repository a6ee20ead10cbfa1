"""Many questions at once on few sockets: asyncio over plain UDP, TCP where an answer does not fit or UDP brings none.

What comes in is hostile until it is matched: source address and port, id and question must be those of a question under way at
that socket (RFC 5452). The way of a question: it waits for a place in its server's window, is sent by UDP, sent again
when patience ends, and at last goes by TCP, while UDP may still bring the answer.
"""

from __future__ import annotations

import asyncio
import errno

from registrar_sync.core.visibility import NO_ROUTE
from registrar_sync.resolver.asked import BY_TCP, OVER, SENT, WAITING, Asked
from registrar_sync.resolver.doors import Door, Doors
from registrar_sync.resolver.packet import has_formerr, is_response, is_truncated, without_edns
from registrar_sync.resolver.patience import Patience
from registrar_sync.resolver.peer import MOST_STRAYS, Peer, Peers
from registrar_sync.resolver.stream import GARBLED, SILENCE, NoStream, Streams

CLOSED = "the resolver was closed"
NOT_ASKED_AGAIN = "no answer a moment ago, and not asked again"

_NO_ROUTE_ERRORS = frozenset({errno.ENETUNREACH, errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL})
_BUSY_ERRORS = frozenset({errno.EAGAIN, errno.EWOULDBLOCK, errno.ENOBUFS})
_BATCH = 128  # datagrams read at one socket before the loop does something else
_DATAGRAM = 4096  # octets; an answer over it is cut, and then asked for by TCP


class Dispatch:
    """Asks questions, in the event loop that runs when it is made. Not thread-safe.

    ``timeout_s``: the longest patience with one try; ``tries``: all but the last by UDP, the last by TCP (one each at the
    least). From its first datagram on a question takes ``timeout_s * tries`` seconds at the most. A server that has just
    answered nothing in that time is not asked what waited for it meanwhile.
    """

    def __init__(self, *, timeout_s: float = 2.0, tries: int = 3) -> None:
        self._loop = asyncio.get_running_loop()
        self.call_soon = self._loop.call_soon
        self._time = self._loop.time
        self._timeout_s = timeout_s
        self._udp_tries = max(1, tries - 1)
        self._udp_s = timeout_s * self._udp_tries
        self._closed = False
        self._doors = Doors(self._loop, self._read)
        self._patience = Patience(self._loop, self._lose)
        self._streams = Streams(self._loop, timeout_s=timeout_s, told=self._streamed)
        self._peers = Peers()

    # --- asking -------------------------------------------------------------------------------------------------------
    def ask(self, asked: Asked) -> None:
        """Send the question when its server's turn has come."""
        if self._closed:
            self._refuse(asked, CLOSED)
            return
        try:
            peer = self._peers.at(asked.address, asked.port)
        except (OSError, ValueError) as error:
            self._refuse(asked, f"its address cannot be asked: {error}")
            return
        asked.peer = peer
        if peer.waiting or peer.in_flight >= peer.window:
            peer.waiting.append(asked)
        else:
            self._send(asked)

    def _refuse(self, asked: Asked, why: str) -> None:
        asked.stage = OVER
        self.call_soon(asked.fail, why)

    def forget(self, asked: Asked) -> None:
        """Nobody wants to know any more; neither ``take`` nor ``fail`` is called."""
        if asked.stage is not OVER:
            self._leave(asked)
            self.call_soon(self._go_on, asked.peer)  # many are often forgotten together: none of them is sent before that

    def close(self) -> None:
        """Give the sockets back; whoever still waits is told so."""
        self._closed = True
        waiting = [asked for peer in self._peers for asked in (*peer.waiting, *peer.by_tcp)]
        for asked in [*self._doors.questions(), *self._streams.questions(), *waiting]:
            self._end(asked, CLOSED)
        self._patience.close()
        self._doors.close()

    # --- sending ------------------------------------------------------------------------------------------------------
    def _send(self, asked: Asked) -> None:
        """Send the question by UDP, the first time or again. It calls nobody back before it returns."""
        peer = asked.peer
        now = asked.sent_at = self._time()
        asked.tries += 1
        if asked.tries == 1:
            asked.began_at = now
        try:
            door = asked.door or self._admit(asked)
            door.socket.sendto(asked.wire, peer.destination)
        except OSError as error:
            if error.errno not in _BUSY_ERRORS:  # busy: as if it got lost on the way
                self._loop.call_soon(self._not_sent, asked, error)
                return
        asked.stage = SENT
        peer.in_flight += 1
        due, latest = now + peer.patience_s(asked.tries), now + self._timeout_s
        if due > latest or asked.question.recursive:  # a recursive resolver may have to find out first
            due = latest
        ends = asked.began_at + self._udp_s
        self._patience.add(asked, due if due < ends else ends)

    def _admit(self, asked: Asked) -> Door:
        door = self._doors.admit(asked)
        wire = asked.identity + asked.question.body
        asked.wire = without_edns(wire) if asked.plain else wire
        return door

    def _not_sent(self, asked: Asked, error: OSError) -> None:
        if asked.stage is not WAITING:
            return
        if error.errno in _NO_ROUTE_ERRORS:
            self._end(asked, NO_ROUTE)
        else:
            self._go_by_tcp(asked, SILENCE)
        self._go_on(asked.peer)

    def _go_on(self, peer: Peer) -> None:
        """Whoever waits for a place in the server's window goes next."""
        waiting = peer.waiting
        while waiting and peer.in_flight < peer.window:
            asked = waiting.popleft()
            if asked.stage is WAITING:
                self._send(asked)

    # --- answers by UDP -----------------------------------------------------------------------------------------------
    def _read(self, door: Door) -> None:
        receive, under_way, now = door.socket.recvfrom, door.open, self._time()
        for _ in range(_BATCH):
            try:
                wire, source = receive(_DATAGRAM)
            except OSError:  # nothing more for now, or the door was shut
                return
            asked = under_way.get(wire[:2])
            if asked is not None and source == asked.peer.destination and is_response(wire, asked.question.octets):
                self._answered(asked, wire, now)
                if not under_way:  # nothing more to come: what comes all the same, the selector tells
                    return
            else:
                self._stray(door, source)

    def _answered(self, asked: Asked, wire: bytes, now: float) -> None:
        peer = asked.peer
        peer.answered(now)
        if asked.tries == 1:
            peer.took(now - asked.sent_at)
        try:
            if is_truncated(wire):
                self._go_by_tcp(asked, "its answer does not fit UDP")
            elif has_formerr(wire) and not asked.plain:
                self._ask_plainly(asked)
            else:
                self._leave(asked)
                if not _delivered(asked, wire):
                    self._go_by_tcp(asked, "its answer by UDP is garbled")
        finally:
            if peer.waiting:
                self._go_on(peer)

    def _ask_plainly(self, asked: Asked) -> None:
        """The server may be older than EDNS."""
        self._land(asked)
        self._streams.drop(asked)
        asked.stage = WAITING
        asked.plain = True
        asked.wire = without_edns(asked.wire)
        self._send(asked)

    def _stray(self, door: Door, source: tuple[object, ...]) -> None:
        """A datagram that answers nothing. Many of them from one server, and no answer between: somebody guesses ids."""
        door.used += 1
        peer = self._peers.from_whom(source)
        if peer is None:
            return
        peer.strays += 1
        if peer.strays >= MOST_STRAYS:
            peer.strays = 0
            self._doors.retire(door)
            for asked in [asked for asked in door.open.values() if asked.peer is peer]:
                self._go_by_tcp(asked, "forged answers by UDP")
            self._go_on(peer)

    # --- silence, and TCP ---------------------------------------------------------------------------------------------
    def _lose(self, asked: Asked) -> None:
        """Patience with the last datagram is over."""
        peer, now = asked.peer, self._time()
        self._land(asked)
        peer.lost(asked.sent_at, now)
        if asked.tries < self._udp_tries or (asked.why and now < asked.began_at + self._udp_s):
            self._send_again(asked)
        elif asked.why:
            self._end(asked, asked.why)
        elif peer.answered_at < asked.began_at < peer.silent_at:
            self._end(asked, NOT_ASKED_AGAIN)
        else:
            asked.stage, asked.reason = BY_TCP, SILENCE
            self._streams.ask(asked)
        self._go_on(peer)

    def _send_again(self, asked: Asked) -> None:
        asked.stage = WAITING
        asked.peer.strays -= 2  # it may be answered twice, and a network may double each answer
        asked.peer.waiting.appendleft(asked)

    def _go_by_tcp(self, asked: Asked, reason: str) -> None:
        """UDP is of no more use to this question."""
        self._land(asked)
        self._doors.leave(asked)
        if asked.stage is not BY_TCP:
            asked.stage, asked.reason = BY_TCP, reason
            self._streams.ask(asked)

    def _streamed(self, asked: Asked, wire: bytes, problem: NoStream | None) -> None:
        if asked.stage is not BY_TCP:
            return
        now = self._time()
        if problem is None:
            self._answered_by_tcp(asked, wire, now)
        elif problem.broken and asked.door and asked.peer.rtt_s and now < asked.began_at + self._udp_s:
            asked.why = str(problem)  # it does answer by UDP, as a rule
            self._send_again(asked)
            self._go_on(asked.peer)
        else:
            self._give_up(asked, str(problem), now)

    def _answered_by_tcp(self, asked: Asked, wire: bytes, now: float) -> None:
        asked.peer.answered_at = now
        if has_formerr(wire) and not asked.plain:
            self._ask_plainly(asked)
            return
        self._leave(asked)
        if not _delivered(asked, wire):
            asked.fail(GARBLED)

    def _give_up(self, asked: Asked, why: str, now: float) -> None:
        peer = asked.peer
        self._end(asked, why)
        if peer.answered_at >= asked.began_at:
            return
        peer.silent_at = now
        waited = [*peer.waiting, *peer.by_tcp]
        peer.waiting.clear()
        peer.by_tcp.clear()
        for other in waited:
            self._end(other, NOT_ASKED_AGAIN)

    # --- the end ------------------------------------------------------------------------------------------------------
    def _end(self, asked: Asked, why: str) -> None:
        if asked.stage is not OVER:
            self._leave(asked)
            asked.fail(why)

    def _leave(self, asked: Asked) -> None:
        if asked.stage is SENT:
            asked.peer.in_flight -= 1
            asked.waits_with.discard(asked)
        asked.stage = OVER
        if asked.door is not None:
            self._doors.leave(asked)
        if asked.stream is not None:
            self._streams.drop(asked)

    def _land(self, asked: Asked) -> None:
        """Its last datagram is not waited for any more."""
        if asked.stage is SENT:
            asked.stage = WAITING
            asked.peer.in_flight -= 1
            asked.waits_with.discard(asked)


def _delivered(asked: Asked, wire: bytes) -> bool:
    """Whether the asker could use it. Whatever goes wrong with the asker, the question has come to its end."""
    try:
        return asked.take(wire)
    except Exception:
        asked.fail("its answer could not be read")
        raise
