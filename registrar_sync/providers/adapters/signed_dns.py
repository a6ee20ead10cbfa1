"""Conversations with one name server: DNS messages over TCP, each signed with one key (RFC 8945), each answer verified.

Not through ``dns.query``: its time limits begin anew with each message, and it sends one message at a time. Here all of a
conversation is sent at once (RFC 7766), and one time limit holds for the whole.
"""

from __future__ import annotations

import socket
import struct
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass

import dns.exception
import dns.flags
import dns.message
import dns.rcode
import dns.tsig

from registrar_sync.errors import CredentialsRejected
from registrar_sync.providers.wire import Lost

_REASONS = {
    dns.tsig.PeerBadKey: "BADKEY: it does not know a key of that name and algorithm",
    dns.tsig.PeerBadSignature: "BADSIG: the key's secret is another one there",
    dns.tsig.PeerBadTime: "BADTIME: its clock and ours are more than five minutes apart",
    dns.tsig.PeerBadTruncation: "BADTRUNC: it wants a longer signature",
}


@dataclass(frozen=True, slots=True)
class Primary:
    """A name server and the key that it is spoken to with."""

    host: str
    port: int
    key: dns.tsig.Key

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    def ask(self, messages: Sequence[dns.message.Message], limit_s: float) -> list[dns.message.Message]:
        """Send all messages and return their answers in the same order, within ``limit_s`` seconds.

        Raises ``Lost`` where not every answer came, whole and signed; ``CredentialsRejected`` where the key is not accepted.
        """
        ends = time.monotonic() + limit_s
        wires = [self._signed(number, message) for number, message in enumerate(messages)]
        with self._connected(ends) as sock:
            try:
                sock.sendall(b"".join(struct.pack("!H", len(wire)) + wire for wire in wires))
                by_id = self._answers(sock, messages, ends)
            except TimeoutError:
                raise Lost(f"no whole answer from {self} within {limit_s:.0f} s", sent=True) from None
            except OSError as error:
                raise Lost(f"the connection to {self} broke: {error.strerror or error}", sent=True) from None
        return [by_id[message.id] for message in messages]

    def _signed(self, number: int, message: dns.message.Message) -> bytes:
        message.id = (message.id & 0xFF00) | number  # told apart within the conversation
        message.use_tsig(self.key)
        return message.to_wire()

    def _connected(self, ends: float) -> socket.socket:
        failure = "it has no address"
        for family, address in self._addresses(ends):
            sock = socket.socket(family, socket.SOCK_STREAM)
            try:
                sock.settimeout(max(ends - time.monotonic(), 0.001))
                sock.connect(address)
            except OSError as error:
                sock.close()
                failure = "it took too long" if isinstance(error, TimeoutError) else error.strerror or str(error)
            else:
                return sock
        raise Lost(f"no connection to {self}: {failure}", sent=False)

    def _addresses(self, ends: float) -> list[tuple[socket.AddressFamily, tuple[str, int]]]:
        """In a thread of its own: the system's resolver knows no time limit."""
        found: list[tuple[socket.AddressFamily, tuple[str, int]]] = []

        def look_up() -> None:
            try:
                for family, _, _, _, address in socket.getaddrinfo(self.host, self.port, type=socket.SOCK_STREAM):
                    found.append((family, (str(address[0]), self.port)))
            except (OSError, UnicodeError):
                return

        thread = threading.Thread(target=look_up, daemon=True)
        thread.start()
        thread.join(max(ends - time.monotonic(), 0.0))
        return list(found)

    def _answers(
        self, sock: socket.socket, messages: Sequence[dns.message.Message], ends: float
    ) -> dict[int, dns.message.Message]:
        waiting = {message.id: message for message in messages}
        by_id: dict[int, dns.message.Message] = {}
        while waiting:
            (length,) = struct.unpack("!H", _octets(sock, 2, ends))
            wire = _octets(sock, length, ends)
            asked = waiting.pop(int.from_bytes(wire[:2], "big"), None)
            if asked is None:
                raise Lost(f"{self} answered a question that was not asked", sent=True)
            by_id[asked.id] = self._verified(wire, asked)
        return by_id

    def _verified(self, wire: bytes, asked: dns.message.Message) -> dns.message.Message:
        try:
            answer = dns.message.from_wire(wire, keyring=self.key, request_mac=asked.mac)
        except dns.tsig.PeerError as error:
            told = _REASONS.get(type(error), str(error))
            raise CredentialsRejected(
                f"The name server {self} does not accept the key {self.key.name}: {told}. This call changed nothing.",
                hint="Check auth_token (algorithm:key name:secret) and this machine's clock.",
            ) from None
        except (dns.exception.DNSException, ValueError) as error:
            raise Lost(f"the answer of {self} cannot be used: {type(error).__name__}", sent=True) from None
        if not answer.had_tsig:
            raise Lost(f"the answer of {self} ({dns.rcode.to_text(answer.rcode())}) is not signed", sent=True)
        if not asked.is_response(answer) or answer.flags & dns.flags.TC:
            raise Lost(f"the answer of {self} is truncated, or to another question than the one asked", sent=True)
        return answer


def _octets(sock: socket.socket, count: int, ends: float) -> bytes:
    octets = b""
    while len(octets) < count:
        sock.settimeout(max(ends - time.monotonic(), 0.001))
        piece = sock.recv(count - len(octets))
        if not piece:
            raise ConnectionResetError("it was closed before the whole answer had come")
        octets += piece
    return octets
