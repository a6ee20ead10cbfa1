"""The simulated Route 53: signatures, XML, batches that are whole or not at all, pages, and TXT as it demands it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests
from botocore.exceptions import ClientError

from registrar_sync.sandbox import Sandbox
from tests.contract.worlds import USUAL
from tests.integration.route53_client import Change, change, plain_client, record_sets, zone_id

APEX = "example.com."


class Account:
    """A sandbox, a client of it, and its zone."""

    def __init__(self, box: Sandbox) -> None:
        self.box = box
        self.client = plain_client(box.vendors["route53"])
        self.zone = zone_id(self.client)

    def change(self, *changes: Change) -> dict[str, Any]:
        return change(self.client, self.zone, *changes)

    def refusal(self, *changes: Change) -> str:
        """Code and message of a refused batch."""
        with pytest.raises(ClientError) as caught:
            self.change(*changes)
        told = caught.value.response["Error"]
        return f"{told['Code']}: {told['Message']}"

    def sets(self) -> dict[tuple[str, str], tuple[int | None, list[str]]]:
        return record_sets(self.client, self.zone)


Make = Callable[..., Account]


@pytest.fixture
def make() -> Iterator[Make]:
    running: list[Sandbox] = []

    def start(zone: str = USUAL, **switches: object) -> Account:
        box = Sandbox({"example.com": zone}, switches=switches).start()
        running.append(box)
        return Account(box)

    yield start
    for box in running:
        box.stop()


@pytest.fixture
def account(make: Make) -> Account:
    return make()


def code_of(call: Callable[[], object]) -> tuple[int, str]:
    with pytest.raises(ClientError) as caught:
        call()
    return caught.value.response["ResponseMetadata"]["HTTPStatusCode"], caught.value.response["Error"]["Code"]


# --- signatures -------------------------------------------------------------------------------------------------------
def test_the_signature_is_checked(account: Account) -> None:
    url = account.box.vendors["route53"]
    assert code_of(plain_client(url, access_key="other").list_hosted_zones) == (403, "InvalidClientTokenId")
    assert code_of(plain_client(url, secret="other").list_hosted_zones) == (403, "SignatureDoesNotMatch")
    bare = requests.get(url + "/2013-04-01/hostedzone", timeout=10)
    assert (bare.status_code, "<Code>MissingAuthenticationToken</Code>" in bare.text) == (403, True)
    odd = requests.get(url + "/2013-04-01/hostedzone", headers={"Authorization": "AWS4-HMAC-SHA256 x"}, timeout=10)
    assert (odd.status_code, "<Code>IncompleteSignature</Code>" in odd.text) == (400, True)


def test_a_signature_holds_for_a_while_only(make: Make) -> None:
    account = make()
    late = Sandbox(now=lambda: 0.0)
    with late:
        assert code_of(plain_client(late.vendors["route53"]).list_hosted_zones) == (403, "SignatureDoesNotMatch")
    assert account.client.list_hosted_zones()["IsTruncated"] is False


def test_a_policy_may_deny_an_action(make: Make) -> None:
    account = make(route53_denied=("ChangeResourceRecordSets",))
    assert "AccessDenied" in account.refusal(("DELETE", APEX, "MX", 300, ["5 mailgate.example.com."]))


# --- listing ----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("size", [1, 2, 7, 300])
def test_pages_hold_everything_once_in_the_order_of_reversed_names(make: Make, size: int) -> None:
    account = make(USUAL + "a-b TXT x\na TXT x\nb.a TXT x\n*.a TXT x\n", route53_page_size=size)
    pages = list(account.client.get_paginator("list_resource_record_sets").paginate(HostedZoneId=account.zone))
    names = [(each["Name"], each["Type"]) for page in pages for each in page["ResourceRecordSets"]]
    assert all(len(page["ResourceRecordSets"]) <= size for page in pages)
    assert names[:5] == [(APEX, rtype) for rtype in ("A", "MX", "NS", "SOA", "TXT")]
    # "-" stands before ".", as the API reference points out.
    assert [name for name, _ in names[5:9]] == ["a-b.example.com.", "a.example.com.", "\\052.a.example.com.", "b.a.example.com."]
    assert len(set(names)) == len(names)


def test_a_listing_begins_at_a_name_and_a_type(account: Account) -> None:
    def first(**start: str) -> tuple[str, str]:
        found = account.client.list_resource_record_sets(HostedZoneId=account.zone, MaxItems="1", **start)["ResourceRecordSets"][
            0
        ]
        return found["Name"], found["Type"]

    assert first(StartRecordName="example.com") == (APEX, "A")
    assert first(StartRecordName="EXAMPLE.com.", StartRecordType="NS") == (APEX, "NS")
    assert first(StartRecordName="n.example.com") == ("ns1.example.com.", "A")
    assert code_of(lambda: first(StartRecordType="NS")) == (400, "InvalidInput")


def test_values_are_shown_with_octal_escapes(make: Make) -> None:
    account = make(USUAL + '@ TXT "caf\\195\\169 \\"quoted\\" back\\\\slash"\n')
    assert '"caf\\303\\251 \\"quoted\\" back\\\\slash"' in account.sets()[APEX, "TXT"][1]


def test_zones_are_listed_by_name_and_in_pages(make: Make) -> None:
    account = make(route53_private_twins=("example.com",))
    for name in ("example.net", "sub.example.com"):
        account.box.store.add_zone(name, USUAL.replace("example.com", name))
    pages = list(account.client.get_paginator("list_hosted_zones").paginate(PaginationConfig={"PageSize": 1}))
    listed = [(zone["Name"], zone["Config"]["PrivateZone"]) for page in pages for zone in page["HostedZones"]]
    assert sorted(listed) == [(APEX, False), (APEX, True), ("example.net.", False), ("sub.example.com.", False)]
    named = account.client.list_hosted_zones_by_name(DNSName="example.com", MaxItems="1")
    assert (named["HostedZones"][0]["Name"], named["NextDNSName"]) == (APEX, APEX)
    rest = account.client.list_hosted_zones_by_name(DNSName="example.com", HostedZoneId=named["NextHostedZoneId"])
    assert [zone["Name"] for zone in rest["HostedZones"]] == [APEX, "sub.example.com.", "example.net."]


@pytest.mark.parametrize(("status", "code"), [(404, "NoSuchHostedZone"), (403, "AccessDenied")])
def test_an_unknown_zone(make: Make, status: int, code: str) -> None:
    account = make(route53_unknown_zone_status=status)
    assert code_of(lambda: account.client.get_hosted_zone(Id="ZUNKNOWN")) == (status, code)
    assert account.client.get_hosted_zone(Id=account.zone)["HostedZone"]["Name"] == APEX


# --- batches ----------------------------------------------------------------------------------------------------------
MX = ["5 mailgate.example.com.", "40 smtp.isp.net.", "40 secours.isp.net."]


@pytest.mark.parametrize(
    ("refused", "told"),
    [
        (("CREATE", APEX, "MX", 300, ["1 a.example."]), "InvalidChangeBatch: .*it already exists"),
        (("DELETE", APEX, "MX", 301, MX), "InvalidChangeBatch: .*do not match the current values"),
        (("DELETE", APEX, "MX", 300, MX[:2]), "InvalidChangeBatch: .*do not match the current values"),
        (("DELETE", "none.example.com", "MX", 300, MX), "InvalidChangeBatch: .*was not found"),
        (("UPSERT", "example.org", "MX", 300, MX), "InvalidChangeBatch: .*not permitted in zone"),
        (("UPSERT", APEX, "MX", 300, [*MX, MX[0]]), "InvalidChangeBatch: .*Duplicate Resource Record: '5 mailgate"),
        (("UPSERT", APEX, "MX", 300, ["mail.example.com."]), "InvalidChangeBatch: .*encountered with"),
        (("UPSERT", APEX, "MX", 300, ["70000 mail.example.com."]), "InvalidChangeBatch: .*encountered with"),
        (("UPSERT", APEX, "MX", 2**31, MX), "InvalidChangeBatch: .*at 'TTL' failed"),
        (("UPSERT", APEX, "CNAME", 300, ["www.example.com."]), "InvalidChangeBatch: .*conflicts with other records"),
        (("DELETE", APEX, "NS", 3600, ["ns1.example.com."]), "InvalidChangeBatch: .*must contain at least one NS"),
        (("UPSERT", APEX, "TXT", 300, ["bare"]), "InvalidChangeBatch: .*enclosed in quotation marks"),
        (("UPSERT", APEX, "TXT", 300, [f'"{"x" * 256}"']), "InvalidChangeBatch: .*CharacterStringTooLong"),
        (("UPSERT", APEX, "TXT", 300, ['"caf\u00e9"']), "InvalidChangeBatch: .*InvalidCharacterString"),
        (("UPSERT", APEX, "TXT", 300, ['"\\999"']), "InvalidChangeBatch: .*invalid escape"),
    ],
    ids=lambda value: None if isinstance(value, str) else f"{value[0]}-{value[2]}",
)
def test_a_refused_change_takes_its_whole_batch_with_it(account: Account, refused: Change, told: str) -> None:
    before = account.sets()
    text = account.refusal(("UPSERT", "first.example.com", "TXT", 300, ['"one"']), refused)
    assert re.search(told, text), text
    assert account.sets() == before


def test_upsert_create_and_delete(account: Account) -> None:
    account.change(("UPSERT", APEX, "MX", 600, ["1 one.example"]), ("CREATE", "new.example.com", "TXT", 90, ['"a" "b"']))
    assert account.sets()[APEX, "MX"] == (600, ["1 one.example"])
    assert account.sets()["new.example.com.", "TXT"] == (90, ['"a" "b"'])
    assert "example.com. 600 IN MX 1 one.example." in account.box.store.zone_text("example.com")
    account.change(("DELETE", APEX, "MX", 600, ["1 one.example"]), ("CREATE", APEX, "MX", 60, ["2 two.example."]))
    assert account.sets()[APEX, "MX"] == (60, ["2 two.example."])


def test_what_the_switches_decide(make: Make) -> None:
    swap: tuple[Change, Change] = (("DELETE", APEX, "MX", 300, MX), ("CREATE", APEX, "MX", 300, ["1 a.example."]))
    assert "already exists" in make(route53_same_set_in_batch="refused").refusal(*swap)
    backwards: Change = ("DELETE", APEX, "MX", 300, MX[::-1])
    assert make().change(backwards)["ChangeInfo"]["Status"] == "PENDING"
    assert "do not match" in make(route53_delete_order="as-listed").refusal(backwards)
    shaped = make(route53_error_shape="InvalidChangeBatch")
    with pytest.raises(ClientError):
        shaped.change(("DELETE", APEX, "MX", 301, MX))
    null: Change = ("UPSERT", APEX, "MX", 300, ["0 ."])
    assert make().change(null)["ChangeInfo"]["Status"] == "PENDING"
    assert "MXRRDATA" in make(route53_null_mx="refused").refusal(null)
    stored = make(route53_bare_octets="stored")
    stored.change(("UPSERT", APEX, "TXT", 300, ['"caf\u00e9"']))
    assert "caf\\195\\169" in stored.box.store.zone_text("example.com")


def test_a_change_is_pending_until_it_is_served(make: Make) -> None:
    now = [1_000_000.0]
    with Sandbox(
        {"example.com": USUAL}, now=lambda: now[0], publish_delay_s=30, switches={"route53_clock_window_s": 1e12}
    ) as box:
        client = plain_client(box.vendors["route53"])
        made = change(client, zone_id(client), ("UPSERT", APEX, "MX", 300, ["1 one.example."]))["ChangeInfo"]
        assert client.get_change(Id=made["Id"])["ChangeInfo"]["Status"] == "PENDING"
        assert "one.example" not in box.store.zone_text("example.com")
        now[0] += 31
        assert client.get_change(Id=made["Id"])["ChangeInfo"]["Status"] == "INSYNC"
        assert "one.example" in box.store.zone_text("example.com")
        assert code_of(lambda: client.get_change(Id="C0")) == (404, "NoSuchChange")


def test_sets_under_a_routing_policy_and_aliases_are_shown_as_such(account: Account) -> None:
    target = {"HostedZoneId": "Z2FDTNDATAQYW2", "DNSName": "d1.cloudfront.net.", "EvaluateTargetHealth": False}
    with account.box.store.editing("example.com") as draft:
        draft.add("web.example.com.", "A", "192.0.2.1", 0, beside=json.dumps({"AliasTarget": target}))
        for number in (1, 2):
            beside = json.dumps({"SetIdentifier": f"s{number}", "Weight": number})
            draft.add("w.example.com.", "TXT", f'"{number}"', 60, beside=beside)
    sets = account.client.list_resource_record_sets(HostedZoneId=account.zone, StartRecordName="w.example.com")[
        "ResourceRecordSets"
    ]
    assert [(each["SetIdentifier"], each["Weight"]) for each in sets[:2]] == [("s1", 1), ("s2", 2)]
    web = account.client.list_resource_record_sets(HostedZoneId=account.zone, StartRecordName="web.example.com")
    assert (web["ResourceRecordSets"][0]["AliasTarget"], "TTL" in web["ResourceRecordSets"][0]) == (target, False)
    assert "set identifier" in account.refusal(("UPSERT", "w.example.com", "TXT", 60, ['"3"']))


@pytest.mark.parametrize("body", [b"", b"<a", b"<a/>", b'{"json": 1}'])
def test_what_is_no_batch_is_refused(account: Account, body: bytes) -> None:
    def send(request: Any, **_: Any) -> None:
        request.data = body

    account.client.meta.events.register_first("before-sign.route53", send)
    assert account.refusal(("UPSERT", APEX, "MX", 300, MX)).startswith("InvalidInput: Invalid XML")
