"""Plans: what an enrolment writes, what it never touches, and what it says before."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from registrar_sync.core.enrol_mx import mx_values
from registrar_sync.core.guard import KINDS, finding, held_back
from registrar_sync.core.model import Mx, Other, Rdata, Record, RRset, Txt, ZoneView, is_spf, values_of
from registrar_sync.core.mx import is_enrolled_order
from registrar_sync.core.plan import Plan, Wish, plan_enrolment
from registrar_sync.core.service import MailService, ServiceExchange
from registrar_sync.core.spf import find_spf, parse_spf
from tests.unit.zones import FILTER, SEED, VENDOR, ZONE, address, applied, mx, rrset, service, texts, view, with_sets

# --- strange zones, made at random --------------------------------------------------------------------------------------
ODD_TERMS = ["redirect=y.example", "ptr", "exp=z.example", "oops", "MX:Example.COM/24", "v=1", FILTER, f"?{FILTER}"]
USUAL_TERMS = ["a", "mx", "-ip4:192.0.2.9", "include:x.example", "~all", "-all", "+all"]
SPF_TERMS = st.lists(st.sampled_from([*USUAL_TERMS, *ODD_TERMS]), max_size=5)
SPF_TEXTS = SPF_TERMS.map(lambda terms: " ".join(["v=spf1", *terms]).encode())
TXT_VALUES = st.one_of(SPF_TEXTS, st.binary(max_size=300), st.sampled_from([b"v=spf10", b"MS=ms1", b"v=spf1; a"]))
TXTS = TXT_VALUES.flatmap(lambda text: st.integers(0, len(text)).map(lambda cut: Txt((text[:cut], text[cut:]))))
EXCHANGES = ["a.example.", "b.example.", "mx1.ppe-hosted.com.", "192.0.2.1.", "france.security-mail.net.", "."]
MXES = st.builds(Mx, st.one_of(st.integers(0, 20), st.integers(0, 65535)), st.sampled_from(EXCHANGES))
DISABLED = st.sampled_from([False, False, False, True])
ACCEPT = st.frozensets(st.sampled_from(sorted(KINDS)))


@st.composite
def sets(draw: st.DrawFn, rtype: str) -> RRset | None:
    """An RRset with rows of their own TTL and native row, some disabled; None half of the time it would be empty."""
    values: st.SearchStrategy[Rdata] = TXTS if rtype == "TXT" else MXES
    rdatas = draw(st.lists(values, max_size=5))
    if not rdatas:
        return None
    ttls = st.sampled_from([60, 3600, 3600])
    rows = [
        Record(rdata=rdata, ttl=draw(ttls), disabled=draw(DISABLED), native={"id": f"{rtype}-{index}"})
        for index, rdata in enumerate(rdatas)
    ]
    return RRset(owner=ZONE, rtype=rtype, records=tuple(rows))


@st.composite
def zones(draw: st.DrawFn) -> ZoneView:
    """A zone as customers have them, and worse."""
    found = [draw(sets("TXT")), draw(sets("MX")), *draw(st.sampled_from([[], [address()]]))]
    return ZoneView(zone=ZONE, owner=ZONE, rrsets=tuple(one for one in found if one))


WISHES = st.builds(
    Wish,
    service=st.sampled_from([SEED, VENDOR, service(equal_preferences=True)]),
    mx_mode=st.sampled_from(["below", "replace"]),
    all_qualifier=st.sampled_from([None, "-", "~", "?"]),
    ttl=st.sampled_from([None, 300]),
    accept=ACCEPT,
)


def spf_count(rrset: RRset | None) -> int:
    return len(find_spf(rrset))


@settings(max_examples=300, deadline=None)
@given(zones(), WISHES)
def test_no_plan_makes_two_spf_records_or_an_empty_mx_set(zone: ZoneView, wish: Wish) -> None:
    plan = plan_enrolment(zone, wish)
    assert spf_count(plan.after["TXT"]) <= max(1, spf_count(plan.before["TXT"]))
    assert bool(mx_values(plan.after["MX"])) >= bool(mx_values(plan.before["MX"]))


@settings(max_examples=300, deadline=None)
@given(zones(), WISHES)
def test_neighbours_are_untouched(zone: ZoneView, wish: Wish) -> None:
    plan = plan_enrolment(zone, wish)
    assert [change.rtype for change in plan.changes] in ([], ["TXT"], ["MX"], ["TXT", "MX"])
    for change in plan.changes:
        for row in change.before.records if change.before else ():
            ours = is_spf(row.rdata) or (
                isinstance(row.rdata, Mx)
                and (row.rdata.exchange in wish.service.hosts or row.rdata.exchange == "." or wish.mx_mode == "replace")
            )
            if row.disabled or not ours:
                assert any(row is kept for kept in (change.after.records if change.after else ()))


@settings(max_examples=300, deadline=None)
@given(zones(), WISHES)
def test_planning_after_applying_finds_nothing_to_do(zone: ZoneView, wish: Wish) -> None:
    plan = plan_enrolment(zone, wish)
    again = plan_enrolment(applied(zone, plan.changes), wish)
    assert again.changes == ()
    if not held_back(plan.findings, wish.accept):
        assert again.detail == "already enrolled"
        assert not held_back(again.findings, wish.accept)


@settings(max_examples=300, deadline=None)
@given(zones(), WISHES)
def test_a_plan_that_nothing_holds_back_enrols(zone: ZoneView, wish: Wish) -> None:
    plan = plan_enrolment(zone, wish)
    if held_back(plan.findings, wish.accept):
        return
    (record,) = find_spf(plan.after["TXT"])
    assert isinstance(record.rdata, Txt)
    assert parse_spf(record.rdata.joined).authorises(wish.service.include)
    assert is_enrolled_order(mx_values(plan.after["MX"]), wish.service)


# --- one fact each ------------------------------------------------------------------------------------------------------
ENROLLED = view(txt=[f"v=spf1 {FILTER} ~all"], mx=["3 france", "4 europe", "5 mailgate"])


def plan_of(zone: ZoneView, **wish: object) -> Plan:
    return plan_enrolment(zone, replace(Wish(service=SEED), **wish))  # type: ignore[arg-type]


def test_an_enrolled_domain_gets_no_change_and_says_so() -> None:
    plan = plan_of(ENROLLED)
    assert (plan.changes, plan.detail, plan.findings) == ((), "already enrolled", ())
    assert plan.before == plan.after
    assert set(plan.before) == {"TXT", "MX"}


def test_below_and_replace_differ_in_what_they_call_enrolled() -> None:
    assert plan_of(ENROLLED, mx_mode="replace").changes
    assert plan_of(view(txt=[f"v=spf1 {FILTER} -all"], mx=["10 europe", "50 france"])).detail == "already enrolled"


def test_a_new_set_gets_the_ttl_of_the_service_or_of_the_wish_within_the_providers_bounds() -> None:
    def ttls(plan: Plan) -> set[int]:
        return {record.ttl for one in plan.after.values() if one for record in one.records}

    assert ttls(plan_of(view())) == {10800}
    assert ttls(plan_of(view(), ttl=300)) == {300}
    assert ttls(plan_of(view(), ttl=0)) == {0}
    clamped = plan_of(view(), ttl_min=60, ttl_max=3600)
    assert ttls(clamped) == {3600}
    assert [(one.id, one.severity) for one in clamped.findings] == [("ttl-clamped", "info")]
    assert "3600 is used, not 10800" in clamped.findings[0].message


def test_a_record_added_to_a_set_takes_its_ttl_whatever_was_asked() -> None:
    plan = plan_of(view(txt=["MS=ms1"], mx=["5 mailgate"], ttl=77), ttl=300, ttl_max=200)
    assert {record.ttl for one in plan.after.values() if one for record in one.records} == {77}
    assert not plan.findings


def test_new_rows_have_no_native_row_and_untouched_ones_keep_theirs() -> None:
    zone = view(txt=["MS=ms1", "v=spf1 mx -all"], mx=["5 mailgate"])
    plan = plan_of(zone)
    assert plan.after["TXT"]
    assert plan.after["MX"]
    assert [row.native and row.native["id"] for row in plan.after["TXT"].records] == [1, 2]
    assert [row.native and row.native["id"] for row in plan.after["MX"].records] == [100, None, None]


def test_disabled_rows_are_carried_along_and_are_neither_spf_nor_mx() -> None:
    asleep_txt = Record(rdata=Txt((b"v=spf1 a -all",)), ttl=60, disabled=True, native={"id": "t"})
    asleep_mx = Record(rdata=Mx(0, "old.example."), ttl=60, disabled=True, native={"id": "m"})
    zone = with_sets(
        view(), {"TXT": rrset("TXT", []).with_records([asleep_txt]), "MX": rrset("MX", []).with_records([asleep_mx])}
    )
    for mode in ("below", "replace"):
        plan = plan_of(zone, mx_mode=mode)
        assert texts(plan.after["TXT"]) == [f"v=spf1 {FILTER} ~all"]
        assert len(mx_values(plan.after["MX"])) == 2
        assert plan.after["TXT"]
        assert plan.after["MX"]
        assert plan.after["TXT"].records[0] is asleep_txt
        assert plan.after["MX"].records[0] is asleep_mx


def test_two_equal_spf_rows_are_two_records() -> None:
    plan = plan_of(view(txt=["v=spf1 mx -all"] * 2, mx=["5 mailgate"]))
    assert "spf-two-records" in {one.id for one in plan.findings}
    assert [change.rtype for change in plan.changes] == ["MX"]


def test_a_cname_at_the_owner_stops_everything() -> None:
    plan = plan_of(view(others=[rrset("CNAME", [Other("www.example.net.")])]))
    assert [(one.id, one.severity, one.acceptable) for one in plan.findings] == [("owner-cname", "block", False)]
    assert plan.changes == ()
    assert plan.detail == ""


def test_ns_stop_an_owner_below_the_apex_and_not_the_apex() -> None:
    ns = rrset("NS", [Other("ns.example.net.")])
    assert plan_of(view(others=[ns])).changes
    below = ZoneView(zone=ZONE, owner="sub.example.com.", rrsets=(replace(ns, owner="sub.example.com."),))
    plan = plan_of(below)
    assert [one.id for one in plan.findings] == ["owner-delegated"]
    assert plan.changes == ()
    assert held_back(plan.findings, {"owner-delegated"})


def test_no_mx_is_a_warning_only_where_an_address_takes_the_mail_today() -> None:
    assert "mx-implicit" in {one.id for one in plan_of(view(others=[address()])).findings}
    assert not plan_of(view()).findings


def test_a_dead_mx_mechanism_or_one_of_another_name_does_not_stop_replace() -> None:
    for spf in ("v=spf1 a ~all mx", "v=spf1 mx:other.example ~all", "v=spf1 -mx ~all", "v=spf1 mx=1 ~all"):
        plan = plan_of(view(txt=[spf], mx=["5 mailgate"]), mx_mode="replace")
        assert not {one.id for one in plan.findings} & {"spf-mx-mechanism"}, spf


def test_the_proposal_for_the_mx_mechanism_keeps_qualifier_and_lengths_and_names_each_host() -> None:
    zone = view(txt=["v=spf1 ?mx:Example.com/24//64 mx:%{d} a:b.example.com -all"], mx=["5 b", "7 a", "9 192.0.2.1."])
    plan = plan_of(zone, mx_mode="replace", accept=frozenset({"spf-mx-mechanism"}))
    (block,) = [one for one in plan.findings if one.id == "spf-mx-mechanism"]
    proposal = (
        "v=spf1 ?mx:Example.com/24//64 ?a:a.example.com/24//64 ?a:b.example.com/24//64 mx:%{d} a:a.example.com a:b.example.com"
    )
    assert f'"{proposal} {FILTER} -all"' in block.message
    assert mx_values(plan.after["MX"]) == mx("10 europe", "50 france")  # accepted: it goes on


def test_a_domain_already_replaced_is_not_asked_about_its_mx_mechanism() -> None:
    plan = plan_of(view(txt=[f"v=spf1 mx {FILTER} -all"], mx=["10 europe", "50 france"]), mx_mode="replace")
    assert (plan.detail, plan.findings) == ("already enrolled", ())


def test_a_hostile_exchange_name_does_not_raise() -> None:
    zone = with_sets(view(txt=["v=spf1 mx -all"]), {"MX": rrset("MX", [Mx(5, '%{x} \\"..x.'), Mx(6, "")])})
    assert "spf-mx-mechanism" in {one.id for one in plan_of(zone, mx_mode="replace").findings}


def test_hostile_text_is_shown_escaped() -> None:
    plan = plan_of(view(txt=["v=spf1 \x1b[31m\u202e"], mx=["5 mailgate"]))
    (block,) = plan.findings
    assert block.id == "spf-invalid"
    assert "\\027[31m" in block.message
    assert block.message.isprintable()


def test_a_part_that_is_held_back_leaves_the_other_part_in_the_plan() -> None:
    plan = plan_of(view(txt=["v=spf1 -all"], mx=["5 mailgate"]))
    assert [change.rtype for change in plan.changes] == ["MX"]
    assert held_back(plan.findings, frozenset())
    assert plan.detail == ""


def test_a_term_that_stands_twice_is_left_alone_once_accepted() -> None:
    zone = view(txt=[f"v=spf1 {FILTER} mx {FILTER} ~all"], mx=["3 france", "4 europe"])
    plan = plan_of(zone, accept=frozenset({"spf-term-twice"}))
    assert (plan.changes, plan.detail) == ((), "already enrolled")


def test_a_dead_term_that_does_not_authorise_is_a_conflict_and_is_not_moved() -> None:
    plan = plan_of(view(txt=[f"v=spf1 a ~all -{FILTER}"], mx=["3 france", "4 europe"]))
    assert [one.id for one in plan.findings] == ["spf-qualifier-conflict"]
    assert plan.changes == ()


def test_the_digest_tells_values_and_ttls_and_nothing_else() -> None:
    def digest(zone: ZoneView) -> str:
        return plan_of(zone).digest

    zone = view(txt=["MS=ms1", "v=spf1 a -all"], mx=["5 mailgate", "7 other"])
    txt, mx_set = zone.rrset("TXT"), zone.rrset("MX")
    assert txt
    assert mx_set
    turned = {"TXT": txt.with_records(reversed(txt.records)), "MX": mx_set.with_records(reversed(mx_set.records))}
    renamed = {"MX": mx_set.with_records(replace(row, native={"id": "new"}) for row in mx_set.records)}
    asleep = {"MX": mx_set.with_records(replace(row, disabled=True) for row in mx_set.records)}

    assert len(digest(zone)) == 64
    assert digest(with_sets(zone, turned)) == digest(with_sets(zone, renamed)) == digest(zone)
    others = [view(txt=["MS=ms1", "v=spf1 a -all"], mx=["5 mailgate", "8 other"]), with_sets(zone, asleep), view()]
    others += [view(txt=["MS=ms1", "v=spf1 a -all"], mx=["5 mailgate", "7 other"], ttl=60), replace(zone, owner="x.example.com.")]
    assert len({digest(one) for one in [zone, *others]}) == 6


def test_findings_can_be_added() -> None:
    more = finding("not-delegated", "Nobody delegates example.com.")
    plan = plan_of(view()).with_findings([more])
    assert plan.findings[-1] == more
    assert plan.digest == plan_of(view()).digest


def test_a_service_of_spf_alone_leaves_mx_alone() -> None:
    spf_only = MailService(name="s", include="x.example.", all_qualifier="-", exchanges=())
    plan = plan_of(view(mx=["5 mailgate"]), service=spf_only, mx_mode="replace")
    assert [change.rtype for change in plan.changes] == ["TXT"]


def test_accepting_cannot_pass_a_block_that_is_not_acceptable() -> None:
    blocks = [finding(name, "...") for name, kind in KINDS.items() if kind.severity == "block"]
    stopped = {one.id for one in held_back(blocks, frozenset(KINDS))}
    assert stopped == {name for name, kind in KINDS.items() if not kind.acceptable}
    assert "spf-two-records" in stopped
    assert "mx-null" not in stopped
    assert len(held_back(blocks, frozenset())) == len(blocks)


def test_a_finding_may_weigh_less_than_its_kind() -> None:
    assert finding("zone-not-deployed", "x", severity="info").severity == "info"
    assert finding("zone-not-deployed", "x").severity == "block"
    with pytest.raises(KeyError):
        finding("no-such-finding", "x")


def test_every_kind_says_why_in_one_line() -> None:
    assert all(kind.why.endswith(".") and "\n" not in kind.why and len(kind.why) < 130 for kind in KINDS.values())


def test_a_partly_enrolled_domain_gets_only_what_is_missing() -> None:
    zone = view(txt=[f"v=spf1 {FILTER} ~all"], mx=["3 france", "5 mailgate"])
    (change,) = plan_of(zone).changes
    assert change.rtype == "MX"
    assert values_of(change.after) - values_of(change.before) == mx("4 europe")


def test_hosts_of_another_service_order_are_judged_by_that_services_own_order() -> None:
    reversed_service = MailService(
        name="other",
        include="x.example.",
        all_qualifier="~",
        exchanges=tuple(ServiceExchange(exchange=f"mx{n}.x.example.", below=n, replace=n) for n in (1, 2, 3)),
    )
    plan = plan_of(view(mx=["2 mailgate"]), service=reversed_service)
    assert "mx-no-room" in {one.id for one in plan.findings}
    plan = plan_of(view(mx=["3 mailgate"]), service=reversed_service)
    assert sorted(str(value) for value in mx_values(plan.after["MX"])) == [
        "0 mx1.x.example.",
        "1 mx2.x.example.",
        "2 mx3.x.example.",
        "3 mailgate.example.com.",
    ]
