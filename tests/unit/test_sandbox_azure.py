"""The simulated Azure: what was recorded in 2023, what its documents say, and what nobody has confirmed, both ways."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import dns.message
import dns.query
import pytest
import requests

from registrar_sync.sandbox import Sandbox

GROUP = "/subscriptions/sandbox/resourceGroups/sandbox/providers/Microsoft.Network/dnsZones"
LOGIN = {
    "grant_type": "client_credentials",
    "client_id": "sandbox",
    "client_secret": "sandbox",
    "resource": "https://management.azure.com",
}


class Azure:
    def __init__(self, box: Sandbox) -> None:
        self.base = box.vendors["azure"]
        self.session = requests.Session()

    def login(self, tenant: str = "sandbox", **other: str) -> requests.Response:
        answer = self.session.post(f"{self.base}/{tenant}/oauth2/token", data={**LOGIN, **other}, timeout=10)
        if answer.ok:
            self.session.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
        return answer

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> requests.Response:
        return self.session.request(
            method, self.base + path, json=body, headers=headers, params={"api-version": "2018-05-01"}, timeout=10
        )

    def rrset(self, method: str, path: str, properties: Any = None, **headers: str) -> requests.Response:
        body = None if properties is None else {"properties": {"TTL": 600, **properties}}
        names = {key.replace("_", "-"): value for key, value in headers.items()}
        return self.call(method, f"{GROUP}/example.com/{path}", body, **names)


Make = Callable[..., tuple[Sandbox, Azure]]


@pytest.fixture
def make() -> Iterator[Make]:
    running: list[tuple[Sandbox, Azure]] = []

    def start(**switches: object) -> tuple[Sandbox, Azure]:
        box = Sandbox(switches=switches).start()
        running.append((box, Azure(box)))
        assert running[-1][1].login().ok
        return running[-1]

    yield start
    for box, client in running:
        client.session.close()
        box.stop()


def served(box: Sandbox, rtype: str) -> set[str]:
    host, port = box.dns_address
    answer = dns.query.tcp(dns.message.make_query("example.com", rtype), host, port=port, timeout=10).answer
    return {rdata.to_text() for rrset in answer for rdata in rrset}


def test_a_token_is_given_for_the_right_secret_alone(make: Make) -> None:
    _, client = make()
    answer = client.login().json()
    assert (answer["token_type"], answer["expires_in"]) == ("Bearer", "3599")
    for fault in ({"client_secret": "x"}, {"client_id": "x"}, {"tenant": "x"}, {"resource": "x"}):
        refused = client.login(**fault)
        assert refused.status_code in (400, 401)
        assert refused.json()["error_description"].startswith("AADSTS")
    _, other = make(azure_login_refused_status=400)
    assert other.login(client_secret="x").status_code == 400


def test_nothing_is_answered_without_a_token_that_is_good(make: Make) -> None:
    _, client = make()
    client.session.headers["Authorization"] = "Bearer other"
    assert client.call("GET", GROUP).status_code == 401
    _, short = make(azure_token_s=0)
    ended = short.call("GET", GROUP)
    assert (ended.status_code, ended.json()["error"]["code"]) == (401, "ExpiredAuthenticationToken")


def test_what_is_not_there(make: Make) -> None:
    _, client = make()
    zone = client.call("GET", f"{GROUP}/example.org")
    assert (zone.status_code, zone.json()["error"]["code"]) == (404, "ResourceNotFound")
    group = client.call("GET", GROUP.replace("Groups/sandbox", "Groups/x"))
    assert (group.status_code, group.json()["error"]["code"]) == (404, "ResourceGroupNotFound")
    rrset = client.rrset("GET", "TXT/none")
    assert (rrset.status_code, rrset.json()["code"]) == (404, "NotFound")
    assert (
        make(azure_missing_set_code="ResourceNotFound")[1].rrset("GET", "TXT/none").json()["error"]["code"] == "ResourceNotFound"
    )
    assert client.session.get(client.base + GROUP, timeout=10).status_code == 400  # no api-version


def test_a_right_on_one_zone_alone(make: Make) -> None:
    _, client = make(azure_right_on="zone")
    assert client.call("GET", f"{GROUP}/example.com").ok
    assert client.rrset("GET", "MX/@").ok
    for path in (GROUP, f"{GROUP}/example.org"):
        denied = client.call("GET", path)
        assert (denied.status_code, denied.json()["error"]["code"]) == (403, "AuthorizationFailed")


def test_a_set_is_shown_as_recorded(make: Make) -> None:
    _, client = make()
    shown = client.rrset("GET", "MX/@").json()
    assert (shown["name"], shown["type"]) == ("@", "Microsoft.Network/dnszones/MX")
    assert {"preference": 5, "exchange": "mailgate.example.com."} in shown["properties"]["MXRecords"]
    assert shown["properties"]["targetResource"] == {}
    txt = client.rrset("GET", "TXT/@").json()["properties"]["TXTRecords"]
    assert all(isinstance(record["value"], list) for record in txt)


def test_zones_come_in_pages(make: Make) -> None:
    box, client = make(azure_page_size=1)
    first = client.call("GET", GROUP).json()
    assert len(first["value"]) == 1
    names, link = [first["value"][0]["name"]], first.get("nextLink")
    while link:
        page = client.session.get(link, timeout=10).json()
        names += [zone["name"] for zone in page["value"]]
        link = page.get("nextLink")
    assert sorted(f"{name}." for name in names) == sorted(zone.name for zone in box.store.hosted())


class TestConditions:
    def test_the_table_of_the_documents(self, make: Make) -> None:
        _, client = make()
        etag, new = client.rrset("GET", "TXT/@").json()["etag"], {"TXTRecords": [{"value": ["new"]}]}
        for path, headers, status in (
            ("TXT/@", {"If_None_Match": "*"}, 412),
            ("TXT/@", {"If_Match": "other"}, 412),
            ("TXT/none", {"If_Match": "*"}, 412),
            ("TXT/none", {"If_Match": etag}, 412),
            ("TXT/@", {"If_Match": "*"}, 200),
            ("TXT/@", {"If_Match": etag}, 412),
            ("TXT/none", {"If_None_Match": "*"}, 201),
            ("TXT/none", {}, 200),
        ):
            answer = client.rrset("PUT", path, new, **headers)
            assert answer.status_code == status, (path, headers, answer.text)

    def test_an_etag_holds_until_somebody_changes_the_set(self, make: Make) -> None:
        box, client = make()
        etag = client.rrset("GET", "MX/@").json()["etag"]
        assert client.rrset("GET", "MX/@").json()["etag"] == etag
        box.store.add_record("example.com", "example.com", "MX", "7 x.example.net.", 300)
        assert client.rrset("GET", "MX/@").json()["etag"] != etag

    def test_a_removal_on_a_condition(self, make: Make) -> None:
        box, client = make()
        etag = client.rrset("GET", "MX/@").json()["etag"]
        assert client.rrset("DELETE", "MX/@", If_Match="other").status_code == 412
        assert client.rrset("DELETE", "MX/@", If_Match=etag).status_code == 200
        assert served(box, "MX") == set()
        assert client.rrset("DELETE", "MX/@").status_code == 204
        assert client.rrset("DELETE", "MX/@", If_Match=etag).status_code == 412

    def test_with_another_status(self, make: Make) -> None:
        _, client = make(azure_condition_status=409)
        refused = client.rrset("PUT", "TXT/@", {"TXTRecords": []}, If_Match="other")
        assert (refused.status_code, refused.json()["code"]) == (409, "PreconditionFailed")


def test_strings_metadata_and_ttl_are_kept(make: Make) -> None:
    box, client = make()
    records = [{"value": ["one ", "two"]}, {"value": ['say "hi" \\ there']}]
    assert client.rrset("PUT", "TXT/@", {"TXTRecords": records, "metadata": {"a": "b"}}).ok
    shown = client.rrset("GET", "TXT/@").json()["properties"]
    assert (shown["TXTRecords"], shown["metadata"], shown["TTL"]) == (records, {"a": "b"}, 600)
    assert served(box, "TXT") == {'"one " "two"', '"say \\"hi\\" \\\\ there"'}


@pytest.mark.parametrize(
    ("dots", "shown"), [("kept", ["a.example.net.", "b.example.net"]), ("dropped", ["a.example.net", "b.example.net"])]
)
def test_an_exchange_with_and_without_its_final_dot(make: Make, dots: str, shown: list[str]) -> None:
    box, client = make(azure_dots=dots)
    hosts = ["a.example.net.", "b.example.net"]
    records = [{"preference": number, "exchange": host} for number, host in enumerate(hosts)]
    assert client.rrset("PUT", "MX/@", {"MXRecords": records}).ok
    assert [record["exchange"] for record in client.rrset("GET", "MX/@").json()["properties"]["MXRecords"]] == shown
    assert served(box, "MX") == {"0 a.example.net.", "1 b.example.net."}


@pytest.mark.parametrize(("form", "shown"), [("left-out", {}), ("null", {"MXRecords": None}), ("empty", {"MXRecords": []})])
def test_a_set_without_records(make: Make, form: str, shown: dict[str, object]) -> None:
    box, client = make(azure_empty_records=form)
    assert client.rrset("PUT", "MX/@", {"MXRecords": []}).ok
    answer = client.rrset("GET", "MX/@").json()
    assert {key: value for key, value in answer["properties"].items() if key == "MXRecords"} == shown
    assert served(box, "MX") == set()
    assert client.rrset("PUT", "MX/@", {"MXRecords": []}, If_None_Match="*").status_code == 412


@pytest.mark.parametrize(
    ("rtype", "properties"),
    [
        ("TXT", {"TXTRecords": [{"value": ["x" * 256]}]}),
        ("TXT", {"TXTRecords": [{"value": [""]}]}),
        ("TXT", {"TXTRecords": [{"value": ["x" * 250]} for _ in range(2)]}),
        ("TXT", {"TXTRecords": [{"value": [str(n) + "x" * 250]} for n in range(17)]}),
        ("TXT", {"TTL": 0}),
        ("TXT", {"TTL": "600"}),
        ("TXT", {"TXTRecords": [5]}),
        ("MX", {"MXRecords": [{"exchange": "x.example.net"}]}),
        ("MX", {"MXRecords": [{"preference": 65536, "exchange": "x.example.net"}]}),
        ("MX", {"MXRecords": [{"preference": 0, "exchange": "."}]}),
        ("CNAME", {"CNAMERecord": {"cname": "x.example.net"}}),
    ],
    ids=str,
)
def test_what_is_refused(make: Make, rtype: str, properties: dict[str, object]) -> None:
    box, client = make()
    before = box.store.zone_text("example.com")
    refused = client.rrset("PUT", f"{rtype}/@", properties)
    assert (refused.status_code, refused.json()["code"]) == (400, "BadRequest")
    assert box.store.zone_text("example.com") == before


def test_a_null_mx_where_it_is_taken(make: Make) -> None:
    box, client = make(azure_null_mx="accepted")
    assert client.rrset("PUT", "MX/@", {"MXRecords": [{"preference": 0, "exchange": "."}]}).ok
    assert served(box, "MX") == {"0 ."}
