"""What is peculiar to Azure: a login before all else, sets one by one on conditions, strings apart, metadata, aliases."""

from __future__ import annotations

import logging
from typing import Any

import pytest
import requests

from registrar_sync.operations.result import Result
from registrar_sync.providers.adapters.azure import AzureZone
from registrar_sync.providers.catalog import AccountSettings, load_catalog
from registrar_sync.providers.lexicon_zone import LexiconZone, _lexicon_config
from registrar_sync.wiring import SystemClock
from tests.contract.worlds import NEIGHBOURS, SPF, USUAL, USUAL_MX, ProviderWorld
from tests.integration.conftest import SandboxWorlds, SkippingClock, sandbox_of

GROUP = "/subscriptions/sandbox/resourceGroups/sandbox/providers/Microsoft.Network/dnsZones"
CREDENTIALS = dict.fromkeys(load_catalog().provider("azure").credentials, "sandbox")
TXT = {
    "name": "@",
    "type": "Microsoft.Network/dnszones/TXT",
    "etag": "e",
    "properties": {"TTL": 600, "TXTRecords": [{"value": ["x"]}]},
}

ODD_PROPERTIES: list[dict[str, Any]] = [
    {"TTL": "600"},
    {"TXTRecords": {}},
    {"TXTRecords": [7]},
    {"TXTRecords": [{"value": "x"}]},
    {"TXTRecords": [{"value": [5]}]},
    {"TXTRecords": [{"value": ["x"]}], "metadata": 5},
    {"targetResource": 5},
]


def enroll(world: ProviderWorld, **options: Any) -> Result:
    return world.client().enroll("example.com", provider="azure", **options)


def ask(world: ProviderWorld, method: str, path: str, body: Any = None, **headers: str) -> requests.Response:
    """As somebody else with the application's secret would."""
    base = sandbox_of(world).vendors["azure"]
    secrets = {"client_id": "sandbox", "client_secret": "sandbox", "resource": "https://management.azure.com"}
    login = {"grant_type": "client_credentials", **secrets}
    token = requests.post(f"{base}/sandbox/oauth2/token", data=login, timeout=10).json()["access_token"]
    headers = {"Authorization": f"Bearer {token}", **headers}
    url = f"{base}{GROUP}/example.com/{path}"
    return requests.request(method, url, json=body, headers=headers, params={"api-version": "2018-05-01"}, timeout=10)


def properties(world: ProviderWorld, rtype: str) -> Any:
    answer = ask(world, "GET", f"{rtype}/@")
    assert answer.ok, answer.text
    return answer.json()["properties"]


def put(world: ProviderWorld, rtype: str, body: dict[str, Any], ttl: int = 600) -> None:
    answer = ask(world, "PUT", f"{rtype}/@", {"properties": {"TTL": ttl, **body}})
    assert answer.ok, answer.text


def writes(world: ProviderWorld) -> list[str]:
    """Method, type and name of each write."""
    return [
        f"{write.split()[0]} {write.replace('%40', '@').split('?')[0].split('/example.com/')[1]}"
        for write in world.vendor.writes()
    ]


def test_spf_is_written_before_mx_and_taken_back_after_it(sandbox_world: SandboxWorlds) -> None:
    world = sandbox_world("azure")
    assert enroll(world).state == "authoritative"
    assert world.client().rollback("example.com").state == "authoritative"
    assert writes(world) == ["PUT TXT/@", "PUT MX/@", "PUT MX/@", "PUT TXT/@"]


def test_a_set_that_goes_is_deleted(sandbox_world: SandboxWorlds) -> None:
    world = sandbox_world("azure", zone=NEIGHBOURS)
    stored = world.vendor.stored()
    assert enroll(world).state == "authoritative"
    assert world.client().rollback("example.com").state == "authoritative"
    assert "DELETE MX/@" in writes(world)
    assert world.vendor.stored() == stored


@pytest.mark.parametrize(
    "switches",
    [
        {"azure_condition_status": 409},
        {"azure_missing_set_code": "ResourceNotFound"},
        {"azure_right_on": "zone"},
        {"azure_dots": "dropped"},
        {"azure_null_mx": "accepted"},
        {"azure_token_s": 61},
        {"azure_page_size": 1},
    ],
    ids=lambda switches: "-".join(map(str, *switches.items())),
)
@pytest.mark.parametrize("zone", [USUAL, NEIGHBOURS], ids=["usual", "without"])
def test_what_is_unconfirmed_about_azure_does_not_matter(
    sandbox_world: SandboxWorlds, switches: dict[str, object], zone: str
) -> None:
    world = sandbox_world("azure", zone=zone, switches=switches)
    result = enroll(world)
    assert result.state == "authoritative", result.message
    served = NEIGHBOURS + (zone.removeprefix(NEIGHBOURS))
    assert world.client().rollback("example.com").state == "authoritative"
    untouched = sandbox_world("azure", zone=served)
    assert world.vendor.served() == untouched.vendor.served()


# --- what a set holds beside its values ---------------------------------------------------------------------------------
def test_metadata_and_strings_stay_as_they_are(sandbox_world: SandboxWorlds) -> None:
    world = sandbox_world("azure")
    values = [["part one, ", "part two"], ['say "hi"'], ["back\\slash"], ["caf\u00e9"], ["v=spf1 mx ", "-all"]]
    put(world, "TXT", {"TXTRecords": [{"value": value} for value in values], "metadata": {"owner": "mail team"}})
    stored = world.vendor.stored()
    assert enroll(world).state == "authoritative"
    now = properties(world, "TXT")
    assert [record["value"] for record in now["TXTRecords"]][:4] == values[:4]
    assert (now["metadata"], now["TTL"]) == ({"owner": "mail team"}, 600)
    assert world.client().rollback("example.com").state == "authoritative"
    assert world.vendor.stored() == stored


def test_metadata_of_a_set_that_comes_back(sandbox_world: SandboxWorlds) -> None:
    """A rollback makes the set anew that somebody has removed meanwhile; what stood beside it comes back, too."""
    world = sandbox_world("azure", zone=NEIGHBOURS + SPF)
    put(world, "MX", {"MXRecords": [{"preference": 5, "exchange": "mailgate.example.com."}], "metadata": {"a": "b"}}, ttl=300)
    stored = world.vendor.stored()
    assert enroll(world, mx="replace", accept=["spf-mx-mechanism"]).state == "authoritative"
    assert properties(world, "MX")["metadata"] == {"a": "b"}
    assert world.client().rollback("example.com").state == "authoritative"
    assert world.vendor.stored() == stored


@pytest.mark.parametrize("form", ["null", "left-out", "empty"])
def test_a_set_that_stands_there_without_records_is_filled(sandbox_world: SandboxWorlds, form: str) -> None:
    """To it a new set would be a conflict for ever."""
    world = sandbox_world("azure", zone=NEIGHBOURS, switches={"azure_empty_records": form})
    put(world, "MX", {"MXRecords": [], "metadata": {"a": "b"}})
    served = world.vendor.served()
    assert enroll(world).state == "authoritative"
    assert properties(world, "MX")["metadata"] == {"a": "b"}
    assert world.client().rollback("example.com").state == "authoritative"
    assert world.vendor.served() == served


def test_an_exchange_without_a_final_dot_stays_so(sandbox_world: SandboxWorlds) -> None:
    world = sandbox_world("azure")
    put(world, "MX", {"MXRecords": [{"preference": 5, "exchange": "mailgate.example.com"}]}, ttl=300)
    stored = world.vendor.stored()
    assert enroll(world).state == "authoritative"
    assert {"preference": 5, "exchange": "mailgate.example.com"} in properties(world, "MX")["MXRecords"]
    assert world.client().rollback("example.com").state == "authoritative"
    assert world.vendor.stored() == stored


@pytest.mark.parametrize("key", ["targetResource", "trafficManagementProfile"])
def test_an_alias_is_left_alone(sandbox_world: SandboxWorlds, key: str) -> None:
    world = sandbox_world("azure")
    alias = {"name": "sub", "type": "Microsoft.Network/dnszones/CNAME", "etag": "e", "properties": {"TTL": 60, key: {"id": "/x"}}}
    sandbox_of(world).fail_next("GET", "/CNAME/sub", 200, alias)
    with world.unchanged():
        result = world.client().enroll("sub.example.com", provider="azure")
    assert result.error is not None
    assert "alias of another Azure resource" in result.error.message
    assert "Azure portal" in result.error.hint


# --- another writer -----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("status", [412, 409])
@pytest.mark.parametrize("zone", [NEIGHBOURS + SPF + USUAL_MX, NEIGHBOURS], ids=["changed", "created"])
@pytest.mark.parametrize("rtype", ["TXT", "MX"])
def test_a_set_that_was_changed_since_is_read_again(sandbox_world: SandboxWorlds, status: int, zone: str, rtype: str) -> None:
    """Theirs comes between our reading and our PUT: it is planned on, or told, and never overwritten."""
    world = sandbox_world("azure", zone=zone, switches={"azure_condition_status": status})
    text = "7 theirs.example.net." if rtype == "MX" else '"theirs=1"'
    sandbox_of(world).hook("PUT", f"/{rtype}/", lambda: world.vendor.add("example.com", rtype, text, 300))
    result = world.client(call_limit_s=1.5).enroll("example.com", provider="azure")
    assert text in world.vendor.served()
    if result.state == "unknown":  # the second of our two calls: half of it stands, and theirs beside it
        assert rtype == "MX"
        assert world.client(call_limit_s=1.5).recover("example.com")[0].state in ("drift", "authoritative", "written")
    else:
        assert result.state == "authoritative", result.message
    assert text in world.vendor.served()


def test_what_is_refused_for_another_reason_is_told_as_it_is(sandbox_world: SandboxWorlds) -> None:
    world = sandbox_world("azure")
    stored = world.vendor.stored()
    body = {"code": "Conflict", "message": "The zone is being moved."}
    sandbox_of(world).fail_next("PUT", "/TXT/", 409, body, times=None)
    result = enroll(world)
    assert result.error is not None
    assert "The zone is being moved" in result.error.message
    assert world.vendor.stored() == stored


def test_a_locked_zone_is_a_missing_right(sandbox_world: SandboxWorlds) -> None:
    world = sandbox_world("azure")
    stored = world.vendor.stored()
    body = {"error": {"code": "AuthorizationFailed", "message": "does not have authorization to perform action 'write'"}}
    sandbox_of(world).fail_next("PUT", ".*", 403, body, times=None)
    result = enroll(world)
    assert result.error is not None
    assert result.error.kind == "credentials-rejected"
    assert world.vendor.stored() == stored


# --- who asks, and for which zone ---------------------------------------------------------------------------------------
@pytest.mark.parametrize("status", [401, 400])
@pytest.mark.parametrize("option", ["auth_client_id", "auth_client_secret", "auth_tenant_id"])
def test_a_refused_login(sandbox_world: SandboxWorlds, option: str, status: int) -> None:
    world = sandbox_world("azure", switches={"azure_login_refused_status": status})
    client = world.client(credentials={**dict.fromkeys(CREDENTIALS, "env:SANDBOX"), option: "file:" + str(_wrong(world))})
    with world.unchanged():
        result = client.enroll("example.com", provider="azure")
    assert result.error is not None
    assert result.error.kind == "credentials-rejected", result.message
    assert "AADSTS" in result.error.message
    assert option != "auth_client_secret" or "wrong-secret" not in result.error.message


def _wrong(world: ProviderWorld) -> Any:
    file = world.folder / "secret"
    file.write_text("wrong-secret")
    file.chmod(0o600)
    return file


def test_no_token_is_in_a_log(sandbox_world: SandboxWorlds, caplog: pytest.LogCaptureFixture) -> None:
    world = sandbox_world("azure")
    sandbox_of(world).fail_next("POST", "/oauth2/token", 200, {"access_token": "eyJ0abcdef", "expires_in": "soon"})
    with caplog.at_level(logging.DEBUG):
        result = enroll(world)
    assert result.error is not None
    assert "eyJ0abcdef" not in caplog.text + result.message


def test_a_new_token_is_asked_for_when_the_last_has_ended(sandbox_world: SandboxWorlds) -> None:
    clock = SkippingClock()
    world = sandbox_world("azure", switches={"azure_token_s": 300}, now=lambda: clock.now().timestamp())
    account = load_catalog().account("azure")
    zone = LexiconZone(account.provider, account.settings(CREDENTIALS, endpoint=sandbox_of(world).vendors["azure"]), clock)
    zone.open("example.com.")
    clock.sleep(600)
    assert zone.read("example.com.").rrset("TXT")
    zone.close()


@pytest.mark.parametrize("option", ["auth_subscription_id", "resource_group"])
def test_a_group_that_is_not_there_is_no_missing_zone(sandbox_world: SandboxWorlds, option: str) -> None:
    world = sandbox_world("azure")
    client = world.client(credentials={**dict.fromkeys(CREDENTIALS, "env:SANDBOX"), option: "elsewhere"})
    with world.unchanged():
        result = client.enroll("example.com", provider="azure")
    assert result.error is not None
    assert "elsewhere" in result.error.message
    assert option in result.error.hint


def test_a_name_below_with_a_right_on_the_zone_alone(sandbox_world: SandboxWorlds) -> None:
    world = sandbox_world("azure", switches={"azure_right_on": "zone"})
    result = world.client().enroll("sub.example.com", provider="azure", accept=["spf-mx-mechanism"])
    assert result.zone == "example.com."
    assert result.state == "authoritative", result.message
    assert world.client().rollback("sub.example.com").state == "authoritative"
    denied = world.client().enroll("example.org", provider="azure")
    assert denied.error is not None
    assert denied.error.kind == "credentials-rejected"


def test_a_private_zone_is_left_alone(sandbox_world: SandboxWorlds) -> None:
    world = sandbox_world("azure", switches={"azure_zone_type": "Private"})
    with world.unchanged():
        result = enroll(world)
    assert result.error is not None
    assert result.error.kind == "zone-not-found"
    assert "private networks" in result.error.message


# --- answers that are none ----------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "odd",
    [
        {"name": "www"},
        {"type": "Microsoft.Network/dnszones/MX"},
        {"etag": None},
        {"properties": None},
        *({"properties": {"TTL": 600, **one}} for one in ODD_PROPERTIES),
    ],
    ids=str,
)
def test_an_odd_set_is_a_failed_read(sandbox_world: SandboxWorlds, odd: dict[str, Any]) -> None:
    world = sandbox_world("azure")
    sandbox_of(world).fail_next("GET", "/TXT/", 200, {**TXT, **odd})
    with world.unchanged():
        result = enroll(world)
    assert result.error is not None
    assert result.error.kind == "provider-unavailable", result.message
    assert "azure" in result.message


@pytest.mark.parametrize(
    "record", [{"exchange": "mx.example.net."}, {"preference": "5", "exchange": "mx.example.net."}, {"preference": 5}]
)
def test_an_mx_without_a_preference_is_not_guessed(sandbox_world: SandboxWorlds, record: dict[str, Any]) -> None:
    """lexicon writes such ones."""
    world = sandbox_world("azure")
    odd = {**TXT, "type": "Microsoft.Network/dnszones/MX", "properties": {"TTL": 600, "MXRecords": [record]}}
    sandbox_of(world).fail_next("GET", "/MX/", 200, odd)
    with world.unchanged():
        assert enroll(world).error is not None


@pytest.mark.parametrize("answered", [404, 200])
def test_a_zone_that_goes_while_it_is_read_is_not_an_empty_one(sandbox_world: SandboxWorlds, answered: int) -> None:
    """A set that is not there, and then the zone: 404, or another zone's answer."""
    world = sandbox_world("azure")
    sandbox = sandbox_of(world)
    gone = {"error": {"code": "ResourceNotFound", "message": "was not found"}}
    other = {"name": "example.net", "properties": {"zoneType": "Public"}}

    def fail() -> None:
        sandbox.fail_next("GET", r"/example\.com\?", answered, gone if answered == 404 else other, times=None)

    sandbox.fail_next("GET", "/(TXT|MX)/", 404, gone, times=None)
    sandbox.hook("GET", "/TXT/", fail)
    with world.unchanged():
        result = enroll(world)
    assert result.error is not None
    assert result.plan is None


def test_429_is_waited_for(sandbox_world: SandboxWorlds) -> None:
    world = sandbox_world("azure")
    busy = {"error": {"code": "TooManyRequests", "message": "slow down"}}
    sandbox_of(world).fail_next("PUT", ".*", 429, busy, {"Retry-After": "7"})
    client = world.client()
    clock = client.world.clock = SkippingClock()
    assert client.enroll("example.com", provider="azure").state == "authoritative"
    assert max(clock.naps) >= 7


def test_all_zones_are_listed_over_pages(sandbox_world: SandboxWorlds) -> None:
    world = sandbox_world("azure", switches={"azure_page_size": 1})
    sandbox_of(world).store.add_zone("example.net", NEIGHBOURS.replace("example.com", "example.net"))
    account = load_catalog().account("azure")
    zone = LexiconZone(
        account.provider, account.settings(CREDENTIALS, endpoint=sandbox_of(world).vendors["azure"]), SystemClock()
    )
    assert zone.zones() == sorted(one.name for one in sandbox_of(world).store.hosted())
    zone.close()


@pytest.mark.parametrize("link", ["http://192.0.2.1/more", "", 5])
def test_a_next_page_elsewhere_is_not_asked_for(sandbox_world: SandboxWorlds, link: object) -> None:
    world = sandbox_world("azure")
    own = sandbox_of(world).vendors["azure"] + GROUP + "?api-version=2018-05-01"
    page = {"value": [{"name": "example.com"}], "nextLink": link or own}
    sandbox_of(world).fail_next("GET", "/dnsZones", 200, page, times=None)
    account = load_catalog().account("azure")
    zone = LexiconZone(
        account.provider, account.settings(CREDENTIALS, endpoint=sandbox_of(world).vendors["azure"]), SystemClock()
    )
    with pytest.raises(Exception, match="azure"):
        zone.zones()
    assert len(sandbox_of(world).requests) < 5
    zone.close()


def test_without_an_endpoint_both_services_are_asked_at_their_own_address() -> None:
    spec = load_catalog().provider("azure")
    adapter: Any = AzureZone(_lexicon_config(spec, AccountSettings(name="a", credentials=CREDENTIALS), "example.com"))
    assert adapter.base_urls == ("https://management.azure.com", "https://login.microsoftonline.com")
