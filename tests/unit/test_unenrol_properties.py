"""Leaving, on any zone: it undoes an enrolment exactly, takes out nothing but ours, and leaves no zone worse than it was."""

from __future__ import annotations

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from registrar_sync.core.enrol_mx import mx_values
from registrar_sync.core.guard import KINDS
from registrar_sync.core.known import Known
from registrar_sync.core.leaving import Leaving, Standing
from registrar_sync.core.model import RRset, ZoneView, is_spf
from registrar_sync.core.plan import Plan
from registrar_sync.core.spf import find_spf, parse_spf
from registrar_sync.core.spf_fault import SpfInvalid
from registrar_sync.core.unenrol import Unenrolment, plan_unenrolment
from registrar_sync.core.unenrol_mx import holds_hosts
from registrar_sync.core.unenrol_spf import holds_include
from registrar_sync.core.wish import Edits, Wish
from tests.unit.test_plan import zones
from tests.unit.test_undo import edited_since
from tests.unit.worlds import plan_enrolment
from tests.unit.zones import SEED, VENDOR, applied, rows, service

EVERYTHING = frozenset(KINDS)
EDITS = st.builds(
    Edits,
    merge_spf=st.booleans(),
    set_all=st.booleans(),
    add_all=st.booleans(),
    fix_qualifier=st.booleans(),
    dedupe=st.booleans(),
    keep_implicit=st.booleans(),
    renumber=st.sampled_from(["no", "shift", "compact"]),
)
WISHES = st.builds(
    Wish,
    service=st.sampled_from([SEED, VENDOR, service(equal_preferences=True)]),
    mx_mode=st.sampled_from(["below", "replace"]),
    all_qualifier=st.sampled_from([None, "-", "~", "?"]),
    ttl=st.sampled_from([None, 300]),
    accept=st.just(EVERYTHING),
    edits=EDITS,
)
ACCEPT = st.sampled_from([frozenset[str](), EVERYTHING])


def leave(today: ZoneView, *plans: Plan, accept: frozenset[str] = EVERYTHING, spf_now: bool = True) -> Unenrolment:
    """``plans``: the enrolments that the journal knows, newest first."""
    standing = tuple(Standing(before=plan.before, after=plan.after, service=SEED) for plan in plans)
    leaving = Leaving(service=SEED, standing=standing, accept=accept)
    return plan_unenrolment(today, leaving, Known(), spf_now=spf_now)


def is_free_of_ours(zone: ZoneView) -> bool:
    leaving = Leaving(service=SEED)
    return not holds_hosts(zone.rrset("MX"), leaving) and not holds_include(zone.rrset("TXT"), leaving)


def can_come_back(start: ZoneView) -> bool:
    """Without what an enrolment mends for good: two SPF records, MX rows that stand twice, a null MX beside others; and
    without anything of ours, which leaving takes out whoever put it there."""
    mx = start.rrset("MX")
    once = mx is None or len(mx.live) == len(mx.values)
    return once and is_free_of_ours(start) and not has_null_beside_others(start) and len(find_spf(start.rrset("TXT"))) < 2


def has_null_beside_others(zone: ZoneView) -> bool:
    exchanges = {value.exchange for value in mx_values(zone.rrset("MX"))}
    return "." in exchanges and len(exchanges) > 1


@settings(max_examples=400)
@given(zones(), WISHES)
def test_enrol_then_leave_is_the_start_values_ttls_and_native_rows(start: ZoneView, wish: Wish) -> None:
    assume(can_come_back(start))
    plan = plan_enrolment(start, wish)
    end = applied(applied(start, plan.changes), leave(applied(start, plan.changes), plan).changes)
    for rtype in ("TXT", "MX"):
        assert rows(end.rrset(rtype)) == rows(start.rrset(rtype))


@settings(max_examples=300)
@given(zones(), WISHES, WISHES)
def test_two_enrolments_then_leave_is_the_start(start: ZoneView, first: Wish, second: Wish) -> None:
    assume(can_come_back(start))
    one = plan_enrolment(start, first)
    enrolled = applied(start, one.changes)
    two = plan_enrolment(enrolled, second)
    today = applied(enrolled, two.changes)
    end = applied(today, leave(today, two, one).changes)
    for rtype in ("TXT", "MX"):
        assert rows(end.rrset(rtype)) == rows(start.rrset(rtype))


@settings(max_examples=300)
@given(zones(), WISHES)
def test_in_two_parts_it_ends_the_same(start: ZoneView, wish: Wish) -> None:
    plan = plan_enrolment(start, wish)
    today = applied(start, plan.changes)
    hosts = leave(today, plan, spf_now=False)
    between = applied(today, hosts.changes)
    assert all(change.rtype == "MX" for change in hosts.changes)
    at_once = leave(today, plan)
    assume(bool(hosts.changes) or not at_once.changes)  # else a block of the SPF half that is only asked about later
    later = leave(between, plan)
    for rtype in ("TXT", "MX"):
        assert rows(applied(between, later.changes).rrset(rtype)) == rows(applied(today, at_once.changes).rrset(rtype))


@settings(max_examples=500)
@given(zones(), ACCEPT)
def test_without_a_journal_only_ours_goes(today: ZoneView, accept: frozenset[str]) -> None:
    plan = leave(today, accept=accept)
    end = applied(today, plan.changes)
    hosts = SEED.hosts
    for rtype in ("TXT", "MX"):
        stays = end.rrset(rtype)
        for row in (today.rrset(rtype) or RRset(owner="", rtype=rtype, records=())).records:
            exchange = getattr(row.rdata, "exchange", "")
            if row.disabled or not (is_spf(row.rdata) or exchange in hosts or exchange == "."):
                assert stays
                assert any(row is one for one in stays.records)
    _harms_nothing(today, end)


@settings(max_examples=500)
@given(st.data(), zones(), WISHES, ACCEPT)
def test_after_months_of_edits_it_never_harms(data: st.DataObject, start: ZoneView, wish: Wish, accept: frozenset[str]) -> None:
    enrolment = plan_enrolment(start, wish)
    today = data.draw(edited_since(applied(start, enrolment.changes)))
    plan = leave(today, enrolment, accept=accept)
    end = applied(today, plan.changes)

    strangers = {value for value in mx_values(today.rrset("MX")) if value.exchange not in {*SEED.hosts, "."}}
    ours = {value.exchange for value in mx_values(enrolment.after["MX"])}
    assert {value for value in strangers if value.exchange not in ours} <= mx_values(end.rrset("MX"))
    assert mx_values(end.rrset("MX")) or not mx_values(today.rrset("MX")) or not mx_values(start.rrset("MX"))
    if mx_values(start.rrset("MX")):
        _harms_nothing(today, end)
    if plan.changes:
        leaving = Leaving(service=SEED)
        assert not holds_hosts(end.rrset("MX"), leaving)
        assert not holds_include(end.rrset("TXT"), leaving)
        assert leave(end, enrolment, accept=accept).changes == ()


def _harms_nothing(today: ZoneView, end: ZoneView) -> None:
    """Never two SPF records out of one, an invalid one out of a valid one, no MX out of some, a null MX beside others."""
    before, after = find_spf(today.rrset("TXT")), find_spf(end.rrset("TXT"))
    assert len(after) <= max(1, len(before))
    if len(before) == 1 and _is_valid(before[0].rdata.joined):  # type: ignore[union-attr]
        assert all(_is_valid(record.rdata.joined) for record in after)  # type: ignore[union-attr]
    assert bool(mx_values(end.rrset("MX"))) == bool(mx_values(today.rrset("MX")))
    changed = mx_values(end.rrset("MX")) != mx_values(today.rrset("MX"))
    assert not (changed and has_null_beside_others(end))


def _is_valid(text: bytes) -> bool:
    try:
        parse_spf(text)
    except SpfInvalid:
        return False
    return True
