"""The report on one domain's SPF: what stands, what it costs, what the service would change."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from registrar_sync.core.model import RRset
from registrar_sync.core.observation import Answer, Server
from registrar_sync.errors import LookupFailed
from registrar_sync.operations.desk import Request
from registrar_sync.operations.spf_report import SpfReport, spf_report
from tests.unit.stage import OWNER, Stage, a, mx, txt
from tests.unit.worlds import NXDOMAIN, SILENT, data, spf_answer

INCLUDE = "include:includespf.security-mail.net"
HOST = mx((5, "mailgate.example.com."))


def stage_of(folder: Path, *texts: str, others: tuple[RRset, ...] = (HOST,)) -> Stage:
    stage = Stage(folder, *([txt(*texts)] if texts else []), *others, a("192.0.2.1"))
    stage.dns.world[(OWNER, "A")] = data("192.0.2.1")
    return stage


def report_on(stage: Stage) -> SpfReport:
    return spf_report(stage.setting, Request(domain=OWNER))


def test_the_tree_and_what_the_service_would_change(tmp_path: Path) -> None:
    stage = stage_of(tmp_path, "v=spf1 a mx include:b.example ~all", "other")
    stage.dns.world[("b.example.", "TXT")] = spf_answer("v=spf1 a:c.example -all")
    stage.dns.world[("c.example.", "A")] = data("192.0.2.7")
    told = report_on(stage).to_json()
    assert (told["command"], told["domain"], told["service"]) == ("spf", "example.com", "security-mail")
    assert (told["record"], told["lookups"], told["voids"], told["measured"]) == (
        "v=spf1 a mx include:b.example ~all",
        4,
        0,
        True,
    )
    assert told["size"] == {"values": 2, "text_octets": 50, "answer_octets": 94}
    assert [(branch["term"], branch["lookups"]) for branch in told["tree"]["children"]] == [
        ("a", 1),
        ("mx", 1),
        ("include:b.example", 2),
    ]
    nested = told["tree"]["children"][2]
    assert (nested["target"], nested["record"]) == ("b.example", "v=spf1 a:c.example -all")
    assert [child["term"] for child in nested["children"]] == ["a:c.example"]
    after = told["with_service"]
    assert (after["state"], after["lookups"], after["voids"]) == ("changed", 5, 0)
    assert after["record"] == f"v=spf1 a mx include:b.example {INCLUDE} ~all"
    assert after["size"]["text_octets"] == 50 + len(f" {INCLUDE}")
    assert told["error"] is None
    assert stage.provider.log == []


def test_without_a_record_the_new_one_is_shown(tmp_path: Path) -> None:
    told = report_on(stage_of(tmp_path, "other")).to_json()
    assert (told["record"], told["records"], told["tree"], told["lookups"]) == (None, [], None, None)
    assert (told["with_service"]["state"], told["with_service"]["record"]) == ("changed", f"v=spf1 {INCLUDE} ~all")


def test_an_include_that_stands_changes_nothing(tmp_path: Path) -> None:
    told = report_on(stage_of(tmp_path, f"v=spf1 {INCLUDE} ~all")).to_json()
    assert (told["lookups"], told["with_service"]["state"], told["with_service"]["record"]) == (1, "there", None)


def test_cover_by_another_record_is_said(tmp_path: Path) -> None:
    stage = stage_of(tmp_path, "v=spf1 include:dc.example ~all")
    stage.dns.world[("dc.example.", "TXT")] = spf_answer(f"v=spf1 {INCLUDE} -all")
    report = report_on(stage)
    assert report.picture
    assert report.picture.with_service.state == "covered"
    assert "dc.example" in report.picture.with_service.detail
    assert "spf-covered" in {finding.id for finding in report.findings}


def test_two_records_are_shown_and_not_weighed(tmp_path: Path) -> None:
    report = report_on(stage_of(tmp_path, "v=spf1 a ~all", "v=spf1 mx -all"))
    told = report.to_json()
    assert (sorted(told["records"]), told["record"], told["tree"]) == (["v=spf1 a ~all", "v=spf1 mx -all"], None, None)
    assert told["with_service"]["state"] == "refused"
    assert "spf-two-records" in {finding.id for finding in report.findings}


def test_an_invalid_record_is_shown_with_a_caret_under_the_fault(tmp_path: Path) -> None:
    report = report_on(stage_of(tmp_path, "v=spf1 a ipv4:192.0.2.1 ~all"))
    assert report.picture
    record, caret = report.picture.carets[0].splitlines()
    assert record.index("ipv4") == caret.index("^")
    assert (report.to_json()["tree"], report.to_json()["with_service"]["state"]) == (None, "refused")
    assert "spf-invalid" in {finding.id for finding in report.findings}


def test_limits_passed_today_are_findings_without_advice_on_a_write(tmp_path: Path) -> None:
    terms = " ".join(f"exists:%{{i}}.h{n}.example" for n in range(11))
    report = report_on(stage_of(tmp_path, f"v=spf1 {terms} ~all"))
    (finding,) = [one for one in report.findings if one.id == "spf-over-lookup-limit"]
    assert "costs 11 DNS look-ups" in finding.message
    assert "--accept" not in finding.message


def test_a_limit_that_only_the_service_would_pass_is_a_finding_too(tmp_path: Path) -> None:
    terms = " ".join(f"exists:%{{i}}.h{n}.example" for n in range(10))
    report = report_on(stage_of(tmp_path, f"v=spf1 {terms} ~all"))
    assert [one.id for one in report.findings] == ["spf-at-lookup-limit", "spf-over-lookup-limit"]
    assert report.picture
    assert report.picture.budget
    assert report.picture.with_service.budget
    assert (report.picture.budget.lookups, report.picture.with_service.budget.lookups) == (10, 11)


def test_a_fault_deep_in_the_tree_and_what_does_not_answer_are_shown_in_place(tmp_path: Path) -> None:
    stage = stage_of(tmp_path, "v=spf1 include:b.example include:c.example ~all")
    stage.dns.world[("b.example.", "TXT")] = spf_answer("v=spf1 include:gone.example -all")
    stage.dns.world[("gone.example.", "TXT")] = NXDOMAIN
    stage.dns.world[("c.example.", "TXT")] = SILENT
    one, other = report_on(stage).to_json()["tree"]["children"]
    assert "gone.example does not exist" in one["children"][0]["fault"]
    assert "no answer" in other["unknown"]
    assert other["measured"] is False


def test_an_mx_of_more_than_ten_hosts_is_a_fault_today(tmp_path: Path) -> None:
    hosts = mx(*((5, f"h{n}.example.com.") for n in range(11)))
    report = report_on(stage_of(tmp_path, "v=spf1 mx ~all", others=(hosts,)))
    assert "spf-tree-broken" in {finding.id for finding in report.findings}


def test_servers_that_answer_another_record_are_named(tmp_path: Path) -> None:
    stage = stage_of(tmp_path, "v=spf1 a ~all")
    stage.dns.servers = (*stage.dns.servers, Server(name="ns2.example.net.", address="192.0.2.54"))
    assert report_on(stage).differing == ()
    one, other = stage.dns.observe(stage.dns.servers, OWNER, OWNER, ("TXT", "MX"))
    lagging = replace(other, answers={**other.answers, "TXT": NXDOMAIN})
    stage.dns.observe = lambda *_, **__: [one, lagging]  # type: ignore[method-assign]
    report = report_on(stage)
    assert report.shown == "ns1.example.net (192.0.2.53)"
    assert report.differing == ("ns2.example.net (192.0.2.54)",)


def test_an_alias_is_named_and_nothing_is_weighed(tmp_path: Path) -> None:
    stage = stage_of(tmp_path)
    alias = Answer(status="data", detail="CNAME to www.example.net")
    (seen,) = stage.dns.observe(stage.dns.servers, OWNER, OWNER, ("TXT", "MX"))
    stage.dns.observe = lambda *_, **__: [replace(seen, answers={"TXT": alias, "MX": alias})]  # type: ignore[method-assign]
    report = report_on(stage)
    assert (report.ok, report.picture) == (True, None)
    assert [finding.id for finding in report.findings] == ["owner-cname"]
    assert "www.example.net" in report.findings[0].message


def test_nobody_who_answers_is_an_error(tmp_path: Path) -> None:
    stage = stage_of(tmp_path, "v=spf1 a ~all")
    stage.dns.silent = frozenset({"192.0.2.53"})
    report = report_on(stage)
    assert (report.ok, report.picture) == (False, None)
    with pytest.raises(LookupFailed):
        report.raise_for_error()


def test_a_name_that_the_dns_does_not_know_is_an_error(tmp_path: Path) -> None:
    stage = stage_of(tmp_path)
    stage.dns.zone = None
    report = report_on(stage)
    assert report.error
    assert "knows no name servers" in report.error.message
    assert "not-delegated" in {finding.id for finding in report.findings}
