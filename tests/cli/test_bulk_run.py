"""bulk run and its brothers as a person or a script runs them: many domains at several vendors, written and taken back."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from registrar_sync.cli.bulk_run import brakes_of
from registrar_sync.errors import UsageError
from registrar_sync.sandbox.server import Sandbox
from tests.cli.conftest import HEARING, Cli, Run
from tests.cli.many_zones import FRESH
from tests.contract.worlds import SandboxVendor

ROSTER = "domain,account\nfresh.test,gandi\nenrolled.test,ovh\nxn--bcher-kva.test,ionos\n"


def rows(run: Run) -> dict[str, dict[str, Any]]:
    """Each domain's line, by domain."""
    found = [json.loads(line) for line in run.out.splitlines()]
    return {row["domain"]: row for row in found if "domain" in row}


def told(run: Run) -> dict[str, Any]:
    """The last line: how the run stands."""
    last: dict[str, Any] = json.loads(run.out.splitlines()[-1])
    return last


def mail_rows(sandbox: Sandbox, zone: str) -> list[tuple[str, str, int, str]]:
    """What its vendor keeps of SPF and MX in a zone."""
    kept = sandbox.store.zone(zone).rows
    return sorted((row.owner, row.rtype, row.ttl, row.text) for row in kept if row.rtype in ("TXT", "MX"))


# --- to the end, and back ---------------------------------------------------------------------------------------------------
def test_every_domain_of_a_roster_is_enrolled_and_a_second_run_writes_nothing(cli: Cli, roster: Any, sandbox: Sandbox) -> None:
    run = cli("bulk", "run", roster(ROSTER), "--yes", "--output", "json")
    assert run.code == 0, run.err
    assert {name: row["outcome"] for name, row in rows(run).items()} == {
        "fresh.test": "authoritative",
        "enrolled.test": "nothing-to-do",
        "xn--bcher-kva.test": "authoritative",
    }
    assert (told(run)["state"], told(run)["left"], told(run)["run"]) == ("ended", 0, 1)
    for name in ("fresh.test", "bücher.test"):
        assert cli("check", name, "--account", "gandi").code == 0
    sandbox.clear_requests()
    again = cli("bulk", "run", roster(ROSTER), "--yes", "--output", "json")
    assert {row["outcome"] for row in rows(again).values()} == {"nothing-to-do"}
    assert [SandboxVendor(sandbox, vendor).writes() for vendor in ("gandi", "ovh", "ionos")] == [[], [], []]


def test_a_rollback_of_the_run_is_the_start(cli: Cli, roster: Any, sandbox: Sandbox) -> None:
    start = {name: mail_rows(sandbox, name) for name in ("fresh.test", "enrolled.test", "xn--bcher-kva.test")}
    cli("bulk", "run", roster(ROSTER), "--yes")
    run = cli("bulk", "rollback", "1", "--yes", "--output", "json")
    assert run.code == 0, run.err
    assert {name: row["outcome"] for name, row in rows(run).items()} == dict.fromkeys(
        ["fresh.test", "xn--bcher-kva.test"], "authoritative"
    )
    assert told(run)["undoes"] == 1
    assert {name: mail_rows(sandbox, name) for name in start} == start


def test_a_rollback_asks_the_name_servers_that_the_run_was_told_of(
    cli: Cli, roster: Any, sandbox: Sandbox, configured: Callable[..., Path]
) -> None:
    configured(gandi={"nameservers": [], "resolvers": []})
    address = "{}:{}".format(*sandbox.dns_address)
    whom = ("--nameserver", address, "--resolver", address)
    assert cli("bulk", "run", roster("domain,account\nfresh.test,gandi\n"), "--yes", *whom).code == 0
    run = cli("bulk", "rollback", "1", "--yes", "--output", "json")
    assert run.code == 0, run.err
    assert rows(run)["fresh.test"]["outcome"] == "authoritative"


def test_what_somebody_enrolled_anew_is_not_taken_back_by_the_old_runs_rollback(cli: Cli, roster: Any) -> None:
    cli("bulk", "run", roster("domain,account\nfresh.test,gandi\n"), "--yes")
    cli("rollback", "fresh.test", "--yes")
    cli("enroll", "fresh.test", "--account", "gandi", "--yes")
    run = cli("bulk", "rollback", "1", "--yes", "--output", "json")
    assert rows(run)["fresh.test"]["outcome"] in ("held-back", "nothing-to-do")
    assert cli("check", "fresh.test", "--account", "gandi").code == 0


def test_a_table_ends_with_how_the_run_stands_and_status_says_the_same(cli: Cli, roster: Any) -> None:
    run = cli("bulk", "run", roster(ROSTER), "--yes")
    assert "Run 1 (enroll" in run.out
    assert "ended" in run.out
    assert "2  authoritative" in run.out
    status = cli("bulk", "status")
    assert status.code == 0
    assert status.out.splitlines()[0] in run.out
    assert cli("bulk", "status", "1", "--output", "json").json["outcomes"] == {"authoritative": 2, "nothing-to-do": 1}
    cli("bulk", "run", roster(ROSTER), "--yes")
    assert cli("bulk", "status", "--all").out.count("Run ") == 2


def test_the_reports_files_tell_every_domain(cli: Cli, roster: Any, tmp_path: Path) -> None:
    cli("bulk", "run", roster(ROSTER), "--yes")
    target = tmp_path / "april"
    run = cli("bulk", "report", "--to", str(target))
    assert run.code == 0
    assert [Path(line).name for line in run.out.split()] == ["april.html", "april.csv", "april.jsonl"]
    for kind in ("html", "csv", "jsonl"):
        assert "fresh.test" in target.with_suffix(f".{kind}").read_text("utf-8")


# --- what stops it ------------------------------------------------------------------------------------------------------------
def test_without_a_terminal_and_without_yes_nothing_is_written(cli: Cli, roster: Any, sandbox: Sandbox) -> None:
    run = cli("bulk", "run", roster(ROSTER))
    assert run.code == 2
    assert "--yes" in run.err
    assert SandboxVendor(sandbox, "gandi").writes() == []
    assert cli("bulk", "status").code == 1


def test_a_fault_in_the_roster_writes_nothing_and_keeps_no_run(cli: Cli, roster: Any, sandbox: Sandbox) -> None:
    run = cli("bulk", "run", roster(ROSTER + "no domain,gandi\n"), "--yes")
    assert run.code == 2
    assert "line 5" in run.err
    assert cli("bulk", "status").code == 1
    assert SandboxVendor(sandbox, "gandi").writes() == []
    assert cli("bulk", "run", roster(ROSTER + "no domain,gandi\n"), "--yes", "--skip-invalid").code == 0


def test_too_many_failures_pause_the_run_and_resume_goes_on(
    cli: Cli, roster: Any, sandbox: Sandbox, configured: Callable[..., Path]
) -> None:
    text = "domain,account\n" + "".join(f"nosuch{n}.test,gandi\n" for n in range(4)) + "fresh.test,gandi\n"
    configured(gandi={"concurrency": 1})
    run = cli("bulk", "run", roster(text), "--yes", "--max-failures", "2", "--output", "json")
    assert run.code == 6
    assert told(run)["state"] == "paused"
    assert "3 failures" in told(run)["why"]
    assert "bulk resume 1" in run.err
    assert "fresh.test" not in rows(run)
    for n in range(4):
        sandbox.store.add_zone(f"nosuch{n}.test", FRESH)
    again = cli("bulk", "run", roster("domain,account\nnosuch0.test,gandi\n"), "--yes")
    assert again.code == 0


def test_the_canaries_go_first_and_their_failure_stops_the_rest(cli: Cli, roster: Any, sandbox: Sandbox) -> None:
    text = "domain,account\nnosuch.test,gandi\nfresh.test,gandi\nxn--bcher-kva.test,ionos\nenrolled.test,ovh\n"
    run = cli("bulk", "run", roster(text), "--yes", "--canary", "3", "--max-failures", "30%", "--output", "json")
    assert "nosuch.test" in rows(run)
    assert set(rows(run)) <= {"nosuch.test", "xn--bcher-kva.test", "enrolled.test"}, "one of each account"
    assert "1 of 3 domains of the canaries failed" in told(run)["why"]
    resumed = cli("bulk", "resume", "--output", "json")
    assert told(resumed)["state"] == "paused", "the canaries have failed, and it is not for us to forget that"


def test_waves_come_one_after_the_other(cli: Cli, roster: Any) -> None:
    run = cli("bulk", "run", roster(ROSTER), "--yes", "--canary", "1", "--wave", "1", "--output", "json")
    assert run.code == 0
    assert told(run)["wave"] == 2
    assert list(rows(run)) == ["fresh.test", "enrolled.test", "xn--bcher-kva.test"]


def test_an_account_whose_credentials_are_refused_stops_no_other(
    cli: Cli, roster: Any, configured: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SANDBOX")
    configured(gandi={"credentials": {"auth_token": "env:NOT_SET"}})
    monkeypatch.setenv("SANDBOX", "sandbox")
    run = cli("bulk", "run", roster(ROSTER), "--yes", "--output", "json")
    assert run.code == 6
    assert {name: row["outcome"] for name, row in rows(run).items()} == {
        "enrolled.test": "nothing-to-do",
        "xn--bcher-kva.test": "authoritative",
    }
    assert "gandi" in told(run)["why"]
    assert told(run)["state"] == "paused"
    configured()
    resumed = cli("bulk", "resume", "--output", "json")
    assert (resumed.code, told(resumed)["state"]) == (0, "ended")
    assert rows(resumed)["fresh.test"]["outcome"] == "authoritative"


def test_a_cancelled_run_is_over(cli: Cli, roster: Any) -> None:
    text = "domain,account\nnosuch.test,gandi\nfresh.test,gandi\n"
    cli("bulk", "run", roster(text), "--yes", "--canary", "1", "--max-failures", "0")
    run = cli("bulk", "cancel", "1", "--output", "json")
    assert (run.json["state"], run.json["outcomes"]) == ("cancelled", {"failed": 1, "cancelled": 1})
    assert told(cli("bulk", "resume", "1", "--output", "json"))["state"] == "cancelled"


@pytest.mark.parametrize("text", ["", "x", "-1", "101%", "1.5", "%", "٣"])
def test_a_limit_that_is_none_is_refused(text: str, cli: Cli, roster: Any) -> None:
    with pytest.raises(UsageError, match="max-failures"):
        brakes_of(0, 0, text)
    assert cli("bulk", "run", roster(ROSTER), "--yes", f"--max-failures={text}").code == 2


def test_a_run_that_is_not_there_is_said(cli: Cli, roster: Any) -> None:
    for words in (
        ("status",),
        ("status", "7"),
        ("pause", "7"),
        ("resume", "7"),
        ("cancel", "7"),
        ("rollback", "7", "--yes"),
        ("report", "7"),
    ):
        run = cli("bulk", *words)
        assert run.code == 1
        assert "holds no run" in run.err


# --- interrupted ----------------------------------------------------------------------------------------------------------------
def many(sandbox: Sandbox, count: int) -> str:
    """A roster of fresh zones."""
    for n in range(count):
        sandbox.store.add_zone(f"d{n}.test", FRESH)
    return "domain,account\n" + "".join(f"d{n}.test,gandi\n" for n in range(count))


def started(*words: str, **options: Any) -> subprocess.Popen[str]:
    """A run in a process of its own."""
    command = [*HEARING, "bulk", *words, "--output", "json"]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=dict(os.environ), **options)


def await_lines(process: subprocess.Popen[str], count: int) -> None:
    """Until it has told so many domains."""
    assert process.stdout is not None
    for _ in range(count):
        assert process.stdout.readline(), process.stderr and process.stderr.read()


def test_ctrl_c_ends_what_is_under_way_and_resume_does_the_rest(cli: Cli, roster: Any, sandbox: Sandbox) -> None:
    process = started("run", roster(many(sandbox, 40)), "--yes")
    await_lines(process, 3)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=120)
    assert process.returncode == 130, err
    last = json.loads(out.splitlines()[-1])
    assert (last["state"], last["why"]) == ("paused", "interrupted")
    assert "bulk resume 1" in err
    assert "nothing to recover" in cli("recover").out, "nothing was left half-written"
    resumed = cli("bulk", "resume", "--output", "json")
    assert resumed.code == 0, resumed.err
    assert told(resumed)["outcomes"] == {"authoritative": 40}
    assert each_written_once(sandbox, 40)


def each_written_once(sandbox: Sandbox, count: int) -> bool:
    """Whether the vendor has seen one write of each kind for each zone."""
    writes = SandboxVendor(sandbox, "gandi").writes()
    return sorted(set(writes)) == sorted(writes) and len(writes) == 2 * count


def test_a_run_that_was_killed_is_gone_on_with_to_its_end(cli: Cli, roster: Any, sandbox: Sandbox) -> None:
    process = started("run", roster(many(sandbox, 30)), "--yes")
    await_lines(process, 5)
    process.kill()
    process.communicate(timeout=60)
    assert cli("bulk", "status", "--output", "json").json["state"] == "running"
    resumed = cli("bulk", "resume", "--output", "json")
    assert resumed.code == 0, resumed.err
    assert told(resumed)["outcomes"] == {"authoritative": 30}
    again = cli("bulk", "run", roster("domain\n" + "".join(f"d{n}.test\n" for n in range(30))), "--account", "gandi", "--yes")
    assert again.code == 0
    assert "30  nothing-to-do" in again.out


def test_a_full_disk_stops_the_run_and_with_room_it_goes_on(cli: Cli, roster: Any, sandbox: Sandbox) -> None:
    def small_files() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (600_000, resource.RLIM_INFINITY))

    process = started("run", roster(many(sandbox, 60)), "--yes", preexec_fn=small_files)
    out, err = process.communicate(timeout=120)
    assert process.returncode == 1, err
    error = json.loads(out.splitlines()[-1])["error"]
    assert error["kind"] == "journal"
    assert "bulk resume 1" in error["hint"]
    assert len(out.splitlines()) < 60
    resumed = cli("bulk", "resume", "--output", "json")
    assert resumed.code == 0, resumed.err
    assert told(resumed)["outcomes"] == {"authoritative": 60}


def test_another_process_pauses_it_and_nothing_more_is_begun(cli: Cli, roster: Any, sandbox: Sandbox) -> None:
    process = started("run", roster(many(sandbox, 60)), "--yes")
    await_lines(process, 2)
    paused = cli("bulk", "pause", "--output", "json").json
    out, err = process.communicate(timeout=120)
    assert (process.returncode, paused["state"]) == (6, "paused"), err
    last = json.loads(out.splitlines()[-1])
    assert last["left"] > 0
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline and cli("bulk", "status", "--output", "json").json["accounts"]["gandi"].get("begun"):
        time.sleep(0.05)
    assert told(cli("bulk", "resume", "--output", "json"))["outcomes"] == {"authoritative": 60}


def test_status_loads_neither_the_operations_nor_what_only_a_server_s_journal_needs(tmp_path: Path) -> None:
    script = (
        "import sys\n"
        "from typer.testing import CliRunner\n"
        "from registrar_sync.cli.app import app\n"
        f"assert CliRunner().invoke(app, ['bulk', 'status', '--journal', {str(tmp_path / 'journal.sqlite')!r}]).exit_code == 1\n"
        "names = ('lexicon', 'requests', 'sqlalchemy.dialects.postgresql', 'registrar_sync.client', 'registrar_sync.runs')\n"
        "print([name for name in names if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
