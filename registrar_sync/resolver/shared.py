"""One resolver for all who ask the same servers: what it has found out of delegations is kept for a run."""

from __future__ import annotations

import threading
from dataclasses import dataclass

from registrar_sync.ports import Clock
from registrar_sync.resolver.doh import DohServer
from registrar_sync.resolver.each import AlsoAsked
from registrar_sync.resolver.endpoints import parse_endpoint
from registrar_sync.resolver.resolver import DnsResolver
from registrar_sync.resolver.root_hints import ROOT_HINTS


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Whom to ask: ``ADDR[:PORT]`` texts, as an operator or the catalog names them.

    ``nameservers``: instead of those that the delegation names. ``recursives``: instead of the system's. ``caches``: recursive
    resolvers whose caches are looked at, of the catalog (empty: those that are asked anyway; None: none). ``doh``: over HTTPS.
    """

    nameservers: tuple[str, ...] = ()
    recursives: tuple[str, ...] = ()
    caches: tuple[str, ...] | None = ()
    doh: tuple[DohServer, ...] = ()


class Resolvers:
    """The resolvers of one process. Safe from many threads."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._made: dict[Wanted, DnsResolver] = {}

    def of(self, wanted: Wanted) -> DnsResolver:
        """The resolver that asks these. Raises ``UsageError`` for what is no address."""
        with self._lock:
            if wanted not in self._made:
                self._made[wanted] = self._make(wanted)
            return self._made[wanted]

    def close(self) -> None:
        """Give their threads and sockets back."""
        with self._lock:
            for resolver in self._made.values():
                resolver.close()
            self._made.clear()

    def _make(self, wanted: Wanted) -> DnsResolver:
        return DnsResolver(
            recursives=_endpoints(wanted.recursives) or None,
            nameservers=_endpoints(wanted.nameservers) or None,
            clock=self._clock,
            also=_in_place_of_the_operators(wanted) if wanted.recursives else _in_place_of_the_systems(wanted),
        )


def _in_place_of_the_operators(wanted: Wanted) -> AlsoAsked:
    """Who names the resolvers wants these to be asked, and nobody else."""
    return AlsoAsked(each=() if wanted.caches is None else None)


def _in_place_of_the_systems(wanted: Wanted) -> AlsoAsked:
    each = () if wanted.caches is None else _endpoints(wanted.caches) or None
    if wanted.nameservers:  # they may be a world of their own: of what they serve, nobody is asked who was not named, too
        return AlsoAsked(each=each or (), root_hints=ROOT_HINTS)
    return AlsoAsked(each=each, doh=wanted.doh, root_hints=ROOT_HINTS)


def _endpoints(texts: tuple[str, ...]) -> list[tuple[str, int]]:
    return [parse_endpoint(text) for text in texts]
