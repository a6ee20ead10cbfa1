"""What holds for every MX set and every option: order is judged, nothing of the customer's is lost, all can be taken back."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from registrar_sync.core.enrol_mx import mx_values
from registrar_sync.core.guard import KINDS, held_back
from registrar_sync.core.model import Mx, Record, RRset, ZoneView, same_values
from registrar_sync.core.mx import is_enrolled_order, place_below
from registrar_sync.core.mx_room import Renumber, make_room
from registrar_sync.core.plan import Plan, Wish
from registrar_sync.core.undo import plan_rollback
from registrar_sync.core.wish import Edits
from tests.unit.worlds import plan_enrolment
from tests.unit.zones import EUROPE, FILTER, FRANCE, SEED, VENDOR, ZONE, address, applied, rows, service, view, with_sets

OURS = {FRANCE, EUROPE}
BORDERS = st.sampled_from([0, 0, 1, 2, 3, 65533, 65534, 65535])
PREFERENCES = st.one_of(BORDERS, st.integers(0, 12), st.integers(0, 65535))
EXCHANGES = st.sampled_from(["a.example.", "b.example.", "c.example.", "mx1.ppe-hosted.com.", FRANCE, EUROPE, "."])
CUSTOMERS = st.frozensets(st.builds(Mx, PREFERENCES, st.sampled_from(["a.example.", "b.example.", "c.example."])), max_size=6)
HOW: st.SearchStrategy[Renumber] = st.sampled_from(["no", "shift", "compact"])


@st.composite
def mx_sets(draw: st.DrawFn) -> RRset | None:
    """Rows as sloppy providers hold them: a value twice, some disabled, TTLs of their own."""
    values = draw(st.lists(st.builds(Mx, PREFERENCES, EXCHANGES), max_size=5))
    again = draw(st.lists(st.sampled_from(values), max_size=2)) if values else []
    records = [
        Record(
            rdata=value,
            ttl=draw(st.sampled_from([60, 3600, 3600])),
            disabled=draw(st.sampled_from([False] * 4 + [True])),
            native={"id": n},
        )
        for n, value in enumerate([*values, *again])
    ]
    return RRset(owner=ZONE, rtype="MX", records=tuple(records)) if records else None


@st.composite
def mx_zones(draw: st.DrawFn) -> ZoneView:
    """A zone whose SPF needs nothing, so that MX alone is at stake."""
    zone = view(txt=[f"v=spf1 {FILTER} ~all"], others=draw(st.sampled_from([[], [address()]])))
    return with_sets(zone, {"MX": draw(mx_sets())})


WISHES = st.builds(
    Wish,
    service=st.sampled_from([SEED, VENDOR, service(equal_preferences=True)]),
    mx_mode=st.sampled_from(["below", "below", "replace"]),
    accept=st.sampled_from([frozenset(), frozenset(KINDS)]),
    edits=st.builds(Edits, dedupe=st.booleans(), keep_implicit=st.booleans(), renumber=HOW),
)


def theirs(values: frozenset[Mx]) -> list[Mx]:
    return sorted(value for value in values if value.exchange not in {*OURS, ".", ZONE})


def is_done(plan: Plan, wish: Wish) -> bool:
    return not held_back(plan.findings, wish.accept)


def ranks(values: list[Mx]) -> dict[str, list[int]]:
    """Of each exchange the places of its preferences among all: order and ties, and nothing else."""
    places = sorted({value.preference for value in values})
    return {e: sorted(places.index(v.preference) for v in values if v.exchange == e) for e in {v.exchange for v in values}}


@settings(max_examples=400, deadline=None)
@given(mx_zones(), WISHES)
def test_our_hosts_stand_strictly_before_theirs_whose_order_and_ties_stay_and_that_never_sink(zone: ZoneView, wish: Wish) -> None:
    plan = plan_enrolment(zone, wish)
    before, after = mx_values(plan.before["MX"]), mx_values(plan.after["MX"])
    if not is_done(plan, wish):
        assert same_values(plan.after["MX"], plan.before["MX"])
        return
    assert is_enrolled_order(after, wish.service)
    assert all(0 <= value.preference <= 65535 for value in after)
    if wish.mx_mode == "replace":
        assert theirs(after) == []
        return
    assert ranks(theirs(after)) == ranks(theirs(before))
    assert all(new.preference >= old.preference for old, new in zip(_by_exchange(before), _by_exchange(after), strict=True))


def _by_exchange(values: frozenset[Mx]) -> list[Mx]:
    return sorted(theirs(values), key=lambda value: (value.exchange, value.preference))


@settings(max_examples=400, deadline=None)
@given(mx_zones(), WISHES)
def test_the_set_never_becomes_empty_and_planning_again_finds_nothing(zone: ZoneView, wish: Wish) -> None:
    plan = plan_enrolment(zone, wish)
    assert bool(mx_values(plan.after["MX"])) >= bool(mx_values(plan.before["MX"]))
    again = plan_enrolment(applied(zone, plan.changes), wish)
    assert again.changes == ()
    assert is_done(again, wish) == is_done(plan, wish)


@settings(max_examples=500, deadline=None)
@given(mx_zones(), WISHES)
def test_a_rollback_is_the_start_save_duplicates_that_were_taken_out(zone: ZoneView, wish: Wish) -> None:
    plan = plan_enrolment(zone, wish)
    after = applied(zone, plan.changes)
    back = plan_rollback(after, plan.before, plan.after, wish.service)
    assert not back.drift
    assert not back.merged
    end = applied(after, back.changes)
    start_rows, end_rows = rows(zone.rrset("MX")), rows(end.rrset("MX"))
    assert {row[0] for row in end_rows} == {row[0] for row in start_rows}
    assert same_values(end.rrset("MX"), zone.rrset("MX"))
    assert all(row in start_rows for row in end_rows)
    assert end_rows == start_rows or wish.edits.dedupe


@settings(max_examples=300, deadline=None)
@given(mx_zones(), WISHES, PREFERENCES, st.integers(0, 5))
def test_a_rollback_after_an_edit_keeps_the_edit_and_never_empties_the_set(
    zone: ZoneView, wish: Wish, preference: int, place: int
) -> None:
    plan = plan_enrolment(zone, wish)
    after = applied(zone, plan.changes)
    standing = after.rrset("MX")
    customers = [row for row in standing.live if row.rdata in theirs(mx_values(standing))] if standing else []
    if not plan.changes or standing is None or not customers:
        return
    chosen = customers[place % len(customers)]
    assert isinstance(chosen.rdata, Mx)
    edited = Mx(preference, chosen.rdata.exchange)
    if edited in mx_values(standing) | mx_values(zone.rrset("MX")):
        return  # it may be ours, or the customer's own of before
    today = with_sets(
        after, {"MX": standing.with_records(replace(r, rdata=edited) if r is chosen else r for r in standing.records)}
    )
    back = plan_rollback(today, plan.before, plan.after, wish.service)
    end = applied(today, back.changes)
    assert not back.drift
    assert edited in mx_values(end.rrset("MX"))
    again = plan_rollback(end, plan.before, plan.after, wish.service)
    assert again.changes == () or not OURS.isdisjoint(value.exchange for value in mx_values(zone.rrset("MX")))


@settings(deadline=None)
@given(CUSTOMERS, st.integers(1, 4))
def test_compact_moves_nothing_that_need_not_and_nothing_further_than_it_must(values: frozenset[Mx], count: int) -> None:
    moves = make_room(values, count, "compact")
    if moves is None:
        return
    preferences = sorted({moves.get(value, value).preference for value in values})
    assert all(preference >= count for preference in preferences)
    for new in moves.values():
        # one lower would collide: with our hosts, or with the customer's host that stands there now
        assert new.preference == count or new.preference - 1 in preferences


@settings(deadline=None)
@given(CUSTOMERS, st.integers(1, 4))
def test_shift_keeps_the_distances_or_is_refused_at_the_upper_border(values: frozenset[Mx], count: int) -> None:
    moves = make_room(values, count, "shift")
    if moves is None:
        assert max(values).preference + count > 65535
    else:
        assert {(old, new.preference - old.preference) for old, new in moves.items()} == {(value, count) for value in values}


@settings(deadline=None)
@given(CUSTOMERS, HOW)
def test_where_there_is_room_renumbering_does_nothing(values: frozenset[Mx], how: Renumber) -> None:
    assume(not place_below(values, SEED).refusal)
    assert place_below(values, SEED, how) == place_below(values, SEED)


@pytest.mark.parametrize(("lowest", "highest"), list(product([0, 1, 2], [65532, 65533, 65534, 65535])))
def test_the_borders(lowest: int, highest: int) -> None:
    values = [Mx(lowest, "a.example."), Mx(highest, "b.example.")]
    shifted, compacted = place_below(values, SEED, "shift"), place_below(values, SEED, "compact")
    assert bool(shifted.refusal) == (lowest < 2 and highest + 2 > 65535)
    assert Mx(highest, "b.example.") in compacted.values  # never in the way
    assert not compacted.refusal
