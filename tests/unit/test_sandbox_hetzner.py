"""The simulated Hetzner Cloud DNS: RRsets, changed by actions; against docs.hetzner.cloud and recordings of January 2026."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import dns.message
import dns.query
import pytest
import requests

from registrar_sync.sandbox import Sandbox

ZONE = "/zones/example.com"
RRSETS = ZONE + "/rrsets"
MX = RRSETS + "/@/MX"


class Hetzner:
    def __init__(self, box: Sandbox) -> None:
        self.base = box.vendors["hetzner"]
        self.session = requests.Session()
        self.session.headers["Authorization"] = "Bearer sandbox"

    def call(self, method: str, path: str, body: Any = None) -> requests.Response:
        return self.session.request(method, self.base + path, json=body, timeout=10)

    def do(self, method: str, path: str, body: Any = None) -> Any:
        """A write, and its action once it has ended."""
        answer = self.call(method, path, body)
        assert answer.status_code == 201, answer.text
        return self.ended(answer.json()["action"]["id"])

    def ended(self, number: int) -> Any:
        for _ in range(1000):
            action = self.call("GET", f"/zones/actions/{number}").json()["action"]
            if action["status"] != "running":
                return action
        raise AssertionError("the action does not end")

    def set_at(self, path: str) -> Any:
        return self.call("GET", path).json()["rrset"]


Make = Callable[..., tuple[Sandbox, Hetzner]]


@pytest.fixture
def make() -> Iterator[Make]:
    """A sandbox under switches, and a client of it."""
    running: list[tuple[Sandbox, Hetzner]] = []

    def start(now: Callable[[], float] | None = None, **switches: object) -> tuple[Sandbox, Hetzner]:
        options: dict[str, Any] = {"now": now} if now else {}
        box = Sandbox(switches={"hetzner_action_s": 0.0, **switches}, **options).start()
        running.append((box, Hetzner(box)))
        return running[-1]

    yield start
    for box, client in running:
        client.session.close()
        box.stop()


def served(box: Sandbox, rtype: str) -> set[str]:
    host, port = box.dns_address
    answer = dns.query.tcp(dns.message.make_query("example.com", rtype), host, port=port, timeout=10).answer
    return {rdata.to_text() for rrset in answer for rdata in rrset}


def records(*values: str) -> dict[str, Any]:
    return {"records": [{"value": value} for value in values]}


def test_a_zone_by_name_and_by_id_with_rate_headers(make: Make) -> None:
    _, client = make()
    by_name = client.call("GET", ZONE)
    zone = by_name.json()["zone"]
    assert (zone["name"], zone["mode"], zone["status"]) == ("example.com", "primary", "ok")
    assert client.call("GET", f"/zones/{zone['id']}").json()["zone"] == zone
    assert by_name.headers["ratelimit-limit"] == "3600"


@pytest.mark.parametrize(
    ("path", "message"),
    [("/zones/other.org", "Zone not found"), (RRSETS + "/@/CAA", "RRSet not found"), (RRSETS + "//MX", "not found")],
)
def test_what_is_not_there_is_404_not_found(make: Make, path: str, message: str) -> None:
    answer = make()[1].call("GET", path)
    assert answer.status_code == 404
    assert answer.json() == {"error": {"code": "not_found", "message": message, "details": None}}


def test_a_wrong_token_is_401_and_one_for_reading_403(make: Make) -> None:
    _, client = make(hetzner_token_may_write=False)
    readonly = client.call("POST", MX + "/actions/set_records", records("1 mx.example.net."))
    client.session.headers["Authorization"] = "Bearer wrong"
    wrong = client.call("GET", ZONE)
    assert (wrong.status_code, wrong.json()["error"]["code"]) == (401, "unauthorized")
    assert (readonly.status_code, readonly.json()["error"]["code"]) == (403, "token_readonly")


def test_an_rrset_as_it_is_shown(make: Make) -> None:
    box, client = make()
    box.store.add_record("example.com", "www.example.com", "A", "192.0.2.9", 0)
    assert client.set_at(MX) == {
        "id": "@/MX",
        "name": "@",
        "type": "MX",
        "ttl": 10800,
        "labels": {},
        "protection": {"change": False},
        "records": [
            {"value": f"{text}", "comment": ""} for text in ("5 mailgate.example.com.", "40 smtp.isp.net.", "40 secours.isp.net.")
        ],
        "zone": client.call("GET", ZONE).json()["zone"]["id"],
    }
    assert client.call("GET", RRSETS + "?name=www").json()["rrsets"][0]["records"][-1]["value"] == "192.0.2.9"


def test_a_ttl_of_null_is_the_zones_and_can_be_asked_for(make: Make) -> None:
    box, client = make()
    client.do("POST", MX + "/actions/change_ttl", {"ttl": None})
    assert client.set_at(MX)["ttl"] is None
    default = client.call("GET", ZONE).json()["zone"]["ttl"]
    assert f"example.com. {default} IN MX 5 mailgate.example.com." in box.store.zone_text("example.com")
    client.do("POST", MX + "/actions/change_ttl", {"ttl": 300})
    assert client.set_at(MX)["ttl"] == 300
    assert client.call("POST", MX + "/actions/change_ttl", {"ttl": 59}).status_code == 422


def test_set_records_replaces_the_values_and_leaves_ttl_and_labels(make: Make) -> None:
    box, client = make()
    client.call("PUT", MX, {"labels": {"team": "mail"}})
    action = client.do("POST", MX + "/actions/set_records", records("3 france.security-mail.net.", "9 backup") | {"ttl": 60})
    assert (action["command"], action["status"], action["progress"]) == ("set_rrset_records", "success", 100)
    assert served(box, "MX") == {"3 france.security-mail.net.", "9 backup.example.com."}
    assert (client.set_at(MX)["ttl"], client.set_at(MX)["labels"]) == (10800, {"team": "mail"})


@pytest.mark.parametrize(("switch", "left"), [("cleared", ""), ("kept", "the old one")])
def test_a_comment_that_is_not_sent_is_a_switch(make: Make, switch: str, left: str) -> None:
    _, client = make(hetzner_unsent_comment=switch)
    one = {"value": "3 mx.example.net.", "comment": "the old one"}
    client.do("POST", MX + "/actions/set_records", {"records": [one]})
    assert client.set_at(MX)["records"] == [one]
    client.do("POST", MX + "/actions/set_records", records("3 mx.example.net."))
    assert client.set_at(MX)["records"] == [{"value": "3 mx.example.net.", "comment": left}]


@pytest.mark.parametrize("code", ["uniqueness_error", "conflict"])
def test_create_makes_a_new_set_only_and_delete_takes_it_away(make: Make, code: str) -> None:
    _, client = make(hetzner_existing_code=code)
    body = {"name": "new.sub", "type": "TXT", "ttl": None, "labels": {"a": "b"}, **records('"x"')}
    assert client.do("POST", RRSETS, body)["command"] == "create_rrset"
    assert client.set_at(RRSETS + "/new.sub/TXT")["labels"] == {"a": "b"}
    again = client.call("POST", RRSETS, body)
    assert (again.status_code, again.json()["error"]["code"]) == (409, code)
    client.do("DELETE", RRSETS + "/new.sub/TXT")
    assert client.call("GET", RRSETS + "/new.sub/TXT").status_code == 404
    assert client.call("POST", RRSETS + "/new.sub/TXT/actions/set_records", records('"x"')).status_code == 404


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (MX, {"records": []}),
        (MX, records("1 a.example.net.", "1 a.example.net.")),
        (MX, records("mx.example.net.")),
        (RRSETS + "/@/TXT", records("bare")),
        (RRSETS + "/@/TXT", records('"' + "a" * 256 + '"')),
        (RRSETS + "/example.com/TXT", records('"x"')),
        (RRSETS + "/WWW/A", records("192.0.2.1")),
    ],
)
def test_refused_input_names_its_field(make: Make, path: str, body: Any) -> None:
    box, client = make()
    before = box.store.zone_text("example.com", published=False)
    answer = client.call("POST", path + "/actions/set_records", body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "invalid_input")
    assert answer.json()["error"]["details"]["fields"][0]["messages"]
    assert box.store.zone_text("example.com", published=False) == before


def test_add_records_needs_the_sets_own_ttl_and_creates_a_set(make: Make) -> None:
    _, client = make()
    assert client.call("POST", MX + "/actions/add_records", records("9 x.example.net.") | {"ttl": 60}).status_code == 422
    client.do("POST", MX + "/actions/add_records", records("9 x.example.net.") | {"ttl": 10800})
    assert len(client.set_at(MX)["records"]) == 4
    client.do("POST", RRSETS + "/acme/TXT/actions/add_records", records('"x"') | {"ttl": 60})
    assert client.set_at(RRSETS + "/acme/TXT")["ttl"] == 60


def test_a_protected_set_is_left_alone(make: Make) -> None:
    box, client = make(hetzner_protected_status=423)
    client.do("POST", MX + "/actions/change_protection", {"change": True})
    assert client.set_at(MX)["protection"] == {"change": True}
    for method, path, body in (("POST", MX + "/actions/set_records", records("1 x.")), ("DELETE", MX, None)):
        answer = client.call(method, path, body)
        assert (answer.status_code, answer.json()["error"]["code"]) == (423, "protected")
    assert "5 mailgate.example.com." in served(box, "MX")


def test_a_secondary_zone_takes_no_edits(make: Make) -> None:
    _, client = make(hetzner_zone_mode="secondary")
    answer = client.call("POST", MX + "/actions/set_records", records("1 x."))
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "incorrect_zone_mode")


@pytest.mark.parametrize("effect", ["at-once", "at-success"])
def test_an_action_takes_its_time_and_is_served_when_it_has_ended(make: Make, effect: str) -> None:
    time = [1000.0]
    box, client = make(lambda: time[0], hetzner_action_s=5.0, hetzner_effect=effect)
    number = client.call("POST", MX + "/actions/set_records", records("1 x.")).json()["action"]["id"]
    assert client.call("GET", f"/actions/{number}").json()["action"]["status"] == "running"
    assert (client.set_at(MX)["records"][0]["value"] == "1 x.") == (effect == "at-once")
    assert "1 x." not in served(box, "MX")
    time[0] += 5
    assert client.call("GET", f"/actions/{number}").json()["action"]["status"] == "success"
    assert served(box, "MX") == {"1 x."}


def test_an_action_that_fails_has_changed_nothing(make: Make) -> None:
    box, client = make(hetzner_failing_actions=("set_rrset_records",))
    action = client.do("POST", MX + "/actions/set_records", records("1 x."))
    assert (action["status"], action["error"]["code"]) == ("error", "action_failed")
    assert "1 x." not in served(box, "MX")


@pytest.mark.parametrize(("paths", "works"), [("zones", "/zones/actions"), ("global", "/actions")])
def test_where_an_action_is_found_is_a_switch(make: Make, paths: str, works: str) -> None:
    _, client = make(hetzner_action_paths=paths)
    number = client.call("POST", MX + "/actions/change_ttl", {"ttl": 60}).json()["action"]["id"]
    found = [path for path in ("/zones/actions", "/actions") if client.call("GET", f"{path}/{number}").status_code == 200]
    assert found == [works]
    assert client.call("GET", f"{works}/5").status_code == 404


def test_a_zone_may_be_locked_while_an_action_runs(make: Make) -> None:
    _, client = make(hetzner_locks=True, hetzner_action_s=60.0)
    assert client.call("POST", MX + "/actions/change_ttl", {"ttl": 60}).status_code == 201
    answer = client.call("POST", MX + "/actions/change_ttl", {"ttl": 90})
    assert (answer.status_code, answer.json()["error"]["code"]) == (423, "locked")


def test_a_list_comes_in_pages_with_the_number_of_the_next(make: Make) -> None:
    _, client = make(hetzner_page_size=2)
    first = client.call("GET", RRSETS).json()
    pagination = first["meta"]["pagination"]
    assert len(first["rrsets"]) == 2
    assert (pagination["page"], pagination["next_page"], pagination["previous_page"]) == (1, 2, None)
    last = client.call("GET", f"{RRSETS}?page={pagination['last_page']}").json()
    assert last["meta"]["pagination"]["next_page"] is None
    both = client.call("GET", f"{RRSETS}?name=@&type=MX&type=TXT").json()["rrsets"]
    assert {rrset["id"] for rrset in both} == {"@/MX", "@/TXT"}
    assert client.call("GET", f"{RRSETS}?page=0").status_code == 422
