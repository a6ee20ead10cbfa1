"""The simulated Gandi LiveDNS: whole RRsets, live at once, two shapes of refusal."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from typing import Any

import dns.message
import dns.query
import pytest
import requests

from registrar_sync.sandbox import Sandbox

APEX = "/domains/example.com/records/@"


class Gandi:
    def __init__(self, box: Sandbox, authorization: str = "Bearer sandbox") -> None:
        self.base = box.vendors["gandi"]
        self.session = requests.Session()
        self.session.headers["Authorization"] = authorization

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> requests.Response:
        return self.session.request(method, self.base + path, json=body, headers=headers, timeout=10)

    def values(self, rtype: str) -> list[str]:
        found: list[str] = self.call("GET", f"{APEX}/{rtype}").json()["rrset_values"]
        return found


Make = Callable[..., tuple[Sandbox, Gandi]]


@pytest.fixture
def make() -> Iterator[Make]:
    """A sandbox under switches, and a client of it."""
    running: list[tuple[Sandbox, Gandi]] = []

    def start(**switches: object) -> tuple[Sandbox, Gandi]:
        box = Sandbox(switches=switches).start()
        running.append((box, Gandi(box)))
        return running[-1]

    yield start
    for box, client in running:
        client.session.close()
        box.stop()


@pytest.fixture
def box(make: Make) -> Sandbox:
    return make()[0]


@pytest.fixture
def gandi(box: Sandbox) -> Iterator[Gandi]:
    client = Gandi(box)
    yield client
    client.session.close()


@pytest.fixture(scope="module")
def steady() -> Iterator[Sandbox]:
    """One sandbox for the tests that change nothing in it."""
    with Sandbox() as box:
        yield box


@pytest.fixture
def reader(steady: Sandbox) -> Iterator[Gandi]:
    client = Gandi(steady)
    yield client
    client.session.close()


def served(box: Sandbox, rtype: str) -> set[str]:
    host, port = box.dns_address
    answer = dns.query.tcp(dns.message.make_query("example.com", rtype), host, port=port, timeout=10).answer
    return {rdata.to_text() for rrset in answer for rdata in rrset}


@pytest.mark.parametrize("authorization", ["Bearer sandbox", "Apikey sandbox"])
def test_both_kinds_of_credential_are_taken(steady: Sandbox, authorization: str) -> None:
    client = Gandi(steady, authorization)
    assert client.call("GET", "/domains/example.com").json()["fqdn"] == "example.com"
    client.session.close()


def test_a_wrong_credential_is_401_and_a_missing_right_403(make: Make) -> None:
    box, client = make(gandi_token_may_write=False)
    client.session.headers["Authorization"] = "Bearer wrong"
    wrong = client.call("GET", "/domains/example.com")
    client.session.headers["Authorization"] = "Bearer sandbox"
    lacking = client.call("PUT", f"{APEX}/TXT", {"rrset_values": ["x"]})
    assert (wrong.status_code, wrong.json()["object"]) == (401, "HTTPUnauthorized")
    assert (lacking.status_code, lacking.json()["object"]) == (403, "HTTPForbidden")
    assert '"x"' not in served(box, "TXT")


def test_a_missing_zone_and_a_missing_rrset_are_told_apart_by_their_words(reader: Gandi) -> None:
    zone, rrset = reader.call("GET", "/domains/other.org"), reader.call("GET", f"{APEX}/CAA")
    assert zone.status_code == rrset.status_code == 404
    assert zone.json() == {
        "code": 404,
        "message": "The resource could not be found.",
        "object": "HTTPNotFound",
        "cause": "Not Found",
    }
    assert rrset.json()["object"] == "dns-record"
    assert rrset.json()["message"] == "Can't find the DNS record @/CAA in the zone"
    assert rrset.headers["content-type"] == "application/json; charset=UTF-8"


def test_an_rrset_shows_name_type_ttl_values_and_its_own_address(steady: Sandbox, reader: Gandi) -> None:
    assert reader.call("GET", f"{APEX}/MX").json() == {
        "rrset_name": "@",
        "rrset_type": "MX",
        "rrset_ttl": 10800,
        "rrset_values": ["5 mailgate.example.com.", "40 smtp.isp.net.", "40 secours.isp.net."],
        "rrset_href": f"{steady.vendors['gandi']}/domains/example.com/records/%40/MX",
    }
    assert reader.call("GET", "/domains/example.com/records/%40/MX").json()["rrset_name"] == "@"


def test_put_replaces_one_rrset_and_nothing_else_and_is_served_at_once(box: Sandbox, gandi: Gandi) -> None:
    serial, txt = box.store.serial("example.com"), served(box, "TXT")
    answer = gandi.call("PUT", f"{APEX}/MX", {"rrset_values": ["0 .", "10 backup"], "rrset_ttl": 300})
    assert (answer.status_code, answer.json()) == (201, {"message": "DNS Record Created"})
    assert gandi.values("MX") == ["0 .", "10 backup"]
    assert served(box, "MX") == {"0 .", "10 backup.example.com."}
    assert served(box, "TXT") == txt
    assert box.store.serial("example.com") == serial + 1


def test_put_creates_what_is_not_there_and_delete_removes_it(gandi: Gandi) -> None:
    path = "/domains/example.com/records/new.sub/TXT"
    made = gandi.call("POST", path, {"rrset_values": ["x"]})
    assert (made.status_code, made.headers["location"]) == (201, gandi.base + path)
    assert gandi.call("DELETE", path).status_code == 204
    assert gandi.call("GET", path).status_code == 404
    assert gandi.call("DELETE", path).status_code == 404


def test_put_of_a_whole_name_replaces_every_type_there(box: Sandbox, gandi: Gandi) -> None:
    item = {"rrset_type": "TXT", "rrset_ttl": 300, "rrset_values": ['"only"']}
    assert gandi.call("PUT", APEX, {"items": [item]}).status_code == 201
    assert served(box, "MX") == set()
    assert served(box, "TXT") == {'"only"'}
    assert len(served(box, "NS")) == 2


def test_delete_of_a_name_takes_every_type_but_the_apex_ns(box: Sandbox, gandi: Gandi) -> None:
    assert gandi.call("DELETE", APEX).status_code == 204
    assert served(box, "MX") == served(box, "TXT") == served(box, "A") == set()
    assert len(served(box, "NS")) == 2


def test_put_of_all_records_replaces_the_zone(box: Sandbox, gandi: Gandi) -> None:
    item = {"rrset_name": "www", "rrset_type": "A", "rrset_ttl": 300, "rrset_values": ["192.0.2.1"]}
    assert gandi.call("PUT", "/domains/example.com/records", {"items": [item]}).status_code == 201
    assert {rrset["rrset_type"] for rrset in gandi.call("GET", "/domains/example.com/records").json()} == {"NS", "A"}


@pytest.mark.parametrize(
    ("body", "name"),
    [
        ({"rrset_values": ["x"], "rrset_ttl": 299}, "rrset_ttl"),
        ({"rrset_values": ["x"], "rrset_ttl": 2_592_001}, "rrset_ttl"),
        ({"rrset_values": ["x"], "rrset_ttl": True}, "rrset_ttl"),
        ({"rrset_values": []}, "rrset_values"),
        ({"rrset_values": "x"}, "rrset_values"),
        ({"rrset_values": ["x", "x"]}, "rrset_values"),
        ({"rrset_values": ['"open']}, "rrset_values"),
        ({}, "rrset_values"),
        ([], ""),
    ],
)
def test_refused_input_gets_the_list_shape_without_a_message(steady: Sandbox, reader: Gandi, body: Any, name: str) -> None:
    before = steady.store.zone_text("example.com", published=False)
    answer = reader.call("PUT", f"{APEX}/TXT", body)
    assert answer.status_code == 400
    assert answer.json()["status"] == "error"
    assert answer.json()["errors"][0]["name"] == name
    assert "message" not in answer.json()
    assert steady.store.zone_text("example.com", published=False) == before


def test_a_body_that_is_no_json_gets_the_message_shape(reader: Gandi) -> None:
    answer = reader.session.put(f"{reader.base}{APEX}/TXT", data=b"{", timeout=10)
    assert (answer.status_code, answer.json()["object"]) == (400, "HTTPBadRequest")


@pytest.mark.parametrize(
    ("rtype", "values"), [("MX", ["mx.example.net."]), ("MX", ["10 a b"]), ("A", ["6.2.3.4."]), ("SOA", ["x"]), ("NONE", ["x"])]
)
def test_a_value_that_is_not_of_its_type_is_refused(reader: Gandi, rtype: str, values: list[str]) -> None:
    assert reader.call("PUT", f"{APEX}/{rtype}", {"rrset_values": values}).status_code == 400


def test_the_apex_ns_set_cannot_be_changed(reader: Gandi) -> None:
    assert reader.call("PUT", f"{APEX}/NS", {"rrset_values": ["ns.example.net."]}).status_code == 400


def test_post_on_an_existing_rrset_is_refused_unless_it_is_the_same(gandi: Gandi) -> None:
    same = {"rrset_values": gandi.values("MX"), "rrset_type": "MX", "rrset_name": "@"}
    assert gandi.call("POST", "/domains/example.com/records", same).status_code == 200
    assert gandi.call("POST", f"{APEX}/MX", {"rrset_values": ["1 mx.example.net."]}).status_code == 409


@pytest.mark.parametrize(("way", "shown"), [("one-string", '"v=spf1 mx ~all"'), ("string-per-word", '"v=spf1" "mx" "~all"')])
def test_bare_txt_with_spaces_is_a_switch(make: Make, way: str, shown: str) -> None:
    box, client = make(gandi_bare_txt=way)
    client.call("PUT", f"{APEX}/TXT", {"rrset_values": ["v=spf1 mx ~all", '"kept as sent" "twice"']})
    assert client.values("TXT") == [shown, '"kept as sent" "twice"']
    assert shown in served(box, "TXT")


@pytest.mark.parametrize(("way", "ttl"), [("default", 10800), ("kept", 4000)])
def test_the_ttl_after_a_put_without_one_is_a_switch(make: Make, way: str, ttl: int) -> None:
    _, client = make(gandi_missing_ttl=way)
    client.call("PUT", f"{APEX}/TXT", {"rrset_values": ["x"], "rrset_ttl": 4000})
    client.call("PUT", f"{APEX}/TXT", {"rrset_values": ["y"]})
    assert client.call("GET", f"{APEX}/TXT").json()["rrset_ttl"] == ttl


@pytest.mark.parametrize(("way", "status"), [("split", 201), ("refused", 400)])
def test_a_string_over_255_octets_is_a_switch(make: Make, way: str, status: int) -> None:
    _, client = make(gandi_long_txt=way)
    assert client.call("PUT", f"{APEX}/TXT", {"rrset_values": ["a" * 600]}).status_code == status
    if status == 201:
        assert client.values("TXT") == [f'"{"a" * 255}" "{"a" * 255}" "{"a" * 90}"']


def test_a_list_comes_in_pages_that_name_the_next(make: Make) -> None:
    _, client = make(gandi_page_size=2)
    first = client.call("GET", "/domains/example.com/records")
    rest = client.session.get(first.links["next"]["url"], timeout=10)
    assert len(first.json()) == len(rest.json()) == 2
    assert first.json() != rest.json()
    assert int(first.headers["total-count"]) > 4
    assert client.call("GET", "/domains/example.com/records?page=0").status_code == 400
    assert "link" not in client.call("GET", "/domains/example.com/records?per_page=100").headers


def test_a_zone_can_be_had_as_plain_text(reader: Gandi) -> None:
    answer = reader.call("GET", "/domains/example.com/records", Accept="text/plain")
    assert "@ 10800 IN MX 5 mailgate.example.com." in answer.text.splitlines()


def test_a_dry_run_writes_nothing(reader: Gandi) -> None:
    answer = reader.call("PUT", f"{APEX}/TXT", {"rrset_values": ["x"]}, **{"Dry-Run": "1"})
    assert answer.status_code == 200
    assert '"x"' not in reader.values("TXT")


def test_a_cname_beside_other_types_is_refused(reader: Gandi) -> None:
    assert reader.call("PUT", "/domains/example.com/records/www/CNAME", {"rrset_values": ["example.com."]}).status_code == 400


def test_an_empty_segment_is_404_and_never_the_whole_zone(reader: Gandi) -> None:
    assert reader.call("DELETE", "/domains/example.com/records//MX").status_code == 404
    assert reader.values("MX")


def test_lexicons_own_adapter_works_against_it(box: Sandbox) -> None:
    module = importlib.import_module("lexicon._private.providers.gandi")
    options = {"auth_token": "sandbox", "api_protocol": "rest"}
    config = (
        importlib.import_module("lexicon.config")
        .ConfigResolver()
        .with_dict({"provider_name": "gandi", "domain": "example.com", "action": "list", "type": "MX", "gandi": options})
    )
    adapter = module.Provider(config)
    adapter.api_endpoint = box.vendors["gandi"]
    adapter.authenticate()
    adapter.update_record(None, "MX", "@", ["3 france.security-mail.net.", "5 mailgate.example.com."])
    assert served(box, "MX") == {"3 france.security-mail.net.", "5 mailgate.example.com."}
