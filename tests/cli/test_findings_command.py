"""registrar-sync findings: the list, the page, and what it must not need."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from pathlib import Path

import pytest
from typer.main import get_command

from registrar_sync.cli.app import app
from registrar_sync.core.guard import KINDS
from tests.cli.conftest import Cli

KEYS = ["id", "severity", "acceptable", "what", "why", "advice"]


def test_the_list_has_a_line_for_every_finding(cli: Cli) -> None:
    run = cli("findings")
    assert run.code == 0
    head, *lines = run.out.splitlines()
    assert head.split() == ["id", "severity", "acceptable", "what"]
    assert [line.split()[0] for line in lines] == list(KINDS)
    cells = {line.split(maxsplit=3)[0]: line.split(maxsplit=3)[1:] for line in lines}
    assert [cell.strip() for cell in cells["mx-null"]] == ["block", "yes", KINDS["mx-null"].what]
    assert cells["spf-two-records"][:2] == ["block", "no"]
    assert cells["mx-dane"][:2] == ["warn", "-"]


def test_the_list_for_scripts_holds_everything(cli: Cli) -> None:
    run = cli("findings", "--output", "json")
    assert (run.code, run.json["schema"], run.json["command"]) == (0, "registrar-sync/1", "findings")
    assert [list(row) for row in run.json["findings"]] == [KEYS] * len(KINDS)
    assert [row["id"] for row in run.json["findings"]] == list(KINDS)
    assert {row["id"] for row in run.json["findings"] if not row["acceptable"]} == {i for i in KINDS if not KINDS[i].acceptable}


@pytest.mark.parametrize("id_", KINDS)
def test_a_page_explains_one_finding(cli: Cli, id_: str) -> None:
    run = cli("findings", id_)
    assert run.code == 0
    page = dict(line.split(maxsplit=1) for line in run.out.splitlines())
    kind = KINDS[id_]
    told = {"finding": id_, "severity": kind.severity, "what": kind.what, "why": kind.why, "advice": kind.advice}
    assert {key: page[key] for key in told} == told


@pytest.mark.parametrize(
    ("id_", "told"),
    [
        ("spf-over-lookup-limit", "--accept spf-over-lookup-limit"),
        ("spf-two-records", "cannot be accepted"),
        ("mx-dane", "nothing to accept"),
    ],
)
def test_a_page_says_how_to_accept_or_that_it_cannot_be(cli: Cli, id_: str, told: str) -> None:
    last = cli("findings", id_).out.splitlines()[-1]
    assert last.startswith("accept")
    assert told in last


def test_one_finding_for_scripts_is_a_list_of_one(cli: Cli) -> None:
    run = cli("findings", "mta-sts-enforce", "--output", "json")
    (row,) = run.json["findings"]
    assert (row["id"], row["severity"], row["acceptable"]) == ("mta-sts-enforce", "block", True)
    assert "RFC 8461 section 5" in row["why"]


@pytest.mark.parametrize("output", ["table", "json"])
def test_an_unknown_id_is_wrong_usage_and_answered_with_the_nearest(cli: Cli, output: str) -> None:
    run = cli("findings", "mx-nul", "--output", output)
    assert run.code == 2
    shown = run.err if output == "table" else json.dumps(run.json["error"])
    assert "'mx-nul'" in shown
    assert "mx-null" in shown


def test_control_characters_in_an_unknown_id_are_shown_not_sent(cli: Cli) -> None:
    run = cli("findings", "mx-\x1b[31mnull")
    assert run.code == 2
    assert "\x1b" not in run.out + run.err


def test_a_page_is_wrapped_at_words_to_the_terminal() -> None:
    lines = in_a_terminal(60, "findings", "spf-over-lookup-limit").splitlines()
    assert max(map(len, lines)) <= 60
    joined = " ".join(line.strip() for line in lines)
    assert KINDS["spf-over-lookup-limit"].advice in joined
    assert all(line.startswith((" " * 10, *KEYS, "finding", "accept")) for line in lines)


def in_a_terminal(columns: int, *words: str) -> str:
    """What the command prints to a terminal of so many columns."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
    kept = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES")}
    environment = kept | {"TERM": "xterm", "NO_COLOR": "1"}
    command = [sys.executable, "-m", "registrar_sync", *words]
    with subprocess.Popen(command, stdin=theirs, stdout=theirs, env=environment) as process:
        os.close(theirs)
        told = b""
        while piece := _read(ours):
            told += piece
    os.close(ours)
    assert process.returncode == 0
    return told.decode().replace("\r\n", "\n")


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65536)
    except OSError:  # the other side is closed
        return b""


@pytest.mark.parametrize("words", [[], ["mx-null"]])
def test_it_needs_no_home_no_configuration_and_no_slow_library(words: list[str], tmp_path: Path) -> None:
    folder = tmp_path / "all-there-is"
    folder.mkdir()
    broken = folder / "providers.yaml"
    broken.write_text("providers: [")
    script = (
        "import socket, sys\n"
        "socket.socket = None\n"
        "from typer.testing import CliRunner\n"
        "from registrar_sync.cli.app import app\n"
        f"run = CliRunner().invoke(app, ['findings', *{words!r}])\n"
        "loaded = [name for name in ('lexicon', 'sqlalchemy', 'requests', 'dns.resolver') if name in sys.modules]\n"
        "print(run.exit_code, loaded, 'mx-null' in run.stdout)"
    )
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder / "nowhere"),
        "REGISTRAR_SYNC_CONFIG": str(broken),
    }
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, env=environment, check=True)
    assert done.stdout.strip() == "0 [] True"
    assert list(folder.iterdir()) == [broken]


# --- what the texts name exists -----------------------------------------------------------------------------------------
@pytest.mark.parametrize("id_", KINDS)
def test_the_texts_name_only_commands_and_options_that_exist(id_: str) -> None:
    kind = KINDS[id_]
    text = f"{kind.what} {kind.why} {kind.advice}"
    commands = get_command(app).commands  # type: ignore[attr-defined]
    known = {option for command in commands.values() for parameter in command.params for option in parameter.opts}
    assert set(re.findall(r"--[a-z][a-z-]*[a-z]", text)) <= known
    named = {*re.findall(r"registrar-sync ([a-z]+)", text), *re.findall(r"\b([a-z]+) DOMAIN\b", text)}
    assert named <= set(commands)
