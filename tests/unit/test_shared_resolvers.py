"""Who is asked where an operator names resolvers, and what all domains of a run share."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator

import pytest

from registrar_sync.errors import LookupFailed, UsageError
from registrar_sync.resolver.root_hints import ROOT_HINTS
from registrar_sync.resolver.shared import Resolvers, Wanted
from registrar_sync.wiring import SystemClock

CLOSED = "127.0.0.1:9"


@pytest.fixture
def resolvers() -> Iterator[Resolvers]:
    made = Resolvers(SystemClock())
    yield made
    made.close()


def test_who_asks_the_same_servers_shares_a_resolver(resolvers: Resolvers) -> None:
    first = resolvers.of(Wanted(recursives=(CLOSED,)))
    assert resolvers.of(Wanted(recursives=(CLOSED,))) is first
    assert resolvers.of(Wanted(recursives=(CLOSED,), nameservers=(CLOSED,))) is not first


def test_in_place_of_resolvers_that_an_operator_named_not_even_the_root_is_asked(resolvers: Resolvers) -> None:
    """It would be refused here, as all that is not loopback."""
    with pytest.raises(LookupFailed, match=r"127\.0\.0\.1:9"):
        resolvers.of(Wanted(recursives=(CLOSED,))).delegation("example.com.")


def test_what_is_no_address_is_refused_before_anybody_is_asked(resolvers: Resolvers) -> None:
    with pytest.raises(UsageError):
        resolvers.of(Wanted(nameservers=("ns1.example.com",)))


def test_the_root_is_known_by_thirteen_servers_with_both_kinds_of_addresses() -> None:
    assert sorted(ROOT_HINTS) == [f"{letter}.root-servers.net." for letter in "abcdefghijklm"]
    for addresses in ROOT_HINTS.values():
        assert [ipaddress.ip_address(address).version for address in addresses] == [4, 6]
        assert all(ipaddress.ip_address(address).is_global for address in addresses)
