"""The worked cases of the rules, each under its own number: what stands, what is asked, what is written.

A case that an option decides stands here without it (refused, with a finding that names the option, and nothing changed) and
with it.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import pytest

from registrar_sync.core.enrol_mx import mx_values
from registrar_sync.core.guard import held_back
from registrar_sync.core.model import Record, Txt, ZoneView
from registrar_sync.core.observation import Answer
from registrar_sync.core.plan import Plan, Wish
from registrar_sync.core.service import MailService, MxMode, Qualifier
from registrar_sync.core.txt import split_strings
from registrar_sync.core.undo import Undo, plan_rollback
from registrar_sync.core.wish import Edits
from tests.unit.worlds import data, known_world, plan_enrolment, spf_answer
from tests.unit.zones import FILTER, SEED, VENDOR, address, applied, mx, rrset, service, texts, view, with_sets

IN_PLACE = ("3 france", "4 europe", "5 mailgate")
"""An MX set that needs nothing, so that only SPF is at stake."""

OUTLOOK, SENDGRID = "v=spf1 include:spf.protection.outlook.com -all", "v=spf1 include:sendgrid.net -all"

NINE = " ".join(f"include:s{number}.example" for number in range(9))
"""Nine look-ups in a sound world."""

SERVICE_OF_TWO = {
    ("includespf.security-mail.net.", "TXT"): spf_answer("v=spf1 include:more.security-mail.net -all"),
    ("more.security-mail.net.", "TXT"): spf_answer("v=spf1 ip4:192.0.2.0/24 -all"),
}


@dataclass(frozen=True)
class Spf:
    """A case of part A. ``after`` None: refused. ``said``: every finding's id. ``hint``: words that a message must hold."""

    before: tuple[str | tuple[bytes, ...], ...]
    after: tuple[str, ...] | None
    said: frozenset[str] = frozenset()
    hint: str = ""
    all_qualifier: Qualifier | None = None
    accept: frozenset[str] = frozenset()
    edits: Edits = field(default_factory=Edits)


def spf(
    before: str,
    after: str | None,
    *said: str,
    hint: str = "",
    all_qualifier: Qualifier | None = None,
    edits: Edits | None = None,
) -> Spf:
    texts_after = None if after is None else (after.replace("FILTER", FILTER),)
    befores = (before.replace("FILTER", FILTER),)
    return Spf(befores, texts_after, frozenset(said), hint, all_qualifier, edits=edits or Edits())


SPF_CASES = {
    "1": Spf(
        ("google-site-verification=abc",),
        ("google-site-verification=abc", f"v=spf1 {FILTER} ~all"),
        frozenset({"spf-service-alone"}),
        hint=f"v=spf1 mx {FILTER} ~all",
    ),
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
    "6": Spf(
        (OUTLOOK, SENDGRID),
        (f"v=spf1 include:spf.protection.outlook.com include:sendgrid.net {FILTER} -all",),
        frozenset({"spf-merged"}),
        hint="2 SPF records become one",
        edits=Edits(merge_spf=True),
    ),
    "6-three": Spf(
        (OUTLOOK, "MS=ms1", SENDGRID, "v=spf1 mx include:SendGrid.net -all"),
        (f"v=spf1 include:spf.protection.outlook.com include:sendgrid.net mx {FILTER} -all", "MS=ms1"),
        frozenset({"spf-merged"}),
        hint="3 SPF records become one",
        edits=Edits(merge_spf=True),
    ),
    "6-exact-duplicates": Spf(
        ("v=spf1 redirect=x.example",) * 2,
        (f"v=spf1 {FILTER} redirect=x.example",),
        frozenset({"spf-merged"}),
        edits=Edits(merge_spf=True),
    ),
    "6-enrolled-in-one": Spf(
        (f"v=spf1 mx {FILTER} -all", "v=spf1 mx -all"),
        (f"v=spf1 mx {FILTER} -all",),
        frozenset({"spf-merged"}),
        edits=Edits(merge_spf=True),
    ),
    "6-enrolled-badly-in-one": Spf(
        ("v=spf1 mx -all", f"v=spf1 ~{FILTER} -all"),
        None,
        frozenset({"spf-merged", "spf-qualifier-conflict"}),
        hint="--fix-qualifier",
        edits=Edits(merge_spf=True),
    ),
    "6-enrolled-badly-in-one-fixed": Spf(
        ("v=spf1 mx -all", f"v=spf1 ~{FILTER} -all"),
        (f"v=spf1 mx {FILTER} -all",),
        frozenset({"spf-merged", "spf-qualifier-fixed"}),
        edits=Edits(merge_spf=True, fix_qualifier=True),
    ),
    "6-two-qualifiers": Spf(
        ("v=spf1 ~mx -all", "v=spf1 mx -all"),
        None,
        frozenset({"spf-two-records"}),
        hint="~mx and mx contradict each other",
        edits=Edits(merge_spf=True),
    ),
    "6-redirect": Spf(
        ("v=spf1 mx", "v=spf1 redirect=x.example"),
        None,
        frozenset({"spf-two-records"}),
        hint="a redirect cannot be merged",
        edits=Edits(merge_spf=True),
    ),
    "6-unreadable": Spf(
        (OUTLOOK, "v=spf1 ipv4:192.0.2.1 -all"),
        None,
        frozenset({"spf-two-records", "spf-invalid"}),
        hint="v=spf1 ipv4:192.0.2.1 -all\n       ^",
        edits=Edits(merge_spf=True),
    ),
    "7": Spf(
        ("v=spf1 mx ~all", "v=spf1 mx -all"),
        None,
        frozenset({"spf-two-records"}),
        hint="--merge-spf with --all fail, --all softfail or --all neutral",
        edits=Edits(merge_spf=True),
    ),
    "7-decided": Spf(
        ("v=spf1 mx ~all", "v=spf1 mx -all"),
        (f"v=spf1 mx {FILTER} -all",),
        frozenset({"spf-merged"}),
        all_qualifier="-",
        edits=Edits(merge_spf=True),
    ),
    "7-agreed": Spf(
        (OUTLOOK, SENDGRID),
        (f"v=spf1 include:spf.protection.outlook.com include:sendgrid.net {FILTER} -all",),
        frozenset({"spf-merged", "spf-all-kept"}),
        all_qualifier="~",
        edits=Edits(merge_spf=True),
    ),
    "7-agreed-and-set": Spf(
        (OUTLOOK, SENDGRID),
        (f"v=spf1 include:spf.protection.outlook.com include:sendgrid.net {FILTER} ~all",),
        frozenset({"spf-merged", "spf-all-set"}),
        all_qualifier="~",
        edits=Edits(merge_spf=True, set_all=True),
    ),
    "8": spf("v=spf1 mx ~all", "v=spf1 mx FILTER ~all"),
    "9": spf("v=spf1 redirect=_spf.example.net", "v=spf1 FILTER redirect=_spf.example.net"),
    "10": spf("v=spf1 a exp=explain.example.com -all", "v=spf1 a exp=explain.example.com FILTER -all"),
    "11": spf("v=spf1 a mx", "v=spf1 a mx FILTER", "spf-no-all", hint="ends neutral, without all, and stays so; --add-all"),
    "11-added": spf("v=spf1 a mx", "v=spf1 a mx FILTER ~all", "spf-all-added", edits=Edits(add_all=True)),
    "11-added-as-asked": spf(
        "v=spf1 a FILTER v=1", "v=spf1 a FILTER -all v=1", "spf-all-added", all_qualifier="-", edits=Edits(add_all=True)
    ),
    "11-has-one": spf("v=spf1 a ?all", "v=spf1 a FILTER ?all", edits=Edits(add_all=True, set_all=True)),
    "9-no-all-beside-a-redirect": spf(
        "v=spf1 redirect=_spf.example.net",
        "v=spf1 FILTER redirect=_spf.example.net",
        "spf-redirect-kept",
        hint="redirect=_spf.example.net decides",
        edits=Edits(add_all=True),
    ),
    "9-no-all-to-set-beside-a-redirect": spf(
        "v=spf1 FILTER redirect=_spf.example.net",
        "v=spf1 FILTER redirect=_spf.example.net",
        "spf-redirect-kept",
        all_qualifier="-",
        edits=Edits(set_all=True),
    ),
    "12": spf("v=spf1 -ip4:192.0.2.9 ip4:192.0.2.0/24 ~all", "v=spf1 -ip4:192.0.2.9 ip4:192.0.2.0/24 FILTER ~all"),
    "13": spf("v=spf1 redirect=_spf.example.net -all", "v=spf1 redirect=_spf.example.net FILTER -all", "spf-redirect-dead"),
    "14": spf("v=spf1", "v=spf1 FILTER", "spf-no-all"),
    "15": spf(
        "v=spf1 include:_spf.google.com -all",
        "v=spf1 include:_spf.google.com FILTER -all",
        "spf-all-kept",
        hint="Kept -all; you asked for ~all, which is for a new record. --set-all sets it.",
        all_qualifier="~",
    ),
    "15-set": spf(
        "v=spf1 include:_spf.google.com -all",
        "v=spf1 include:_spf.google.com FILTER ~all",
        "spf-all-set",
        hint="ends in ~all instead of -all",
        all_qualifier="~",
        edits=Edits(set_all=True),
    ),
    "15-set-on-an-enrolled-record": spf(
        "v=spf1 FILTER -ALL mx ?all",
        "v=spf1 FILTER ~ALL mx ?all",
        "spf-all-set",
        all_qualifier="~",
        edits=Edits(set_all=True),
    ),
    "15-so-already": spf("v=spf1 a -all", "v=spf1 a FILTER -all", all_qualifier="-", edits=Edits(set_all=True)),
    "16-set": spf("v=spf1 +all", "v=spf1 FILTER -all", "spf-all-set", all_qualifier="-", edits=Edits(set_all=True)),
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
    "22": spf("v=spf1 ?FILTER ~all", None, "spf-qualifier-conflict", hint="--fix-qualifier"),
    "22-fixed": spf(
        "v=spf1 ?FILTER ~all",
        "v=spf1 FILTER ~all",
        "spf-qualifier-fixed",
        hint=f"?{FILTER} does not authorise the service: it becomes {FILTER}",
        edits=Edits(fix_qualifier=True),
    ),
    "22-fixed-in-its-spelling": spf(
        "v=spf1 a ~Include:IncludeSPF.Security-Mail.net. ~all",
        "v=spf1 a Include:IncludeSPF.Security-Mail.net. ~all",
        "spf-qualifier-fixed",
        edits=Edits(fix_qualifier=True),
    ),
    "22-dead-fixed-and-moved": spf(
        "v=spf1 a ~all ?FILTER",
        "v=spf1 a FILTER ~all",
        "spf-qualifier-fixed",
        "spf-term-moved",
        edits=Edits(fix_qualifier=True),
    ),
    "23": spf("v=spf1 -FILTER ~all", None, "spf-qualifier-conflict", hint="forbade it on purpose"),
    "23-never-fixed": spf(
        "v=spf1 -FILTER ~all",
        None,
        "spf-qualifier-conflict",
        hint="forbade it on purpose",
        edits=Edits(fix_qualifier=True, dedupe=True),
    ),
    "23-never-fixed-beside-another": spf(
        "v=spf1 ?FILTER -FILTER ~all",
        None,
        "spf-qualifier-conflict",
        hint="forbade it on purpose",
        edits=Edits(fix_qualifier=True, dedupe=True),
    ),
    "25": spf("v=spf1 FILTER mx FILTER ~all", None, "spf-term-twice", hint="--dedupe"),
    "25-deduped": spf(
        "v=spf1 FILTER mx FILTER ~all",
        "v=spf1 FILTER mx ~all",
        "spf-term-deduped",
        hint=f"taken out behind it: {FILTER}.",
        edits=Edits(dedupe=True),
    ),
    "25-deduped-dead-ones-too": spf(
        "v=spf1 FILTER mx ~all FILTER", "v=spf1 FILTER mx ~all", "spf-term-deduped", edits=Edits(dedupe=True)
    ),
    "25-moved-and-deduped": spf(
        "v=spf1 mx ~all FILTER a FILTER",
        "v=spf1 mx FILTER ~all a",
        "spf-term-moved",
        "spf-term-deduped",
        edits=Edits(dedupe=True),
    ),
    "22-25-fixed-and-still-twice": spf(
        "v=spf1 ~FILTER FILTER ~all",
        None,
        "spf-qualifier-fixed",
        "spf-term-twice",
        edits=Edits(fix_qualifier=True),
    ),
    "22-25-fixed-and-deduped": spf(
        "v=spf1 ~FILTER FILTER ~all",
        "v=spf1 FILTER -all",
        "spf-qualifier-fixed",
        "spf-term-deduped",
        "spf-all-set",
        all_qualifier="-",
        edits=Edits(fix_qualifier=True, dedupe=True, set_all=True, add_all=True, merge_spf=True),
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
        frozenset({"spf-near-miss", "spf-service-alone"}),
    ),
}


@pytest.mark.parametrize("case", SPF_CASES.values(), ids=[f"case-{number}" for number in SPF_CASES])
def test_spf_case(case: Spf) -> None:
    zone = view(txt=case.before, mx=IN_PLACE)
    plan = plan_enrolment(zone, Wish(service=SEED, all_qualifier=case.all_qualifier, accept=case.accept, edits=case.edits))

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


COVERED = "v=spf1 include:dc-ab12._spfm.example.com ~all"
NESTED = {("dc-ab12._spfm.example.com.", "TXT"): spf_answer("v=spf1 a", f"v=spf1 {FILTER} ~all")}
NESTED_TWICE = {
    ("dc-ab12._spfm.example.com.", "TXT"): spf_answer("v=spf1 include:two.example ~all"),
    ("two.example.", "TXT"): spf_answer(f"v=spf1 {FILTER} ~all"),
}


def test_case_24_a_nested_include_covers_the_service_and_nothing_is_written() -> None:
    plan = plan_enrolment(view(txt=[COVERED], mx=IN_PLACE), Wish(service=SEED), known_world(NESTED_TWICE))
    assert plan.changes == ()
    assert [(f.id, f.severity) for f in plan.findings] == [("spf-covered", "info")]
    assert "dc-ab12._spfm.example.com > two.example" in said(plan)
    assert plan.detail == "covered-by: dc-ab12._spfm.example.com > two.example"


def test_case_24_a_nested_record_that_is_no_record_covers_nothing() -> None:
    plan = plan_enrolment(view(txt=[COVERED], mx=IN_PLACE), Wish(service=SEED), known_world(NESTED))
    assert "spf-covered" not in ids(plan)


def test_case_24_a_covered_record_is_still_edited_where_an_option_says_so_and_mx_is_written() -> None:
    wish = Wish(service=SEED, all_qualifier="-", edits=Edits(set_all=True))
    plan = plan_enrolment(view(txt=[COVERED], mx=["5 mailgate"]), wish, known_world(NESTED_TWICE))
    assert ids(plan) == {"spf-covered", "spf-all-set"}
    assert texts(plan.after["TXT"]) == [COVERED.replace("~all", "-all")]
    assert [change.rtype for change in plan.changes] == ["TXT", "MX"]
    assert plan.detail == ""


def test_case_6_the_merged_record_is_one_edit_in_place_and_the_others_are_removed() -> None:
    zone = view(txt=["MS=ms1", OUTLOOK, SENDGRID], mx=IN_PLACE)
    (change,) = plan_enrolment(zone, Wish(service=SEED, edits=Edits(merge_spf=True))).changes
    edits = [edit for edit in change.edits if not edit.keeps]
    assert [(edit.before and edit.before.native and edit.before.native["id"], edit.after is None) for edit in edits] == [
        (2, False),
        (3, True),
    ]


def test_case_6_a_record_that_reads_as_the_merged_one_stays_as_it_is() -> None:
    one = f"v=spf1 mx {FILTER} -all"
    (change,) = plan_enrolment(
        view(txt=["v=spf1 mx -all", one], mx=IN_PLACE), Wish(service=SEED, edits=Edits(merge_spf=True))
    ).changes
    edits = [edit for edit in change.edits if not edit.keeps]
    assert [(str(edit.before and edit.before.rdata), edit.after) for edit in edits] == [("v=spf1 mx -all", None)]
    assert texts(change.after) == [one]


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
    spf_text = "v=spf1 a:" + ".".join("x" * length for length in (54, 53, 53)) + ".com ~all"
    assert len(spf_text) == 180
    plan = plan_enrolment(view(txt=[spf_text, *(f"{n}" * 60 for n in range(6))], mx=IN_PLACE), Wish(service=SEED))

    (finding,) = plan.findings
    assert (finding.id, finding.severity) == ("spf-size", "warn")
    assert f"hold {len('example.com') + 217 + 360} octets" in finding.message
    assert "over the 512" in finding.message
    assert len(plan.changes) == 1


# --- part A6: the look-up budget over the whole tree --------------------------------------------------------------------
def budget_case(txt: str, told: dict[tuple[str, str], Answer]) -> Plan:
    return plan_enrolment(view(txt=[txt], mx=IN_PLACE), Wish(service=SEED), known_world(told))


def test_case_26_nine_look_ups_and_a_service_of_one_are_written_with_a_warning() -> None:
    plan = budget_case(f"v=spf1 {NINE} ~all", {})
    assert [(f.id, f.severity) for f in plan.findings] == [("spf-at-lookup-limit", "warn")]
    assert "0 left" in said(plan)
    assert texts(plan.after["TXT"]) == [f"v=spf1 {NINE} {FILTER} ~all"]


def test_case_27_nine_look_ups_and_a_service_of_two_are_blocked_with_the_dearest_includes() -> None:
    dear = {
        ("s3.example.", "TXT"): spf_answer("v=spf1 include:b.example a:c.example mx:d.example -all"),
        ("s7.example.", "TXT"): spf_answer("v=spf1 include:e.example -all"),
    }
    nine = f"v=spf1 {' '.join(f'include:s{number}.example' for number in (0, 3, 5, 7, 8))} ~all"  # 1 + 4 + 1 + 2 + 1
    plan = budget_case(nine, {**dear, **SERVICE_OF_TWO})
    assert [(f.id, f.severity) for f in plan.findings] == [("spf-over-lookup-limit", "block")]
    assert "costs 11 DNS look-ups" in said(plan)
    assert "Today it costs 9." in said(plan)
    assert f"The dearest: include:s3.example (4), include:s7.example (2), {FILTER} (2)." in said(plan)
    assert plan.changes == ()


def test_case_28_twelve_look_ups_before_us_are_called_broken_today_and_not_our_doing() -> None:
    plan = budget_case(f"v=spf1 a mx a:b.example {NINE} ~all", SERVICE_OF_TWO)
    assert ids(plan) == {"spf-over-lookup-limit"}
    assert "costs 14 DNS look-ups" in said(plan)
    assert "With 12 it is already over today, which is not our doing." in said(plan)
    assert held_back(plan.findings, frozenset())
    assert plan.changes == ()


def test_case_29_a_macro_is_one_look_up_and_unknown_and_never_expanded() -> None:
    macro = "include:%{ir}.%{v}.%{d}.spf.has.pphosted.com"
    plan = budget_case(f"v=spf1 {macro} ~all", {})
    assert [(f.id, f.severity) for f in plan.findings] == [("spf-not-measured", "warn")]
    assert "at least 2 DNS look-ups" in said(plan)
    assert macro in said(plan)
    assert texts(plan.after["TXT"]) == [f"v=spf1 {macro} {FILTER} ~all"]


def test_case_30_ptr_costs_one_look_up() -> None:
    plan = budget_case(f"v=spf1 ptr {NINE} ~all", {})
    assert ids(plan) == {"spf-over-lookup-limit", "spf-ptr"}
    assert "costs 11 DNS look-ups" in said(plan)


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


def test_case_37_records_that_are_merged_are_judged_as_the_one_they_become() -> None:
    zone = view(txt=["v=spf1 mx -all", "v=spf1 a -all"], mx=["5 mailgate"])
    plan = plan_enrolment(zone, Wish(service=SEED, mx_mode="replace", edits=Edits(merge_spf=True)))
    assert ids(plan) == {"spf-merged", "spf-mx-mechanism"}
    assert f"v=spf1 mx a:mailgate.example.com a {FILTER} -all" in said(plan)
    assert plan.after["MX"] == plan.before["MX"]


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
AS_USUAL, SHIFT, COMPACT = Edits(), Edits(renumber="shift"), Edits(renumber="compact")


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
    edits: Edits = AS_USUAL


RENUMBERED = frozenset({"mx-renumbered"})

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
    "42": MxCase(("1 mx1",), None, frozenset({"mx-no-room"}), hint="--renumber (moves every preference up"),
    "42-shift": MxCase(("1 mx1",), ("1 france", "2 europe", "3 mx1"), RENUMBERED, hint="1 mx1.example.com to 3", edits=SHIFT),
    "42-compact": MxCase(("1 mx1",), ("0 france", "1 europe", "2 mx1"), RENUMBERED, hint="1 mx1.example.com to 2", edits=COMPACT),
    "42-equal-allowed": MxCase(("1 mx1",), ("0 france", "0 europe", "1 mx1"), service=EQUALS),
    "43": MxCase((TENANT,), None, frozenset({"mx-no-room"}), hint="no preference is left below 0"),
    "44": MxCase(
        (TENANT,), ("0 france", "1 europe", "2 tenant.mail.protection.outlook.com."), RENUMBERED, hint="to 2", edits=SHIFT
    ),
    "44-room-there": MxCase(("5 mx1",), (*OURS, "5 mx1"), edits=SHIFT),
    "45": MxCase(
        ("0 a", "65535 b"),
        None,
        frozenset({"mx-no-room"}),
        hint="65535 b.example.com would pass 65535. --renumber-compact",
        edits=SHIFT,
    ),
    "45-compact": MxCase(("0 a", "65535 b"), ("0 france", "1 europe", "2 a", "65535 b"), RENUMBERED, edits=COMPACT),
    "45-replace": MxCase(("0 a", "65535 b"), ("10 europe", "50 france"), mode="replace", edits=SHIFT),
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
    "58": MxCase((), OURS, frozenset({"mx-implicit"}), hint="--keep-implicit keeps it as the fallback"),
    "58-kept": MxCase((), (*OURS, "10 example.com."), frozenset({"mx-implicit-kept"}), edits=Edits(keep_implicit=True)),
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
    plan = plan_enrolment(zone, Wish(service=case.service, mx_mode=case.mode, accept=case.accept, edits=case.edits))

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


def test_case_48_one_row_of_an_exact_duplicate_goes_where_asked_also_when_all_else_is_in_place() -> None:
    zone = view(txt=[f"v=spf1 {FILTER} ~all"], mx=["10 a", *OURS, "10 a"])
    plan = plan_enrolment(zone, Wish(service=SEED, edits=Edits(dedupe=True)))
    (change,) = plan.changes
    assert [edit.before.native for edit in change.edits if edit.before and edit.after is None] == [
        {"id": 103, "raw": "<10 a.example.com.>"}
    ]
    assert ids(plan) == {"mx-deduped"}
    assert plan_enrolment(applied(zone, plan.changes), Wish(service=SEED, edits=Edits(dedupe=True))).changes == ()


def test_case_50_an_exchange_that_is_an_alias_is_named_and_kept() -> None:
    zone = view(txt=[f"v=spf1 {FILTER} ~all"], mx=["10 mail"])
    alias = replace(data("192.0.2.9"), detail="CNAME to host.example.net")
    plan = plan_enrolment(zone, Wish(service=SEED), known_world({("mail.example.com.", "A"): alias}))
    assert ids(plan) == {"mx-exchange-alias"}
    assert "CNAME to host.example.net" in said(plan)
    assert mx_values(plan.after["MX"]) == mx(*OURS, "10 mail")


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
