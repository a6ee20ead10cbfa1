"""``registrar-sync unenroll`` as scripts see it."""

from __future__ import annotations

import pytest

from registrar_sync.sandbox.server import Sandbox
from tests.cli.test_outside_contract import ENROLL, RESULT_KEYS, ROLLBACK, Gandi, gandi, sandbox  # noqa: F401 - fixtures
from tests.contract.worlds import NEIGHBOURS

UNENROLL = ("unenroll", "example.com", "-p", "gandi", "--yes", "--output", "json")
BY_HAND = '@ 600 TXT "v=spf1 mx a:mailgate.example.com include:includespf.security-mail.net ~all"\n@ 300 MX 5 mailgate\n'


def test_hosts_now_and_the_include_by_the_same_command(gandi: Gandi, sandbox: Sandbox) -> None:  # noqa: F811
    start = sandbox.store.zone_text("example.com")
    gandi(*ENROLL)
    first = gandi(*UNENROLL)
    assert (first.code, first.json["state"], first.json["command"]) == (0, "authoritative", "unenroll")
    assert set(first.json) == RESULT_KEYS
    assert [change["type"] for change in first.json["plan"]["changes"]] == ["MX"]
    assert "spf-later" in {finding["id"] for finding in first.json["findings"]}

    sandbox.clear_requests()
    again = gandi(*UNENROLL)
    assert (again.code, again.json["state"], again.json["changed"]) == (0, "nothing-to-do", False)
    assert {str(request["method"]) for request in sandbox.requests} == {"GET"}
    shown = gandi("unenroll", "example.com", "--yes").out
    assert shown.splitlines()[-1].startswith("next: after ")
    assert shown.endswith(": registrar-sync unenroll example.com --account gandi --service security-mail\n")

    last = gandi(*UNENROLL, "--grace", "0")
    assert (last.code, [change["type"] for change in last.json["plan"]["changes"]]) == (0, ["TXT"])
    assert sandbox.store.zone_text("example.com") == start
    assert gandi(*ROLLBACK).json["state"] == "nothing-to-do"
    states = [row["state"] for row in gandi("history", "--output", "json").json["changes"]]
    assert states == ["authoritative", "authoritative", "rolled-back"]


def test_both_at_once_and_what_a_dry_run_shows_of_it(gandi: Gandi, sandbox: Sandbox) -> None:  # noqa: F811
    start = sandbox.store.zone_text("example.com")
    gandi(*ENROLL)
    sandbox.clear_requests()
    dry = gandi("unenroll", "example.com", "-p", "gandi", "--grace", "0", "--dry-run", "--output", "json")
    assert (dry.code, dry.json["state"]) == (0, "planned")
    assert [change["type"] for change in dry.json["plan"]["changes"]] == ["MX", "TXT"]
    assert {str(request["method"]) for request in sandbox.requests} == {"GET"}
    assert gandi(*UNENROLL, "--grace", "0").code == 0
    assert sandbox.store.zone_text("example.com") == start


def test_what_is_not_enrolled_is_exit_0_and_leaves_no_trace(gandi: Gandi, sandbox: Sandbox) -> None:  # noqa: F811
    run = gandi(*UNENROLL)
    assert (run.code, run.json["state"], run.json["change_id"]) == (0, "nothing-to-do", None)
    assert {str(request["method"]) for request in sandbox.requests} == {"GET"}
    assert gandi("history", "--output", "json").json["changes"] == []


def test_it_needs_yes_and_an_account(gandi: Gandi, sandbox: Sandbox) -> None:  # noqa: F811
    assert gandi("unenroll", "example.com", "-p", "gandi").code == 2
    run = gandi("unenroll", "example.com", "--yes")
    assert run.code == 2
    assert "--provider" in run.err
    assert sandbox.requests == []


@pytest.mark.parametrize("grace", ["soon", "-1", "1.5d", "", "5 d", "9999999999999d", "366d"])
def test_a_grace_that_is_no_time_is_exit_2(gandi: Gandi, sandbox: Sandbox, grace: str) -> None:  # noqa: F811
    run = gandi(*UNENROLL, f"--grace={grace}")
    assert (run.code, run.json["error"]["kind"]) == (2, "usage")
    assert "Nothing was changed" in run.json["error"]["message"]
    assert sandbox.requests == []


def test_an_mx_set_that_would_be_empty_is_exit_5_whatever_is_accepted(gandi: Gandi, sandbox: Sandbox) -> None:  # noqa: F811
    sandbox.store.add_zone("example.com", NEIGHBOURS + "@ 300 MX 10 europe.security-mail.net.\n")
    run = gandi(*UNENROLL, "--accept", "mx-would-be-empty")
    assert (run.code, run.json["state"]) == (5, "refused")
    assert gandi(*UNENROLL, "--dry-run").code == 5
    assert {str(request["method"]) for request in sandbox.requests} == {"GET"}


def test_an_include_alone_is_on_the_list_of_what_is_due(gandi: Gandi, sandbox: Sandbox) -> None:  # noqa: F811
    sandbox.store.add_zone("example.com", NEIGHBOURS + BY_HAND)
    assert gandi(*UNENROLL).json["state"] == "nothing-to-do"
    (row,) = gandi("due", "--output", "json").json["due"]
    assert (row["domain"], row["what"], row["ready"]) == ("example.com", "unenroll", False)
    assert gandi(*UNENROLL, "--grace", "0").code == 0
    assert "security-mail" not in sandbox.store.zone_text("example.com")
