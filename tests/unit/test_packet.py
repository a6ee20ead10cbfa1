"""Octets of the DNS: questions as dnspython writes them, and the short way to an answer, held together with the long way.

The short way (``plain_answer``) may be silent on any message, but must never say anything else than dnspython and ``judge``.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import Any

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.rrset
import pytest
from hypothesis import event, example, given, settings
from hypothesis import strategies as st

from registrar_sync.core.model import Mx, Other, Rdata, Txt
from registrar_sync.core.observation import Answer
from registrar_sync.core.txt import quote
from registrar_sync.resolver.answers import judge, soa_of
from registrar_sync.resolver.packet import (
    Question,
    has_formerr,
    is_response,
    is_truncated,
    name_octets,
    without_edns,
)
from registrar_sync.resolver.plain import Expected, plain_answer, read_message
from registrar_sync.resolver.skim import skim, skim_soa

OWNER = "example.com."
LABELS = st.text("abcxyz019-_", min_size=1, max_size=12)
HOSTS = st.one_of(
    st.sampled_from(["france.security-mail.net.", "europe.security-mail.net.", "mailgate.example.com.", OWNER, "."]),
    st.lists(LABELS, min_size=1, max_size=4).map(lambda labels: ".".join(labels) + "."),
)
STRINGS = st.one_of(st.binary(max_size=40), st.sampled_from([b"v=spf1 mx ~all", b"", b"x" * 255]))
TXT = st.lists(STRINGS, min_size=1, max_size=4).map(lambda strings: Txt(tuple(strings)))
MX = st.builds(Mx, st.integers(0, 65535), HOSTS)
VALUES: dict[str, st.SearchStrategy[Any]] = {"TXT": TXT, "MX": MX}
TTLS = st.sampled_from([0, 60, 300, 10800, 0x7FFFFFFF])


def text_of(value: Rdata) -> str:
    return quote(value.strings) if isinstance(value, Txt) else str(value)


def rrset(owner: str, ttl: int, rtype: str, *rdata: str) -> dns.rrset.RRset:
    return dns.rrset.from_text(owner, ttl, "IN", rtype, *rdata)


# --- questions --------------------------------------------------------------------------------------------------------
def as_sent(question: Question) -> bytes:
    return b"\x12\x34" + question.body


@pytest.mark.parametrize("rtype", ["TXT", "MX", "SOA", "NS", "AAAA", "TYPE65280"])
@pytest.mark.parametrize(
    "name", [OWNER, ".", "_spf.example.com.", "a" * 63 + ".net.", "x.y.z." * 40, "Mixed.Example.", "a\\.b.net."]
)
def test_a_question_is_what_dnspython_would_send(name: str, rtype: str) -> None:
    for recursive, disabled, flags in (
        (False, False, 0), (True, False, dns.flags.RD), (True, True, dns.flags.RD | dns.flags.CD),
    ):  # fmt: skip
        query = dns.message.make_query(name, rtype, use_edns=0, payload=1232, id=0x1234, flags=flags)
        question = Question(name, rtype, recursive=recursive, checking_disabled=disabled)
        assert as_sent(question) == query.to_wire()
        query.use_edns(False)
        assert without_edns(as_sent(question)) == query.to_wire()


@pytest.mark.parametrize("name", ["a..example.", "x" * 64 + ".example.", "x." * 128, "é" * 70])
def test_what_is_no_name_is_no_question(name: str) -> None:
    with pytest.raises((dns.exception.DNSException, UnicodeError)):
        name_octets(name)


@given(
    name=st.lists(st.text("abzABZ059-_\\.é*@ ", min_size=0, max_size=70), max_size=5).map(lambda labels: ".".join(labels) + ".")
)
def test_names_have_the_octets_that_dnspython_gives_them(name: str) -> None:
    try:
        octets = dns.name.from_text(name).to_wire()
    except (dns.exception.DNSException, UnicodeError):
        with pytest.raises((dns.exception.DNSException, UnicodeError)):
            name_octets(name)
    else:
        assert name_octets(name) == octets


# --- is it a response to this question? -------------------------------------------------------------------------------
QUESTION = Question(OWNER, "TXT")


def response(*answer: dns.rrset.RRset, rtype: str = "TXT", flags: int = 0x8400, edns: bool = True) -> dns.message.QueryMessage:
    made = dns.message.QueryMessage(id=0x1234)
    made.flags = dns.flags.Flag(flags)
    made.question.append(dns.rrset.RRset(dns.name.from_text(OWNER), dns.rdataclass.IN, dns.rdatatype.from_text(rtype)))
    made.answer.extend(answer)
    if edns:
        made.use_edns(0, payload=1232)
    return made


@given(
    at=st.integers(2, 40), octet=st.integers(0, 255), rcode=st.sampled_from(range(11)), bare=st.booleans(), upper=st.booleans()
)
@example(at=2, octet=0x84, rcode=1, bare=True, upper=False)
@example(at=2, octet=0x84, rcode=3, bare=True, upper=False)
def test_what_answers_a_question_is_what_dnspython_takes_for_a_response(
    at: int, octet: int, rcode: int, bare: bool, upper: bool
) -> None:
    made = response(flags=0x8400 | rcode, edns=False)
    if bare:
        made.question.clear()
    wire = bytearray(made.to_wire())
    if upper:
        wire[13:20] = bytes(wire[13:20]).upper()
    if at < len(wire):
        wire[at] = octet
    query = dns.message.make_query(OWNER, "TXT", id=0x1234)
    try:
        expected = query.is_response(dns.message.from_wire(bytes(wire), question_only=True))
    except dns.exception.DNSException:
        expected = False
    ours = is_response(bytes(wire), QUESTION.octets)
    event(f"a response: {expected}")
    # where they differ, ours is the stricter: odd counts, and spellings that no server uses
    assert expected or not ours
    if bytes(wire[4:6]) == b"\x00\x01" and at < 12:
        assert ours == expected


def test_flags_are_read() -> None:
    assert has_formerr(response(flags=0x8401).to_wire())
    assert not has_formerr(response(flags=0x8402).to_wire())
    assert is_truncated(response(flags=0x8600).to_wire())
    assert not is_truncated(response(flags=0x8400).to_wire())


# --- the short way and the long way -----------------------------------------------------------------------------------
def by_the_long_way(wire: bytes, rtype: str) -> Answer | None:
    message = read_message(wire)
    return judge(message, OWNER, rtype) if message is not None else None


def check(wire: bytes, rtype: str, expected: frozenset[Rdata] | None) -> Answer | None:
    """What the short way says, having seen that it says nothing wrong, whatever was expected."""
    question = Question(OWNER, rtype)
    if not is_response(wire, question.octets) or is_truncated(wire):
        return None  # the engine hands neither on
    shortly = plain_answer(wire, question.octets, rtype)
    hoping = plain_answer(wire, question.octets, rtype, Expected(expected) if expected is not None else None)
    assert shortly == hoping
    if shortly is None:
        return None
    at_length = by_the_long_way(wire, rtype)
    assert shortly == at_length
    if hoping is not None and expected is not None:
        assert (hoping.values == expected) == (at_length is not None and at_length.values == expected)
    return shortly


PLAIN_BESIDE = [("NS", "ns1.example.com."), ("NS", "ns.elsewhere.net."), ("A", "192.0.2.1"), ("AAAA", "2001:db8::1")]
ODD_BESIDE = [
    ("TXT", '"other"'), ("CNAME", "www.example.net."), ("SOA", "ns1. host. 1 2 3 4 5"), ("MX", "10 mail.example.com."),
    ("CAA", '0 issue "x"'), ("RRSIG", "MX 8 2 300 20300101000000 20200101000000 1 example.com. AAAA"),
]  # fmt: skip


@st.composite
def rendered(draw: st.DrawFn) -> tuple[bytes, str, frozenset[Rdata]]:
    """A response, as a server may send it, with one oddity at the most; its question's type, and values to hope for."""
    odd = draw(st.sampled_from(["", "", "", "flags", "owner", "answer", "ttl", "beside"]))
    rtype = draw(st.sampled_from(["TXT", "MX"]))
    values: list[Rdata] = draw(st.lists(VALUES[rtype], min_size=1, max_size=4))
    flags = [0x8000, 0x8403, 0x8405, 0x8602, 0x0400, 0x8C00] if odd == "flags" else [0x8400, 0x8580, 0x84B0]
    made = response(rtype=rtype, flags=draw(st.sampled_from(flags)), edns=draw(st.booleans()))
    owner = "www.example.com." if odd == "owner" else draw(st.sampled_from([OWNER, "EXAMPLE.com."]))
    made.answer = [rrset(owner, draw(TTLS), rtype, *map(text_of, values))]
    if odd == "ttl":
        made.answer.append(rrset(owner, draw(TTLS), rtype, text_of(draw(VALUES[rtype]))))
    if odd == "answer":
        made.answer.append(draw(others(ODD_BESIDE)))
    made.authority = draw(st.lists(others(PLAIN_BESIDE), max_size=2))
    made.additional = draw(st.lists(others(ODD_BESIDE if odd == "beside" else PLAIN_BESIDE), max_size=2))
    wire = made.to_wire(max_size=65535, want_shuffle=False) if draw(st.booleans()) else uncompressed(made)
    return wire, rtype, frozenset(draw(st.sampled_from([values, values[:-1], [*values, draw(TXT | MX)]])))


@st.composite
def others(draw: st.DrawFn, kinds: list[tuple[str, str]]) -> dns.rrset.RRset:
    rtype, rdata = draw(st.sampled_from(kinds))
    return rrset(draw(st.sampled_from([OWNER, "ns1.example.com.", "net."])), draw(TTLS), rtype, rdata)


def wire_of(value: dns.name.Name | dns.rdata.Rdata) -> bytes:
    wire = value.to_wire()
    assert wire is not None
    return wire


def uncompressed(made: dns.message.Message) -> bytes:
    """As a server without compression sends it, but for the owner names in the answer."""
    counts = [sum(map(len, section)) for section in (made.answer, made.authority, made.additional)]
    out = bytearray(struct.pack("!HHHHHH", made.id, made.flags, 1, *counts[:2], counts[2] + (made.opt is not None)))
    question = made.question[0]
    out += wire_of(question.name) + struct.pack("!HH", question.rdtype, question.rdclass)
    for section in (made.answer, made.authority, made.additional):
        for one in section:
            owner = b"\xc0\x0c" if one.name == question.name else wire_of(one.name)
            for rdata in one:
                data = wire_of(rdata)
                out += owner + struct.pack("!HHIH", one.rdtype, one.rdclass, one.ttl, len(data)) + data
    if made.opt is not None:
        out += b"\x00" + struct.pack("!HHIH", 41, 1232, 0, 0)
    return bytes(out)


@settings(max_examples=200)
@given(case=rendered())
def test_the_short_way_says_what_dnspython_reads_or_nothing(case: tuple[bytes, str, frozenset[Rdata]]) -> None:
    wire, rtype, hoped = case
    event("short" if check(wire, rtype, hoped) else "silent")


@settings(max_examples=300)
@given(
    case=rendered(),
    patches=st.lists(
        st.tuples(
            st.integers(2, 400),
            st.one_of(st.binary(min_size=1, max_size=3), st.sampled_from([b"\xc0\x0c", b"\xc0\x29", b"\xc0"])),
        ),
        max_size=3,
    ),
    cut=st.just(None) | st.integers(12, 400),
    tail=st.sampled_from([b"", b"", b"\x00", b"\x00\x00\x29\x04\xd0\x00\x00\x00\x00\x00\x00"]),
)
def test_no_damage_makes_the_short_way_say_what_dnspython_does_not(
    case: tuple[bytes, str, frozenset[Rdata]], patches: list[tuple[int, bytes]], cut: int | None, tail: bytes
) -> None:
    whole, rtype, hoped = case
    wire = bytearray(whole)
    for at, patch in patches:
        if at < len(wire):
            wire[at : at + len(patch)] = patch
    event("short" if check(bytes(wire[:cut]) + tail, rtype, hoped) else "silent")


USUAL_MX = ("3 france.security-mail.net.", "4 Europe.Security-Mail.net.", "5 mailgate.example.com.")


@pytest.mark.parametrize(
    "made",
    [
        response(rrset(OWNER, 300, "TXT", '"v=spf1 mx ~all"', '"a" "b"')),
        response(rrset(OWNER, 300, "MX", *USUAL_MX), rtype="MX"),
        response(rrset(OWNER, 300, "MX", "0 ."), rtype="MX", edns=False),
        response(rrset(OWNER, 300, "MX", "10 example.com."), rtype="MX", flags=0x8500),
    ],
)
@pytest.mark.parametrize("beside", [False, True])
def test_what_servers_usually_send_goes_the_short_way(made: dns.message.QueryMessage, beside: bool) -> None:
    if beside:
        made.authority.append(rrset(OWNER, 3600, "NS", "ns1.example.com.", "ns2.elsewhere.net."))
        made.additional.append(rrset("mailgate.example.com.", 3600, "A", "192.0.2.1"))
        made.additional.append(rrset("ns1.example.com.", 3600, "AAAA", "2001:db8::1"))
    for wire in (made.to_wire(), uncompressed(made)):
        rtype = dns.rdatatype.to_text(made.question[0].rdtype)
        assert check(wire, rtype, None) == by_the_long_way(wire, rtype)
        assert check(wire, rtype, None) is not None


# --- the serial ---------------------------------------------------------------------------------------------------------
SOA_QUESTION = Question(OWNER, "SOA").octets
NUMBERS = st.integers(0, 2**32 - 1)


@st.composite
def serials(draw: st.DrawFn) -> bytes:
    """A response to an SOA question, as a server may send it, with one oddity at the most."""
    odd = draw(st.sampled_from(["", "", "", "flags", "owner", "absent", "answer", "beside"]))
    flags = [0x8000, 0x8403, 0x8405, 0x8602, 0x0400, 0x8C00] if odd == "flags" else [0x8400, 0x8580, 0x84B0]
    made = response(rtype="SOA", flags=draw(st.sampled_from(flags)), edns=draw(st.booleans()))
    owner = draw(st.sampled_from(["com.", "www.example.com."])) if odd == "owner" else OWNER
    soa = rrset(owner, draw(TTLS), "SOA", " ".join([draw(HOSTS), draw(HOSTS), *(str(draw(NUMBERS) % 2**31) for _ in range(5))]))
    section = made.authority if odd == "absent" else made.answer
    section.append(soa)
    if odd == "answer":
        made.answer.insert(draw(st.integers(0, 1)), draw(others([("SOA", "ns1. host. 9 2 3 4 5"), ("TXT", '"x"')])))
    made.authority += draw(st.lists(others(PLAIN_BESIDE), max_size=2))
    made.additional = draw(st.lists(others(ODD_BESIDE if odd == "beside" else PLAIN_BESIDE), max_size=2))
    return made.to_wire(max_size=65535, want_shuffle=False) if draw(st.booleans()) else uncompressed(made)


def check_soa(wire: bytes) -> tuple[int, int] | None:
    """The serial and negative TTL of the short way, having seen that the long way gives no others."""
    if not is_response(wire, SOA_QUESTION) or is_truncated(wire):
        return None
    shortly = skim_soa(wire, SOA_QUESTION)
    if shortly is not None:
        message = read_message(wire)
        assert message is not None
        soa, negative_ttl = soa_of(message)
        assert soa is not None
        assert shortly == (soa.serial, negative_ttl)
    return shortly


@settings(max_examples=300)
@given(
    whole=serials(),
    patches=st.lists(
        st.tuples(
            st.integers(2, 200),
            st.one_of(st.binary(min_size=1, max_size=3), st.sampled_from([b"\xc0\x0c", b"\xc0\x29", b"\xc0"])),
        ),
        max_size=2,
    ),
    cut=st.just(None) | st.integers(12, 200),
)
def test_the_serial_of_the_short_way_is_that_of_dnspython(
    whole: bytes, patches: list[tuple[int, bytes]], cut: int | None
) -> None:
    wire = bytearray(whole)
    for at, patch in patches:
        if at < len(wire):
            wire[at : at + len(patch)] = patch
    event("short" if check_soa(bytes(wire[:cut])) else "silent")


def test_the_serial_that_servers_usually_send_goes_the_short_way() -> None:
    soa = rrset(OWNER, 3600, "SOA", "ns1.example.com. host.elsewhere.net. 2026112301 7200 3600 1209600 300")
    made = response(soa, rtype="SOA")
    assert check_soa(made.to_wire()) == (2026112301, 300)
    made.authority.append(rrset(OWNER, 3600, "NS", "ns1.example.com.", "ns2.elsewhere.net."))
    made.additional.append(rrset("ns1.example.com.", 3600, "A", "192.0.2.1"))
    assert check_soa(made.to_wire()) == check_soa(uncompressed(made)) == (2026112301, 300)


# --- one thing wrong ---------------------------------------------------------------------------------------------------
MX_QUESTION = Question(OWNER, "MX").octets
FIRST_RDATA = 12 + len(MX_QUESTION) + 12
PLAIN_OPT = b"\x00\x00\x29\x04\xd0\x00\x00\x00\x00\x00\x00"


def record(rdata: bytes, *, ttl: int = 300, rtype: int = 15, owner: bytes = b"\xc0\x0c", family: int = 1) -> bytes:
    return owner + struct.pack("!HHIH", rtype, family, ttl, len(rdata)) + rdata


def by_hand(*answers: bytes, beside: Sequence[bytes] = (), flags: int = 0x8400) -> bytes:
    counts = struct.pack("!HHHH", 1, len(answers), 0, len(beside))
    return b"\x12\x34" + struct.pack("!H", flags) + counts + MX_QUESTION + b"".join(answers) + b"".join(beside)


TEN = b"\x00\x0a"
MAIL = TEN + b"\x04mail\xc0\x0c"


@pytest.mark.parametrize(
    "exchange",
    [
        b"\xc0\x2b",  # itself
        b"\xc0\x2c",
        b"\x01a\xc0\x2b",
        b"\xc1\xff",  # behind the end
        b"\xff\xff",
        b"\x40a",  # reserved
        b"\x80a",
        b"\x3fa",  # too short
        b"\xc0",
        b"",
        b"\xc0\x0c\x00",  # more behind it
        b"\x01a\x00\x00",
    ],
)
def test_a_name_that_leads_nowhere_is_left_to_dnspython(exchange: bytes) -> None:
    wire = by_hand(record(TEN + exchange))
    assert FIRST_RDATA == 0x29
    assert skim(wire, MX_QUESTION, "MX") is None
    assert by_the_long_way(wire, "MX") is None


@pytest.mark.parametrize(
    "wire",
    [
        # the preferences hold pointers to each other, and the third exchange leads there
        by_hand(record(b"\xc0\x38" + b"\x00"), record(b"\xc0\x29" + b"\x00"), record(TEN + b"\xc0\x29")),
        # a label that begins before its name and covers it
        by_hand(record(b"\x03x" + b"\xc0\x29"), record(MAIL)),
        by_hand(record(MAIL), record(TEN + b"\xc0\x0c", rtype=16)),
        by_hand(record(MAIL), flags=0x8403),
        by_hand(record(MAIL), flags=0x8402),
        by_hand(record(MAIL), flags=0x8000),
        by_hand(record(MAIL), record(TEN + b"\xc0\x0c", ttl=299)),
        by_hand(record(MAIL, ttl=0x80000000)),
        by_hand(record(MAIL, family=3)),
        by_hand(record(MAIL)) + b"\x00",
        by_hand(record(MAIL))[:-1],
        by_hand(record(MAIL), beside=[PLAIN_OPT, PLAIN_OPT]),
        by_hand(record(MAIL), beside=[PLAIN_OPT[:5] + b"\x01" + PLAIN_OPT[6:]]),  # an upper part of the RCODE
        by_hand(record(MAIL), beside=[PLAIN_OPT[:6] + b"\x01" + PLAIN_OPT[7:]]),  # version 1
        by_hand(record(MAIL), beside=[PLAIN_OPT[:-1] + b"\x04\x00\x0f\x00\x00"]),  # an option
        by_hand(record(MAIL), beside=[record(b"\xc0\x00\x02", rtype=1)]),
        by_hand(record(MAIL), beside=[record(b"\x01a\x00\x00", rtype=2)]),
        by_hand(record(MAIL), beside=[record(b"\xc0\x00\x02\x01", rtype=1, owner=b"\xc0\xff")]),
        by_hand(record(MAIL), beside=[record(b"\xc0\x00\x02\x01", rtype=1, family=3)]),
    ],
)
def test_what_is_not_plain_is_left_to_dnspython(wire: bytes) -> None:
    assert check(wire, "MX", None) is None


@pytest.mark.parametrize(
    "wire",
    [
        by_hand(record(MAIL), record(TEN + b"\xc0\x0c")),
        by_hand(record(MAIL), record(MAIL), beside=[PLAIN_OPT]),  # twice the same
        by_hand(record(MAIL), beside=[record(b"\xc0\x00\x02\x01", rtype=1, owner=b"\xc0\x2b"), PLAIN_OPT]),
        by_hand(record(MAIL), beside=[record(b"\xc0\x2b", rtype=2, owner=b"\x00")]),
        by_hand(record(TEN + b"\xc0\x29")),  # to the first octet of the preference, which is a root
        by_hand(record(TEN + b"\x04MaIl\xc0\x0c"), record(TEN + b"\x04mail\xc0\x0c")),
    ],
)
def test_what_is_plain_is_told_at_once(wire: bytes) -> None:
    assert check(wire, "MX", None) is not None


# --- what is hoped for ------------------------------------------------------------------------------------------------
@given(values=st.frozensets(TXT, min_size=1, max_size=4) | st.frozensets(MX, min_size=1, max_size=4))
def test_values_are_known_again_on_the_wire_in_any_order(values: frozenset[Rdata]) -> None:
    rtype = "TXT" if isinstance(next(iter(values)), Txt) else "MX"
    wire = response(rrset(OWNER, 300, rtype, *map(text_of, values)), rtype=rtype).to_wire(max_size=65535)
    skimmed = skim(wire, Question(OWNER, rtype).octets, rtype)
    assert skimmed is not None
    assert Expected(values).matches(skimmed[1])
    assert plain_answer(wire, Question(OWNER, rtype).octets, rtype, Expected(values)) == Answer(
        status="data", values=values, ttl=300
    )


def test_more_fewer_and_the_same_twice_are_not_equal_on_the_wire() -> None:
    one, two, three = (Txt((text,)) for text in (b"a", b"b", b"c"))
    hoped = Expected(frozenset({one, two}))
    octets = {value: b"\x01" + value.joined for value in (one, two, three)}
    assert hoped.matches([octets[two], octets[one]])
    for found in ([one], [one, two, three], [one, one], [one, three], []):
        assert not hoped.matches([octets[value] for value in found])


def test_capitals_in_an_exchange_make_no_difference() -> None:
    wire = response(rrset(OWNER, 300, "MX", "4 Europe.Security-Mail.net."), rtype="MX").to_wire()
    skimmed = skim(wire, MX_QUESTION, "MX")
    assert skimmed is not None
    assert Expected(frozenset({Mx(4, "europe.security-mail.net.")})).matches(skimmed[1])


@given(one=st.frozensets(TXT | MX, max_size=3), other=st.frozensets(TXT | MX, max_size=3))
def test_equal_on_the_wire_is_equal_in_value(one: frozenset[Rdata], other: frozenset[Rdata]) -> None:
    octets = Expected(other).octets
    if octets and Expected(one).matches(octets):
        assert one == other


def test_a_value_cut_elsewhere_is_not_equal_on_the_wire_and_equal_in_value_all_the_same() -> None:
    hoped: frozenset[Rdata] = frozenset({Txt((b"v=spf1 mx ~all",))})
    wire = response(rrset(OWNER, 300, "TXT", '"v=spf1 mx " "~all"')).to_wire()
    skimmed = skim(wire, QUESTION.octets, "TXT")
    assert skimmed is not None
    assert not Expected(hoped).matches(skimmed[1])
    answer = plain_answer(wire, QUESTION.octets, "TXT", Expected(hoped))
    assert answer is not None
    assert answer.values == hoped


def test_a_long_value_given_as_one_string_is_known_as_servers_cut_it() -> None:
    text = b"v=spf1 " + b"x" * 300
    wire = response(rrset(OWNER, 300, "TXT", quote((text[:255], text[255:])))).to_wire()
    skimmed = skim(wire, QUESTION.octets, "TXT")
    assert skimmed is not None
    assert Expected(frozenset({Txt((text,))})).matches(skimmed[1])


@pytest.mark.parametrize(
    "value", [Other("192.0.2.1"), Mx(10, "a\\046b.example."), Mx(10, "Mail.example."), Mx(70000, "mail.example."), Mx(1, "a..b.")]
)
def test_values_that_no_answer_would_spell_so_are_equal_to_none(value: Rdata) -> None:
    assert not Expected(frozenset({value})).octets
    assert not Expected(frozenset({value, Txt((b"x",))})).octets
