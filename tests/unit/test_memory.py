"""The provider in memory: the port's promises, and the faults that tests ask of it. And the provider that cannot write."""

from __future__ import annotations

import pytest

from registrar_sync.core.model import Mx, Record, RRset, RRsetChange
from registrar_sync.errors import LockLost, OutcomeUnknown, ProviderRefused, ProviderUnavailable, ZoneNotFound
from registrar_sync.ports import DnsProvider
from registrar_sync.providers.memory import Fault, MemoryProvider
from registrar_sync.providers.read_only import ReadOnly

OWNER = "example.com."


def mx(*preferences: int) -> RRset:
    records = tuple(Record(rdata=Mx(number, f"mx{number}.example.net."), ttl=300) for number in preferences)
    return RRset(owner=OWNER, rtype="MX", records=records)


def change(before: RRset | None, after: RRset | None) -> RRsetChange:
    return RRsetChange(owner=OWNER, rtype="MX", before=before, after=after)


def announced() -> None:
    """A lock that is always renewed."""


@pytest.fixture
def provider() -> MemoryProvider:
    made = MemoryProvider({"example.com.": [mx(5)], "example.net": []})
    made.open(OWNER)
    return made


def test_it_is_a_provider(provider: MemoryProvider) -> None:
    port: DnsProvider = provider
    assert port.zones() == ["example.com.", "example.net."]


def test_the_zone_is_found_one_label_less_at_a_time() -> None:
    provider = MemoryProvider({"example.com.": []})
    assert provider.open("a.b.example.com.") == "example.com."
    with pytest.raises(ZoneNotFound):
        provider.open("example.org.")
    with pytest.raises(ZoneNotFound):
        provider.open("a.example.com.", "a.example.com.")


def test_what_is_written_is_read_and_what_is_not_is_not(provider: MemoryProvider) -> None:
    provider.write([change(mx(5), mx(3, 5)), change(mx(3), mx(3))], before_call=announced)
    assert provider.read(OWNER).rrset("MX") == mx(3, 5)
    assert provider.log == ["open example.com.", "write example.com. MX", "read example.com."]
    provider.write([change(mx(3, 5), None)], before_call=announced)
    assert provider.read(OWNER).rrset("MX") is None


def test_staged_data_is_served_after_publishing() -> None:
    provider = MemoryProvider({"example.com.": [mx(5)]}, staged=True)
    provider.open(OWNER)
    provider.write([change(mx(5), mx(3))], before_call=announced)
    assert (provider.stored(OWNER, "MX"), provider.served(OWNER, "MX")) == (mx(3), mx(5))
    provider.publish(before_call=announced)
    assert provider.served(OWNER, "MX") == mx(3)


def test_a_call_that_fails_before_its_effect_changes_nothing(provider: MemoryProvider) -> None:
    provider.fail(Fault(call="write", error=ProviderRefused("no")))
    with pytest.raises(ProviderRefused):
        provider.write([change(mx(5), mx(3))], before_call=announced)
    assert provider.stored(OWNER, "MX") == mx(5)
    provider.write([change(mx(5), mx(3))], before_call=announced)
    assert provider.stored(OWNER, "MX") == mx(3)


def test_an_answer_that_is_lost_leaves_the_effect(provider: MemoryProvider) -> None:
    provider.fail(Fault(call="write", when="after", error=OutcomeUnknown("lost")))
    with pytest.raises(OutcomeUnknown):
        provider.write([change(mx(5), mx(3))], before_call=announced)
    assert provider.stored(OWNER, "MX") == mx(3)


def test_the_nth_call_is_counted_from_now(provider: MemoryProvider) -> None:
    provider.read(OWNER)
    provider.fail(Fault(call="read", nth=2, error=ProviderUnavailable("later")))
    provider.read(OWNER)
    with pytest.raises(ProviderUnavailable):
        provider.read(OWNER)


def test_another_writer_comes_between_read_and_write(provider: MemoryProvider) -> None:
    provider.fail(Fault(call="read", when="after", act=lambda zone: zone.put(mx(5, 7))))
    assert provider.read(OWNER).rrset("MX") == mx(5)
    assert provider.read(OWNER).rrset("MX") == mx(5, 7)
    provider.remove(OWNER, "MX")
    assert provider.read(OWNER).rrset("MX") is None


def test_a_lost_lock_stops_the_writing(provider: MemoryProvider) -> None:
    def lost() -> None:
        raise LockLost("taken over")

    with pytest.raises(LockLost):
        provider.write([change(mx(5), mx(3))], before_call=lost)
    assert provider.stored(OWNER, "MX") == mx(5)


class TestReadOnly:
    def test_it_reads_and_neither_writes_nor_publishes(self) -> None:
        provider = MemoryProvider({"example.com.": [mx(5)]}, staged=True)
        dry: DnsProvider = ReadOnly(provider)
        assert dry.open(OWNER) == OWNER
        assert dry.read(OWNER).rrset("MX") == mx(5)
        assert dry.zones() == [OWNER]
        assert dry.staged
        with pytest.raises(ProviderRefused, match="dry run"):
            dry.write([change(mx(5), mx(3))], before_call=announced)
        with pytest.raises(ProviderRefused, match="dry run"):
            dry.publish(before_call=announced)
        assert provider.log == ["open example.com.", "read example.com."]
        assert dry.api_calls == 2
        dry.close()
