"""The simulated DigitalOcean: pages with absolute links, a dot that must be sent and never comes, and what it refuses to hold."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from typing import Any

import dns.message
import dns.query
import pytest
import requests

from registrar_sync.sandbox import Sandbox
from registrar_sync.sandbox.vendors.digitalocean import A_MINUTE

RECORDS = "/domains/example.com/records"


class DigitalOcean:
    def __init__(self, box: Sandbox, token: str = "sandbox") -> None:
        self.base = box.vendors["digitalocean"]
        self.session = requests.Session()
        self.session.headers["Authorization"] = f"Bearer {token}"

    def call(self, method: str, path: str, body: Any = None) -> requests.Response:
        url = path if path.startswith("http") else self.base + path
        return self.session.request(method, url, json=body, timeout=10)

    def records(self, query: str = "name=example.com&per_page=200") -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.call("GET", f"{RECORDS}?{query}").json()["domain_records"]
        return found

    def mx(self, priority: int = 5) -> dict[str, Any]:
        return next(row for row in self.records() if row["type"] == "MX" and row["priority"] == priority)

    def add(self, data: str, rtype: str = "TXT", **more: Any) -> requests.Response:
        return self.call("POST", RECORDS, {"type": rtype, "name": "@", "data": data, **more})


Make = Callable[..., tuple[Sandbox, DigitalOcean]]


@pytest.fixture
def make() -> Iterator[Make]:
    """A sandbox under switches, and a client of it."""
    running: list[tuple[Sandbox, DigitalOcean]] = []

    def start(**switches: object) -> tuple[Sandbox, DigitalOcean]:
        box = Sandbox(switches={f"digitalocean_{name}": value for name, value in switches.items()}).start()
        running.append((box, DigitalOcean(box)))
        return running[-1]

    yield start
    for box, client in running:
        client.session.close()
        box.stop()


@pytest.fixture
def box(make: Make) -> Sandbox:
    return make()[0]


@pytest.fixture
def vendor(box: Sandbox) -> Iterator[DigitalOcean]:
    client = DigitalOcean(box)
    yield client
    client.session.close()


def served(box: Sandbox, rtype: str) -> set[str]:
    host, port = box.dns_address
    answer = dns.query.tcp(dns.message.make_query("example.com", rtype), host, port=port, timeout=10).answer
    return {rdata.to_text() for rrset in answer for rdata in rrset}


def is_refused(answer: requests.Response, message: str = "") -> bool:
    said = answer.json()
    return answer.status_code == 422 and said["id"] == "unprocessable_entity" and message in said["message"]


@pytest.mark.parametrize("token", ["wrong", ""])
def test_the_token_is_checked(box: Sandbox, token: str) -> None:
    client = DigitalOcean(box, token)
    answer = client.call("GET", "/domains")
    client.session.close()
    assert (answer.status_code, answer.json()["id"]) == (401, "unauthorized")


@pytest.mark.parametrize("path", ["/domains/example.org", "/domains/example.org/records", f"{RECORDS}/1"])
def test_what_is_not_there_is_404(vendor: DigitalOcean, path: str) -> None:
    answer = vendor.call("GET", path)
    assert answer.status_code == 404
    assert answer.json() == {"id": "not_found", "message": "The resource you were accessing could not be found."}


def test_the_limits_are_told_with_every_answer_refusals_included(vendor: DigitalOcean) -> None:
    for path, left in (("/domains", "4999"), ("/domains/example.org", "4998")):
        headers = vendor.call("GET", path).headers
        assert headers["ratelimit-limit"] == "5000"
        assert headers["ratelimit-remaining"] == left
        assert headers["ratelimit-reset"].isdigit()


def test_a_burst_is_429_with_the_seconds_to_wait() -> None:
    times = [1000.0]
    with Sandbox(now=lambda: times[0]) as box:
        client = DigitalOcean(box)
        for _ in range(A_MINUTE):
            assert client.call("GET", "/domains/example.com").status_code == 200
        times[0] += 20
        burst = client.call("GET", "/domains/example.com")
        assert (burst.status_code, burst.json()["id"], burst.headers["retry-after"]) == (429, "too_many_requests", "41")
        times[0] += 41
        assert client.call("GET", "/domains/example.com").status_code == 200
        client.session.close()


def test_a_record_has_every_field_and_null_where_its_type_has_none(vendor: DigitalOcean) -> None:
    mx = vendor.mx()
    assert mx == {
        "id": mx["id"],
        "type": "MX",
        "name": "@",
        "data": "mailgate.example.com",
        "priority": 5,
        "ttl": 10800,
        **dict.fromkeys(("port", "weight", "flags", "tag")),
    }


def test_the_soa_is_listed_with_a_ttl_as_its_data(vendor: DigitalOcean) -> None:
    soa = vendor.records("type=SOA")[0]
    assert (soa["name"], soa["data"], soa["ttl"]) == ("@", "1800", 1800)


def test_twenty_a_page_with_absolute_links_to_the_others(box: Sandbox, vendor: DigitalOcean) -> None:
    for number in range(20):
        box.store.add_record("example.com", f"host{number}.example.com", "A", "192.0.2.9", 300)
    first = vendor.call("GET", RECORDS).json()
    count = first["meta"]["total"]
    pages = first["links"]["pages"]
    assert len(first["domain_records"]) == 20 < count
    assert pages["next"] == f"{vendor.base}{RECORDS}?page=2"
    assert set(pages) == {"next", "last"}
    second = vendor.call("GET", pages["next"]).json()
    assert len(second["domain_records"]) == count - 20
    assert set(second["links"]["pages"]) == {"first", "prev"}
    everything = vendor.call("GET", f"{RECORDS}?per_page=200").json()
    assert (len(everything["domain_records"]), everything["links"]) == (count, {})
    assert vendor.call("GET", f"{RECORDS}?per_page=5").json()["links"]["pages"]["next"].endswith("?page=2&per_page=5")


@pytest.mark.parametrize(
    ("rtype", "data", "more", "shown"),
    [
        ("MX", "mx.example.net.", {"priority": 7}, {"data": "mx.example.net", "priority": 7}),
        ("MX", "example.com.", {"priority": 0}, {"data": "@", "priority": 0}),
        ("MX", "@", {"priority": 65535}, {"data": "@", "priority": 65535}),
        ("SRV", "sip.example.net.", {"priority": 1, "weight": 2, "port": 3}, {"data": "sip.example.net", "weight": 2, "port": 3}),
        ("CAA", "letsencrypt.org.", {"flags": 0, "tag": "issue"}, {"data": "letsencrypt.org", "flags": 0, "tag": "issue"}),
        ("TXT", 'a; "b" c', {}, {"data": 'a; "b" c', "priority": None}),
        ("A", "192.0.2.8", {"ttl": 30}, {"data": "192.0.2.8", "ttl": 30}),
    ],
)
def test_what_is_posted_and_how_it_comes_back(
    vendor: DigitalOcean, rtype: str, data: str, more: dict[str, Any], shown: dict[str, Any]
) -> None:
    answer = vendor.add(data, rtype, **more)
    assert answer.status_code == 201
    made = answer.json()["domain_record"]
    assert {key: made[key] for key in shown} == shown
    assert made["ttl"] == more.get("ttl", 1800)
    assert vendor.call("GET", f"{RECORDS}/{made['id']}").json()["domain_record"] == made


@pytest.mark.parametrize(
    ("rtype", "data", "more", "message"),
    [
        ("MX", "mx.example.net", {"priority": 7}, "Data needs to end with a dot (.)"),
        ("CNAME", "www.example.net", {"name": "w"}, "Data needs to end with a dot (.)"),
        ("MX", "mx.example.net.", {}, "Priority"),
        ("MX", ".", {"priority": 0}, ""),
        ("MX", "mx.example.net.", {"priority": "7"}, "Priority"),
        ("TXT", "", {}, ""),
        ("TXT", "back\\slash", {}, ""),
        ("TXT", "x" * 508, {}, ""),
        ("TXT", "x", {"ttl": 29}, "record ttl must be greater than 30"),
        ("TXT", "x", {"name": ""}, ""),
        ("SPF", "v=spf1 -all", {}, ""),
        ("A", "no address", {}, ""),
        ("CNAME", "www.example.net.", {}, "CNAME"),
    ],
)
def test_what_is_unprocessable(vendor: DigitalOcean, rtype: str, data: str, more: dict[str, Any], message: str) -> None:
    before = vendor.records()
    assert is_refused(vendor.add(data, rtype, **more), message)
    assert vendor.records() == before


def test_a_long_value_is_one_text_and_is_served_in_strings(box: Sandbox, vendor: DigitalOcean) -> None:
    long = "x" * 300
    assert vendor.add(long).json()["domain_record"]["data"] == long
    assert f'"{"x" * 255}" "{"x" * 45}"' in served(box, "TXT")


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_an_edit_keeps_what_is_not_sent_but_wants_its_dot(box: Sandbox, vendor: DigitalOcean, method: str) -> None:
    mx = vendor.mx()
    path = f"{RECORDS}/{mx['id']}"
    assert is_refused(vendor.call(method, path, {"ttl": 600}), "end with a dot")
    assert is_refused(vendor.call(method, path, mx), "end with a dot"), "as it was listed"
    answer = vendor.call(method, path, {"priority": 7, "data": mx["data"] + "."})
    assert (answer.status_code, answer.json()["domain_record"]) == (200, mx | {"priority": 7})
    assert "7 mailgate.example.com." in served(box, "MX")


def test_a_txt_value_that_is_not_sent_is_not_judged(box: Sandbox, vendor: DigitalOcean) -> None:
    box.store.add_record("example.com", "example.com", "TXT", '"back\\\\slash"', 300)
    row = next(row for row in vendor.records() if row["data"] == "back\\slash")
    path = f"{RECORDS}/{row['id']}"
    assert vendor.call("PUT", path, {"type": "TXT", "ttl": 900}).json()["domain_record"] == row | {"ttl": 900}
    assert is_refused(vendor.call("PUT", path, row))


def test_delete_answers_204_and_the_id_is_dead(vendor: DigitalOcean) -> None:
    path = f"{RECORDS}/{vendor.mx()['id']}"
    assert vendor.call("DELETE", path).status_code == 204
    assert vendor.call("DELETE", path).status_code == 404


@pytest.mark.parametrize(("way", "status"), [("stored", 201), ("refused", 422)])
def test_an_identical_record_is_a_switch(make: Make, way: str, status: int) -> None:
    _, client = make(duplicates=way)
    client.add("same")
    assert client.add("same").status_code == status


@pytest.mark.parametrize(("way", "status"), [("apex", 201), ("refused", 422)])
def test_an_empty_name_is_a_switch(make: Make, way: str, status: int) -> None:
    _, client = make(empty_name=way)
    assert client.add("x", name="").status_code == status


@pytest.mark.parametrize(("way", "shown"), [("joined", "onetwo"), ("quoted", '"one" "two"')])
def test_how_several_strings_are_listed_is_a_switch(make: Make, way: str, shown: str) -> None:
    box, client = make(txt_strings=way)
    box.store.add_record("example.com", "example.com", "TXT", '"one" "two"', 300)
    assert shown in [row["data"] for row in client.records()]


def test_a_token_that_may_not_write_is_a_switch(make: Make) -> None:
    _, client = make(token_may_write=False)
    assert client.add("x").status_code == 403


def test_lexicons_own_adapter_works_against_it(box: Sandbox) -> None:
    module = importlib.import_module("lexicon._private.providers.digitalocean")
    options = {"provider_name": "digitalocean", "domain": "example.com", "action": "list", "type": "TXT"}
    config = importlib.import_module("lexicon.config").ConfigResolver()
    adapter = module.Provider(config.with_dict({**options, "digitalocean": {"auth_token": "sandbox"}, "ttl": 300}))
    adapter.api_endpoint = box.vendors["digitalocean"]
    adapter.authenticate()
    adapter.create_record("TXT", "_acme-challenge", "token")
    assert [row["content"] for row in adapter.list_records("TXT", "_acme-challenge")] == ["token"]
