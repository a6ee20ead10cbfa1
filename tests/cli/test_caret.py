"""An SPF record that cannot be read, on the terminal: the record, and a caret under the fault."""

from __future__ import annotations

from pathlib import Path

import pytest

from registrar_sync.cli.render import Printer
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
