"""A name server for tests, on loopback, UDP and TCP on one port: answers from a table, and misbehaves as it is told to."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from types import TracebackType
from typing import Literal, Self

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rrset

Transport = Literal["udp", "tcp"]
Behaviour = Literal[
    "answer",
    "drop",  # no reply, UDP or TCP
    "drop-udp",
    "refused",
    "servfail",
    "formerr-edns",  # FORMERR while the query carries EDNS
    "formerr",
    "tc",  # truncated by UDP, whole by TCP
    "tc-always",
    "wrong-id",
    "wrong-question",
    "other-address",  # UDP from another address; TCP drops
    "not-aa",
    "no-ra",
    "garbage",
    "flood",  # by UDP many replies with a wrong id, and never a right one
    "huge",  # by TCP 64 KB of records
    "drip",  # by TCP the length, then one octet, then silence
    "referral",
    "contradiction",  # NXDOMAIN beside the data
    "other-owner",  # the data of another name, where no data is
    "slow",  # after a moment
]


@dataclass(frozen=True)
class Question:
    """What was asked."""

    name: str
    rtype: str
    transport: Transport
    recursion_desired: bool
    edns_payload: int | None
    id: int


@dataclass
class NameServer:
    """``records``: (name, type) -> (TTL, rdata in presentation form). A name with any record exists; others are NXDOMAIN.

    ``zones``: SOA by zone, (TTL, serial, minimum). ``behaviours``: (name, type) -> steps; each question takes one, the last
    stays. ``recursive``: answers with RA and without AA, as a recursive resolver does.
    """

    address: str = "127.0.0.1"
    port: int = 0
    recursive: bool = False
    records: dict[tuple[str, str], tuple[int, list[str]]] = field(default_factory=dict)
    zones: dict[str, tuple[int, int, int]] = field(default_factory=dict)
    behaviours: dict[tuple[str, str], list[Behaviour]] = field(default_factory=dict)
    default: Behaviour = "answer"
    asked: list[Question] = field(default_factory=list)

    def behave(self, name: str, rtype: str, *steps: Behaviour) -> None:
        """Misbehave for this question: one step for each time it is asked, the last one from then on."""
        self.behaviours[name, rtype] = list(steps)

    def asked_for(self, name: str, rtype: str) -> list[Transport]:
        """The transports by which a question came, in order."""
        return [question.transport for question in self.asked if (question.name, question.rtype) == (name, rtype)]

    def __enter__(self) -> Self:
        self._stop = threading.Event()
        self._udp, self._tcp = self._bind()
        self.port = self._udp.getsockname()[1]
        self._threads = [threading.Thread(target=serve, daemon=True) for serve in (self._serve_udp, self._serve_tcp)]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()
        self._udp.close()
        self._tcp.close()

    # --- sockets ------------------------------------------------------------------------------------------------------
    def _bind(self) -> tuple[socket.socket, socket.socket]:
        family = socket.AF_INET6 if ":" in self.address else socket.AF_INET
        for _ in range(50):
            udp = socket.socket(family, socket.SOCK_DGRAM)
            udp.bind((self.address, self.port))
            tcp = socket.socket(family, socket.SOCK_STREAM)
            tcp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                tcp.bind((self.address, udp.getsockname()[1]))
            except OSError:
                udp.close()
                tcp.close()
                continue
            tcp.listen()
            udp.settimeout(0.02)
            tcp.settimeout(0.02)
            return udp, tcp
        raise RuntimeError("no port is free for both UDP and TCP")

    def _serve_udp(self) -> None:
        while not self._stop.is_set():
            with contextlib.suppress(TimeoutError, ConnectionError):
                wire, client = self._udp.recvfrom(65535)
                for reply, stranger in self._udp_replies(dns.message.from_wire(wire)):
                    self._send_udp(reply, client, stranger=stranger)

    def _send_udp(self, reply: bytes, client: tuple[str, int], *, stranger: bool) -> None:
        if not stranger:
            self._udp.sendto(reply, client)
            return
        with socket.socket(self._udp.family, socket.SOCK_DGRAM) as other:
            other.bind((self.address if ":" in self.address else "127.0.0.99", 0))
            other.sendto(reply, client)

    def _serve_tcp(self) -> None:
        while not self._stop.is_set():
            with contextlib.suppress(TimeoutError, ConnectionError):
                connection, _ = self._tcp.accept()
                with connection:
                    connection.settimeout(5)
                    self._serve_connection(connection)

    def _serve_connection(self, connection: socket.socket) -> None:
        stream = connection.makefile("rb")
        with stream:
            head = stream.read(2)
            if len(head) < 2:
                return
            query = dns.message.from_wire(stream.read(struct.unpack("!H", head)[0]))
            reply = self._tcp_reply(query)
            if reply is None:
                connection.recv(1)  # until the client has had enough
                return
            connection.sendall(reply)
            if len(reply) < 2 + struct.unpack("!H", reply[:2])[0]:
                connection.recv(1)

    # --- behaviours ---------------------------------------------------------------------------------------------------
    def _step(self, query: dns.message.Message, transport: Transport) -> Behaviour:
        question = query.question[0]
        name, rtype = question.name.to_text().lower(), dns.rdatatype.to_text(question.rdtype)
        self.asked.append(
            Question(
                name=name,
                rtype=rtype,
                transport=transport,
                recursion_desired=bool(query.flags & dns.flags.RD),
                edns_payload=int(query.payload) if query.edns >= 0 else None,
                id=query.id,
            )
        )
        steps = self.behaviours.get((name, rtype), [self.default])
        return steps.pop(0) if len(steps) > 1 else steps[0]

    def _udp_replies(self, query: dns.message.Message) -> Iterator[tuple[bytes, bool]]:
        step = self._step(query, "udp")
        if step in ("drop", "drop-udp", "drip"):
            return
        if step in ("tc", "tc-always", "huge"):
            truncated = dns.message.make_response(query)
            truncated.flags |= dns.flags.TC | dns.flags.AA
            yield truncated.to_wire(), False
        elif step == "flood":
            for number in range(1000):
                reply = self._answer(query)
                reply.id = (query.id + 1 + number) % 65536
                yield reply.to_wire(), False
        else:
            yield self._misbehave(query, step), step == "other-address"

    def _tcp_reply(self, query: dns.message.Message) -> bytes | None:
        step = self._step(query, "tcp")
        if step in ("drop", "other-address"):
            return None
        if step == "drip":
            return b"\x10\x00\x00"
        if step == "huge":
            return _framed(self._huge(query))
        if step == "tc-always":
            truncated = dns.message.make_response(query)
            truncated.flags |= dns.flags.TC | dns.flags.AA
            return _framed(truncated.to_wire())
        return _framed(self._misbehave(query, step))

    def _misbehave(self, query: dns.message.Message, step: Behaviour) -> bytes:
        reply = self._answer(query)
        if step == "garbage":
            return query.to_wire()[:2] + b"\x84\x00\x00\x01\x00\x09\x00\x00\x00\x00\xc0\x0c\xff\xff"
        if step in ("refused", "servfail", "formerr") or (step == "formerr-edns" and query.edns >= 0):
            return _failure(query, step).to_wire()
        if step == "slow":
            self._stop.wait(0.15)
        _tamper(reply, step)
        return reply.to_wire(max_size=65535)

    # --- honest answers -----------------------------------------------------------------------------------------------
    def _answer(self, query: dns.message.Message) -> dns.message.Message:
        reply = dns.message.make_response(query, recursion_available=self.recursive)
        if not self.recursive:
            reply.flags |= dns.flags.AA
        question = query.question[0]
        name, rtype = question.name.to_text().lower(), dns.rdatatype.to_text(question.rdtype)
        for wanted in (rtype, "CNAME"):
            if (name, wanted) in self.records:
                ttl, rdata = self.records[name, wanted]
                reply.answer.append(dns.rrset.from_text(question.name, ttl, "IN", wanted, *rdata))
                return reply
        zone = next((zone for zone in self.zones if name == zone or name.endswith("." + zone)), None)
        if zone is not None:
            (reply.answer if (rtype, name) == ("SOA", zone) else reply.authority).append(self._soa(zone))
        if name not in {owner for owner, _ in self.records} | set(self.zones):
            reply.set_rcode(dns.rcode.NXDOMAIN)
        return reply

    def _soa(self, zone: str) -> dns.rrset.RRset:
        ttl, serial, minimum = self.zones[zone]
        return dns.rrset.from_text(zone, ttl, "IN", "SOA", f"ns1.{zone} hostmaster.{zone} {serial} 7200 900 1209600 {minimum}")

    def _huge(self, query: dns.message.Message) -> bytes:
        reply = dns.message.make_response(query)
        reply.flags |= dns.flags.AA
        texts = [f'"{number:05} {"x" * 200}"' for number in range(280)]
        reply.answer.append(dns.rrset.from_text(query.question[0].name, 60, "IN", "TXT", *texts))
        return reply.to_wire(max_size=65535)


def _tamper(reply: dns.message.Message, step: Behaviour) -> None:
    if step == "wrong-id":
        reply.id ^= 1
    elif step == "wrong-question":
        reply.question[0].name = dns.name.from_text("elsewhere.example.")
    elif step in ("not-aa", "referral"):
        reply.flags &= ~dns.flags.AA
        if step == "referral":
            reply.answer, reply.authority = [], [dns.rrset.from_text("com.", 1, "IN", "NS", "a.gtld-servers.net.")]
    elif step == "no-ra":
        reply.flags &= ~(dns.flags.RA | dns.flags.AA)
    elif step == "contradiction":
        reply.set_rcode(dns.rcode.NXDOMAIN)
    elif step == "other-owner":
        for rrset in reply.answer:
            rrset.name = dns.name.from_text("elsewhere.example.")


def _failure(query: dns.message.Message, step: Behaviour) -> dns.message.Message:
    reply = dns.message.make_response(query)
    codes = {"refused": dns.rcode.REFUSED, "servfail": dns.rcode.SERVFAIL}
    reply.set_rcode(codes.get(step, dns.rcode.FORMERR))
    return reply


def _framed(wire: bytes) -> bytes:
    return struct.pack("!H", len(wire)) + wire
