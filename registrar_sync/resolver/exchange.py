"""One question to one server: UDP then TCP, each within a time limit, the response matched on id, question and source.

What comes in is hostile until it is matched: a stray or garbled datagram is passed over, and a flood of them sends the
question to TCP.
"""

from __future__ import annotations

import errno
import socket

import dns.exception
import dns.flags
import dns.inet
import dns.message
import dns.query
import dns.rcode

from registrar_sync.core.observation import Server
from registrar_sync.core.visibility import NO_ROUTE
from registrar_sync.ports import Clock

_EDNS_PAYLOAD = 1232  # octets that no common path fragments (DNS flag day 2020)
_MAX_STRAYS = 64  # datagrams that match no question of ours, after which TCP is the surer way
_NO_ROUTE_ERRORS = frozenset({errno.ENETUNREACH, errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL})


class Unanswered(Exception):
    """A server gave no answer to a question, by UDP or TCP; the text says why."""


class AskByTcp(Exception):
    """UDP gives no usable answer here, and asking again would not help."""


class Exchange:
    """Asks questions. ``timeout_s``: seconds of one try; ``tries``: all but the last by UDP, the last by TCP, one each at
    the least, so that a dead server costs ``timeout_s * tries`` seconds a question."""

    def __init__(self, *, clock: Clock, timeout_s: float, tries: int) -> None:
        self._clock = clock
        self._timeout_s = timeout_s
        self._udp_tries = max(1, tries - 1)

    def ask(
        self, server: Server, name: str, rtype: str, *, recursive: bool, limit_s: float = float("inf")
    ) -> dns.message.Message:
        """The matched response of ``server``, whatever its RCODE, within ``limit_s`` seconds. Raises ``Unanswered``."""
        ends = self._clock.monotonic() + limit_s
        query = dns.message.make_query(name, rtype, use_edns=0, payload=_EDNS_PAYLOAD)
        query.flags = dns.flags.RD if recursive else dns.flags.Flag(0)
        response = self._send(server, query, ends)
        if response.rcode() == dns.rcode.FORMERR:  # a server older than EDNS (RFC 6891 section 7)
            query.use_edns(False)
            response = self._send(server, query, ends)
        return response

    def _send(self, server: Server, query: dns.message.Message, ends: float) -> dns.message.Message:
        for _ in range(self._udp_tries):
            try:
                return self._by_udp(server, query, self._try_s(ends))
            except TimeoutError:
                continue
            except AskByTcp:
                break
        return self._by_tcp(server, query, self._try_s(ends))

    def _try_s(self, ends: float) -> float:
        """Seconds for the next try. Raises ``Unanswered`` where no time is left."""
        left = ends - self._clock.monotonic()
        if left <= 0:
            raise Unanswered("no answer in time")
        return min(self._timeout_s, left)

    def _by_udp(self, server: Server, query: dns.message.Message, limit_s: float) -> dns.message.Message:
        """Not ``dns.query.udp``: that one looks at its time limit only while nothing comes in, so a flood holds it for ever."""
        deadline = self._clock.monotonic() + limit_s
        try:
            with socket.socket(dns.inet.af_for_address(server.address), socket.SOCK_DGRAM) as sock:
                # A connected socket takes datagrams of this address and port only, and hears of a closed port at once.
                sock.connect(dns.inet.low_level_address_tuple((server.address, server.port)))
                sock.send(query.to_wire())
                for _ in range(_MAX_STRAYS):
                    sock.settimeout(max(0.001, deadline - self._clock.monotonic()))
                    response = matching(query, sock.recv(65535))
                    if response is not None:
                        return response
        except TimeoutError:
            raise
        except OSError as error:
            if error.errno in _NO_ROUTE_ERRORS:
                raise Unanswered(NO_ROUTE) from error
        raise AskByTcp

    def _by_tcp(self, server: Server, query: dns.message.Message, limit_s: float) -> dns.message.Message:
        try:
            response = dns.query.tcp(query, server.address, timeout=limit_s, port=server.port)
        except dns.exception.Timeout as error:
            raise Unanswered(f"no answer by UDP or TCP within {self._timeout_s:g} s a try") from error
        except (dns.exception.DNSException, EOFError) as error:
            raise Unanswered("its answer is garbled or not to our question") from error
        except OSError as error:
            raise Unanswered(f"no answer by UDP; TCP: {(error.strerror or str(error)).lower()}") from error
        if response.flags & dns.flags.TC:
            raise Unanswered("its answer is truncated even over TCP")
        return response


def matching(query: dns.message.Message, wire: bytes) -> dns.message.Message | None:
    """The response, if the datagram is a whole one to ``query``. Raises ``AskByTcp`` when it is one, but truncated.

    Id and question are read first: a stray costs no more than that, and a truncated message need not be readable further.
    """
    try:
        head = dns.message.from_wire(wire, question_only=True)
        if not query.is_response(head):
            return None
        if head.flags & dns.flags.TC:
            raise AskByTcp
        return dns.message.from_wire(wire)
    except dns.exception.DNSException:
        return None
