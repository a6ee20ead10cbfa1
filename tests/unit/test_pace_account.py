"""An account's pace: no window of the provider ever holds too many calls, nobody waits without need, a refusal slows all."""

from __future__ import annotations

import threading
from bisect import bisect_right
from dataclasses import dataclass, field
from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registrar_sync.core import pace_account as pace
from registrar_sync.core.pace_account import CallLimit, PaceState
from registrar_sync.providers.pace import AccountPace
from tests.unit.loopback import FakeClock

LIMITS = [CallLimit(1, 1), CallLimit(5, 1), CallLimit(10, 1), CallLimit(100, 1), CallLimit(15, 60), CallLimit(60, 60)]
LIMITS += [CallLimit(250, 60), CallLimit(150, 300), CallLimit(1200, 300), CallLimit(3600, 3600)]
limits = st.one_of(st.sampled_from(LIMITS), st.builds(CallLimit, st.integers(1, 400), st.floats(0.1, 600)))


@dataclass
class Account:
    """Takes slots one after the other; ``slots``: when its calls may go out."""

    limit: CallLimit | None
    now: float = 1000.0
    state: PaceState = field(default_factory=PaceState)
    slots: list[float] = field(default_factory=list)

    def take(self, calls: int = 1, within_s: float = inf) -> float:
        self.state, wait_s = pace.reserve(self.state, self.limit, self.now, calls, within_s)
        if wait_s <= within_s:
            most = self.limit.calls if self.limit else calls
            self.slots += [self.now + wait_s] * min(calls, most)
        return wait_s


def worst_window(times: list[float], per_s: float) -> int:
    """The most calls in any window, both of its ends included."""
    times = sorted(times)
    return max((bisect_right(times, at + per_s) - index for index, at in enumerate(times)), default=0)


@st.composite
def visits(draw: st.DrawFn) -> list[tuple[float, int]]:
    """(share of the window that passes before, calls in one piece)."""
    gaps = st.one_of(st.just(0.0), st.floats(0, 0.1), st.floats(0, 1.2), st.floats(0, 3))
    visit = st.tuples(gaps, st.sampled_from([1, 1, 1, 2, 5]))
    return [one for visit, times in draw(st.lists(st.tuples(visit, st.integers(1, 120)), max_size=25)) for one in [visit] * times]


def late_by(limit: CallLimit) -> float:
    """What is let pass: 2 s, or a tenth of a window in which nothing goes out ahead; less a hair, as the ends count as inside."""
    return 0.999 * min(pace.LATE_S, limit.per_s / 10)


@given(limits, visits())
def test_no_window_ever_holds_more_than_the_provider_lets_pass(limit: CallLimit, visits: list[tuple[float, int]]) -> None:
    """Nor does it when calls come late: those of a longer window are then in one."""
    account = Account(limit)
    for share, calls in visits:
        account.now += share * limit.per_s
        account.take(calls)
    assert worst_window(account.slots, limit.per_s + late_by(limit)) <= limit.calls


@pytest.mark.parametrize("limit", LIMITS, ids=str)
@pytest.mark.parametrize("pause", [0.3, 0.6, 0.97, 1.0, 1.5])
def test_nor_after_a_pause(limit: CallLimit, pause: float) -> None:
    account = Account(limit)
    for _ in range(3 * limit.calls):
        account.now += account.take()
    account.now += pause * limit.per_s
    for _ in range(3 * limit.calls):
        account.now += account.take()
    assert worst_window(account.slots, limit.per_s + late_by(limit)) <= limit.calls


@pytest.mark.parametrize("limit", LIMITS, ids=str)
def test_a_busy_account_uses_more_than_85_of_100(limit: CallLimit) -> None:
    account = Account(limit)
    windows = 20
    while account.slots[-1:] < [account.now + windows * limit.per_s]:
        account.take()
    assert len(account.slots) - 1 >= 0.85 * limit.calls * windows


@pytest.mark.parametrize(
    ("limit", "at_once"), [(CallLimit(60, 60), 27), (CallLimit(3, 3600), 3), (CallLimit(15, 60), 15), (CallLimit(1200, 300), 113)]
)
def test_a_small_run_is_not_slowed_down(limit: CallLimit, at_once: int) -> None:
    account = Account(limit)
    assert [account.take() for _ in range(at_once)] == [0.0] * at_once
    assert 0 < account.take() <= max(pace.QUIET_S, at_once * limit.spacing_s) + limit.spacing_s
    account.now += 2 * limit.per_s + pace.LATE_S  # and it rests
    assert account.take() == 0.0


@pytest.mark.parametrize("limit", [CallLimit(5, 1), CallLimit(10, 1), CallLimit(100, 1)], ids=str)
def test_a_beginning_may_come_late_by_half_a_window(limit: CallLimit) -> None:
    account = Account(limit)
    for _ in range(3 * limit.calls):
        account.take()
    beginning, stream = account.slots[: limit.first], account.slots[limit.first :]
    assert set(beginning) == {account.now}
    assert worst_window([*(slot + limit.per_s / 2 for slot in beginning), *stream], limit.per_s) <= limit.calls


def test_a_slot_that_would_come_too_late_is_not_taken() -> None:
    account = Account(CallLimit(10, 1))
    while account.take() == 0.0:
        pass
    before = account.state
    assert account.take(within_s=0.01) > 0.01
    assert account.state is before


def test_pieces_go_out_together_and_cost_what_they_hold() -> None:
    account = Account(CallLimit(60, 60))
    while account.take() == 0.0:
        pass
    single = account.take()
    piece = account.take(4)
    assert piece == pytest.approx(single + 4 * account.limit.spacing_s if account.limit else 0)
    assert account.take() > piece - pace.LATE_S


# --- slower, and back -----------------------------------------------------------------------------------------------------
def busy(limit: CallLimit | None, calls: int = 40, every_s: float = 0.1) -> Account:
    account = Account(limit)
    for _ in range(calls):
        account.take()
        account.now += every_s
    return account


def rate_of(account: Account, calls: int = 50) -> float:
    """Calls a second that it lets go when asked without pause."""
    first = account.now + account.take()
    for _ in range(calls):
        last = account.now + account.take()
    return calls / (last - first) if last > first else inf


def test_a_refusal_halves_the_rate_and_those_of_the_same_moment_do_not_halve_it_again() -> None:
    limit = CallLimit(10, 1)
    account = busy(limit)
    for _ in range(6):
        account.state = pace.slower(account.state, limit, account.now)
    assert rate_of(account) == pytest.approx(4.5)


def test_it_never_gets_slower_than_a_sixteenth_and_comes_back_to_the_full_rate() -> None:
    limit = CallLimit(10, 1)
    account = busy(limit)
    for _ in range(10):
        account.now += pace.SAME_S
        account.state = pace.slower(account.state, limit, account.now)
    assert account.state.factor == pace.SLOWEST
    steps = 0
    while pace.is_slow(account.state):
        account.state, steps = pace.better(account.state, limit), steps + 1
    assert steps == 15
    for _ in range(limit.first):
        account.take()  # it may begin at full speed, and then waits for the schedule
    assert rate_of(account) == pytest.approx(9)


def test_where_no_rate_is_known_a_refusal_teaches_one() -> None:
    account = busy(None, calls=100, every_s=0.05)
    assert account.take() == 0.0
    account.state = pace.slower(account.state, None, account.now)
    assert rate_of(account) == pytest.approx(20 / 2, rel=0.05)


def test_one_refusal_among_a_few_calls_teaches_nothing() -> None:
    account = busy(None, calls=pace.FEWEST - 1)
    account.state = pace.slower(account.state, None, account.now)
    assert rate_of(account) == inf


def test_a_learned_rate_grows_and_is_forgotten_in_the_end() -> None:
    account = busy(None, calls=100, every_s=0.05)
    account.state = pace.slower(account.state, None, account.now)
    rates = []
    while pace.is_slow(account.state):
        rates.append(account.state.factor)
        account.state = pace.better(account.state, None)
    assert rates == sorted(rates)
    assert rates[-1] > 15
    assert rate_of(account) == inf


@given(limits, st.floats(0.1, 4000), st.integers(1, 20))
def test_retry_after_holds_everybody_and_then_they_go_one_by_one(limit: CallLimit, seconds: float, calls: int) -> None:
    account = Account(limit)
    for _ in range(calls):
        account.take()
    account.state = pace.held(account.state, limit, account.now, seconds)
    began = len(account.slots)
    waits = [account.take() for _ in range(5)]
    assert waits[0] >= seconds * 0.999
    gaps = [later - sooner for sooner, later in zip(account.slots[began:], account.slots[began + 1 :], strict=False)]
    assert min(gaps) == pytest.approx(limit.spacing_s, rel=1e-3)
    assert worst_window(account.slots, limit.per_s) <= limit.calls


def test_a_clock_that_was_set_back_moves_all_times() -> None:
    limit = CallLimit(10, 1)
    account = busy(limit)
    wait_s = pace.reserve(account.state, limit, account.now)[1]
    moved = pace.set_back(account.state, 3600)
    assert pace.reserve(moved, limit, account.now - 3600)[1] == pytest.approx(wait_s)


# --- in memory ------------------------------------------------------------------------------------------------------------
def test_threads_share_one_pace() -> None:
    clock = FakeClock()
    account = AccountPace(CallLimit(10, 1), clock.monotonic)
    waits: list[float] = []

    def work() -> None:
        waits.extend(account.reserve() for _ in range(250))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(waits) == 1000
    assert worst_window(waits, 1.0) <= 10


def test_good_answers_in_a_row_bring_the_rate_back_step_by_step() -> None:
    clock = FakeClock()
    account = AccountPace(CallLimit(10, 1), clock.monotonic)
    account.answered(busy=True)
    account.reserve()
    slow = account.reserve()
    for _ in range(8 * pace.GOOD_ANSWERS):
        account.answered(busy=False)
    clock.seconds += 100
    while account.reserve() == 0:
        pass
    first = account.reserve()
    assert account.reserve() - first == pytest.approx(slow / 2)


def test_a_hold_is_known_to_those_who_wait_for_their_slot() -> None:
    clock = FakeClock()
    account = AccountPace(None, clock.monotonic)
    assert (account.reserve(), account.held()) == (0.0, 0.0)
    account.hold(30)
    account.hold(10)
    assert account.held() == 30
    assert account.reserve() == 30
    clock.seconds += 30
    assert (account.reserve(), account.held()) == (0.0, 0.0)
