"""A run's rules: waves, brakes, lanes, what a result means for its row, whose turn it is."""

from __future__ import annotations

import threading
from collections import Counter
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registrar_sync.bulk.agenda import Agenda
from registrar_sync.bulk.book import Book, Entry
from registrar_sync.bulk.drain import drain
from registrar_sync.bulk.outcome import Patience, Watched, news_of, outcome_of, seen_news
from registrar_sync.bulk.planning import Account
from registrar_sync.bulk.rows import new_rows
from registrar_sync.bulk.stage import LaneWork, Stage
from registrar_sync.bulk.tally import Moved, Tally
from registrar_sync.core.guard import finding
from registrar_sync.core.roster import Row
from registrar_sync.core.run import (
    FAILURES,
    Brakes,
    Count,
    Lane,
    NewRow,
    NewRun,
    Outcome,
    RowNews,
    RowState,
    Run,
    RunRow,
    brake,
    lane_of,
    wave_of,
)
from registrar_sync.errors import (
    CredentialsMissing,
    Drift,
    OutcomeUnknown,
    ProviderManual,
    ProviderRefused,
    ProviderUnavailable,
    RegistrarSyncError,
    ZoneLocked,
    ZoneNotFound,
)
from registrar_sync.operations.desk import Setting
from registrar_sync.operations.result import Result, State
from registrar_sync.wiring import SystemClock

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


def counted(wave: int, rows: int, outcome: Outcome | None = None, account: str = "a") -> Count:
    return Count(account=account, wave=wave, state="done" if outcome else "todo", outcome=outcome, rows=rows)


# --- waves and lanes ----------------------------------------------------------------------------------------------------------
@given(st.integers(0, 50), st.integers(0, 50), st.integers(1, 300))
def test_waves_have_the_size_that_was_asked_for_and_follow_one_another(canary: int, size: int, rows: int) -> None:
    waves = [wave_of(position, Brakes(canary=canary, wave=size)) for position in range(rows)]
    assert waves == sorted(waves)
    assert set(waves) == set(range(max(waves) + 1))
    sizes = [waves.count(wave) for wave in range(max(waves) + 1)]
    first, rest = (sizes[:1], sizes[1:]) if canary else ([], sizes)
    assert all(count == canary for count in first[: len(rest)])
    assert all(count == size for count in rest[:-1]) if size else len(rest) <= 1


@given(st.text(min_size=1, max_size=30), st.integers(1, 100))
def test_a_zone_has_one_lane(zone: str, lanes: int) -> None:
    assert 0 <= lane_of(zone, lanes) < lanes
    assert lane_of(zone, lanes) == lane_of(zone, lanes)


def test_zones_are_dealt_out_evenly_and_the_domains_of_one_meet_on_a_lane() -> None:
    lanes = {"a": 8, "b": 2}
    with closing(Book()) as book:
        for number in range(100):
            book.enter(Entry(number, Row(f"d{number}.example."), "", "b" if number % 2 else "a"))
        book.enter(Entry(200, Row("www.d4.example."), "", "a"))
        book.enter(Entry(201, Row("x.elsewhere.example.", {"zone": "elsewhere.example"}), "", "a"))
        book.enter(Entry(202, Row("y.elsewhere.example.", {"zone": "elsewhere.example."}), "", "a"))
        book.settle()
        rows = {row.domain: row for row in new_rows(book, lanes, Brakes())}
    for account, count in lanes.items():
        sizes = Counter(row.lane for row in rows.values() if row.account == account and row.line < 200)
        assert len(sizes) == count
        assert max(sizes.values()) - min(sizes.values()) <= 1
    assert rows["www.d4.example."].lane == rows["d4.example."].lane
    assert rows["x.elsewhere.example."].lane == rows["y.elsewhere.example."].lane


# --- brakes -------------------------------------------------------------------------------------------------------------------
def test_failures_over_the_number_stop_the_run() -> None:
    for outcome in FAILURES:
        assert brake([counted(1, 3, outcome)], Brakes(max_failures=3), 1) == ""
        assert "4 failures" in brake([counted(1, 3, outcome), counted(0, 1, "failed")], Brakes(max_failures=3), 1)


def test_what_waits_for_a_person_is_no_failure() -> None:
    assert brake([counted(1, 100, "held-back")], Brakes(max_failures=0, max_share=0.0), 1) == ""


def test_a_share_is_of_all_rows_of_the_open_wave() -> None:
    brakes = Brakes(canary=5, max_share=0.1)
    assert brake([counted(1, 1, "failed"), counted(1, 9)], brakes, 1) == "", "one of ten is a tenth"
    assert "2 of 10 domains of wave 1 failed" in brake([counted(1, 2, "failed"), counted(1, 8)], brakes, 1)
    assert brake([counted(0, 5, "failed"), counted(1, 10)], brakes, 1) == "", "the canaries have had their say"
    assert "the canaries" in brake([counted(0, 1, "overdue"), counted(0, 4)], brakes, 0)
    assert brake([counted(0, 1, "failed")], Brakes(), 0) == "", "no limit, no brake"


# --- the tally ------------------------------------------------------------------------------------------------------------------
def run_of(brakes: Brakes, wave: int = 0) -> Run:
    what = NewRun(command="enroll", roster="r.csv", options={}, lanes={"a": 2}, brakes=brakes)
    return Run(id=1, what=what, state="running", wave=wave, why="", at=NOW)


def moved(wave: int, was: RowState, state: RowState, outcome: Outcome | None = None) -> Moved:
    news = RowNews(line=1, epoch=1, state=state, outcome=outcome)
    return Moved(domain="example.com.", account="a", wave=wave, was=was, news=news)


def test_a_wave_opens_once_every_row_before_it_is_done() -> None:
    tally = Tally([counted(0, 1), counted(2, 5)])
    assert tally.next_wave(0) is None
    tally.move(moved(0, "todo", "written"))
    assert tally.next_wave(0) is None, "a canary that is not served yet has not sung"
    tally.move(moved(0, "written", "done", "authoritative"))
    assert tally.next_wave(0) == 2
    assert tally.left() == 5
    assert tally.done() == {"authoritative": 1}


def test_the_last_row_leaves_no_wave_and_nothing() -> None:
    tally = Tally([Count(account="a", wave=0, state="begun", outcome=None, rows=1)])
    assert tally.left() == 1
    tally.move(moved(0, "todo", "done", "failed"))
    assert (tally.next_wave(0), tally.left()) == (None, 0)
    assert "1 of 1" in tally.brake(run_of(Brakes(max_share=0.5)))
    assert tally.by_account() == {"a": {"failed": 1}}


# --- results --------------------------------------------------------------------------------------------------------------------
def row(attempts: int = 1) -> RunRow:
    what = NewRow(line=7, domain="example.com.", typed="example.com", account="a", lane=0)
    return RunRow(run_id=1, what=what, state="begun", epoch=3, attempts=attempts)


def result(state: State, error: RegistrarSyncError | None = None, **more: object) -> Result:
    return Result(command="enroll", domain="example.com.", state=state, error=error, **more)  # type: ignore[arg-type]


def news(of: Result, *, waits: bool = True, attempts: int = 1) -> RowNews:
    return news_of(row(attempts), of, now=NOW, waits=waits, patience=Patience())


@pytest.mark.parametrize(
    ("of", "outcome"),
    [
        (result("nothing-to-do"), "nothing-to-do"),
        (result("refused"), "held-back"),
        (result("refused", ZoneNotFound("No such zone.")), "failed"),
        (result("refused", ProviderManual("By hand.")), "held-back"),
        (result("restored", ProviderRefused("No.")), "failed"),
        (result("drift", Drift("Others.")), "failed"),
        (result("unknown", RegistrarSyncError("Odd.")), "unknown"),
        (result("nothing-to-do", left=True), "held-back"),
    ],
)
def test_what_a_result_means(of: Result, outcome: Outcome) -> None:
    assert outcome_of(of) == outcome
    told = news(of)
    assert (told.state, told.outcome, told.line, told.epoch) == ("done", outcome, 7, 3)


def test_what_is_written_is_watched_unless_nobody_is_to_wait() -> None:
    assert news(result("written", change_id=5)).state == "written"
    alone = news(result("written", change_id=5), waits=False)
    assert (alone.state, alone.outcome, alone.change_id) == ("done", "written", 5)


@pytest.mark.parametrize("error", [ProviderUnavailable("?"), ZoneLocked("?"), OutcomeUnknown("?")])
def test_what_may_pass_is_tried_again_later_and_not_for_ever(error: RegistrarSyncError) -> None:
    state: State = "unknown" if isinstance(error, OutcomeUnknown) else "refused"
    pauses = []
    for attempts in (1, 2, 3):
        again = news(result(state, error), attempts=attempts)
        assert (again.state, again.outcome) == ("todo", None)
        assert again.due_at is not None
        pauses.append(again.due_at - NOW)
    assert pauses == sorted(pauses)
    assert pauses[0] >= timedelta(seconds=1)
    last = news(result(state, error), attempts=4)
    assert last.outcome == ("unknown" if state == "unknown" else "failed")


@pytest.mark.parametrize(
    ("held_by", "is_tried_again"),
    [
        (("authoritative-unreachable",), True),
        (("delegation-unknown", "ttl-long"), True),
        (("authoritative-unreachable", "api-dns-differ"), False),
        (("spf-two-records",), False),
    ],
)
def test_a_server_that_could_not_be_asked_is_asked_again_before_a_person_is(
    held_by: tuple[str, ...], is_tried_again: bool
) -> None:
    refused = result("refused", findings=tuple(finding(one, "?") for one in held_by))
    assert (news(refused).state == "todo") is is_tried_again
    assert news(refused, attempts=4).outcome == "held-back"
    assert news(result("nothing-to-do", findings=refused.findings)).outcome == "nothing-to-do"


def test_what_leaves_a_part_to_a_hand_is_watched_and_counts_as_held_back_once_it_is_served() -> None:
    written = news(result("written", change_id=5, left=True))
    tally = Tally([counted(0, 1)])
    moving = Moved(domain="example.com.", account="a", wave=0, was="todo", news=written)
    tally.move(moving)
    assert (tally.left("written"), dict(tally.done())) == (1, {})
    assert moving.watched == Watched.of(replace(row(), state="written", outcome=written.outcome, change_id=5))
    tally.move(moved(0, "written", "done", seen_news(moving.watched, result("authoritative", change_id=5)).outcome))
    assert (tally.left(), dict(tally.done())) == (0, {"held-back": 1})


def test_a_row_that_was_seen_everywhere_is_done_and_says_what_is_left() -> None:
    watched = Watched(7, 3, "example.com.", "a", 0, left=True)
    assert seen_news(watched, result("authoritative", change_id=5)).outcome == "held-back"
    watched = Watched(7, 3, "example.com.", "a", 0, left=False)
    seen = seen_news(watched, result("overdue", change_id=5))
    assert (seen.outcome, seen.change_id, seen.epoch) == ("overdue", 5, 3)
    assert "sets" not in seen.told, "what was written stays told"


# --- whose turn it is -----------------------------------------------------------------------------------------------------------
def lane(number: int) -> Lane:
    return Lane(run_id=1, account="a", number=number)


def test_lanes_take_turns_and_those_asleep_wait_until_they_are_woken() -> None:
    agenda = Agenda(SystemClock(), [lane(0), lane(1)])
    first, second = agenda.next(), agenda.next()
    assert [first, second] == [lane(0), lane(1)]
    agenda.put_back(lane(1), after_s=0.0)
    agenda.put_back(lane(0), after_s=None)
    assert agenda.next() == lane(1)
    agenda.put_back(lane(1), after_s=None)
    agenda.wake()
    assert {agenda.next(), agenda.next()} == {lane(0), lane(1)}


def test_a_lane_is_never_with_two_threads_and_the_end_lets_all_go() -> None:
    agenda = Agenda(SystemClock(), [lane(number) for number in range(3)])
    at_work: set[Lane] = set()
    lock, turns, twice = threading.Lock(), [0], []

    def work() -> None:
        while (one := agenda.next()) is not None:
            with lock:
                twice.extend([one] if one in at_work else [])
                at_work.add(one)
                turns[0] += 1
                if turns[0] >= 300:
                    agenda.end()
            with lock:
                at_work.discard(one)
            agenda.put_back(one, after_s=0.0)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert not any(thread.is_alive() for thread in threads)
    assert (twice, turns[0] >= 300) == ([], True)


# --- a lane's work --------------------------------------------------------------------------------------------------------------
class Held:
    """A lane in which nothing must be begun."""

    def take(self, news: RowNews | None = None) -> RunRow | None:
        raise AssertionError("a row was begun")

    def renew(self) -> None:
        raise AssertionError("nothing takes so long")

    def release(self) -> None:
        pass


@pytest.mark.parametrize("why", ["told-to-wait", "given-up", "more"])
def test_no_row_is_begun_while_the_account_must_not_be_asked_or_the_run_stops(why: str) -> None:
    def refused(service: str | None) -> Setting:
        raise CredentialsMissing("NOT_SET is not set.")

    account = Account("a", 1, refused, lambda: 30.0 if why == "told-to-wait" else 0.0)
    if why == "given-up":
        account.setting(None)
    book: Any = SimpleNamespace(lane=lambda lane: Held())
    stage = Stage(
        run=run_of(Brakes()),
        book=book,
        journal=book,
        clock=SystemClock(),
        account=lambda name: account,
        setting_for=lambda change: refused(None),
    )
    if why == "more":
        stage.stopping.set()
    assert drain(stage, lane(0), LaneWork(stage, account, lambda: None), until=float("inf")) == why
