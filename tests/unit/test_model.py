"""Records and RRsets: what counts as equal, how rows of a change pair up, and that the journal keeps every byte."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from registrar_sync.core.image import rrset_from_json, rrset_to_json
from registrar_sync.core.model import (
    Mx,
    Other,
    Record,
    RRset,
    RRsetChange,
    Txt,
    is_spf,
    pair_records,
    same_data,
    same_values,
    values_of,
)
from registrar_sync.core.service import MailService
from tests.unit.zones import SEED, ZONE, rrset

RDATAS = st.one_of(
    st.lists(st.binary(max_size=20), max_size=3).map(lambda strings: Txt(tuple(strings))),
    st.builds(Mx, st.integers(0, 65535), st.sampled_from(["a.example.", "b.example.", "."])),
    st.text(max_size=20).map(Other),
)
NATIVES = st.one_of(st.none(), st.dictionaries(st.text(max_size=5), st.text(max_size=5) | st.integers() | st.none(), max_size=3))
RECORDS = st.builds(Record, rdata=RDATAS, ttl=st.integers(0, 2**31 - 1), disabled=st.booleans(), native=NATIVES)
SETS = st.lists(RECORDS, max_size=6).map(lambda rows: RRset(owner=ZONE, rtype="MX", records=tuple(rows)) if rows else None)


def row(rdata: Txt | Mx, *, ttl: int = 60, disabled: bool = False, id: int = 0) -> Record:  # noqa: A002
    return Record(rdata=rdata, ttl=ttl, disabled=disabled, native={"id": id})


def test_txt_values_are_equal_when_their_joined_texts_are() -> None:
    assert Txt((b"v=spf1 ", b"-all")) == Txt((b"v=spf1 -all",))
    assert len({Txt((b"ab", b"c")), Txt((b"a", b"bc")), Txt((b"ab c",))}) == 2
    assert Txt((b"a",)) != "a"
    assert str(Txt((b"caf\xc3\xa9 \xff",))) == "café \\xff"


def test_values_read_as_in_presentation_form() -> None:
    assert str(Mx(0, ".")) == "0 ."
    assert str(Other("192.0.2.1")) == "192.0.2.1"


def test_the_native_row_is_carried_and_never_compared() -> None:
    one, other = row(Mx(5, "a."), id=1), row(Mx(5, "a."), id=2)
    assert one == other
    assert hash(one) == hash(other)


def test_a_duplicate_row_counts_once_and_a_disabled_one_not_at_all() -> None:
    mx = rrset("MX", []).with_records([row(Mx(5, "a.")), row(Mx(5, "a.")), row(Mx(1, "b."), disabled=True, ttl=1)])
    assert mx.values == {Mx(5, "a.")}
    assert mx.ttl == 60
    assert len(mx.live) == 2
    assert values_of(None) == frozenset()


def test_the_same_values_with_another_ttl_are_not_the_same_data() -> None:
    mx = rrset("MX", [Mx(5, "a."), Mx(6, "b.")])
    slower = mx.with_records(replace(one, ttl=9) for one in mx.records)
    asleep = mx.with_records([*mx.records, row(Mx(1, "c."), disabled=True)])
    assert same_values(mx, slower)
    assert not same_data(mx, slower)
    assert same_data(mx, asleep)
    assert same_data(mx, mx.with_records(reversed(mx.records)))
    assert not same_data(mx, None)
    assert same_data(None, mx.with_records([row(Mx(1, "c."), disabled=True)]))


@pytest.mark.parametrize(
    ("text", "spf"),
    [
        (b"v=spf1", True),
        (b"V=SPF1 -all", True),
        (b"v=spf1 ", True),
        (b"v=spf10", False),
        (b" v=spf1", False),
        (b"v=spf1;", False),
    ],
)
def test_spf_begins_with_its_version_and_a_space(text: bytes, spf: bool) -> None:
    assert is_spf(Txt((text,))) is spf
    assert is_spf(Txt((text[:3], text[3:]))) is spf


def test_mx_is_never_spf() -> None:
    assert not is_spf(Mx(1, "v=spf1 "))


@settings(deadline=None)
@given(SETS, SETS)
def test_every_row_of_a_change_is_in_exactly_one_pair(before: RRset | None, after: RRset | None) -> None:
    edits = pair_records(before, after)
    for side, rrset_of_side in (("before", before), ("after", after)):
        paired = sorted(id(getattr(edit, side)) for edit in edits if getattr(edit, side) is not None)
        assert paired == sorted(id(one) for one in (rrset_of_side.records if rrset_of_side else ()))


@settings(deadline=None)
@given(SETS)
def test_a_set_against_itself_is_an_empty_change(one: RRset | None) -> None:
    change = RRsetChange(owner=ZONE, rtype="MX", before=one, after=one)
    assert change.is_empty
    assert change.inverse.is_empty


def test_an_edited_spf_record_a_moved_exchange_and_a_woken_row_pair_with_their_rows() -> None:
    txt = rrset("TXT", [Txt((b"x",)), Txt((b"v=spf1 a",))])
    new = txt.with_records([replace(txt.records[1], rdata=Txt((b"v=spf1 b",))), txt.records[0]])
    assert [(str(edit.before and edit.before.rdata), edit.keeps) for edit in pair_records(txt, new)] == [
        ("x", True),
        ("v=spf1 a", False),
    ]
    asleep, moved = row(Mx(5, "a."), disabled=True, id=1), row(Mx(9, "b."), id=2)
    pairs = pair_records(
        rrset("MX", []).with_records([moved, asleep]), rrset("MX", []).with_records([row(Mx(5, "a.")), row(Mx(3, "b."))])
    )
    assert {
        edit.before.native["id"]: str(edit.after and edit.after.rdata) for edit in pairs if edit.before and edit.before.native
    } == {
        1: "5 a.",
        2: "3 b.",
    }


def test_the_inverse_of_a_change_changes_back() -> None:
    one, other = rrset("MX", [Mx(5, "a.")]), rrset("MX", [Mx(6, "b.")])
    change = RRsetChange(owner=ZONE, rtype="MX", before=one, after=other)
    assert not change.is_empty
    assert (change.inverse.before, change.inverse.after) == (other, one)


@settings(deadline=None)
@given(SETS)
def test_the_journal_keeps_every_octet_ttl_flag_and_native_row(one: RRset | None) -> None:
    again = rrset_from_json(json.loads(json.dumps(rrset_to_json(one))))
    assert again == one
    if one and again:
        assert [record.native for record in again.records] == [record.native for record in one.records]
        strings = [[r.rdata.strings for r in s.records if isinstance(r.rdata, Txt)] for s in (one, again)]
        assert strings[0] == strings[1]


def test_a_service_survives_the_journal() -> None:
    assert MailService.from_json(json.loads(json.dumps(SEED.to_json()))) == SEED
