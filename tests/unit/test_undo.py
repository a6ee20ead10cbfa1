"""Taking an enrolment back: exactly where the zone is still ours, only our part where others edited, else not at all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from registrar_sync.core.enrol_mx import mx_values
from registrar_sync.core.guard import held_back
from registrar_sync.core.model import Mx, Record, RRset, Txt, ZoneView, is_spf, same_data, values_of
from registrar_sync.core.plan import Plan, Wish
from registrar_sync.core.service import MxMode
from registrar_sync.core.spf import find_spf
from registrar_sync.core.txt import split_strings
from registrar_sync.core.undo import Undo, mixture, plan_rollback
from registrar_sync.core.wish import Edits
from tests.unit.test_plan import WISHES, zones
from tests.unit.worlds import plan_enrolment
from tests.unit.zones import EUROPE, FILTER, FRANCE, SEED, address, applied, mx, rows, texts, view, with_sets

EVERYTHING = frozenset({"mx-null", "mx-null-with-others", "spf-sends-nothing", "spf-mx-mechanism", "mx-exchange-address"})
CUSTOMER = ("5 mailgate", "40 smtp.isp.net.", "40 secours.isp.net.")


def enrol(before: ZoneView, mode: MxMode = "below") -> tuple[Plan, ZoneView]:
    plan = plan_enrolment(before, Wish(service=SEED, mx_mode=mode, accept=EVERYTHING))
    assert not held_back(plan.findings, EVERYTHING)
    return plan, applied(before, plan.changes)


def undo(today: ZoneView, plan: Plan) -> Undo:
    return plan_rollback(today, plan.before, plan.after, SEED)


def map_rows(zone: ZoneView, rtype: str, change: Callable[[Record], Record | None], *more: Record) -> ZoneView:
    """The zone after somebody changed, removed (None) or added rows."""
    old = zone.rrset(rtype)
    changed = [change(row) for row in old.records] if old else []
    kept = [row for row in (*changed, *more) if row]
    pattern = old or RRset(owner=zone.owner, rtype=rtype, records=())
    return with_sets(zone, {rtype: pattern.with_records(kept) if kept else None})


def kept(row: Record) -> Record:
    return row


def respell(new_spf: str) -> Callable[[Record], Record]:
    def change(row: Record) -> Record:
        return replace(row, rdata=Txt(split_strings(new_spf.encode()))) if is_spf(row.rdata) else row

    return change


# --- properties ---------------------------------------------------------------------------------------------------------
@settings(max_examples=400, deadline=None)
@given(zones(), WISHES)
def test_enrol_then_roll_back_is_the_start_values_ttls_and_native_rows(start: ZoneView, wish: Wish) -> None:
    plan = plan_enrolment(start, wish)
    back = plan_rollback(applied(start, plan.changes), plan.before, plan.after, wish.service)
    assert not back.drift
    assert not back.merged
    end = applied(applied(start, plan.changes), back.changes)
    for rtype in ("TXT", "MX"):
        assert rows(end.rrset(rtype)) == rows(start.rrset(rtype))
    assert back.already_absent == (not plan.changes)


ADDED_TXT = st.sampled_from([None, "MS=ms2", "v=spf1 include:two.example -all"])
ADDED_MX = st.sampled_from([None, Mx(60, "backup.example."), Mx(1, "a.example."), Mx(0, "."), Mx(7, FRANCE)])
SPF_EDITS = st.sampled_from(
    [None, f"v=spf1 {FILTER} include:new.example -all", f"v=spf1 {FILTER} -all", "v=spf1 mx -all", "v=spf1 (", ""]
)


@st.composite
def edited_since(draw: st.DrawFn, zone: ZoneView) -> ZoneView:
    """The zone after customers and providers had months with it."""
    fate = st.sampled_from(["keep", "keep", "keep", "drop", "disable", "ttl"])

    def change(row: Record) -> Record | None:
        match draw(fate):
            case "drop":
                return None
            case "disable":
                return replace(row, disabled=True)
            case "ttl":
                return replace(row, ttl=5)
            case _:
                return row

    text, exchange, spf = draw(ADDED_TXT), draw(ADDED_MX), draw(SPF_EDITS)
    more_txt = [Record(rdata=Txt((text.encode(),)), ttl=60, native={"id": "since"})] if text else []
    more_mx = [Record(rdata=exchange, ttl=60, native={"id": "since"})] if exchange else []
    zone = map_rows(zone, "TXT", respell(spf) if spf is not None else kept)
    return map_rows(map_rows(zone, "TXT", change, *more_txt), "MX", change, *more_mx)


@settings(max_examples=600, deadline=None)
@given(st.data(), zones(), WISHES)
def test_a_rollback_after_edits_never_harms(data: st.DataObject, start: ZoneView, wish: Wish) -> None:
    plan = plan_enrolment(start, wish)
    today = data.draw(edited_since(applied(start, plan.changes)))
    back = plan_rollback(today, plan.before, plan.after, wish.service)

    if back.drift:
        assert back.changes == ()
        assert back.before == back.after
        return
    end = applied(today, back.changes)
    assert len(find_spf(end.rrset("TXT"))) <= max(1, len(find_spf(today.rrset("TXT"))))
    assert mx_values(end.rrset("MX")) or not mx_values(today.rrset("MX")) or not mx_values(start.rrset("MX"))
    _neighbours_stay(today, end)
    _strangers_stay(today, end, plan)
    assert plan_rollback(end, plan.before, plan.after, wish.service).changes == ()


def _neighbours_stay(today: ZoneView, end: ZoneView) -> None:
    after = end.rrset("TXT")
    for row in (today.rrset("TXT") or RRset(owner="", rtype="TXT", records=())).records:
        if row.disabled or not is_spf(row.rdata):
            assert after
            assert any(row is one for one in after.records)


def _strangers_stay(today: ZoneView, end: ZoneView, plan: Plan) -> None:
    ours = {str(value) for value in values_of(plan.after["MX"])} | {FRANCE, EUROPE}
    strangers = {value for value in mx_values(today.rrset("MX")) if str(value) not in ours and value.exchange not in ours}
    assert strangers <= mx_values(end.rrset("MX"))


# --- SPF ----------------------------------------------------------------------------------------------------------------
def test_the_before_image_comes_back_in_its_own_spelling_and_strings_into_todays_row() -> None:
    before = view(txt=["MS=ms1", (b"v=spf1 ", b"mx ~all")], mx=CUSTOMER)
    plan, after = enrol(before)
    today = map_rows(after, "TXT", lambda row: replace(row, native={"id": "renumbered"}))

    change = undo(today, plan).changes[-1]
    (edit,) = [one for one in change.edits if not one.keeps]
    assert edit.before
    assert edit.after
    assert edit.before.native == {"id": "renumbered"}
    assert edit.after.native == {"id": 2, "raw": "<v=spf1 mx ~all>"}
    assert isinstance(edit.after.rdata, Txt)
    assert edit.after.rdata.strings == (b"v=spf1 ", b"mx ~all")


def test_a_neighbour_added_since_does_not_make_it_a_merge() -> None:
    plan, after = enrol(view(txt=["v=spf1 mx ~all"], mx=CUSTOMER))
    new = Record(rdata=Txt((b"MS=ms9",)), ttl=3600, native={"id": 9})
    back = undo(map_rows(after, "TXT", kept, new), plan)
    assert texts(back.after["TXT"]) == ["v=spf1 mx ~all", "MS=ms9"]
    assert not back.merged


def test_a_record_that_we_created_goes_with_its_set_or_leaves_the_neighbours() -> None:
    plan, after = enrol(view(mx=CUSTOMER))
    assert undo(after, plan).after["TXT"] is None
    new = Record(rdata=Txt((b"MS=ms9",)), ttl=5, native={"id": 9})
    assert texts(undo(map_rows(after, "TXT", kept, new), plan).after["TXT"]) == ["MS=ms9"]


def test_a_record_that_we_created_and_others_use_keeps_their_part() -> None:
    plan, after = enrol(view(mx=CUSTOMER))
    back = undo(map_rows(after, "TXT", respell(f"v=spf1 {FILTER} include:new.example -all")), plan)
    assert texts(back.after["TXT"]) == ["v=spf1 include:new.example -all"]
    assert back.merged


@pytest.mark.parametrize("spf", [f"V=SPF1  {FILTER}  ~all", f"v=spf1 ~all {FILTER}"])
def test_a_record_that_we_created_and_that_was_only_spelled_anew_goes(spf: str) -> None:
    plan, after = enrol(view(mx=CUSTOMER))
    back = undo(map_rows(after, "TXT", respell(spf)), plan)
    assert back.after["TXT"] is None
    assert not back.drift


@pytest.mark.parametrize("spf", [f"v=spf1 {FILTER}", f"v=spf1 {FILTER} redirect=x.example", f"v=spf1 {FILTER} -all mx"])
def test_a_record_that_we_created_and_that_would_name_no_sender_is_drift(spf: str) -> None:
    plan, after = enrol(view(mx=CUSTOMER))
    back = undo(map_rows(after, "TXT", respell(spf)), plan)
    assert "Two ways out" in back.drift
    assert back.changes == ()
    assert mx_values(back.after["MX"]) == mx("3 france", "4 europe", *CUSTOMER)  # drift in one writes neither


def test_the_customers_own_record_may_be_left_with_only_an_all() -> None:
    plan, after = enrol(view(txt=["v=spf1 ~all"], mx=CUSTOMER))
    back = undo(map_rows(after, "TXT", respell(f"v=spf1 {FILTER} -all")), plan)
    assert texts(back.after["TXT"]) == ["v=spf1 -all"]


def test_a_merge_that_ends_in_the_before_image_restores_its_spelling() -> None:
    before = view(txt=[(b"v=spf1 ", b"mx ~all")], mx=CUSTOMER)
    plan, after = enrol(before)
    back = undo(map_rows(after, "TXT", respell(f"v=spf1 {FILTER} mx ~all")), plan)
    assert back.after["TXT"]
    (row,) = back.after["TXT"].records
    assert row.native == {"id": 1, "raw": "<v=spf1 mx ~all>"}


def test_our_term_is_found_whatever_the_customer_did_to_its_case_and_qualifier() -> None:
    plan, after = enrol(view(txt=["v=spf1 mx ~all"], mx=CUSTOMER))
    back = undo(map_rows(after, "TXT", respell("v=spf1 mx ?include:IncludeSPF.security-mail.net. a ~all")), plan)
    assert texts(back.after["TXT"]) == ["v=spf1 mx a ~all"]


@pytest.mark.parametrize(("more", "word"), [("v=spf1 a -all", "2 SPF records"), (None, "cannot be read")])
def test_two_records_or_one_that_cannot_be_read_are_drift(more: str | None, word: str) -> None:
    plan, after = enrol(view(txt=["v=spf1 mx ~all"], mx=CUSTOMER))
    if more:
        today = map_rows(after, "TXT", kept, Record(rdata=Txt((more.encode(),)), ttl=60))
    else:
        today = map_rows(after, "TXT", respell("v=spf1 include: x"))
    back = undo(today, plan)
    assert word in back.drift
    assert "run rollback again" in back.drift
    assert back.changes == ()


def test_spf_that_the_enrolment_found_in_place_is_not_taken_out() -> None:
    plan, after = enrol(view(txt=[f"v=spf1 {FILTER} ~all"], mx=CUSTOMER))
    back = undo(after, plan)
    assert [change.rtype for change in back.changes] == ["MX"]
    assert texts(back.after["TXT"]) == [f"v=spf1 {FILTER} ~all"]


def test_a_term_that_we_only_moved_goes_back_behind_all() -> None:
    plan, after = enrol(view(txt=[f"v=spf1 a ~all {FILTER}"], mx=CUSTOMER))
    assert texts(undo(after, plan).after["TXT"]) == [f"v=spf1 a ~all {FILTER}"]
    back = undo(map_rows(after, "TXT", respell(f"v=spf1 {FILTER} mx -all")), plan)
    assert texts(back.after["TXT"]) == [f"v=spf1 mx -all {FILTER}"]
    back = undo(map_rows(after, "TXT", respell(f"v=spf1 {FILTER} mx")), plan)
    assert "no all" in back.drift
    back = undo(map_rows(after, "TXT", respell(f"v=spf1 mx -all {FILTER}")), plan)
    assert back.absent == {"TXT"}


# --- MX -----------------------------------------------------------------------------------------------------------------
def test_a_replaced_domain_whose_mx_went_to_somebody_else_stays_there() -> None:
    plan, after = enrol(view(mx=["10 mx1"]), "replace")
    today = with_sets(after, {"MX": view(mx=["1 aspmx.l.google.com."]).rrset("MX")})
    back = undo(today, plan)
    assert mx_values(back.after["MX"]) == mx("1 aspmx.l.google.com.")
    assert back.absent == {"MX"}
    assert [change.rtype for change in back.changes] == ["TXT"]


def test_a_removed_host_does_not_come_back_beside_itself() -> None:
    plan, after = enrol(view(mx=["10 mx1", "20 mx2"]), "replace")
    today = map_rows(after, "MX", kept, Record(rdata=Mx(90, "mx1.example.com."), ttl=60))
    assert mx_values(undo(today, plan).after["MX"]) == mx("90 mx1", "20 mx2")


def test_a_null_mx_does_not_come_back_beside_others() -> None:
    plan, after = enrol(view(mx=["0 ."]))
    today = map_rows(after, "MX", kept, Record(rdata=Mx(10, "mx1.example.com."), ttl=60))
    assert mx_values(undo(today, plan).after["MX"]) == mx("10 mx1")


def test_a_null_mx_comes_back_where_ours_alone_still_stand_in_part() -> None:
    plan, after = enrol(view(mx=["0 ."]))
    today = map_rows(after, "MX", lambda row: None if row.rdata == Mx(4, EUROPE) else row)
    assert mx_values(undo(today, plan).after["MX"]) == mx("0 .")


def test_no_mx_comes_back_exactly_but_never_by_a_merge() -> None:
    plan, after = enrol(view())
    assert undo(after, plan).after["MX"] is None
    today = map_rows(after, "MX", lambda row: None if row.rdata == Mx(4, EUROPE) else row)
    back = undo(today, plan)
    assert "no MX would be left" in back.drift
    assert back.changes == ()


def test_our_hosts_go_whatever_preference_somebody_gave_them() -> None:
    plan, after = enrol(view(mx=CUSTOMER))
    today = map_rows(after, "MX", lambda row: replace(row, rdata=Mx(2, FRANCE)) if row.rdata == Mx(3, FRANCE) else row)
    assert mx_values(undo(today, plan).after["MX"]) == mx(*CUSTOMER)


def test_a_host_of_ours_that_stood_before_us_stays() -> None:
    plan, after = enrol(view(mx=["3 france", "5 mailgate"]))
    today = map_rows(after, "MX", kept, Record(rdata=Mx(60, "backup.example."), ttl=60))
    assert mx_values(undo(today, plan).after["MX"]) == mx("3 france", "5 mailgate", "60 backup.example.")


def test_a_second_row_of_our_host_that_we_dropped_comes_back_beside_the_first_one_by_a_merge() -> None:
    plan, after = enrol(view(mx=["0 france", "3 france", "4 europe", "5 mailgate"]))
    assert mx_values(after.rrset("MX")) == mx("0 france", "4 europe", "5 mailgate")
    today = map_rows(after, "MX", lambda row: replace(row, disabled=True) if row.rdata == Mx(5, "mailgate.example.com.") else row)
    end = applied(today, undo(today, plan).changes)
    assert mx_values(end.rrset("MX")) == mx("0 france", "3 france", "4 europe", "5 mailgate")
    assert undo(end, plan).changes == ()


def test_hosts_of_ours_that_we_moved_go_back_to_where_they_were() -> None:
    plan, after = enrol(view(mx=["5 mailgate", "10 france", "20 europe"]))
    assert mx_values(undo(after, plan).after["MX"]) == mx("5 mailgate", "10 france", "20 europe")
    today = map_rows(after, "MX", kept, Record(rdata=Mx(60, "backup.example."), ttl=60))
    assert mx_values(undo(today, plan).after["MX"]) == mx("5 mailgate", "10 france", "20 europe", "60 backup.example.")


def test_a_row_that_the_provider_disabled_is_enabled_in_place() -> None:
    plan, after = enrol(view(mx=["10 mx1"]), "replace")
    asleep = Record(rdata=Mx(10, "mx1.example.com."), ttl=3600, disabled=True, native={"id": "asleep"})
    today = map_rows(after, "MX", kept, asleep)
    change = undo(today, plan).changes[0]
    (woken,) = [edit for edit in change.edits if edit.before == asleep]
    assert woken.after
    assert not woken.after.disabled
    assert mx_values(change.after) == mx("10 mx1")
    assert change.after
    assert len(change.after.records) == 1


def test_a_customers_row_found_disabled_below_is_enabled_by_a_merge() -> None:
    plan, after = enrol(view(mx=["5 mailgate"]))
    today = map_rows(after, "MX", lambda row: replace(row, disabled=True) if row.rdata == Mx(5, "mailgate.example.com.") else row)
    back = undo(today, plan)
    assert mx_values(back.after["MX"]) == mx("5 mailgate")
    assert back.after["MX"]
    assert len(back.after["MX"].records) == 1


# --- options of MX ------------------------------------------------------------------------------------------------------
def enrol_with(before: ZoneView, edits: Edits) -> tuple[Plan, ZoneView]:
    plan = plan_enrolment(before, Wish(service=SEED, edits=edits))
    assert not held_back(plan.findings, frozenset())
    return plan, applied(before, plan.changes)


def moved(zone: ZoneView, old: str, new: str) -> ZoneView:
    ((was,), (now,)) = (mx(old), mx(new))
    return map_rows(zone, "MX", lambda row: replace(row, rdata=now) if row.rdata == was else row)


SHIFT = Edits(renumber="shift")


def test_a_renumbered_set_goes_back_exactly_rows_and_all() -> None:
    before = view(mx=["0 a", "2 a", "2 b"])
    plan, after = enrol_with(before, SHIFT)
    assert mx_values(after.rrset("MX")) == mx("0 france", "1 europe", "2 a", "4 a", "4 b")
    assert rows(applied(after, undo(after, plan).changes).rrset("MX")) == rows(before.rrset("MX"))


def test_of_a_renumbered_set_each_host_goes_back_that_still_stands_where_we_put_it() -> None:
    plan, after = enrol_with(view(mx=["0 a", "0 b", "7 c"]), SHIFT)
    today = map_rows(moved(after, "2 b", "30 b"), "MX", kept, Record(rdata=Mx(60, "backup.example."), ttl=3600))
    back = undo(today, plan)
    assert back.merged
    assert mx_values(back.after["MX"]) == mx("0 a", "30 b", "7 c", "60 backup.example.")


def test_a_renumbered_host_that_somebody_removed_stays_gone_and_one_put_back_stands_once() -> None:
    plan, after = enrol_with(view(mx=["0 a", "5 b"]), SHIFT)
    gone = map_rows(after, "MX", lambda row: None if row.rdata == Mx(7, "b.example.com.") else row)
    assert mx_values(undo(gone, plan).after["MX"]) == mx("0 a")
    twice = map_rows(after, "MX", kept, Record(rdata=Mx(0, "a.example.com."), ttl=3600))
    assert all_rows(applied(twice, undo(twice, plan).changes), "MX") == ["0 a.example.com.", "5 b.example.com."]


def test_renumbered_hosts_that_somebody_put_back_by_hand_are_not_lowered_again() -> None:
    plan, after = enrol_with(view(mx=["0 a", "2 a"]), SHIFT)
    by_hand = with_sets(after, {"MX": view(mx=["0 france", "1 europe", "0 a", "2 a"]).rrset("MX")})
    assert mx_values(undo(by_hand, plan).after["MX"]) == mx("0 a", "2 a")


def test_a_renumbered_row_that_the_provider_disabled_is_enabled_in_place_at_its_own_preference() -> None:
    plan, after = enrol_with(view(mx=["0 a"]), SHIFT)
    today = map_rows(after, "MX", lambda row: replace(row, disabled=True) if row.rdata == Mx(2, "a.example.com.") else row)
    change = undo(today, plan).changes[0]
    assert all_rows(applied(today, [change]), "MX") == ["0 a.example.com."]
    (edit,) = [one for one in change.edits if one.after]
    assert edit.before
    assert edit.before.disabled


def test_renumbered_hosts_stay_where_they_are_once_ours_are_gone() -> None:
    plan, after = enrol_with(view(mx=["0 a"]), SHIFT)
    today = with_sets(after, {"MX": view(mx=["2 a"]).rrset("MX")})
    assert undo(today, plan).absent >= {"MX"}
    assert mx_values(undo(today, plan).after["MX"]) == mx("2 a")


def test_an_implicit_mx_made_explicit_goes_with_ours() -> None:
    plan, after = enrol_with(view(others=[address()]), Edits(keep_implicit=True))
    assert mx_values(after.rrset("MX")) == mx("3 france", "4 europe", "10 example.com.")
    assert undo(after, plan).after["MX"] is None
    today = map_rows(after, "MX", kept, Record(rdata=Mx(60, "backup.example."), ttl=60))
    assert mx_values(undo(today, plan).after["MX"]) == mx("60 backup.example.")


def test_an_implicit_mx_made_explicit_stays_where_the_set_would_be_empty_by_a_merge() -> None:
    plan, after = enrol_with(view(others=[address()]), Edits(keep_implicit=True))
    today = map_rows(after, "MX", lambda row: None if row.rdata == Mx(4, EUROPE) else row)
    back = undo(today, plan)
    assert not back.drift
    assert mx_values(back.after["MX"]) == mx("10 example.com.")
    changed = undo(moved(today, "10 example.com.", "20 example.com."), plan)
    assert mx_values(changed.after["MX"]) == mx("20 example.com.")


def test_a_row_that_was_taken_out_as_a_duplicate_does_not_come_back() -> None:
    plan, after = enrol_with(view(mx=["10 a", "20 b", "10 a"]), Edits(dedupe=True))
    end = applied(after, undo(after, plan).changes)
    assert all_rows(end, "MX") == ["10 a.example.com.", "20 b.example.com."]
    plan, after = enrol_with(view(mx=["0 a", "0 a"]), Edits(dedupe=True, renumber="compact"))
    assert all_rows(applied(after, undo(after, plan).changes), "MX") == ["0 a.example.com."]


# --- TTL ----------------------------------------------------------------------------------------------------------------
def test_a_ttl_that_somebody_set_since_is_kept() -> None:
    plan, after = enrol(view(txt=["v=spf1 mx ~all"], mx=["10 mx1"]), "replace")
    today = map_rows(map_rows(after, "MX", lambda row: replace(row, ttl=60)), "TXT", lambda row: replace(row, ttl=90))
    back = undo(today, plan)
    assert not back.merged
    assert back.after["MX"]
    assert back.after["TXT"]
    assert [(str(row.rdata), row.ttl) for row in back.after["MX"].records] == [("10 mx1.example.com.", 60)]
    assert [(str(row.rdata), row.ttl) for row in back.after["TXT"].records] == [("v=spf1 mx ~all", 90)]


def test_records_of_one_set_keep_the_ttls_of_their_own() -> None:
    before = map_rows(view(mx=CUSTOMER), "MX", lambda row: replace(row, ttl=row.ttl + int(str(row.rdata).split()[0])))
    plan, after = enrol(before)
    end = applied(after, undo(after, plan).changes)
    assert same_data(end.rrset("MX"), before.rrset("MX"))
    today = map_rows(after, "MX", kept, Record(rdata=Mx(60, "backup.example."), ttl=1))
    back = undo(today, plan).after["MX"]
    assert back
    assert {str(row.rdata): row.ttl for row in back.records if row.rdata in mx(*CUSTOMER)} == {
        str(row.rdata): row.ttl for row in (before.rrset("MX") or back).records
    }


# --- mixtures -----------------------------------------------------------------------------------------------------------
def test_a_read_back_is_told_apart() -> None:
    before = view(txt=["MS=ms1", "v=spf1 a ~all"], mx=["10 mx1"])
    plan, after = enrol(before, "replace")

    def seen(zone: ZoneView) -> str:
        return mixture(zone, plan.before, plan.after)

    half = with_sets(after, {"MX": before.rrset("MX")})
    too_many = map_rows(after, "MX", kept, *(before.rrset("MX") or after.rrsets[0]).records)
    assert seen(after) == "after"
    assert seen(before) == "before"
    assert seen(half) == "mixed"
    assert seen(too_many) == "mixed"
    assert seen(with_sets(after, {"MX": None})) == "mixed"
    assert seen(map_rows(after, "TXT", lambda row: replace(row, ttl=1))) == "mixed"
    assert seen(map_rows(after, "TXT", kept, Record(rdata=Txt((b"new",)), ttl=3600))) == "foreign"
    assert seen(map_rows(after, "MX", kept, Record(rdata=Mx(1, "x.example."), ttl=3600))) == "foreign"


def test_rows_that_the_provider_disabled_count_as_gone_in_replace_and_as_missing_below() -> None:
    asleep = Record(rdata=Mx(10, "mx1.example.com."), ttl=3600, disabled=True)
    plan, after = enrol(view(mx=["10 mx1"]), "replace")
    assert mixture(map_rows(after, "MX", kept, asleep), plan.before, plan.after) == "after"
    plan, after = enrol(view(mx=["10 mx1"]))
    today = map_rows(after, "MX", lambda row: replace(row, disabled=True) if row.rdata == asleep.rdata else row)
    assert mixture(today, plan.before, plan.after) == "mixed"


def test_the_digest_of_a_rollback_tells_what_it_would_write() -> None:
    plan, after = enrol(view(mx=CUSTOMER))
    assert len(undo(after, plan).digest) == 64
    assert undo(after, plan).digest != plan.digest


# --- rows that we enabled -----------------------------------------------------------------------------------------------
ASLEEP_MX = Record(rdata=Mx(3, FRANCE), ttl=60, disabled=True, native={"id": "asleep"})
ASLEEP_SPF = Record(rdata=Txt((f"v=spf1 {FILTER} ~all".encode(),)), ttl=60, disabled=True, native={"id": "asleep"})


def all_rows(zone: ZoneView, rtype: str) -> list[str]:
    standing = zone.rrset(rtype)
    return sorted(f"{row.rdata}{' (disabled)' if row.disabled else ''}" for row in (standing.records if standing else ()))


@pytest.mark.parametrize("copies", [1, 2])
def test_an_mx_row_that_we_enabled_is_disabled_again_in_place(copies: int) -> None:
    before = map_rows(
        view(mx=["5 mailgate"]), "MX", kept, *(replace(ASLEEP_MX, native={"id": number}) for number in range(copies))
    )
    plan, after = enrol(before)
    back = undo(after, plan)
    (edit,) = [one for one in back.changes[0].edits if one.before and one.before.rdata == ASLEEP_MX.rdata and not one.keeps]
    assert edit.after
    assert (edit.after.disabled, edit.after.native, edit.before and edit.before.native) == (True, {"id": 0}, {"id": 0})
    assert rows(applied(after, back.changes).rrset("MX")) == rows(before.rrset("MX"))


def test_an_mx_row_that_we_enabled_is_disabled_again_by_a_merge_and_others_edits_stay() -> None:
    plan, after = enrol(map_rows(view(mx=["5 mailgate"]), "MX", kept, ASLEEP_MX))
    today = map_rows(after, "MX", kept, Record(rdata=Mx(60, "backup.example."), ttl=3600))
    back = undo(today, plan)
    end = applied(today, back.changes)
    assert back.merged
    standing = ["3 france.security-mail.net. (disabled)", "5 mailgate.example.com.", "60 backup.example."]
    assert all_rows(end, "MX") == standing
    assert undo(end, plan).already_absent


def test_an_mx_row_that_we_enabled_and_somebody_deleted_stays_gone() -> None:
    plan, after = enrol(map_rows(view(mx=["5 mailgate"]), "MX", kept, ASLEEP_MX))
    today = map_rows(after, "MX", lambda row: None if row.rdata == ASLEEP_MX.rdata else row)
    assert all_rows(applied(today, undo(today, plan).changes), "MX") == ["5 mailgate.example.com."]


def test_an_mx_value_disabled_since_is_enabled_and_stands_once() -> None:
    plan, after = enrol(map_rows(view(mx=["10 mx1"]), "MX", kept, replace(ASLEEP_MX, rdata=Mx(50, FRANCE))), "replace")
    today = map_rows(after, "MX", kept, Record(rdata=Mx(10, "mx1.example.com."), ttl=3600, disabled=True))
    end = applied(today, undo(today, plan).changes)
    assert all_rows(end, "MX") == ["10 mx1.example.com.", "50 france.security-mail.net. (disabled)"]


def test_an_spf_row_that_we_enabled_is_disabled_again_in_place() -> None:
    before = map_rows(view(txt=["MS=ms1"], mx=CUSTOMER), "TXT", kept, ASLEEP_SPF)
    plan, after = enrol(before)
    back = undo(after, plan)
    assert rows(applied(after, back.changes).rrset("TXT")) == rows(before.rrset("TXT"))
    (edit,) = [one for one in back.changes[-1].edits if not one.keeps]
    assert edit.before
    assert edit.after == ASLEEP_SPF


def test_an_spf_row_that_we_enabled_and_that_was_only_spelled_anew_is_disabled_with_its_own_text() -> None:
    plan, after = enrol(map_rows(view(mx=CUSTOMER), "TXT", kept, ASLEEP_SPF))
    back = undo(map_rows(after, "TXT", respell(f"V=SPF1  {FILTER}  ~all")), plan)
    assert back.after["TXT"]
    assert back.after["TXT"].records == (ASLEEP_SPF,)


def test_an_spf_row_that_we_enabled_and_that_others_use_now_keeps_their_part() -> None:
    plan, after = enrol(map_rows(view(mx=CUSTOMER), "TXT", kept, ASLEEP_SPF))
    back = undo(map_rows(after, "TXT", respell(f"v=spf1 {FILTER} include:new.example -all")), plan)
    assert texts(back.after["TXT"]) == ["v=spf1 include:new.example -all"]


@pytest.mark.parametrize("merged", [False, True])
def test_an_spf_value_to_be_restored_that_stands_disabled_is_drift_and_never_written_twice(merged: bool) -> None:
    plan, after = enrol(view(txt=["v=spf1 mx ~all"], mx=CUSTOMER))
    twin = Record(rdata=Txt((b"v=spf1 mx ~all",)), ttl=3600, disabled=True, native={"id": "twin"})
    today = map_rows(after, "TXT", respell(f"v=spf1 {FILTER} mx ~all") if merged else kept, twin)
    back = undo(today, plan)
    assert back.changes == ()
    assert 'stands as a disabled row: "v=spf1 mx ~all"' in back.drift
    assert "Delete that row at the provider" in back.drift


def test_an_spf_value_that_stood_both_served_and_disabled_goes_back_as_it_was() -> None:
    twin = Record(rdata=Txt((b"v=spf1 mx ~all",)), ttl=3600, disabled=True, native={"id": "twin"})
    before = map_rows(view(txt=["v=spf1 mx ~all"], mx=CUSTOMER), "TXT", kept, twin)
    plan, after = enrol(before)
    assert rows(applied(after, undo(after, plan).changes).rrset("TXT")) == rows(before.rrset("TXT"))
