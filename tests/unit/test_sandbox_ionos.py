"""The simulated IONOS: ids, arrays, an integer prio beside a dotless exchange, and the vendor's own records switched off."""

from __future__ import annotations

import importlib
import socket
from collections.abc import Callable, Iterator
from typing import Any

import dns.message
import dns.query
import pytest
import requests

from registrar_sync.sandbox import Sandbox


class Ionos:
    def __init__(self, box: Sandbox, key: str = "sandbox") -> None:
        self.base = box.vendors["ionos"]
        self.session = requests.Session()
        self.session.headers["X-API-Key"] = key

    def call(self, method: str, path: str, body: Any = None) -> requests.Response:
        return self.session.request(method, self.base + path, json=body, timeout=10)

    @property
    def zone(self) -> str:
        return f"/zones/{self.call('GET', '/zones').json()[0]['id']}"

    def records(self, query: str = "recordName=example.com&recordType=MX") -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.call("GET", f"{self.zone}?{query}").json()["records"]
        return found

    def add(self, content: str, rtype: str = "TXT", **more: Any) -> dict[str, Any]:
        answer = self.call("POST", f"{self.zone}/records", [record(content, rtype, **more)])
        assert answer.status_code == 201, answer.text
        made: dict[str, Any] = answer.json()[0]
        return made


def record(content: str, rtype: str = "TXT", **more: Any) -> dict[str, Any]:
    return {"name": "example.com", "type": rtype, "content": content, **more}


Make = Callable[..., tuple[Sandbox, Ionos]]


@pytest.fixture
def make() -> Iterator[Make]:
    """A sandbox under switches, and a client of it."""
    running: list[tuple[Sandbox, Ionos]] = []

    def start(**switches: object) -> tuple[Sandbox, Ionos]:
        box = Sandbox(switches=switches).start()
        running.append((box, Ionos(box)))
        return running[-1]

    yield start
    for box, client in running:
        client.session.close()
        box.stop()


@pytest.fixture
def box(make: Make) -> Sandbox:
    return make()[0]


@pytest.fixture
def ionos(box: Sandbox) -> Iterator[Ionos]:
    client = Ionos(box)
    yield client
    client.session.close()


@pytest.fixture(scope="module")
def steady() -> Iterator[Sandbox]:
    """One sandbox for the tests that change nothing in it."""
    with Sandbox() as box:
        yield box


@pytest.fixture
def reader(steady: Sandbox) -> Iterator[Ionos]:
    client = Ionos(steady)
    yield client
    client.session.close()


def served(box: Sandbox, rtype: str) -> set[str]:
    host, port = box.dns_address
    answer = dns.query.tcp(dns.message.make_query("example.com", rtype), host, port=port, timeout=10).answer
    return {rdata.to_text() for rrset in answer for rdata in rrset}


@pytest.mark.parametrize(("key", "status"), [("sandbox", 200), ("sandbox.sandbox", 200), ("wrong", 401), ("", 401)])
def test_the_key_is_checked_and_refusals_are_arrays(steady: Sandbox, key: str, status: int) -> None:
    client = Ionos(steady, key)
    answer = client.call("GET", "/zones")
    client.session.close()
    assert answer.status_code == status
    if status == 401:
        assert answer.json() == [{"code": "UNAUTHORIZED", "message": "The customer is not authorized to do this operation."}]


def test_a_request_without_a_user_agent_is_503(steady: Sandbox) -> None:
    host, _, port = steady.api_url.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        connection.sendall(b"GET /ionos/dns/v1/zones HTTP/1.1\r\nHost: x\r\nX-API-Key: sandbox\r\nConnection: close\r\n\r\n")
        assert connection.recv(4096).startswith(b"HTTP/1.1 503")


def test_mx_shows_a_dotless_exchange_and_an_integer_prio_and_other_types_show_none(reader: Ionos) -> None:
    shown = {(row["prio"], row["content"], row["ttl"], row["disabled"]) for row in reader.records()}
    assert shown == {
        (5, "mailgate.example.com", 10800, False),
        (40, "smtp.isp.net", 10800, False),
        (40, "secours.isp.net", 10800, False),
    }
    assert all("prio" not in row for row in reader.records("recordType=TXT,A,NS,SOA"))


def test_the_filters_are_exact_by_name_by_list_of_types_and_by_suffix(reader: Ionos) -> None:
    assert {row["name"] for row in reader.records("recordName=EXAMPLE.com")} == {"example.com"}
    assert {row["type"] for row in reader.records("recordType=TXT,mx")} == {"TXT", "MX"}
    assert {row["name"] for row in reader.records("suffix=mailgate.example.com")} == {"mailgate.example.com"}
    assert len(reader.records("")) > 10


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("recordName=www", "INVALID_RECORD"),
        ("recordName=", "INVALID_RECORD"),
        ("suffix=example.com.", "INVALID_REQUEST"),
        ("suffix=other.org", "INVALID_REQUEST"),
    ],
)
def test_a_filter_of_the_wrong_form_is_refused(reader: Ionos, query: str, code: str) -> None:
    answer = reader.call("GET", f"{reader.zone}?{query}")
    assert (answer.status_code, answer.json()[0]["code"]) == (400, code)


def test_txt_comes_back_quoted_and_quotes_sent_are_not_doubled(ionos: Ionos) -> None:
    assert ionos.add("bare words")["content"] == '"bare words"'
    assert ionos.add('"in quotes"')["content"] == '"in quotes"'
    assert ionos.add('a "b" \\ c')["content"] == '"a \\"b\\" \\\\ c"'


def test_an_identical_record_gets_a_new_id_and_the_old_id_dies(ionos: Ionos) -> None:
    first, second = ionos.add("same"), ionos.add("same")
    assert first["id"] != second["id"]
    assert ionos.call("GET", f"{ionos.zone}/records/{first['id']}").json()[0]["code"] == "RECORD_NOT_FOUND"
    assert [row["id"] for row in ionos.records("recordType=TXT") if row["content"] == '"same"'] == [second["id"]]


def test_patch_replaces_the_sets_it_names_and_no_other(box: Sandbox, ionos: Ionos) -> None:
    txt, serial = served(box, "TXT"), box.store.serial("example.com")
    answer = ionos.call("PATCH", ionos.zone, [record("france.security-mail.net", "MX", prio=3, ttl=600, disabled=False)])
    assert (answer.status_code, answer.content) == (200, b"")
    assert served(box, "MX") == {"3 france.security-mail.net."}
    assert served(box, "TXT") == txt
    assert box.store.serial("example.com") == serial + 1


def test_patch_takes_two_sets_in_one_call_null_mx_and_preference_0(box: Sandbox, ionos: Ionos) -> None:
    ionos.call("PATCH", ionos.zone, [record(".", "MX", prio=0), record("v=spf1 -all")])
    assert served(box, "MX") == {"0 ."}
    assert served(box, "TXT") == {'"v=spf1 -all"'}
    assert [(row["prio"], row["content"]) for row in ionos.records()] == [(0, ".")]


@pytest.mark.parametrize(("way", "same"), [("kept", True), ("new", False)])
def test_ids_after_patch_are_a_switch(make: Make, way: str, same: bool) -> None:
    _, client = make(ionos_patch_ids=way)
    before = client.records()
    client.call("PATCH", client.zone, before)
    assert ({row["id"] for row in client.records()} == {row["id"] for row in before}) is same


def test_put_changes_a_record_in_place_and_keeps_what_is_not_sent(box: Sandbox, ionos: Ionos) -> None:
    mx = next(row for row in ionos.records() if row["prio"] == 5)
    path = f"{ionos.zone}/records/{mx['id']}"
    answer = ionos.call("PUT", path, {"prio": 7})
    assert (answer.status_code, answer.json() | {"changeDate": ""}) == (200, mx | {"prio": 7, "changeDate": ""})
    assert "7 mailgate.example.com." in served(box, "MX")
    ionos.call("PUT", path, {"disabled": True})
    assert "7 mailgate.example.com." not in served(box, "MX")
    assert ionos.call("GET", path).json()["disabled"] is True


def test_delete_answers_200_empty(ionos: Ionos) -> None:
    made = ionos.add("x")
    answer = ionos.call("DELETE", f"{ionos.zone}/records/{made['id']}")
    assert (answer.status_code, answer.content) == (200, b"")
    assert ionos.call("DELETE", f"{ionos.zone}/records/{made['id']}").status_code == 404


def test_put_of_a_zone_replaces_it_but_for_its_own_ns_set(box: Sandbox, ionos: Ionos) -> None:
    assert ionos.call("PUT", ionos.zone, [record("192.0.2.7", "A")]).status_code == 200
    assert {row["type"] for row in ionos.records("")} == {"SOA", "NS", "A"}
    assert served(box, "A") == {"192.0.2.7"}


@pytest.mark.parametrize(
    ("sent", "parameters"),
    [
        ({"name": "www", "type": "A", "content": "192.0.2.1"}, {"invalidFields": ["name"]}),
        ({"name": "example.com.", "type": "A", "content": "192.0.2.1"}, {"invalidFields": ["name"]}),
        ({"name": "other.org", "type": "A", "content": "192.0.2.1"}, {"invalidFields": ["name"]}),
        ({"name": "example.com", "content": "192.0.2.1"}, {"requiredFields": ["type"]}),
        (record("mx.example.net", "MX"), {"requiredFields": ["prio"]}),
        (record("10 mx.example.net", "MX", prio=0), {"invalidFields": ["content"]}),
        (record("mx.example.net", "MX", prio="10"), {"invalidFields": ["prio"]}),
        (record("x", ttl=59), {"invalidFields": ["ttl"]}),
        (record("x", disabled="no"), {"invalidFields": ["disabled"]}),
        (record("x", "SOA"), {"invalidFields": ["type"]}),
    ],
)
def test_an_invalid_record_is_refused_with_the_fields_at_fault(
    steady: Sandbox, reader: Ionos, sent: dict[str, Any], parameters: dict[str, Any]
) -> None:
    before = steady.store.zone_text("example.com", published=False)
    answer = reader.call("POST", f"{reader.zone}/records", [record("fine"), sent])
    assert (answer.status_code, answer.json()[0]["code"]) == (400, "INVALID_RECORD")
    assert answer.json()[0]["parameters"] == {**parameters, "errorRecord": sent}
    assert steady.store.zone_text("example.com", published=False) == before


@pytest.mark.parametrize("body", [record("x"), ["x"], "x", None, 7])
def test_a_body_that_is_no_array_of_objects_is_invalid_data(reader: Ionos, body: Any) -> None:
    answer = reader.call("POST", f"{reader.zone}/records", body)
    assert (answer.status_code, answer.json()[0]["code"]) == (400, "INVALID_DATA")


@pytest.mark.parametrize("status", [401, 404])
def test_the_status_of_an_unknown_zone_is_a_switch(make: Make, status: int) -> None:
    _, client = make(ionos_unknown_zone_status=status)
    assert client.call("GET", "/zones/00000000-0000-0000-0000-000000000000").status_code == status


def test_an_mx_write_switches_the_vendors_own_records_off(make: Make) -> None:
    box, client = make()
    box.store.add_record("example.com", "example.com", "MX", "10 mx00.ionos.example.", 3600, service=True)
    client.call("PATCH", client.zone, [record("france.security-mail.net", "MX", prio=3)])
    assert served(box, "MX") == {"3 france.security-mail.net."}
    off = next(row for row in client.records() if row["disabled"])
    assert off["content"] == "mx00.ionos.example"
    client.call("PUT", f"{client.zone}/records/{off['id']}", {"disabled": False})
    assert "10 mx00.ionos.example." in served(box, "MX")


def test_without_that_switch_they_are_replaced_like_any_other(make: Make) -> None:
    box, client = make(ionos_deactivates_services=False)
    box.store.add_record("example.com", "example.com", "MX", "10 mx00.ionos.example.", 3600, service=True)
    client.call("PATCH", client.zone, [record("france.security-mail.net", "MX", prio=3)])
    assert len(client.records()) == 1


def test_lexicons_own_adapter_works_against_it(box: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    module = importlib.import_module("lexicon._private.providers.ionos")
    monkeypatch.setattr(module, "_ZONES_API", box.vendors["ionos"] + "/zones")
    config = (
        importlib.import_module("lexicon.config")
        .ConfigResolver()
        .with_dict(
            {
                "provider_name": "ionos",
                "domain": "example.com",
                "action": "list",
                "type": "TXT",
                "ionos": {"api_key": "sandbox.sandbox"},
            }
        )
    )
    adapter = module.Provider(config)
    adapter.authenticate()
    adapter.create_record("TXT", "_acme-challenge", "token")
    assert [row["content"] for row in adapter.list_records("TXT", "_acme-challenge")] == ["token"]
