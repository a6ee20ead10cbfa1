"""The zone lock: one writer a zone; a dead one is taken over, a living one never without its lease having run out."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO, Any

import pytest
from sqlalchemy import select, update

from registrar_sync.errors import JournalUnusable, LockLost, ZoneLocked
from registrar_sync.journal import SqlJournal, open_journal
from registrar_sync.journal.holder import this_process
from registrar_sync.journal.schema import zone_lock
from registrar_sync.ports import ZoneLock
from tests.unit import journals
from tests.unit.journals import HandClock, child, empty_place, ended_process, open_at

place, clock, journal = journals.place, journals.clock, journals.journal

ZONE = "example.com."
CALL_LIMIT_S = 15.0
UNSEEN_S = 1.0  # a renewal less than a second after another leaves no trace


def held_by(journal: SqlJournal, **other: Any) -> ZoneLock:
    """Take the lock, then make its row somebody else's."""
    lock = journal.lock(ZONE)
    with journal._database.write() as connection:
        connection.execute(update(zone_lock).values(**other))
    return lock


FAR = {"machine": "another", "host": "far.example", "user": "ops", "pid": 4711}


# --- one holder --------------------------------------------------------------------------------------------------------
def test_a_held_zone_is_refused_naming_host_user_process_and_time(journal: SqlJournal) -> None:
    journal.lock(ZONE)
    me = this_process()
    with pytest.raises(ZoneLocked) as caught:
        journal.lock(ZONE)
    for fact in ("example.com", me.host, me.user, str(me.pid), "since 2025-03-01 12:00:00 UTC", "Nothing was changed."):
        assert fact in caught.value.message
    assert "registrar-sync recover example.com" in caught.value.hint
    assert caught.value.changed == "no"


def test_another_thread_of_the_same_process_is_refused_too(journal: SqlJournal) -> None:
    def attempt(_: int) -> bool:
        try:
            journal.lock(ZONE)
        except ZoneLocked:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(attempt, range(8))) == [False] * 7 + [True]


def test_zones_are_locked_apart(journal: SqlJournal) -> None:
    journal.lock(ZONE)
    journal.lock("example.org.")


def test_a_released_zone_is_free_and_releasing_twice_is_once(journal: SqlJournal) -> None:
    first = journal.lock(ZONE)
    first.release()
    second = journal.lock(ZONE)
    first.release()
    with pytest.raises(ZoneLocked):
        journal.lock(ZONE)
    second.release()
    journal.lock(ZONE)


FIGHT = """
from registrar_sync.errors import ZoneLocked
journal = opened()
print("ready", flush=True)
input()
try:
    journal.lock("example.com.")
    print("won", flush=True)
except ZoneLocked:
    print("locked", flush=True)
input()
"""


def line(stream: IO[str] | None) -> str:
    assert stream is not None
    return stream.readline().strip()


def go_on(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    process.stdin.write("\n")
    process.stdin.flush()


@pytest.mark.parametrize("attempt", range(5))
def test_of_two_processes_that_fight_for_a_zone_exactly_one_wins(place: str, attempt: int) -> None:
    with child(FIGHT, place) as one, child(FIGHT, place) as two:
        fighters = (one, two) if attempt % 2 else (two, one)
        assert [line(each.stdout) for each in fighters] == ["ready", "ready"]
        for each in fighters:
            go_on(each)
        assert sorted(line(each.stdout) for each in fighters) == ["locked", "won"]
        for each in fighters:
            go_on(each)


# --- renewing and losing -----------------------------------------------------------------------------------------------
def test_renewing_makes_the_lease_count_from_now(journal: SqlJournal, clock: HandClock) -> None:
    lock = held_by(journal, **FAR)
    clock.sleep(59)
    lock.renew()
    clock.sleep(59)
    with pytest.raises(ZoneLocked):
        journal.lock(ZONE)
    clock.sleep(1)
    journal.lock(ZONE)


def test_a_lease_that_ran_out_unnoticed_is_renewed_as_long_as_nobody_took_over(journal: SqlJournal, clock: HandClock) -> None:
    lock = journal.lock(ZONE)
    clock.sleep(3600)
    lock.renew()
    with pytest.raises(ZoneLocked):
        journal.lock(ZONE)


# --- renewals that need not ask -----------------------------------------------------------------------------------------
ON_THIS_MACHINE_ALONE = pytest.mark.skipif(not hasattr(time, "CLOCK_BOOTTIME"), reason="this system has no such clock")


def renewed_at(journal: SqlJournal) -> list[datetime]:
    with journal._database.read() as connection:
        return list(connection.execute(select(zone_lock.c.renewed_at)).scalars())


@ON_THIS_MACHINE_ALONE
def test_of_renewals_close_to_one_another_a_file_sees_the_first(tmp_path: Path, clock: HandClock) -> None:
    with closing(open_journal(str(tmp_path / "j.sqlite"), default=Path("/"), clock=clock)) as journal:
        began, lock = clock.now(), journal.lock(ZONE)
        clock.sleep(0.9)
        lock.renew()
        assert renewed_at(journal) == [began]
        clock.sleep(0.1)
        lock.renew()
        assert renewed_at(journal) == [clock.now()]


def test_a_server_that_machines_share_is_asked_each_time(clock: HandClock) -> None:

    with empty_place("postgresql", Path("/")) as place, closing(open_journal(place, default=Path("/"), clock=clock)) as journal:
        lock = journal.lock(ZONE)
        clock.sleep(0.1)
        lock.renew()
        assert renewed_at(journal) == [clock.now()]


def test_a_clock_that_was_set_back_is_not_trusted(tmp_path: Path, clock: HandClock) -> None:
    with closing(open_journal(str(tmp_path / "j.sqlite"), default=Path("/"), clock=clock)) as journal:
        lock = journal.lock(ZONE)
        clock.sleep(-3600)
        lock.renew()
        assert renewed_at(journal) == [clock.now()]


def test_a_short_lease_is_trusted_for_a_part_of_it_only(tmp_path: Path, clock: HandClock) -> None:
    with closing(open_journal(str(tmp_path / "j.sqlite"), default=Path("/"), clock=clock, lease_s=0.6)) as journal:
        lock = journal.lock(ZONE)
        clock.sleep(0.02)
        lock.renew()
        assert renewed_at(journal) == [clock.now()]


WRITER = """
from registrar_sync.errors import LockLost
from registrar_sync.journal import open_journal

class SetBack:
    at = datetime.now(UTC)
    def now(self): return self.at

journal = open_journal(sys.argv[1], default=Path("/"), clock=SetBack(), lease_s=2.0)
lock = journal.lock("example.com.")
lock.renew()
print("held", flush=True)
os.kill(os.getpid(), signal.SIGSTOP)
try:
    lock.renew()
    print("went on", flush=True)
except LockLost:
    print("lost", flush=True)
"""


@ON_THIS_MACHINE_ALONE
def test_a_process_that_was_stopped_asks_before_it_goes_on_whatever_was_done_to_the_clock(tmp_path: Path) -> None:
    place = str(tmp_path / "journal.sqlite")
    with child(WRITER, place) as writer:
        assert line(writer.stdout) == "held"
        os.waitid(os.P_PID, writer.pid, os.WSTOPPED | os.WNOWAIT)
        clock = HandClock(at=datetime.now(UTC) + timedelta(seconds=3))  # its lease has run out by now, says this one
        with closing(open_journal(place, default=Path("/"), clock=clock)) as journal:
            journal.lock(ZONE)
            stopped_since = time.monotonic()
            while time.monotonic() - stopped_since < 0.1:  # more than the part of two seconds that is trusted
                time.sleep(0.01)
            writer.send_signal(signal.SIGCONT)
            assert line(writer.stdout) == "lost"


def test_who_was_taken_over_stops_before_the_next_write(journal: SqlJournal, clock: HandClock) -> None:
    slow = journal.lock(ZONE)
    clock.sleep(60)
    taker = journal.lock(ZONE)
    with pytest.raises(LockLost, match=r"example\.com was taken over by .* process") as caught:
        slow.renew()
    assert caught.value.changed == "unknown"
    slow.release()
    taker.renew()


def test_a_released_lock_cannot_be_renewed(journal: SqlJournal) -> None:
    lock = journal.lock(ZONE)
    lock.release()
    with pytest.raises(LockLost, match="no longer held"):
        lock.renew()


def test_the_lease_is_the_constructors(place: str, clock: HandClock) -> None:
    with closing(open_journal(place, default=Path("/nonexistent"), clock=clock, lease_s=5)) as journal:
        held_by(journal, **FAR)
        clock.sleep(4.9)
        with pytest.raises(ZoneLocked):
            journal.lock(ZONE)
        clock.sleep(0.1)
        journal.lock(ZONE)


# --- holders that are gone ---------------------------------------------------------------------------------------------
HOLD = """
journal = opened()
lock = journal.lock("example.com.")
lock.renew()
print("held", flush=True)
input()
"""


def system_clock() -> HandClock:
    return HandClock(at=datetime.now(UTC))


def test_a_living_holder_of_another_process_is_neither_taken_over_nor_waited_out(place: str) -> None:
    with child(HOLD, place) as holder, closing(open_journal(place, default=Path("/"), clock=system_clock())) as journal:
        assert line(holder.stdout) == "held"
        with pytest.raises(ZoneLocked, match=f"process {holder.pid}"):
            journal.lock(ZONE)
        with pytest.raises(ZoneLocked, match=f"process {holder.pid}"):
            journal.quiet_in_s(ZONE, CALL_LIMIT_S)
        go_on(holder)


@pytest.mark.parametrize("reaped", [True, False], ids=["reaped", "zombie"])
def test_a_killed_holder_is_taken_over_after_the_quiet_time(place: str, *, reaped: bool) -> None:
    with child(HOLD, place) as holder:
        assert line(holder.stdout) == "held"
        holder.send_signal(signal.SIGKILL)
        os.waitid(os.P_PID, holder.pid, os.WEXITED | (0 if reaped else os.WNOWAIT))
        clock = system_clock()
        with closing(open_journal(place, default=Path("/"), clock=clock)) as journal:
            wait = journal.quiet_in_s(ZONE, CALL_LIMIT_S)
            assert 0 < wait <= CALL_LIMIT_S + UNSEEN_S
            clock.sleep(wait)
            assert journal.quiet_in_s(ZONE, CALL_LIMIT_S) == 0
            journal.lock(ZONE).renew()


def test_nobody_is_waited_for_where_no_lock_was_left(journal: SqlJournal) -> None:
    assert journal.quiet_in_s(ZONE, CALL_LIMIT_S) == 0
    journal.lock(ZONE).release()
    assert journal.quiet_in_s(ZONE, CALL_LIMIT_S) == 0


def test_quiet_counts_from_the_last_renewal(journal: SqlJournal, clock: HandClock) -> None:
    lock = held_by(journal, pid=ended_process())
    clock.sleep(10)
    lock.renew()
    clock.sleep(4)
    assert journal.quiet_in_s(ZONE, CALL_LIMIT_S) == 11 + UNSEEN_S
    clock.sleep(30)
    assert journal.quiet_in_s(ZONE, CALL_LIMIT_S) == 0


def test_a_clock_that_was_set_back_does_not_stretch_the_quiet_time(journal: SqlJournal, clock: HandClock) -> None:
    held_by(journal, pid=ended_process())
    clock.sleep(-86400)
    assert journal.quiet_in_s(ZONE, CALL_LIMIT_S) == CALL_LIMIT_S + UNSEEN_S


def test_a_process_that_only_inherited_the_number_is_not_the_holder(journal: SqlJournal) -> None:
    held_by(journal, start="1")
    assert journal.quiet_in_s(ZONE, CALL_LIMIT_S) == CALL_LIMIT_S + UNSEEN_S
    journal.lock(ZONE)


def test_our_own_process_is_a_living_holder(journal: SqlJournal, clock: HandClock) -> None:
    journal.lock(ZONE)
    with pytest.raises(ZoneLocked):
        journal.quiet_in_s(ZONE, CALL_LIMIT_S)
    clock.sleep(3600)  # it has not renewed for an hour: whatever it is doing, its next renewal finds the lock lost
    assert journal.quiet_in_s(ZONE, CALL_LIMIT_S) == 0


def test_whoever_takes_over_learns_when_the_dead_holder_was_last_alive(journal: SqlJournal, clock: HandClock) -> None:
    held_by(journal, start="1")
    taken = clock.now()
    assert journal.lock(ZONE).dead_since == taken + timedelta(seconds=UNSEEN_S)
    clock.sleep(1)
    assert journal.lock("other.example.").dead_since is None


def test_a_holder_on_another_machine_lives_as_long_as_its_lease(journal: SqlJournal, clock: HandClock) -> None:
    held_by(journal, **FAR)
    with pytest.raises(ZoneLocked, match=r"ops on far\.example, process 4711"):
        journal.quiet_in_s(ZONE, CALL_LIMIT_S)
    clock.sleep(60)
    assert journal.quiet_in_s(ZONE, CALL_LIMIT_S) == 0
    assert journal.quiet_in_s(ZONE, 90) == 30 + UNSEEN_S
    journal.lock(ZONE)


def test_where_no_start_time_can_be_told_the_lease_decides(journal: SqlJournal, clock: HandClock) -> None:
    held_by(journal, start="")
    with pytest.raises(ZoneLocked):
        journal.quiet_in_s(ZONE, CALL_LIMIT_S)
    clock.sleep(60)
    assert journal.quiet_in_s(ZONE, CALL_LIMIT_S) == 0


# --- a journal that fails meanwhile ------------------------------------------------------------------------------------
def test_a_lock_that_cannot_be_renewed_stops_the_writing(tmp_path: Path) -> None:
    place = str(tmp_path / "journal.sqlite")
    clock = HandClock()
    opened = open_journal(place, default=Path("/nonexistent"), clock=clock, busy_timeout_s=0)
    with closing(opened) as journal, closing(sqlite3.connect(place)) as other:
        lock = journal.lock(ZONE)
        other.execute("BEGIN IMMEDIATE")
        clock.sleep(1)
        with pytest.raises(JournalUnusable) as caught:
            lock.renew()
        assert caught.value.changed == "unknown"


def test_a_lock_that_cannot_be_given_back_hides_no_result_and_is_logged(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    place = str(tmp_path / "journal.sqlite")
    with closing(open_at(place, busy_timeout_s=0)) as journal, closing(sqlite3.connect(place)) as other:
        lock = journal.lock(ZONE)
        other.execute("BEGIN IMMEDIATE")
        lock.release()
        assert "lock of example.com stays until it runs out" in caplog.text
        other.rollback()
        lock.release()
        journal.lock(ZONE)
