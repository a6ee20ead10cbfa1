"""The simulated Cloudflare: rows with ids, envelopes, pages, and a batch that is done whole or not at all."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import dns.message
import dns.query
import pytest
import requests

from registrar_sync.sandbox import Sandbox


class Cloudflare:
    def __init__(self, box: Sandbox) -> None:
        self.base = box.vendors["cloudflare"]
        self.session = requests.Session()
        self.session.headers["Authorization"] = "Bearer sandbox"

    def call(self, method: str, path: str, body: Any = None, **query: object) -> requests.Response:
        return self.session.request(method, self.base + path, json=body, params=query, timeout=10)  # type: ignore[arg-type]

    @property
    def records(self) -> str:
        zone = next(one for one in self.call("GET", "/zones").json()["result"] if one["name"] == "example.com")
        return f"/zones/{zone['id']}/dns_records"

    def rows(self, **query: object) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.call("GET", self.records, **query).json()["result"]
        return found

    def batch(self, **lists: list[dict[str, Any]]) -> requests.Response:
        return self.call("POST", f"{self.records}/batch", lists)


Make = Callable[..., tuple[Sandbox, Cloudflare]]


@pytest.fixture
def make() -> Iterator[Make]:
    running: list[tuple[Sandbox, Cloudflare]] = []

    def start(**switches: object) -> tuple[Sandbox, Cloudflare]:
        box = Sandbox(switches=switches).start()
        running.append((box, Cloudflare(box)))
        return running[-1]

    yield start
    for box, client in running:
        client.session.close()
        box.stop()


@pytest.fixture
def box(make: Make) -> Sandbox:
    return make()[0]


@pytest.fixture
def cloudflare(box: Sandbox) -> Iterator[Cloudflare]:
    client = Cloudflare(box)
    yield client
    client.session.close()


def served(box: Sandbox, rtype: str) -> set[str]:
    host, port = box.dns_address
    answer = dns.query.tcp(dns.message.make_query("example.com", rtype), host, port=port, timeout=10).answer
    return {f"{rrset.ttl} {rdata.to_text()}" for rrset in answer for rdata in rrset}


def codes(response: requests.Response) -> list[int]:
    error = response.json()["errors"][0]
    return [error["code"], *(inner["code"] for inner in error.get("error_chain", []))]


def test_both_kinds_of_credential_are_taken(cloudflare: Cloudflare) -> None:
    assert cloudflare.call("GET", "/zones").json()["success"] is True
    del cloudflare.session.headers["Authorization"]
    cloudflare.session.headers.update({"X-Auth-Email": "sandbox", "X-Auth-Key": "sandbox"})
    assert cloudflare.call("GET", "/zones").json()["success"] is True


@pytest.mark.parametrize(
    ("kind", "status", "expected"), [("403-9109", 403, [9109]), ("400-6003", 400, [6003, 6111]), ("200-9103", 200, [9103])]
)
def test_a_wrong_token_is_refused_in_an_envelope(make: Make, kind: str, status: int, expected: list[int]) -> None:
    _, client = make(cloudflare_wrong_token=kind)
    client.session.headers["Authorization"] = "Bearer wrong"
    refused = client.call("GET", "/zones")
    assert (refused.status_code, refused.json()["success"], codes(refused)) == (status, False, expected)


def test_a_token_without_the_right_to_edit_may_read(make: Make) -> None:
    _, client = make(cloudflare_token_may_edit=False)
    assert client.rows()
    refused = client.batch(posts=[{"type": "TXT", "name": "@", "content": "x"}])
    assert (refused.status_code, codes(refused)) == (403, [10000])


def test_a_row_looks_as_it_was_recorded(cloudflare: Cloudflare) -> None:
    made = cloudflare.call(
        "POST", cloudflare.records, {"type": "TXT", "name": "random.test.example.com", "content": "token", "ttl": 3600}
    )
    row = made.json()["result"]
    assert made.status_code == 200
    assert len(row.pop("id")) == 32
    assert row.pop("created_on").endswith("Z")
    assert row.pop("modified_on").endswith("Z")
    assert row == {
        "name": "random.test.example.com",
        "type": "TXT",
        "content": "token",
        "proxiable": False,
        "proxied": False,
        "ttl": 3600,
        "settings": {},
        "meta": {},
        "comment": None,
        "tags": [],
    }


def test_mx_has_an_integer_priority_and_no_final_dot(cloudflare: Cloudflare) -> None:
    mx = sorted((row["priority"], row["content"]) for row in cloudflare.rows(name="example.com", type="MX"))
    assert mx == [(5, "mailgate.example.com"), (40, "secours.isp.net"), (40, "smtp.isp.net")]
    made = cloudflare.batch(posts=[{"type": "MX", "name": "@", "content": "mx.example.net.", "priority": 0}])
    (row,) = made.json()["result"]["posts"]
    assert (row["content"], row["priority"], row["ttl"]) == ("mx.example.net", 0, 1)


def test_the_zones_own_ns_and_soa_are_not_listed(cloudflare: Cloudflare) -> None:
    assert {row["type"] for row in cloudflare.rows(name="example.com")} == {"A", "MX", "TXT"}


def test_pages_end_with_an_empty_one(cloudflare: Cloudflare) -> None:
    total = len(cloudflare.rows())
    first = cloudflare.call("GET", cloudflare.records, per_page=5, page=1).json()
    assert len(first["result"]) == 5
    assert first["result_info"] == {"page": 1, "per_page": 5, "count": 5, "total_count": total, "total_pages": -(-total // 5)}
    beyond = cloudflare.call("GET", cloudflare.records, per_page=5, page=99).json()
    assert (beyond["result"], beyond["success"]) == ([], True)
    nothing = cloudflare.call("GET", cloudflare.records, name="none.example.com").json()["result_info"]
    assert (nothing["total_count"], nothing["total_pages"]) == (0, 1)


def test_an_unknown_zone_name_is_an_empty_list_and_an_unknown_id_an_error(cloudflare: Cloudflare) -> None:
    assert cloudflare.call("GET", "/zones", name="example.org").json()["result"] == []
    assert [zone["name"] for zone in cloudflare.call("GET", "/zones", name="example.com").json()["result"]] == ["example.com"]
    assert codes(cloudflare.call("GET", "/zones/" + "0" * 32)) == [7003]
    assert codes(cloudflare.call("GET", f"{cloudflare.records}/{'0' * 32}")) == [81044]
    assert codes(cloudflare.call("GET", "/nowhere")) == [7000]


@pytest.mark.parametrize(("filtering", "count"), [("ignored", 2), ("exact", 1)])
def test_the_filter_of_zones(make: Make, filtering: str, count: int) -> None:
    box, client = make(cloudflare_zone_name_filter=filtering)
    box.store.add_zone("example.org", "$ORIGIN example.org.\n@ SOA ns1 h 1 2 3 4 5\n@ NS ns1\n")
    assert len(client.call("GET", "/zones", name="example.org").json()["result"]) == count


# --- the batch ----------------------------------------------------------------------------------------------------------
def test_a_batch_runs_deletes_patches_puts_and_posts_in_this_order(box: Sandbox, cloudflare: Cloudflare) -> None:
    """Whatever the order in the body: a value that one row gives up can be another's."""
    five, forty, other = sorted(cloudflare.rows(name="example.com", type="MX"), key=lambda row: (row["priority"], row["content"]))
    answer = cloudflare.batch(
        posts=[{"type": "MX", "name": "example.com", "content": forty["content"], "priority": 40, "ttl": 300}],
        patches=[{"id": other["id"], "content": five["content"], "priority": 5}],
        deletes=[{"id": five["id"]}, {"id": forty["id"]}],
    ).json()
    assert {kind: len(rows) for kind, rows in answer["result"].items()} == {"deletes": 2, "patches": 1, "puts": 0, "posts": 1}
    assert answer["result"]["patches"][0]["id"] == other["id"]
    assert {line.split(" ", 1)[1] for line in served(box, "MX")} == {"5 mailgate.example.com.", "40 secours.isp.net."}


def test_a_batch_with_one_fault_changes_nothing(box: Sandbox, cloudflare: Cloudflare) -> None:
    before = box.store.zone_text("example.com", published=False)
    row = cloudflare.rows(name="example.com", type="MX")[0]
    refused = cloudflare.batch(
        deletes=[{"id": row["id"]}],
        posts=[{"type": "TXT", "name": "@", "content": "x"}, {"type": "MX", "name": "@", "content": "mx.example.net"}],
    )
    assert (refused.status_code, codes(refused)) == (400, [1004, 9100])
    again = cloudflare.batch(deletes=[{"id": "0" * 32}])
    assert (again.status_code, codes(again)) == (404, [81044])
    assert box.store.zone_text("example.com", published=False) == before


def test_a_patch_keeps_what_it_does_not_name_and_a_put_does_not(cloudflare: Cloudflare) -> None:
    made = {"type": "TXT", "name": "@", "content": "one", "ttl": 1, "comment": "theirs", "tags": ["mail:yes"]}
    row = cloudflare.batch(posts=[made]).json()["result"]["posts"][0]
    (patched,) = cloudflare.batch(patches=[{"id": row["id"], "content": "two"}]).json()["result"]["patches"]
    assert (patched["content"], patched["ttl"], patched["comment"], patched["tags"]) == ("two", 1, "theirs", ["mail:yes"])
    put = {"id": row["id"], "type": "TXT", "name": "example.com", "content": "three", "ttl": 60}
    (written,) = cloudflare.batch(puts=[put]).json()["result"]["puts"]
    assert (written["id"], written["content"], written["comment"], written["tags"]) == (row["id"], "three", None, [])


def test_a_batch_is_limited(make: Make) -> None:
    _, client = make(cloudflare_batch_limit=2)
    assert client.batch(posts=[{"type": "TXT", "name": "@", "content": str(n)} for n in range(3)]).status_code == 400


# --- values -------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("kept", "content"), [("verbatim", "v=spf1 -all"), ("quoted", '"v=spf1 -all"')])
def test_a_bare_value_is_kept_as_it_is_or_quoted(make: Make, kept: str, content: str) -> None:
    box, client = make(cloudflare_txt=kept)
    row = client.batch(posts=[{"type": "TXT", "name": "@", "content": "v=spf1 -all"}]).json()["result"]["posts"][0]
    assert row["content"] == content
    assert '300 "v=spf1 -all"' in served(box, "TXT")


def test_a_long_string_is_split(box: Sandbox, cloudflare: Cloudflare) -> None:
    for content in ("a" * 300, '"' + "b" * 300 + '"'):
        row = cloudflare.batch(posts=[{"type": "TXT", "name": "@", "content": content}]).json()["result"]["posts"][0]
        letter = content.strip('"')[0]
        assert row["content"] == f'"{letter * 255}" "{letter * 45}"'


def test_ttl_1_is_automatic_and_served_as_300(box: Sandbox, cloudflare: Cloudflare) -> None:
    cloudflare.batch(posts=[{"type": "TXT", "name": "auto.example.com", "content": "x"}])
    (row,) = cloudflare.rows(name="auto.example.com")
    assert row["ttl"] == 1
    assert "auto.example.com. 300 IN TXT" in box.store.zone_text("example.com")


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"ttl": 59}, [1004, 9021]),
        ({"ttl": 86401}, [1004, 9021]),
        ({"ttl": "300"}, [1004, 9021]),
        ({"type": "SPF"}, [1004, 9004]),
        ({"content": ""}, [1004, 9020]),
        ({"name": "a b"}, [1004, 9000]),
        ({"type": "MX", "content": "mx.example.net"}, [1004, 9100]),
        ({"type": "MX", "content": "mx.example.net", "priority": 70000}, [1004, 9008]),
        ({"type": "MX", "content": "two words", "priority": 1}, [1004, 9009]),
        ({"type": "MX", "content": "mailgate.example.com", "priority": 5}, [81058]),
        ({"type": "CNAME", "content": "x.example.net"}, [81053]),
    ],
)
def test_what_is_refused(cloudflare: Cloudflare, body: dict[str, Any], expected: list[int]) -> None:
    refused = cloudflare.call("POST", cloudflare.records, {"type": "TXT", "name": "@", "content": "x"} | body)
    assert (refused.status_code, codes(refused)) == (400, expected)


@pytest.mark.parametrize(
    ("switch", "body"),
    [
        ("cloudflare_null_mx", {"content": ".", "priority": 0}),
        ("cloudflare_same_exchange_twice", {"content": "mailgate.example.com", "priority": 6}),
    ],
)
def test_what_is_refused_or_not(make: Make, switch: str, body: dict[str, Any]) -> None:
    for value, status in (("accepted", 200), ("refused", 400)):
        _, client = make(**{switch: value})
        assert client.call("POST", client.records, {"type": "MX", "name": "@"} | body).status_code == status


def test_one_record_can_be_made_read_changed_and_removed(cloudflare: Cloudflare) -> None:
    made = cloudflare.call("POST", cloudflare.records, {"type": "A", "name": "new", "content": "192.0.2.9", "ttl": 60}).json()[
        "result"
    ]
    record = f"{cloudflare.records}/{made['id']}"
    assert cloudflare.call("GET", record).json()["result"]["name"] == "new.example.com"
    assert cloudflare.call("PATCH", record, {"content": "192.0.2.8"}).json()["result"]["content"] == "192.0.2.8"
    assert cloudflare.call("DELETE", record).json()["result"] == {"id": made["id"]}
    assert codes(cloudflare.call("GET", record)) == [81044]
