"""How long to wait before asking again: held against made-up truths, as an operator's stop-watch would."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from registrar_sync.core.pace import next_wait

BUDGETS = st.floats(0, 1e4)


def seen_at(truth_s: float, *, budget_s: float, stirred_at: float | None = None, asking_s: float = 0.0) -> float:
    """When a wait that began at 0 sees what is true from ``truth_s`` on; a round of questions takes ``asking_s``."""
    at = 0.0
    while True:
        if at >= truth_s:
            return at + asking_s
        at += asking_s
        stirred_s = None if stirred_at is None or at < stirred_at else at - stirred_at
        at += next_wait(at, 1e9, budget_s=budget_s, stirred_s=stirred_s)


@given(st.floats(0, 5000), BUDGETS)
def test_what_is_true_is_seen_within_0_3_seconds_or_2_percent_of_the_wait(truth_s: float, budget_s: float) -> None:
    assert seen_at(truth_s, budget_s=budget_s) - truth_s <= max(0.3, 0.02 * truth_s)


@given(st.floats(0, 5000), BUDGETS)
def test_so_it_is_where_the_questions_themselves_take_a_moment(truth_s: float, budget_s: float) -> None:
    assert seen_at(truth_s, budget_s=budget_s, asking_s=0.02) - truth_s <= max(0.3, 0.02 * truth_s)


@given(st.floats(0, 5000), st.floats(0, 10))
def test_once_something_stirs_the_rest_is_seen_as_quickly_as_at_first(stirred_at: float, later_s: float) -> None:
    first_look = seen_at(stirred_at, budget_s=900)
    truth = first_look + later_s
    assert seen_at(truth, budget_s=900, stirred_at=first_look) - truth <= 0.3


@given(st.floats(0, 1e5), st.floats(0, 1e5))
def test_a_time_that_is_known_is_slept_to_exactly(due_s: float, remaining_s: float) -> None:
    assert next_wait(0.0, remaining_s, budget_s=60, due_s=due_s) == min(due_s, remaining_s)


def test_a_time_that_is_over_is_not_waited_for() -> None:
    assert next_wait(0.0, 60, budget_s=60, due_s=-3.0) == 0.0


@given(st.floats(0, 1e6), st.floats(-10, 1e6), BUDGETS)
def test_no_wait_is_negative_or_passes_the_end(elapsed_s: float, remaining_s: float, budget_s: float) -> None:
    wait = next_wait(elapsed_s, remaining_s, budget_s=budget_s)
    assert 0 <= wait <= max(0, remaining_s)
    assert wait > 0 or remaining_s <= 0


def test_a_wait_of_twenty_minutes_asks_a_few_hundred_times() -> None:
    at, questions = 0.0, 0
    while at < 1200:
        at += next_wait(at, 1200 - at, budget_s=1200)
        questions += 1
    assert questions < 400


def test_who_watches_many_asks_no_quicker_than_it_can() -> None:
    assert next_wait(0.0, 60, budget_s=60, quickest_s=8.0) == 8.0
    assert next_wait(0.0, 3, budget_s=60, quickest_s=8.0) == 3
