"""The short way to what a recursive resolver says, and to "no such data": held together with dnspython and ``answers``.

The short way may be silent on any message, but must never say anything else.
"""

from __future__ import annotations

import dns.message
import dns.name
import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from registrar_sync.core.model import Mx, Other, Rdata, Txt
from registrar_sync.core.observation import Answer
from registrar_sync.resolver.answers import fault_of, judge, loose_end, told, unusable
from registrar_sync.resolver.packet import Question, is_response, is_truncated, plain_name_octets, plain_name_text
from registrar_sync.resolver.plain import plain_answer, plain_told, read_message
from tests.unit.test_packet import (
    HOSTS,
    ODD_BESIDE,
    OWNER,
    PLAIN_BESIDE,
    TTLS,
    VALUES,
    others,
    response,
    rrset,
    text_of,
    uncompressed,
)

ADDRESSES: dict[str, st.SearchStrategy[Rdata]] = {
    "A": st.ip_addresses(v=4).map(lambda address: Other(str(address))),
    "AAAA": st.ip_addresses(v=6).map(lambda address: Other(str(address))),
}
TYPES = {**VALUES, **ADDRESSES}
USUAL_FLAGS = (0x8180, 0x8580, 0x8400, 0x81A0, 0x8190)
ODD_FLAGS = (0x8100, 0x0180, 0x8182, 0x8185, 0x8980, 0x8380)
ZONES = ("example.com.", "EXAMPLE.com.", "com.", ".")
PATCHES = st.lists(
    st.tuples(
        st.integers(2, 200),
        st.one_of(st.binary(min_size=1, max_size=3), st.sampled_from([b"\xc0\x0c", b"\xc0\x14", b"\xc0\x29", b"\xc0"])),
    ),
    max_size=3,
)


def check(wire: bytes, rtype: str) -> Answer | None:
    """What the short way says of a resolver's response, having seen that the long way says nothing else; the same of an
    authoritative server's."""
    question = Question(OWNER, rtype).octets
    if not is_response(wire, question) or is_truncated(wire):
        return None  # the engine hands neither on
    message = read_message(wire)
    shortly, authoritatively = plain_told(wire, question, rtype), plain_answer(wire, question, rtype)
    if shortly is not None:
        assert message is not None
        assert not unusable(message)
        assert not loose_end(message)
        assert shortly == told(message)
    if authoritatively is not None:
        assert message is not None
        assert authoritatively == judge(message, OWNER, rtype)
    return shortly


def rendered(made: dns.message.QueryMessage, *, compress: bool) -> bytes:
    return made.to_wire(max_size=65535, want_shuffle=False) if compress else uncompressed(made)


@st.composite
def data(draw: st.DrawFn) -> tuple[bytes, str]:
    """Records, as a resolver may send them, with one oddity at the most."""
    odd = draw(st.sampled_from(["", "", "", "flags", "rcode", "owner", "answer", "ttl", "beside"]))
    rtype = draw(st.sampled_from(sorted(TYPES)))
    flags = draw(st.sampled_from(ODD_FLAGS if odd == "flags" else USUAL_FLAGS)) | (3 if odd == "rcode" else 0)
    made = response(rtype=rtype, flags=flags, edns=draw(st.booleans()))
    owner = "www.example.com." if odd == "owner" else OWNER
    values = draw(st.lists(TYPES[rtype], min_size=1, max_size=3))
    made.answer = [rrset(owner, draw(TTLS), rtype, *map(text_of, values))]
    if odd == "ttl":
        made.answer.append(rrset(owner, draw(TTLS), rtype, text_of(draw(TYPES[rtype]))))
    if odd == "answer":
        made.answer.insert(0, draw(others(ODD_BESIDE)))
    made.authority = draw(st.lists(others(PLAIN_BESIDE), max_size=2))
    made.additional = draw(st.lists(others(ODD_BESIDE if odd == "beside" else PLAIN_BESIDE), max_size=1))
    return rendered(made, compress=draw(st.booleans())), rtype


@st.composite
def absences(draw: st.DrawFn) -> tuple[bytes, str]:
    """No such data, as a server or a resolver may say it, with one oddity at the most."""
    odd = draw(st.sampled_from(["", "", "", "flags", "zone", "answer", "bare", "beside"]))
    rtype = draw(st.sampled_from([*TYPES, "TLSA"]))
    flags = draw(st.sampled_from(ODD_FLAGS if odd == "flags" else USUAL_FLAGS)) | draw(st.sampled_from([0, 3, 3]))
    made = response(rtype=rtype, flags=flags, edns=draw(st.booleans()))
    zone = draw(st.sampled_from(["www.example.com.", "ample.com.", "net."] if odd == "zone" else ZONES))
    numbers = [str(draw(st.sampled_from([0, 60, 3600, 0x7FFFFFFF]))) for _ in range(5)]
    if odd != "bare":
        made.authority.append(rrset(zone, draw(TTLS), "SOA", " ".join([draw(HOSTS), draw(HOSTS), *numbers])))
    if odd == "answer":
        made.answer.append(draw(others(ODD_BESIDE)))
    if odd == "beside":
        made.authority.insert(draw(st.integers(0, len(made.authority))), draw(others([*ODD_BESIDE, *PLAIN_BESIDE])))
    return rendered(made, compress=draw(st.booleans())), rtype


@settings(max_examples=400)
@given(case=data() | absences(), patches=st.just([]) | PATCHES, cut=st.just(None) | st.integers(12, 200))
def test_the_short_way_says_what_dnspython_reads_or_nothing(
    case: tuple[bytes, str], patches: list[tuple[int, bytes]], cut: int | None
) -> None:
    wire, rtype = bytearray(case[0]), case[1]
    for at, patch in patches:
        if at < len(wire):
            wire[at : at + len(patch)] = patch
    event("silent" if check(bytes(wire[:cut]), rtype) is None else "short")


SOA = "ns1.example.com. host.elsewhere.net. 1 7200 3600 1209600 300"


@pytest.mark.parametrize(("flags", "zone"), [(0x8180, "com."), (0x8400, OWNER), (0x8580, ".")])
@pytest.mark.parametrize(("rcode", "detail"), [(0, ""), (3, "NXDOMAIN")])
@pytest.mark.parametrize("compress", [True, False])
def test_no_such_data_as_it_is_usually_said_goes_the_short_way(
    flags: int, zone: str, rcode: int, detail: str, *, compress: bool
) -> None:
    made = response(rtype="TLSA", flags=flags | rcode)
    made.authority.append(rrset(zone, 3600, "SOA", SOA))
    assert check(rendered(made, compress=compress), "TLSA") == Answer(status="absent", ttl=300, detail=detail)


@pytest.mark.parametrize(
    ("rtype", "values"),
    [
        ("A", {Other("192.0.2.1"), Other("192.0.2.2")}),
        ("AAAA", {Other("2001:db8::1")}),
        ("TXT", {Txt((b"v=spf1 mx", b" ~all"))}),
        ("MX", {Mx(10, "mail.example.com."), Mx(0, ".")}),
    ],
)
def test_records_as_a_resolver_usually_sends_them_go_the_short_way(rtype: str, values: set[Rdata]) -> None:
    made = response(rrset(OWNER, 60, rtype, *map(text_of, values)), rtype=rtype, flags=0x8180)
    assert check(made.to_wire(), rtype) == Answer(status="data", values=frozenset(values), ttl=60)


def test_a_resolver_that_offers_no_recursion_and_one_that_fails_are_left_to_the_long_way() -> None:
    for flags in (0x8100, 0x8182, 0x8185):
        made = response(flags=flags)
        made.authority.append(rrset(OWNER, 3600, "SOA", SOA))
        assert check(made.to_wire(), "TXT") is None


def test_an_alias_is_left_to_the_long_way() -> None:
    made = response(rrset(OWNER, 60, "CNAME", "www.example.net."), rtype="A", flags=0x8180)
    made.answer.append(rrset("www.example.net.", 60, "A", "192.0.2.1"))
    assert check(made.to_wire(), "A") is None


@given(
    name=st.lists(st.text("abzAB059-_\\.é*@ ", min_size=1, max_size=70), max_size=5).map(lambda labels: ".".join(labels) + ".")
)
def test_a_plain_name_is_a_name_and_finds_its_way_back(name: str) -> None:
    octets = plain_name_octets(name)
    event(f"plain: {octets is not None}")
    if octets is not None:
        assert fault_of(name) == ""
        assert plain_name_text(octets) == name == dns.name.from_text(name).to_text()


@given(labels=st.lists(st.binary(min_size=1, max_size=8) | st.sampled_from([b"mail", b"a.b", b"_x"]), max_size=3))
def test_what_dnspython_would_spell_otherwise_has_no_plain_text(labels: list[bytes]) -> None:
    octets = b"".join(bytes([len(label)]) + label for label in labels) + b"\x00"
    text = plain_name_text(octets)
    assert text in (None, dns.name.Name((*labels, b"")).to_text())
