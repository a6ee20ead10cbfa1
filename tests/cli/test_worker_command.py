"""The command worker, and --detach, where no workers can be."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from registrar_sync.cli.app import app


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    return tmp_path / "journal.sqlite"


def test_a_worker_needs_a_journal_in_postgresql(journal: Path) -> None:
    refused = CliRunner().invoke(app, ["worker", "--journal", str(journal)])
    assert refused.exit_code == 2
    assert f"not in {journal}" in refused.stderr
    assert "--journal postgresql://" in refused.stderr
    assert not journal.exists()


def test_without_a_journal_there_is_no_worker() -> None:
    refused = CliRunner().invoke(app, ["worker"])
    assert refused.exit_code == 2
    assert "in PostgreSQL" in refused.stderr


def test_metrics_want_an_address(journal: Path) -> None:
    refused = CliRunner().invoke(app, ["worker", "--journal", str(journal), "--metrics", "9100"])
    assert refused.exit_code == 2
    assert "not an address and a port" in refused.stderr


def test_a_run_is_not_left_to_workers_that_cannot_be(journal: Path, tmp_path: Path) -> None:
    roster = tmp_path / "domains.txt"
    roster.write_text("example.com\n")
    words = ["bulk", "run", str(roster), "--provider", "sandbox", "--detach", "--yes", "--journal", str(journal)]
    refused = CliRunner().invoke(app, words)
    assert refused.exit_code == 2
    assert "in PostgreSQL" in refused.stderr
    assert not journal.exists()


def test_a_worker_whose_parts_are_not_installed_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "registrar_sync.worker.process", None)
    refused = CliRunner().invoke(app, ["worker", "--journal", "postgresql://me@127.0.0.1:1/none"])
    assert refused.exit_code == 2
    assert "pip install 'registrar-sync[worker]'" in refused.stderr
