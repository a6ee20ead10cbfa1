"""The simulated Yandex Cloud: what was recorded in 2022, what its documents say, and what nobody has confirmed, both ways."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import dns.message
import dns.query
import pytest
import requests

from registrar_sync.sandbox import Sandbox

NAME = "example.com."


class YandexCloud:
    def __init__(self, box: Sandbox) -> None:
        self.base = box.vendors["yandexcloud"]
        self.session = requests.Session()
        self.session.headers["Authorization"] = "Bearer sandbox"

    def call(self, method: str, path: str, body: Any = None, **query: object) -> requests.Response:
        return self.session.request(method, self.base + path, json=body, params=query, timeout=10)  # type: ignore[arg-type]

    @property
    def zone(self) -> str:
        (folder,) = self.call("GET", "/folders", cloudId=self.call("GET", "/clouds").json()["clouds"][0]["id"]).json()["folders"]
        zones = self.call("GET", "/zones", folderId=folder["id"]).json()["dnsZones"]
        return "/zones/" + next(str(zone["id"]) for zone in zones if zone["zone"] == NAME)

    def sets(self, **query: object) -> Any:
        return self.call("GET", f"{self.zone}:listRecordSets", **query).json()

    def one(self, rtype: str) -> Any:
        return self.call("GET", f"{self.zone}:getRecordSet", name=NAME, type=rtype).json()

    def update(self, *, deletions: Any = (), additions: Any = ()) -> requests.Response:
        return self.call("POST", f"{self.zone}:updateRecordSets", {"deletions": [*deletions], "additions": [*additions]})

    def put(self, *data: str, rtype: str = "TXT") -> requests.Response:
        one = {"name": NAME, "type": rtype, "ttl": "600", "data": [*data]}
        return self.call("POST", f"{self.zone}:upsertRecordSets", {"replacements": [one]})


Make = Callable[..., tuple[Sandbox, YandexCloud]]


@pytest.fixture
def make() -> Iterator[Make]:
    running: list[tuple[Sandbox, YandexCloud]] = []

    def start(**switches: object) -> tuple[Sandbox, YandexCloud]:
        box = Sandbox(switches=switches).start()
        running.append((box, YandexCloud(box)))
        return running[-1]

    yield start
    for box, client in running:
        client.session.close()
        box.stop()


def served(box: Sandbox, rtype: str) -> set[str]:
    host, port = box.dns_address
    answer = dns.query.tcp(dns.message.make_query("example.com", rtype), host, port=port, timeout=10).answer
    return {rdata.to_text() for rrset in answer for rdata in rrset}


def test_a_set_is_shown_as_recorded(make: Make) -> None:
    _, client = make()
    shown = client.one("MX")
    assert sorted(shown) == ["data", "name", "ttl", "type"]
    assert (shown["name"], shown["type"]) == (NAME, "MX")
    assert shown["ttl"].isdigit()
    assert "5 mailgate.example.com." in shown["data"]


def test_a_set_and_a_zone_that_are_not_there(make: Make) -> None:
    _, client = make()
    missing = client.call("GET", f"{client.zone}:getRecordSet", name="none.example.com.", type="TXT")
    assert missing.status_code == 404
    assert missing.json()["code"] == 5
    assert "RecordSet not found" in missing.json()["message"]
    assert client.sets(filter='name="none.example.com."') == {}
    assert client.call("GET", "/zones/dns00000000000000000").status_code == 404


def test_a_wrong_token_and_one_that_only_reads(make: Make) -> None:
    _, client = make()
    client.session.headers["Authorization"] = "Bearer wrong"
    wrong = client.call("GET", "/zones", folderId="x")
    assert (wrong.status_code, wrong.json()["code"]) == (401, 16)
    _, reader = make(yandexcloud_may_write=False)
    denied = reader.put('"x"')
    assert (denied.status_code, denied.json()["code"]) == (403, 7)


def test_a_listing_comes_in_pages_and_is_filtered(make: Make) -> None:
    _, client = make(yandexcloud_page_size=2)
    pages, token = [], ""
    while True:
        page = client.sets(pageToken=token)
        pages.append(page["recordSets"])
        if not (token := page.get("nextPageToken", "")):
            break
    assert [len(page) for page in pages[:-1]] == [2] * (len(pages) - 1)
    assert len(pages) > 2
    (one,) = client.sets(filter=f"type='MX' AND name='{NAME}'")["recordSets"]
    assert one == client.one("MX")


class TestStrict:
    def test_what_was_read_goes_and_what_is_wanted_comes_at_once(self, make: Make) -> None:
        box, client = make()
        before = client.one("TXT")
        answer = client.update(deletions=[before], additions=[before | {"data": ['"new"'], "ttl": "60"}])
        assert (answer.status_code, answer.json()["done"]) == (200, True)
        assert "response" in answer.json()
        assert served(box, "TXT") == {'"new"'}
        assert client.one("TXT")["ttl"] == "60"

    @pytest.mark.parametrize(("codes", "told"), [("by-kind", [9, 9, 5, 6]), ("invalid-argument", [3, 3, 3, 3])])
    @pytest.mark.parametrize("told_in", ["answer", "operation"])
    def test_a_set_that_is_another_one_is_refused_and_nothing_changes(
        self, make: Make, codes: str, told: list[int], told_in: str
    ) -> None:
        box, client = make(yandexcloud_strict_codes=codes, yandexcloud_refused_in=told_in)
        txt, mx, stored = client.one("TXT"), client.one("MX"), box.store.zone_text("example.com")
        other_data, other_ttl = txt | {"data": txt["data"][:1]}, txt | {"ttl": "1"}
        not_there = txt | {"name": "none.example.com."}
        faults = [
            client.update(deletions=[mx, other_data]),
            client.update(deletions=[mx, other_ttl]),
            client.update(deletions=[mx, not_there]),
            client.update(deletions=[mx], additions=[txt]),
        ]
        if told_in == "operation":
            assert {fault.status_code for fault in faults} == {200}
            assert [fault.json()["error"]["code"] for fault in faults] == told
        else:
            assert all(fault.status_code in (400, 404, 409) for fault in faults)
            assert [fault.json()["code"] for fault in faults] == told
        assert box.store.zone_text("example.com") == stored

    def test_a_cname_beside_others_is_refused(self, make: Make) -> None:
        _, client = make()
        answer = client.update(additions=[{"name": NAME, "type": "CNAME", "ttl": "60", "data": ["x.example.net."]}])
        assert answer.status_code == 400


class TestTxt:
    def test_a_value_is_kept_as_it_was_sent_and_served_as_a_master_file_says(self, make: Make) -> None:
        box, client = make()
        values = ['Long "string with spaces" #1', "v=DKIM1; k=rsa", '"v=DKIM1; k=rsa"', r"a\;b"]
        assert client.put(*values).ok
        assert client.one("TXT")["data"] == values
        assert served(box, "TXT") == {'"Long" "string with spaces" "#1"', '"v=DKIM1"', '"v=DKIM1; k=rsa"', '"a;b"'}

    def test_or_as_one_string(self, make: Make) -> None:
        box, client = make(yandexcloud_bare_txt="one")
        assert client.put("two words").ok
        assert client.one("TXT")["data"] == ["two words"]
        assert served(box, "TXT") == {'"two words"'}

    @pytest.mark.parametrize("switch", ["split", "kept", "refused"])
    def test_a_long_string(self, make: Make, switch: str) -> None:
        box, client = make(yandexcloud_long_txt=switch)
        long, split = f'"{"x" * 300}"', f'"{"x" * 255}" "{"x" * 45}"'
        answer = client.put(long)
        if switch == "refused":
            assert (answer.status_code, answer.json()["code"]) == (400, 3)
            return
        assert client.one("TXT")["data"] == [split if switch == "split" else long]
        assert served(box, "TXT") == {split}

    @pytest.mark.parametrize("value", [f'"{"x" * 1023}"', '"caf\u00e9"', '"open', ""])
    def test_what_is_refused(self, make: Make, value: str) -> None:
        _, client = make()
        assert client.put(value).status_code == 400


@pytest.mark.parametrize(("meaning", "host"), [("absolute", "mx.example.com."), ("relative", "mx.example.com.example.com.")])
def test_a_name_without_a_final_dot(make: Make, meaning: str, host: str) -> None:
    box, client = make(yandexcloud_undotted=meaning)
    assert client.put("10 mx.example.com", rtype="MX").ok
    assert client.one("MX")["data"] == ["10 mx.example.com"]
    assert served(box, "MX") == {f"10 {host}"}


@pytest.mark.parametrize(
    "fault", [{"ttl": "-1"}, {"ttl": "x"}, {"data": []}, {"data": ['"x"', '"x"']}, {"name": "example.net."}, {"type": "X"}]
)
def test_a_set_that_is_none_is_refused(make: Make, fault: dict[str, object]) -> None:
    _, client = make()
    one = {"name": "new.example.com.", "type": "TXT", "ttl": "60", "data": ['"x"'], **fault}
    answer = client.update(additions=[one])
    assert (answer.status_code, answer.json()["code"]) == (400, 3)


def test_an_operation_takes_its_time(make: Make) -> None:
    now = [0.0]
    box = Sandbox(switches={"yandexcloud_operation_s": 5.0}, now=lambda: now[0]).start()
    client = YandexCloud(box)
    started = client.put('"new"').json()
    assert "done" not in started
    assert '"new"' not in client.one("TXT")["data"]
    now[0] = 5.0
    ended = client.call("GET", f"/operations/{started['id']}").json()
    assert ended["done"] is True
    assert client.one("TXT")["data"] == ['"new"']
    assert client.call("GET", "/operations/none").status_code == 404
    client.session.close()
    box.stop()


@pytest.mark.parametrize(
    ("visibility", "kinds"),
    [("public", ["publicVisibility"]), ("private", ["privateVisibility"]), ("both", ["privateVisibility", "publicVisibility"])],
)
def test_whose_a_zone_is(make: Make, visibility: str, kinds: list[str]) -> None:
    _, client = make(yandexcloud_visibility=visibility, yandexcloud_folders=2)
    folders = client.call("GET", "/folders", cloudId="b1gsandboxcloud00000").json()["folders"]
    assert len(folders) == 2
    query = {"folderId": folders[0]["id"], "filter": f"zone='{NAME}'"}
    zones = client.call("GET", "/zones", **query).json()["dnsZones"]
    assert sorted(key for zone in zones for key in zone if key.endswith("Visibility")) == kinds
    assert client.call("GET", "/zones", folderId=folders[1]["id"]).json() == {}
    assert client.call("GET", "/zones", folderId="another").status_code == 403
