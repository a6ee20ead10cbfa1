"""The simulated Infomaniak (API v2): preferences in the target, a dot for the apex, one SPF record, and its doubts both ways."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import dns.message
import dns.query
import pytest
import requests

from registrar_sync.sandbox import Sandbox

RECORDS = "/2/zones/example.com/records"
SECOND_SPF = "you_can_only_add_one_spf_save_for_each_dns_zone"


class Infomaniak:
    def __init__(self, box: Sandbox, token: str = "sandbox") -> None:
        self.base = box.vendors["infomaniak"]
        self.session = requests.Session()
        self.session.headers["Authorization"] = f"Bearer {token}"

    def call(self, method: str, path: str, body: Any = None) -> requests.Response:
        return self.session.request(method, self.base + path, json=body, timeout=10)

    def records(self, rtype: str = "", source: str = ".") -> list[dict[str, Any]]:
        found = self.call("GET", RECORDS).json()["data"]
        return [row for row in found if row["source"] == source and rtype in ("", row["type"])]

    def add(self, target: str, rtype: str = "TXT", source: str = ".", ttl: int = 300) -> requests.Response:
        return self.call("POST", RECORDS, {"type": rtype, "source": source, "target": target, "ttl": ttl})


Make = Callable[..., tuple[Sandbox, Infomaniak]]


@pytest.fixture
def make() -> Iterator[Make]:
    """A sandbox under switches, and a client of it."""
    running: list[tuple[Sandbox, Infomaniak]] = []

    def start(**switches: object) -> tuple[Sandbox, Infomaniak]:
        box = Sandbox(switches={f"infomaniak_{name}": value for name, value in switches.items()}).start()
        running.append((box, Infomaniak(box)))
        return running[-1]

    yield start
    for box, client in running:
        client.session.close()
        box.stop()


@pytest.fixture
def box(make: Make) -> Sandbox:
    return make()[0]


@pytest.fixture
def vendor(box: Sandbox) -> Iterator[Infomaniak]:
    client = Infomaniak(box)
    yield client
    client.session.close()


def served(box: Sandbox, rtype: str) -> set[str]:
    host, port = box.dns_address
    answer = dns.query.tcp(dns.message.make_query("example.com", rtype), host, port=port, timeout=10).answer
    return {rdata.to_text() for rrset in answer for rdata in rrset}


def refusal(answer: requests.Response) -> tuple[int, str]:
    said = answer.json()
    assert said["result"] == "error"
    return answer.status_code, said["error"]["code"]


@pytest.mark.parametrize("token", ["wrong", ""])
def test_the_token_is_checked(box: Sandbox, token: str) -> None:
    client = Infomaniak(box, token)
    assert refusal(client.call("GET", RECORDS)) == (401, "not_authorized")
    client.session.close()


@pytest.mark.parametrize("path", ["/2/zones/example.org", "/2/zones/example.org/records", f"{RECORDS}/1"])
def test_what_is_not_there_is_404(vendor: Infomaniak, path: str) -> None:
    assert refusal(vendor.call("GET", path)) == (404, "object_not_found")


def test_a_path_that_nobody_knows_is_told_as_a_method(vendor: Infomaniak) -> None:
    assert refusal(vendor.call("GET", "/2/nothing")) == (404, "method_not_found")


@pytest.mark.parametrize(("way", "status", "data"), [("404", 404, None), ("false", 200, False)])
def test_how_a_zone_is_said_not_to_exist_is_a_switch(make: Make, way: str, status: int, data: object) -> None:
    _, client = make(exists_reply=way)
    assert client.call("GET", "/2/zones/example.com/exists").json() == {"result": "success", "data": True}
    answer = client.call("GET", "/2/zones/example.org/exists")
    assert (answer.status_code, answer.json().get("data")) == (status, data)


def test_the_errors_status_is_a_switch(make: Make) -> None:
    _, client = make(error_status="200")
    assert refusal(client.call("GET", "/2/zones/example.org")) == (200, "object_not_found")


def test_an_mx_has_its_preference_in_the_target_and_no_dot(vendor: Infomaniak) -> None:
    mx = vendor.records("MX")
    assert {row["target"] for row in mx} == {"5 mailgate.example.com", "40 smtp.isp.net", "40 secours.isp.net"}
    assert set(mx[0]) == {"id", "source", "source_idn", "type", "ttl", "target", "updated_at", "dyndns_id"}
    assert (mx[0]["source_idn"], type(mx[0]["id"])) == ("example.com", int)


def test_dots_of_exchanges_listed_are_a_switch(make: Make) -> None:
    _, client = make(mx_listed_dotted=True)
    assert "5 mailgate.example.com." in {row["target"] for row in client.records("MX")}


@pytest.mark.parametrize("target", ["7 mx.example.net", "7 mx.example.net."])
def test_an_mx_is_taken_with_and_without_its_dot(box: Sandbox, vendor: Infomaniak, target: str) -> None:
    answer = vendor.add(target, "MX")
    assert (answer.status_code, answer.json()["data"]["target"]) == (201, "7 mx.example.net")
    assert "7 mx.example.net." in served(box, "MX")


@pytest.mark.parametrize(("way", "status"), [("accepted", 201), ("refused", 422)])
def test_a_null_mx_is_a_switch(make: Make, way: str, status: int) -> None:
    _, client = make(null_mx=way)
    answer = client.add("0 .", "MX")
    assert answer.status_code == status
    if status == 201:
        assert answer.json()["data"]["target"] == "0 ."


@pytest.mark.parametrize(
    ("way", "shown"), [("quoted", ['"plain"', '"one" "two"', '"a \\"b\\""']), ("bare", ["plain", '"one" "two"', '"a \\"b\\""'])]
)
@pytest.mark.parametrize("sent_quoted", [True, False])
def test_txt_is_listed_quoted_or_bare(make: Make, way: str, shown: list[str], sent_quoted: bool) -> None:
    box, client = make(txt_listed=way)
    first = '"plain"' if sent_quoted else "plain"
    made = [client.add(text).json()["data"]["target"] for text in (first, '"one" "two"', '"a \\"b\\""')]
    assert made == shown
    assert {'"plain"', '"one" "two"', '"a \\"b\\""'} <= served(box, "TXT")


@pytest.mark.parametrize(("way", "status"), [("split", 201), ("refused", 422)])
def test_a_string_over_255_octets_is_a_switch(make: Make, way: str, status: int) -> None:
    _, client = make(long_txt=way)
    assert client.add("x" * 300).status_code == status
    assert client.add(f'"{"x" * 200}" "{"x" * 100}"').status_code == 201


@pytest.mark.parametrize(("way", "accepted"), [("both", {".", ""}), ("dot", {"."}), ("empty", {""})])
def test_how_the_apex_is_sent_is_a_switch(make: Make, way: str, accepted: set[str]) -> None:
    _, client = make(apex_sent=way)
    for source in (".", ""):
        assert client.add("x" + source, source=source).status_code == (201 if source in accepted else 422)


def test_how_the_apex_is_listed_is_a_switch(make: Make) -> None:
    _, client = make(apex_listed="")
    assert client.records("MX", source="")
    assert not client.records("MX")


def test_put_takes_target_and_ttl_and_passes_over_the_rest(box: Sandbox, vendor: Infomaniak) -> None:
    (mx,) = [row for row in vendor.records("MX") if row["target"].startswith("5 ")]
    path = f"{RECORDS}/{mx['id']}"
    answer = vendor.call("PUT", path, {"target": "6 mailgate.example.com", "ttl": 600, "source": "www", "type": "A"})
    assert (answer.status_code, answer.json()["data"]["source"], answer.json()["data"]["type"]) == (200, ".", "MX")
    assert "6 mailgate.example.com." in served(box, "MX")
    assert refusal(vendor.call("PUT", path, {"ttl": 600})) == (422, "validation_failed")
    assert refusal(vendor.call("PUT", path, {"target": "6 mailgate.example.com"})) == (422, "validation_failed")


def test_delete_answers_true_and_the_id_is_dead(vendor: Infomaniak) -> None:
    path = f"{RECORDS}/{vendor.records('MX')[0]['id']}"
    assert vendor.call("DELETE", path).json() == {"result": "success", "data": True}
    assert refusal(vendor.call("DELETE", path)) == (404, "object_not_found")


@pytest.mark.parametrize(
    ("body", "attribute"),
    [
        ({"source": ".", "target": "x", "ttl": 300}, "type"),
        ({"type": "TXT", "target": "x", "ttl": 300}, "source"),
        ({"type": "TXT", "source": "www.", "target": "x", "ttl": 300}, "source"),
        ({"type": "TXT", "source": ".", "ttl": 300}, "target"),
        ({"type": "TXT", "source": ".", "target": "x"}, "ttl"),
        ({"type": "TXT", "source": ".", "target": "x", "ttl": 59}, "ttl"),
    ],
)
def test_an_invalid_record_is_refused_with_the_attribute_at_fault(
    vendor: Infomaniak, body: dict[str, Any], attribute: str
) -> None:
    answer = vendor.call("POST", RECORDS, body)
    assert refusal(answer) == (422, "validation_failed")
    assert answer.json()["error"]["errors"][0]["context"] == {"attribute": attribute}


def test_a_target_that_is_no_rdata_is_refused(vendor: Infomaniak) -> None:
    assert refusal(vendor.add("ten mx.example.net", "MX")) == (422, "invalid_dns_record")


@pytest.mark.parametrize(
    ("way", "at_apex", "elsewhere"), [("refused-at-name", 422, 201), ("refused-in-zone", 422, 422), ("accepted", 201, 201)]
)
def test_a_second_spf_record_is_a_switch_and_an_edit_of_the_one_is_not(
    make: Make, way: str, at_apex: int, elsewhere: int
) -> None:
    _, client = make(second_spf=way)
    (spf,) = [row for row in client.records("TXT") if "v=spf1" in row["target"]]
    put = client.call("PUT", f"{RECORDS}/{spf['id']}", {"target": "v=spf1 mx -all", "ttl": 300})
    assert put.status_code == 200
    for source, status in ((".", at_apex), ("elsewhere", elsewhere)):
        answer = client.add("v=spf1 -all", source=source)
        assert answer.status_code == status
        assert status == 201 or refusal(answer)[1] == SECOND_SPF


@pytest.mark.parametrize(("way", "status"), [("refused", 422), ("accepted", 201)])
def test_an_mx_that_points_at_its_own_name_is_a_switch(make: Make, way: str, status: int) -> None:
    _, client = make(mx_to_itself=way)
    assert client.add("10 example.com", "MX").status_code == status
    assert client.add("10 example.com", "MX", source="www").status_code == 201


@pytest.mark.parametrize(
    ("way", "size", "told"), [("with-totals", 3, True), ("without-totals", 3, False), ("ignored", None, False)]
)
def test_pages_are_a_switch_and_come_only_when_asked_for(make: Make, way: str, size: int | None, told: bool) -> None:
    _, client = make(paging=way)
    everything = client.call("GET", RECORDS).json()
    assert set(everything) == {"result", "data"}
    page = client.call("GET", f"{RECORDS}?page=2&per_page=3").json()
    assert page["data"] == (everything["data"] if size is None else everything["data"][size : 2 * size])
    assert (page.get("total") == len(everything["data"])) is told
    assert (page.get("page") == 2) is told


def test_the_largest_page_is_a_switch(make: Make) -> None:
    _, client = make(page_size=2)
    page = client.call("GET", f"{RECORDS}?page=1&per_page=100").json()
    assert (len(page["data"]), page["items_per_page"]) == (2, 2)


def test_so_many_requests_a_minute(make: Make) -> None:
    _, client = make(requests_per_minute=2)
    assert [client.call("GET", RECORDS).status_code for _ in range(3)] == [200, 200, 429]


def test_the_accounts_domains_and_a_names_zones(vendor: Infomaniak) -> None:
    assert "example.com" in [domain["name"] for domain in vendor.call("GET", "/2/domains/domains").json()["data"]]
    (zone,) = vendor.call("GET", "/2/domains/www.example.com/zones").json()["data"]
    assert zone["fqdn"] == "example.com"
    with_records = vendor.call("GET", "/2/zones/example.com?with=records").json()["data"]
    assert with_records["records"] == vendor.call("GET", RECORDS).json()["data"]
