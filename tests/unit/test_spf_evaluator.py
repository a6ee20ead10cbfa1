"""What receivers make of a domain before and after an enrolment, judged by an evaluator that is not ours (pyspf)."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import pytest
import spf as pyspf  # type: ignore[import-untyped]
from hypothesis import event, given, settings
from hypothesis import strategies as st

from registrar_sync.core.guard import held_back
from registrar_sync.core.known import DnsQuestion, Known, Question, Said
from registrar_sync.core.model import Mx, Rdata, Txt, ZoneView, values_of
from registrar_sync.core.observation import Answer
from registrar_sync.core.plan import Plan, Wish
from registrar_sync.core.plan import plan_enrolment as plan_in_its_world
from registrar_sync.core.spf import parse_spf
from registrar_sync.core.spf_fault import SpfInvalid
from registrar_sync.core.wish import Edits
from tests.unit.worlds import ABSENT, SoundWorld, data, spf_answer
from tests.unit.zones import EUROPE, FILTER, FRANCE, SEED, address, applied, view

Dns = Mapping[tuple[str, str], Answer]
"""What the DNS says of names that are not as in a sound world, by name and type."""

OWNER = "example.com."
SERVICE_SENDER, SERVICE_HOST = "203.0.113.200", "203.0.113.5"
SENDERS = ["192.0.2.1", "192.0.2.9", "198.51.100.5", "198.51.100.7", "198.51.100.40", "2001:db8::7", "2001:db8:a::1"]
SERVICE: Dns = MappingProxyType(
    {
        (SEED.include, "TXT"): spf_answer("v=spf1 ip4:203.0.113.0/24 ip6:2001:db8:f::/48 -all"),
        (FRANCE, "A"): data(SERVICE_HOST),
        (EUROPE, "A"): data("203.0.113.6"),
        ("mailgate.example.com.", "A"): data("198.51.100.5"),
        ("smtp.isp.net.", "A"): data("198.51.100.40"),
    }
)


# --- the evaluator, and a DNS for it ------------------------------------------------------------------------------------
class World(SoundWorld):
    """A sound world of both address families, in which what is asked for each sender (``exists:%{i}...``, reverse names) has
    no answer."""

    def __getitem__(self, question: Question) -> Answer | Said:
        if not isinstance(question, DnsQuestion):
            return super().__getitem__(question)
        if question.name.endswith((".bl.example.", ".arpa.")):
            return ABSENT
        usual = super().__getitem__(question)
        return data("2001:db8:ffff::1") if question.rtype == "AAAA" and usual == ABSENT else usual


def result(world: Dns, zone: ZoneView, sender: str) -> str:
    """What a receiver makes of mail as somebody@example.com from this address: pass, fail, softfail, neutral, none, permerror."""
    own = {(OWNER, rrset.rtype): Answer(status="data", values=values_of(rrset)) for rrset in zone.rrsets}
    names = World({**world, **{(OWNER, rtype): ABSENT for rtype in ("TXT", "MX", "A")}, **own})

    def look_up(name: str, rtype: str, strict: object = True, timeout: object = 20) -> list[tuple[tuple[str, str], object]]:
        answer = names[DnsQuestion(f"{name.lower().removesuffix('.')}.", rtype)]
        assert isinstance(answer, Answer)
        return [((name, rtype), _as_pyspf_has_it(value)) for value in sorted(answer.values, key=str)]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pyspf, "DNSLookup", look_up)
        return str(pyspf.query(i=sender, s="somebody@example.com", h="helo.example.net").check()[0])


def _as_pyspf_has_it(value: Rdata) -> object:
    if isinstance(value, Txt):
        return value.strings
    return (value.preference, value.exchange) if isinstance(value, Mx) else str(value)


def planned(world: Dns, zone: ZoneView, wish: Wish) -> Plan:
    return plan_in_its_world(zone, wish, Known(World(world)))


# --- domains at random --------------------------------------------------------------------------------------------------
QUALIFIERS = st.sampled_from(["", "", "", "-", "~", "?"])
PLAIN = st.sampled_from(
    [
        "a",
        "a:b.example",
        "a/28",
        "mx",
        "mx:example.com",
        "mx/31",
        "MX:c.example",
        "ip4:192.0.2.1",
        "ip4:198.51.100.0/26",
        "ip6:2001:db8::/64",
        "include:x.example",
        "include:y.example",
        "exists:%{ir}.bl.example",
        "ptr",
        "include:%{d2}.z.example",
    ]
)
MECHANISMS = st.builds("{}{}".format, QUALIFIERS, PLAIN)
OURS = st.sampled_from([FILTER, f"?{FILTER}", f"~{FILTER}", f"-{FILTER}"])
TERMS = st.lists(
    st.one_of(MECHANISMS, MECHANISMS, MECHANISMS, st.sampled_from(["exp=e.example", "v=1"]), OURS), max_size=4, unique=True
)
ENDS = st.sampled_from(["-all", "~all", "?all", "all", "", "redirect=r.example", "-all mx", f"~all {FILTER}", "v=2"])
RECORDS = st.builds(lambda terms, end: " ".join(["v=spf1", *terms, end]).strip(), TERMS, ENDS)
NESTED = st.sampled_from(
    [
        "v=spf1 ip4:198.51.100.7 -all",
        "v=spf1 a ~all",
        "v=spf1 ?ip4:192.0.2.0/24 include:more.example ?all",
        f"v=spf1 {FILTER} ip4:198.51.100.40 -all",
        "v=spf1 mx:c.example ip6:2001:db8:a::/48",
        "no SPF at all",
    ]
)
ADDRESSES = st.sampled_from(["192.0.2.1", "198.51.100.7", "198.51.100.40", "192.0.2.200"])
WORLDS = st.fixed_dictionaries(
    {
        **{(f"{name}.example.", "TXT"): NESTED.map(spf_answer) for name in ("x", "y", "r")},
        ("more.example.", "TXT"): st.just(spf_answer("v=spf1 ip4:198.51.100.40 -all")),
        ("b.example.", "A"): st.one_of(ADDRESSES.map(data), st.just(ABSENT)),
        ("b.example.", "AAAA"): st.just(data("2001:db8::7")),
        ("mx.c.example.", "A"): ADDRESSES.map(data),
    }
).map(lambda told: {**SERVICE, **told})
MX_SETS = st.sampled_from(
    [(), ("5 mailgate",), ("5 mailgate", "40 smtp.isp.net."), ("3 france", "4 europe", "5 mailgate"), ("0 .",)]
)
ACCEPTED = frozenset(
    {"spf-sends-nothing", "spf-term-twice", "spf-service-alone", "spf-mx-negative", "mx-null", "spf-not-measured"}
)


def zone_of(record: str, mx: tuple[str, ...]) -> ZoneView:
    return view(txt=["MS=ms1", record], mx=mx, others=[address()])


# --- the agreement ------------------------------------------------------------------------------------------------------
@settings(max_examples=500, deadline=None)
@given(WORLDS, RECORDS, MX_SETS, st.sampled_from(["below", "replace"]), st.booleans(), st.booleans())
def test_an_enrolment_changes_the_result_of_no_sender_but_the_services(
    world: Dns, record: str, mx: tuple[str, ...], mode: str, fix: bool, dedupe: bool
) -> None:
    """Of every sender that is not the service's, save where the rules say so:

    - the record was a permerror before (nobody had a result);
    - a new record: there was none, everybody's result was none (tested below);
    - ``--set-all`` and ``--add-all``: the senders whom nothing names get another result, as asked (tested below);
    - ``--merge-spf``: two records were a permerror (tested below);
    - ``replace``, and a ``mx`` that does not pass: hosts that leave the MX set leave a prohibition too (rules A9). Not drawn;
    - MX hosts without AAAA, and an IPv6 sender: some evaluators, this one too, take each of them for a void look-up, where
      RFC 7208 section 4.6.4 counts terms. Every host has an AAAA here.
    """
    if mode == "replace" and any(f"{qualifier}mx" in record.lower() for qualifier in "-~?"):
        mode = "below"
    zone = zone_of(record, mx)
    wish = Wish(service=SEED, mx_mode=mode, edits=Edits(fix_qualifier=fix, dedupe=dedupe), accept=ACCEPTED)  # type: ignore[arg-type]
    plan = planned(world, zone, wish)
    after = applied(zone, plan.changes)
    is_held = bool(held_back(plan.findings, wish.accept))
    event(f"{'held back' if is_held else 'written' if plan.changes else 'nothing to do'}")
    for sender in SENDERS:
        before = result(world, zone, sender)
        if before != "permerror":
            assert result(world, after, sender) == before, sender


@settings(max_examples=300, deadline=None)
@given(WORLDS, RECORDS, MX_SETS, st.booleans())
def test_mail_that_the_service_sends_passes_once_enrolled(world: Dns, record: str, mx: tuple[str, ...], fix: bool) -> None:
    """Save where a term of the customer's before it decides (rules A3): an include with another qualifier, whose record may
    hold the service's."""
    if any(f"{qualifier}include:{name}" in record for qualifier in "-~?" for name in "xy"):
        return
    zone = zone_of(record, mx)
    wish = Wish(service=SEED, edits=Edits(fix_qualifier=fix, dedupe=True), accept=ACCEPTED - {"spf-mx-negative"})
    plan = planned(world, zone, wish)
    if held_back(plan.findings, wish.accept) or result(world, zone, "192.0.2.9") == "permerror":
        return
    after = applied(zone, plan.changes)
    assert result(world, after, SERVICE_SENDER) == "pass"
    assert result(world, after, "2001:db8:f::1") == "pass"


# --- what the rules say shall change ------------------------------------------------------------------------------------
def results(texts: list[str], wish: Wish) -> tuple[set[str], set[str], set[str]]:
    """Of a stranger, a named sender and the service: before and after."""
    zone = view(txt=texts, mx=["5 mailgate"], others=[address()])
    after = applied(zone, planned(SERVICE, zone, wish).changes)
    stranger, named, service = (
        {result(SERVICE, one, sender) for one in (zone, after)} for sender in ("198.51.100.99", "198.51.100.5", SERVICE_SENDER)
    )
    return stranger, named, service


def test_a_new_record_gives_strangers_its_all_and_the_service_a_pass() -> None:
    zone = view(mx=["5 mailgate"])
    after = applied(zone, planned(SERVICE, zone, Wish(service=SEED)).changes)
    assert [result(SERVICE, zone, sender) for sender in (SERVICE_SENDER, "198.51.100.99")] == ["none", "none"]
    assert [result(SERVICE, after, sender) for sender in (SERVICE_SENDER, "198.51.100.99")] == ["pass", "softfail"]


@pytest.mark.parametrize(
    ("texts", "options", "stranger"),
    [
        (["v=spf1 mx ~all"], Edits(set_all=True), {"softfail", "fail"}),
        (["v=spf1 mx"], Edits(add_all=True), {"neutral", "fail"}),
        (["v=spf1 mx ~all"], Edits(add_all=True), {"softfail"}),
    ],
)
def test_only_strangers_notice_another_all(texts: list[str], options: Edits, stranger: set[str]) -> None:
    seen = results(texts, Wish(service=SEED, all_qualifier="-", edits=options))
    assert seen == (stranger, {"pass"}, {"neutral" if texts == ["v=spf1 mx"] else "softfail", "pass"})


def test_a_merge_ends_the_permerror_of_every_sender() -> None:
    seen = results(["v=spf1 mx -all", "v=spf1 ip4:192.0.2.1 -all"], Wish(service=SEED, edits=Edits(merge_spf=True)))
    assert seen == ({"permerror", "fail"}, {"permerror", "pass"}, {"permerror", "pass"})


def test_two_records_of_our_making_would_be_a_permerror() -> None:
    """The evaluator sees what we must never write."""
    zone = view(txt=["v=spf1 mx -all", f"v=spf1 {FILTER} -all"], mx=["5 mailgate"])
    assert result(SERVICE, zone, "198.51.100.5") == "permerror"


# --- the grammar --------------------------------------------------------------------------------------------------------
NAMES = ["a", "mx", "ip4", "ip6", "include", "exists", "ptr", "all", "redirect", "exp", "x", "A", "v.1"]
SPECS = ["b.example", ".com", "x-1", ".1-2", ".", "192.0.2.1", "192.0.2.01", "2001:db8::1", "::ffff:192.0.2.1", "::"]
ODD = ["", ":", "=", "_", ";", '"', "~", "%x", "%{z}", "%{d}", "%{ir}", "%{d2r-}.x.example", "%_"]
TAILS = ["", "", "", "", "/24", "/32", "/33", "/0", "/00", "//64", "//129", "/24//128", "/", "//"]
WORDS = st.builds(
    "{}{}{}{}{}".format,
    st.sampled_from(["", "", "", "+", "-", "~", "?", "--"]),
    st.sampled_from(NAMES),
    st.sampled_from(["", ":", ":", ":", "="]),
    st.lists(st.one_of(st.sampled_from(SPECS), st.sampled_from(SPECS), st.sampled_from(ODD)), max_size=3).map("".join),
    st.sampled_from(TAILS),
)


@settings(max_examples=3000, deadline=None)
@given(WORDS)
def test_what_is_a_term_is_no_matter_of_opinion(term: str) -> None:
    """Where this evaluator departs from RFC 7208 section 12 is not drawn: it refuses ``%%`` at the end, takes ``%{d0}``, an
    unfinished macro and octets beyond ASCII in a modifier, and ``exists`` and ``include`` without a domain for a term. A comma,
    which a domain-spec may hold and no name does, is ours to refuse (rules A0)."""
    if term.strip("+-~?") in ("exists", "include"):
        return
    record = f"v=spf1 {term}"
    try:
        is_valid = bool(parse_spf(record.encode()))
    except SpfInvalid:
        is_valid = False
    said = _syntax_error_of(record)
    event("valid" if is_valid else "invalid")
    assert is_valid == (not said), said


def _syntax_error_of(record: str) -> str:
    anywhere = {"A": "192.0.2.1", "TXT": (b"v=spf1 ?all",), "MX": (10, "mx.example")}

    def look_up(name: str, rtype: str, strict: object = True, timeout: object = 20) -> list[tuple[tuple[str, str], object]]:
        return [((name, rtype), anywhere[rtype])] if rtype in anywhere else []

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pyspf, "DNSLookup", look_up)
        code, _, text = pyspf.query(i="198.51.100.9", s="somebody@example.com", h="helo.example.net").check(spf=record)
    of_no_syntax = ("No valid SPF record", "trivial recursion", "redirect domain has no SPF record")
    return "" if code != "permerror" or any(reason in text for reason in of_no_syntax) else text
