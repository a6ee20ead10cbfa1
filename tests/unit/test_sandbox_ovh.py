"""The simulated OVH: signed over raw bytes, staged until a refresh, with its own idea of types and quotes."""

from __future__ import annotations

import hashlib
import importlib
import json
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

import dns.message
import dns.query
import pytest
import requests

from registrar_sync.sandbox import Sandbox

RECORD = "/domain/zone/example.com/record"
REFRESH = "/domain/zone/example.com/refresh"


class FakeClock:
    def __init__(self) -> None:
        self.time = 1_800_000_000.0

    def __call__(self) -> float:
        return self.time


class Ovh:
    """A client that signs as the vendor's own does, with every part open to spoiling."""

    def __init__(self, box: Sandbox) -> None:
        self.base = box.vendors["ovh"]
        self.now = box.store.now
        self.session = requests.Session()

    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        raw: bytes | None = None,
        spoilt: Mapping[str, str] = MappingProxyType({}),
    ) -> requests.Response:
        url = self.base + path
        data = raw if raw is not None else (b"" if body is None else json.dumps(body).encode())
        stamp = spoilt.get("stamp", str(int(self.now())))
        parts = ["sandbox", "sandbox", method, spoilt.get("signed_url", url)]
        text = b"+".join([*(part.encode() for part in parts), data, stamp.encode()])
        headers = {
            "X-Ovh-Application": spoilt.get("application", "sandbox"),
            "X-Ovh-Consumer": spoilt.get("consumer", "sandbox"),
            "X-Ovh-Timestamp": stamp,
            "X-Ovh-Signature": spoilt.get("signature", "$1$" + hashlib.sha1(text).hexdigest()),
            "Content-type": "application/json",
        }
        return self.session.request(method, url, data=data, headers=headers, timeout=10)

    def json(self, method: str, path: str, body: Any = None) -> Any:
        answer = self.call(method, path, body)
        assert answer.ok, answer.text
        return answer.json() if answer.content else None

    def add(self, field_type: str, target: str, ttl: int = 0, label: str = "") -> Any:
        return self.json("POST", RECORD, {"fieldType": field_type, "subDomain": label, "target": target, "ttl": ttl})


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def box(clock: FakeClock) -> Iterator[Sandbox]:
    with Sandbox(publish_delay_s=120, now=clock) as box:
        yield box


@pytest.fixture
def ovh(box: Sandbox) -> Iterator[Ovh]:
    client = Ovh(box)
    yield client
    client.session.close()


@pytest.fixture(scope="module")
def steady() -> Iterator[Sandbox]:
    """One sandbox for the tests that change nothing in it."""
    with Sandbox() as box:
        yield box


@pytest.fixture
def reader(steady: Sandbox) -> Iterator[Ovh]:
    client = Ovh(steady)
    yield client
    client.session.close()


def served(box: Sandbox, rtype: str, owner: str = "example.com") -> set[str]:
    host, port = box.dns_address
    answer = dns.query.tcp(dns.message.make_query(owner, rtype), host, port=port, timeout=10).answer
    return {rdata.to_text() for rrset in answer for rdata in rrset}


def ovh_with(**switches: object) -> Sandbox:
    return Sandbox(switches=switches)


def test_the_clock_is_told_unsigned_as_a_bare_integer(reader: Ovh) -> None:
    answer = requests.get(reader.base + "/auth/time", timeout=10)
    assert answer.json() == pytest.approx(reader.now(), abs=5)
    assert answer.headers["X-OVH-QUERYID"]


def test_a_signature_over_the_bytes_as_sent_is_accepted(ovh: Ovh) -> None:
    assert ovh.call("GET", RECORD + "?fieldType=TXT&subDomain=").status_code == 200
    assert ovh.call("GET", RECORD + "?subDomain=w%2Cw").status_code == 200
    compact = b'{"fieldType":"TXT","target":"x","subDomain":"a"}'
    spaced = b'{ "fieldType" : "TXT", "target": "x",\n "subDomain": "b" }'
    assert ovh.call("POST", RECORD, raw=compact).status_code == 200
    assert ovh.call("POST", RECORD, raw=spaced).status_code == 200


@pytest.mark.parametrize(
    ("spoilt", "status", "code"),
    [
        ({"signature": "$1$" + "0" * 40}, 400, "INVALID_SIGNATURE"),
        ({"signature": "é"}, 400, "INVALID_SIGNATURE"),
        ({"signed_url": "http://eu.api.reader.com/1.0/domain/zone"}, 400, "INVALID_SIGNATURE"),
        ({"stamp": "1"}, 400, "QUERY_TIME_OUT"),
        ({"stamp": "soon"}, 400, "QUERY_TIME_OUT"),
        ({"application": "other"}, 403, "INVALID_KEY"),
        ({"consumer": "other"}, 403, "INVALID_CREDENTIAL"),
        ({"consumer": ""}, 403, "NOT_CREDENTIAL"),
    ],
)
def test_a_call_that_is_not_ours_is_refused_in_the_vendors_words(
    reader: Ovh, spoilt: dict[str, str], status: int, code: str
) -> None:
    answer = reader.call("GET", "/domain/zone", spoilt=spoilt)
    assert (answer.status_code, answer.json()["errorCode"]) == (status, code)
    assert answer.json()["httpCode"].startswith(f"{status} ")
    assert answer.headers["X-OVH-QUERYID"]


def test_the_same_url_spelled_otherwise_needs_another_signature(reader: Ovh) -> None:
    answer = reader.call("GET", RECORD + "?subDomain=w%2Cw", spoilt={"signed_url": reader.base + RECORD + "?subDomain=w,w"})
    assert answer.json()["errorCode"] == "INVALID_SIGNATURE"


def test_the_zone_list_is_the_same_with_and_without_a_final_slash(reader: Ovh) -> None:
    assert reader.json("GET", "/domain/zone") == reader.json("GET", "/domain/zone/") == ["example.com"]


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("/domain/zone/other.org/record", "This service does not exist"),
        ("/domain/zone/security-mail.net/record", "This service does not exist"),
        ("/domain/zones", "Got an invalid (or empty) URL"),
        (RECORD + "/12", "The requested object (id = 12) does not exist"),
    ],
)
def test_what_does_not_exist_is_404_with_its_own_text(reader: Ovh, path: str, message: str) -> None:
    answer = reader.call("GET", path)
    assert (answer.status_code, answer.json()) == (404, {"class": "Client::NotFound", "message": message})


def test_ids_are_large_and_not_sorted(reader: Ovh) -> None:
    ids = reader.json("GET", RECORD)
    assert len(ids) == len(set(ids)) > 5
    assert ids != sorted(ids)
    assert ids != sorted(ids, reverse=True)
    assert min(ids) > 2**31


def test_an_edit_shows_in_the_api_at_once_and_in_the_dns_only_after_refresh_and_delay(
    box: Sandbox, ovh: Ovh, clock: FakeClock
) -> None:
    before, serial = served(box, "MX"), box.store.serial("example.com")
    made = ovh.add("MX", "3 france.security-mail.net.")
    assert made["id"] in ovh.json("GET", RECORD + "?fieldType=MX&subDomain=")
    assert ovh.json("GET", f"{RECORD}/{made['id']}")["target"] == "3 france.security-mail.net."
    assert served(box, "MX") == before
    answer = ovh.call("POST", REFRESH)
    assert (answer.status_code, answer.content) == (204, b"")
    clock.time += 119
    assert served(box, "MX") == before
    assert box.store.serial("example.com") == serial
    clock.time += 1
    assert served(box, "MX") == before | {"3 france.security-mail.net."}
    assert served(box, "SOA").pop().split()[2] == str(serial + 1)


def test_a_refresh_publishes_the_other_writers_half_finished_edits_too(box: Sandbox, ovh: Ovh, clock: FakeClock) -> None:
    box.store.add_record("example.com", "example.com", "TXT", '"half done"', publish=False)
    ovh.call("POST", REFRESH)
    clock.time += 120
    assert '"half done"' in served(box, "TXT")


def test_a_second_refresh_while_one_is_in_progress_is_refused(box: Sandbox, ovh: Ovh, clock: FakeClock) -> None:
    assert ovh.call("POST", REFRESH).status_code == 204
    assert ovh.call("POST", REFRESH).status_code == box.switches.ovh_refresh_overlap_status
    clock.time += 30
    assert ovh.call("POST", REFRESH).status_code == 204


def test_refreshes_in_a_row_are_served_in_their_order(box: Sandbox, ovh: Ovh, clock: FakeClock) -> None:
    made = ovh.add("TXT", "one")
    ovh.call("POST", REFRESH)
    clock.time += 30
    ovh.json("DELETE", f"{RECORD}/{made['id']}")
    ovh.call("POST", REFRESH)
    clock.time += 91
    assert '"one"' in served(box, "TXT")
    clock.time += 30
    assert '"one"' not in served(box, "TXT")


def test_put_keeps_the_id_and_changes_only_what_is_sent(ovh: Ovh) -> None:
    made = ovh.add("TXT", "old", ttl=300)
    answer = ovh.call("PUT", f"{RECORD}/{made['id']}", {"target": "new"})
    assert (answer.status_code, answer.json()) == (200, None)
    assert ovh.json("GET", f"{RECORD}/{made['id']}") == {**made, "target": '"new"'}


def test_put_cannot_alter_the_field_type(ovh: Ovh) -> None:
    made = ovh.add("SPF", "v=spf1 mx ~all")
    answer = ovh.call("PUT", f"{RECORD}/{made['id']}", {"fieldType": "TXT", "target": "v=spf1 ~all"})
    assert answer.status_code == 400
    assert answer.json()["message"] == "Try to alter read-only properties: fieldType"


def test_a_removed_id_stays_dead(ovh: Ovh) -> None:
    made = ovh.add("TXT", "x")
    assert ovh.call("DELETE", f"{RECORD}/{made['id']}").json() is None
    assert ovh.call("GET", f"{RECORD}/{made['id']}").status_code == 404
    assert ovh.add("TXT", "x")["id"] != made["id"]


def test_an_spf_of_its_own_field_type_is_missed_by_a_txt_filter_and_served_as_txt(
    box: Sandbox, ovh: Ovh, clock: FakeClock
) -> None:
    made = ovh.add("SPF", '"v=spf1 include:mx.ovh.com ~all"', ttl=600)
    assert made["id"] not in ovh.json("GET", RECORD + "?fieldType=TXT&subDomain=")
    assert made["id"] in ovh.json("GET", RECORD + "?fieldType=SPF&subDomain=")
    ovh.call("POST", REFRESH)
    clock.time += 120
    assert '"v=spf1 include:mx.ovh.com ~all"' in served(box, "TXT")


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ("plain", '"plain"'),
        ("v=spf1 mx ~all", '"v=spf1 mx ~all"'),
        ('"quoted already"', '"quoted already"'),
        ('"two" "strings"', '"two" "strings"'),
        ('say "hi" \\ there', '"say \\"hi\\" \\\\ there"'),
        ("a" * 300, f'"{"a" * 255}" "{"a" * 45}"'),
    ],
)
def test_txt_comes_back_quoted_and_split(ovh: Ovh, sent: str, shown: str) -> None:
    made = ovh.add("TXT", sent)
    assert made["target"] == ovh.json("GET", f"{RECORD}/{made['id']}")["target"] == shown


def test_a_relative_mx_is_kept_as_given_and_served_below_the_zone(box: Sandbox, ovh: Ovh, clock: FakeClock) -> None:
    assert ovh.add("MX", "7 backup")["target"] == "7 backup"
    ovh.call("POST", REFRESH)
    clock.time += 120
    assert "7 backup.example.com." in served(box, "MX")


def test_a_ttl_of_0_is_the_zones_default(box: Sandbox, ovh: Ovh, clock: FakeClock) -> None:
    box.store.add_zone("plain.example", "@ 60 IN SOA ns1 root 1 2 3 4 5\n@ 60 IN NS ns1\n")
    ovh.json("POST", "/domain/zone/plain.example/record", {"fieldType": "TXT", "target": "x"})
    ovh.call("POST", "/domain/zone/plain.example/refresh")
    clock.time += 120
    assert 'plain.example. 3600 IN TXT "x"' in box.store.zone_text("plain.example")


@pytest.mark.parametrize(
    "body",
    [
        {"fieldType": "TXT", "subDomain": "", "target": "x", "ttl": 59},
        {"fieldType": "TXT", "subDomain": "", "target": "x", "ttl": "600"},
        {"fieldType": "TXT", "subDomain": "@", "target": "x"},
        {"fieldType": "TXT", "subDomain": "a..b", "target": "x"},
        {"fieldType": "TXT", "subDomain": 5, "target": "x"},
        {"fieldType": "MX", "subDomain": "", "target": "mx.example.net."},
        {"fieldType": "MX", "subDomain": "", "target": "70000 mx.example.net."},
        {"fieldType": "MX", "subDomain": "", "target": 10},
        {"fieldType": "TXT", "subDomain": "", "target": '"open'},
        {"fieldType": "DKIM", "subDomain": "k._domainkey", "target": '"v=DKIM1"'},
        {"fieldType": "DMARC", "subDomain": "", "target": "v=DMARC1"},
        {"fieldType": "SOA", "subDomain": "", "target": "x"},
        {"subDomain": "", "target": "x"},
        ["TXT"],
        None,
    ],
)
def test_a_record_that_cannot_be_is_refused_and_nothing_is_stored(steady: Sandbox, reader: Ovh, body: Any) -> None:
    before = steady.store.zone_text("example.com", published=False)
    answer = reader.call("POST", RECORD, body)
    assert answer.status_code == 400
    assert answer.json()["message"]
    assert steady.store.zone_text("example.com", published=False) == before


@pytest.mark.parametrize("raw", [b"{", b"\xff\xfe", b'{"target":"\\ud800","fieldType":"TXT"}', b"[" * 100_000, b"NaN"])
def test_a_body_that_is_no_json_is_refused_without_a_traceback(reader: Ovh, raw: bytes) -> None:
    assert reader.call("POST", RECORD, raw=raw).status_code == 400


def test_an_unknown_method_is_refused_in_the_vendors_shape(reader: Ovh) -> None:
    answer = reader.call("PATCH", RECORD, {})
    assert answer.status_code == 405
    assert answer.json()["class"].startswith("Client::")


def test_a_key_without_the_refresh_right_is_refused_at_refresh_only() -> None:
    with ovh_with(ovh_may_refresh=False) as box:
        client = Ovh(box)
        assert client.add("TXT", "x")["id"]
        answer = client.call("POST", REFRESH)
        assert (answer.status_code, answer.json()["errorCode"]) == (403, "NOT_GRANTED_CALL")
        assert '"x"' not in served(box, "TXT")
        client.session.close()


@pytest.mark.parametrize(("way", "while_due"), [("always", True), ("falls-during-refresh", False), ("never", False)])
def test_whether_a_zone_counts_as_deployed_during_a_refresh_is_a_switch(way: str, while_due: bool) -> None:
    with Sandbox(publish_delay_s=1000, switches={"ovh_is_deployed": way}) as box:
        client = Ovh(box)
        quiet = client.json("GET", "/domain/zone/example.com/status")
        client.call("POST", REFRESH)
        busy = client.json("GET", "/domain/zone/example.com/status")
        client.session.close()
    assert quiet == {"warnings": None, "errors": None, "isDeployed": way != "never"}
    assert busy["isDeployed"] is while_due


def test_duplicates_post_ids_quotes_and_hidden_records_are_switches() -> None:
    switches = {
        "ovh_duplicates": "refused",
        "ovh_post_reply_id_zero": True,
        "ovh_post_reply_quoted": False,
        "ovh_new_record_hidden_s": 1000.0,
        "ovh_write_reply": "204",
    }
    with Sandbox(switches=switches) as box:
        client = Ovh(box)
        made = client.add("TXT", "twice")
        assert (made["id"], made["target"]) == (0, "twice")
        again = client.call("POST", RECORD, {"fieldType": "TXT", "subDomain": "", "target": "twice"})
        assert again.status_code == box.switches.ovh_duplicate_status
        statuses = {client.call("GET", f"{RECORD}/{number}").status_code for number in client.json("GET", RECORD)}
        assert statuses == {200, 404}
        assert client.call("DELETE", f"{RECORD}/{client.json('GET', RECORD + '?fieldType=TXT')[0]}").status_code == 204
        client.session.close()


def test_txt_can_be_kept_as_in_2018_and_joined_as_in_2020() -> None:
    with ovh_with(ovh_txt_quoting="verbatim", ovh_long_txt="join") as box:
        client = Ovh(box)
        assert client.add("TXT", "bare")["target"] == "bare"
        assert client.add("TXT", '"one" "two"')["target"] == '"onetwo"'
        client.call("POST", REFRESH)
        assert served(box, "TXT") >= {'"bare"', '"onetwo"'}
        client.session.close()


def test_a_zone_being_deleted_is_listed_and_answers_460() -> None:
    with ovh_with(ovh_expired_zones=("example.com",)) as box:
        client = Ovh(box)
        assert client.json("GET", "/domain/zone") == ["example.com"]
        assert client.call("GET", RECORD).status_code == 460
        client.session.close()


def test_lexicons_own_adapter_works_against_it(box: Sandbox) -> None:
    module = importlib.import_module("lexicon._private.providers.ovh")
    options = {f"auth_{name}": "sandbox" for name in ("application_key", "application_secret", "consumer_key")}
    config = (
        importlib.import_module("lexicon.config")
        .ConfigResolver()
        .with_dict(
            {
                "provider_name": "ovh",
                "domain": "example.com",
                "action": "list",
                "type": "TXT",
                "ovh": {"auth_entrypoint": "ovh-eu", **options},
            }
        )
    )
    adapter = module.Provider(config)
    adapter.endpoint_api = box.vendors["ovh"]
    adapter.authenticate()
    adapter.create_record("TXT", "_acme-challenge.example.com", "token")
    found = adapter.list_records("TXT", "_acme-challenge.example.com")
    adapter.session.close()
    assert [record["content"] for record in found] == ['"token"']
    assert box.requests[0] == {"method": "GET", "path": "/ovh/1.0/auth/time", "status": 200}
    assert {"method": "POST", "path": f"/ovh/1.0{REFRESH}", "status": 204} in box.requests
