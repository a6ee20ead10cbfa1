"""What scripts rely on: the JSON object, exit codes, what goes to stdout and what to stderr."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml

from registrar_sync.sandbox.server import Sandbox
from tests.cli.conftest import Cli, Run
from tests.contract.worlds import NEIGHBOURS, USUAL, SandboxVendor

Gandi = Callable[..., Run]

RESULT_KEYS = {
    *("schema", "command", "domain", "zone", "provider", "account", "service", "state", "changed", "change_id", "plan"),
    *("findings", "visibility", "lights", "api_calls", "elapsed_s", "error"),
}
SERVER_KEYS = {"server", "address", "role", "verdict", "detail", "until"}


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as box:
        box.store.add_zone("example.com", USUAL)
        yield box


@pytest.fixture
def gandi(cli: Cli, sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Gandi:
    """The command line with an account ``gandi`` at the sandbox."""
    vendor = SandboxVendor(sandbox, "gandi")
    config = tmp_path / "providers.yaml"
    config.write_text(yaml.safe_dump({"accounts": {"gandi": vendor.account()}}))
    monkeypatch.setenv("REGISTRAR_SYNC_CONFIG", str(config))
    monkeypatch.setenv("SANDBOX", "sandbox")
    return cli


ENROLL = ("enroll", "example.com", "-p", "gandi", "--yes", "--output", "json")
PLAN = ("plan", "example.com", "-p", "gandi", "--output", "json")
CHECK = ("check", "example.com", "-p", "gandi", "--output", "json")
ROLLBACK = ("rollback", "example.com", "--yes", "--output", "json")


def test_a_plan_is_one_object_with_before_and_after(gandi: Gandi) -> None:
    run = gandi(*PLAN)
    assert run.code == 0
    assert set(run.json) == RESULT_KEYS
    assert (run.json["schema"], run.json["command"], run.json["state"]) == ("registrar-sync/1", "plan", "planned")
    assert (run.json["domain"], run.json["zone"], run.json["changed"]) == ("example.com", "example.com", False)
    txt, mx = run.json["plan"]["changes"]
    assert (txt["owner"], txt["type"], mx["type"]) == ("example.com", "TXT", "MX")
    assert mx["before"] == {"ttl": 300, "values": ["5 mailgate.example.com.", "40 secours.isp.net.", "40 smtp.isp.net."]}
    assert mx["after"]["values"][:2] == ["3 france.security-mail.net.", "4 europe.security-mail.net."]
    assert "part one, part two" in txt["after"]["values"]


def test_plan_exits_20_only_where_asked_and_there_is_something(gandi: Gandi) -> None:
    assert gandi(*PLAN, "--exit-code").code == 20
    assert gandi("enroll", "example.com", "-p", "gandi", "--dry-run").code == 0
    assert gandi(*ENROLL).code == 0
    assert gandi(*PLAN, "--exit-code").code == 0


def test_an_enrolment_names_its_servers_and_its_calls(gandi: Gandi) -> None:
    run = gandi(*ENROLL)
    assert (run.code, run.json["state"], run.json["changed"]) == (0, "authoritative", True)
    assert run.json["api_calls"] == 5
    assert isinstance(run.json["change_id"], int)
    assert run.json["visibility"]["verdict"] == "authoritative"
    servers = run.json["visibility"]["servers"]
    assert all(set(server) == SERVER_KEYS for server in servers)
    assert [(one["role"], one["verdict"]) for one in servers] == [("authoritative", "new"), ("recursive", "new")]
    assert run.json["error"] is None


def test_enrolling_twice_is_nothing_to_do_and_exit_0(gandi: Gandi, sandbox: Sandbox) -> None:
    gandi(*ENROLL)
    sandbox.clear_requests()
    run = gandi(*ENROLL)
    assert (run.code, run.json["state"], run.json["changed"]) == (0, "nothing-to-do", False)
    assert {str(request["method"]) for request in sandbox.requests} == {"GET"}


def test_rolling_back_twice_is_nothing_to_do_and_exit_0(gandi: Gandi, sandbox: Sandbox) -> None:
    start = sandbox.store.zone_text("example.com")
    gandi(*ENROLL)
    run = gandi(*ROLLBACK)
    assert (run.code, run.json["state"], run.json["command"]) == (0, "authoritative", "rollback")
    assert sandbox.store.zone_text("example.com") == start
    sandbox.clear_requests()
    again = gandi(*ROLLBACK)
    assert (again.code, again.json["state"], again.json["changed"]) == (0, "nothing-to-do", False)
    assert sandbox.requests == []


def test_rollback_needs_yes(gandi: Gandi, sandbox: Sandbox) -> None:
    gandi(*ENROLL)
    sandbox.clear_requests()
    assert gandi("rollback", "example.com").code == 2
    assert gandi("rollback", "example.com", "--dry-run").code == 0
    assert {str(request["method"]) for request in sandbox.requests} == {"GET"}


def test_check_is_4_until_enrolled_and_needs_no_credentials(gandi: Gandi, monkeypatch: pytest.MonkeyPatch) -> None:
    assert (gandi(*CHECK).code, gandi(*CHECK).json["state"]) == (4, "not-enrolled")
    gandi(*ENROLL)
    monkeypatch.delenv("SANDBOX")
    run = gandi(*CHECK)
    assert (run.code, run.json["state"]) == (0, "authoritative")


def test_check_ends_with_the_lines_of_nslookup(gandi: Gandi) -> None:
    gandi(*ENROLL)
    lines = gandi("check", "example.com", "-p", "gandi").out.splitlines()
    assert "visible at every authoritative server" in lines
    spf = '"v=spf1 mx a:mailgate.example.com include:includespf.security-mail.net ~all"'
    assert f"example.com\ttext = {spf}" in lines
    assert lines[-5:][0] == "example.com\tmail exchanger = 3 france.security-mail.net."


def test_findings_hold_back_with_exit_5(gandi: Gandi, sandbox: Sandbox) -> None:
    sandbox.store.add_zone("example.com", NEIGHBOURS + "@ 300 MX 0 .\n")
    run = gandi(*ENROLL)
    assert (run.code, run.json["state"], run.json["changed"]) == (5, "refused", False)
    assert {"id": "mx-null", "severity": "block"}.items() <= next(f for f in run.json["findings"] if f["id"] == "mx-null").items()
    assert gandi(*PLAN, "--exit-code").code == 5


def test_not_served_in_time_is_4(gandi: Gandi, sandbox: Sandbox) -> None:
    sandbox.store.publish_delay_s = 600
    run = gandi(*ENROLL, "--timeout", "0.5")
    assert (run.code, run.json["state"], run.json["changed"]) == (4, "overdue", True)
    assert run.json["visibility"]["verdict"] == "pending"


def test_not_waiting_is_0(gandi: Gandi) -> None:
    run = gandi(*ENROLL, "--wait", "none")
    assert (run.code, run.json["state"]) == (0, "written")
    assert run.json["visibility"]["verdict"] == "not-asked"


def test_wrong_credentials_are_10(gandi: Gandi, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SANDBOX", "not-the-token")
    run = gandi(*ENROLL)
    assert (run.code, run.json["error"]["kind"], run.json["state"]) == (10, "credentials-rejected", "refused")
    assert "not-the-token" not in run.out + run.err


def test_drift_is_12(gandi: Gandi, sandbox: Sandbox) -> None:
    sandbox.store.add_zone("example.com", NEIGHBOURS + "@ 300 MX 5 mailgate\n")
    gandi(*ENROLL)
    sandbox.store.remove_records("example.com", "example.com", "TXT", '"v=spf1 include:includespf.security-mail.net ~all"')
    sandbox.store.add_record("example.com", "example.com", "TXT", '"v=spf1 include:includespf.security-mail.net -all"', 600)
    run = gandi(*ROLLBACK)
    assert (run.code, run.json["state"], run.json["error"]["kind"]) == (12, "drift", "drift")


def test_history_lists_newest_first_and_names_the_journal(gandi: Gandi, home: Path) -> None:
    gandi(*ENROLL)
    gandi(*ROLLBACK)
    listed = gandi("history", "example.com", "--output", "json").json
    assert listed["command"] == "history"
    assert [(row["command"], row["state"], row["undoes"]) for row in listed["changes"]] == [
        ("rollback", "authoritative", 1),
        ("enroll", "rolled-back", None),
    ]
    wanted = {"change_id", "domain", "zone", "provider", "account", "service", "command", "state", "at", "undoes"}
    assert set(listed["changes"][0]) == wanted
    shown = gandi("history", "example.com")
    assert str(home) in shown.out
    assert "journal.sqlite" in shown.out
    one = gandi("history", "--change", "1", "--output", "json").json["changes"][0]
    assert "5 mailgate.example.com." in one["before"]["MX"]["values"]


def test_recover_without_anything_to_recover_is_0(gandi: Gandi) -> None:
    run = gandi("recover")
    assert run.code == 0
    assert "nothing to recover" in run.out


def test_progress_and_errors_go_to_stderr(gandi: Gandi) -> None:
    run = gandi("enroll", "example.com", "-p", "gandi", "--yes", "--verbose")
    assert "authoritative servers answer" in run.err
    assert "authoritative servers answer" not in run.out


def test_providers_test_says_what_it_could_not_test(gandi: Gandi, sandbox: Sandbox, tmp_path: Path) -> None:
    config = tmp_path / "ovh.yaml"
    config.write_text(yaml.safe_dump({"accounts": {"mine": SandboxVendor(sandbox, "ovh").account()}}))
    run = gandi("providers", "test", "mine", "--config", str(config))
    assert run.code == 0
    assert "refresh" in run.out
    assert all(request["method"] == "GET" for request in sandbox.requests)


def test_config_check_and_schema(gandi: Gandi) -> None:
    assert gandi("config", "check").code == 0
    schema = gandi("config", "schema")
    assert schema.code == 0
    assert set(schema.json["properties"]) == {"providers", "accounts", "services", "recursives", "doh"}


@pytest.mark.parametrize(
    ("words", "qualifier"),
    [((), "~"), (("--all", "fail", "--accept", "spf-service-alone"), "-"), (("--all", "neutral"), "?")],
)
def test_all_goes_into_a_new_record_only(gandi: Gandi, sandbox: Sandbox, words: tuple[str, ...], qualifier: str) -> None:
    sandbox.store.add_zone("example.com", NEIGHBOURS + "@ 300 MX 5 mailgate\n")
    assert gandi(*ENROLL, *words, "--ttl", "900").code == 0
    served = sandbox.store.zone_text("example.com")
    assert f"v=spf1 include:includespf.security-mail.net {qualifier}all" in served


def test_a_service_and_an_account_of_the_operators_own(gandi: Gandi, sandbox: Sandbox, tmp_path: Path) -> None:
    config = tmp_path / "own.yaml"
    service = {
        "include": "_spf.filter.example",
        "all_qualifier": "-",
        "exchanges": [{"exchange": "mx.filter.example", "below": 1, "replace": 10}],
    }
    account = SandboxVendor(sandbox, "gandi").account()
    config.write_text(yaml.safe_dump({"accounts": {"customers": account}, "services": {"own-filter": service}}))
    words = ("enroll", "example.com", "--account", "customers", "--service", "own-filter", "--config", str(config), "--yes")
    assert gandi(*words).code == 0
    assert "1 mx.filter.example." in sandbox.store.zone_text("example.com")
    assert gandi("rollback", "example.com", "--yes", "--config", str(config)).code == 0


def test_a_token_that_no_header_carries_is_called_a_credential_fault(gandi: Gandi, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SANDBOX", "token-with-€")
    run = gandi(*ENROLL)
    assert (run.code, run.json["error"]["kind"]) == (10, "credentials-rejected")


def test_an_accepted_finding_says_so(gandi: Gandi, sandbox: Sandbox) -> None:
    sandbox.store.add_zone("example.com", NEIGHBOURS + "@ 300 MX 0 .\n")
    findings = {f["id"]: f["message"] for f in gandi(*PLAN, "--accept", "mx-null").json["findings"]}
    assert findings["mx-null"].startswith("(accepted) ")


def test_check_of_an_enrolment_on_its_way_says_so(gandi: Gandi, sandbox: Sandbox) -> None:
    sandbox.store.publish_delay_s = 600
    gandi(*ENROLL, "--wait", "none")
    run = gandi(*CHECK)
    assert run.code == 4
    assert "not-yet-published" in {finding["id"] for finding in run.json["findings"]}
    assert {server["verdict"] for server in run.json["visibility"]["servers"]} == {"old"}
    assert "check example.com --account gandi" in gandi("check", "example.com", "-p", "gandi").out


def test_check_that_could_ask_nobody_gives_no_verdict_on_the_domain(gandi: Gandi) -> None:
    run = gandi("check", "example.com", "--nameserver", "127.0.0.1:9", "--output", "json")
    assert (run.code, run.json["error"]["kind"]) == (1, "lookup-failed")


@pytest.mark.parametrize("timeout", ["nan", "inf", "-1", "1e300"])
def test_a_time_out_that_never_ends_is_refused(gandi: Gandi, timeout: str) -> None:
    assert gandi(*ENROLL, "--timeout", timeout).code == 2


def test_missing_credentials_are_listed_line_by_line(cli: Cli) -> None:
    run = cli("enroll", "example.com", "-p", "gandi", "--yes")
    assert run.code == 10
    assert any(line.strip().startswith("LEXICON_GANDI_AUTH_TOKEN") for line in run.err.splitlines())
