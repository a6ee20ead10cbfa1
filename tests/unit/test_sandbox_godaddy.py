"""The simulated GoDaddy: whole RRsets without ids, bare values, a floor for TTLs, and a zone that is busy after an edit."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import dns.message
import dns.query
import pytest
import requests

from registrar_sync.sandbox import Sandbox

RECORDS = "/domains/example.com/records"


class GoDaddy:
    def __init__(self, box: Sandbox) -> None:
        self.base = box.vendors["godaddy"]
        self.session = requests.Session()
        self.session.headers["Authorization"] = "sso-key sandbox:sandbox"

    def call(self, method: str, path: str, body: Any = None, **query: object) -> requests.Response:
        return self.session.request(method, self.base + path, json=body, params=query, timeout=10)  # type: ignore[arg-type]

    def rows(self, path: str = "", **query: object) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.call("GET", RECORDS + path, **query).json()
        return found

    def put(self, *items: dict[str, Any], path: str = "/TXT/@") -> requests.Response:
        return self.call("PUT", RECORDS + path, list(items))


Make = Callable[..., tuple[Sandbox, GoDaddy]]


@pytest.fixture
def make() -> Iterator[Make]:
    running: list[tuple[Sandbox, GoDaddy]] = []

    def start(**switches: object) -> tuple[Sandbox, GoDaddy]:
        box = Sandbox(switches=switches).start()
        running.append((box, GoDaddy(box)))
        return running[-1]

    yield start
    for box, client in running:
        client.session.close()
        box.stop()


@pytest.fixture
def box(make: Make) -> Sandbox:
    return make()[0]


@pytest.fixture
def godaddy(box: Sandbox) -> Iterator[GoDaddy]:
    client = GoDaddy(box)
    yield client
    client.session.close()


def served(box: Sandbox, rtype: str) -> set[str]:
    host, port = box.dns_address
    answer = dns.query.tcp(dns.message.make_query("example.com", rtype), host, port=port, timeout=10).answer
    return {rdata.to_text() for rrset in answer for rdata in rrset}


def test_a_wrong_key_a_small_account_and_a_foreign_zone(make: Make) -> None:
    _, client = make()
    client.session.headers["Authorization"] = "sso-key sandbox:wrong"
    wrong = client.call("GET", "/domains/example.com")
    assert (wrong.status_code, wrong.json()["code"]) == (401, "UNABLE_TO_AUTHENTICATE")
    _, small = make(godaddy_small_account=True)
    denied = small.call("GET", "/domains/example.com")
    assert denied.status_code == 403
    assert denied.json() == {"code": "ACCESS_DENIED", "message": "Authenticated user is not allowed access"}
    for status, code in ((404, "NOT_FOUND"), (401, "UNABLE_TO_AUTHENTICATE")):
        _, other = make(godaddy_foreign_zone_status=status)
        foreign = other.call("GET", "/domains/www.example.com")
        assert (foreign.status_code, foreign.json()["code"]) == (status, code)


def test_domains_are_listed_after_a_marker(box: Sandbox, godaddy: GoDaddy) -> None:
    for name in ("a.example", "b.example"):
        box.store.add_zone(name, f"$ORIGIN {name}.\n@ SOA ns1 h 1 2 3 4 5\n@ NS ns1\n")
    assert [one["domain"] for one in godaddy.call("GET", "/domains", limit=2).json()] == ["a.example", "b.example"]
    assert [one["domain"] for one in godaddy.call("GET", "/domains", marker="b.example").json()] == ["example.com"]
    domain = godaddy.call("GET", "/domains/example.com").json()
    assert (domain["domain"], domain["status"], type(domain["domainId"])) == ("example.com", "ACTIVE", int)


def test_records_look_as_they_were_recorded(godaddy: GoDaddy) -> None:
    assert {"data": "mailgate.example.com", "name": "@", "priority": 5, "ttl": 10800, "type": "MX"} in godaddy.rows("/MX/@")
    assert {"data": "v=spf1 mx a:mailgate.example.com ~all", "name": "@", "ttl": 10800, "type": "TXT"} in godaddy.rows("/TXT")
    assert godaddy.rows("/CAA/@") == []
    assert {row["name"] for row in godaddy.rows()} >= {"@", "www", "mailgate"}


def test_the_apex_as_a_target_is_an_at_sign(box: Sandbox, godaddy: GoDaddy) -> None:
    assert godaddy.put({"data": "@", "ttl": 600}, path="/CNAME/alias").status_code == 200
    assert godaddy.rows("/CNAME/alias")[0]["data"] == "@"
    assert "alias.example.com. 600 IN CNAME example.com." in box.store.zone_text("example.com")


def test_a_put_replaces_what_its_url_names(box: Sandbox, godaddy: GoDaddy) -> None:
    answer = godaddy.put({"data": "one", "ttl": 600}, {"data": "two", "ttl": 1200})
    assert (answer.status_code, answer.content) == (200, b"")
    assert served(box, "TXT") == {'"one"', '"two"'}
    assert [row["ttl"] for row in godaddy.rows("/TXT/@")] == [600, 1200]
    assert godaddy.call("PATCH", RECORDS, [{"type": "TXT", "name": "@", "data": "three", "ttl": 600}]).status_code == 200
    assert served(box, "TXT") == {'"one"', '"two"', '"three"'}
    godaddy.put({"name": "@", "data": "mx.example.net", "priority": 0, "ttl": 600}, path="/MX")
    assert served(box, "MX") == {"0 mx.example.net."}


@pytest.mark.parametrize("missing", [204, 404])
def test_delete_and_the_empty_array(make: Make, missing: int) -> None:
    box, client = make(godaddy_delete_missing_status=missing)
    before = served(box, "MX")
    assert client.put(path="/MX/@").status_code == 200
    assert served(box, "MX") == before
    assert client.call("DELETE", RECORDS + "/MX/@").status_code == 204
    assert served(box, "MX") == set()
    assert client.call("DELETE", RECORDS + "/MX/@").status_code == missing
    _, strict = make(godaddy_empty_put="refused")
    assert strict.put(path="/MX/@").status_code == 422


def test_a_ttl_below_600_is_refused_with_its_field(godaddy: GoDaddy) -> None:
    refused = godaddy.put({"data": "one", "ttl": 600}, {"data": "two", "ttl": 300})
    assert refused.status_code == 422
    body = refused.json()
    assert body["code"] == "INVALID_BODY"
    assert body["fields"] == [
        {"code": "UNKNOWN_RESTRICTION", "message": "must have a minimum value of 600", "path": "records[1].ttl"}
    ]


def test_after_a_write_the_zone_is_busy(make: Make) -> None:
    box, client = make(godaddy_busy_answers=2)
    assert client.put({"data": "one", "ttl": 600}).status_code == 200
    assert [client.call("GET", RECORDS + "/TXT/@").status_code for _ in range(3)] == [409, 409, 200]
    assert client.call("GET", "/domains/example.com").status_code == 200
    assert served(box, "TXT") == {'"one"'}


@pytest.mark.parametrize(
    ("escapes", "data"), [("kept", 'say "hi" \\x'), ("undone", "say hi x"), ("stripped", "say hi x")], ids=lambda v: str(v)[:8]
)
def test_what_becomes_of_quotes_and_backslashes(make: Make, escapes: str, data: str) -> None:
    _, client = make(godaddy_txt_escapes=escapes)
    assert client.put({"data": 'say "hi" \\x', "ttl": 600}).status_code == 200
    assert client.rows("/TXT/@")[0]["data"] == data


def test_a_long_value_is_one_text_and_served_in_strings_or_refused(make: Make) -> None:
    box, client = make()
    assert client.put({"data": "a" * 600, "ttl": 600}).status_code == 200
    assert client.rows("/TXT/@")[0]["data"] == "a" * 600
    assert served(box, "TXT") == {f'"{"a" * 255}" "{"a" * 255}" "{"a" * 90}"'}
    _, strict = make(godaddy_long_txt="refused")
    assert strict.put({"data": "a" * 600, "ttl": 600}).status_code == 422


@pytest.mark.parametrize(
    ("switches", "item", "path"),
    [
        ({}, {"data": "mx.example.net"}, "/MX/@"),
        ({}, {"data": "mx.example.net", "priority": "10"}, "/MX/@"),
        ({}, {"data": ""}, "/TXT/@"),
        ({}, {"data": "x", "ttl": 700000}, "/TXT/@"),
        ({}, {"data": "x", "ttl": "600"}, "/TXT/@"),
        ({"godaddy_null_mx": "refused"}, {"data": ".", "priority": 0}, "/MX/@"),
        ({"godaddy_final_dot": "refused"}, {"data": "mx.example.net.", "priority": 0}, "/MX/@"),
    ],
)
def test_what_is_refused(make: Make, switches: dict[str, object], item: dict[str, Any], path: str) -> None:
    box, client = make(**switches)
    before = box.store.zone_text("example.com", published=False)
    assert client.put(item, path=path).status_code == 422
    assert box.store.zone_text("example.com", published=False) == before


@pytest.mark.parametrize(("twice", "status"), [("refused", 422), ("merged", 200)])
def test_the_same_record_twice(make: Make, twice: str, status: int) -> None:
    _, client = make(godaddy_same_record_twice=twice)
    assert client.put({"data": "one", "ttl": 600}, {"data": "one", "ttl": 600}).status_code == status


def test_a_body_that_is_none(godaddy: GoDaddy) -> None:
    assert godaddy.session.put(f"{godaddy.base}{RECORDS}/TXT/@", data="[{", timeout=10).status_code == 400
    assert godaddy.call("PUT", RECORDS + "/TXT/@", {"data": "x"}).status_code == 422


@pytest.mark.parametrize(("offset", "second"), [("pages", 3), ("rows", 2)])
def test_what_the_offset_counts(make: Make, offset: str, second: int) -> None:
    _, client = make(godaddy_offset=offset)
    everything = client.rows()
    assert client.rows(limit=2, offset=2)[0] == everything[second - 1 if offset == "pages" else second]
    _, capped = make(godaddy_page_cap=3)
    assert len(capped.rows()) == len(capped.rows(limit=500)) == 3
