"""Real recursive resolvers of the small internet, one that validates and one that does not: each asked for itself."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from registrar_sync.core.model import Mx
from registrar_sync.resolver import DnsResolver
from registrar_sync.wiring import SystemClock
from tests.integration import internet_fixture
from tests.integration.internet import Internet

internet = internet_fixture.internet


@pytest.fixture
def resolver(internet: Internet) -> Iterator[DnsResolver]:
    both = [(one.address, internet.port) for one in (internet.recursive, internet.careless)]
    made = DnsResolver(recursives=both, nameservers=None, clock=SystemClock(), port=internet.port)
    yield made
    made.close()


@pytest.mark.parametrize("zone", ["bogus.com.", "expired.com."])
def test_only_a_resolver_that_validates_calls_a_zone_bogus(resolver: DnsResolver, zone: str) -> None:
    validating, careless = resolver.ask_recursives(zone, ["SOA"])
    assert (validating.answers["SOA"].status, careless.answers["SOA"].status) == ("bogus", "data")


@pytest.mark.parametrize("zone", ["normal.com.", "signed.com."])
def test_a_zone_that_is_unsigned_or_signed_well_is_not(resolver: DnsResolver, zone: str) -> None:
    assert {seen.answers["SOA"].status for seen in resolver.ask_recursives(zone, ["SOA"])} == {"data"}


def test_a_cache_shows_the_old_data_with_what_is_left_of_its_ttl(resolver: DnsResolver, internet: Internet) -> None:
    internet.set_rrset("normal.com.", "normal.com.", "MX", 300, "7 before.example.com.")
    first, _ = resolver.ask_recursives("normal.com.", ["MX"])
    internet.set_rrset("normal.com.", "normal.com.", "MX", 300, "8 after.example.com.")
    again, _ = resolver.ask_recursives("normal.com.", ["MX"])
    assert first.answers["MX"].values == again.answers["MX"].values == frozenset({Mx(7, "before.example.com.")})
    assert again.answers["MX"].ttl is not None
    assert first.answers["MX"].ttl is not None
    assert again.answers["MX"].ttl <= first.answers["MX"].ttl
