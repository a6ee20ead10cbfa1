"""Dynamic update against a real BIND: keys, rights, other writers, and answers that must not be believed."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import dns.flags
import dns.message
import dns.rcode
import pytest

from registrar_sync.core.model import RRsetChange
from registrar_sync.errors import (
    CredentialsRejected,
    ProviderRefused,
    ProviderUnavailable,
    RegistrarSyncError,
    WriteMustReread,
    ZoneNotFound,
)
from registrar_sync.operations.result import Result
from registrar_sync.providers.catalog import load_catalog
from registrar_sync.providers.lexicon_zone import LexiconZone
from tests.contract.worlds import NEIGHBOURS, SPF, USUAL, USUAL_MX, ProviderWorld
from tests.integration.bind import SECRETS, Bind, token
from tests.integration.bind_world import BindVendor, bind_server
from tests.integration.dns_proxy import Forward, Proxy, Rule, answered, is_update, proxy_to
from tests.integration.internet_processes import has_ipv6, paused
from tests.unit.loopback import FakeClock

CATALOG = load_catalog()
OWNER = "example.com."


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bind]:
    with bind_server(tmp_path_factory.mktemp("ddns")) as vendor:
        yield vendor.server


@pytest.fixture
def world(running: Bind, tmp_path: Path) -> Iterator[ProviderWorld]:
    world = ProviderWorld(BindVendor(running), "ddns", tmp_path)
    world.vendor.load(USUAL)
    yield world
    world.close()


@pytest.fixture
def proxy(running: Bind) -> Iterator[Proxy]:
    with proxy_to(running.address) as door:
        yield door


ZoneAt = Callable[..., LexiconZone]


@pytest.fixture
def zone_at() -> Iterator[ZoneAt]:
    made: list[LexiconZone] = []

    def make(server: str, auth_token: str = token("ours"), call_limit_s: float = 15.0) -> LexiconZone:
        settings = CATALOG.account("ddns").settings({"auth_token": auth_token}, endpoint=server)
        made.append(LexiconZone(CATALOG.provider("ddns"), replace(settings, call_limit_s=call_limit_s), FakeClock()))
        return made[-1]

    yield make
    for zone in made:
        zone.close()


def enroll(world: ProviderWorld, name: str = "example.com", **account: Any) -> Result:
    return world.client(**account).enroll(name, provider="ddns")


def without_spf(zone: LexiconZone) -> list[RRsetChange]:
    """A change from what is read now: the SPF record taken out, the MX set with it."""
    view = zone.read(OWNER)
    txt, mx = view.rrset("TXT"), view.rrset("MX")
    assert txt
    others = [record for record in txt.records if "v=spf1" not in str(record.rdata)]
    return [
        RRsetChange(owner=OWNER, rtype="TXT", before=txt, after=txt.with_records(others)),
        RRsetChange(owner=OWNER, rtype="MX", before=mx, after=None),
    ]


def write(zone: LexiconZone, changes: list[RRsetChange]) -> None:
    zone.write(changes, before_call=lambda: None)


# --- keys and rights --------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("auth_token", "told"),
    [
        (token("stranger"), "BADKEY"),
        (token("ours", token("others").split(":")[2]), "BADSIG"),
        (token("ours", algorithm="hmac-sha512"), "BADKEY|BADSIG"),
        ("ours:c2VjcmV0", "auth_token is no"),
        ("hmac-sha256:ours:not-base64-at-all", "auth_token is no"),
        ("rot13:ours:c2VjcmV0", "auth_token is no"),
    ],
    ids=["unknown-key", "wrong-secret", "wrong-algorithm", "two-parts", "no-base64", "no-algorithm"],
)
def test_a_key_that_is_not_accepted(world: ProviderWorld, zone_at: ZoneAt, running: Bind, auth_token: str, told: str) -> None:
    zone = zone_at(running.address, auth_token)
    with pytest.raises(CredentialsRejected, match=told) as caught:
        zone.open(OWNER)
    assert auth_token.rpartition(":")[2] not in str(caught.value) + caught.value.hint
    assert zone.api_calls <= 1


def test_a_clock_that_is_an_hour_off(
    world: ProviderWorld, zone_at: ZoneAt, running: Bind, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = time.time
    monkeypatch.setattr(time, "time", lambda: real() + 3600)
    with pytest.raises(CredentialsRejected, match="BADTIME: its clock and ours"):
        zone_at(running.address).open(OWNER)


def test_a_key_that_may_not_change_mx_changes_nothing_at_all(running: Bind, tmp_path: Path) -> None:
    world = ProviderWorld(BindVendor(running, policy="grant ours name example.com. TXT;"), "ddns", tmp_path)
    world.vendor.load(USUAL)
    stored = world.vendor.stored()
    result = enroll(world)
    world.close()
    assert result.state == "restored"
    assert result.error is not None
    assert result.error.kind == "credentials-rejected"
    assert "REFUSED" in result.error.message
    assert "Nothing was changed" in result.message
    assert world.vendor.stored() == stored


def test_least_privilege_is_enough(running: Bind, tmp_path: Path) -> None:
    world = ProviderWorld(BindVendor(running, policy="grant ours name example.com. TXT MX;"), "ddns", tmp_path)
    world.vendor.load(USUAL)
    assert enroll(world).state == "authoritative"
    assert world.client().rollback("example.com").state == "authoritative"
    world.close()


def test_no_log_holds_the_secret(world: ProviderWorld, zone_at: ZoneAt, running: Bind, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    zone = zone_at(running.address)
    zone.open(OWNER)
    write(zone, without_spf(zone))
    assert f"UPDATE of example.com at {running.address} -> answered (request 3)" in caplog.text
    assert SECRETS["ours"] not in caplog.text


# --- other writers ----------------------------------------------------------------------------------------------------
def test_what_another_writer_adds_between_read_and_update_is_noticed(
    world: ProviderWorld, zone_at: ZoneAt, running: Bind
) -> None:
    zone = zone_at(running.address)
    zone.open(OWNER)
    changes = without_spf(zone)
    world.vendor.add("example.com", "TXT", '"written-meanwhile=1"', 600)
    stored = world.vendor.stored()
    with pytest.raises(WriteMustReread, match=r"NXRRSET.*Nothing was written"):
        write(zone, changes)
    assert world.vendor.stored() == stored


def add_theirs(world: ProviderWorld, gap: int, number: int) -> None:
    """At the conversation of that number."""
    if number == gap:
        world.vendor.add("example.com", "TXT", '"written-meanwhile=1"', 600)


def test_another_writer_in_every_gap_loses_nothing(world: ProviderWorld, proxy: Proxy) -> None:
    """Also between our last read and our write: there is no gap in which a value can be overwritten."""
    assert enroll(world, endpoint=proxy.address).state == "authoritative"
    count = proxy.conversations
    for gap in range(count):
        world.client().rollback("example.com")
        world.vendor.load(USUAL)
        proxy.before = partial(add_theirs, world, proxy.conversations + gap)
        result = enroll(world, endpoint=proxy.address)
        proxy.before = lambda number: None
        assert "written-meanwhile=1" in world.vendor.served(), gap
        if result.state == "unknown":  # it came between our write and our reading it back: told, and left alone
            assert gap == count - 1
            world.client(call_limit_s=0.2).recover("example.com")
        else:
            assert result.state in ("authoritative", "drift"), (gap, result.message)


def test_an_alias_that_comes_in_between_is_noticed(world: ProviderWorld, zone_at: ZoneAt, running: Bind) -> None:
    """A server passes over what is added beside a CNAME, and says yes (RFC 2136)."""
    owner = "later.example.com."
    zone = zone_at(running.address)
    zone.open(owner)
    assert zone.read(owner).rrsets == ()
    mx = zone.read(OWNER).rrset("MX")
    assert mx
    world.vendor.add(owner, "CNAME", "www.example.com.", 300)
    change = RRsetChange(owner=owner, rtype="MX", before=None, after=replace(mx, owner=owner))
    with pytest.raises(WriteMustReread, match="YXRRSET"):
        write(zone, [change])


# --- calls that go wrong ----------------------------------------------------------------------------------------------
@pytest.mark.parametrize("before_effect", [True, False], ids=["before-the-effect", "after-the-effect"])
def test_an_update_whose_answer_is_lost(world: ProviderWorld, proxy: Proxy, before_effect: bool) -> None:
    """It is sent once more, on what it was planned on: where it had been carried out, that is seen, and it is not done twice."""

    def lose_first(wire: bytes, forward: Forward) -> bytes | None:
        if is_update(wire) and proxy.updates == 1:
            if not before_effect:
                forward(wire)
            return None
        return forward(wire)

    stored = world.vendor.stored()
    proxy.rule = lose_first
    result = enroll(world, endpoint=proxy.address)
    assert result.state == "authoritative", result.message
    assert proxy.updates == 2
    proxy.rule = lambda wire, forward: forward(wire)
    assert world.client(endpoint=proxy.address).rollback("example.com").state == "authoritative"
    assert world.vendor.stored() == stored


@pytest.mark.parametrize(
    ("rcode", "error"),
    [
        (dns.rcode.REFUSED, CredentialsRejected),
        (dns.rcode.NOTAUTH, ProviderRefused),
        (dns.rcode.NOTZONE, ProviderRefused),
        (dns.rcode.NOTIMP, ProviderRefused),
        (dns.rcode.FORMERR, ProviderRefused),
        (dns.rcode.SERVFAIL, WriteMustReread),
        (dns.rcode.NXRRSET, WriteMustReread),
        (dns.rcode.YXRRSET, WriteMustReread),
        (dns.rcode.NXDOMAIN, WriteMustReread),
        (dns.rcode.YXDOMAIN, WriteMustReread),
    ],
    ids=lambda value: value.__name__ if isinstance(value, type) else dns.rcode.to_text(value),
)
def test_every_refusal_of_an_update_is_an_error(
    world: ProviderWorld, proxy: Proxy, zone_at: ZoneAt, rcode: dns.rcode.Rcode, error: type[RegistrarSyncError]
) -> None:
    proxy.rule = lambda wire, forward: answered(wire, rcode) if is_update(wire) else forward(wire)
    zone = zone_at(proxy.address)
    zone.open(OWNER)
    with pytest.raises(error, match=f"{dns.rcode.to_text(rcode)}"):
        write(zone, without_spf(zone))


def test_the_server_is_gone(world: ProviderWorld, proxy: Proxy, zone_at: ZoneAt) -> None:
    proxy.rule = lambda wire, forward: None
    zone = zone_at(proxy.address)
    with pytest.raises(ProviderUnavailable, match=r"was closed before the whole answer had come.*Nothing was changed"):
        zone.open(OWNER)
    with pytest.raises(ProviderUnavailable, match=r"no connection to 127\.0\.0\.1:1: "):
        zone_at("127.0.0.1:1").open(OWNER)


def test_a_server_that_does_not_answer_takes_no_longer_than_a_call_may(
    world: ProviderWorld, running: Bind, zone_at: ZoneAt
) -> None:
    with paused(running.group), pytest.raises(ProviderUnavailable, match="no whole answer from"):
        zone_at(running.address, call_limit_s=0.3).open(OWNER)


def cut(wire: bytes, forward: Forward) -> bytes:
    return forward(wire)[:40]


def other_id(wire: bytes, forward: Forward) -> bytes:
    answer = bytearray(forward(wire))
    answer[1] ^= 0x80
    return bytes(answer)


def unsigned(wire: bytes, forward: Forward) -> bytes:
    query = dns.message.from_wire(wire, keyring=False, continue_on_error=True)
    return dns.message.make_response(query).to_wire()


def altered(wire: bytes, forward: Forward) -> bytes:
    return forward(wire).replace(b"mailgate", b"hijacked")


def signed_by_others(wire: bytes, forward: Forward) -> bytes:
    answer = forward(wire)
    return answer.replace(b"\x04ours\x00", b"\x04hers\x00")


def of_another_question(wire: bytes, forward: Forward) -> bytes:
    return answered(wire, dns.rcode.NOERROR, dns.flags.AA).replace(b"\x07example\x03com", b"\x07example\x03net")


NO_ANSWERS: dict[str, Rule] = {
    "cut-off": cut,
    "other-id": other_id,
    "unsigned": unsigned,
    "altered": altered,
    "other-key": signed_by_others,
    "other-question": of_another_question,
    "empty": lambda wire, forward: b"",
    "http": lambda wire, forward: b"HTTP/1.1 400 Bad Request\r\n\r\n",
    "truncated": lambda wire, forward: answered(wire, flags=dns.flags.AA | dns.flags.TC),
    "not-authoritative": lambda wire, forward: answered(wire),
    "servfail": lambda wire, forward: answered(wire, dns.rcode.SERVFAIL, dns.flags.AA),
    "notimp": lambda wire, forward: answered(wire, dns.rcode.NOTIMP, dns.flags.AA),
    "refused": lambda wire, forward: answered(wire, dns.rcode.REFUSED),
}


@pytest.mark.parametrize("rule", NO_ANSWERS.values(), ids=NO_ANSWERS)
def test_answers_that_are_no_answers_are_no_empty_zone(world: ProviderWorld, proxy: Proxy, zone_at: ZoneAt, rule: Rule) -> None:
    zone = zone_at(proxy.address, call_limit_s=2.0)
    zone.open(OWNER)
    proxy.rule = rule
    with pytest.raises((ProviderUnavailable, CredentialsRejected)):
        zone.read(OWNER)


# --- zones ------------------------------------------------------------------------------------------------------------
BELOW = """$ORIGIN sub.example.com.
$TTL 600
@ SOA ns1.example.com. hostmaster.example.com. 1 7200 900 1209600 600
@ NS ns1.example.com.
@ MX 7 mail
mail A 192.0.2.77
"""


def test_a_zone_below_is_the_one_that_is_written_to(world: ProviderWorld, running: Bind) -> None:
    running.load("sub.example.com", BELOW)
    above, below = world.vendor.stored(), running.zone("sub.example.com")
    result = enroll(world, "sub.example.com")
    assert (result.zone, result.state) == ("sub.example.com.", "authoritative"), result.message
    assert world.client().rollback("sub.example.com").state == "authoritative"
    assert (world.vendor.stored(), running.zone("sub.example.com")) == (above, below)
    running.rndc("delzone", "sub.example.com")


def test_a_name_that_is_delegated_away_is_not_in_the_zone(world: ProviderWorld, running: Bind, zone_at: ZoneAt) -> None:
    world.vendor.load(USUAL + "away NS ns1.example.net.\n")
    for name in ("away.example.com.", "deep.away.example.com."):
        with pytest.raises(ZoneNotFound, match=r"away\.example\.com is delegated away"):
            zone_at(running.address).open(name)
    zone = zone_at(running.address)
    zone.open("away.example.com.", zone=OWNER)  # as --zone says
    with pytest.raises(ProviderUnavailable, match=r"refers to the name servers of away\.example\.com"):
        zone.read("away.example.com.")


def test_a_zone_that_the_server_does_not_hold(world: ProviderWorld, running: Bind, zone_at: ZoneAt) -> None:
    with pytest.raises(ZoneNotFound, match=r"shows this key no zone called www\.example\.org or example\.org"):
        zone_at(running.address).open("www.example.org.")
    with pytest.raises(ProviderUnavailable, match="cannot be asked which zones it has"):
        zone_at(running.address).zones()


def test_records_of_a_wildcard_are_not_taken_for_the_names_own(world: ProviderWorld, running: Bind, zone_at: ZoneAt) -> None:
    several = "".join(f'* 600 TXT "{number} of the wildcard"\n' for number in range(5))  # in another order each time
    world.vendor.load(USUAL + several + '* MX 9 mailgate\nowns 600 TXT "its own"\n')
    zone = zone_at(running.address)
    for name in ("nothing.example.com.", "deep.nothing.example.com."):
        zone.open(name)
        with pytest.raises(ProviderUnavailable, match="has records of its own cannot be told"):
            zone.read(name)
    zone.open("owns.example.com.")
    assert [str(record.rdata) for rrset in zone.read("owns.example.com.").rrsets for record in rrset.records] == ["its own"]


def test_an_alias_is_read_as_what_it_is(world: ProviderWorld, running: Bind, zone_at: ZoneAt) -> None:
    world.vendor.load(USUAL + "alias CNAME example.com.\n")
    zone = zone_at(running.address)
    zone.open("alias.example.com.")
    (only,) = zone.read("alias.example.com.").rrsets
    assert (only.rtype, [str(record.rdata) for record in only.records]) == ("CNAME", ["example.com."])


# --- spelling ---------------------------------------------------------------------------------------------------------
def test_octets_strings_and_case_come_back_as_they_were(world: ProviderWorld) -> None:
    odd = "".join(f"\\{octet:03d}" for octet in range(256))
    long = "x" * 255
    world.vendor.load(
        NEIGHBOURS
        + SPF
        + f'@ TXT "{odd[:400]}" "{odd[400:]}"\n@ TXT "" "after an empty string"\n@ TXT "{long}" "y"\n@ TXT "a;b (c) \\"d\\""\n'
        + "@ 600 MX 5 MailGate\n@ 600 MX 65535 Smtp.ISP.net.\n"
    )
    stored = world.vendor.stored()
    assert enroll(world).state == "authoritative"
    assert {line for line in stored.splitlines() if "v=spf1 mx a:" not in line} <= set(world.vendor.stored().splitlines())
    assert world.client().rollback("example.com").state == "authoritative"
    assert world.vendor.stored() == stored


def test_a_ttl_of_0_is_kept(world: ProviderWorld) -> None:
    world.vendor.load(NEIGHBOURS.replace("600 TXT", "0 TXT") + SPF.replace("600", "0") + USUAL_MX.replace("300", "0"))
    stored = world.vendor.stored()
    assert enroll(world).state == "authoritative"
    assert world.client().rollback("example.com").state == "authoritative"
    assert world.vendor.stored() == stored


# --- where the server is ----------------------------------------------------------------------------------------------
def test_the_server_can_be_named_in_every_way(world: ProviderWorld, running: Bind, zone_at: ZoneAt) -> None:
    for server in [f"127.0.0.1:{running.port}", f"localhost:{running.port}"] + [f"[::1]:{running.port}"] * has_ipv6():
        assert zone_at(server).open("www.example.com.") == OWNER


def test_the_server_can_be_an_option_of_the_account(world: ProviderWorld, running: Bind) -> None:
    credentials = {"auth_token": "env:DDNS_KEY", "ddns_server": running.address}
    assert enroll(world, endpoint=None, credentials=credentials).state == "authoritative"


@pytest.mark.parametrize(
    "server", ["", "a b", "host:0", "host:65536", "[::1", "u@host", "http://127.0.0.1:53", "::zz", "[host]:53"]
)
def test_what_is_no_server_is_told(zone_at: ZoneAt, server: str) -> None:
    with pytest.raises(RegistrarSyncError, match=r"ddns_server|lacks credentials"):
        zone_at(server).open(OWNER)


def test_an_endpoint_that_is_no_server_is_a_fault_of_the_file(world: ProviderWorld) -> None:
    result = enroll(world, endpoint="https://127.0.0.1/")
    assert result.error is not None
    assert result.error.kind == "config"
    assert "accounts.ddns.endpoint" in result.error.message
    assert "HOST[:PORT]" in result.error.message
