"""The queue's tables beside the journal's: made once, made anew for another version, never anybody else's."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from registrar_sync.errors import JournalUnusable, UsageError
from registrar_sync.journal import open_journal
from registrar_sync.worker.jobs import wake
from registrar_sync.worker.place import conninfo_of
from registrar_sync.worker.pulse import Pulse
from registrar_sync.worker.tables import prepare_tables
from tests.unit.journals import HandClock, empty_place


@pytest.fixture
def conninfo(tmp_path: Path) -> Iterator[str]:
    with empty_place("postgresql", tmp_path) as url:
        with closing(open_journal(url, default=tmp_path, clock=HandClock())):
            pass
        yield conninfo_of(url)


def sql(conninfo: str, statement: str) -> list[tuple[object, ...]]:
    with psycopg.connect(conninfo, autocommit=True) as connection:
        cursor = connection.execute(statement.encode())
        return cursor.fetchall() if cursor.description else []


def jobs(conninfo: str) -> int:
    return len(sql(conninfo, "SELECT 1 FROM procrastinate_jobs"))


def test_they_are_made_once_and_stay(conninfo: str) -> None:
    prepare_tables(conninfo, "J")
    assert wake(conninfo)
    prepare_tables(conninfo, "J")
    assert jobs(conninfo) == 1
    assert wake(conninfo)
    assert jobs(conninfo) == 1  # one that waits is enough


def test_where_no_worker_ever_worked_nobody_is_woken(conninfo: str) -> None:
    assert not wake(conninfo)


def test_tables_of_another_version_are_made_anew(conninfo: str) -> None:
    prepare_tables(conninfo, "J")
    wake(conninfo)
    sql(conninfo, "COMMENT ON TABLE procrastinate_jobs IS 'registrar-sync of before'")
    prepare_tables(conninfo, "J")
    assert jobs(conninfo) == 0
    assert wake(conninfo)
    assert sql(conninfo, "SELECT count(*) FROM run") == [(0,)]  # the journal's stand as they were


def test_tables_of_another_version_stay_while_a_worker_uses_them(conninfo: str) -> None:
    prepare_tables(conninfo, "J")
    sql(conninfo, "COMMENT ON TABLE procrastinate_jobs IS 'registrar-sync of before'")
    sql(conninfo, "INSERT INTO procrastinate_workers DEFAULT VALUES")
    wake(conninfo)
    with pytest.raises(JournalUnusable, match="another version of Procrastinate") as refused:
        prepare_tables(conninfo, "J")
    assert "Stop them all" in refused.value.hint
    assert jobs(conninfo) == 1


def test_another_programs_tables_are_left_alone(conninfo: str) -> None:
    prepare_tables(conninfo, "J")
    sql(conninfo, "COMMENT ON TABLE procrastinate_jobs IS NULL")
    wake(conninfo)
    with pytest.raises(JournalUnusable, match="another program"):
        prepare_tables(conninfo, "J")
    assert jobs(conninfo) == 1


def test_the_pulse_tells_jobs_and_signs_of_life(conninfo: str) -> None:
    prepare_tables(conninfo, "J")
    pulse = Pulse(conninfo, "J")
    assert (pulse.read().workers, pulse.read().newest_s, pulse.own_age_s([1])) == (0, None, None)
    sql(conninfo, "INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now()), (now()), (now() - interval '90 s')")
    wake(conninfo)
    seen = pulse.read()
    assert seen.jobs == {("lanes", "todo"): 0, ("sweeps", "todo"): 1}
    assert seen.workers == 1
    age = pulse.own_age_s([3])
    assert age is not None
    assert age > 89


def test_a_database_that_is_gone_is_told_without_its_password() -> None:
    with pytest.raises(JournalUnusable) as refused:
        Pulse("postgresql://me:s3cret@127.0.0.1:1/none", "postgresql://me:***@127.0.0.1:1/none").read()
    assert "s3cret" not in refused.value.message
    assert not wake("postgresql://me:s3cret@127.0.0.1:1/none")


@pytest.mark.parametrize("journal", [None, "journal.sqlite", "sqlite:////tmp/journal.sqlite"])
def test_a_worker_needs_a_journal_that_machines_share(journal: str | None) -> None:
    with pytest.raises(UsageError, match="in PostgreSQL") as refused:
        conninfo_of(journal)
    assert "--journal postgresql://" in refused.value.hint


def test_libpq_gets_the_url_without_the_driver() -> None:
    url = "postgresql+psycopg://me:pass@db.example.net:5433/journal?sslmode=verify-full"
    assert conninfo_of(url) == "postgresql://me:pass@db.example.net:5433/journal?sslmode=verify-full"
