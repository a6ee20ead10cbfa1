"""Findings on the terminal: their order and options, and a caret under the fault of an SPF record that cannot be read."""

from __future__ import annotations

from pathlib import Path

import pytest

from registrar_sync.cli.render import Printer
from registrar_sync.core.guard import finding
from tests.unit.stage import Stage, mx, txt


@pytest.mark.parametrize(
    ("spf", "shown"),
    [
        ("v=spf1 ipv4:192.0.2.1 ~all", ["    v=spf1 ipv4:192.0.2.1 ~all", "           ^"]),
        ("v=spf1 mx\t~all \x1b[31m", ["    v=spf1 mx\\009~all \\027[31m", "             ^"]),
    ],
)
def test_the_caret_stands_under_the_fault_on_a_line_of_its_own(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], spf: str, shown: list[str]
) -> None:
    stage = Stage(tmp_path, txt(spf), mx((5, "mailgate.example.com.")))
    result = stage.enroll()
    Printer(as_json=False).result(result)

    lines = capsys.readouterr().out.splitlines()
    (start,) = [number for number, line in enumerate(lines) if line.startswith("block: spf-invalid: ")]
    assert "It is not edited." in lines[start]
    assert lines[start + 1 : start + 3] == shown
    assert stage.writes() == 0
    assert stage.values("TXT") == {spf}


def test_findings_are_read_in_the_order_of_their_weight(capsys: pytest.CaptureFixture[str]) -> None:
    told = (finding("ttl-long", "one"), finding("mx-dane", "two"), finding("mx-null", "three"), finding("spf-all-pass", "four"))
    Printer(as_json=False).findings(told)
    assert [line.rpartition(" ")[2] for line in capsys.readouterr().out.splitlines()] == ["three", "two", "four", "one"]


def test_what_cannot_be_accepted_is_never_called_accepted(tmp_path: Path) -> None:
    stage = Stage(tmp_path, txt("v=spf1 ipv4:192.0.2.1 ~all"), mx((5, "mailgate.example.com.")))
    result = stage.enroll(accept=frozenset({"spf-invalid"}))
    (held,) = [found for found in result.findings if found.id == "spf-invalid"]
    assert (result.state, held.message.startswith("(accepted)")) == ("refused", False)


def test_a_block_that_stands_twice_is_accepted_by_one_option(tmp_path: Path) -> None:
    stage = Stage(tmp_path, txt("v=spf1 a ~all"), mx((5, "192.0.2.1."), (6, "192.0.2.2.")))
    result = stage.enroll()
    assert sum(found.id == "mx-exchange-address" for found in result.findings) == 2
    assert result.hint.count("--accept mx-exchange-address") == 1
