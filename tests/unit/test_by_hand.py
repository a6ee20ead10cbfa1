"""A provider through which only SPF can be written: the SPF is done, the MX lines are told, and nobody takes it for the whole."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from registrar_sync.cli.exit_codes import of_result
from registrar_sync.core.finding import Finding
from registrar_sync.core.model import RRset
from registrar_sync.operations.check import check
from registrar_sync.operations.desk import Request
from registrar_sync.operations.prepare import prepare
from registrar_sync.operations.result import Result
from registrar_sync.operations.unenrol import unenroll
from tests.unit.stage import OWNER, START, Stage, mx, txt

SPF = "v=spf1 a include:includespf.security-mail.net ~all"
IN_FRONT = mx((3, "france.security-mail.net."), (4, "europe.security-mail.net."), (5, "mailgate.example.com."))


class SpfOnlyStage(Stage):
    """Only SPF can be written."""

    def __init__(self, folder: Path, *rrsets: RRset, staged: bool = False) -> None:
        super().__init__(folder, *rrsets, staged=staged)
        self.setting = replace(self.setting, writes=("TXT",))


@pytest.fixture
def stage(tmp_path: Path) -> SpfOnlyStage:
    return SpfOnlyStage(tmp_path)


def by_hand(result: Result) -> Finding:
    (found,) = (finding for finding in result.findings if finding.id == "mx-by-hand")
    return found


def ids(result: Result) -> set[str]:
    return {finding.id for finding in result.findings}


def lines(result: Result) -> list[str]:
    return by_hand(result).message.split("\n")[1:]


def leave(stage: Stage, **request: Any) -> Result:
    return unenroll(stage.setting, Request(domain=OWNER, **request), grace_s=0)


# --- entering -----------------------------------------------------------------------------------------------------------
def test_the_spf_is_done_and_the_mx_lines_are_told_and_it_ends_with_5(stage: SpfOnlyStage) -> None:
    result = stage.enroll()
    assert (result.state, result.changed, result.left, result.ok) == ("authoritative", True, True, False)
    assert of_result(result) == 5
    assert SPF in stage.values("TXT")
    assert stage.is_as_at_the_start(*START[1:])
    assert lines(result) == ["3 france.security-mail.net", "4 europe.security-mail.net"]
    assert "leave the others" in by_hand(result).message
    assert "check example.com" in result.hint


def test_plan_shows_the_same(stage: SpfOnlyStage) -> None:
    result = stage.plan()
    assert (result.state, of_result(result)) == ("planned", 5)
    assert lines(result) == ["3 france.security-mail.net", "4 europe.security-mail.net"]
    assert stage.writes() == 0


@pytest.mark.parametrize("request_", [{"only": "spf"}, {"accept": frozenset({"mx-by-hand"})}], ids=["only", "accept"])
def test_it_ends_with_0_where_that_is_what_was_meant(stage: SpfOnlyStage, request_: dict[str, Any]) -> None:
    result = stage.enroll(**request_)
    assert (result.state, result.left, of_result(result)) == ("authoritative", False, 0)
    assert ("mx-by-hand" in ids(result)) is ("accept" in request_)


def test_once_the_lines_are_entered_nothing_is_left(stage: SpfOnlyStage) -> None:
    stage.enroll()
    assert of_result(stage.enroll()) == 5  # the SPF is there, and the MX still is not
    stage.provider.put(IN_FRONT)
    result = stage.enroll()
    assert (result.state, result.left, of_result(result)) == ("nothing-to-do", False, 0)
    assert "mx-by-hand" not in ids(result)
    assert check(stage.setting, Request(domain=OWNER)).state == "authoritative"


def test_to_replace_says_what_to_take_out(stage: SpfOnlyStage) -> None:
    result = stage.plan(mx_mode="replace")
    assert lines(result) == ["10 europe.security-mail.net", "50 france.security-mail.net"]
    assert "take out 5 mailgate.example.com, 40 smtp.isp.net" in by_hand(result).message


def test_what_stands_in_the_way_of_the_mx_is_said_and_does_not_hold_back_the_spf(tmp_path: Path) -> None:
    stage = SpfOnlyStage(tmp_path, START[0], mx((0, "tenant.mail.protection.outlook.com.")))
    result = stage.enroll()
    assert (result.state, of_result(result)) == ("authoritative", 5)
    assert ("mx-no-room", "warn") in {(f.id, f.severity) for f in result.findings}
    assert lines(result) == []


def test_a_block_on_the_spf_still_holds_back(tmp_path: Path) -> None:
    stage = SpfOnlyStage(tmp_path, txt("v=spf1 a ~all", "v=spf1 mx -all"), START[1])
    result = stage.enroll()
    assert (result.state, result.changed, of_result(result)) == ("refused", False, 5)
    assert stage.writes() == 0


def test_the_mx_lines_stand_on_what_the_dns_serves_and_not_on_what_the_api_tells(stage: SpfOnlyStage) -> None:
    check(stage.setting, Request(domain=OWNER))
    stage.dns.lag_s = 1e6
    stage.provider.put(mx((0, "mailgate.example.com."), (0, "smtp.isp.net.")))
    result = stage.plan()
    assert lines(result) == ["3 france.security-mail.net", "4 europe.security-mail.net"]
    assert "api-dns-differ" not in ids(result)


def test_mx_alone_is_refused_and_says_how_to_see_the_lines(stage: SpfOnlyStage) -> None:
    for result in (stage.enroll(only="mx"), stage.plan(only="mx"), leave(stage, only="mx")):
        assert result.error is not None
        assert (result.state, result.error.kind) == ("refused", "provider-manual")
        assert "registrar-sync plan example.com" in result.hint
    assert stage.provider.log == []


def test_the_enrolment_is_rolled_back_exactly_and_what_a_hand_entered_stays(stage: SpfOnlyStage) -> None:
    stage.enroll()
    stage.provider.put(IN_FRONT)
    assert stage.rollback().state == "authoritative"
    assert stage.is_as_at_the_start(START[0], IN_FRONT)


# --- before and after ---------------------------------------------------------------------------------------------------
def test_prepare_lowers_what_it_can_and_says_what_is_left(stage: SpfOnlyStage) -> None:
    result = prepare(stage.setting, Request(domain=OWNER, ttl=60))
    assert result.state == "authoritative"
    assert "lowered by hand" in result.message
    assert stage.is_as_at_the_start(*START[1:])


def test_leaving_holds_the_include_until_the_hosts_are_out(tmp_path: Path) -> None:
    stage = SpfOnlyStage(tmp_path, START[0], IN_FRONT)
    stage.enroll()
    held = leave(stage)
    assert (held.state, of_result(held)) == ("refused", 5)
    assert "take out 3 france.security-mail.net, 4 europe.security-mail.net" in by_hand(held).message
    assert SPF in stage.values("TXT")
    stage.provider.put(mx((5, "mailgate.example.com.")))
    assert leave(stage).state == "authoritative"
    assert SPF not in stage.values("TXT")


def test_leaving_goes_on_where_somebody_sees_to_the_hosts(tmp_path: Path) -> None:
    stage = SpfOnlyStage(tmp_path, START[0], IN_FRONT)
    stage.enroll()
    assert leave(stage, accept=frozenset({"mx-by-hand"})).state == "authoritative"
    assert SPF not in stage.values("TXT")
