"""A wait as a person sees it: a table in place on a terminal, lines elsewhere, and a terminal that is left as it was."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from rich.console import Console

from registrar_sync.cli.live import LiveTable
from registrar_sync.cli.render import Printer
from registrar_sync.cli.render_visibility import visibility_lines
from registrar_sync.core.observation import Server
from registrar_sync.core.progress import Progress, Watched
from registrar_sync.core.visibility import ServerVerdict, Visibility
from registrar_sync.errors import UsageError
from registrar_sync.operations.result import Result
from tests.cli.conftest import Cli

NOW = datetime.now(UTC).replace(hour=12, minute=0, second=7)
NS1 = Server(name="ns1.example.net.", address="192.0.2.1")
CACHE = Server(name="192.0.2.53", address="192.0.2.53")
OLD = ServerVerdict(server=NS1, verdict="old")
NEW = ServerVerdict(server=NS1, verdict="new")


def progress(*rows: ServerVerdict, text: str = "1 of 2 authoritative servers answer the new data") -> Progress:
    servers = tuple(Watched(row=row, since=NOW) for row in rows)
    return Progress(text, goal="waiting for every authoritative server", servers=servers, until=NOW + timedelta(minutes=5))


class Terminal(io.StringIO):
    """Something that says it is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def terminal() -> Terminal:
    return Terminal()


@pytest.fixture
def table(terminal: Terminal) -> Iterator[LiveTable]:
    drawn = LiveTable(Console(file=terminal, force_terminal=True, width=120, highlight=False, _environ={"TERM": "xterm"}))
    yield drawn
    drawn.stop()


def test_each_server_is_a_row_with_its_verdict_and_since_when(table: LiveTable, terminal: Terminal) -> None:
    other = replace(OLD, server=replace(NS1, address="192.0.2.2"), verdict="unreachable", detail="no answer")
    table.show(progress(NEW, other))
    shown = terminal.getvalue()
    for word in ("server", "verdict", "since", "ns1.example.net", "192.0.2.1", "192.0.2.2", "new", "unreachable", "no answer"):
        assert word in shown
    assert f"{NOW.astimezone():%H:%M:%S}" in shown


def test_what_is_waited_for_and_until_when_stands_below(table: LiveTable, terminal: Terminal) -> None:
    table.show(progress(OLD))
    until = (NOW + timedelta(minutes=5)).astimezone()
    assert f"waiting for every authoritative server, until {until:%H:%M}" in terminal.getvalue()


def test_a_cache_is_named_as_one_with_when_it_must_have_let_go(table: LiveTable, terminal: Terminal) -> None:
    until = NOW + timedelta(minutes=20)
    table.show(progress(NEW, ServerVerdict(server=CACHE, verdict="old", role="recursive", until=until)))
    assert "192.0.2.53 (recursive)" in terminal.getvalue()
    assert f"until {until.astimezone():%H:%M}" in terminal.getvalue()


def test_what_names_say_cannot_steer_the_terminal(table: LiveTable, terminal: Terminal) -> None:
    table.show(progress(replace(OLD, verdict="other", detail="\x1b]0;pwned\x07 [bold]x")))
    assert "\x1b]0;" not in terminal.getvalue()
    assert "[bold]x" in terminal.getvalue()


def test_the_terminal_is_left_with_its_cursor(table: LiveTable, terminal: Terminal) -> None:
    table.show(progress(OLD))
    assert "\x1b[?25l" in terminal.getvalue()
    table.stop()
    table.stop()
    assert terminal.getvalue().count("\x1b[?25h") == 1


def test_a_result_comes_after_the_table_is_gone(monkeypatch: pytest.MonkeyPatch, terminal: Terminal) -> None:
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")
    printer = Printer(as_json=False, live=True)
    printer.progress(progress(OLD))
    printer.result(Result(command="enroll", domain="example.com.", state="authoritative"))
    assert terminal.getvalue().count("\x1b[?25h") == 1


def test_so_does_an_error(monkeypatch: pytest.MonkeyPatch, terminal: Terminal) -> None:
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")
    printer = Printer(as_json=False, live=True)
    printer.progress(progress(OLD))
    printer.error(UsageError("Something else."))
    shown = terminal.getvalue()
    assert shown.index("\x1b[?25h") < shown.index("Something else.")


def test_elsewhere_progress_is_one_line_for_each_change(capsys: pytest.CaptureFixture[str]) -> None:
    printer = Printer(as_json=False)
    printer.progress(progress(OLD))
    printer.progress(progress(OLD))
    printer.progress(progress(NEW, text="all there"))
    assert capsys.readouterr().err == "1 of 2 authoritative servers answer the new data\nall there\n"


# --- the result -------------------------------------------------------------------------------------------------------
def lines(*rows: ServerVerdict, verdict: str = "authoritative") -> list[str]:
    return [line.plain for line in visibility_lines(Visibility(verdict=verdict, servers=rows))]  # type: ignore[arg-type]


def test_caches_stand_apart_from_the_verdict_on_the_servers() -> None:
    until = NOW + timedelta(minutes=20)
    shown = lines(NEW, ServerVerdict(server=CACHE, verdict="old", role="recursive", until=until))
    assert shown[:2] == ["  ns1.example.net (192.0.2.1): new", "visible at every authoritative server"]
    assert shown[2].startswith(f"  recursive resolver 192.0.2.53: old: cached until {until.astimezone():%H:%M}")


def test_caches_are_not_counted_among_the_servers() -> None:
    shown = lines(OLD, ServerVerdict(server=CACHE, verdict="new", role="recursive"), verdict="pending")
    assert "not yet: 0 of 1 authoritative servers answer it" in shown


# --- check --wait -----------------------------------------------------------------------------------------------------
def test_check_that_waits_ends_with_0_when_it_is_there_and_with_4_when_it_is_not(cli: Cli) -> None:
    waiting = ("check", "example.com", "-p", "sandbox", "--wait", "authoritative", "--timeout")
    assert cli(*waiting, "0").code == 4
    assert cli("enroll", "example.com", "-p", "sandbox", "--yes", "--wait", "none").code == 0
    run = cli(*waiting, "60", "--output", "json")
    assert (run.code, run.json["state"], run.err) == (0, "authoritative", "")
    history = cli("history", "example.com", "--output", "json")
    assert history.json["changes"][0]["state"] == "authoritative"


def test_a_list_is_not_waited_for(cli: Cli) -> None:
    run = cli("check", "-", "-p", "sandbox", "--wait", "authoritative", input="example.com\n")
    assert run.code == 2
    assert "once" in run.err
