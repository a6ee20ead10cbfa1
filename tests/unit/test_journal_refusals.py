"""Every way in which a journal cannot be used is told: what it is, that nothing was changed, and the next step."""

from __future__ import annotations

import os
import sqlite3
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event

from registrar_sync.core.evidence import Images
from registrar_sync.core.model import Record, RRset, Txt
from registrar_sync.errors import JournalUnusable
from tests.unit.journals import images, new_change, open_at


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A journal in a file, with one change in it."""
    path = tmp_path / "kept.sqlite"
    with closing(open_at(str(path))) as opened:
        opened.begin(new_change(), images())
    return path


@pytest.fixture
def unprivileged() -> Iterator[Path]:
    """A folder of the superuser's, and this process without the superuser's rights: file modes bind it."""
    folder = Path(tempfile.mkdtemp(prefix="journal-"))
    superuser = os.geteuid() == 0
    folder.chmod(0o755)
    if superuser:
        os.seteuid(65534)
    try:
        yield folder
    finally:
        if superuser:
            os.seteuid(0)
        folder.chmod(0o755)
        for path in folder.iterdir():
            path.unlink()
        folder.rmdir()


@pytest.fixture
def superuser_again() -> Any:
    """Do something with the rights that the fixture ``unprivileged`` took away."""

    def do(action: Any) -> None:
        before = os.geteuid()
        if os.getuid() == 0:
            os.seteuid(0)
        try:
            action()
        finally:
            os.seteuid(before)

    return do


def refusal(place: str, **more: Any) -> JournalUnusable:
    with pytest.raises(JournalUnusable) as caught:
        open_at(place, **more)
    assert "Nothing was changed." in caught.value.message
    assert caught.value.changed == "no"
    assert caught.value.hint
    return caught.value


@pytest.mark.parametrize("place", ["", ":memory:", "sqlite://", "sqlite:///:memory:", "sqlite:///"])
def test_memory_is_no_place_for_evidence(place: str) -> None:
    assert "memory only" in refusal(place).message


@pytest.mark.parametrize("place", ["/dev/null", "{folder}"])
def test_only_a_regular_file_is_a_journal(tmp_path: Path, place: str) -> None:
    assert "not a regular file" in refusal(place.format(folder=tmp_path)).message


@pytest.mark.parametrize("place", ["{file}/journal.sqlite", "a\0b", "~no-such-user-here/journal", "{folder}/" + "x" * 300])
def test_an_impossible_path_is_refused(tmp_path: Path, place: str) -> None:
    (tmp_path / "file").touch()
    refusal(place.format(file=tmp_path / "file", folder=tmp_path))


def test_a_sqlite_url_with_options_is_refused(tmp_path: Path) -> None:
    assert "without options" in refusal(f"sqlite:///{tmp_path}/j?mode=memory").message
    assert "without options" in refusal(f"sqlite:///{tmp_path}/j?ournal").message
    assert list(tmp_path.glob("j*")) == []


def test_other_databases_are_refused() -> None:
    error = refusal("mysql://ops:hunter2@db.example/journal")
    assert "SQLite or PostgreSQL only" in error.message
    assert "hunter2" not in error.message


@pytest.mark.parametrize("place", ["postgresql://ops:hunter2@db:port/x", "://hunter2", "post gres://hunter2@x/y"])
def test_an_unparsable_url_is_refused_without_repeating_it(place: str) -> None:
    error = refusal(place)
    assert "hunter2" not in error.message + error.hint


def test_a_missing_driver_is_named_with_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    error = refusal("postgresql://ops:hunter2@db.example/journal")
    assert "psycopg is not installed" in error.message
    assert "pip install 'psycopg[binary]'" in error.hint
    assert "hunter2" not in error.message


def test_a_server_that_does_not_answer_is_told_without_the_password() -> None:
    error = refusal("postgresql://ops:hunter2@127.0.0.1:1/journal")
    assert "127.0.0.1" in error.message
    assert "hunter2" not in error.message


def test_a_file_that_is_no_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("remember the milk\n" * 100)
    assert "not a journal" in refusal(str(tmp_path / "notes.txt")).message
    assert (tmp_path / "notes.txt").read_text() == "remember the milk\n" * 100


def test_another_programs_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "places.sqlite"
    with closing(sqlite3.connect(path)) as theirs:
        theirs.execute("CREATE TABLE bookmark (url TEXT)")
    before = path.read_bytes()
    assert "not a journal" in refusal(str(path)).message
    assert path.read_bytes() == before


def test_a_damaged_journal_is_refused(file: Path) -> None:
    content = file.read_bytes()
    file.write_bytes(content[:4096] + b"\xff" * (len(content) - 4096))
    error = refusal(str(file))
    assert "damaged" in error.message
    assert "evidence" in error.hint


def test_an_entry_that_was_edited_by_hand_is_told_not_guessed(file: Path) -> None:
    with closing(sqlite3.connect(file, isolation_level=None)) as outside:
        outside.execute("DROP TRIGGER change_event_no_update")
        outside.execute("UPDATE change_event SET images = '{\"before\": 1'")
    with closing(open_at(str(file))) as journal, pytest.raises(JournalUnusable, match="an entry in it cannot be read"):
        journal.changes()


def test_a_journal_of_a_newer_version_is_refused(file: Path) -> None:
    with closing(sqlite3.connect(file, isolation_level=None)) as newer:
        newer.execute("UPDATE schema_version SET version = version + 1")
    error = refusal(str(file))
    assert "newer version" in error.message
    assert "Upgrade registrar-sync" in error.hint


def test_a_locked_journal_is_told_before_anything_is_written(file: Path) -> None:
    with closing(open_at(str(file), busy_timeout_s=0)) as journal, closing(sqlite3.connect(file)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(JournalUnusable, match=r"another process keeps it locked .* Nothing was changed"):
            journal.check_writable()
        with pytest.raises(JournalUnusable, match="Nothing was changed"):
            journal.begin(new_change(), images())
        other.rollback()
        journal.check_writable()


def test_a_state_that_cannot_be_recorded_does_not_claim_that_nothing_was_changed(file: Path) -> None:
    with closing(open_at(str(file), busy_timeout_s=0)) as journal, closing(sqlite3.connect(file)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(JournalUnusable) as caught:
            journal.append(1, "written")
        other.rollback()
    assert caught.value.changed == "unknown"
    assert "Nothing was changed" not in caught.value.message


def test_a_full_disk_is_told_and_records_nothing(file: Path) -> None:
    def fill(connection: Any, _record: object) -> None:
        connection.execute("PRAGMA max_page_count = 1")

    event.listen(Engine, "connect", fill)
    try:
        with closing(open_at(str(file))) as journal:
            row = Record(rdata=Txt((b"x" * 255,) * 100), ttl=60)
            big = Images(before={"TXT": RRset(owner="e.", rtype="TXT", records=(row,))}, after={})
            with pytest.raises(JournalUnusable, match="the disk is full") as caught:
                journal.begin(new_change(), big)
            assert "Free some space" in caught.value.hint
            assert len(journal.changes()) == 1
    finally:
        event.remove(Engine, "connect", fill)


def test_a_journal_that_was_removed_is_noticed_before_anything_is_done(file: Path) -> None:
    with closing(open_at(str(file))) as journal:
        file.unlink()
        with pytest.raises(JournalUnusable, match="was removed"):
            journal.check_writable()


def test_a_journal_that_was_removed_is_not_made_anew_behind_our_back(file: Path) -> None:
    with closing(open_at(str(file))) as journal:
        journal.close()
        file.unlink()
        with pytest.raises(JournalUnusable, match="cannot be opened"):
            journal.begin(new_change(), images())
        assert not file.exists()


def test_a_folder_without_permission_is_refused(unprivileged: Path, superuser_again: Any) -> None:
    superuser_again(lambda: unprivileged.chmod(0o555))
    error = refusal(str(unprivileged / "deeper" / "journal.sqlite"))
    assert "Permission denied" in error.message
    assert "--journal" in error.hint


def test_a_journal_that_can_only_be_read_is_readable_and_not_writable(unprivileged: Path, superuser_again: Any) -> None:
    path = unprivileged / "journal.sqlite"

    def record() -> None:
        with closing(open_at(str(path))) as writer:
            writer.begin(new_change(), images())
        unprivileged.chmod(0o777)
        path.chmod(0o444)

    superuser_again(record)
    with closing(open_at(str(path))) as journal:
        assert len(journal.changes()) == 1
        with pytest.raises(JournalUnusable, match=r"it is read-only .* Nothing was changed") as caught:
            journal.check_writable()
        assert "writable" in caught.value.hint
