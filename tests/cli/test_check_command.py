"""check as a person or a script runs it: one domain in full, or many on standard input, a line each."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from registrar_sync import Client
from registrar_sync.cli.check_list import read_names
from registrar_sync.errors import UsageError
from registrar_sync.sandbox.server import Sandbox
from tests.cli.conftest import HEARING, Cli, Run

ZONE = """
$TTL 3600
@ SOA ns1 hostmaster 1 7200 900 1209600 600
@ NS ns1
ns1 A 127.0.0.1
mailgate A 192.0.2.12
"""
ENROLLED = ZONE + (
    '@ TXT "v=spf1 include:includespf.security-mail.net ~all"\n'
    "@ MX 3 france.security-mail.net.\n@ MX 4 europe.security-mail.net.\n@ MX 5 mailgate\n"
)
COVERED = ENROLLED.replace("include:includespf.security-mail.net", "include:_spf.nested.test") + (
    '_spf TXT "v=spf1 include:includespf.security-mail.net -all"\n'
)
BEHIND = ENROLLED.replace("MX 5 mailgate", "MX 1 mailgate")


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as box:
        for name, text in (("enrolled.test", ENROLLED), ("nested.test", COVERED), ("behind.test", BEHIND)):
            box.store.add_zone(name, text)
        yield box


@pytest.fixture
def asked(sandbox: Sandbox) -> tuple[str, ...]:
    """The options that ask nobody but the sandbox."""
    address, port = sandbox.dns_address
    return ("--nameserver", f"{address}:{port}", "--resolver", f"{address}:{port}")


def words(shown: dict[str, Any]) -> tuple[str, ...]:
    return tuple(light["light"] for light in shown["lights"].values())


# --- one domain ---------------------------------------------------------------------------------------------------------
def test_one_domain_shows_four_lights_before_its_servers(cli: Cli, asked: tuple[str, ...]) -> None:
    run = cli("check", "behind.test", *asked)
    assert run.code == 4
    lines = run.out.splitlines()
    named = [line.split()[:2] for line in lines if line.startswith("  ")][:4]
    assert named == [["SPF", "green"], ["MX", "red"], ["delegation", "grey"], ["MTA-STS", "green"]]
    server = next(index for index, line in enumerate(lines) if "127.0.0.1" in line)
    assert server > next(index for index, line in enumerate(lines) if "MTA-STS" in line)
    assert "mail also goes to 1 mailgate.behind.test" in run.out.lower()
    assert "registrar-sync plan behind.test" in run.out


def test_a_domain_covered_through_another_record_is_enrolled(cli: Cli, asked: tuple[str, ...]) -> None:
    run = cli("check", "nested.test", *asked, "--output", "json")
    assert (run.code, run.json["state"]) == (0, "authoritative")
    assert run.json["lights"]["spf"]["light"] == "green"
    assert "through _spf.nested.test" in run.json["lights"]["spf"]["detail"]


# --- the journal --------------------------------------------------------------------------------------------------------
def test_check_begins_no_journal(cli: Cli, asked: tuple[str, ...], home: Path) -> None:
    assert cli("check", "enrolled.test", *asked).code == 0
    assert list(home.rglob("*.sqlite*")) == []


def test_a_journal_that_cannot_be_opened_is_told_and_does_not_stand_in_the_way(
    cli: Cli, asked: tuple[str, ...], tmp_path: Path
) -> None:
    file = tmp_path / "journal.sqlite"
    file.write_text("this is no database, although it is a file of some length")
    run = cli("check", "enrolled.test", *asked, "--journal", str(file), "--output", "json")
    assert (run.code, run.json["state"]) == (0, "authoritative")
    assert str(file) in run.err


# --- many domains -------------------------------------------------------------------------------------------------------
LIST = b"\xef\xbb\xbfenrolled.test\r\n\r\n# customers\r\n  behind.test  # the one that moved\r\nexa mple\r\nnested.test"


def listed(cli: Cli, asked: tuple[str, ...], text: bytes, *more: str) -> Run:
    return cli("check", "-", *asked, *more, input=text)


def test_each_line_of_the_list_has_one_line_in_its_order(cli: Cli, asked: tuple[str, ...]) -> None:
    run = listed(cli, asked, LIST)
    assert run.code == 4
    lines = [line.split() for line in run.out.splitlines()]
    assert [line[0] for line in lines] == ["enrolled.test", "behind.test", "exa", "nested.test"]
    assert lines[0][1:] == ["authoritative", "SPF", "green", "MX", "green", "delegation", "grey", "MTA-STS", "green"]
    assert lines[1][1:5] == ["not-enrolled", "SPF", "green", "MX"]
    assert lines[2][2] == "refused"


def test_for_scripts_each_line_is_an_object_and_a_bad_name_is_one_of_its_own(cli: Cli, asked: tuple[str, ...]) -> None:
    run = listed(cli, asked, LIST, "--output", "json")
    rows = [json.loads(line) for line in run.out.splitlines()]
    assert [row["state"] for row in rows] == ["authoritative", "not-enrolled", "refused", "authoritative"]
    assert rows[2]["error"]["kind"] == "invalid-domain"
    assert rows[2]["lights"] is None
    assert words(rows[1]) == ("green", "red", "grey", "green")


def test_the_exit_code_is_the_worst_of_all(cli: Cli, asked: tuple[str, ...]) -> None:
    assert listed(cli, asked, b"enrolled.test\nnested.test\n").code == 0
    assert listed(cli, asked, b"enrolled.test\nexa mple\n").code == 2
    assert listed(cli, asked, b"enrolled.test\nbehind.test\n").code == 4


@pytest.mark.parametrize("text", [b"", b"\n \r\n", b"# nothing but remarks\n", b"\xef\xbb\xbf"])
def test_a_list_without_a_domain_is_wrong_usage(cli: Cli, asked: tuple[str, ...], text: bytes) -> None:
    run = listed(cli, asked, text)
    assert run.code == 2
    assert "lists no domain" in run.err
    assert "check - <" in run.err


def test_what_cannot_be_meant_is_said_once_and_not_for_every_line(cli: Cli) -> None:
    run = cli("check", "-", "--nameserver", "nonsense", input=b"a.test\nb.test\n")
    assert run.code == 2
    assert run.err.count("nonsense") == 1
    assert run.out == ""


def test_a_thousand_lines_come_out_in_their_order(cli: Cli, asked: tuple[str, ...]) -> None:
    names = [f"-bad{number}" if number % 50 else "enrolled.test" for number in range(1000)]
    run = listed(cli, asked, "\n".join(names).encode(), "--output", "json")
    assert [json.loads(line)["domain"] for line in run.out.splitlines()] == names


def test_the_library_checks_many_too(sandbox: Sandbox) -> None:
    address, port = sandbox.dns_address
    here = [f"{address}:{port}"]
    with Client() as client:
        results = client.check_many(["enrolled.test", "behind.test"], nameservers=here, resolvers=here)
        states = [result.state for result in results]
        assert states == ["authoritative", "not-enrolled"]
        with pytest.raises(UsageError):
            client.check_many(["enrolled.test"], service="no-such-service")


# --- reading the list ---------------------------------------------------------------------------------------------------
def test_a_line_without_end_is_not_read_into_memory() -> None:
    stream = io.BytesIO(b"x" * 5_000_000 + b"\nexample.com\n# " + b"y" * 5000 + b"\nexample.org")
    first, *others = read_names(stream)
    assert len(first) < 2000
    assert others == ["example.com", "example.org"]


def test_a_line_of_exactly_the_longest_length_does_not_swallow_the_next() -> None:
    for length in (1022, 1023, 1024, 1025, 2048):
        assert list(read_names(io.BytesIO(b"x" * length + b"\nexample.com")))[1:] == ["example.com"]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-be"])
def test_utf_16_is_told(encoding: str) -> None:
    text = ("\ufeff" if encoding == "utf-16-be" else "") + "example.com\n"
    with pytest.raises(UsageError, match="UTF-16"):
        list(read_names(io.BytesIO(text.encode(encoding))))


def test_octets_that_are_no_utf_8_make_a_bad_name_and_no_crash() -> None:
    assert list(read_names(io.BytesIO(b"ex\xe4mple.com\n"))) == ["ex\\xe4mple.com"]


# --- as a process -------------------------------------------------------------------------------------------------------
def start(*words: str, **streams: Any) -> subprocess.Popen[bytes]:
    command = [*HEARING, "check", *words]
    return subprocess.Popen(command, stderr=subprocess.PIPE, env=dict(os.environ), **streams)


def test_a_result_is_there_before_the_list_ends_and_ctrl_c_ends_with_130(asked: tuple[str, ...]) -> None:
    with start("-", *asked, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdin.write(b"enrolled.test\n")
        process.stdin.flush()
        assert process.stdout.readline().startswith(b"enrolled.test")
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 130
        told = process.stderr.read().decode()
    assert "Interrupted" in told
    assert "Traceback" not in told


@pytest.mark.parametrize("output", ["table", "json"])
@pytest.mark.parametrize("word", ["-", "enrolled.test"])
def test_a_reader_that_has_gone_is_no_bug_of_ours(asked: tuple[str, ...], output: str, word: str) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with start(word, *asked, "--output", output, stdin=subprocess.PIPE, stdout=writing) as process:
        os.close(writing)
        _, told = process.communicate(b"enrolled.test\n" * 50, timeout=30)
    assert (process.returncode, told.decode()) == (1, "")


@pytest.mark.skipif(os.name != "posix", reason="a terminal of our own needs a pseudo-terminal")
def test_at_a_terminal_it_says_what_it_waits_for(asked: tuple[str, ...]) -> None:
    import pty

    keyboard, terminal = pty.openpty()
    with start("-", *asked, stdin=terminal, stdout=subprocess.PIPE) as process:
        os.close(terminal)
        os.write(keyboard, b"enrolled.test\n\x04")
        out, told = process.communicate(timeout=30)
    os.close(keyboard)
    assert process.returncode == 0
    assert out.startswith(b"enrolled.test")
    assert b"one a line" in told
