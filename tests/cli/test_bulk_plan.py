"""bulk plan as a person or a script runs it: many domains at several vendors, planned and never written to."""

from __future__ import annotations

import json
import os
import pty
import signal
import socket
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from registrar_sync.bulk.planning import MOST_REJECTED
from registrar_sync.cli import exit_codes
from registrar_sync.cli.bulk_plan import worst
from registrar_sync.cli.faults import MOST_FAULTS
from registrar_sync.sandbox.server import Sandbox
from tests.cli.conftest import HEARING, Cli, Run
from tests.cli.many_zones import VENDORS
from tests.contract.worlds import SandboxVendor


def lines(run: Run) -> dict[str, dict[str, Any]]:
    """The result of each domain."""
    rows = [json.loads(line) for line in run.out.splitlines()]
    assert {row["command"] for row in rows} <= {"bulk plan"}
    return {row["domain"]: row for row in rows}


def digest_in(text: str) -> str:
    return text.split("digest")[1].strip(": \n")


GOOD = "domain,account,mx\nfresh.test,gandi,\nenrolled.test,ovh,\nhostile.test,ionos,replace\nbücher.test,ovh,below\n"


# --- plans ------------------------------------------------------------------------------------------------------------------
def test_every_domain_is_planned_as_plan_would_and_nothing_is_written(cli: Cli, roster: Any, sandbox: Sandbox) -> None:
    run = cli("bulk", "plan", roster(GOOD), "--output", "json")
    assert run.code == 0
    rows = lines(run)
    assert {name: (row["state"], row["account"], row["line"]) for name, row in rows.items()} == {
        "fresh.test": ("planned", "gandi", 2),
        "enrolled.test": ("nothing-to-do", "ovh", 3),
        "hostile.test": ("planned", "ionos", 4),
        "xn--bcher-kva.test": ("planned", "ovh", 5),
    }
    assert [one for vendor in VENDORS for one in SandboxVendor(sandbox, vendor).writes()] == []
    alone = cli("plan", "hostile.test", "--account", "ionos", "--mx", "replace", "--output", "json").json
    assert rows["hostile.test"]["plan"] == alone["plan"]
    assert set(rows["hostile.test"]) == {*alone, "line"}
    assert all(rows[name]["api_calls"] > 0 for name in rows)


def test_a_table_has_a_line_for_each_domain_and_ends_with_what_it_came_to(cli: Cli, roster: Any) -> None:
    run = cli("bulk", "plan", roster(GOOD))
    assert run.code == 0
    shown = run.out.splitlines()
    assert {line.split()[0] for line in shown[:4]} == {"fresh.test", "enrolled.test", "hostile.test", "xn--bcher-kva.test"}
    told = [line.split() for line in shown[5:10]]
    assert told[0][:4] == ["4", "of", "4", "domains"]
    assert told[1:] == [["3", "would", "change"], ["1", "nothing", "to", "do"], ["0", "held", "back"], ["0", "failed"]]
    assert "findings: delegation-not-checked 4" in run.out
    assert len(digest_in(run.out)) == 64


def test_for_scripts_stdout_has_the_domains_alone_and_stderr_the_sum(cli: Cli, roster: Any) -> None:
    run = cli("bulk", "plan", roster(GOOD), "--output", "json")
    assert len(run.out.splitlines()) == 4
    assert run.err.startswith("4 of 4 domains planned: 3 would change, 1 nothing to do, 0 held back, 0 failed; digest ")


def test_the_digest_is_that_of_the_plans_and_of_no_order(cli: Cli, roster: Any, sandbox: Sandbox) -> None:
    header, *rest = GOOD.splitlines()
    first = digest_in(cli("bulk", "plan", roster(GOOD)).out)
    turned = "\n".join([header, *reversed(rest)])
    assert digest_in(cli("bulk", "plan", roster(turned), "--output", "json").err) == first
    sandbox.store.add_record("fresh.test", "@", "TXT", '"new"', 600)
    assert digest_in(cli("bulk", "plan", roster(GOOD)).out) != first


def test_options_hold_where_a_row_says_nothing(cli: Cli, roster: Any) -> None:
    text = '{"domain": "hostile.test"}\n{"domain": "fresh.test", "account": "ovh", "mx": "below", "ttl": 900}\n'
    rows = lines(cli("bulk", "plan", roster(text), "--account", "gandi", "--mx", "replace", "--output", "json"))
    values = {name: [c["after"]["values"] for c in row["plan"]["changes"] if c["type"] == "MX"] for name, row in rows.items()}
    assert values["hostile.test"] == [["10 europe.security-mail.net.", "50 france.security-mail.net."]]
    assert values["fresh.test"][0][0] == "3 france.security-mail.net."
    assert [row["account"] for row in (rows["hostile.test"], rows["fresh.test"])] == ["gandi", "ovh"]


def test_a_roster_may_come_from_standard_input(cli: Cli, configured: Any) -> None:
    run = cli("bulk", "plan", "-", "--account", "gandi", "--output", "json", input=b"fresh.test\r\n# rest\r\nenrolled.test")
    assert (run.code, sorted(lines(run))) == (0, ["enrolled.test", "fresh.test"])


# --- exit codes ---------------------------------------------------------------------------------------------------------------
def test_what_findings_hold_back_is_5_and_says_by_which(cli: Cli, roster: Any) -> None:
    run = cli("bulk", "plan", roster("domain,account\nfresh.test,gandi\ntwo-spf.test,ovh\n"), "--output", "json")
    assert run.code == 5
    assert "1 would change, 0 nothing to do, 1 held back (spf-two-records 1), 0 failed" in run.err
    text = "domain,account,merge-spf\nfresh.test,gandi,\ntwo-spf.test,ovh,yes\n"
    assert cli("bulk", "plan", roster(text)).code == 0


def test_some_that_failed_are_6_whatever_the_others_are(cli: Cli, roster: Any) -> None:
    run = cli("bulk", "plan", roster("domain,account\nfresh.test,gandi\ntwo-spf.test,ovh\nnosuch.test,ovh\n"), "--output", "json")
    assert run.code == 6
    assert "1 failed (zone-not-found 1)" in run.err
    assert lines(run)["nosuch.test"]["error"]["kind"] == "zone-not-found"


@pytest.mark.parametrize(("codes", "code"), [(set(), 0), ({0}, 0), ({0, 5}, 5), ({0, 5, 1}, 6), ({10}, 6), ({0, 12, 3}, 3)])
def test_one_exit_code_stands_for_all(codes: set[int], code: int) -> None:
    assert worst(codes) == code
    assert exit_codes.SOME_FAILED == 6


def test_one_failing_account_does_not_stop_the_others_and_is_given_up(
    cli: Cli, configured: Callable[..., Path], roster: Any, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WRONG", "wrong")
    configured(
        gandi={"credentials": {"auth_token": "env:WRONG"}, "concurrency": 1}, ionos={"credentials": {"api_key": "env:NOT_SET"}}
    )
    names = [f"d{number}.test" for number in range(MOST_REJECTED + 20)]
    rows = ["domain,account", "fresh.test,ovh", "hostile.test,ionos", *(f"{name},gandi" for name in names)]
    run = cli("bulk", "plan", roster("\n".join(rows)), "--output", "json")
    assert run.code == 6
    shown = lines(run)
    assert shown["fresh.test"]["state"] == "planned"
    assert shown["hostile.test"]["error"]["kind"] == "credentials-missing"
    assert {shown[name]["error"]["kind"] for name in names} == {"credentials-rejected"}
    assert sum("given up" in shown[name]["error"]["message"] for name in names) == 20
    asked = [one for one in sandbox.requests if "/gandi/" in str(one["path"])]
    assert len(asked) <= 2 * MOST_REJECTED


def test_a_bug_of_ours_in_one_domain_leaves_the_others_their_plans(
    cli: Cli, roster: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from registrar_sync.operations import enrol

    plan = enrol.plan

    def odd(setting: Any, request: Any) -> Any:
        if request.domain == "hostile.test.":
            raise RecursionError("odd")
        return plan(setting, request)

    monkeypatch.setattr(enrol, "plan", odd)
    run = cli("bulk", "plan", roster(GOOD), "--output", "json")
    assert run.code == 3
    assert lines(run)["hostile.test"]["error"]["kind"] == "bug"
    assert lines(run)["fresh.test"]["state"] == "planned"


@contextmanager
def started(words: list[str], **options: Any) -> Iterator[subprocess.Popen[str]]:
    """A run in a process of its own, which does not outlive the test."""
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True, **{"stderr": subprocess.PIPE, **options}) as process:
        try:
            yield process
        finally:
            process.kill()


# --- limits -------------------------------------------------------------------------------------------------------------------
def test_an_accounts_threads_share_its_rate(cli: Cli, configured: Callable[..., Path], roster: Any, sandbox: Sandbox) -> None:
    """Three calls in an hour, and four threads: the fourth call would wait for an hour; what is let out is never more."""
    configured(gandi={"rate": {"calls": 3, "per_s": 3600}})
    text = roster("domain,account\n" + "".join(f"d{number}.test,gandi\n" for number in range(8)))
    words = [*HEARING, "bulk", "plan", text, "--output", "json"]
    with started(words) as process:
        assert process.stdout is not None
        process.stdout.readline()  # one domain that is not there: one call
        process.stdout.readline()
        process.stdout.readline()
        process.send_signal(signal.SIGINT)
        _, told = process.communicate(timeout=60)
    assert process.returncode == 130, told
    assert len(sandbox.requests) == 3
    assert "3 of 8 domains planned" in told


# --- rosters that are not in order ---------------------------------------------------------------------------------------------
BAD = (
    "domain,account,mx,ttl,accept,set-all,zone\n"
    "fresh.test,gandi,,,,,\n"
    "exa mple,gandi,blow,0,,,\n"
    '"open.test,gandi,,,,,\n'
    "short.test,gandi\n"
    "who.test,gandhi,,,,,\n"
    "id.test,gandi,,,mx-nul,,\n"
    "all.test,gandi,,,,yes,\n"
    "zone.test,gandi,,,,,other.test\n"
    "bücher.test,ovh,,,,,\n"
    "xn--bcher-kva.test,ovh,,,,,\n"
    "nul\0.test,ovh,,,,,\n"
)
FAULTS = [(3, "domain"), (3, "mx"), (3, "ttl"), (4, None), (5, None), (6, "account"), (7, "accept"), (8, "set-all"), (9, "zone")]
FAULTS += [(11, "domain"), (12, None)]


@pytest.fixture
def nobody_asked(configured: object, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever asks anybody anything fails the test."""

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("somebody was asked")

    for name in ("connect", "connect_ex", "sendto"):
        monkeypatch.setattr(socket.socket, name, refuse)


@pytest.mark.usefixtures("nobody_asked")
def test_faults_of_ten_kinds_are_all_told_and_nobody_is_asked(cli: Cli, roster: Any, sandbox: Sandbox, home: Path) -> None:
    file = roster(BAD)
    run = cli("bulk", "plan", file)
    assert (run.code, run.out) == (2, "")
    for line, column in FAULTS:
        assert f"line {line}, column {column}:" in run.err if column else f"line {line}:" in run.err
    assert f"{file} (CSV (commas)): 11 faults in 9 of 11 rows. Nobody was asked anything, and nothing was changed." in run.err
    assert "--skip-invalid" in run.err
    run = cli("bulk", "plan", file, "--output", "json")
    told = [json.loads(line) for line in run.out.splitlines()]
    assert (run.code, [(one["line"], one["column"]) for one in told]) == (2, FAULTS)
    assert {(one["state"], one["changed"], one["error"]["kind"]) for one in told} == {("refused", False, "roster")}
    assert sandbox.requests == []
    assert list(home.rglob("*.sqlite*")) == []


def test_rows_with_faults_are_left_out_when_that_is_wanted(cli: Cli, roster: Any) -> None:
    run = cli("bulk", "plan", roster(BAD), "--skip-invalid", "--output", "json")
    assert run.code == 0
    planned = [row["domain"] for row in map(json.loads, run.out.splitlines()) if row.get("plan")]
    assert sorted(planned) == ["fresh.test", "xn--bcher-kva.test"]
    assert "9 rows were left out" in run.err


@pytest.mark.usefixtures("nobody_asked")
def test_what_skipping_cannot_mend_is_refused_all_the_same(cli: Cli, roster: Any) -> None:
    run = cli("bulk", "plan", roster("domain,account,mxx\nfresh.test,gandi,below\n"), "--skip-invalid")
    assert run.code == 2
    assert "Did you mean mx?" in run.err
    assert "Mend the header" in run.err
    run = cli("bulk", "plan", roster("domain,account\nexa mple,gandi\n"), "--skip-invalid")
    assert run.code == 2
    assert "no row is left" in run.err


def test_a_table_of_faults_has_an_end_and_json_has_all(cli: Cli, roster: Any) -> None:
    file = roster("\n".join(["good.test", *("-bad" for _ in range(MOST_FAULTS + 500))]), "long.txt")
    table = cli("bulk", "plan", file, "--account", "gandi")
    assert table.err.count("is not a domain name") == MOST_FAULTS
    assert "... and 500 more; --output json prints all of them." in table.err
    assert len(cli("bulk", "plan", file, "--account", "gandi", "--output", "json").out.splitlines()) == MOST_FAULTS + 500


@pytest.mark.usefixtures("nobody_asked")
@pytest.mark.parametrize(
    ("words", "what"),
    [
        (("none.csv",), "There is no file none.csv"),
        (("-",), "lists no domain"),
        (("good.csv", "--provider", "gandhi"), "gandhi"),
        (("good.csv", "--provider", "auto"), "--provider auto is for one domain"),
        (("good.csv", "--service", "nonsense"), "nonsense"),
        (("good.csv", "--accept", "mx-nul"), "mx-null"),
        (("good.csv", "--nameserver", "nonsense"), "nonsense"),
        (("good.csv", "--zone", "-"), "not a domain name"),
        (("good.csv", "--ttl", "0"), "TTL"),
        (("good.csv", "--html", "."), "is a directory"),
        (("good.csv", "--html", "good.csv"), "would write over the roster"),
        (("good.csv", "--html", "nowhere/page.html"), "cannot be written"),
    ],
)
def test_what_cannot_be_meant_is_said_before_anything_is_done(
    cli: Cli, roster: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], what: str
) -> None:
    monkeypatch.chdir(tmp_path)
    roster(GOOD, "good.csv")
    run = cli("bulk", "plan", *words)
    assert (run.code, run.out) == (2, "")
    assert what in run.err
    assert sorted(file.name for file in tmp_path.iterdir()) == ["good.csv", "home", "providers.yaml"]


# --- the page -------------------------------------------------------------------------------------------------------------------
class Page(HTMLParser):
    """A page's elements and texts, as a browser would take them apart."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.texts.append(data.strip())

    def of(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


@pytest.fixture
def page(cli: Cli, roster: Any, tmp_path: Path) -> Page:
    file = tmp_path / "plan.html"
    assert cli("bulk", "plan", roster(GOOD + "two-spf.test,gandi,\n"), "--html", str(file)).code == 5
    assert file.stat().st_mode & 0o777 == 0o644
    assert [one.name for one in tmp_path.iterdir() if one.name.startswith(".")] == []
    return Page(file.read_text("utf-8"))


def test_the_page_shows_each_domain_with_before_and_after(page: Page) -> None:
    rows = {row["data-domain"]: row for row in page.of("details")}
    assert sorted(filter(None, rows)) == ["enrolled.test", "fresh.test", "hostile.test", "two-spf.test", "xn--bcher-kva.test"]
    assert [name for name, row in rows.items() if row["data-outcome"] == "held-back"] == ["two-spf.test"]
    assert "spf-two-records" in (rows["two-spf.test"]["data-findings"] or "").split()
    assert "xn--bcher-kva.test (bücher.test)" in page.texts
    for text in ("- v=spf1 mx ~all", "+ v=spf1 mx include:includespf.security-mail.net ~all", "+ 3 france.security-mail.net."):
        assert text in page.texts
    assert "= 5 mailgate.fresh.test." in page.texts


def test_the_page_needs_no_network_and_runs_no_script_of_others(page: Page) -> None:
    assert len(page.of("script")) == 1
    assert "</script><script>alert(1)</script>" in "".join(page.texts)
    for _, attributes in page.elements:
        assert not {"src", "href", "action", "style"} & set(attributes)
        assert not [name for name in attributes if name.startswith("on")]
    (policy,) = [one["content"] for one in page.of("meta") if one.get("http-equiv")]
    assert policy is not None
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert {"width=device-width, initial-scale=1", "light dark"} <= {one.get("content") for one in page.of("meta")}


def test_a_page_that_cannot_be_finished_leaves_the_old_one(
    cli: Cli, roster: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "plan.html"
    file.write_text("the old one")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    run = cli("bulk", "plan", roster(GOOD), "--html", str(file))
    assert run.code == 1
    assert "No space left on device" in run.err
    assert "digest" in run.out
    assert file.read_text() == "the old one"
    assert [one.name for one in tmp_path.iterdir() if one.name.startswith(".")] == []


# --- a terminal, Ctrl-C and pipes ---------------------------------------------------------------------------------------------
@pytest.fixture
def silent() -> Iterator[str]:
    """The address of a server that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield "http://{}:{}".format(*server.getsockname())


@pytest.fixture
def hanging(configured: Callable[..., Path], roster: Any, silent: str) -> list[str]:
    """The words of a run whose last domain is never answered."""
    configured(ovh={"endpoint": f"{silent}/ovh/1.0", "call_limit_s": 300.0})
    file = roster("domain,account\nfresh.test,gandi\nenrolled.test,gandi\nhostile.test,ovh\n")
    return [*HEARING, "bulk", "plan", file, "--output", "json"]


def test_ctrl_c_ends_at_once_with_what_was_done(hanging: list[str], tmp_path: Path) -> None:
    page = tmp_path / "plan.html"
    words = [*hanging, "--html", str(page)]
    with started(words) as process:
        assert process.stdout is not None
        done = {json.loads(process.stdout.readline())["domain"] for _ in range(2)}
        process.send_signal(signal.SIGINT)
        rest, told = process.communicate(timeout=60)
    assert (process.returncode, done, rest) == (130, {"fresh.test", "enrolled.test"}, ""), told
    assert "2 of 3 domains planned" in told
    assert "there is no digest" in told
    assert "Nothing was changed" in told
    assert "Traceback" not in told
    shown = Page(page.read_text("utf-8"))
    assert "Interrupted: 2 of 3 domains were planned." in shown.texts
    assert len(shown.of("details")) == 2
    assert [one.name for one in tmp_path.iterdir() if one.name.startswith(".")] == []


def test_ctrl_c_while_the_roster_comes_leaves_nothing_behind(configured: Callable[..., Path], tmp_path: Path) -> None:
    html = str(tmp_path / "plan.html")
    words = [*HEARING, "bulk", "plan", "-", "--account", "gandi", "--html", html, "--output", "json"]
    with started(words, stdin=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write("fresh.test\n-bad\n")
        process.stdin.flush()
        assert json.loads(process.stdout.readline())["line"] == 2
        process.send_signal(signal.SIGINT)
        out, told = process.communicate(timeout=60)
    assert (process.returncode, json.loads(out)["error"]["kind"]) == (130, "interrupted"), told
    assert sorted(one.name for one in tmp_path.iterdir()) == ["home", "providers.yaml"]


def test_a_reader_who_has_gone_ends_it_quietly(hanging: list[str], tmp_path: Path) -> None:
    words = [*hanging, "--html", str(tmp_path / "plan.html")]
    with started(words) as process:
        assert process.stdout is not None
        process.stdout.close()
        told = process.stderr.read() if process.stderr else ""
        process.wait(timeout=60)
    assert (process.returncode, told) == (1, "")
    assert sorted(one.name for one in tmp_path.iterdir()) == ["home", "providers.yaml", "roster.csv"]


def test_on_a_terminal_a_bar_runs_on_stderr_and_is_gone_at_the_end(roster: Any) -> None:
    master, slave = pty.openpty()
    words = [*HEARING, "bulk", "plan", roster(GOOD), "--output", "json"]
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "100"}
    with started(words, stderr=slave, env=environment) as process:
        os.close(slave)
        drawn = b""
        while chunk := _read(master):
            drawn += chunk
        out = process.stdout.read() if process.stdout else ""
        process.wait(timeout=60)
    os.close(master)
    assert process.returncode == 0
    assert sorted(json.loads(line)["domain"] for line in out.splitlines())[0] == "enrolled.test"
    shown = drawn.decode()
    assert "planning" in shown
    assert "4/4" in shown
    *_, last = shown.rstrip().splitlines()
    assert last.startswith("\x1b[1A\x1b[2K")  # over the bar
    assert "4 of 4 domains planned" in last


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 4096)
    except OSError:  # the other side is closed
        return b""
