"""Lock and intent in one step, outcome and release in one: all of it or nothing, and only where nothing is in the way."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, update

from registrar_sync.errors import JournalUnusable, NothingJournalled, ZoneLocked
from registrar_sync.journal import SqlJournal, group
from registrar_sync.journal.prepared import commit
from registrar_sync.journal.schema import zone_lock
from tests.unit import journals
from tests.unit.journals import images, new_change, open_at
from tests.unit.stage import Stage

place, clock, journal = journals.place, journals.clock, journals.journal

ZONE = "example.com."


def test_it_is_recorded_and_the_zone_is_ours(journal: SqlJournal) -> None:
    claimed = journal.begin_locked(new_change(), images(), since=journal.mark())
    assert claimed is not None
    change_id, lock = claimed
    change = journal.change(change_id)
    assert (change.what, change.state, change.images) == (new_change(), "intended", images())
    with pytest.raises(ZoneLocked):
        journal.lock(ZONE)
    assert lock.dead_since is None
    lock.renew()
    lock.release()
    journal.lock(ZONE)


def held(journal: SqlJournal) -> None:
    journal.lock(ZONE)


def left_by_the_dead(journal: SqlJournal) -> None:
    journal.lock(ZONE)
    with journal._database.write() as connection:
        connection.execute(update(zone_lock).values(start="1"))


def interrupted_in_the_zone(journal: SqlJournal) -> None:
    journal.begin(new_change("sub.example.com.", zone=ZONE), images())


def unknown_in_the_zone(journal: SqlJournal) -> None:
    journal.append(journal.begin(new_change("sub.example.com.", zone=ZONE), images()), "unknown")


def interrupted_in_another_zone(journal: SqlJournal) -> None:
    journal.begin(new_change(zone="com."), images())


@pytest.mark.parametrize(
    "obstacle", [held, left_by_the_dead, interrupted_in_the_zone, unknown_in_the_zone, interrupted_in_another_zone]
)
def test_whatever_is_in_the_way_leaves_everything_as_it_was(journal: SqlJournal, obstacle: Callable[[SqlJournal], None]) -> None:
    obstacle(journal)
    before = journal.changes()
    assert journal.begin_locked(new_change(), images(), since=journal.mark()) is None
    assert journal.changes() == before
    if before:
        journal.lock(ZONE)


@pytest.mark.parametrize("elsewhere", [{"domain": "sub.example.com.", "zone": ZONE}, {"zone": "com."}])
def test_news_of_the_zone_or_of_the_domain_since_the_mark_are_in_the_way(journal: SqlJournal, elsewhere: dict[str, Any]) -> None:
    change_id = journal.begin(new_change(**elsewhere), images())
    mark = journal.mark()
    journal.append(change_id, "written")
    assert journal.begin_locked(new_change(), images(), since=mark) is None
    assert journal.begin_locked(new_change(), images(), since=journal.mark()) is not None


def test_other_zones_news_are_not(journal: SqlJournal) -> None:
    mark = journal.mark()
    journal.begin(new_change("example.org."), images())
    journal.lock("example.org.")
    assert journal.begin_locked(new_change(), images(), since=mark) is not None


def test_a_value_that_is_no_json_takes_no_lock(journal: SqlJournal) -> None:
    with pytest.raises(TypeError, match="not JSON serializable"):
        journal.begin_locked(new_change(context={"raw": b"bytes"}), images(), since=0)
    assert journal.changes() == []
    journal.lock(ZONE)


def test_a_file_that_was_removed_takes_nothing(tmp_path: Path) -> None:
    file = tmp_path / "journal.sqlite"
    with closing(open_at(str(file))) as journal:
        file.unlink()
        with pytest.raises(JournalUnusable, match="the file was removed"):
            journal.begin_locked(new_change(), images(), since=0)


def test_the_outcome_gives_the_zone_back(journal: SqlJournal) -> None:
    claimed = journal.begin_locked(new_change(), images(), since=0)
    assert claimed is not None
    change_id, lock = claimed
    journal.append(change_id, "written", releasing=lock)
    assert journal.change(change_id).state == "written"
    journal.lock(ZONE)
    lock.release()  # once more, which must not be the next one's
    with pytest.raises(ZoneLocked):
        journal.lock(ZONE)


def test_an_outcome_that_is_not_recorded_keeps_the_zone(journal: SqlJournal) -> None:
    lock = journal.lock(ZONE)
    with pytest.raises(NothingJournalled):
        journal.append(7, "written", releasing=lock)
    with pytest.raises(ZoneLocked):
        journal.lock(ZONE)
    lock.release()
    journal.lock(ZONE)


@pytest.fixture
def commits(monkeypatch: pytest.MonkeyPatch) -> list[Connection]:
    """Every commit from now on."""
    seen: list[Connection] = []

    def seeing(connection: Connection) -> None:
        seen.append(connection)
        commit(connection)

    monkeypatch.setattr(group, "commit", seeing)
    return seen


def test_a_runs_enrolment_waits_for_the_disk_twice(tmp_path: Path, commits: list[Connection]) -> None:
    stage = Stage(tmp_path)
    commits.clear()
    assert stage.enroll(run=1, wait="none").state == "written"
    assert len(commits) == 2
    stage.journal.lock(ZONE)


def test_a_staged_providers_does_so_too(tmp_path: Path, commits: list[Connection]) -> None:
    stage = Stage(tmp_path, staged=True)
    commits.clear()
    assert stage.enroll(run=1, wait="none").state == "written"
    assert len(commits) == 2


def test_a_read_that_grew_old_while_the_journal_was_waited_for_is_made_again(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    journal, begin_locked, reads = stage.journal, stage.journal.begin_locked, stage.provider.log.count

    def slowly(*new: Any, since: int) -> Any:
        stage.clock.sleep(6)
        return begin_locked(*new, since=since)

    usual = Stage(tmp_path / "usual")
    assert usual.enroll().state == "authoritative"
    journal.begin_locked = slowly  # type: ignore[method-assign, assignment]
    assert stage.enroll().state == "authoritative"
    read = next(entry for entry in stage.provider.log if entry.startswith("read"))
    assert reads(read) == usual.provider.log.count(read) + 1
    assert stage.states() == ["authoritative"]
    stage.journal.lock(ZONE)


# --- what goes with the next --------------------------------------------------------------------------------------------
def elsewhere(ask: Callable[[], Any]) -> Any:
    """What another thread is told."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(ask).result()


def ended_soon(journal: SqlJournal) -> int:
    claimed = journal.begin_locked(new_change(), images(), since=journal.mark())
    assert claimed is not None
    change_id, lock = claimed
    journal.append(change_id, "written", detail={"wrote": True}, releasing=lock, soon=True)
    lock.release()
    assert elsewhere(lambda: journal.change(change_id).state) == "intended"
    with pytest.raises(ZoneLocked):
        elsewhere(lambda: journal.lock(ZONE))
    return change_id


def stands_written(journal: SqlJournal, change_id: int) -> None:
    assert [event.state for event in elsewhere(lambda: journal.change(change_id)).events] == ["intended", "written"]
    elsewhere(lambda: journal.lock(ZONE)).release()


def test_an_end_that_is_written_soon_is_there_with_what_is_written_next(journal: SqlJournal) -> None:
    change_id = ended_soon(journal)
    journal.check_writable()
    stands_written(journal, change_id)
    journal.check_writable()
    stands_written(journal, change_id)


def test_whoever_wrote_it_reads_it(journal: SqlJournal) -> None:
    change_id = ended_soon(journal)
    assert journal.change(change_id).state == "written"
    stands_written(journal, change_id)


def test_it_stays_where_what_is_written_next_fails(journal: SqlJournal) -> None:
    change_id = ended_soon(journal)

    def fail() -> None:
        with journal._database.write() as connection:
            connection.execute(update(zone_lock).values(token="another's"))
            raise RuntimeError("not this")

    with pytest.raises(RuntimeError, match="not this"):
        fail()
    stands_written(journal, change_id)


def test_what_cannot_be_written_soon_is_told_at_the_next_and_keeps_that_out(journal: SqlJournal) -> None:
    journal.append(999, "written", soon=True)
    with pytest.raises(NothingJournalled, match="999"):
        journal.begin(new_change(), images())
    assert journal.changes() == []
    journal.begin(new_change(), images())
    assert len(journal.changes()) == 1
