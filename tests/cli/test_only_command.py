"""--only, and a provider of the tier spf-only: what is printed, and how it ends."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml

from registrar_sync.providers import catalog
from registrar_sync.sandbox.server import Sandbox
from tests.cli.conftest import Cli, Run
from tests.contract.worlds import USUAL, SandboxVendor

OURS = "include:includespf.security-mail.net"
HOSTS = "3 france.security-mail.net."
ENROLL = ("enroll", "example.com", "-p", "gandi", "--yes")
PLAN = ("plan", "example.com", "-p", "gandi")
CHECK = ("check", "example.com", "-p", "gandi", "--output", "json")
ROLLBACK = ("rollback", "example.com", "--yes")


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as box:
        box.store.add_zone("example.com", USUAL)
        yield box


@pytest.fixture
def gandi(cli: Cli, sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Run]:
    config = tmp_path / "providers.yaml"
    config.write_text(yaml.safe_dump({"accounts": {"gandi": SandboxVendor(sandbox, "gandi").account()}}))
    monkeypatch.setenv("REGISTRAR_SYNC_CONFIG", str(config))
    monkeypatch.setenv("SANDBOX", "sandbox")
    return cli


@pytest.fixture
def spf_only(gandi: Callable[..., Run], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Run]:
    """The same provider, as if its MX could not be written."""
    shipped = yaml.safe_load(catalog.shipped_file().read_text())
    shipped["providers"]["gandi"] |= {"tier": "spf-only", "reason": "the preference is lost on the way"}
    file = tmp_path / "shipped.yaml"
    file.write_text(yaml.safe_dump(shipped))
    monkeypatch.setattr(catalog, "shipped_file", lambda: file)
    return gandi


def served(sandbox: Sandbox) -> str:
    return sandbox.store.zone_text("example.com")


# --- --only -------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("only", "rtype", "title"), [("spf", "TXT", "SPF"), ("mx", "MX", "MX")])
def test_only_one_part_is_planned_written_shown_and_taken_back(
    gandi: Callable[..., Run], sandbox: Sandbox, only: str, rtype: str, title: str
) -> None:
    start = served(sandbox)
    planned = gandi(*PLAN, "--only", only, "--output", "json")
    assert [change["type"] for change in planned.json["plan"]["changes"]] == [rtype]
    run = gandi(*ENROLL, "--only", only)
    assert run.code == 0
    assert (f"{title} stands:" in run.out, run.out.count("stands:")) == (True, 1)
    assert (OURS in served(sandbox), HOSTS in served(sandbox)) == (only == "spf", only == "mx")
    checked = gandi(*CHECK)
    assert (checked.code, checked.json["state"]) == (4, "not-enrolled")
    told = gandi("history", "--change", "1", "--output", "json").json["changes"][0]
    assert (told["only"], set(told["after"])) == (only, {rtype})
    assert gandi(*ROLLBACK).code == 0
    assert served(sandbox) == start


def test_without_only_the_rest_is_done_and_check_is_content(gandi: Callable[..., Run]) -> None:
    assert gandi(*ENROLL, "--only", "mx").code == 0
    assert gandi(*ENROLL).code == 0
    assert gandi(*CHECK).code == 0


@pytest.mark.parametrize("command", ["plan", "enroll", "prepare", "unenroll"])
def test_another_part_is_wrong_usage(gandi: Callable[..., Run], command: str) -> None:
    assert gandi(command, "example.com", "-p", "gandi", "--only", "dkim").code == 2


def test_prepare_and_unenroll_take_it(gandi: Callable[..., Run], sandbox: Sandbox) -> None:
    assert gandi("prepare", "example.com", "-p", "gandi", "--ttl", "300", "--only", "spf", "--yes").code == 0
    assert gandi(*ENROLL).code == 0
    assert gandi("unenroll", "example.com", "--only", "mx", "--yes").code == 0
    assert (OURS in served(sandbox), HOSTS in served(sandbox)) == (True, False)


# --- spf-only -----------------------------------------------------------------------------------------------------------
def test_the_spf_is_done_the_lines_are_printed_and_it_ends_with_5(spf_only: Callable[..., Run], sandbox: Sandbox) -> None:
    run = spf_only(*ENROLL)
    assert run.code == 5
    assert (OURS in served(sandbox), HOSTS in served(sandbox)) == (True, False)
    lines = [line.strip() for line in run.out.splitlines()]
    assert lines.index("4 europe.security-mail.net") == lines.index("3 france.security-mail.net") + 1
    assert "visible at every authoritative server" in lines


def test_scripts_see_a_block_beside_a_change_that_was_made(spf_only: Callable[..., Run]) -> None:
    run = spf_only(*ENROLL, "--output", "json")
    assert (run.code, run.json["state"], run.json["changed"], run.json["error"]) == (5, "authoritative", True, None)
    assert ("mx-by-hand", "block") in {(f["id"], f["severity"]) for f in run.json["findings"]}


def test_plan_ends_with_5_too_and_never_with_20(spf_only: Callable[..., Run]) -> None:
    for words in ((), ("--exit-code",)):
        run = spf_only(*PLAN, *words)
        assert run.code == 5
        assert "3 france.security-mail.net" in run.out
    assert spf_only(*PLAN, "--exit-code", "--accept", "mx-by-hand").code == 20
    assert spf_only("enroll", "example.com", "-p", "gandi", "--dry-run").code == 5


@pytest.mark.parametrize("words", [("--only", "spf"), ("--accept", "mx-by-hand")], ids=" ".join)
def test_it_ends_with_0_where_that_was_meant(spf_only: Callable[..., Run], words: tuple[str, ...]) -> None:
    assert spf_only(*ENROLL, *words).code == 0


def test_mx_alone_is_refused(spf_only: Callable[..., Run], sandbox: Sandbox) -> None:
    run = spf_only(*ENROLL, "--only", "mx", "--output", "json")
    assert (run.code, run.json["error"]["kind"]) == (1, "provider-manual")
    assert sandbox.requests == []


def test_once_the_lines_are_entered_it_ends_with_0(spf_only: Callable[..., Run], sandbox: Sandbox) -> None:
    spf_only(*ENROLL)
    for line in ("3 france.security-mail.net.", "4 europe.security-mail.net."):
        sandbox.store.add_record("example.com", "example.com", "MX", line, 300)
    assert spf_only(*ENROLL).code == 0
    assert spf_only(*CHECK).code == 0


def test_the_list_says_that_its_mx_are_not_written_and_why(spf_only: Callable[..., Run]) -> None:
    rows = {row["name"]: row for row in spf_only("providers", "list", "--output", "json").json["providers"]}
    assert (rows["gandi"]["spf"], rows["gandi"]["mx"]) == (True, False)
    assert rows["gandi"]["reason"] == "the preference is lost on the way"
    assert "writes    SPF\n" in spf_only("providers", "show", "gandi").out
