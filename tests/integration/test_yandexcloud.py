"""What is peculiar to Yandex Cloud: strict calls for whole sets, TXT as in a master file, operations, zones that are private."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from registrar_sync.operations.result import Result
from registrar_sync.providers.adapters.yandexcloud import YandexCloudZone
from registrar_sync.providers.adapters.yandexcloud_sets import row_of
from registrar_sync.providers.catalog import AccountSettings, load_catalog
from registrar_sync.providers.lexicon_zone import LexiconZone, _lexicon_config
from registrar_sync.sandbox.vendors.yandexcloud import folder, zone_id
from registrar_sync.wiring import SystemClock
from tests.contract.worlds import NEIGHBOURS, SPF, USUAL, USUAL_MX, ProviderWorld
from tests.integration.conftest import SandboxWorlds, SkippingClock, sandbox_of

UPDATE = ":updateRecordSets"
SET = {"name": "example.com.", "type": "TXT", "ttl": "600", "data": ['"x"']}


def enroll(world: ProviderWorld, **options: Any) -> Result:
    return world.client().enroll("example.com", provider="yandexcloud", **options)


def zone_url(world: ProviderWorld) -> str:
    sandbox = sandbox_of(world)
    return f"{sandbox.vendors['yandexcloud']}/zones/{zone_id(sandbox.store.zone('example.com'))}"


def ask(world: ProviderWorld, method: str, command: str, body: Any = None, **query: str) -> Any:
    """As somebody else with the account's token would."""
    answer = requests.request(
        method, zone_url(world) + command, json=body, params=query, headers={"Authorization": "Bearer sandbox"}, timeout=10
    )
    assert answer.ok, answer.text
    return answer.json()


def txt_set(world: ProviderWorld) -> Any:
    return ask(world, "GET", ":getRecordSet", name="example.com.", type="TXT")


def put(world: ProviderWorld, rtype: str, *data: str, ttl: int = 600) -> None:
    """Set a set as another program would."""
    one = {"name": "example.com.", "type": rtype, "ttl": str(ttl), "data": [*data]}
    ask(world, "POST", ":upsertRecordSets", {"replacements": [one]})


def writes(world: ProviderWorld) -> list[str]:
    return [write.rpartition(":")[2] for write in world.vendor.writes()]


def test_both_sets_are_changed_in_one_call(sandbox_world: SandboxWorlds) -> None:
    world = sandbox_world("yandexcloud")
    assert enroll(world).state == "authoritative"
    assert world.client().rollback("example.com").state == "authoritative"
    assert writes(world) == ["updateRecordSets"] * 2


@pytest.mark.parametrize(
    "switches",
    [
        {"yandexcloud_operation_s": 0.4},
        {"yandexcloud_refused_in": "operation"},
        {"yandexcloud_strict_codes": "invalid-argument"},
        {"yandexcloud_long_txt": "kept"},
        {"yandexcloud_bare_txt": "one"},
        {"yandexcloud_undotted": "relative"},
        {"yandexcloud_visibility": "both"},
        {"yandexcloud_page_size": 1},
    ],
    ids=lambda switches: "-".join(map(str, *switches.items())),
)
@pytest.mark.parametrize("zone", [USUAL, NEIGHBOURS], ids=["usual", "without"])
def test_what_is_unconfirmed_about_yandexcloud_does_not_matter(
    sandbox_world: SandboxWorlds, switches: dict[str, object], zone: str
) -> None:
    world = sandbox_world("yandexcloud", zone=zone, switches=switches)
    stored = world.vendor.stored()
    result = enroll(world)
    assert result.state == "authoritative", result.message
    assert world.client().rollback("example.com").state == "authoritative"
    assert world.vendor.stored() == stored


# --- TXT as in a master file --------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("value", "content"),
    [
        ("plain", '"plain"'),
        ('Long "string with spaces" #1', '"Long" "string with spaces" "#1"'),
        ("v=DKIM1; k=rsa", '"v=DKIM1"'),
        ('"v=DKIM1; k=rsa"', '"v=DKIM1; k=rsa"'),
        (r"v=DKIM1\; k=rsa", '"v=DKIM1;" "k=rsa"'),
        (r'"say \"hi\; there\""', r'"say \"hi; there\""'),
        (";", '""'),
        ('"one" "two"', '"one" "two"'),
    ],
)
def test_a_txt_value_is_read_as_the_documents_say(value: str, content: str) -> None:
    assert row_of({**SET, "value": value}).content == content


@pytest.mark.parametrize("meaning", ["several", "one"])
def test_neighbours_keep_their_own_spelling(sandbox_world: SandboxWorlds, meaning: str) -> None:
    """Values without quotes, with blanks and with a comment go back as they were listed, whatever they mean."""
    world = sandbox_world("yandexcloud", switches={"yandexcloud_bare_txt": meaning})
    odd = ["google-site-verification=abc", "two words", "v=DKIM1; k=rsa", '"part one, "  "part two"']
    put(world, "TXT", *odd, '"v=spf1 mx a:mailgate.example.com ~all"')
    stored = world.vendor.stored()
    result = enroll(world)
    assert result.state == "authoritative", result.message
    assert txt_set(world)["data"][:4] == odd
    assert world.client().rollback("example.com").state == "authoritative"
    assert world.vendor.stored() == stored


def test_an_spf_record_without_quotes_is_what_the_dns_says_of_it(sandbox_world: SandboxWorlds) -> None:
    """Where blanks divide strings it is none; where they do not, what is served is not what the API is read as."""
    world = sandbox_world("yandexcloud", switches={"yandexcloud_bare_txt": "one"})
    put(world, "TXT", "v=spf1 mx a:mailgate.example.com ~all")
    with world.unchanged():
        result = enroll(world)
    assert result.state == "refused"
    assert "api-dns-differ" in {one.id for one in result.findings}
    world = sandbox_world("yandexcloud")
    put(world, "TXT", "v=spf1 mx a:mailgate.example.com ~all")
    assert enroll(world).state == "authoritative"
    assert txt_set(world)["data"][0] == "v=spf1 mx a:mailgate.example.com ~all"


@pytest.mark.parametrize("switch", ["split", "kept"])
def test_a_value_over_255_octets_comes_back_as_it_was(sandbox_world: SandboxWorlds, switch: str) -> None:
    world = sandbox_world("yandexcloud", switches={"yandexcloud_long_txt": switch})
    put(world, "TXT", f'"{"k" * 600}"', '"v=spf1 mx a:mailgate.example.com ~all"')
    stored, before = world.vendor.stored(), txt_set(world)["data"][0]
    assert enroll(world).state == "authoritative"
    assert txt_set(world)["data"][0] == before
    assert world.client().rollback("example.com").state == "authoritative"
    assert world.vendor.stored() == stored


def test_a_value_that_is_too_long_changes_nothing(sandbox_world: SandboxWorlds) -> None:
    """Over 1,024 octets by our own rule; over 255 where the vendor says so."""
    for switches, octets, said in (({}, 990, "holds 1024"), ({"yandexcloud_long_txt": "refused"}, 230, "too long")):
        spf = "v=spf1 " + "".join(f"ip4:192.0.2.{n} " for n in range(100))[:octets].rsplit(" ", 1)[0] + " ~all"
        text = '"' + spf[:250] + ('" "' + spf[250:500] + '" "' + spf[500:750] + '" "' + spf[750:] if len(spf) > 250 else "") + '"'
        world = sandbox_world("yandexcloud", zone=NEIGHBOURS, switches=switches)
        put(world, "TXT", text)
        stored = world.vendor.stored()
        result = enroll(world, accept=["spf-over-lookup-limit"])
        assert result.error is not None, result.state
        assert said in result.error.message
        assert world.vendor.stored() == stored


@pytest.mark.parametrize("meaning", ["absolute", "relative"])
def test_an_exchange_without_a_final_dot(sandbox_world: SandboxWorlds, meaning: str) -> None:
    """It goes back as it is; where it is relative to the zone, the DNS says so, and nothing is written."""
    world = sandbox_world("yandexcloud", switches={"yandexcloud_undotted": meaning})
    put(world, "MX", "5 mailgate.example.com", "40 smtp.isp.net.", ttl=300)
    stored = world.vendor.stored()
    result = enroll(world)
    if meaning == "relative":
        assert "api-dns-differ" in {one.id for one in result.findings}
    else:
        assert result.state == "authoritative", result.message
        assert "5 mailgate.example.com" in ask(world, "GET", ":getRecordSet", name="example.com.", type="MX")["data"]
        assert world.client().rollback("example.com").state == "authoritative"
    assert world.vendor.stored() == stored


# --- another writer -----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("codes", ["by-kind", "invalid-argument"])
@pytest.mark.parametrize("told_in", ["answer", "operation"])
@pytest.mark.parametrize("zone", [NEIGHBOURS + SPF + USUAL_MX, NEIGHBOURS], ids=["changed", "created"])
def test_a_set_that_was_changed_since_is_read_again(sandbox_world: SandboxWorlds, codes: str, told_in: str, zone: str) -> None:
    """The vendor refuses the call, in whatever way: theirs is planned on, and never overwritten."""
    world = sandbox_world(
        "yandexcloud", zone=zone, switches={"yandexcloud_strict_codes": codes, "yandexcloud_refused_in": told_in}
    )
    mx = "7 theirs.example.net."
    sandbox_of(world).hook("POST", UPDATE, lambda: world.vendor.add("example.com", "MX", mx, 300))
    result = enroll(world)
    assert result.state == "authoritative", result.message
    served = world.vendor.served()
    assert mx in served
    assert "3 france.security-mail.net." in served
    assert writes(world) == ["updateRecordSets"] * 2


def test_what_is_refused_for_another_reason_is_told_as_it_is(sandbox_world: SandboxWorlds) -> None:
    world = sandbox_world("yandexcloud")
    stored = world.vendor.stored()
    sandbox_of(world).fail_next("POST", UPDATE, 400, {"code": 9, "message": "The zone is frozen", "details": []}, times=None)
    result = enroll(world)
    assert result.error is not None
    assert "The zone is frozen" in result.error.message
    assert world.vendor.stored() == stored
    assert writes(world) == ["updateRecordSets"]


# --- operations ---------------------------------------------------------------------------------------------------------
def test_an_operation_is_waited_for(sandbox_world: SandboxWorlds) -> None:
    clock = SkippingClock()
    world = sandbox_world("yandexcloud", switches={"yandexcloud_operation_s": 9.0}, now=lambda: clock.now().timestamp())
    client = world.client()
    client.world.clock = clock
    result = client.enroll("example.com", provider="yandexcloud")
    assert result.state == "authoritative", result.message
    assert result.api_calls <= 20


def test_an_operation_without_an_end_is_not_taken_for_one(sandbox_world: SandboxWorlds) -> None:
    clock = SkippingClock()
    world = sandbox_world("yandexcloud", switches={"yandexcloud_operation_s": 10_000.0}, now=lambda: clock.now().timestamp())
    client = world.client()
    client.world.clock = clock
    result = client.enroll("example.com", provider="yandexcloud")
    assert result.state == "unknown", result.message
    assert writes(world) == ["updateRecordSets"]
    clock.sleep(10_000)
    (recovered,) = client.recover("example.com")
    assert recovered.state == "written", recovered.message


# --- which zone ---------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("given", ["dns_zone_id", "folder_id", "cloud_id"])
def test_what_the_account_says_saves_questions(sandbox_world: SandboxWorlds, given: str) -> None:
    world = sandbox_world("yandexcloud", switches={"yandexcloud_visibility": "both"})
    values = {"dns_zone_id": zone_url(world).rpartition("/")[2], "folder_id": folder(0), "cloud_id": "b1gsandboxcloud00000"}
    client = world.client(credentials={"auth_token": "env:SANDBOX", given: values[given]})
    result = client.enroll("example.com", provider="yandexcloud")
    assert result.state == "authoritative", result.message
    assert result.api_calls == {"dns_zone_id": 4, "folder_id": 4, "cloud_id": 5}[given]


def test_of_several_folders_none_is_guessed(sandbox_world: SandboxWorlds) -> None:
    world = sandbox_world("yandexcloud", switches={"yandexcloud_folders": 2})
    with world.unchanged():
        result = enroll(world)
    assert result.error is not None
    assert "2 folders" in result.error.message
    assert "folder_id" in result.error.hint
    client = world.client(credentials={"auth_token": "env:SANDBOX", "folder_id": folder(0)})
    assert client.enroll("example.com", provider="yandexcloud").state == "authoritative"


def test_a_private_zone_is_left_alone(sandbox_world: SandboxWorlds) -> None:
    world = sandbox_world("yandexcloud", switches={"yandexcloud_visibility": "private"})
    with world.unchanged():
        result = enroll(world)
    assert result.error is not None
    assert result.error.kind == "zone-not-found"
    assert "private networks" in result.error.message


def test_a_name_below_is_found_in_the_zone_above(sandbox_world: SandboxWorlds) -> None:
    world = sandbox_world("yandexcloud")
    result = world.client().enroll("sub.example.com", provider="yandexcloud", accept=["spf-mx-mechanism"])
    assert result.zone == "example.com."
    assert result.state == "authoritative", result.message
    assert world.client().rollback("sub.example.com").state == "authoritative"


def test_a_token_for_reading_alone_changes_nothing(sandbox_world: SandboxWorlds) -> None:
    world = sandbox_world("yandexcloud", switches={"yandexcloud_may_write": False})
    stored = world.vendor.stored()
    result = enroll(world)
    assert result.error is not None
    assert result.error.kind == "credentials-rejected"
    assert world.vendor.stored() == stored


def test_a_token_that_has_ended_is_told_as_such(sandbox_world: SandboxWorlds) -> None:
    world = sandbox_world("yandexcloud")
    ended = {"code": 16, "message": "The token has expired", "details": []}
    sandbox_of(world).fail_next("GET", ".*", 401, ended, times=None)
    with world.unchanged():
        result = enroll(world)
    assert result.error is not None
    assert result.error.kind == "credentials-rejected"
    assert "The token has expired" in result.error.message


# --- answers that are none ----------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "body",
    [
        {},
        {"recordSets": {}},
        {"recordSets": [7]},
        {"recordSets": [SET], "nextPageToken": 5},
        {"recordSets": [SET, SET]},
        *({"recordSets": [SET | odd]} for odd in ({"ttl": 600}, {"ttl": "-1"}, {"ttl": "x"}, {"data": "x"}, {"data": [5]})),
        *({"recordSets": [SET | odd]} for odd in ({"name": None}, {"type": 5}, {"data": ['"open']})),
    ],
    ids=str,
)
def test_an_odd_listing_is_a_failed_read(sandbox_world: SandboxWorlds, body: Any) -> None:
    world = sandbox_world("yandexcloud")
    sandbox_of(world).fail_next("GET", ":listRecordSets", 200, body)
    with world.unchanged():
        result = enroll(world)
    assert result.error is not None
    assert result.error.kind == "provider-unavailable", result.message
    assert "yandexcloud" in result.message


def test_a_page_that_names_itself_as_the_next_ends_the_reading(sandbox_world: SandboxWorlds) -> None:
    world = sandbox_world("yandexcloud")
    sandbox_of(world).fail_next("GET", ":listRecordSets", 200, {"recordSets": [SET], "nextPageToken": "1"}, times=None)
    with world.unchanged():
        assert enroll(world).error is not None
    assert len(sandbox_of(world).requests) < 12


def test_429_is_waited_for(sandbox_world: SandboxWorlds) -> None:
    world = sandbox_world("yandexcloud")
    busy = {"code": 8, "message": "Quota exceeded", "details": []}
    sandbox_of(world).fail_next("POST", UPDATE, 429, busy, {"Retry-After": "7"})
    client = world.client()
    clock = client.world.clock = SkippingClock()
    assert client.enroll("example.com", provider="yandexcloud").state == "authoritative"
    assert max(clock.naps) >= 7


def test_all_zones_are_listed_over_pages_the_private_ones_left_out(sandbox_world: SandboxWorlds) -> None:
    world = sandbox_world("yandexcloud", switches={"yandexcloud_page_size": 1, "yandexcloud_visibility": "both"})
    sandbox_of(world).store.add_zone("example.net", NEIGHBOURS.replace("example.com", "example.net"))
    spec = load_catalog().account("yandexcloud")
    settings = spec.settings({"auth_token": "sandbox"}, endpoint=sandbox_of(world).vendors["yandexcloud"])
    zone = LexiconZone(spec.provider, settings, SystemClock())
    assert zone.zones() == sorted(one.name for one in sandbox_of(world).store.hosted())
    zone.close()


def test_without_an_endpoint_each_service_is_asked_at_its_own_address() -> None:
    spec = load_catalog().provider("yandexcloud")
    adapter: Any = YandexCloudZone(
        _lexicon_config(spec, AccountSettings(name="a", credentials={"auth_token": "t"}), "example.com")
    )
    assert adapter.base_urls == (
        "https://dns.api.cloud.yandex.net/dns/v1",
        "https://resource-manager.api.cloud.yandex.net/resource-manager/v1",
        "https://operation.api.cloud.yandex.net",
    )
    assert adapter.operation_url("dns1") == "https://operation.api.cloud.yandex.net/operations/dns1"
