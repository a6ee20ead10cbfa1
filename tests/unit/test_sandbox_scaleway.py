"""The simulated Scaleway DNS: rows with ids, one PATCH; against recorded traffic of 2025 and 2026."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from typing import Any

import dns.message
import dns.query
import pytest
import requests

from registrar_sync.sandbox import Sandbox

RECORDS = "/dns-zones/example.com/records"


class Scaleway:
    def __init__(self, box: Sandbox) -> None:
        self.base = box.vendors["scaleway"]
        self.session = requests.Session()
        self.session.headers["X-Auth-Token"] = "sandbox"

    def get(self, path: str = RECORDS, **query: Any) -> requests.Response:
        return self.session.get(self.base + path, params=query, timeout=10)

    def records(self, **query: Any) -> list[Any]:
        found: list[Any] = self.get(page_size=1000, **query).json()["records"]
        return found

    def patch(self, *changes: Any, **more: Any) -> requests.Response:
        return self.session.patch(self.base + RECORDS, json={"changes": list(changes), **more}, timeout=10)

    def add(self, **record: Any) -> Any:
        answer = self.patch({"add": {"records": [{"name": "", "ttl": 600, **record}]}})
        assert answer.status_code == 200, answer.text
        return answer.json()["records"][0]


Make = Callable[..., tuple[Sandbox, Scaleway]]


@pytest.fixture
def make() -> Iterator[Make]:
    """A sandbox under switches, and a client of it."""
    running: list[tuple[Sandbox, Scaleway]] = []

    def start(**switches: object) -> tuple[Sandbox, Scaleway]:
        box = Sandbox(switches=switches).start()
        running.append((box, Scaleway(box)))
        return running[-1]

    yield start
    for box, client in running:
        client.session.close()
        box.stop()


def served(box: Sandbox, rtype: str, name: str = "example.com") -> set[str]:
    host, port = box.dns_address
    answer = dns.query.tcp(dns.message.make_query(name, rtype), host, port=port, timeout=10).answer
    return {rdata.to_text() for rrset in answer for rdata in rrset}


def test_a_record_as_it_is_listed(make: Make) -> None:
    _, client = make()
    (mx, *_) = [record for record in client.records(type="MX") if record["priority"] == 5]
    assert {key: mx[key] for key in ("comment", "data", "name", "priority", "ttl", "type")} == {
        "comment": None,
        "data": "5 mailgate.example.com.",
        "name": "",
        "priority": 5,
        "ttl": 10800,
        "type": "MX",
    }
    assert {record["type"] for record in client.records()} >= {"NS", "MX", "TXT", "A"}
    assert "SOA" not in {record["type"] for record in client.records()}


@pytest.mark.parametrize(
    "record",
    [{"data": "mx.example.net.", "priority": 7}, {"data": "7 mx.example.net."}, {"data": "7 mx.example.net.", "priority": 0}],
)
def test_an_mx_is_taken_with_its_preference_in_either_place(make: Make, record: dict[str, Any]) -> None:
    box, client = make()
    made = client.add(type="MX", **record)
    assert (made["data"], made["priority"]) == ("7 mx.example.net.", 7)
    assert "7 mx.example.net." in served(box, "MX")


@pytest.mark.parametrize(
    ("name", "listed"),
    [
        ("", ""),
        ("@", ""),
        ("sub", "sub"),
        ("sub.example.com.", "sub"),
        ("sub.example.com", "sub.example.com"),
        ("example.com.", ""),
    ],
)
def test_a_name_without_a_final_dot_is_relative(make: Make, name: str, listed: str) -> None:
    assert make()[1].add(type="TXT", name=name, data="x")["name"] == listed


@pytest.mark.parametrize(
    ("sent", "listed", "dns_text"),
    [
        ("v=DMARC1; p=none", '"v=DMARC1; p=none"', '"v=DMARC1; p=none"'),
        ('"v=DMARC1; p=none"', '"v=DMARC1; p=none"', '"v=DMARC1; p=none"'),
        (r'"say \"hi\" x"', r'"say \"hi\" x"', r'"say \"hi\" x"'),
        (r'"back\\slash"', r'"back\slash"', r'"back\\slash"'),
        ('" blanks "', '"blanks"', '"blanks"'),
        (r'"\"quoted\""', '"quoted"', '"quoted"'),
    ],
)
def test_txt_is_listed_otherwise_than_sent(make: Make, sent: str, listed: str, dns_text: str) -> None:
    """dnscontrol PR 4919: backslashes come back as they are; blanks and quotes at the ends are dropped."""
    box, client = make()
    assert client.add(type="TXT", data=sent)["data"] == listed
    assert dns_text in served(box, "TXT")


def test_whether_backslashes_are_escaped_in_a_listing_is_a_switch(make: Make) -> None:
    assert make(scaleway_escapes="quotes-and-backslashes")[1].add(type="TXT", data=r'"a\\b"')["data"] == r'"a\\b"'


@pytest.mark.parametrize(
    ("way", "listed", "dns_text"),
    [
        ("as-one-text", r'"a\" \"b"', r'"a\" \"b"'),
        ("joined", '"ab"', '"ab"'),
        ("kept", '"a" "b"', '"a" "b"'),
    ],
)
def test_several_strings_are_a_switch(make: Make, way: str, listed: str, dns_text: str) -> None:
    box, client = make(scaleway_several_strings=way)
    assert client.add(type="TXT", data='"a" "b"')["data"] == listed
    assert dns_text in served(box, "TXT")


@pytest.mark.parametrize(("way", "count"), [("whole", 1), ("split", 2)])
def test_a_long_value_is_listed_whole_or_split(make: Make, way: str, count: int) -> None:
    box, client = make(scaleway_long_txt=way)
    listed = client.add(type="TXT", data="a" * 300)["data"]
    assert listed.count('"') == 2 * count
    assert any(text.count("a") == 300 for text in served(box, "TXT"))


def test_set_by_id_keeps_the_id_and_delete_answers_with_nothing(make: Make) -> None:
    box, client = make()
    made = client.add(type="TXT", data="old", comment="why")
    changed = client.patch({"set": {"id": made["id"], "records": [{"name": "", "type": "TXT", "data": "new", "ttl": 600}]}})
    (shown,) = changed.json()["records"]
    assert (shown["id"], shown["data"], shown["comment"]) == (made["id"], '"new"', None)
    assert '"old"' not in served(box, "TXT")
    assert client.patch({"delete": {"id": made["id"]}}).json() == {"records": []}
    assert '"new"' not in served(box, "TXT")


def test_fields_that_a_set_does_not_send_are_a_switch(make: Make) -> None:
    _, client = make(scaleway_unsent_fields="kept")
    made = client.add(type="TXT", data="old", comment="why")
    changed = client.patch({"set": {"id": made["id"], "records": [{"name": "", "type": "TXT", "data": "new", "ttl": 600}]}})
    assert changed.json()["records"][0]["comment"] == "why"


@pytest.mark.parametrize("key", ["id_fields", "idFields"])
def test_set_by_fields_replaces_a_whole_set(make: Make, key: str) -> None:
    box, client = make()
    new = [{"name": "", "type": "MX", "data": f"{n} mx{n}.example.net.", "ttl": 600} for n in (1, 2)]
    assert client.patch({"set": {key: {"name": "", "type": "MX"}, "records": new}}).status_code == 200
    assert served(box, "MX") == {"1 mx1.example.net.", "2 mx2.example.net."}
    client.patch({"delete": {key: {"name": "", "type": "MX", "data": "1 mx1.example.net."}}})
    assert served(box, "MX") == {"2 mx2.example.net."}


@pytest.mark.parametrize("status", [404, 400])
def test_a_batch_is_carried_out_whole_or_not_at_all(make: Make, status: int) -> None:
    box, client = make(scaleway_missing_id_status=status)
    before = box.store.zone_text("example.com", published=False)
    answer = client.patch(
        {"add": {"records": [{"name": "", "type": "TXT", "data": "x", "ttl": 600}]}}, {"delete": {"id": "gone"}}
    )
    assert answer.status_code == status
    assert box.store.zone_text("example.com", published=False) == before


@pytest.mark.parametrize(
    "record",
    [
        {"type": "TXT", "data": ""},
        {"type": "TXT", "data": "x", "ttl": 59},
        {"type": "TXT", "data": "x", "ttl": 2_592_001},
        {"type": "MX", "data": "a b c"},
        {"type": "NONE", "data": "x"},
        {"type": "TXT", "data": "x", "name": "sub.example.org."},
    ],
)
def test_refused_input_says_which_argument(make: Make, record: dict[str, Any]) -> None:
    answer = make()[1].patch({"add": {"records": [{"name": "", "ttl": 600, **record}]}})
    assert (answer.status_code, answer.json()["type"]) == (400, "invalid_arguments")
    assert answer.json()["details"][0]["argument_name"]


def test_a_wrong_key_an_unknown_zone_and_a_missing_right(make: Make) -> None:
    _, client = make(scaleway_may_write=False)
    unknown, lacking = client.get("/dns-zones/example.org/records"), client.patch()
    assert (unknown.status_code, unknown.json()) == (403, {"message": "domain not found"})
    assert (lacking.status_code, lacking.json()["type"]) == (403, "permissions_denied")
    client.session.headers["X-Auth-Token"] = "wrong"
    assert (client.get().status_code, client.get().json()["type"]) == (401, "denied_authentication")


@pytest.mark.parametrize("status", [403, 404])
def test_a_name_below_a_zone_is_no_zone(make: Make, status: int) -> None:
    answer = make(scaleway_subdomain_status=status)[1].get("/dns-zones/sub.example.com/records")
    assert (answer.status_code, answer.json()) == (status, {"message": "subdomain not found"})


def test_pages_are_of_20_unless_asked_otherwise_up_to_a_cap(make: Make) -> None:
    box, client = make(scaleway_page_cap=30)
    for number in range(50):
        box.store.add_record("example.com", f"h{number}.example.com", "A", "192.0.2.1", 600)
    total = client.get().json()["total_count"]
    assert total > 50
    assert [len(client.get(page=page).json()["records"]) for page in (1, 2)] == [20, 20]
    assert len(client.get(page_size=1000).json()["records"]) == 30
    assert client.get(page=99).json()["records"] == []
    assert client.get(page=0).status_code == 400


def test_an_empty_name_is_no_filter(make: Make) -> None:
    _, client = make()
    assert {record["name"] for record in client.records(name="")} > {""}
    assert {record["name"] for record in client.records(name="www")} == {"www"}


def test_the_zones_are_listed(make: Make) -> None:
    zones = make()[1].get("/dns-zones").json()["dns_zones"]
    assert [(zone["domain"], zone["subdomain"]) for zone in zones] == [("example.com", "")]


def test_lexicons_own_adapter_works_against_it(make: Make) -> None:
    box, _ = make()
    config = (
        importlib.import_module("lexicon.config")
        .ConfigResolver()
        .with_dict({"provider_name": "scaleway", "domain": "example.com", "scaleway": {"auth_secret_key": "sandbox"}})
    )
    adapter = importlib.import_module("lexicon._private.providers.scaleway").Provider(config)
    adapter.endpoint = box.vendors["scaleway"]
    adapter.authenticate()
    assert adapter.create_record("TXT", "_acme.example.com.", "token")
    assert [record["content"] for record in adapter.list_records("TXT", "_acme.example.com.")] == ["token"]
    assert served(box, "TXT", "_acme.example.com") == {'"token"'}
