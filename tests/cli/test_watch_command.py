"""watch as a person or a script runs it: a line for each domain as it ends, and an exit code that says how."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from registrar_sync import Client
from registrar_sync.errors import UsageError
from registrar_sync.journal import SqlJournal, open_journal
from registrar_sync.sandbox.server import Sandbox
from registrar_sync.wiring import SystemClock
from tests.cli.conftest import Cli, Run
from tests.unit.watched import many_written

ZONE = """
$TTL 300
@ SOA ns1 hostmaster 1 7200 900 1209600 600
@ NS ns1
ns1 A 127.0.0.1
mailgate A 192.0.2.12
"""
OLD = ZONE + '@ TXT "v=spf1 mx ~all"\n@ MX 5 mailgate\n'
NEW = ZONE + (
    '@ TXT "v=spf1 mx include:includespf.security-mail.net ~all"\n'
    "@ MX 3 france.security-mail.net.\n@ MX 4 europe.security-mail.net.\n@ MX 5 mailgate\n"
)

Watch = Callable[..., Run]


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as box:
        for name, text in (("new.test", NEW), ("newer.test", NEW), ("old.test", OLD)):
            box.store.add_zone(name, text)
        yield box


@pytest.fixture
def place(tmp_path: Path) -> str:
    return str(tmp_path / "journal.sqlite")


@pytest.fixture
def journal(place: str) -> Iterator[SqlJournal]:
    with closing(open_journal(place, default=Path(place), clock=SystemClock())) as opened:
        yield opened


@pytest.fixture
def watch(cli: Cli, sandbox: Sandbox, place: str) -> Watch:
    """The command, asking nobody but the sandbox."""
    where = "{}:{}".format(*sandbox.dns_address)
    return lambda *words: cli("watch", *words, "--nameserver", where, "--resolver", where, "--journal", place)


def lines(run: Run) -> list[dict[str, Any]]:
    return [json.loads(line) for line in run.out.splitlines()]


def test_nothing_to_watch_is_said_and_no_failure(watch: Watch) -> None:
    run = watch()
    assert (run.code, "Nothing waits" in run.out) == (0, True)
    assert watch("--output", "json").out == ""


def test_each_domain_has_a_line_as_it_ends(watch: Watch, journal: SqlJournal) -> None:
    many_written(journal, ["old.test.", "new.test.", "newer.test."], datetime.now(UTC))
    run = watch("--timeout", "1")
    assert run.code == 4
    words = [line.split() for line in run.out.splitlines()]
    assert {tuple(line[:2]) for line in words[:2]} == {("new.test", "authoritative"), ("newer.test", "authoritative")}
    assert words[2][:2] == ["old.test", "overdue"]
    assert "cached elsewhere until" in run.out
    assert "not served by every authoritative server" in run.out


def test_for_scripts_each_line_is_the_object_of_a_result(watch: Watch, journal: SqlJournal) -> None:
    (change_id,) = many_written(journal, ["new.test."], datetime.now(UTC))
    run = watch("--output", "json")
    (row,) = lines(run)
    assert (run.code, row["schema"], row["command"], row["domain"]) == (0, "registrar-sync/1", "watch", "new.test")
    assert (row["state"], row["changed"], row["change_id"], row["account"]) == ("authoritative", False, change_id, "ovh")
    assert row["visibility"]["verdict"] == "authoritative"
    assert [server["verdict"] for server in row["visibility"]["servers"]] == ["new"]
    assert row["error"] is None
    assert lines(watch("--output", "json")) == []


def test_only_the_domains_named_are_watched(watch: Watch, journal: SqlJournal) -> None:
    many_written(journal, ["old.test.", "new.test."], datetime.now(UTC))
    run = watch("new.test", "unknown.test", "exa mple", "--output", "json")
    assert run.code == 2
    states = {row["domain"]: row["state"] for row in lines(run)}
    assert states == {"new.test": "authoritative", "unknown.test": "nothing-to-do", "exa mple": "refused"}
    assert [change.state for change in journal.changes("old.test.")] == ["written"]


def test_visible_waits_for_caches(watch: Watch, journal: SqlJournal) -> None:
    (change_id,) = many_written(journal, ["new.test."], datetime.now(UTC))
    until = datetime.now(UTC) + timedelta(seconds=0.5)
    journal.append(change_id, "authoritative", detail={"old_until": until.isoformat()})
    run = watch("--wait", "visible", "--output", "json")
    (row,) = lines(run)
    assert (run.code, row["state"], row["visibility"]["verdict"]) == (0, "authoritative", "visible")
    assert datetime.now(UTC) >= until


def test_an_interrupted_change_is_to_be_recovered_first(watch: Watch, journal: SqlJournal) -> None:
    (change_id,) = many_written(journal, ["new.test."], datetime.now(UTC))
    journal.append(change_id, "unknown")
    run = watch("new.test", "--output", "json")
    (row,) = lines(run)
    assert (run.code, row["state"], row["error"]["kind"]) == (1, "refused", "open-change")
    assert "registrar-sync recover new.test" in row["error"]["hint"]


def test_a_change_of_an_account_that_is_gone_is_told(watch: Watch, journal: SqlJournal) -> None:
    many_written(journal, ["new.test."], datetime.now(UTC), account="no-such-account")
    many_written(journal, ["newer.test."], datetime.now(UTC))
    run = watch("--output", "json")
    rows = {row["domain"]: row for row in lines(run)}
    assert (run.code, rows["newer.test"]["state"]) == (2, "authoritative")
    assert rows["new.test"]["error"]["kind"] == "unknown-name"


@pytest.mark.parametrize("words", [("--wait", "none"), ("--timeout", "-1"), ("--wait", "sometimes")])
def test_what_cannot_be_meant_is_wrong_usage(watch: Watch, journal: SqlJournal, words: tuple[str, ...]) -> None:
    many_written(journal, ["new.test."], datetime.now(UTC))
    assert watch(*words).code == 2
    assert journal.changes()[0].state == "written"


def test_the_library_watches_too(sandbox: Sandbox, journal: SqlJournal, place: str) -> None:
    many_written(journal, ["old.test.", "new.test."], datetime.now(UTC))
    here = ["{}:{}".format(*sandbox.dns_address)]
    with Client(journal=place) as client:
        results = client.watch(nameservers=here, resolvers=here)
        first = next(results)
        results.close()
        assert (first.command, first.domain, first.state, first.ok) == ("watch", "new.test.", "authoritative", True)
        with pytest.raises(UsageError):
            client.watch(wait="none")
        assert [result.state for result in client.watch(["old.test"], timeout=0.5, nameservers=here)] == ["overdue"]
