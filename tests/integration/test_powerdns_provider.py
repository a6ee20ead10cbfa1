"""LexiconZone against a real PowerDNS: what is written, what is left alone, and what it costs in API calls."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from registrar_sync.core.model import Mx, Record, RRset, RRsetChange, Txt, ZoneView, is_spf, same_data
from registrar_sync.errors import (
    CredentialsMissing,
    CredentialsRejected,
    LockLost,
    ProviderManual,
    ProviderRefused,
    WriteMustReread,
    ZoneNotFound,
)
from registrar_sync.ports import DnsProvider
from registrar_sync.providers.catalog import load_catalog
from registrar_sync.providers.lexicon_zone import LexiconZone
from tests.integration.powerdns import API_KEY, PowerDns, powerdns
from tests.unit.loopback import FakeClock, Reply, web

CATALOG = load_catalog()
OWNER = "example.com."
SPF_BEFORE, SPF_AFTER = b"v=spf1 mx ~all", b"v=spf1 mx include:includespf.security-mail.net ~all"
FRANCE, EUROPE = Mx(3, "france.security-mail.net."), Mx(4, "europe.security-mail.net.")

NEIGHBOURS = {
    (OWNER, "NS"): (7200, ["ns1.example.net.", "ns2.example.net."]),
    (OWNER, "A"): (60, ["192.0.2.1"]),
    ("sub.example.com.", "TXT"): (900, ['"v=spf1 -all"']),
}
TXT_CONTENTS = [
    '"v=spf1 mx ~all"',
    '"two" "strings of one value"',
    '"quotes \\"inside\\" and a back\\\\slash"',
    '"' + "x" * 200 + '" "' + "y" * 255 + '" "' + "z" * 145 + '"',
    '"octets \\195\\169"',
]
MX_CONTENTS = ["5 MailGate.example.com.", "40 smtp.isp.net.", "40 secours.isp.net."]
RRSETS = {**NEIGHBOURS, (OWNER, "TXT"): (300, TXT_CONTENTS), (OWNER, "MX"): (3600, MX_CONTENTS)}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PowerDns]:
    with powerdns(tmp_path_factory.mktemp("powerdns")) as running:
        yield running


@pytest.fixture
def pdns(server: PowerDns) -> PowerDns:
    """The server, without zones of an earlier test."""
    for zone in server.call("GET", "/zones"):
        server.call("DELETE", f"/zones/{zone['id']}")
    return server


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def provider_at(clock: FakeClock) -> Iterator[Callable[..., LexiconZone]]:
    made: list[LexiconZone] = []

    def make(url: str, **credentials: str) -> LexiconZone:
        settings = CATALOG.account("powerdns").settings({"auth_token": API_KEY, **credentials}, endpoint=url)
        made.append(LexiconZone(CATALOG.provider("powerdns"), settings, clock))
        return made[-1]

    yield make
    for provider in made:
        provider.close()


def announced() -> None:
    """A lock that is always renewed."""


def enrolment(view: ZoneView) -> list[RRsetChange]:
    """Our term in, our hosts below: what the core would plan."""
    txt, mx = view.rrset("TXT"), view.rrset("MX")
    assert txt
    assert mx
    texts = [replace(r, rdata=Txt((SPF_AFTER,))) if is_spf(r.rdata) else r for r in txt.records]
    hosts = [Record(rdata=rdata, ttl=mx.ttl) for rdata in (FRANCE, EUROPE)]
    return [change("TXT", txt, txt.with_records(texts)), change("MX", mx, mx.with_records([*hosts, *mx.records]))]


def change(rtype: str, before: RRset | None, after: RRset | None) -> RRsetChange:
    return RRsetChange(owner=OWNER, rtype=rtype, before=before, after=after)


def opened(provider: LexiconZone, owner: str = OWNER) -> ZoneView:
    provider.open(owner)
    return provider.read(owner)


def test_an_enrolment_is_one_patch_and_three_calls(pdns: PowerDns, provider_at: Callable[..., LexiconZone]) -> None:
    pdns.create_zone(OWNER, RRSETS)
    provider: DnsProvider = (zone := provider_at(pdns.api_url))
    changes = enrolment(opened(zone))
    renewed: list[int] = []
    provider.write(changes, before_call=lambda: renewed.append(1))
    provider.publish(before_call=announced)
    view = provider.read(OWNER)
    assert provider.api_calls == 3
    assert renewed == [1]
    assert all(same_data(view.rrset(each.rtype), each.after) for each in changes)


def test_neighbours_are_stored_as_they_were_and_the_way_back_ends_at_the_start(
    pdns: PowerDns, provider_at: Callable[..., LexiconZone]
) -> None:
    pdns.create_zone(OWNER, RRSETS)
    stored, shown = pdns.stored(OWNER), pdns.rrsets(OWNER)
    provider = provider_at(pdns.api_url)
    before = opened(provider)
    provider.write(enrolment(before), before_call=announced)
    after = pdns.rrsets(OWNER)
    assert after[OWNER, "TXT"] == (300, sorted((c, False) for c in [f'"{SPF_AFTER.decode()}"', *TXT_CONTENTS[1:]]))
    assert after[OWNER, "MX"][1] == sorted((c, False) for c in [*MX_CONTENTS, str(FRANCE), str(EUROPE)])
    assert {key: value for key, value in after.items() if key in NEIGHBOURS} == {
        key: value for key, value in shown.items() if key in NEIGHBOURS
    }
    view = provider.read(OWNER)
    back = [change(t, view.rrset(t), before.rrset(t)) for t in ("MX", "TXT")]
    provider.write(back, before_call=announced)
    assert pdns.stored(OWNER) == stored
    assert pdns.rrsets(OWNER) == shown


@pytest.mark.parametrize("contents", [["0 mx.example.com."], ["0 ."], ["10 a.example.net.", "10 b.example.net."]], ids=" ".join)
def test_unusual_mx_sets_are_replaced_and_restored_exactly(
    pdns: PowerDns, provider_at: Callable[..., LexiconZone], contents: list[str]
) -> None:
    pdns.create_zone(OWNER, {**NEIGHBOURS, (OWNER, "MX"): (600, contents)})
    stored = pdns.stored(OWNER)
    provider = provider_at(pdns.api_url)
    mx = opened(provider).rrset("MX")
    assert mx
    provider.write([change("MX", mx, mx.with_records([Record(rdata=FRANCE, ttl=600)]))], before_call=announced)
    assert pdns.rrsets(OWNER)[OWNER, "MX"] == (600, [(str(FRANCE), False)])
    provider.write([change("MX", provider.read(OWNER).rrset("MX"), mx)], before_call=announced)
    assert pdns.stored(OWNER) == stored


def test_rrsets_are_created_and_removed_again(pdns: PowerDns, provider_at: Callable[..., LexiconZone]) -> None:
    pdns.create_zone(OWNER, NEIGHBOURS)
    stored = pdns.stored(OWNER)
    provider = provider_at(pdns.api_url)
    assert opened(provider).rrset("TXT") is None
    new = RRset(owner=OWNER, rtype="TXT", records=(Record(rdata=Txt((b"v=spf1 " + b"x" * 300,)), ttl=10800),))
    provider.write([change("TXT", None, new)], before_call=announced)
    there = provider.read(OWNER).rrset("TXT")
    assert same_data(there, new)
    provider.write([change("TXT", there, None)], before_call=announced)
    assert pdns.stored(OWNER) == stored


def test_disabled_rows_stay_disabled_beside_an_edit(pdns: PowerDns, provider_at: Callable[..., LexiconZone]) -> None:
    pdns.create_zone(OWNER, NEIGHBOURS)
    rows = [{"content": "5 mx.example.com.", "disabled": False}, {"content": "9 off.example.com.", "disabled": True}]
    pdns.patch(OWNER, {"name": OWNER, "type": "MX", "ttl": 60, "records": rows})
    provider = provider_at(pdns.api_url)
    mx = opened(provider).rrset("MX")
    assert mx
    assert [str(record.rdata) for record in mx.live] == ["5 mx.example.com."]
    provider.write([change("MX", mx, mx.with_records([*mx.records, Record(rdata=FRANCE, ttl=60)]))], before_call=announced)
    found = pdns.rrsets(OWNER)[OWNER, "MX"][1]
    assert found == [(str(FRANCE), False), ("5 mx.example.com.", False), ("9 off.example.com.", True)]


@pytest.mark.parametrize("where", ["in-the-request", "in-the-database"])
def test_a_zone_created_in_mixed_case_loses_nothing(pdns: PowerDns, provider_at: Callable[..., LexiconZone], where: str) -> None:
    mixed = {(owner.replace("example", "Example"), rtype): data for (owner, rtype), data in RRSETS.items()}
    pdns.create_zone("Example.com.", mixed)
    if where == "in-the-database":
        with closing(sqlite3.connect(pdns.database)) as database, database:
            database.execute("update domains set name = 'Example.Com' where name = 'example.com'")
    provider = provider_at(pdns.api_url)
    assert provider.open(OWNER) == OWNER
    view = provider.read(OWNER)
    changes = enrolment(view)
    provider.write(changes, before_call=announced)
    view = provider.read(OWNER)
    assert all(same_data(view.rrset(each.rtype), each.after) for each in changes)
    contents = [content for content, _ in pdns.rrsets(OWNER)[OWNER, "TXT"][1]]
    assert contents == sorted([f'"{SPF_AFTER.decode()}"', *TXT_CONTENTS[1:]])


def test_a_name_below_the_apex_is_found_in_its_zone(pdns: PowerDns, provider_at: Callable[..., LexiconZone]) -> None:
    pdns.create_zone(OWNER, RRSETS)
    provider = provider_at(pdns.api_url)
    assert provider.open("sub.example.com.") == OWNER
    assert [rrset.rtype for rrset in provider.read("sub.example.com.").rrsets] == ["TXT"]
    assert provider.read("nothing.example.com.").rrsets == ()


def test_zones_that_are_not_there(pdns: PowerDns, provider_at: Callable[..., LexiconZone]) -> None:
    pdns.create_zone("example.net.", {})
    with pytest.raises(ZoneNotFound, match=r"a\.example\.com or example\.com"):
        provider_at(pdns.api_url).open("a.example.com.")
    with pytest.raises(ZoneNotFound):
        provider_at(pdns.api_url).open("a.example.net.", "a.example.net.")
    assert provider_at(pdns.api_url).zones() == ["example.net."]


def test_wrong_and_missing_credentials(pdns: PowerDns, provider_at: Callable[..., LexiconZone]) -> None:
    with pytest.raises(CredentialsRejected) as raised:
        provider_at(pdns.api_url, auth_token="not-the-key-at-all").open(OWNER)
    assert "not-the-key" not in raised.value.message
    with pytest.raises(CredentialsMissing, match="auth_token"):
        provider_at(pdns.api_url, auth_token="")


def test_neither_the_environment_nor_the_working_directory_is_asked(
    pdns: PowerDns, provider_at: Callable[..., LexiconZone], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    pdns.create_zone(OWNER, RRSETS)
    monkeypatch.setenv("LEXICON_POWERDNS_PDNS_SERVER_ID", "elsewhere")
    monkeypatch.setenv("LEXICON_TTL", "1")
    (tmp_path / "lexicon.yml").write_text("domain: evil.example\n")
    monkeypatch.chdir(tmp_path)
    assert provider_at(pdns.api_url).open(OWNER) == OWNER


def test_what_others_wrote_after_opening_is_seen_once_the_copy_is_old(
    pdns: PowerDns, provider_at: Callable[..., LexiconZone], clock: FakeClock
) -> None:
    pdns.create_zone(OWNER, RRSETS)
    provider = provider_at(pdns.api_url)
    provider.open(OWNER)
    records = [{"content": '"added meanwhile"', "disabled": False}]
    pdns.patch(OWNER, {"name": OWNER, "type": "TXT", "ttl": 60, "records": records})
    clock.seconds += 5
    view = provider.read(OWNER)
    assert [str(record.rdata) for record in view.rrset("TXT").records] == ["added meanwhile"]  # type: ignore[union-attr]
    assert provider.api_calls == 2


def test_the_copy_from_opening_serves_one_read_only(pdns: PowerDns, provider_at: Callable[..., LexiconZone]) -> None:
    pdns.create_zone(OWNER, RRSETS)
    provider = provider_at(pdns.api_url)
    opened(provider)
    assert provider.api_calls == 1
    pdns.call("PATCH", f"/zones/{OWNER}", {"rrsets": [{"name": OWNER, "type": "MX", "changetype": "DELETE"}]})
    assert provider.read(OWNER).rrset("MX") is None


def test_a_write_on_an_old_read_is_not_sent(pdns: PowerDns, provider_at: Callable[..., LexiconZone], clock: FakeClock) -> None:
    pdns.create_zone(OWNER, RRSETS)
    stored = pdns.stored(OWNER)
    provider = provider_at(pdns.api_url)
    changes = enrolment(opened(provider))
    clock.seconds += 5
    with pytest.raises(WriteMustReread):
        provider.write(changes, before_call=announced)
    assert pdns.stored(OWNER) == stored
    provider.read(OWNER)
    provider.write(changes, before_call=announced)
    assert pdns.stored(OWNER) != stored


def test_what_the_server_refuses_is_told_in_its_words_and_changes_nothing(
    pdns: PowerDns, provider_at: Callable[..., LexiconZone]
) -> None:
    pdns.create_zone(OWNER, RRSETS)
    stored = pdns.stored(OWNER)
    provider = provider_at(pdns.api_url)
    txt, mx = enrolment(opened(provider))
    broken = RRset(owner=OWNER, rtype="MX", records=(Record(rdata=Mx(5, "two words."), ttl=60),))
    with pytest.raises(ProviderRefused, match="HTTP 422"):
        provider.write([txt, replace(mx, after=broken)], before_call=announced)
    assert pdns.stored(OWNER) == stored


def test_a_lost_lock_stops_the_write(pdns: PowerDns, provider_at: Callable[..., LexiconZone]) -> None:
    pdns.create_zone(OWNER, RRSETS)
    stored = pdns.stored(OWNER)
    provider = provider_at(pdns.api_url)
    changes = enrolment(opened(provider))

    def lost() -> None:
        raise LockLost("taken over")

    with pytest.raises(LockLost):
        provider.write(changes, before_call=lost)
    assert pdns.stored(OWNER) == stored


class TestNotify:
    def test_a_zone_of_kind_master_costs_one_call_more(self, pdns: PowerDns, provider_at: Callable[..., LexiconZone]) -> None:
        pdns.create_zone(OWNER, RRSETS, kind="Master")
        provider = provider_at(pdns.api_url)
        provider.write(enrolment(opened(provider)), before_call=announced)
        provider.read(OWNER)
        assert provider.api_calls == 4

    def test_it_can_be_switched_off(self, pdns: PowerDns, provider_at: Callable[..., LexiconZone]) -> None:
        pdns.create_zone(OWNER, RRSETS, kind="Master")
        provider = provider_at(pdns.api_url, pdns_disable_notify="yes")
        provider.write(enrolment(opened(provider)), before_call=announced)
        assert provider.api_calls == 2

    @pytest.mark.parametrize("answer", [Reply(500, b'{"error": "no"}'), Reply(422, b""), Reply(429, b""), Reply(reset=True)])
    def test_one_that_fails_is_a_warning_and_the_write_stands(
        self, provider_at: Callable[..., LexiconZone], answer: Reply, caplog: pytest.LogCaptureFixture
    ) -> None:
        zone = (
            b'{"name": "example.com.", "kind": "Master", "rrsets": [{"name": "example.com.", "type": "MX", "ttl": 60,'
            b' "records": [{"content": "5 mx.example.com.", "disabled": false}]}]}'
        )
        with web(Reply(200, zone), Reply(204, b""), answer) as server:
            provider = provider_at(server.url)
            mx = opened(provider).rrset("MX")
            assert mx
            provider.write([change("MX", mx, mx.with_records([Record(rdata=FRANCE, ttl=60)]))], before_call=announced)
            assert [method for method, *_ in server.seen] == ["GET", "PATCH", "PUT"]
        assert "secondaries were not notified" in caplog.text


def test_a_provider_that_is_only_listed_is_not_tried() -> None:
    with pytest.raises(ProviderManual, match="cannot be written to"):
        LexiconZone(CATALOG.provider("gehirn"), CATALOG.account("gehirn").settings({}), FakeClock())
