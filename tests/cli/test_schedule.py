"""A cut-over with short TTLs at the command line: prepare, due, enroll, finish, rollback."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

import pytest
import yaml

from registrar_sync.sandbox.server import Sandbox
from tests.cli.conftest import Cli, Run
from tests.contract.worlds import NEIGHBOURS, SPF, USUAL_MX, SandboxVendor

Ionos = Callable[..., Run]

ZONE = NEIGHBOURS + SPF + USUAL_MX.replace("@ 300", "@ 7200")
JSON = ("--output", "json")
PREPARE = ("prepare", "example.com", "-p", "ionos", "--yes", *JSON)
ENROLL = ("enroll", "example.com", "-p", "ionos", "--yes", *JSON)
FINISH = ("finish", "example.com", "--yes", *JSON)
ROLLBACK = ("rollback", "example.com", "--yes", *JSON)


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as box:
        box.store.add_zone("example.com", ZONE)
        yield box


@pytest.fixture
def ionos(cli: Cli, sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Ionos:
    """The command line with an account ``ionos`` at the sandbox."""
    vendor = SandboxVendor(sandbox, "ionos")
    config = tmp_path / "providers.yaml"
    config.write_text(yaml.safe_dump({"accounts": {"ionos": vendor.account()}}))
    monkeypatch.setenv("REGISTRAR_SYNC_CONFIG", str(config))
    monkeypatch.setenv("SANDBOX", "sandbox")
    return cli


def due(cli: Ionos) -> list[tuple[str, bool, str]]:
    run = cli("due", *JSON)
    assert (run.code, run.json["schema"], run.json["command"]) == (0, "registrar-sync/1", "due")
    return [(row["what"], row["ready"], row["next"]) for row in run.json["due"]]


def test_prepare_due_enroll_finish_rollback(ionos: Ionos, sandbox: Sandbox) -> None:
    start = sandbox.store.zone_text("example.com")
    assert due(ionos) == []

    prepared = ionos(*PREPARE)
    assert (prepared.code, prepared.json["command"], prepared.json["state"]) == (0, "prepare", "authoritative")
    changes = prepared.json["plan"]["changes"]
    assert [(c["type"], c["before"]["ttl"], c["after"]["ttl"]) for c in changes] == [("TXT", 600, 300), ("MX", 7200, 300)]
    assert all(c["before"]["values"] == c["after"]["values"] for c in changes)
    assert "ttl-shared" in {f["id"] for f in prepared.json["findings"]}
    assert "7200 MX" not in sandbox.store.zone_text("example.com")
    enroll = "registrar-sync enroll example.com --account ionos --service security-mail"
    assert due(ionos) == [("enroll", False, enroll)]

    enrolled = ionos(*ENROLL)
    assert enrolled.code == 0
    (warning,) = [f for f in enrolled.json["findings"] if f["id"] == "prepare-too-early"]
    until = datetime.fromisoformat(prepared.json["visibility"]["old_until"])
    assert (warning["severity"], f"{until.astimezone():%H:%M}" in warning["message"]) == ("warn", True)
    assert due(ionos) == [("finish", False, "registrar-sync finish example.com --account ionos")]

    finished = ionos(*FINISH)
    assert (finished.code, finished.json["command"], finished.json["state"]) == (0, "finish", "authoritative")
    assert due(ionos) == []
    assert ionos(*ROLLBACK).code == 0
    assert sandbox.store.zone_text("example.com") == start
    commands = [row["command"] for row in ionos("history", "example.com", *JSON).json["changes"]]
    assert commands == ["rollback", "finish", "enroll", "prepare"]
    again = ionos(*FINISH)
    assert (again.code, again.json["state"], again.json["changed"]) == (0, "nothing-to-do", False)


def test_the_next_command_of_due_is_one_that_runs(ionos: Ionos) -> None:
    ionos(*PREPARE)
    _, *words = due(ionos)[0][2].split()
    assert ionos(*words, "--yes").code == 0
    _, *words = due(ionos)[0][2].split()
    assert ionos(*words, "--yes").code == 0
    assert due(ionos) == []


def test_people_see_the_ttls_and_what_comes_next(ionos: Ionos) -> None:
    shown = ionos("prepare", "example.com", "-p", "ionos", "--yes").out
    assert "example.com  MX  TTL 7200 -> 300" in shown
    assert "cached elsewhere until" in shown
    assert (
        "next: once no cache holds the old TTL: registrar-sync enroll example.com --account ionos --service security-mail;"
        in shown
    )
    table = ionos("due").out.splitlines()
    assert table[0].split() == ["ready", "due", "at", "domain", "what", "next"]
    assert "enroll example.com" in table[1]


def test_an_enrolment_between_prepare_and_finish_names_finish_next(ionos: Ionos) -> None:
    enroll = ("enroll", "example.com", "-p", "ionos", "--yes")
    ionos(*PREPARE)
    assert "registrar-sync finish example.com; to undo it: registrar-sync rollback example.com" in ionos(*enroll).out
    ionos(*ROLLBACK)
    assert "next: to undo it: registrar-sync rollback example.com\n" in ionos(*enroll).out


def test_that_nothing_waits_is_said_and_the_journal_named(ionos: Ionos, home: Path) -> None:
    run = ionos("due")
    assert run.out.startswith("Nothing waits, by the journal ")
    assert str(home) in run.out


def test_a_dry_run_writes_nothing(ionos: Ionos, sandbox: Sandbox) -> None:
    run = ionos("prepare", "example.com", "-p", "ionos", "--dry-run", *JSON)
    assert (run.code, run.json["state"], run.json["changed"]) == (0, "planned", False)
    assert {str(request["method"]) for request in sandbox.requests} == {"GET"}
    ionos(*PREPARE)
    sandbox.clear_requests()
    assert ionos("finish", "example.com", "--dry-run", *JSON).json["state"] == "planned"
    assert {str(request["method"]) for request in sandbox.requests} == {"GET"}


@pytest.mark.parametrize("ttl", ["0", "-5", "2147483648", "99999999999999999999", "soon", "1.5"])
def test_a_bad_ttl_is_2_and_nobody_is_asked(ionos: Ionos, sandbox: Sandbox, ttl: str) -> None:
    run = ionos(*PREPARE, "--ttl", ttl)
    assert run.code == 2
    assert "TTL" in run.out or "--ttl" in run.err
    assert sandbox.requests == []


def test_without_a_terminal_it_needs_yes(ionos: Ionos, sandbox: Sandbox) -> None:
    assert ionos("prepare", "example.com", "-p", "ionos").code == 2
    ionos(*PREPARE)
    sandbox.clear_requests()
    assert ionos("finish", "example.com").code == 2
    assert sandbox.requests == []


def test_finish_of_what_was_never_prepared_asks_nobody(ionos: Ionos, sandbox: Sandbox) -> None:
    run = ionos(*FINISH)
    assert (run.code, run.json["state"], run.json["changed"], run.json["error"]) == (0, "nothing-to-do", False, None)
    assert "as far as this journal knows" in ionos("finish", "example.com", "--yes").out
    assert sandbox.requests == []


def test_finish_may_name_the_account(ionos: Ionos, sandbox: Sandbox) -> None:
    ionos(*PREPARE)
    sandbox.clear_requests()
    elsewhere = ionos("finish", "example.com", "-p", "ovh", "--yes", *JSON)
    assert (elsewhere.code, elsewhere.json["state"], sandbox.requests) == (0, "nothing-to-do", [])
    assert ionos("finish", "example.com", "-p", "nobody", "--yes", *JSON).json["error"]["kind"] == "unknown-name"
    assert ionos("finish", "example.com", "-p", "1and1", "--yes", *JSON).json["state"] == "authoritative"


def test_a_bad_domain_is_refused(ionos: Ionos) -> None:
    assert ionos("prepare", "no domain", "-p", "ionos", "--yes").code == 2
    assert ionos("finish", "no domain", "--yes").code == 2
