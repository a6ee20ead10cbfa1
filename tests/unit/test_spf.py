"""SPF records: what is valid, what an edit keeps, where an include goes, and how two records would become one."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from registrar_sync.core.model import Record, Txt
from registrar_sync.core.service import Qualifier
from registrar_sync.core.spf import find_near_misses, find_spf, parse_spf, render_new
from registrar_sync.core.spf_fault import SpfInvalid
from registrar_sync.core.spf_merge import CannotMergeError, merge_records
from tests.unit.spf_texts import records
from tests.unit.zones import rrset

DOMAIN = "filter.example."


@settings(deadline=None)
@given(records())
def test_a_record_that_is_not_edited_is_written_as_it_was_read(text: str) -> None:
    record = parse_spf(text.encode())
    assert record.text == text
    assert [term.text for term in record.terms] == text.split()[1:]


@settings(deadline=None)
@given(records())
def test_an_edit_keeps_every_other_term_in_its_order_and_spelling(text: str) -> None:
    before = parse_spf(text.encode())
    after = parse_spf(before.insert_include(DOMAIN).text.encode())
    (place,) = [index for index, term in enumerate(after.terms) if term.text == "include:filter.example"]
    assert after.without(place).terms == before.terms
    assert after.version == before.version
    assert after.without(place).text == " ".join(text.split())


@settings(deadline=None)
@given(records())
def test_an_inserted_include_is_live_behind_every_live_mechanism_and_before_any_all(text: str) -> None:
    before = parse_spf(text.encode())
    after = before.insert_include(DOMAIN)
    assert after.authorises(DOMAIN)
    assert after.live[:-1] == before.live
    assert after.live[-1].text == "include:filter.example"
    assert after.all_term == before.all_term


@settings(deadline=None)
@given(st.binary(max_size=60).map(lambda tail: b"v=spf1 " + tail) | records().map(str.encode) | st.binary(max_size=80))
def test_hostile_octets_are_read_or_refused_with_a_place(octets: bytes) -> None:
    try:
        record = parse_spf(octets)
    except SpfInvalid as error:
        fault = error
    else:
        assert record.text.encode() == octets
        return
    assert 0 <= fault.position <= len(octets)
    assert fault.reason in str(fault)


@pytest.mark.parametrize(
    ("text", "position", "reason"),
    [
        ("v=spf2 a", 0, "does not begin with"),
        ("v=spf1\ta", 6, "a tab is no separator"),
        ("v=spf1 a\n", 8, "octet 0x0a"),
        ("v=spf1 é", 7, "octet 0xc3"),
        ("v=spf1 a b", 9, "unknown mechanism 'b'"),
        ("v=spf1 ipv4:192.0.2.1", 7, "meant ip4?"),
        ("v=spf1 -redirect=x.example", 7, "a qualifier before the modifier 'redirect'"),
        ("v=spf1 ~exp=x.example", 7, "a qualifier before the modifier 'exp'"),
        ("v=spf1 --all", 7, "neither a mechanism nor a modifier"),
        ("v=spf1 =x", 7, "neither a mechanism nor a modifier"),
        ("v=spf1 all:x.example", 10, "nothing may follow 'all'"),
        ("v=spf1 include", 14, "a colon and a value are expected"),
        ("v=spf1 include: x.example", 15, "a domain is missing"),
        ("v=spf1 include:localhost", 15, "does not end like a domain name"),
        ("v=spf1 include:x.example/24", 15, "does not end like a domain name"),
        ("v=spf1 include:x.example~all", 15, "does not end like a domain name"),
        ("v=spf1 include:192.0.2.1", 15, "does not end like a domain name"),
        ("v=spf1 include:a.example,b.example", 24, "a comma is no separator"),
        ("v=spf1 a,mx", 8, "a comma is no separator"),
        ("v=spf1 a:", 9, "a domain is missing"),
        ("v=spf1 a/33", 8, "a CIDR length is at most 32"),
        ("v=spf1 a//129", 8, "for IPv6 128"),
        ("v=spf1 mx/024", 9, "a colon and a value"),
        ("v=spf1 ip4:192.0.2", 11, "is no such address"),
        ("v=spf1 ip4:192.0.2.256", 11, "is no such address"),
        ("v=spf1 ip4:192.0.2.01", 11, "is no such address"),
        ("v=spf1 ip4:192.0.2.0/33", 20, "0 to 32"),
        ("v=spf1 ip4:192.0.2.0/", 20, "0 to 32"),
        ("v=spf1 ip4:2001:db8::1", 11, "is no such address"),
        ("v=spf1 ip6:2001:db8::/129", 21, "0 to 128"),
        ("v=spf1 ip6:fe80::1%eth0", 11, "is no such address"),
        ("v=spf1 ip4", 10, "a colon and a value"),
        ("v=spf1 exists:%{x}.example", 14, "no macro '%{x}'"),
        ("v=spf1 exists:%{c}.example", 14, "no macro '%{c}'"),
        ("v=spf1 exists:%(i).example", 14, "begins no macro"),
        ("v=spf1 exists:%{d0}.example", 14, "begins no macro"),
        ("v=spf1 exists:%{d", 14, "begins no macro"),
        ("v=spf1 redirect=a.example redirect=b.example", 26, "a second 'redirect'"),
        ("v=spf1 exp=a.example a exp=a.example", 23, "a second 'exp'"),
        ("v=spf1 redirect=", 16, "a domain is missing"),
    ],
)
def test_a_syntax_error_is_refused_at_its_place(text: str, position: int, reason: str) -> None:
    with pytest.raises(SpfInvalid) as caught:
        parse_spf(text.encode())
    assert (caught.value.position, reason in caught.value.reason) == (position, True), str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        "v=spf1",
        "V=Spf1   ",
        "v=spf1 include:_spf.Google.com. A:x.example/24//64 mx//64 ptr:x.example -ALL",
        "v=spf1 exists:%{ir}.%{l1r+-}._spf.%{d}",
        "v=spf1 include:%{d}",
        "v=spf1 a:x.xn--p1ai ip6:::ffff:192.0.2.1/96 ip4:0.0.0.0/0",
        "v=spf1 unknown.modifier-1_x=",
        "v=spf1 include=looks.odd",
    ],
)
def test_what_the_grammar_allows_is_valid(text: str) -> None:
    assert parse_spf(text.encode()).text == text


def test_a_very_long_label_is_judged_at_once() -> None:
    with pytest.raises(SpfInvalid):
        parse_spf(b"v=spf1 include:x." + b"a" * 60_000 + b"!")


@pytest.mark.parametrize(
    ("term", "glued"),
    [
        ("include:a.exampleinclude:b.example", True),
        ("include:a.example-all", True),
        ("include:a.exampleredirect=b.example", True),
        ("redirect=a.examplea:b.example", True),
        ("exists:%{i:x}.example", None),  # no macro at all
        ("exists:%{i}.x.example", False),
        ("include:not-all.example", False),
        ("include:a.xn--all", False),
        ("ip6:2001:db8::1", False),
        ("x-redirect=a:b", False),
    ],
)
def test_terms_that_ran_together_are_noticed(term: str, glued: bool | None) -> None:
    if glued is None:
        with pytest.raises(SpfInvalid):
            parse_spf(f"v=spf1 {term}".encode())
    else:
        assert parse_spf(f"v=spf1 {term}".encode()).terms[0].is_glued is glued


def test_an_include_is_found_whatever_its_case_final_dot_and_qualifier() -> None:
    record = parse_spf(b"v=spf1 include:Filter.Example. ~INCLUDE:filter.example -all include:FILTER.example")
    assert record.find_include(DOMAIN) == (0, 1, 3)
    assert record.live_include(DOMAIN) == (0, 1)
    assert record.authorises(DOMAIN)
    assert not record.without(0).authorises(DOMAIN)  # then the first live one is ~


def test_an_include_of_a_macro_compares_exactly() -> None:
    record = parse_spf(b"v=spf1 include:%{D}.example ~all")
    assert record.find_include("%{d}.example") == ()
    assert record.find_include("%{D}.example") == (0,)


def test_an_include_goes_behind_the_last_mechanism_where_a_redirect_decides() -> None:
    record = parse_spf(b"v=spf1 redirect=x.example a exp=y.example mx z=1")
    assert record.insert_include(DOMAIN).text == "v=spf1 redirect=x.example a exp=y.example mx include:filter.example z=1"


def test_a_term_tells_its_parts() -> None:
    a, include, redirect = parse_spf(b"v=spf1 ?a:x.example/24//64 include:y.example redirect=z.example").terms
    assert (a.name, a.qualifier, a.effect, a.value, a.domain) == ("a", "?", "?", "x.example/24//64", "x.example")
    assert (include.qualifier, include.effect, include.domain) == (None, "+", "y.example")
    assert (redirect.is_modifier, redirect.name, redirect.value) == (True, "redirect", "z.example")


def test_a_new_record_holds_the_include_and_the_all() -> None:
    assert render_new("includespf.security-mail.net.", "-") == "v=spf1 include:includespf.security-mail.net -all"


def test_only_served_values_count_as_spf_and_near_misses_are_told() -> None:
    texts = [b"V=SPF1", b"v=spf1 a", b"v=spf10 a", b" v=spf1 a", b"v=spf1; a", b"spf2.0/pra", b'"v=spf1 a"', b"v=spf1\ta"]
    others = [b"google-site-verification=v=spf1", b"MS=ms1", b"\xef\xbb\xbfv=spf1 a", b"v=DKIM1", b"spf is fun"]
    txt = rrset("TXT", [Txt((text,)) for text in [*texts, *others]])
    asleep = Record(rdata=Txt((b"v=spf1 mx",)), ttl=1, disabled=True)
    txt = txt.with_records([*txt.records, asleep])

    assert [str(record.rdata) for record in find_spf(txt)] == ["V=SPF1", "v=spf1 a"]
    assert [value.joined for value in find_near_misses(txt)] == [*texts[2:], b"\xef\xbb\xbfv=spf1 a"]
    assert find_spf(None) == find_near_misses(None) == []


def shown(text: bytes) -> tuple[str, str]:
    with pytest.raises(SpfInvalid) as caught:
        parse_spf(text)
    record, caret = caught.value.caret(text).split("\n")
    assert caret.strip() == "^"
    return record, record[len(caret) - 1 :]


@pytest.mark.parametrize(
    ("text", "record", "from_the_caret_on"),
    [
        (b"v=spf1 ipv4:192.0.2.1 ~all", "v=spf1 ipv4:192.0.2.1 ~all", "ipv4:192.0.2.1 ~all"),
        (b"v=spf1\tmx ~all", "v=spf1\\009mx ~all", "\\009mx ~all"),
        (b"v=spf1 a\\b \x1b[31m\xff", "v=spf1 a\\\\b \\027[31m\\255", "\\027[31m\\255"),
        (b'v=spf1 "mx" ~all', 'v=spf1 "mx" ~all', '"mx" ~all'),
        (b"v=spf1 include", "v=spf1 include", ""),  # something is missing at the end
        (b"\x00", "\\000", "\\000"),
    ],
)
def test_a_fault_is_shown_with_a_caret_under_it(text: bytes, record: str, from_the_caret_on: str) -> None:
    assert shown(text) == (record, from_the_caret_on)


def test_a_long_record_is_cut_around_the_fault_between_terms() -> None:
    many = b" ".join(b"ip4:192.0.2.%d" % number for number in range(100, 130))
    record, rest = shown(b"v=spf1 " + many + b" ipv4:192.0.2.1 " + many + b" ~all")
    assert record.startswith("...ip4:192.0.2.1")
    assert rest == "ipv4:192.0.2.1 ..."
    assert shown(b"v=spf1 " + many + b" oops")[1] == "oops"
    assert shown(b"v=spf2 " + many) == ("v=spf2 ip4:192.0.2.100 ...",) * 2


@settings(deadline=None)
@given(st.binary(max_size=300).map(lambda tail: b"v=spf1 " + tail))
def test_a_caret_always_fits_on_a_line_of_printable_ascii_and_points_at_the_octet(octets: bytes) -> None:
    try:
        parse_spf(octets)
    except SpfInvalid as error:
        fault = error
    else:
        return
    record, caret = fault.caret(octets).split("\n")
    assert record.isascii()
    assert record.isprintable()
    assert len(record) <= 4 * 91 + 6
    spelled = {0x5C: "\\\\"} | {n: chr(n) if 0x20 <= n <= 0x7E else f"\\{n:03d}" for n in range(256) if n != 0x5C}
    under = "".join(spelled[octet] for octet in octets[fault.position : fault.position + 1])
    assert record[len(caret) - 1 :].startswith(under)
    assert bool(under) == (fault.position < len(octets))


def merged(*texts: str, asked: Qualifier | None = None) -> str:
    return merge_records(rrset("TXT", [Txt((text.encode(),)) for text in texts]).records, asked).text


@pytest.mark.parametrize(
    ("texts", "one"),
    [
        (["v=spf1 a -all", "v=spf1 mx -all"], "v=spf1 a mx -all"),
        (["v=spf1 a mx -all", "v=spf1 MX include:X.example. +a -all"], "v=spf1 a mx include:X.example. -all"),
        (["v=spf1 a", "v=spf1 mx"], "v=spf1 a mx"),
        (["v=spf1 a -all mx ~all", "v=spf1 -all ptr"], "v=spf1 a -all mx"),  # one all, and what is dead does not come to life
        (["v=spf1 a -all mx", "v=spf1 mx -all"], "v=spf1 a mx -all mx"),
        (["v=spf1 a v=1 ~all", "v=spf1 exp=x.example w=2 v=1 ~all"], "v=spf1 a v=1 exp=x.example w=2 ~all"),
        (["v=spf1  a -all", "v=spf1 a -all", "v=spf1 a -all"], "v=spf1  a -all"),
        (["v=spf1 a ~all", "v=spf1 mx ~all", "v=spf1 ip4:192.0.2.1 a ~all"], "v=spf1 a mx ip4:192.0.2.1 ~all"),
        (["v=spf1 redirect=x.example"] * 2, "v=spf1 redirect=x.example"),
        (["V=SPF1 mx"], "V=SPF1 mx"),
    ],
)
def test_records_that_do_not_contradict_each_other_become_one(texts: list[str], one: str) -> None:
    assert merged(*texts) == one


@pytest.mark.parametrize(
    ("texts", "why"),
    [
        (["v=spf1 mx ~all", "v=spf1 mx -all"], "they end differently"),
        (["v=spf1 mx ~all", "v=spf1 mx"], "they end differently"),
        (["v=spf1 mx ~all", "v=spf1 ~mx ~all"], "mx and ~mx contradict each other"),
        (["v=spf1 a ~all", "v=spf1 ~mx mx ~all"], "~mx and mx contradict each other"),
        (["v=spf1 redirect=x.example", "v=spf1 mx"], "a redirect"),
        (["v=spf1 mx -all", "v=spf1 a redirect=x.example -all"], "a redirect"),
        (["v=spf1 exp=x.example ~all", "v=spf1 exp=y.example ~all"], "contradict each other"),
        (["v=spf1 mx ~all", "v=spf1 oops ~all"], "cannot be read"),
        (["v=spf1 oops ~all"] * 2, "cannot be read"),
    ],
)
def test_records_that_contradict_each_other_are_not_merged_and_it_is_said_why(texts: list[str], why: str) -> None:
    with pytest.raises(CannotMergeError, match=why):
        merged(*texts)


@pytest.mark.parametrize(
    ("texts", "asked", "one"),
    [
        (["v=spf1 mx ~all", "v=spf1 mx -all"], "-", "v=spf1 mx -all"),
        (["v=spf1 mx +ALL", "v=spf1 a -all"], "~", "v=spf1 mx a ~ALL"),
        (["v=spf1 mx v=1", "v=spf1 a -all"], "?", "v=spf1 mx a ?all v=1"),
        (["v=spf1 mx -all", "v=spf1 a -all"], "~", "v=spf1 mx a -all"),  # they agree: it is theirs
    ],
)
def test_where_they_end_differently_the_all_that_was_asked_for_decides(texts: list[str], asked: Qualifier, one: str) -> None:
    assert merged(*texts, asked=asked) == one


def test_an_all_is_added_behind_the_last_mechanism_and_set_in_its_own_spelling() -> None:
    assert parse_spf(b"v=spf1 a mx exp=x.example").add_all("~").text == "v=spf1 a mx ~all exp=x.example"
    assert parse_spf(b"v=spf1").add_all("+").text == "v=spf1 all"
    assert parse_spf(b"v=spf1 a -ALL mx ~all").set_all("?").text == "v=spf1 a ?ALL mx ~all"
    assert parse_spf(b"v=spf1 a -all").set_all("+").text == "v=spf1 a all"
    record = parse_spf(b"v=spf1  a")
    assert record.set_all("-") is record
