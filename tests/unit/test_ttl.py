"""Lowered TTLs and the way back, on sets; and how a change of TTL alone is judged at the servers."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registrar_sync.core.model import Mx, Record, RRset, Txt, ZoneView, same_data, same_values
from registrar_sync.core.observation import Answer, Observation, Server
from registrar_sync.core.ttl import Lowering, lower_ttls, raise_all
from registrar_sync.core.visibility import Gate, Target, judge

OWNER = "example.com."
NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
NS = Server(name="ns1.example.net.", address="192.0.2.1")


def mx_set(*rows: tuple[int, str, int]) -> RRset:
    records = (Record(rdata=Mx(p, e), ttl=ttl, native={"id": e, "ttl": ttl}) for p, e, ttl in rows)
    return RRset(owner=OWNER, rtype="MX", records=tuple(records))


def txt_set(*rows: tuple[str, int]) -> RRset:
    return RRset(owner=OWNER, rtype="TXT", records=tuple(Record(rdata=Txt((t.encode(),)), ttl=ttl) for t, ttl in rows))


def view(*rrsets: RRset) -> ZoneView:
    return ZoneView(zone=OWNER, owner=OWNER, rrsets=rrsets)


def lowering(*rrsets: RRset, ttl: int = 300, **more: frozenset[Mx]) -> Lowering:
    before = {rtype: view(*rrsets).rrset(rtype) for rtype in ("TXT", "MX")}
    return Lowering(before=before, after=lower_ttls(view(*rrsets), ttl), added=more)


def ttls(rrset: RRset | None) -> list[int]:
    return [row.ttl for row in rrset.records] if rrset else []


TTLS = st.integers(0, 86400)
RECORDS = st.builds(
    Record,
    rdata=st.sampled_from([Mx(5, "a."), Mx(5, "b."), Mx(40, "c.")]),
    ttl=TTLS,
    disabled=st.sampled_from([False, False, True]),
)
SETS = st.lists(RECORDS, min_size=1, max_size=5).map(lambda rows: RRset(owner=OWNER, rtype="MX", records=tuple(rows)))


@given(SETS, TTLS)
def test_lowering_lowers_only_and_raising_is_the_way_back(before: RRset, ttl: int) -> None:
    done = lowering(before, ttl=ttl)
    after = done.after["MX"]
    assert after is not None
    assert same_values(after, before)
    assert all(
        new.ttl == (old.ttl if old.disabled else min(old.ttl, ttl))
        for old, new in zip(before.records, after.records, strict=True)
    )
    back = done.raised(done.after)["MX"]
    assert sorted(map(repr, back.records)) == sorted(map(repr, before.records))  # type: ignore[union-attr]


@given(SETS, TTLS, TTLS)
def test_lowered_twice_comes_back_newest_first(before: RRset, one: int, two: int) -> None:
    first = lowering(before, ttl=one)
    middle = first.after["MX"]
    assert middle is not None
    second = lowering(middle, ttl=two)
    back = raise_all(second.after, [second, first])["MX"]
    if len({row.rdata for row in before.live}) == len(before.live):  # rows of one value are interchangeable
        assert same_data(back, before)


@given(SETS, TTLS, SETS)
def test_raising_never_lowers_nor_touches_a_ttl_that_prepare_did_not_set(before: RRset, ttl: int, today: RRset) -> None:
    back = lowering(before, ttl=ttl).raised({"MX": today})["MX"]
    assert back is not None
    for now, then in zip(today.records, back.records, strict=True):
        assert then.ttl >= now.ttl
        assert now.ttl in (then.ttl, ttl)
        assert (then.rdata, then.disabled) == (now.rdata, now.disabled)


def test_a_row_is_followed_through_a_change_of_its_value() -> None:
    done = lowering(txt_set(("v=spf1 mx ~all", 86400), ("abc", 600)), mx_set((5, "a.", 3600), (6, "b.", 7200)))
    today = {
        "TXT": txt_set(("v=spf1 mx include:x.example ~all", 300), ("abc", 300)),
        "MX": mx_set((15, "a.", 300), (6, "b.", 300)),
    }
    back = done.raised(today)
    assert ttls(back["TXT"]) == [86400, 600]
    assert ttls(back["MX"]) == [3600, 7200]


def test_what_we_added_gets_the_sets_old_ttl_and_a_strangers_row_keeps_its_own_where_they_differ() -> None:
    ours = frozenset({Mx(3, "ours.")})
    done = lowering(mx_set((5, "a.", 3600), (6, "b.", 7200)), MX=ours)
    today = mx_set((3, "ours.", 300), (4, "theirs.", 300), (5, "a.", 300), (6, "b.", 300))
    assert ttls(done.raised({"MX": today})["MX"]) == [3600, 300, 3600, 7200]
    even = lowering(mx_set((5, "a.", 3600), (6, "b.", 3600)), MX=ours)
    assert ttls(even.raised({"MX": today})["MX"]) == [3600, 3600, 3600, 3600]


def test_a_set_that_did_not_stand_or_was_not_lowered_is_left_alone() -> None:
    done = lowering(txt_set(("abc", 200)))
    today = {"TXT": txt_set(("abc", 200), ("new", 300)), "MX": mx_set((3, "ours.", 300))}
    assert done.raised(today) == today


def test_the_providers_own_spelling_of_a_ttl_comes_back_where_nothing_else_differs() -> None:
    """OVH's 0 stands for the zone's TTL: served as 3600, and to be sent back as 0."""
    before = RRset(
        owner=OWNER, rtype="MX", records=(Record(rdata=Mx(5, "a."), ttl=3600, native={"id": 7, "ttl": 0, "target": "5 a."}),)
    )
    done = lowering(before)
    today = before.with_records([replace(before.records[0], ttl=300, native={"id": 7, "ttl": 300, "target": "5 a."})])
    back = done.raised({"MX": today})["MX"]
    assert back is not None
    assert back.records[0].native == {"id": 7, "ttl": 0, "target": "5 a."}
    respelled = today.with_records([replace(today.records[0], native={"id": 9, "ttl": 300, "target": "5 A."})])
    kept = done.raised({"MX": respelled})["MX"]
    assert kept is not None
    assert (kept.records[0].ttl, kept.records[0].native) == (3600, {"id": 9, "ttl": 300, "target": "5 A."})


# --- at the servers -----------------------------------------------------------------------------------------------------
def served(txt_ttl: int | None, mx_ttl: int | None, *, serial: int = 7) -> Observation:
    def answer(rrset: RRset, ttl: int | None) -> Answer:
        return Answer(status="data", values=rrset.values, ttl=ttl) if ttl is not None else Answer(status="absent", ttl=60)

    return Observation(server=NS, answers={"TXT": answer(TXT, txt_ttl), "MX": answer(MX, mx_ttl)}, serial=serial)


TXT, MX = txt_set(("v=spf1 mx ~all", 10800)), mx_set((5, "a.", 7200))
LOW = lower_ttls(view(TXT, MX), 300)
DOWN = Target(before={"TXT": TXT, "MX": MX}, after=LOW)
UP = Target(before=LOW, after={"TXT": TXT, "MX": MX})


@pytest.mark.parametrize(
    ("target", "txt_ttl", "mx_ttl", "verdict"),
    [
        (DOWN, 10800, 7200, "old"),
        (DOWN, 300, 7200, "old"),
        (DOWN, 10800, 300, "old"),
        (DOWN, 300, 300, "new"),
        (DOWN, 123, 7, "new"),
        (DOWN, 9000, 300, "old"),
        (UP, 300, 300, "old"),
        (UP, 10800, 300, "old"),
        (UP, 10800, 7200, "new"),
        (UP, 10000, 7000, "new"),
        (UP, 20, 7200, "old"),
    ],
)
def test_a_change_of_ttl_alone_is_judged_by_the_ttl(target: Target, txt_ttl: int, mx_ttl: int, verdict: str) -> None:
    (row,) = judge([served(txt_ttl, mx_ttl)], target, now=NOW, gate=None)
    assert row.verdict == verdict
    assert ("TTL" in row.detail) == (verdict == "old")


def test_where_the_values_change_too_the_ttl_says_nothing() -> None:
    target = Target(before={"TXT": txt_set(("v=spf1 -all", 60)), "MX": MX}, after={"TXT": TXT, "MX": MX})
    (row,) = judge([served(60, 5)], target, now=NOW, gate=None)
    assert row.verdict == "new"


def test_a_set_without_spf_that_is_not_served_has_no_new_ttl() -> None:
    other = txt_set(("abc", 10800))
    target = Target(before={"TXT": other, "MX": MX}, after={**lower_ttls(view(other), 300), "MX": MX})
    (row,) = judge([served(None, 7200)], target, now=NOW, gate=None)
    assert (row.verdict, row.detail) == ("old", "TXT is not served")


def test_the_gate_holds_back_a_ttl_from_before_an_unpublished_write_too() -> None:
    gate = Gate(serials={"192.0.2.1": 7}, until=NOW + timedelta(hours=1))
    assert [row.verdict for row in judge([served(10800, 7200)], UP, now=NOW, gate=gate)] == ["old"]
    assert [row.verdict for row in judge([served(10800, 7200, serial=8)], UP, now=NOW, gate=gate)] == ["new"]
