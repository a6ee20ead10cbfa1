"""Every command of the README runs, and what it says of commands and exit codes is so."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from typer.main import get_command

from registrar_sync.cli import exit_codes
from registrar_sync.cli.app import app

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()


def blocks(marker: str, language: str) -> list[str]:
    return re.findall(rf"<!-- {marker}[^>]*-->\n```{language}\n(.*?)```", README, re.S)


def commands() -> list[str]:
    lines = [line for block in blocks("commands", "sh") for line in block.splitlines()]
    return [line.split("#")[0].strip() for line in lines if line.strip()]


def environment(home: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("LEXICON_", "XDG_"))}
    return kept | {"HOME": str(home), "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}


def test_the_commands_of_the_readme_run_in_their_order(home: Path) -> None:
    (home / "docs").symlink_to(ROOT / "docs")  # what they write is not left in the checkout
    for command in commands():
        words = shlex.split(command)
        assert words[0] == "registrar-sync"
        done = subprocess.run(words, capture_output=True, text=True, cwd=home, env=environment(home), timeout=120, check=False)
        assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"


def test_the_python_of_the_readme_runs(home: Path) -> None:
    (script,) = blocks("python", "python")
    words = [sys.executable, "-c", script]
    done = subprocess.run(words, capture_output=True, text=True, env=environment(home), timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split()[0] == "authoritative"


def test_the_exit_codes_of_the_readme_are_those_of_the_table() -> None:
    told = {int(code) for code in re.findall(r"^\| (\d+) \|", README, re.M)}
    known = {value for name, value in vars(exit_codes).items() if name.isupper() and isinstance(value, int)}
    assert told == known


@pytest.mark.parametrize("name", sorted(get_command(app).commands))  # type: ignore[attr-defined]
def test_every_command_has_help_and_a_word_in_the_readme(name: str) -> None:
    command = get_command(app).commands[name]  # type: ignore[attr-defined]
    assert command.help
    assert f"registrar-sync {name}" in README


def test_what_is_committed_names_no_machine() -> None:
    suspicious = re.compile(r"/work/|/tmp/v\b|file:///|pypi\.org|deb\.debian|registry\.npmjs")
    for file in committed():
        if file != Path(__file__):
            assert not suspicious.search(file.read_text(errors="replace")), file


def committed() -> list[Path]:
    """The files that git knows; where it is not installed, those of the folders that hold nothing else."""
    if shutil.which("git") and (ROOT / ".git").exists():
        told = subprocess.run(["git", "ls-files"], capture_output=True, text=True, cwd=ROOT, check=True).stdout
        return [ROOT / name for name in told.split()]
    folders = [ROOT / name for name in ("registrar_sync", "tests", "docs", ".ci")]
    inside = [file for folder in folders for file in folder.rglob("*") if file.is_file() and "__pycache__" not in file.parts]
    return [*inside, *(file for file in ROOT.iterdir() if file.is_file())]
