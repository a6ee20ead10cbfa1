"""The worked cases of the rules, each under its own number: what stands, what is asked, what is written.

Not here, because the network decides: 24 (covered through a nested include), 50 (an exchange that is a CNAME). Of 26 to 28
(lookups counted) only what the record's own terms tell is here, of 29 only the writing. Cases that need an option of a later
version (6, 7, 22, 25, 42 to 45 ...) are refused, with a finding that says so, and change nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest

from registrar_sync.core.enrol_mx import mx_values
from registrar_sync.core.guard import held_back
from registrar_sync.core.model import Record, Txt, ZoneView
from registrar_sync.core.plan import Plan, Wish, plan_enrolment
from registrar_sync.core.service import MailService, MxMode, Qualifier
from registrar_sync.core.txt import split_strings
from registrar_sync.core.undo import Undo, plan_rollback
from tests.unit.zones import FILTER, SEED, VENDOR, address, applied, mx, rrset, service, texts, view, with_sets

IN_PLACE = ("3 france", "4 europe", "5 mailgate")
"""An MX set that needs nothing, so that only SPF is at stake."""

OUTLOOK, SENDGRID = "v=spf1 include:spf.protection.outlook.com -all", "v=spf1 include:sendgrid.net -all"

NINE = " ".join(f"include:s{number}.example" for number in range(9))


@dataclass(frozen=True)
class Spf:
    """A case of part A. ``after`` None: refused. ``said``: every finding's id. ``hint``: words that a message must hold."""

    before: tuple[str | tuple[bytes, ...], ...]
    after: tuple[str, ...] | None
    said: frozenset[str] = frozenset()
    hint: str = ""
    all_qualifier: Qualifier | None = None
    accept: frozenset[str] = frozenset()


def spf(before: str, after: str | None, *said: str, hint: str = "", all_qualifier: Qualifier | None = None) -> Spf:
    texts_after = None if after is None else (after.replace("FILTER", FILTER),)
    return Spf((before.replace("FILTER", FILTER),), texts_after, frozenset(said), hint, all_qualifier)


SPF_CASES = {
    "1": Spf(("google-site-verification=abc",), ("google-site-verification=abc", f"v=spf1 {FILTER} ~all")),
    "2": Spf(((b"v=spf1 include:_spf.goo", b"gle.com ~all"),), (f"v=spf1 include:_spf.google.com {FILTER} ~all",)),
    "3": Spf(
        ((b"v=spf1 include:a.example", b"include:b.example ~all"),),
        None,
        frozenset({"spf-glued-terms"}),
        hint="v=spf1 include:a.exampleinclude:b.example ~all",
    ),
    "5": Spf(
        (OUTLOOK, SENDGRID),
        None,
        frozenset({"spf-two-records"}),
        hint=f"v=spf1 include:spf.protection.outlook.com include:sendgrid.net {FILTER} -all",
    ),
    "6": Spf((OUTLOOK, SENDGRID), None, frozenset({"spf-two-records"}), hint="--merge-spf is not in this version yet"),
    "7": Spf(("v=spf1 mx ~all", "v=spf1 mx -all"), None, frozenset({"spf-two-records"}), hint="Only a person can decide"),
    "8": spf("v=spf1 mx ~all", "v=spf1 mx FILTER ~all"),
    "9": spf("v=spf1 redirect=_spf.example.net", "v=spf1 FILTER redirect=_spf.example.net"),
    "10": spf("v=spf1 a exp=explain.example.com -all", "v=spf1 a exp=explain.example.com FILTER -all"),
    "11": spf("v=spf1 a mx", "v=spf1 a mx FILTER", "spf-no-all", hint="ends neutral"),
    "12": spf("v=spf1 -ip4:192.0.2.9 ip4:192.0.2.0/24 ~all", "v=spf1 -ip4:192.0.2.9 ip4:192.0.2.0/24 FILTER ~all"),
    "13": spf("v=spf1 redirect=_spf.example.net -all", "v=spf1 redirect=_spf.example.net FILTER -all", "spf-redirect-dead"),
    "14": spf("v=spf1", "v=spf1 FILTER", "spf-no-all"),
    "15": spf(
        "v=spf1 include:_spf.google.com -all",
        "v=spf1 include:_spf.google.com FILTER -all",
        "spf-all-kept",
        hint="Kept -all; you asked for ~all",
        all_qualifier="~",
    ),
    "16": spf("v=spf1 +all", "v=spf1 FILTER +all", "spf-all-pass", hint="EVERYONE"),
    "17": spf("v=spf1 a ?all", "v=spf1 a FILTER ?all"),
    "18": spf("v=spf1 -all", None, "spf-sends-nothing", hint="--accept spf-sends-nothing"),
    "18-accepted": Spf(
        ("v=spf1 -all",),
        (f"v=spf1 {FILTER} -all",),
        frozenset({"spf-sends-nothing"}),
        accept=frozenset({"spf-sends-nothing"}),
    ),
    "19": spf("v=spf1 all", "v=spf1 FILTER all", "spf-all-pass"),
    "20": spf("v=spf1 include:IncludeSPF.Security-Mail.net. ~all", "v=spf1 include:IncludeSPF.Security-Mail.net. ~all"),
    "21": spf("v=spf1 a ~all FILTER", "v=spf1 a FILTER ~all", "spf-term-moved"),
    "22": spf("v=spf1 ?FILTER ~all", None, "spf-qualifier-conflict", hint="--fix-qualifier is not in this version yet"),
    "23": spf("v=spf1 -FILTER ~all", None, "spf-qualifier-conflict", hint="forbade it on purpose"),
    "25": spf("v=spf1 FILTER mx FILTER ~all", None, "spf-term-twice", hint="--dedupe is not in this version yet"),
    "26": spf(f"v=spf1 {NINE} ~all", f"v=spf1 {NINE} FILTER ~all"),
    "27": spf(f"v=spf1 mx {NINE} ~all", None, "spf-over-lookup-limit", hint="holds 11 terms"),
    "28": spf(f"v=spf1 a mx ptr {NINE} ~all", None, "spf-over-lookup-limit", "spf-ptr", hint="With 12 it is already over today"),
    "29": spf(
        "v=spf1 include:%{ir}.%{v}.%{d}.spf.has.pphosted.com ~all",
        "v=spf1 include:%{ir}.%{v}.%{d}.spf.has.pphosted.com FILTER ~all",
    ),
    "30": spf("v=spf1 ptr ~all", "v=spf1 ptr FILTER ~all", "spf-ptr"),
    "A0-tab": spf("v=spf1 mx\ta ~all", None, "spf-invalid", hint="a tab is no separator"),
    "A0-nbsp": spf("v=spf1 mx\u00a0a ~all", None, "spf-invalid", hint="0xc2"),
    "A0-comma": spf("v=spf1 a,mx ~all", None, "spf-invalid", hint="a comma is no separator"),
    "A0-unknown-mechanism": spf("v=spf1 ipv4:192.0.2.1 ~all", None, "spf-invalid", hint="meant ip4?"),
    "A0-space-in-include": spf("v=spf1 include: a.example ~all", None, "spf-invalid", hint="a domain is missing"),
    "A0-glued-all": spf("v=spf1 ip4:192.0.2.1~all", None, "spf-invalid", hint="192.0.2.1~all"),
    "A0-unknown-modifier": spf("v=spf1 a vendor=x%{d} ~all", "v=spf1 a vendor=x%{d} FILTER ~all"),
    "A1-near-misses": Spf(
        ("v=spf10 a", " v=spf1 a", "v=spf1; a", "spf2.0/pra a"),
        ("v=spf10 a", " v=spf1 a", "v=spf1; a", "spf2.0/pra a", f"v=spf1 {FILTER} ~all"),
        frozenset({"spf-near-miss"}),
    ),
}


@pytest.mark.parametrize("case", SPF_CASES.values(), ids=[f"case-{number}" for number in SPF_CASES])
def test_spf_case(case: Spf) -> None:
    zone = view(txt=case.before, mx=IN_PLACE)
    plan = plan_enrolment(zone, Wish(service=SEED, all_qualifier=case.all_qualifier, accept=case.accept))

    assert ids(plan) == case.said
    assert case.hint in said(plan)
    if case.after is None:
        assert held_back(plan.findings, case.accept)
        assert plan.changes == ()
    else:
        assert not held_back(plan.findings, case.accept)
        assert texts(plan.after["TXT"]) == list(case.after)
        assert not plan.after["MX"] or plan.after["MX"] == plan.before["MX"]


def test_case_4_an_spf_row_of_ovh_type_spf_is_edited_in_place() -> None:
    native = {"id": 77, "fieldType": "SPF", "target": '"v=spf1 include:mx.ovh.com ~all"'}
    row = Record(rdata=Txt((b"v=spf1 include:mx.ovh.com ~all",)), ttl=600, native=native)
    zone = with_sets(view(mx=IN_PLACE), {"TXT": rrset("TXT", []).with_records([row])})

    plan = plan_enrolment(zone, Wish(service=SEED))

    (change,) = plan.changes
    (edit,) = change.edits
    assert edit.before is row
    assert edit.after == Record(rdata=Txt((f"v=spf1 include:mx.ovh.com {FILTER} ~all".encode(),)), ttl=600)
    assert edit.after.native is native


def test_case_31_a_record_of_236_octets_is_split_at_255() -> None:
    before = "v=spf1 " + "".join(f"ip4:192.0.2.{number} " for number in range(10, 24)) + "a:mail.exam.le ~all"
    before = before.replace("mail", "m" * (236 - len(before) + 4))
    assert len(before) == 236

    plan = plan_enrolment(view(txt=[before], mx=IN_PLACE), Wish(service=SEED))

    assert plan.after["TXT"]
    (record,) = plan.after["TXT"].records
    assert isinstance(record.rdata, Txt)
    assert [len(string) for string in record.rdata.strings] == [255, 18]
    assert record.rdata.joined.decode() == before.replace(" ~all", f" {FILTER} ~all")


def test_case_32_the_other_txt_values_count_into_the_size() -> None:
    spf_text = "v=spf1 a:" + "x" * 162 + ".com ~all"
    assert len(spf_text) == 180
    plan = plan_enrolment(view(txt=[spf_text, *(f"{n}" * 60 for n in range(6))], mx=IN_PLACE), Wish(service=SEED))

    (finding,) = plan.findings
    assert (finding.id, finding.severity) == ("spf-size", "warn")
    assert f"hold {len('example.com') + 217 + 360} octets" in finding.message
    assert "over the 512" in finding.message
    assert len(plan.changes) == 1


# --- part A, rollback ---------------------------------------------------------------------------------------------------
def rolled_back(before: ZoneView, plan: Plan, today: ZoneView) -> Undo:
    return plan_rollback(today, plan.before, plan.after, SEED)


def enrolled(txt: tuple[str, ...] = (), mx: tuple[str, ...] = IN_PLACE, **wish: MxMode) -> tuple[ZoneView, Plan, ZoneView]:
    before = view(txt=txt, mx=mx)
    plan = plan_enrolment(before, Wish(service=VENDOR if wish else SEED, mx_mode=wish.get("mx_mode", "below")))
    return before, plan, applied(before, plan.changes)


def edited(zone: ZoneView, old: str, new: str | None) -> ZoneView:
    """The zone after the customer changed a TXT value, or took it out."""
    txt = zone.rrset("TXT")
    assert txt
    assert old in texts(txt)
    rows = [row for row in txt.records if str(row.rdata) != old or new is not None]
    value = Txt(split_strings((new or "").encode()))
    records = [replace(row, rdata=value) if str(row.rdata) == old else row for row in rows]
    return with_sets(zone, {"TXT": txt.with_records(records) if records else None})


def test_case_33_an_untouched_record_gets_its_value_back() -> None:
    before, plan, after = enrolled(("v=spf1 mx ~all",))
    undo = rolled_back(before, plan, after)
    assert texts(undo.after["TXT"]) == ["v=spf1 mx ~all"]
    assert not undo.merged
    assert not undo.drift


def test_case_34_a_record_edited_since_loses_only_our_term() -> None:
    before, plan, after = enrolled(("v=spf1 mx ~all",))
    today = edited(after, f"v=spf1 mx {FILTER} ~all", f"v=spf1 mx {FILTER} include:sendgrid.net ~all")
    undo = rolled_back(before, plan, today)
    assert texts(undo.after["TXT"]) == ["v=spf1 mx include:sendgrid.net ~all"]
    assert undo.merged
    assert [finding.id for finding in undo.findings] == ["merged-rollback"]


def test_case_35_a_record_that_is_gone_stays_gone() -> None:
    before, plan, after = enrolled(("v=spf1 mx ~all",))
    undo = rolled_back(before, plan, edited(after, f"v=spf1 mx {FILTER} ~all", None))
    assert undo.changes == ()
    assert undo.already_absent
    assert undo.absent == {"TXT"}


def test_case_36_a_record_that_we_created_and_that_was_changed_is_drift_with_both_ways_out() -> None:
    before, plan, after = enrolled((), ("5 mailgate",))
    undo = rolled_back(before, plan, edited(after, f"v=spf1 {FILTER} ~all", f"v=spf1 {FILTER} -all"))
    assert undo.changes == ()  # MX neither: drift in one writes nothing of the other
    assert "delete the record" in undo.drift
    assert 'keep "v=spf1 -all", which forbids all sending' in undo.drift
    assert not undo.already_absent


# --- part A9: the mechanism mx ------------------------------------------------------------------------------------------
def test_case_37_replacing_hosts_that_the_mechanism_mx_authorises_is_blocked_with_a_proposal() -> None:
    zone = view(txt=["v=spf1 mx -all"], mx=["5 mailgate"])
    plan = plan_enrolment(zone, Wish(service=SEED, mx_mode="replace"))
    assert ids(plan) == {"spf-mx-mechanism"}
    assert f"v=spf1 mx a:mailgate.example.com {FILTER} -all" in said(plan)
    assert plan.after["MX"] == plan.before["MX"]
    assert held_back(plan.findings, set())


def test_case_37_the_proposal_once_written_is_no_longer_blocked() -> None:
    zone = view(txt=["v=spf1 mx a:mailgate.example.com -all"], mx=["5 mailgate"])
    plan = plan_enrolment(zone, Wish(service=SEED, mx_mode="replace"))
    assert not plan.findings
    assert mx_values(plan.after["MX"]) == mx("10 europe", "50 france")


def test_case_38_the_mechanism_mx_is_no_matter_below() -> None:
    plan = plan_enrolment(view(txt=["v=spf1 mx -all"], mx=["5 mailgate"]), Wish(service=SEED))
    assert not plan.findings
    assert mx_values(plan.after["MX"]) == mx("3 france", "4 europe", "5 mailgate")
    assert texts(plan.after["TXT"]) == [f"v=spf1 mx {FILTER} -all"]


# --- part B -------------------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class MxCase:
    """A case of part B. ``after`` None: refused, and nothing of the MX set changes."""

    before: tuple[str, ...]
    after: tuple[str, ...] | None
    said: frozenset[str] = frozenset()
    hint: str = ""
    mode: MxMode = "below"
    accept: frozenset[str] = frozenset()
    service: MailService = SEED


OURS = ("3 france", "4 europe")
EQUALS = service(equal_preferences=True)
TENANT = "0 tenant.mail.protection.outlook.com."

MX_CASES = {
    "39": MxCase(
        ("5 mailgate", "40 smtp.isp.net.", "40 secours.isp.net."),
        (*OURS, "5 mailgate", "40 smtp.isp.net.", "40 secours.isp.net."),
    ),
    "40": MxCase(("10 mx1", "20 mx2"), (*OURS, "10 mx1", "20 mx2")),
    "41": MxCase(("2 mx1",), ("0 france", "1 europe", "2 mx1")),
    "42": MxCase(("1 mx1",), None, frozenset({"mx-no-room"}), hint="--renumber is not in this version yet"),
    "42-equal-allowed": MxCase(("1 mx1",), ("0 france", "0 europe", "1 mx1"), service=EQUALS),
    "43": MxCase((TENANT,), None, frozenset({"mx-no-room"}), hint="no preference is left below 0"),
    "44": MxCase((TENANT,), None, frozenset({"mx-no-room"}), hint="--renumber is not in this version yet"),
    "45": MxCase(("0 a", "65535 b"), None, frozenset({"mx-no-room"}), hint="--renumber-compact is not in this version yet"),
    "46": MxCase(("65535 a",), (*OURS, "65535 a")),
    "47": MxCase(("10 a", "20 a"), (*OURS, "10 a", "20 a"), frozenset({"mx-duplicate-exchange"})),
    "48": MxCase(("10 a", "10 a"), (*OURS, "10 a")),
    "49": MxCase(("10 192.0.2.1.",), None, frozenset({"mx-exchange-address"}), hint="never worked"),
    "49-accepted": MxCase(
        ("10 192.0.2.1.",),
        (*OURS, "10 192.0.2.1."),
        frozenset({"mx-exchange-address"}),
        accept=frozenset({"mx-exchange-address"}),
    ),
    "49-replace": MxCase(
        ("10 192.0.2.1.",), ("10 france", "20 europe"), frozenset({"mx-exchange-address"}), mode="replace", service=VENDOR
    ),
    "51": MxCase(("10 mx1",), ("10 france", "20 europe"), mode="replace", service=VENDOR),
    "52": MxCase(("3 FRANCE.security-mail.net.", "5 mailgate"), (*OURS, "5 mailgate")),
    "53": MxCase(IN_PLACE, IN_PLACE),
    "54": MxCase(("5 mailgate", "10 france", "20 europe"), IN_PLACE),
    "55": MxCase(("5 france", "5 mailgate"), IN_PLACE),
    "56": MxCase(("10 france", "20 europe", "5 mailgate"), ("10 france", "20 europe"), mode="replace", service=VENDOR),
    "57": MxCase(("10 mx1.ppe-hosted.com.",), None, frozenset({"mx-other-filter"}), hint="Proofpoint Essentials"),
    "57-accepted": MxCase(
        ("10 mx1.ppe-hosted.com.",),
        (*OURS, "10 mx1.ppe-hosted.com."),
        frozenset({"mx-other-filter"}),
        accept=frozenset({"mx-other-filter"}),
    ),
    "57-replace": MxCase(("10 mx1.ppe-hosted.com.",), ("10 france", "20 europe"), mode="replace", service=VENDOR),
    "58": MxCase((), OURS, frozenset({"mx-implicit"}), hint="--keep-implicit is not in this version yet"),
    "59": MxCase(("0 .",), None, frozenset({"mx-null"}), hint="--accept mx-null"),
    "59-accepted": MxCase(("0 .",), OURS, frozenset({"mx-null"}), accept=frozenset({"mx-null"})),
    "59-replace-accepted": MxCase(
        ("0 .",), ("10 europe", "50 france"), frozenset({"mx-null"}), mode="replace", accept=frozenset({"mx-null"})
    ),
    "60": MxCase(("0 .", "10 mx1"), None, frozenset({"mx-null-with-others"})),
    "60-accepted": MxCase(
        ("0 .", "10 mx1"),
        (*OURS, "10 mx1"),
        frozenset({"mx-null-with-others"}),
        accept=frozenset({"mx-null-with-others"}),
    ),
    "60-beside-ours": MxCase((*OURS, "40 ."), None, frozenset({"mx-null-with-others"})),
    "60-beside-ours-and-theirs": MxCase((*IN_PLACE, "40 ."), None, frozenset({"mx-null-with-others"})),
    "60-beside-ours-accepted": MxCase(
        (*OURS, "40 ."), OURS, frozenset({"mx-null-with-others"}), accept=frozenset({"mx-null-with-others"})
    ),
    "60-beside-ours-replace-accepted": MxCase(
        (*OURS, "40 ."), OURS, frozenset({"mx-null-with-others"}), mode="replace", accept=frozenset({"mx-null-with-others"})
    ),
}


@pytest.mark.parametrize("case", MX_CASES.values(), ids=[f"case-{number}" for number in MX_CASES])
def test_mx_case(case: MxCase) -> None:
    zone = view(txt=[f"v=spf1 {FILTER} ~all"], mx=case.before, others=[address()])
    plan = plan_enrolment(zone, Wish(service=case.service, mx_mode=case.mode, accept=case.accept))

    assert ids(plan) == case.said
    assert case.hint in said(plan)
    if case.after is None:
        assert held_back(plan.findings, case.accept)
        assert plan.changes == ()
    else:
        assert not held_back(plan.findings, case.accept)
        assert mx_values(plan.after["MX"]) == mx(*case.after)
        assert bool(plan.changes) == (mx(*case.before) != mx(*case.after))


def test_case_48_both_rows_of_an_exact_duplicate_are_kept() -> None:
    zone = view(txt=[f"v=spf1 {FILTER} ~all"], mx=["10 a", "10 a"])
    after = plan_enrolment(zone, Wish(service=SEED)).after["MX"]
    assert after
    assert [row.native and row.native["id"] for row in after.records] == [100, 101, None, None]


def test_case_54_a_moved_host_keeps_its_row_and_its_ttl() -> None:
    plan = plan_enrolment(
        view(txt=[f"v=spf1 {FILTER} ~all"], mx=["5 mailgate", "10 france", "20 europe"], ttl=300), Wish(service=SEED)
    )
    (change,) = plan.changes
    moves = {str(edit.before and edit.before.rdata): edit.after for edit in change.edits if not edit.keeps}
    assert {old: str(new and new.rdata) for old, new in moves.items()} == {
        "10 france.security-mail.net.": "3 france.security-mail.net.",
        "20 europe.security-mail.net.": "4 europe.security-mail.net.",
    }
    assert [(new.native or {}).get("id") for new in moves.values() if new] == [101, 102]
    assert {new.ttl for new in moves.values() if new} == {300}


def test_case_61_a_null_mx_comes_back_alone() -> None:
    before = view(txt=[f"v=spf1 {FILTER} ~all"], mx=["0 ."])
    plan = plan_enrolment(before, Wish(service=SEED, accept=frozenset({"mx-null"})))
    undo = rolled_back(before, plan, applied(before, plan.changes))
    assert mx_values(undo.after["MX"]) == mx("0 .")


CUSTOMER = ("5 mailgate", "40 smtp.isp.net.", "40 secours.isp.net.")


def with_mx(zone: ZoneView, *values: str) -> ZoneView:
    return with_sets(zone, {"MX": view(mx=values).rrset("MX")})


def test_case_62_the_set_as_we_left_it_goes_back() -> None:
    before, plan, after = enrolled((), CUSTOMER)
    undo = rolled_back(before, plan, after)
    assert mx_values(undo.after["MX"]) == mx(*CUSTOMER)
    assert undo.after["TXT"] is None
    assert [change.rtype for change in undo.changes] == ["MX", "TXT"]  # leaving: MX first


def test_case_63_what_the_customer_added_since_stays() -> None:
    before, plan, after = enrolled((), CUSTOMER)
    undo = rolled_back(before, plan, with_mx(after, *OURS, *CUSTOMER, "60 backup2"))
    assert mx_values(undo.after["MX"]) == mx(*CUSTOMER, "60 backup2")
    assert undo.merged


def test_case_64_replaced_hosts_come_back_while_one_of_ours_stands() -> None:
    before, plan, after = enrolled((), ("10 mx1",), mx_mode="replace")
    undo = rolled_back(before, plan, with_mx(after, "10 france"))
    assert mx_values(undo.after["MX"]) == mx("10 mx1")
    assert [edit.before is None for edit in undo.changes[0].edits] == [True, False]  # make before break


# --- what is compared ---------------------------------------------------------------------------------------------------
def ids(plan: Plan) -> set[str]:
    return {finding.id for finding in plan.findings}


def said(plan: Plan) -> str:
    return " ".join(finding.message for finding in plan.findings).replace('\\"', '"')
