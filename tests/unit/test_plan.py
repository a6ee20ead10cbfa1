"""Plans: what an enrolment writes, what it never touches, and what it says before."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from registrar_sync.core.enrol_mx import mx_values
from registrar_sync.core.guard import KINDS, finding, held_back
from registrar_sync.core.model import Mx, Other, Rdata, Record, RRset, RRsetChange, Txt, ZoneView, is_spf, values_of
from registrar_sync.core.mx import is_enrolled_order
from registrar_sync.core.plan import Plan, Wish
from registrar_sync.core.service import MailService, ServiceExchange
from registrar_sync.core.spf import find_spf, parse_spf
from registrar_sync.core.wish import Edits
from tests.unit.worlds import plan_enrolment
from tests.unit.zones import FILTER, SEED, VENDOR, ZONE, address, applied, mx, rrset, service, texts, view, with_sets

# --- strange zones, made at random --------------------------------------------------------------------------------------
ODD_TERMS = ["redirect=y.example", "ptr", "exp=z.example", "oops", "MX:Example.COM/24", "v=1", FILTER, f"?{FILTER}"]
USUAL_TERMS = ["a", "mx", "-ip4:192.0.2.9", "include:x.example", "~all", "-all", "+all"]
SPF_TERMS = st.lists(st.sampled_from([*USUAL_TERMS, *ODD_TERMS]), max_size=5)
SPF_TEXTS = SPF_TERMS.map(lambda terms: " ".join(["v=spf1", *terms]).encode())
NEW_SPF = f"v=spf1 {FILTER} ~all".encode()
MANY_TERMS = b"v=spf1 mx" + b"".join(b" a:h%d.example" % number for number in range(9)) + b" ~all"
WHOLE = [b"v=spf10", b"MS=ms1", b"v=spf1; a", NEW_SPF, b"v=spf1 ~all", MANY_TERMS]
TXT_VALUES = st.one_of(SPF_TEXTS, st.binary(max_size=300), st.sampled_from(WHOLE))
TXTS = TXT_VALUES.flatmap(lambda text: st.integers(0, len(text)).map(lambda cut: Txt((text[:cut], text[cut:]))))
EXCHANGES = ["a.example.", "b.example.", "mx1.ppe-hosted.com.", "192.0.2.1.", "france.security-mail.net.", "."]
OURS = [Mx(3, "france.security-mail.net."), Mx(4, "europe.security-mail.net.")]
MXES = st.one_of(
    st.builds(Mx, st.one_of(st.integers(0, 20), st.integers(0, 65535)), st.sampled_from(EXCHANGES)), st.sampled_from(OURS)
)
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
                assert any(row is kept or _is_woken(row, kept, change) for kept in (change.after.records if change.after else ()))


def _is_woken(row: Record, kept: Record, change: RRsetChange) -> bool:
    """A disabled row of a value that is to be served and was not: enabled in place, the provider's row and all."""
    same_row = row.disabled and not kept.disabled and kept.rdata == row.rdata and kept.native is row.native
    return same_row and row.rdata not in values_of(change.before)


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
    assert {one.id for one in plan.findings} == {"spf-service-alone"}


def test_a_ttl_below_what_the_provider_takes_is_kept_and_told() -> None:
    plan = plan_of(view(txt=["v=spf1 mx -all"], mx=["5 mailgate"], ttl=300), ttl_min=600)
    assert {record.ttl for one in plan.after.values() if one for record in one.records} == {300}
    low = [one for one in plan.findings if one.id == "ttl-below-minimum"]
    assert ["TXT" in low[0].message, "MX" in low[1].message, {one.severity for one in low}] == [True, True, {"warn"}]


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


KEEP = Edits(keep_implicit=True)


def test_keeping_an_implicit_mx_needs_an_address_and_the_mode_below() -> None:
    def said(zone: ZoneView, **wish: object) -> list[tuple[str, str]]:
        return [(one.severity, one.id) for one in plan_of(zone, edits=KEEP, **wish).findings]

    assert said(view(others=[address()])) == [("info", "mx-implicit-kept")]
    assert said(view()) == [("info", "mx-implicit")]
    assert said(view(others=[address()]), mx_mode="replace") == [("warn", "mx-implicit")]
    assert (
        "has no effect with --mx replace" in plan_of(view(others=[address()]), edits=KEEP, mx_mode="replace").findings[0].message
    )
    for zone in (view(), view(mx=["5 mailgate"], others=[address()]), view(mx=["0 ."], others=[address()])):
        after = plan_of(zone, edits=KEEP, accept=frozenset({"mx-null"})).after["MX"]
        assert ZONE not in {value.exchange for value in mx_values(after)}


@pytest.mark.parametrize(("below", "kept"), [((3, 4), "10"), ((10, 20), "21"), ((65534, 65535), "65535")])
def test_the_fallback_stands_behind_the_services_hosts_whatever_their_numbers(below: tuple[int, int], kept: str) -> None:
    plan = plan_of(view(others=[address()]), edits=KEEP, service=service(below=below))
    assert f"{kept} {ZONE}" in {str(value) for value in mx_values(plan.after["MX"])}
    assert is_enrolled_order(mx_values(plan.after["MX"]), SEED)


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
    record, caret = block.message.splitlines()[1:]
    assert (record, caret) == ("v=spf1 \\027[31m\\226\\128\\174", "       ^")
    assert all(line.isprintable() for line in block.message.split("\n"))


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
    plan = plan_of(view(mx=["5 mailgate"]), service=spf_only, mx_mode="replace", accept=frozenset({"spf-service-alone"}))
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


# --- what would be a permerror without asking anybody -------------------------------------------------------------------
def a_terms(count: int) -> str:
    return " ".join(f"a:h{number}.example" for number in range(count))


IN_PLACE = ("3 france", "4 europe", "5 mailgate")
NINE_HOSTS = [f"{10 + number} h{number}" for number in range(9)]


def severities(plan: Plan) -> dict[str, str]:
    return {one.id: one.severity for one in plan.findings}


def message(plan: Plan, name: str) -> str:
    (found,) = [one.message for one in plan.findings if one.id == name]
    return found


@pytest.mark.parametrize(
    ("terms", "count"),
    [
        (f"{a_terms(10)} ~all", 11),
        (f"{a_terms(5)} mx ptr exists:x.example include:y.example -ptr ?mx -all", 12),
        (f"{a_terms(9)} redirect=x.example", 11),
        (f"{a_terms(10)} ~all {FILTER}", 11),  # dead today, and moved
    ],
)
def test_more_than_ten_own_terms_that_cost_a_look_up_are_blocked_with_their_number(terms: str, count: int) -> None:
    plan = plan_of(view(txt=[f"v=spf1 {terms}"], mx=IN_PLACE))
    assert severities(plan)["spf-over-lookup-limit"] == "block"
    text = message(plan, "spf-over-lookup-limit")
    assert f"costs {count} DNS look-ups" in text
    assert plan.changes == ()
    assert plan.detail == ""


@pytest.mark.parametrize(
    "terms",
    [
        f"{a_terms(9)} ~all",
        f"{a_terms(9)} ip4:192.0.2.1 ip6:2001:db8::1 exp=x.example v=1 -all",
        f"{a_terms(9)} redirect=x.example ~all",  # dead beside all
        f"{a_terms(9)} ~all mx ptr",  # dead behind all
        f"{a_terms(8)} redirect=x.example",
    ],
)
def test_ten_own_look_ups_are_allowed_and_dead_terms_cost_none(terms: str) -> None:
    plan = plan_of(view(txt=[f"v=spf1 {terms}"], mx=IN_PLACE))
    assert "spf-over-lookup-limit" not in severities(plan)
    assert [change.rtype for change in plan.changes] == ["TXT"]


def test_too_many_look_ups_are_written_once_accepted() -> None:
    plan = plan_of(view(txt=[f"v=spf1 {a_terms(10)} ~all"], mx=IN_PLACE), accept=frozenset({"spf-over-lookup-limit"}))
    assert texts(plan.after["TXT"]) == [f"v=spf1 {a_terms(10)} {FILTER} ~all"]


def test_a_record_that_is_over_the_limit_today_is_said_to_be() -> None:
    broken = plan_of(view(txt=[f"v=spf1 {a_terms(12)} ~all"], mx=IN_PLACE))
    assert "With 12 it is already over today, which is not our doing." in message(broken, "spf-over-lookup-limit")
    ours = plan_of(view(txt=[f"v=spf1 {a_terms(10)} ~all"], mx=IN_PLACE))
    assert "already" not in message(ours, "spf-over-lookup-limit")


def test_an_enrolled_domain_over_the_limits_is_left_alone_until_its_mx_set_changes() -> None:
    over = f"v=spf1 mx {a_terms(11)} {FILTER} ~all"
    enrolled = plan_of(view(txt=[over], mx=["3 france", "4 europe", *NINE_HOSTS]))
    assert (enrolled.detail, enrolled.findings) == ("already enrolled", ())
    partly = plan_of(view(txt=[over], mx=["5 mailgate"]))
    assert "With 13 it is already over today, which is not our doing." in message(partly, "spf-over-lookup-limit")
    assert held_back(partly.findings, frozenset())


@pytest.mark.parametrize("term", ["mx", "-mx", "mx/24", "mx:Example.com", "mx:%{d}"])
def test_an_mx_of_the_owners_own_must_not_look_up_more_than_ten_hosts(term: str) -> None:
    accept = frozenset({"spf-mx-negative"})
    plan = plan_of(view(txt=[f"v=spf1 {term} ~all"], mx=NINE_HOSTS), accept=accept)
    assert severities(plan)["spf-mx-too-many"] == "block"
    assert f"{term} in " in message(plan, "spf-mx-too-many")
    assert "look up 11 MX hosts" in message(plan, "spf-mx-too-many")
    assert plan.changes == ()

    accepted = plan_of(view(txt=[f"v=spf1 {term} ~all"], mx=NINE_HOSTS), accept=accept | {"spf-mx-too-many"})
    assert [change.rtype for change in accepted.changes] == ["TXT", "MX"]


@pytest.mark.parametrize("spf", ["v=spf1 a ~all mx", "v=spf1 mx:other.example ~all", "v=spf1 mx=1 ~all"])
def test_no_live_mx_of_the_owners_own_no_limit_of_hosts(spf: str) -> None:
    assert "spf-mx-too-many" not in severities(plan_of(view(txt=[spf], mx=NINE_HOSTS)))


def test_ten_mx_hosts_are_allowed_and_one_host_at_two_preferences_is_one() -> None:
    assert not plan_of(view(txt=["v=spf1 mx ~all"], mx=NINE_HOSTS[:8])).findings
    twice = plan_of(view(txt=["v=spf1 mx ~all"], mx=[*NINE_HOSTS[:8], "50 h0"]))
    assert severities(twice) == {"mx-duplicate-exchange": "warn"}


def test_an_mx_that_looks_up_too_many_hosts_today_still_blocks_an_edit() -> None:
    plan = plan_of(view(txt=["v=spf1 mx ~all"], mx=["3 france", "4 europe", *NINE_HOSTS]))
    assert "With 11 it is already over today." in message(plan, "spf-mx-too-many")
    assert plan.changes == ()


def test_replacing_too_many_mx_hosts_mends_the_limit() -> None:
    zone = view(txt=["v=spf1 mx -all"], mx=[*NINE_HOSTS, "40 i", "41 j"])
    plan = plan_of(zone, mx_mode="replace", accept=frozenset({"spf-mx-mechanism"}))
    assert set(severities(plan)) == {"spf-mx-mechanism"}


# --- the mechanism mx, once more ----------------------------------------------------------------------------------------
@pytest.mark.parametrize("term", ["mx:%{o}", "mx:%{d2}", "?mx:%{h}/24", "mx:mail.%{d}"])
def test_an_mx_of_a_macro_may_be_the_owners_own_and_stops_replace(term: str) -> None:
    plan = plan_of(view(txt=[f"v=spf1 {term} -all"], mx=["5 mailgate"]), mx_mode="replace")
    assert severities(plan) == {"spf-mx-mechanism": "block"}
    assert "may authorise" in message(plan, "spf-mx-mechanism")
    assert "a:mailgate.example.com" in message(plan, "spf-mx-mechanism")
    assert "MX" not in [change.rtype for change in plan.changes]
    assert "spf-mx-mechanism" not in severities(plan_of(view(txt=[f"v=spf1 -{term.lstrip('?')} -all"], mx=["5 mailgate"])))


@pytest.mark.parametrize(("qualifier", "result"), [("-", "fail"), ("~", "softfail"), ("?", "neutral")])
def test_below_an_mx_that_does_not_pass_would_take_the_services_hosts_too(qualifier: str, result: str) -> None:
    plan = plan_of(view(txt=[f"v=spf1 {qualifier}mx a ~all"], mx=["5 mailgate"]))
    assert severities(plan) == {"spf-mx-negative": "block"}
    assert f"gets {result}, not pass" in message(plan, "spf-mx-negative")
    assert "europe.security-mail.net, france.security-mail.net" in message(plan, "spf-mx-negative")
    assert plan.changes == ()

    accepted = plan_of(view(txt=[f"v=spf1 {qualifier}mx a ~all"], mx=["5 mailgate"]), accept=frozenset({"spf-mx-negative"}))
    assert texts(accepted.after["TXT"]) == [f"v=spf1 {qualifier}mx a {FILTER} ~all"]
    assert len(mx_values(accepted.after["MX"])) == 3


@pytest.mark.parametrize(
    "spf",
    [
        f"v=spf1 a {FILTER} -mx ~all",  # behind the include
        "v=spf1 mx -mx ~all",  # the first one decides
        "v=spf1 -mx:other.example ~all",
        "v=spf1 a ~all -mx",
    ],
)
def test_an_mx_that_decides_nothing_about_the_services_hosts_is_no_matter(spf: str) -> None:
    assert not plan_of(view(txt=[spf], mx=["5 mailgate"])).findings


def test_a_domain_enrolled_behind_a_negative_mx_is_not_asked_again() -> None:
    plan = plan_of(view(txt=[f"v=spf1 -mx {FILTER} ~all"], mx=IN_PLACE))
    assert (plan.detail, plan.findings) == ("already enrolled", ())


def test_in_replace_a_negative_mx_is_told_and_stops_nothing() -> None:
    plan = plan_of(view(txt=["v=spf1 -mx a ~all"], mx=["5 mailgate"]), mx_mode="replace")
    assert severities(plan) == {"spf-mx-negative": "warn"}
    assert [change.rtype for change in plan.changes] == ["TXT", "MX"]


# --- disabled rows of a value that is to be served ----------------------------------------------------------------------
def asleep(rdata: Rdata, **native: object) -> Record:
    return Record(rdata=rdata, ttl=60, disabled=True, native=native)


def with_rows(zone: ZoneView, rtype: str, *more: Record) -> ZoneView:
    standing = zone.rrset(rtype)
    records = (*(standing.records if standing else ()), *more)
    return with_sets(zone, {rtype: RRset(owner=ZONE, rtype=rtype, records=records)})


@pytest.mark.parametrize("mode", ["below", "replace"])
def test_an_mx_value_that_stands_disabled_is_enabled_in_place_and_not_added(mode: str) -> None:
    value = Mx(3, "france.security-mail.net.") if mode == "below" else Mx(50, "france.security-mail.net.")
    row = asleep(value, id="asleep")
    plan = plan_of(with_rows(view(txt=[f"v=spf1 {FILTER} ~all"], mx=["5 mailgate"]), "MX", row), mx_mode=mode)
    (change,) = plan.changes
    (woken,) = [edit for edit in change.edits if edit.before is row]
    assert woken.after == Record(rdata=value, ttl=3600)  # the TTL of the set
    assert woken.after.native is row.native
    assert change.after
    assert [one.rdata for one in change.after.records].count(value) == 1
    assert all(not one.disabled for one in change.after.records)


def test_a_disabled_row_at_the_place_where_a_host_moves_to_is_enabled_and_the_old_row_goes() -> None:
    zone = view(txt=[f"v=spf1 {FILTER} ~all"], mx=["10 mailgate", "20 france"])
    plan = plan_of(with_rows(zone, "MX", asleep(Mx(3, "france.security-mail.net."), id="asleep")))
    after = plan.after["MX"]
    assert after
    assert sorted(str(row.rdata) for row in after.records) == [
        "10 mailgate.example.com.",
        "3 france.security-mail.net.",
        "4 europe.security-mail.net.",
    ]


def test_other_disabled_rows_of_the_services_hosts_stay_disabled() -> None:
    other, second = asleep(Mx(9, "france.security-mail.net.")), asleep(Mx(3, "france.security-mail.net."), id=2)
    zone = with_rows(view(mx=["5 mailgate"]), "MX", asleep(Mx(3, "france.security-mail.net."), id=1), other, second)
    after = plan_of(zone).after["MX"]
    assert after
    assert [row.native for row in after.records if row.disabled] == [other.native, second.native]


def test_a_new_spf_record_that_stands_disabled_is_enabled_in_place() -> None:
    row = asleep(Txt((b"v=spf1 ", f"{FILTER} ~all".encode())), id="asleep")
    plan = plan_of(with_rows(view(txt=["MS=ms1"], mx=IN_PLACE), "TXT", row))
    (change,) = plan.changes
    (edit,) = [edit for edit in change.edits if not edit.keeps]
    assert edit.before is row
    assert edit.after == Record(rdata=row.rdata, ttl=3600)
    assert edit.after.native is row.native
    assert isinstance(edit.after.rdata, Txt)
    assert edit.after.rdata.strings == (b"v=spf1 ", f"{FILTER} ~all".encode())


def test_an_edit_whose_result_stands_disabled_is_refused_and_names_the_row() -> None:
    twin = asleep(Txt((f"v=spf1 mx {FILTER} ~all".encode(),)))
    plan = plan_of(with_rows(view(txt=["v=spf1 mx ~all"], mx=IN_PLACE), "TXT", twin))
    assert plan.changes == ()
    assert held_back(plan.findings, frozenset(KINDS))
    assert f'"v=spf1 mx {FILTER} ~all"' in message(plan, "spf-disabled-twin")
    assert "Delete that row" in message(plan, "spf-disabled-twin")


def test_exact_duplicates_among_spf_records_are_called_so() -> None:
    two = message(plan_of(view(txt=["v=spf1 mx -all", (b"v=spf1 ", b"mx -all")], mx=IN_PLACE)), "spf-two-records")
    assert "They are exact duplicates: --merge-spf keeps one of them." in two
    plan = plan_of(view(txt=["v=spf1 oops"] * 3, mx=IN_PLACE))
    assert "3 SPF records" in message(plan, "spf-two-records")
    assert "cannot be read" in message(plan, "spf-two-records")
    assert "unknown mechanism 'oops'" in message(plan, "spf-invalid")  # said once
    assert "duplicate" not in message(plan_of(view(txt=["v=spf1 mx -all", "v=spf1 a -all"])), "spf-two-records")
