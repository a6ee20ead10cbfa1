"""What is peculiar to Route 53: one conditional batch, XML, several zones of one name, aliases and routing policies."""

from __future__ import annotations

import json
import logging
import os
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from registrar_sync.core.model import RRsetChange
from registrar_sync.errors import ConfigInvalid, CredentialsRejected, ProviderRefused, ProviderUnavailable, ZoneNotFound
from registrar_sync.operations.result import Result
from registrar_sync.providers.catalog import load_catalog
from registrar_sync.providers.lexicon_zone import LexiconZone
from registrar_sync.sandbox.vendors.route53 import zone_id
from registrar_sync.sandbox.vendors.route53_xml import NAMESPACE
from tests.contract.worlds import NEIGHBOURS, SPF, USUAL, ProviderWorld
from tests.integration.conftest import SandboxWorlds, sandbox_of
from tests.unit.loopback import FakeClock, Reply, web

CATALOG = load_catalog()
RRSET = f"/route53/2013-04-01/hostedzone/{zone_id('example.com.')}/rrset"
BUSY = "<ErrorResponse><Error><Type>Sender</Type><Code>{}</Code><Message>Rate exceeded</Message></Error></ErrorResponse>"


def enroll(world: ProviderWorld, **account: Any) -> Result:
    return world.client(**account).enroll("example.com", provider="route53")


def assert_there_and_back(world: ProviderWorld, **account: Any) -> None:
    stored = world.vendor.stored()
    result = enroll(world, **account)
    assert result.state == "authoritative", result.message
    assert world.client(**account).rollback("example.com").state == "authoritative"
    assert world.vendor.stored() == stored


def with_zone(world: ProviderWorld, **options: str) -> dict[str, Any]:
    """The account's entry with more options."""
    return {"credentials": world.vendor.account()["credentials"] | options}


# --- switches, rights, zones ------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "switches",
    [
        {"route53_error_shape": "InvalidChangeBatch"},
        {"route53_delete_order": "as-listed"},
        {"route53_page_size": 1},
        {"route53_page_size": 2},
        {"route53_bare_octets": "stored"},
        {"route53_unknown_zone_status": 403},
    ],
    ids=json.dumps,
)
def test_what_is_unconfirmed_about_route53_does_not_matter(sandbox_world: SandboxWorlds, switches: dict[str, object]) -> None:
    assert_there_and_back(sandbox_world("route53", switches=switches))


def test_one_batch_each_way(sandbox_world: SandboxWorlds) -> None:
    world = sandbox_world("route53")
    assert_there_and_back(world)
    assert world.vendor.writes() == [f"POST {RRSET}/"] * 2


def test_where_a_set_cannot_be_deleted_and_created_at_once_nothing_is_changed(sandbox_world: SandboxWorlds) -> None:
    """Unconfirmed by a recording: then it is refused, and the operator is told."""
    world = sandbox_world("route53", switches={"route53_same_set_in_batch": "refused"})
    stored = world.vendor.stored()
    result = enroll(world)
    assert (result.state, result.error and result.error.kind) == ("restored", "provider-refused")
    assert "already exists" in result.error.message  # type: ignore[union-attr]
    assert "Nothing was changed" in result.message
    assert world.vendor.stored() == stored


def test_a_key_that_may_only_read(sandbox_world: SandboxWorlds) -> None:
    world = sandbox_world("route53", switches={"route53_denied": ("ChangeResourceRecordSets",)})
    stored = world.vendor.stored()
    result = enroll(world)
    assert (result.state, result.error and result.error.kind) == ("restored", "credentials-rejected")
    assert "AccessDenied" in result.error.message  # type: ignore[union-attr]
    assert "Nothing was changed" in result.message
    assert world.vendor.stored() == stored


def test_with_its_id_no_list_of_zones_is_needed(sandbox_world: SandboxWorlds) -> None:
    world = sandbox_world("route53", switches={"route53_denied": ("ListHostedZones", "ListHostedZonesByName")})
    assert enroll(world).error is not None
    for written in (zone_id("example.com."), f"/hostedzone/{zone_id('example.com.')}"):
        assert_there_and_back(world, **with_zone(world, zone_id=written))


@pytest.mark.parametrize("status", [404, 403])
def test_an_id_that_is_not_the_domains(sandbox_world: SandboxWorlds, status: int) -> None:
    world = sandbox_world("route53", switches={"route53_unknown_zone_status": status})
    sandbox_of(world).store.add_zone("example.net", USUAL.replace("example.com", "example.net"))
    with world.unchanged():
        other = enroll(world, **with_zone(world, zone_id=zone_id("example.net.")))
        unknown = enroll(world, **with_zone(world, zone_id="ZUNKNOWN"))
    assert other.error is not None
    assert other.error.kind == "zone-not-found"
    assert "is example.net, and does not hold example.com" in other.error.message
    assert unknown.error is not None
    assert unknown.error.kind == ("zone-not-found" if status == 404 else "credentials-rejected")


def test_of_two_zones_of_one_name_none_is_guessed(sandbox_world: SandboxWorlds) -> None:
    world = sandbox_world("route53", switches={"route53_private_twins": ("example.com",)})
    with world.unchanged():
        result = enroll(world)
    assert result.error is not None
    assert result.error.kind == "zone-not-found"
    for told in (f"{zone_id('example.com.')} (public)", f"{zone_id('example.com.', private=True)} (private)"):
        assert told in result.error.message
    assert_there_and_back(world, **with_zone(world, private_zone="false"))
    assert_there_and_back(world, **with_zone(world, zone_id=zone_id("example.com.")))


def test_a_private_zone_is_not_what_the_dns_serves(sandbox_world: SandboxWorlds) -> None:
    world = sandbox_world("route53", switches={"route53_private_twins": ("example.com",)})
    with world.unchanged():
        result = enroll(world, **with_zone(world, private_zone="True"))
        odd = enroll(world, **with_zone(world, private_zone="perhaps"))
    assert (result.state, {f.id for f in result.findings if f.severity == "block"}) == ("refused", {"api-dns-differ"})
    assert odd.error is not None
    assert "private_zone is 'perhaps'" in odd.error.message


# --- what stands there ------------------------------------------------------------------------------------------------
def add(world: ProviderWorld, rtype: str, text: str, **beside: object) -> None:
    """A row at the apex with more to it than a value."""
    with sandbox_of(world).store.editing("example.com") as draft:
        draft.add("example.com.", rtype, text, 60, beside=json.dumps(beside) if beside else "")
        draft.publish()


TARGET = {"HostedZoneId": "Z2FDTNDATAQYW2", "DNSName": "d1.cloudfront.net.", "EvaluateTargetHealth": False}


def test_an_alias_at_the_apex_is_left_alone(sandbox_world: SandboxWorlds) -> None:
    world = sandbox_world("route53", zone=USUAL.replace("@ 300 A 192.0.2.10\n", ""))
    add(world, "A", "192.0.2.99", AliasTarget=TARGET)
    add(world, "AAAA", "2001:db8::99", AliasTarget=TARGET)
    assert_there_and_back(world)


def test_weighted_addresses_are_left_alone(sandbox_world: SandboxWorlds) -> None:
    world = sandbox_world("route53", zone=USUAL.replace("@ 300 A 192.0.2.10\n", ""), switches={"route53_page_size": 2})
    for number in range(4):
        add(world, "A", f"192.0.2.{number}", SetIdentifier=f"server-{number}", Weight=1)
    assert_there_and_back(world)


@pytest.mark.parametrize(
    ("rtype", "text", "beside"),
    [
        ("TXT", '"v=spf1 -all"', {"SetIdentifier": "a", "Weight": 1}),
        ("MX", "5 mailgate", {"SetIdentifier": "eu", "Region": "eu-west-1"}),
        ("MX", "5 mailgate", {"AliasTarget": TARGET}),
    ],
    ids=["weighted-txt", "latency-mx", "alias-mx"],
)
def test_txt_or_mx_that_is_no_simple_set_is_refused(
    sandbox_world: SandboxWorlds, rtype: str, text: str, beside: dict[str, object]
) -> None:
    world = sandbox_world("route53", zone=NEIGHBOURS + (SPF if rtype == "MX" else ""))
    if rtype == "TXT":
        sandbox_of(world).store.remove_records("example.com", "example.com", "TXT")
    add(world, rtype, text, **beside)
    with world.unchanged():
        result = enroll(world)
    assert result.error is not None
    assert f"has a {rtype} record set with {', '.join(sorted(beside))}" in result.error.message
    assert "Nothing was changed" in result.error.message


def test_octets_beyond_ascii_and_names_without_a_dot_come_back_as_they_were(sandbox_world: SandboxWorlds) -> None:
    world = sandbox_world("route53", zone=NEIGHBOURS + SPF + '@ TXT "caf\\195\\169 \\000\\255" "\\"\\\\"\n')
    add(world, "MX", "20 in.example.net.", Value="20 in.example.net")
    add(world, "MX", "30 IN2.example.net.", Value="30 IN2.example.net")
    assert_there_and_back(world)


# --- other writers and other failures ---------------------------------------------------------------------------------
def test_what_another_writer_puts_in_just_before_our_batch_is_kept(sandbox_world: SandboxWorlds) -> None:
    """The batch is refused, since what it deletes is not what stands there; then all is read and planned again."""
    world = sandbox_world("route53")
    box = sandbox_of(world)
    box.hook("POST", "/rrset", lambda: world.vendor.add("example.com", "TXT", '"theirs=1"', 600))
    result = enroll(world)
    assert result.state == "authoritative", result.message
    assert "theirs=1" in world.vendor.served()
    assert [entry["status"] for entry in box.requests if entry["method"] == "POST"] == [400, 200]


def test_a_ttl_that_another_writer_sets_just_before_our_batch_is_kept(sandbox_world: SandboxWorlds) -> None:
    world = sandbox_world("route53")

    def set_ttl() -> None:
        with sandbox_of(world).store.editing("example.com") as draft:
            for row in draft.zone.at("example.com.", "MX"):
                draft.change(row, ttl=77)
            draft.publish()

    sandbox_of(world).hook("POST", "/rrset", set_ttl)
    assert enroll(world).state == "authoritative"
    assert "example.com. 77 IN MX 3 france.security-mail.net." in world.vendor.served()


def test_a_set_that_somebody_creates_meanwhile_is_noticed(sandbox_world: SandboxWorlds) -> None:
    world = sandbox_world("route53", zone=NEIGHBOURS + SPF)
    sandbox_of(world).hook("POST", "/rrset", lambda: world.vendor.add("example.com", "MX", "9 mailgate", 600))
    assert enroll(world).state == "authoritative"
    assert "MX 9 mailgate.example.com." in world.vendor.served()


@pytest.mark.parametrize("code", ["Throttling", "ThrottlingException", "PriorRequestNotComplete"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_busy_api_is_asked_again(sandbox_world: SandboxWorlds, method: str, code: str) -> None:
    world = sandbox_world("route53")
    sandbox_of(world).fail_next(method, ".*", 400, BUSY.format(code), times=2)
    assert_there_and_back(world)


def test_an_accepted_batch_was_accepted_whatever_the_answer_says(sandbox_world: SandboxWorlds) -> None:
    world = sandbox_world("route53")
    sandbox_of(world).fail_next("POST", ".*", 200, "<html>proxy", before_effect=False)
    assert enroll(world).state == "authoritative"


# --- answers that must not be believed --------------------------------------------------------------------------------
ZoneAt = Callable[..., LexiconZone]


@pytest.fixture
def zone_at() -> Iterator[ZoneAt]:
    made: list[LexiconZone] = []

    def make(url: str, key: str = "AKIDEXAMPLE", **options: str) -> LexiconZone:
        account = CATALOG.account("route53")
        given = {"auth_access_key": key, "auth_access_secret": "wJalrXUtnFEMI/K7MDENG", **options}
        made.append(LexiconZone(account.provider, account.settings(given, endpoint=url), FakeClock()))
        return made[-1]

    yield make
    for zone in made:
        zone.close()


def reply(body: str, status: int = 200) -> Reply:
    return Reply(status, f'<?xml version="1.0"?><R xmlns="{NAMESPACE}">{body}</R>'.encode())


def zones(*names: str, more: str = "") -> Reply:
    shown = "".join(
        f"<HostedZone><Id>/hostedzone/Z{number}</Id><Name>{name}</Name><Config><PrivateZone>false</PrivateZone></Config></HostedZone>"
        for number, name in enumerate(names)
    )
    truncated = f"<IsTruncated>{'true' if more else 'false'}</IsTruncated>{more}"
    return reply(f"<HostedZones>{shown}</HostedZones>{truncated}")


def one_set(name: str, rtype: str, *values: str, ttl: str = "<TTL>60</TTL>") -> str:
    records = "".join(f"<ResourceRecord><Value>{value}</Value></ResourceRecord>" for value in values)
    named = f"<Name>{name}</Name><Type>{rtype}</Type>"
    return f"<ResourceRecordSet>{named}{ttl}<ResourceRecords>{records}</ResourceRecords></ResourceRecordSet>"


SOA = one_set("example.com.", "SOA", "ns. host. 1 2 3 4 5")
END = "<IsTruncated>false</IsTruncated>"


def sets(*shown: str, end: str = END) -> Reply:
    return reply(f"<ResourceRecordSets>{''.join(shown)}</ResourceRecordSets>{end}")


def more(name: str) -> str:
    return f"<IsTruncated>true</IsTruncated><NextRecordName>{name}</NextRecordName><NextRecordType>TXT</NextRecordType>"


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (Reply(200, b"<html><body>Maintenance</body></html>"), "IsTruncated is missing"),
        (Reply(200, b'{"ResourceRecordSets": []}'), "not the XML that was expected"),
        (Reply(200, b"<?xml version='1.0'?><R><ResourceRecord"), "not the XML that was expected"),
        (Reply(200, b""), "IsTruncated is missing"),
        (sets(), "SOA is not in the listing"),
        (sets(one_set("www.example.com.", "A", "192.0.2.1")), "SOA is not in the listing"),
        (sets(SOA, one_set("example.net.", "A", "192.0.2.1"), one_set("a.com.", "A", "192.0.2.1")), "does not begin where"),
        (sets(SOA, end=""), "IsTruncated is missing"),
        (reply(END), "ResourceRecordSets is missing"),
        (sets(SOA, end="<IsTruncated>true</IsTruncated>"), "NextRecordName is missing"),
        (sets(SOA, end=more("example.com.")), "does not go on"),
        (sets(SOA, one_set("example.com.", "MX", "5 a.", ttl="")), "TTL is missing"),
        (sets(SOA, one_set("example.com.", "MX", "5 a.", ttl="<TTL>soon</TTL>")), "ValueError|not the XML"),
        (sets(SOA, one_set("example.com.", "MX", "5 a.", ttl="<TTL>-1</TTL>")), "TTL is missing or no number"),
        (sets(SOA, one_set("example.com.", "MX", "mail.example.com.")), "is no preference and exchange"),
        (sets(SOA, one_set("example.com.", "TXT", '"\\777"')), "no octal escape"),
        (Reply(302, b"", {"Location": "https://example.net/"}), "HTTP 302"),
    ],
    ids=lambda value: None if isinstance(value, Reply) else value,
)
def test_an_answer_that_is_none_is_no_empty_zone(zone_at: ZoneAt, answer: Reply, told: str) -> None:
    with web(zones("example.com."), answer) as server:
        zone = zone_at(server.url)
        zone.open("example.com.")
        with pytest.raises(ProviderUnavailable, match=told):
            zone.read("example.com.")


def test_pages_are_read_as_long_as_they_are_the_owners(zone_at: ZoneAt) -> None:
    first = sets(SOA, end=more("example.com."))
    second = sets(one_set("example.com.", "TXT", '"a"'), one_set("a.example.com.", "A", "192.0.2.1"), end=more("b.example.com."))
    with web(zones("example.com."), first, second) as server:
        zone = zone_at(server.url)
        zone.open("example.com.")
        assert [rrset.rtype for rrset in zone.read("example.com.").rrsets] == ["SOA", "TXT"]
        assert [path.partition("?")[2] for _, path, _, _ in server.seen][1:] == [
            "name=example.com.",
            "name=example.com.&type=TXT",
        ]


def test_zones_of_one_name_on_two_pages_are_seen(zone_at: ZoneAt) -> None:
    following = "<NextDNSName>example.com.</NextDNSName><NextHostedZoneId>Z9</NextHostedZoneId>"
    with web(zones("example.com.", more=following), zones("example.com.")) as server:
        with pytest.raises(ZoneNotFound, match=r"has 2 zones called example\.com"):
            zone_at(server.url).open("example.com.")
        assert "hostedzoneid=Z9" in server.seen[1][1]


def test_the_zone_above_is_asked_for_where_the_name_is_none(zone_at: ZoneAt) -> None:
    with web(zones("zzz.example."), zones("example.com.")) as server:
        assert zone_at(server.url).open("www.example.com.") == "example.com."
    with web(zones("zzz.example.")) as server, pytest.raises(ZoneNotFound, match=r"www\.example\.com or example\.com"):
        zone_at(server.url).open("www.example.com.")


def test_all_pages_of_zones_are_listed(zone_at: ZoneAt) -> None:
    with web(zones("a.example.", "b.example.", more="<NextMarker>Z7</NextMarker>"), zones("c.example.")) as server:
        assert zone_at(server.url).zones() == ["a.example.", "b.example.", "c.example."]
        assert "marker=Z7" in server.seen[1][1]


@pytest.mark.parametrize(
    ("status", "code", "error"),
    [
        (403, "AccessDenied", CredentialsRejected),
        (403, "InvalidClientTokenId", CredentialsRejected),
        (403, "SignatureDoesNotMatch", CredentialsRejected),
        (400, "IncompleteSignature", CredentialsRejected),
        (400, "InvalidInput", ProviderUnavailable),
        (400, "Throttling", ProviderUnavailable),
        (500, "InternalFailure", ProviderUnavailable),
        (503, "ServiceUnavailable", ProviderUnavailable),
    ],
)
def test_the_vendors_word_for_a_refusal_is_told(zone_at: ZoneAt, status: int, code: str, error: type[Exception]) -> None:
    body = f"<Error><Type>Sender</Type><Code>{code}</Code><Message>said &amp; done</Message></Error>"
    with web(reply(body, status)) as server, pytest.raises(error, match=f"{code}: said & done"):
        zone_at(server.url).open("example.com.")


def test_a_refusal_of_unknown_cause_is_final_and_says_so(zone_at: ZoneAt) -> None:
    body = "<InvalidChangeBatch><Messages><Message>Too many records.</Message></Messages></InvalidChangeBatch>"
    listed = sets(SOA, one_set("example.com.", "MX", "5 a.example."))
    with web(zones("example.com."), listed, Reply(400, body.encode())) as server:
        zone = zone_at(server.url)
        zone.open("example.com.")
        mx = zone.read("example.com.").rrset("MX")
        with pytest.raises(ProviderRefused, match=r"InvalidChangeBatch: Too many records.*changed nothing"):
            zone.write([RRsetChange(owner="example.com.", rtype="MX", before=mx, after=None)], before_call=lambda: None)
        assert len(server.seen) == 3


# --- secrets and surroundings -----------------------------------------------------------------------------------------
def test_no_log_holds_a_secret(zone_at: ZoneAt, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with web(zones("example.com."), sets(SOA)) as server:
        zone = zone_at(server.url)
        zone.open("example.com.")
        zone.read("example.com.")
        assert "AKIDEXAMPLE" in server.seen[0][2]["Authorization"]
    assert "botocore" in {record.name.partition(".")[0] for record in caplog.records}
    assert "AKIDEXAMPLE" not in caplog.text
    assert "wJalrXUtnFEMI" not in caplog.text


def test_nothing_of_the_operators_own_aws_setup_is_used(
    zone_at: ZoneAt, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    config = tmp_path_factory.mktemp("aws") / "config"
    config.write_text("[profile other]\nregion = eu-west-1\nendpoint_url = http://127.0.0.1:1\n")
    for name, value in {
        "AWS_CONFIG_FILE": str(config),
        "AWS_PROFILE": "other",
        "AWS_ENDPOINT_URL_ROUTE_53": "http://127.0.0.1:1",
        "AWS_ACCESS_KEY_ID": "AKIDOTHER",
        "AWS_SESSION_TOKEN": "token-of-another",
        "AWS_MAX_ATTEMPTS": "9",
        "AWS_REGION": "eu-west-1",
    }.items():
        monkeypatch.setenv(name, value)
    with web(zones("example.com.")) as server:
        zone = zone_at(server.url)
        zone.open("example.com.")
        assert zone.api_calls == len(server.seen) == 1
        (_, _, headers, _) = server.seen[0]
        assert "Credential=AKIDEXAMPLE/" in headers["Authorization"]
        assert "/us-east-1/route53/aws4_request" in headers["Authorization"]
        assert "token-of-another" not in str(headers)
    assert os.environ["AWS_PROFILE"] == "other"


def test_without_boto3_the_operator_is_told_what_to_install(zone_at: ZoneAt, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "botocore.config", None)
    with pytest.raises(ConfigInvalid) as caught:
        zone_at("http://127.0.0.1:1").open("example.com.")
    assert "boto3" in caught.value.message
    assert "dns-lexicon[route53]" in caught.value.hint


def test_a_key_that_no_header_carries_is_told_as_such(zone_at: ZoneAt) -> None:
    with web(zones("example.com.")) as server:
        with pytest.raises(CredentialsRejected, match="no HTTP header carries"):
            zone_at(server.url, key="clé\nAKID").open("example.com.")
        assert server.seen == []
