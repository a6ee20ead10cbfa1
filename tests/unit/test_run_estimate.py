"""How long a run takes: what is said before, held against the pace that is then kept."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registrar_sync.core.duration import in_words
from registrar_sync.core.pace_account import CallLimit
from registrar_sync.core.run import Count, Outcome, RowState
from registrar_sync.core.run_estimate import Load, calls_of, estimate, eta
from tests.unit.test_pace_account import LIMITS, Account

GANDI = Load(account="gandi", rows=1200, calls=5, limit=CallLimit(300, 60), lanes=4)


def counted(account: str, state: RowState, rows: int, outcome: Outcome | None = None) -> Count:
    return Count(account=account, wave=0, state=state, outcome=outcome, rows=rows)


@pytest.mark.parametrize("limit", LIMITS, ids=str)
@pytest.mark.parametrize("rows", [1, 7, 300])
def test_the_limit_says_how_long_it_takes(limit: CallLimit, rows: int) -> None:
    account = Account(limit)
    for _ in range(rows * 5):
        account.take()
    said = estimate([Load(account="a", rows=rows, calls=5, limit=limit, lanes=256, latency_s=0.0)]).seconds
    assert said == pytest.approx(max(account.slots[-1] - account.now, 0.006 * rows), abs=1e-6)


@given(st.integers(1, 100), st.integers(1, 16), st.floats(1, 20), st.floats(0.01, 5))
def test_where_no_limit_is_known_the_answers_say(rows: int, lanes: int, calls: float, latency_s: float) -> None:
    load = Load(account="a", rows=rows, calls=calls, lanes=lanes, latency_s=latency_s)
    assert rows / lanes * calls * latency_s <= estimate([load]).seconds + 1e-9
    assert estimate([load]).seconds <= max((rows / lanes + 1) * calls * latency_s, 0.006 * rows) + 1e-9


def test_the_slowest_account_decides_and_is_named_first() -> None:
    quick = Load(account="powerdns", rows=50, calls=3, lanes=8, latency_s=0.05)
    both = estimate([quick, GANDI, Load(account="ovh", rows=0, calls=10)])
    assert [one.load.account for one in both.accounts] == ["gandi", "powerdns"]
    assert both.seconds == estimate([GANDI]).seconds
    assert str(both) == "about 22 min: gandi 1,200 domains at 300 calls a minute, powerdns 50 domains, 8 at a time"


def test_of_many_accounts_the_slowest_are_named() -> None:
    loads = [Load(account=f"a{number}", rows=number, calls=4) for number in range(1, 6)]
    assert str(estimate(loads)).endswith(
        "a5 5 domains, 1 at a time, a4 4 domains, 1 at a time, a3 3 domains, 1 at a time, and 2 quicker accounts"
    )
    assert str(estimate(loads[:4])).endswith("and a quicker account")


@pytest.mark.parametrize(
    ("limit", "said"),
    [
        (CallLimit(5, 1), "5 calls a second"),
        (CallLimit(1200, 300), "240 calls a minute"),
        (CallLimit(60, 3600), "60 calls an hour"),
    ],
)
def test_a_rate_is_told_in_a_unit_that_one_can_read(limit: CallLimit, said: str) -> None:
    assert said in str(estimate([Load(account="a", rows=10000, calls=5, limit=limit, lanes=99)]))


def test_a_run_of_nothing_takes_no_time() -> None:
    assert estimate([]).seconds == 0


def test_calls_a_domain_are_those_declared_else_those_of_the_shape() -> None:
    assert (calls_of("rrset", 3), calls_of("rrset"), calls_of(None)) == (3, 5, 8)


# --- while it goes on -----------------------------------------------------------------------------------------------------
def test_the_rest_takes_as_long_as_what_was_seen_says() -> None:
    load = Load(account="a", rows=1000, calls=4, lanes=4)
    counts = [counted("a", "todo", 500), counted("a", "begun", 4), counted("a", "done", 496, "authoritative")]
    assert eta(counts, [load], {"a": 2.0}) == {"a": 252.0}


def test_a_beginning_at_full_speed_promises_nothing() -> None:
    counts = [counted("gandi", "todo", 1150), counted("gandi", "written", 50)]
    assert eta(counts, [GANDI], {"gandi": 100.0})["gandi"] == pytest.approx(1150 * 5 / 4.5)


@pytest.mark.parametrize("seen", [{}, {"gandi": 50.0}])
def test_before_enough_was_seen_the_limits_say(seen: dict[str, float]) -> None:
    counts = [counted("gandi", "todo", 1199), counted("gandi", "done", 1, "failed")]
    assert eta(counts, [GANDI], seen)["gandi"] == pytest.approx(estimate([GANDI]).seconds, rel=0.01)


def test_an_account_whose_rows_are_all_written_has_nothing_left() -> None:
    assert eta([counted("gandi", "written", 1200)], [GANDI], {"gandi": 1.0}) == {"gandi": 0.0}


@given(st.floats(0, 1e7))
def test_a_span_in_words_is_right_to_its_second_place(seconds: float) -> None:
    units = {"d": 86400, "h": 3600, "min": 60, "s": 1}
    words = in_words(seconds).split()
    said = sum(int(number) * units[unit] for number, unit in zip(words[::2], words[1::2], strict=True))
    assert 0 <= max(1, round(seconds)) - said < units[words[-1]]
