"""Where to ask: addresses that an operator typed, and the recursive resolvers that the system names."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence

import dns.inet
import dns.resolver

from registrar_sync.core.observation import Server
from registrar_sync.errors import LookupFailed, UsageError


def parse_endpoint(text: str) -> tuple[str, int]:
    """The address and port of ``ADDR``, ``ADDR:PORT``, ``[v6]:PORT`` or a bare v6 address; port 53 where none is given.

    Raises ``UsageError`` for a host name, a port outside 1 to 65535, or anything else.

    >>> parse_endpoint("[2001:db8::53]:5300")
    ('2001:db8::53', 5300)
    """
    host, port = text, ""
    if text.startswith("["):
        host, bracket, port = text[1:].partition("]")
        if not bracket or ":" not in host or (port and not port.startswith(":")):
            raise _no_endpoint(text)
    elif text.count(":") == 1:
        host, colon, port = text.partition(":")
        port = colon + port
    try:
        address = str(ipaddress.ip_address(host))
    except ValueError:
        raise _no_endpoint(text) from None
    return address, _port(text, port.removeprefix(":")) if port else 53


def _port(text: str, digits: str) -> int:
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 5 and 1 <= int(digits) <= 65535):
        raise _no_endpoint(text)
    return int(digits)


def _no_endpoint(text: str) -> UsageError:
    return UsageError(
        f"{text!r} is not the address of a name server. Nothing was changed.",
        hint="Give an IP address, not a host name, with a port from 1 to 65535 if it is not 53: "
        "192.0.2.53, 192.0.2.53:5300, 2001:db8::53 or [2001:db8::53]:5300.",
    )


def servers_at(endpoints: Sequence[tuple[str, int]]) -> tuple[Server, ...]:
    """Servers known by their address only."""
    return tuple(Server(name=address, address=address, port=port) for address, port in endpoints)


def system_recursives(resolv_conf: str) -> tuple[Server, ...]:
    """The recursive resolvers that the system is set to use. Raises ``LookupFailed`` where it names none."""
    try:
        listed = dns.resolver.Resolver(resolv_conf).nameservers
    except (dns.resolver.NoResolverConfiguration, ValueError):
        listed = []
    addresses = [server for server in listed if isinstance(server, str) and dns.inet.is_address(server)]
    if not addresses:
        raise LookupFailed(
            f"This machine names no recursive resolver ({resolv_conf}). Nothing was changed.",
            hint="Name one with --resolver ADDR.",
        )
    return servers_at([(address, 53) for address in addresses])
