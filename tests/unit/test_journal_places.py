"""Where the journal is kept: privately, by path or URL, and shown without passwords."""

from __future__ import annotations

import os
import stat
from contextlib import closing
from pathlib import Path

import pytest

from registrar_sync.journal import open_journal
from registrar_sync.journal.location import parse_location
from registrar_sync.ports import Journal
from tests.unit.journals import HandClock, images, new_change, open_at


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A journal in a file, with one change in it."""
    path = tmp_path / "kept.sqlite"
    with closing(open_at(str(path))) as opened:
        opened.begin(new_change(), images())
    return path


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_nobody_else_can_read_the_journal_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        path = tmp_path / "state" / "registrar-sync" / "journal.sqlite"
        with closing(open_journal(None, default=path, clock=HandClock())) as journal:
            journal.begin(new_change(), images())
            assert {name.name: mode_of(name) for name in path.parent.iterdir()} == {
                "journal.sqlite": 0o600,
                "journal.sqlite-wal": 0o600,
                "journal.sqlite-shm": 0o600,
            }
    finally:
        os.umask(before)
    assert mode_of(path.parent) == 0o700
    assert mode_of(path.parent.parent) == 0o700
    assert journal.location == str(path)


def test_the_file_is_made_private_not_made_and_then_closed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("a mode that is set later leaves a moment before")

    monkeypatch.setattr(os, "chmod", refuse)
    monkeypatch.setattr(os, "fchmod", refuse)
    with closing(open_at(str(tmp_path / "journal.sqlite"))):
        assert mode_of(tmp_path / "journal.sqlite") == 0o600


@pytest.mark.parametrize("form", ["{path}", "sqlite:///{path}", "sqlite+pysqlite:///{path}"])
def test_a_path_and_a_url_name_the_same_file(tmp_path: Path, form: str) -> None:
    path = tmp_path / "with blank, % and #" / "journal.sqlite"
    with closing(open_at(form.format(path=path))) as journal:
        assert path.is_file()
        assert journal.location == str(path)


def test_a_path_may_hold_a_question_mark(tmp_path: Path) -> None:
    with closing(open_at(str(tmp_path / "why?mode=memory"))):
        assert (tmp_path / "why?mode=memory").stat().st_size > 0


def test_a_dangling_link_does_not_lead_to_a_readable_file(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "target")
    with closing(open_at(str(tmp_path / "link"))):
        assert mode_of(tmp_path / "target") == 0o600


def test_an_empty_file_becomes_a_journal(tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    with closing(open_at(str(tmp_path / "empty"))) as journal:
        journal.check_writable()


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql://ops:hunter2@db.example/journal", "postgresql+psycopg://ops:***@db.example/journal"),
        ("postgres://ops:hunter2@db.example/journal", "postgresql+psycopg://ops:***@db.example/journal"),
        ("postgresql://ops@db.example/journal?password=hunter2", "postgresql+psycopg://ops@db.example/journal"),
        ("postgresql+psycopg2://ops:hunter2@db.example/j", "postgresql+psycopg2://ops:***@db.example/j"),
    ],
)
def test_the_location_is_shown_without_its_password(url: str, shown: str) -> None:
    location = parse_location(url, Path("unused"))
    assert location.shown == shown
    assert "hunter2" not in repr(location)


def test_it_is_the_journal_of_the_ports(file: Path) -> None:
    with closing(open_at(str(file))) as opened:
        journal: Journal = opened
        journal.check_writable()
