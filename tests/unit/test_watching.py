"""What is due when, in which order, and what an answer makes of a change that waits."""

from __future__ import annotations

import math
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registrar_sync.core.evidence import Images
from registrar_sync.core.model import Mx, Record, RRset, Txt
from registrar_sync.core.observation import Answer, Observation, Server
from registrar_sync.core.pace import next_wait
from registrar_sync.core.schedule import Schedule
from registrar_sync.core.visibility import Gate
from registrar_sync.core.watching import WaitingChange, slim_target
from tests.unit.watched import before_and_after, sides_of

AT = datetime(2026, 11, 23, tzinfo=UTC)
NS1 = Server(name="ns1.example.net.", address="192.0.2.53")
NS2 = Server(name="ns2.example.net.", address="192.0.2.54")
OLD, NEW = sides_of("a.test.")


# --- the schedule -------------------------------------------------------------------------------------------------------
@given(st.lists(st.tuples(st.integers(0, 30), st.floats(0.0, 100.0)), max_size=60))
def test_everything_is_given_once_in_the_order_in_which_it_is_due(puts: list[tuple[int, float]]) -> None:
    schedule = Schedule(most_taken=1000, most_a_second=math.inf)
    last = {}
    for key, pause_s in puts:
        last[key] = schedule.put(key, 0.0, pause_s)
    assert len(schedule) == len(last)
    taken = []
    while (wakes_at := schedule.wakes_at()) is not None:
        for key in schedule.take(wakes_at):
            assert last[key] <= wakes_at
            taken.append(key)
            schedule.drop(key)
    assert sorted(taken) == sorted(last)
    assert [last[key] for key in taken] == sorted(last.values())


@given(
    st.lists(st.tuples(st.integers(0, 5), st.integers(0, 3)), min_size=1, max_size=80),
    st.integers(4, 12),
    st.randoms(use_true_random=False),
)
def test_bounds_hold_and_nobody_is_forgotten(keys: list[tuple[int, int]], most_taken: int, random: object) -> None:
    """Whatever ends first, and whatever is dropped meanwhile: lanes and the whole stay within bounds, and all have their turn."""
    schedule = Schedule(most_taken=most_taken, most_a_second=math.inf)
    lanes = {}
    for key, (due, lane) in enumerate(keys):
        schedule.put(key, 0.0, float(due), lane=lane)
        lanes[key] = lane
    seen: set[int] = set()
    under_way: list[int] = []
    while len(schedule):
        wakes_at = schedule.wakes_at()
        under_way += schedule.take(10.0 if wakes_at is None else max(wakes_at, 10.0))
        assert under_way, "nothing is looked at although something waits"
        assert len(under_way) == schedule.taken <= most_taken
        for lane in range(4):
            assert sum(lanes[key] == lane for key in under_way) <= most_taken // 4
        done = under_way.pop(random.randrange(len(under_way)))  # type: ignore[attr-defined]
        seen.add(done)
        schedule.drop(done)
        waiting = sorted(set(lanes) - seen - set(under_way))
        if waiting and random.random() < 0.1:  # type: ignore[attr-defined]
            gone = random.choice(waiting)  # type: ignore[attr-defined]
            seen.add(gone)
            schedule.drop(gone)
    assert seen == set(lanes)


def test_what_waits_for_a_full_lane_lets_others_pass_and_comes_first_then() -> None:
    schedule = Schedule(most_taken=8)
    for key in range(4):
        schedule.put(key, 0.0, 0.0, lane=1)
    schedule.put(9, 0.0, 1.0, lane=2)
    assert schedule.take(0.0) == [0, 1]
    assert schedule.take(1.0) == [9]
    schedule.put(0, 1.0, 0.0, lane=1)
    assert schedule.take(1.0) == [2]
    schedule.drop(1)
    assert schedule.take(1.0) == [3]


@given(st.integers(1, 400), st.floats(0.2, 30.0), st.floats(1.0, 50.0))
def test_a_crowd_is_looked_at_no_faster_than_is_allowed(keys: int, pause_s: float, most_a_second: float) -> None:
    schedule = Schedule(most_taken=4000, most_a_second=most_a_second)
    for key in range(keys):
        schedule.put(key, 0.0, 0.0)
    now, looks, gaps = 0.0, 0, []
    last = dict.fromkeys(range(keys), 0.0)
    while now < 200.0 and looks < 3000:
        now = max(now, schedule.wakes_at() or 0.0)
        for key in schedule.take(now):
            looks += 1
            gaps.append(now - last[key])
            last[key] = now
            schedule.put(key, now, pause_s)
    # a first look of each, at once; then never more than allowed, and never less often than the pause or the bound demands
    assert looks <= 2 * keys + most_a_second * now + 1
    assert max(gaps) <= max(pause_s, keys / most_a_second) * 1.01 + 0.001


@given(st.lists(st.floats(0.2, 60.0), min_size=1, max_size=50))
def test_while_there_is_time_for_all_no_pause_is_stretched(pauses: list[float]) -> None:
    schedule = Schedule(most_a_second=250.0)
    for key, pause_s in enumerate(pauses):
        assert schedule.put(key, 100.0, pause_s) == 100.0 + pause_s


def test_a_deadline_is_kept_in_any_crowd() -> None:
    schedule = Schedule(most_a_second=1.0)
    for key in range(100):
        schedule.put(key, 0.0, 1.0)
    assert schedule.put(200, 0.0, 1.0) > 50.0
    assert schedule.put(201, 0.0, 1.0, latest=7.0) == 7.0


# --- one change ---------------------------------------------------------------------------------------------------------
def waiting(**more: object) -> WaitingChange:
    given_values = {"change_id": 1, "domain": "a.test.", "zone": "a.test.", "gate": None, "budget_s": 600.0}
    times = {"started": 0.0, "deadline": 600.0, "due": 0.0, "servers": (NS1, NS2)}
    target = slim_target(before_and_after("a.test."))
    return WaitingChange(**given_values | times | {"target": target} | more)  # type: ignore[arg-type]


def answers(server: Server, values: object, *, serial: int | None = None, ttl: int = 300) -> Observation:
    told = {rtype: Answer(status="data", values=found, ttl=ttl) for rtype, found in values.items()}  # type: ignore[attr-defined]
    return Observation(server=server, answers=told, serial=serial)


def silence(server: Server) -> Observation:
    return Observation(server=server, answers={t: Answer(status="unreachable", detail="timed out") for t in ("TXT", "MX")})


def test_all_new_twice_is_authoritative() -> None:
    change = waiting()
    both = [answers(NS1, NEW), answers(NS2, NEW)]
    assert change.judge(both, at=AT, now=1.0)[0] == "to-be-confirmed"
    assert change.judge(both, at=AT, now=1.0)[0] == "authoritative"


def test_new_then_old_begins_anew() -> None:
    change = waiting()
    both, mixed = [answers(NS1, NEW), answers(NS2, NEW)], [answers(NS1, NEW), answers(NS2, OLD)]
    assert [change.judge(seen, at=AT, now=1.0)[0] for seen in (both, mixed, both)] == [
        "to-be-confirmed",
        "waiting",
        "to-be-confirmed",
    ]


def test_the_deadline_makes_it_overdue() -> None:
    change = waiting()
    seen = [answers(NS1, NEW), answers(NS2, OLD)]
    assert change.judge(seen, at=AT, now=599.9)[0] == "waiting"
    assert change.judge(seen, at=AT, now=600.0)[0] == "overdue"


def test_a_glance_goes_to_a_server_that_is_late() -> None:
    change = waiting()
    change.judge([answers(NS1, NEW), answers(NS2, OLD)], at=AT, now=1.0)
    glance = change.glance
    assert glance is not None
    assert (glance.server, glance.rtype, glance.stale) == (NS2, "TXT", OLD["TXT"])
    assert glance.expected == {"TXT": OLD["TXT"]}
    assert not change.has_moved(glance, answers(NS2, OLD))
    assert change.has_moved(glance, answers(NS2, NEW))
    assert not change.has_moved(glance, silence(NS2))
    assert change.lane == -1


def test_nothing_can_be_told_by_a_glance_at_silence_a_gate_or_a_ttl() -> None:
    change = waiting()
    change.judge([silence(NS1), silence(NS2)], at=AT, now=1.0)
    assert (change.glance, change.lane) == (None, -1)

    gated = waiting(gate=Gate(serials={str(NS1): 7, str(NS2): 7}, until=None))
    assert gated.judge([answers(NS1, NEW, serial=7), answers(NS2, NEW, serial=7)], at=AT, now=1.0)[0] == "waiting"
    assert gated.glance is None
    assert gated.judge([answers(NS1, NEW, serial=8), answers(NS2, NEW, serial=8)], at=AT, now=1.0)[0] == "to-be-confirmed"

    lowered = Images(before=before_and_after("a.test.", ttl=3600).after, after=before_and_after("a.test.", ttl=300).after)
    prepared = waiting(target=slim_target(lowered))
    assert prepared.judge([answers(NS1, NEW, ttl=3600), answers(NS2, NEW, ttl=300)], at=AT, now=1.0)[0] == "waiting"
    assert prepared.glance is None


def test_a_glance_where_nothing_is_served_hopes_for_nothing() -> None:
    change = waiting()
    absent = Observation(server=NS1, answers={t: Answer(status="absent") for t in ("TXT", "MX")})
    change.judge([absent, answers(NS2, NEW)], at=AT, now=1.0)
    assert change.glance is not None
    assert (change.glance.stale, change.glance.expected) == (frozenset(), None)
    assert not change.has_moved(change.glance, absent)


@pytest.mark.parametrize("now", [0.5, 10.0, 200.0, 590.0])
def test_the_pause_is_that_of_a_single_wait(now: float) -> None:
    assert waiting().pause_s(now) == next_wait(now, 600.0 - now, budget_s=600.0)


def test_a_server_that_turns_makes_the_pauses_short_again() -> None:
    change = waiting()
    change.judge([answers(NS1, NEW), answers(NS2, OLD)], at=AT, now=300.0)
    assert change.pause_s(300.5) == next_wait(300.5, 299.5, budget_s=600.0, stirred_s=0.5)
    assert change.pause_s(300.5) < 0.3


def test_what_is_kept_holds_neither_native_nor_disabled_rows_and_shares_equal_records() -> None:
    off = Record(rdata=Mx(9, "off.test."), ttl=300, disabled=True)
    on = [Record(rdata=Mx(3, "france.security-mail.net."), ttl=300, native={"id": n}) for n in (1, 2)]
    txt = RRset(owner="a.test.", rtype="TXT", records=(Record(rdata=Txt((b"x",)), ttl=300, disabled=True),))
    images = [
        Images(before={"MX": None, "TXT": txt}, after={"MX": RRset(owner=f"{n}.test.", rtype="MX", records=(row, off))})
        for n, row in enumerate(on)
    ]
    one, other = (slim_target(image) for image in images)
    assert one.before == {"MX": None, "TXT": None}
    first, second = one.after["MX"], other.after["MX"]
    assert first is not None
    assert second is not None
    assert [record.rdata for record in first.records] == [Mx(3, "france.security-mail.net.")]
    assert first.records[0].native is None
    assert first.records[0] is second.records[0]
