"""What holds for every SPF record and every combination of options: nobody else's term is touched, and all can be undone."""

from __future__ import annotations

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from registrar_sync.core.guard import KINDS, held_back
from registrar_sync.core.model import Record, RRset, Txt, ZoneView
from registrar_sync.core.plan import Plan, Wish
from registrar_sync.core.spf import SpfRecord, Term, find_spf, parse_spf
from registrar_sync.core.spf_merge import merge_records
from registrar_sync.core.txt import split_strings
from registrar_sync.core.undo import Undo, plan_rollback
from registrar_sync.core.wish import Edits
from tests.unit.spf_texts import records
from tests.unit.worlds import known_world, plan_enrolment, spf_answer
from tests.unit.zones import FILTER, SEED, applied, rows, texts, view, with_sets

INCLUDE = SEED.include
IN_PLACE = ("3 france", "4 europe", "5 mailgate")

OURS = st.sampled_from(
    [FILTER, f"~{FILTER}", f"?{FILTER}", f"-{FILTER}", "+INCLUDE:IncludeSPF.security-mail.net.", "include:dc.example"]
)
WORLD = known_world({("dc.example.", "TXT"): spf_answer(f"v=spf1 {FILTER} -all")})
FEW_TERMS = st.lists(
    st.sampled_from(["a", "~a", "mx", "MX", "ip4:192.0.2.1", "include:x.example", "v=1", "exp=y.example"]) | OURS,
    max_size=4,
    unique=True,
)
ENDS = st.sampled_from([[], ["-all"], ["-all"], ["~all"], ["~all", "mx"], ["+ALL"], ["redirect=z.example"]])


@st.composite
def strewn(draw: st.DrawFn) -> str:
    """Any valid record, with includes of the service strewn over it."""
    version, *terms = draw(records()).split()
    for include in draw(st.lists(OURS, max_size=3)):
        terms.insert(draw(st.integers(0, len(terms))), include)
    return " ".join([version, *terms])


FEW = st.builds(lambda terms, end: " ".join(["v=spf1", *terms, *end]), FEW_TERMS, ENDS)
SPF_SETS = st.one_of(strewn().map(lambda text: [text]), FEW.map(lambda text: [text]), st.lists(FEW, min_size=2, max_size=3))

EDITS = st.builds(
    Edits,
    merge_spf=st.sampled_from([True, True, False]),
    set_all=st.booleans(),
    add_all=st.booleans(),
    fix_qualifier=st.booleans(),
    dedupe=st.booleans(),
)
WISHES = st.builds(
    Wish,
    service=st.just(SEED),
    all_qualifier=st.sampled_from([None, "-", "~", "?"]),
    edits=EDITS,
    accept=st.just(frozenset(KINDS)),
)


@st.composite
def zones(draw: st.DrawFn) -> ZoneView:
    """SPF records among other TXT values, in rows of their own."""
    spf = draw(SPF_SETS)
    return view(txt=draw(st.permutations([*spf, *draw(st.sampled_from([[], ["MS=ms1"]]))])), mx=IN_PLACE)


def plan_of(zone: ZoneView, wish: Wish) -> Plan:
    return plan_enrolment(zone, wish, WORLD)


def records_of(rrset: RRset | None) -> list[SpfRecord]:
    return [parse_spf(record.rdata.joined) for record in find_spf(rrset) if isinstance(record.rdata, Txt)]


def is_ours(term: Term) -> bool:
    return bool(SpfRecord(terms=(term,)).find_include(INCLUDE))


def others(record: SpfRecord) -> list[str]:
    """Every term but the service's includes and the ``all`` that decides, as it is spelled."""
    return [term.text for term in record.terms if not is_ours(term) and term is not record.all_term]


# --- enrolling ----------------------------------------------------------------------------------------------------------
@settings(max_examples=600, deadline=None)
@given(zones(), WISHES)
def test_every_term_that_was_not_to_be_edited_keeps_its_octets_and_its_place(zone: ZoneView, wish: Wish) -> None:
    plan = plan_of(zone, wish)
    before, after = records_of(plan.before["TXT"]), records_of(plan.after["TXT"])
    assert [text for text in texts(plan.after["TXT"]) if not text.lower().startswith("v=spf1")] == [
        text for text in texts(plan.before["TXT"]) if not text.lower().startswith("v=spf1")
    ]
    if len(after) > 1:
        assert plan.after["TXT"] is plan.before["TXT"]
        return
    event(f"{len(before)} records, {'written' if plan.changes else 'left'}")
    (record,) = after
    if len(before) == 1:
        assert others(record) == others(before[0])
        assert record.version == before[0].version
    else:
        _is_the_union(before, record)


def _is_the_union(before: list[SpfRecord], merged: SpfRecord) -> None:
    kept = iter(others(merged))
    first = [term.text for term in before[0].terms if not is_ours(term) and not term.is_all]
    assert all(text in kept for text in first)  # in their order
    allowed = {text for record in before for text in others(record)}
    assert set(others(merged)) <= allowed
    for record in before:
        for term in record.live:
            assert is_ours(term) or any(one.name == term.name and one.effect == term.effect for one in merged.live)


@settings(max_examples=600, deadline=None)
@given(zones(), WISHES)
def test_the_all_is_the_customers_unless_an_option_says_otherwise(zone: ZoneView, wish: Wish) -> None:
    plan = plan_of(zone, wish)
    before, after = records_of(plan.before["TXT"]), records_of(plan.after["TXT"])
    if len(before) != 1:
        return
    old, new = before[0].all_term, after[0].all_term
    if old is not None and new is not None and new.text != old.text:
        assert wish.edits.set_all
        assert new.effect == wish.all_qualifier
    if old is None and new is not None:
        assert wish.edits.add_all
        assert new.effect == wish.wanted_all
        assert before[0].modifier("redirect") is None
    assert old is None or new is not None


@settings(max_examples=600, deadline=None)
@given(zones(), WISHES)
def test_a_plan_that_nothing_holds_back_leaves_one_valid_record_that_authorises_and_nothing_to_do(
    zone: ZoneView, wish: Wish
) -> None:
    plan = plan_of(zone, wish)
    again = plan_of(applied(zone, plan.changes), wish)
    assert again.changes == ()
    if held_back(plan.findings, wish.accept):
        assert plan.changes == ()
        return
    (record,) = records_of(plan.after["TXT"])  # it can be read
    covered = {one.id for one in plan.findings} & {"spf-covered"}
    assert record.authorises(INCLUDE) or covered
    assert again.detail == ("covered-by: dc.example" if covered else "already enrolled")
    assert not wish.edits.dedupe or len(record.find_include(INCLUDE)) <= 1


@settings(max_examples=300, deadline=None)
@given(zones(), st.sampled_from([None, "-", "~", "?"]))
def test_without_an_option_no_term_of_the_record_changes_its_text(zone: ZoneView, asked: object) -> None:
    plan = plan_of(zone, Wish(service=SEED, all_qualifier=asked, accept=frozenset(KINDS)))  # type: ignore[arg-type]
    before, after = records_of(plan.before["TXT"]), records_of(plan.after["TXT"])
    for old, new in zip(before, after, strict=True):
        added = [term.text for term in new.terms]
        for term in old.terms:
            added.remove(term.text)
        assert added in ([], [FILTER])


# --- undoing ------------------------------------------------------------------------------------------------------------
def undo(today: ZoneView, plan: Plan) -> Undo:
    return plan_rollback(today, plan.before, plan.after, SEED)


@settings(max_examples=600, deadline=None)
@given(zones(), WISHES)
def test_enrol_then_roll_back_is_the_start_save_that_a_merge_stays(zone: ZoneView, wish: Wish) -> None:
    plan = plan_of(zone, wish)
    after = applied(zone, plan.changes)
    back = undo(after, plan)
    assert not back.drift
    assert not back.merged
    end = applied(after, back.changes).rrset("TXT")
    was = find_spf(plan.before["TXT"])
    if len(was) > len(find_spf(plan.after["TXT"])):
        (now,) = texts(end.with_records(find_spf(end)) if end else None)
        written = records_of(plan.after["TXT"])[0].all_term
        assert now == merge_records(was, written.effect if written else None).text
        assert [one.id for one in back.findings] == ["spf-merge-kept"]
    else:
        assert rows(end) == rows(zone.rrset("TXT"))
        assert not back.findings


@st.composite
def edited_since(draw: st.DrawFn, zone: ZoneView) -> ZoneView:
    """The zone after somebody took terms out of its SPF record, put terms in, and changed its ``all``."""
    txt = zone.rrset("TXT")
    (row,) = find_spf(txt)
    assert txt
    assert isinstance(row.rdata, Txt)
    record = parse_spf(row.rdata.joined)
    terms = [term.text for term in record.terms if draw(st.sampled_from([True, True, True, False]))]
    for text in draw(st.lists(st.sampled_from(["include:new.example", "-ip4:192.0.2.7", "?all", "-all", "w=2"]), max_size=2)):
        terms.insert(draw(st.integers(0, len(terms))), text)
    new = Txt(split_strings(" ".join([record.version, *terms]).encode()))
    return with_sets(
        zone, {"TXT": txt.with_records(Record(rdata=new, ttl=one.ttl) if one is row else one for one in txt.records)}
    )


@settings(max_examples=1000, deadline=None)
@given(st.data(), zones(), WISHES)
def test_a_rollback_after_others_edited_the_record_takes_back_only_what_is_ours(
    data: st.DataObject, zone: ZoneView, wish: Wish
) -> None:
    plan = plan_of(zone, wish)
    if not plan.changes:
        return
    today = data.draw(edited_since(applied(zone, plan.changes)))
    back = undo(today, plan)
    event("drift" if back.drift else "merged" if back.merged else "exact" if back.changes else "nothing")
    if back.drift:
        assert back.changes == ()
        return
    end = applied(today, back.changes)
    (now,), (record,), (written,) = (records_of(one.rrset("TXT")) for one in (today, end, applied(zone, plan.changes)))
    if back.merged:  # else the value that we wrote is the value of today
        assert _untouched(record) == _untouched(now)
        _all_is_judged(now, record, written)
        assert len(record.find_include(INCLUDE)) <= len(now.find_include(INCLUDE))
    assert undo(end, plan).changes == () or len(now.find_include(INCLUDE)) > 1


def _untouched(record: SpfRecord) -> list[str]:
    return [term.text for term in record.terms if not is_ours(term) and not term.is_all]


def _all_is_judged(today: SpfRecord, end: SpfRecord, written: SpfRecord) -> None:
    """An ``all`` that is not as we wrote it is somebody else's."""
    effects = [record.all_term.effect if record.all_term else None for record in (today, end, written)]
    if effects[0] != effects[2]:
        assert effects[1] == effects[0]


# --- one fact each ------------------------------------------------------------------------------------------------------
def changed(before: str, today: str, *, after: str, all_qualifier: object = None, **edits: bool) -> Undo:
    """A rollback of the enrolment with these options, after somebody turned what we wrote (``after``) into ``today``."""
    zone = view(txt=before.replace("FILTER", FILTER).split(" | "), mx=IN_PLACE)
    wish = Wish(service=SEED, all_qualifier=all_qualifier, edits=Edits(**edits), accept=frozenset(KINDS))  # type: ignore[arg-type]
    plan = plan_of(zone, wish)
    assert texts(plan.after["TXT"]) == [after.replace("FILTER", FILTER)]
    return undo(view(txt=[today.replace("FILTER", FILTER)], mx=IN_PLACE), plan)


@pytest.mark.parametrize(
    ("today", "back"),
    [
        ("v=spf1 a FILTER include:new.example ~all", "v=spf1 a include:new.example -ALL"),
        ("v=spf1 a include:new.example ~ALL", "v=spf1 a include:new.example -ALL"),  # our include has gone already
        ("v=spf1 a FILTER ?all", "v=spf1 a ?all"),
        ("v=spf1 a FILTER", "v=spf1 a"),
        ("v=spf1 ~ALL FILTER a", "v=spf1 -ALL a"),
    ],
)
def test_an_all_that_we_set_goes_back_where_it_is_still_as_we_set_it(today: str, back: str) -> None:
    undone = changed("v=spf1 a -ALL", today, after="v=spf1 a FILTER ~ALL", all_qualifier="~", set_all=True)
    assert [text.replace("~all", "-ALL").replace("-all", "-ALL") for text in texts(undone.after["TXT"])] == [back]
    assert undone.merged


@pytest.mark.parametrize(
    ("today", "back"),
    [
        ("v=spf1 FILTER include:new.example ~all", "v=spf1 include:new.example"),
        ("v=spf1 a FILTER -all", "v=spf1 a -all"),
        ("v=spf1 a FILTER ~all mx", "v=spf1 a ~all mx"),  # without all, mx would come to life
        ("v=spf1 a FILTER ~all redirect=x.example", "v=spf1 a redirect=x.example"),
    ],
)
def test_an_all_that_we_added_goes_where_it_is_still_as_we_added_it(today: str, back: str) -> None:
    undone = changed("v=spf1 a", today, after="v=spf1 a FILTER ~all", add_all=True)
    assert texts(undone.after["TXT"]) == [back]


@pytest.mark.parametrize(
    ("today", "back"),
    [
        ("v=spf1 FILTER include:new.example ~all", "v=spf1 ?FILTER include:new.example ~all"),
        ("v=spf1 mx -FILTER ~all", None),
        ("v=spf1 mx ~all", None),
    ],
)
def test_a_qualifier_that_we_took_away_comes_back_where_the_include_still_passes(today: str, back: str | None) -> None:
    undone = changed("v=spf1 ?FILTER mx ~all", today, after="v=spf1 FILTER mx ~all", fix_qualifier=True)
    assert texts(undone.after["TXT"]) == [(back or today).replace("FILTER", FILTER)]
    assert ("TXT" in undone.absent) == (back is None)


def test_a_duplicate_that_we_took_out_stays_out_once_others_edited_the_record() -> None:
    before, after = "v=spf1 FILTER mx FILTER ~all", "v=spf1 FILTER mx ~all"
    assert texts(changed(before, after, after=after, dedupe=True).after["TXT"]) == [before.replace("FILTER", FILTER)]
    undone = changed(before, "v=spf1 FILTER a ~all", after=after, dedupe=True)
    assert undone.already_absent


def test_an_include_that_we_fixed_and_moved_goes_back_behind_all_with_its_qualifier() -> None:
    undone = changed("v=spf1 a ~all ?FILTER", "v=spf1 FILTER mx -all", after="v=spf1 a FILTER ~all", fix_qualifier=True)
    assert texts(undone.after["TXT"]) == [f"v=spf1 mx -all ?{FILTER}"]


@pytest.mark.parametrize(
    ("today", "back"),
    [
        ("v=spf1 a mx FILTER -all", "v=spf1 a mx -all"),
        ("v=spf1 a mx FILTER include:new.example -all", "v=spf1 a mx include:new.example -all"),
        ("v=spf1 mx FILTER ~all", "v=spf1 mx ~all"),
        ("v=spf1 a mx -all", "v=spf1 a mx -all"),
    ],
)
def test_records_that_were_merged_stay_one_without_our_include_and_it_is_said(today: str, back: str) -> None:
    undone = changed("v=spf1 a -all | v=spf1 mx -all", today, after="v=spf1 a mx FILTER -all", merge_spf=True)
    assert texts(undone.after["TXT"]) == [back]
    assert "spf-merge-kept" in {one.id for one in undone.findings} or undone.already_absent
    assert not undone.drift


def test_exact_duplicates_that_became_one_come_back_as_one_in_their_own_spelling() -> None:
    zone = view(txt=[(b"v=spf1 ", b"mx -all"), "v=spf1 mx -all"], mx=IN_PLACE)
    plan = plan_of(zone, Wish(service=SEED, edits=Edits(merge_spf=True)))
    after = undo(applied(zone, plan.changes), plan).after["TXT"]
    assert after
    (row,) = after.records
    assert row.native == {"id": 1, "raw": "<v=spf1 mx -all>"}
    assert isinstance(row.rdata, Txt)
    assert row.rdata.strings == (b"v=spf1 ", b"mx -all")


def test_a_merge_that_had_nothing_of_ours_to_take_back_is_told_and_left() -> None:
    before = "v=spf1 mx FILTER -all | v=spf1 mx FILTER -all"
    undone = changed(before, "v=spf1 mx FILTER -all", after="v=spf1 mx FILTER -all", merge_spf=True)
    assert undone.changes == ()
    assert [one.id for one in undone.findings] == ["spf-merge-kept"]


def test_a_merge_of_another_version_that_this_one_would_refuse_still_gives_our_include_back() -> None:
    images = [
        view(txt=one, mx=IN_PLACE).rrset("TXT")
        for one in (["v=spf1 a redirect=x.example", "v=spf1 mx"], [f"v=spf1 a mx {FILTER}"])
    ]
    mx = view(mx=IN_PLACE).rrset("MX")
    undone = plan_rollback(
        view(txt=[f"v=spf1 a mx {FILTER}"], mx=IN_PLACE), {"TXT": images[0], "MX": mx}, {"TXT": images[1], "MX": mx}, SEED
    )
    assert texts(undone.after["TXT"]) == ["v=spf1 a mx"]
