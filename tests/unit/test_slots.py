"""What a call does with its account's pace: it waits for its slot and no longer, and tells what it was told."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from registrar_sync.core.pace_account import CallLimit
from registrar_sync.errors import ProviderUnavailable, RegistrarSyncError, WriteMustReread
from registrar_sync.providers.catalog_model import HttpRules
from registrar_sync.providers.pace import AccountPace
from registrar_sync.providers.policy import READ, Policy
from registrar_sync.providers.redaction import Redactor
from registrar_sync.providers.slots import Held, Slots, TooLate
from registrar_sync.providers.transport import Transport
from tests.unit.loopback import FakeClock, Reply, web

LIMIT = CallLimit(6, 60)


class StartledClock(FakeClock):
    """Something happens the first time that somebody sleeps."""

    def __init__(self, happens: Callable[[StartledClock], None]) -> None:
        super().__init__()
        self._happens: Callable[[StartledClock], None] | None = happens

    def sleep(self, seconds: float) -> None:
        super().sleep(seconds)
        happens, self._happens = self._happens, None
        if happens is not None:
            happens(self)


def used_up(clock: FakeClock) -> AccountPace:
    pace = AccountPace(LIMIT, clock.monotonic)
    while pace.reserve() <= 0:
        pass
    return pace


def frozen(clock: StartledClock) -> None:
    clock.seconds += 60


@pytest.mark.parametrize(("happens", "slots"), [(frozen, 2), (lambda clock: None, 1)])
def test_who_was_stopped_behind_its_slot_takes_a_new_one(happens: Callable[[StartledClock], None], slots: int) -> None:
    clock = StartledClock(happens)
    pace, taken = used_up(clock), 0
    reserve = pace.reserve

    def counted(calls: int = 1, *, within_s: float = float("inf")) -> float:
        nonlocal taken
        taken += 1
        return reserve(calls, within_s=within_s)

    pace.reserve = counted  # type: ignore[method-assign]
    Slots(pace, clock, longest_hold_s=15).wait(READ)
    assert taken == slots


def test_what_another_was_told_meanwhile_is_kept_to() -> None:
    clock = StartledClock(lambda clock: pace.hold(20))
    pace = used_up(clock)
    Slots(pace, clock, longest_hold_s=30).wait(READ)
    assert len(clock.slept) == 2
    assert clock.slept[1] >= 20


def test_a_long_hold_is_not_waited_for() -> None:
    clock = FakeClock()
    pace = AccountPace(None, clock.monotonic)
    pace.hold(3600)
    with pytest.raises(Held) as held:
        Slots(pace, clock, longest_hold_s=15).wait(READ)
    assert (held.value.wait_s, clock.slept) == (3600, [])


def test_a_write_behind_a_hold_says_how_long_it_is() -> None:
    clock = FakeClock()
    pace = AccountPace(LIMIT, clock.monotonic)
    pace.hold(30)
    with pytest.raises(TooLate) as late:
        Slots(pace, clock, longest_hold_s=15).wait(Policy(kind="replace", read_at=clock.monotonic()))
    assert late.value.held_s == 30


def test_a_slow_rate_is_waited_for_however_long() -> None:
    clock = FakeClock()
    pace = used_up(clock)
    for _ in range(20):
        pace.reserve()
    Slots(pace, clock, longest_hold_s=15).wait(READ)
    assert sum(clock.slept) > 200


# --- what an answer says of the account ---------------------------------------------------------------------------------------
def told_by(reply: Reply, rules: HttpRules | None = None, codes: frozenset[str] = frozenset()) -> tuple[bool, float]:
    """Whether the account slows down after this answer to a read, and for how long it is held."""
    clock = FakeClock()
    pace = AccountPace(CallLimit(100, 1), clock.monotonic)
    with web(reply) as server:
        transport = Transport(
            label="t", clock=clock, redact=Redactor([]), pace=pace, rules=rules or HttpRules(), busy_codes=codes
        )
        transport.confine(server.url)
        with pytest.raises(RegistrarSyncError):
            transport.request("GET", f"{server.url}/")
        transport.close()
    return pace._state.factor < 1, pace.held()


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        (Reply(429), (True, 0)),
        (Reply(429, b"", {"Retry-After": "60"}), (True, 60)),
        (Reply(503, b"", {"Retry-After": "60"}), (False, 60)),
        (Reply(500, b"", {"Retry-After": "60"}), (False, 0)),
        (Reply(404), (False, 0)),
    ],
    ids=["too-many", "and-when-to-come-back", "unavailable-until", "broken", "refused"],
)
def test_an_answer_speaks_of_the_whole_account(reply: Reply, said: tuple[bool, float]) -> None:
    assert told_by(reply) == said


def test_a_zone_that_is_busy_slows_nobody_else_down() -> None:
    assert told_by(Reply(409, b'{"retryAfterSec": 60}'), HttpRules(busy_statuses=[409], retry_after="retryAfterSec")) == (
        False,
        0,
    )
    assert told_by(Reply(423, b'{"error": {"code": "locked"}}'), codes=frozenset({"locked"})) == (False, 0)


def test_a_code_that_means_too_many_does() -> None:
    assert told_by(Reply(400, b'{"code": "Throttling"}'), codes=frozenset({"Throttling"})) == (True, 0)


def test_the_next_call_knows_what_the_one_before_was_told() -> None:
    clock = FakeClock()
    pace = AccountPace(None, clock.monotonic)
    with web(Reply(429, b"", {"Retry-After": "60"}), Reply()) as server:
        one, other = (Transport(label="t", clock=clock, redact=Redactor([]), pace=pace) for _ in range(2))
        for transport in (one, other):
            transport.confine(server.url)
            with pytest.raises(ProviderUnavailable) as raised:
                transport.request("GET", f"{server.url}/")
            assert raised.value.hint == "Try again in 60 s."
            transport.close()
        assert len(server.seen) == 1


def test_a_write_that_has_no_slot_in_time_was_not_sent() -> None:
    clock = FakeClock()
    with web() as server:
        transport = Transport(label="t", clock=clock, redact=Redactor([]), pace=used_up(clock))
        transport.confine(server.url)
        with transport.carrying(Policy(kind="replace", read_at=clock.monotonic())), pytest.raises(WriteMustReread):
            transport.request("PUT", f"{server.url}/")
        transport.close()
        assert server.seen == []
