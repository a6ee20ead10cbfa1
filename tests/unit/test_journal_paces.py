"""An account's pace in the journal: several processes keep to it as one, and the server's arithmetic is the core's."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from math import inf
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select, text, update

from registrar_sync.core import pace_account as arithmetic
from registrar_sync.core.pace_account import CallLimit, PaceState
from registrar_sync.errors import JournalUnusable
from registrar_sync.journal import SqlJournal, open_journal
from registrar_sync.journal.paces import SqlPace
from registrar_sync.journal.paces_server import take_on_server
from registrar_sync.journal.schema import account_pace
from tests.unit import journals
from tests.unit.journals import HandClock
from tests.unit.test_pace_account import LIMITS, worst_window

place, clock, journal = journals.place, journals.clock, journals.journal

LIMIT = CallLimit(20, 2)


@pytest.fixture
def another(place: str, clock: HandClock) -> Iterator[SqlJournal]:
    """The journal as another process has it open."""
    with closing(open_journal(place, default=Path("/nonexistent"), clock=clock)) as opened:
        yield opened


def drained(journal: SqlJournal) -> SqlPace:
    """A pace whose beginning at full speed is over."""
    pace = SqlPace(journal._database, journal._clock, "acct", LIMIT)
    pace.reserve(LIMIT.calls)
    return pace


# --- two processes ----------------------------------------------------------------------------------------------------------
def test_two_processes_keep_to_one_limit(journal: SqlJournal, another: SqlJournal, clock: HandClock) -> None:
    slots = []
    paces = [each.pace("acct", LIMIT) for each in (journal, another)]
    for turn in range(120):
        wait_s = paces[turn % 2].reserve()
        slots.append(clock.monotonic() + wait_s if journal._database.is_sqlite else newest_slot(journal))
        clock.sleep(0.001)
    assert worst_window(slots, LIMIT.per_s) <= LIMIT.calls
    assert max(slots) - slots[0] <= 120 / LIMIT.calls * LIMIT.per_s / 0.85 + 2 * LIMIT.per_s


def newest_slot(journal: SqlJournal) -> float:
    """By the clock of the server, which goes on however slowly it is asked."""
    with journal._database.read() as connection:
        return float(connection.execute(select(account_pace.c.last_at)).scalar_one())


def test_a_process_that_begins_later_has_no_beginning_of_its_own(journal: SqlJournal, another: SqlJournal) -> None:
    while journal.pace("acct", LIMIT).reserve() <= 0:
        pass
    assert another.pace("acct", LIMIT).reserve() > 0


def test_accounts_have_nothing_to_do_with_each_other(journal: SqlJournal) -> None:
    while journal.pace("acct", LIMIT).reserve() <= 0:
        pass
    assert journal.pace("other", LIMIT).reserve() == 0


def test_what_one_was_told_to_wait_holds_for_all(journal: SqlJournal, another: SqlJournal) -> None:
    one, other = journal.pace("acct", LIMIT), another.pace("acct", LIMIT)
    assert (one.reserve(), other.reserve()) == (0, 0)
    one.hold(600)
    assert 590 < other.held() <= 600
    assert 590 < other.reserve() <= 600 + LIMIT.per_s


def test_where_no_rate_is_known_a_hold_holds_for_all_too(journal: SqlJournal, another: SqlJournal, clock: HandClock) -> None:
    one, other = journal.pace("acct", None), another.pace("acct", None)
    assert (one.reserve(), other.reserve()) == (0, 0)
    one.hold(600)
    assert one.reserve() > 590
    clock.sleep(1)  # so long the other does not ask
    assert 590 < other.reserve() <= 600
    assert 590 < other.held() <= 600


def test_a_refusal_slows_all_down_and_good_answers_to_any_bring_it_back(journal: SqlJournal, another: SqlJournal) -> None:
    one, other = drained(journal), another.pace("acct", LIMIT)
    one.answered(busy=True)
    other.reserve()
    first = other.reserve()
    assert one.reserve() - first > 1.5 * LIMIT.spacing_s
    for _ in range(8 * arithmetic.GOOD_ANSWERS):
        other.answered(busy=False)
    with journal._database.read() as connection:
        assert connection.execute(select(account_pace.c.factor)).scalar_one() == 1.0


def test_a_refusal_teaches_all_a_rate(journal: SqlJournal, another: SqlJournal, clock: HandClock) -> None:
    one, other = journal.pace("acct", None), another.pace("acct", None)
    assert {pace.reserve() for pace in (one, other) for _ in range(arithmetic.FEWEST)} == {0.0}
    one.answered(busy=True)
    clock.sleep(1)
    waits = [other.reserve() for _ in range(3)]
    assert waits[1] < waits[2]


def test_a_slot_that_would_come_too_late_is_not_taken(journal: SqlJournal) -> None:
    pace = drained(journal)
    with journal._database.read() as connection:
        before = connection.execute(select(account_pace.c.full_at)).scalar_one()
    assert pace.reserve(within_s=0.001) > 0.001
    assert pace.reserve(3, within_s=0.001) > 0.001
    with journal._database.read() as connection:
        assert connection.execute(select(account_pace.c.full_at)).scalar_one() == before


def test_a_clock_that_was_wrong_stops_nobody_for_long(journal: SqlJournal) -> None:
    pace = drained(journal)
    year = timedelta(days=365).total_seconds()
    with journal._database.apart() as connection:
        ahead = {name: account_pace.c[name] + year for name in ("seen_at", "full_at", "last_at")}
        connection.execute(update(account_pace).values(ahead))
    assert pace.reserve() < 60


# --- a journal that is lost -------------------------------------------------------------------------------------------------
def test_without_its_journal_no_slot_is_given_and_answers_are_still_heard(journal: SqlJournal) -> None:
    pace = drained(journal)
    with journal._database.write() as connection:
        connection.execute(text("DROP TABLE account_pace"))
    pace.answered(busy=True)
    pace.hold(10)
    with pytest.raises(JournalUnusable):
        pace.reserve(2)
    with pytest.raises(JournalUnusable):
        pace.held()


def test_slots_taken_ahead_are_not_used_after_a_hold(journal: SqlJournal, clock: HandClock) -> None:
    pace = journal.pace("acct", CallLimit(100, 1))
    for _ in range(20):
        pace.reserve()
    pace.hold(100)
    assert pace.reserve() > 90


# --- the server's arithmetic ------------------------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def on_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SqlJournal]:
    with (
        journals.empty_place("postgresql", tmp_path_factory.mktemp("server")) as empty,
        closing(open_journal(empty, default=Path("/nonexistent"), clock=HandClock())) as opened,
    ):
        yield opened


steps = st.lists(
    st.tuples(st.floats(0, 1.5), st.sampled_from([1, 1, 1, 2, 4]), st.sampled_from([inf, inf, 0.5])), min_size=1, max_size=30
)
factors = st.sampled_from([1.0, 0.5, 1 / 16])


@settings(max_examples=40, deadline=None)
@given(st.sampled_from([*LIMITS, None]), factors, st.floats(0, 5), steps)
def test_the_server_reckons_as_the_core_does(
    on_server: SqlJournal, limit: CallLimit | None, factor: float, held_s: float, steps: list[tuple[float, int, float]]
) -> None:
    now, database = 1_800_000_000.0, on_server._database
    state = PaceState(factor=factor, held_until=now + held_s, learned=None if limit else 3.0)
    SqlPace(database, HandClock(), "acct", limit).held()
    with database.apart() as connection:
        values = {name: getattr(state, name) for name in PaceState.__dataclass_fields__}
        connection.execute(update(account_pace).values(seen_at=0, **values))
    for share, calls, within_s in steps:
        now += share * (limit.per_s if limit else 1.0)
        after, wait_s = arithmetic.reserve(state, limit, now, calls, within_s)
        taken = take_on_server(database, "acct", limit, calls, within_s, now=now)
        assert (taken is None) == (wait_s > within_s)
        if taken is None:
            continue
        assert taken.wait_s == pytest.approx(wait_s, abs=1e-5)
        state = replace(after, since=state.since, made=state.made, made_before=state.made_before)
        with database.read() as connection:
            row = connection.execute(select(account_pace)).mappings().one()
        for name in ("full_at", "last_at", "burst", "factor"):
            assert row[name] == pytest.approx(getattr(state, name), abs=1e-5)
