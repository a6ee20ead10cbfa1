"""``look_up`` against recursive resolvers on loopback: aliases, lies, floods and silence. Nothing hangs, nothing is made up."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import Future
from typing import Any

import dns.flags
import dns.message
import dns.rcode
import dns.rrset
import pytest
from hypothesis import given
from hypothesis import strategies as st

from registrar_sync.core.model import Other, Txt, ZoneView
from registrar_sync.core.observation import Answer
from registrar_sync.core.plan import Wish, plan_enrolment
from registrar_sync.operations.inquire import Inquiry
from registrar_sync.resolver import DnsResolver
from registrar_sync.resolver.answers import loose_end, told
from tests.integration.nameserver import Behaviour, NameServer
from tests.integration.test_resolver import RealClock, resolver
from tests.unit.stage import OWNER, SERVICE, Hosts, mx, txt

MX_HOST, HOST = "mx.example.net.", "host.example.net."
SPF = (Txt((b"v=spf1 ip4:192.0.2.0/24 -all",)),)


class SteppingClock(RealClock):
    """Real time, and what a test adds to it."""

    ahead_s = 0.0

    def monotonic(self) -> float:
        return time.monotonic() + self.ahead_s


@pytest.fixture
def recursive() -> Iterator[NameServer]:
    with NameServer(recursive=True) as server:
        server.zones["example.net."] = (3600, 1, 300)
        server.records[HOST, "A"] = (60, ["192.0.2.1"])
        server.records["example.net.", "TXT"] = (600, ['"v=spf1 ip4:192.0.2.0/24 -all"'])
        yield server


def look_up(server: NameServer, name: str, rtype: str, **options: Any) -> Answer:
    return resolver(server, **options).look_up(name, rtype)


# --- what an honest resolver says -------------------------------------------------------------------------------------
def test_data_comes_with_values_and_ttl(recursive: NameServer) -> None:
    assert look_up(recursive, "example.net.", "TXT") == Answer(status="data", values=frozenset(SPF), ttl=600)


def test_no_such_data_and_no_such_name_are_absent_and_told_apart(recursive: NameServer) -> None:
    assert look_up(recursive, HOST, "AAAA") == Answer(status="absent", ttl=300)
    assert look_up(recursive, "nowhere.example.net.", "A") == Answer(status="absent", ttl=300, detail="NXDOMAIN")


def test_an_answer_of_64_kilobytes_is_read_whole(recursive: NameServer) -> None:
    recursive.behave("big.example.net.", "TXT", "huge")
    answer = look_up(recursive, "big.example.net.", "TXT", timeout_s=5.0)
    assert (answer.status, len(answer.values)) == ("data", 280)


def test_a_truncated_answer_is_asked_again_by_tcp(recursive: NameServer) -> None:
    recursive.behave("example.net.", "TXT", "tc")
    assert look_up(recursive, "example.net.", "TXT").values == frozenset(SPF)
    assert recursive.asked_for("example.net.", "TXT") == ["udp", "tcp"]


# --- aliases ----------------------------------------------------------------------------------------------------------
def test_an_alias_is_followed_and_said(recursive: NameServer) -> None:
    recursive.records[MX_HOST, "CNAME"] = (30, ["Host.example.net."])
    answer = look_up(recursive, MX_HOST, "A")
    assert answer == Answer(status="data", values=frozenset({Other("192.0.2.1")}), ttl=30, detail="CNAME to host.example.net")


def test_a_chain_is_followed_to_its_end(recursive: NameServer) -> None:
    names = [f"a{number}.example.net." for number in range(7)]
    for name, onward in zip(names, [*names[1:], HOST], strict=True):
        recursive.records[name, "CNAME"] = (600, [onward])
    answer = look_up(recursive, names[0], "A")
    assert (answer.status, answer.ttl, answer.detail) == ("data", 60, "CNAME to host.example.net")


def test_an_alias_to_nothing_is_absent_and_says_both(recursive: NameServer) -> None:
    recursive.records[MX_HOST, "CNAME"] = (600, ["gone.example.net."])
    answer = look_up(recursive, MX_HOST, "A")
    assert answer == Answer(status="absent", ttl=300, detail="CNAME to gone.example.net, NXDOMAIN")


def test_an_alias_to_a_name_without_such_data_is_absent(recursive: NameServer) -> None:
    recursive.records[MX_HOST, "CNAME"] = (600, [HOST])
    assert look_up(recursive, MX_HOST, "TXT") == Answer(status="absent", ttl=300, detail="CNAME to host.example.net")


@pytest.mark.parametrize("length", [1, 2, 5])
def test_aliases_in_a_circle_end_and_are_not_called_absent(recursive: NameServer, length: int) -> None:
    names = [f"a{number}.example.net." for number in range(length)]
    for name, onward in zip(names, [*names[1:], names[0]], strict=True):
        recursive.records[name, "CNAME"] = (600, [onward])
    answer = look_up(recursive, names[0], "A")
    assert (answer.status, answer.detail) == ("unreachable", "its aliases run in a circle, or are too many")
    assert len(recursive.asked) <= 8


def test_a_chain_without_an_end_is_given_up(recursive: NameServer) -> None:
    for number in range(100):
        recursive.records[f"a{number}.example.net.", "CNAME"] = (600, [f"a{number + 1}.example.net."])
    assert look_up(recursive, "a0.example.net.", "A").status == "unreachable"
    assert len(recursive.asked) == 8


def test_an_alias_whose_target_cannot_be_told_is_unknown(recursive: NameServer) -> None:
    recursive.records[MX_HOST, "CNAME"] = (600, [HOST])
    recursive.behave(HOST, "A", "servfail")
    answer = look_up(recursive, MX_HOST, "A")
    assert answer.status == "unreachable"
    assert "SERVFAIL" in answer.detail


# --- responses made by hand: all in one message -----------------------------------------------------------------------
def response(*answer: str, rtype: str = "A", rcode: dns.rcode.Rcode = dns.rcode.NOERROR) -> dns.message.Message:
    """A response about ``MX_HOST`` with these records."""
    made = dns.message.make_response(dns.message.make_query(MX_HOST, rtype), recursion_available=True)
    made.set_rcode(rcode)
    for line in answer:
        name, kind, rdata = line.split(maxsplit=2)
        made.answer.append(dns.rrset.from_text(name, 60, "IN", kind, rdata))
    return dns.message.from_wire(made.to_wire())


def test_a_whole_chain_in_one_response_needs_no_further_question() -> None:
    made = response(f"{HOST} A 192.0.2.1", f"{MX_HOST} CNAME b.example.net.", f"b.example.net. CNAME {HOST}")
    assert told(made) == Answer(status="data", values=frozenset({Other("192.0.2.1")}), ttl=60, detail="CNAME to host.example.net")
    assert loose_end(made) == ""


def test_records_of_strangers_beside_the_answer_are_not_the_answer() -> None:
    made = response(f"{MX_HOST} A 192.0.2.1", "evil.example. A 192.0.2.66", f"{MX_HOST} TXT x")
    assert told(made).values == {Other("192.0.2.1")}


def test_an_answer_about_another_name_only_is_no_answer() -> None:
    assert told(response("evil.example. A 192.0.2.66")) == Answer(status="unreachable", detail="its answer is about another name")


def test_an_alias_beside_strangers_is_asked_on_for() -> None:
    made = response(f"{MX_HOST} CNAME {HOST}", "evil.example. A 192.0.2.66")
    assert loose_end(made) == HOST


def test_a_circle_within_one_response_ends() -> None:
    made = response(f"{MX_HOST} CNAME b.example.net.", f"b.example.net. CNAME {MX_HOST}")
    assert told(made).status == "unreachable"
    assert loose_end(made) == ""


def test_nxdomain_beside_data_contradicts_itself() -> None:
    made = response(f"{MX_HOST} A 192.0.2.1", rcode=dns.rcode.NXDOMAIN)
    assert told(made) == Answer(status="unreachable", detail="NXDOMAIN beside data: it contradicts itself")


def test_nxdomain_behind_an_alias_is_about_where_it_leads() -> None:
    made = response(f"{MX_HOST} CNAME gone.example.net.", rcode=dns.rcode.NXDOMAIN)
    assert (told(made).status, told(made).detail) == ("absent", "CNAME to gone.example.net, NXDOMAIN")
    assert loose_end(made) == ""


NAMES = st.sampled_from([MX_HOST, HOST, "b.example.net.", "c.example.net.", "."])
RECORDS = st.one_of(
    st.builds("{} CNAME {}".format, NAMES, NAMES), st.builds("{} A 192.0.2.1".format, NAMES), st.builds("{} TXT x".format, NAMES)
)


@given(records=st.lists(RECORDS, max_size=8), rcode=st.sampled_from([dns.rcode.NOERROR, dns.rcode.NXDOMAIN]))
def test_whatever_stands_in_the_answer_only_the_right_records_are_taken(records: list[str], rcode: dns.rcode.Rcode) -> None:
    made = response(*records, rcode=rcode)
    answer, onward = told(made), loose_end(made)
    assert answer.values <= {Other("192.0.2.1")}
    assert (answer.status == "data") == bool(answer.values)
    assert not (onward and answer.values)


# --- lies, floods and silence -----------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "behaviour",
    ["refused", "servfail", "formerr", "tc-always", "drop", "drip", "garbage", "wrong-id", "wrong-question", "no-ra",
     "other-address", "contradiction", "other-owner"],
)  # fmt: skip
def test_what_proves_nothing_is_unknown_and_says_why(recursive: NameServer, behaviour: Behaviour) -> None:
    recursive.behave("example.net.", "TXT", behaviour)
    answer = look_up(recursive, "example.net.", "TXT", timeout_s=0.2)
    assert (answer.status, answer.values) == ("unreachable", frozenset())
    assert answer.detail


@pytest.mark.parametrize("behaviour", ["flood", "formerr-edns", "drop-udp"])
def test_a_difficult_resolver_is_understood_in_the_end(recursive: NameServer, behaviour: Behaviour) -> None:
    recursive.behave("example.net.", "TXT", behaviour, behaviour if behaviour == "drop-udp" else "answer")
    assert look_up(recursive, "example.net.", "TXT", timeout_s=0.3).values == frozenset(SPF)


@pytest.mark.parametrize("name", ["a..example.net.", f"{'x' * 64}.example.net.", f"{'x.' * 130}", "é.example.net.", "a\\", ""])
def test_what_is_no_domain_name_is_asked_nobody_and_has_no_records(recursive: NameServer, name: str) -> None:
    answer = look_up(recursive, name, "A")
    assert answer.status == "absent"
    assert answer.detail.startswith("no domain name: ")
    assert recursive.asked == []


def test_one_look_up_takes_a_bounded_time_however_many_resolvers_are_dead() -> None:
    class SlowClock(SteppingClock):
        """Four seconds more pass with every look at it."""

        def monotonic(self) -> float:
            self.ahead_s += 4.0
            return super().monotonic()

    with NameServer(default="drop") as dead:
        many = DnsResolver(
            recursives=[(dead.address, dead.port)] * 30, nameservers=None, clock=SlowClock(), timeout_s=0.05, tries=3
        )
        answer = many.look_up("example.net.", "TXT")
    assert answer.status == "unreachable"
    assert "no answer in time" in answer.detail
    assert len(dead.asked) < 10


# --- a silent resolver is not waited for again ------------------------------------------------------------------------
def test_a_resolver_found_silent_is_asked_again_only_later(recursive: NameServer) -> None:
    clock = SteppingClock()
    asking = resolver(recursive, timeout_s=0.3, clock=clock)
    recursive.default = "drop"
    assert asking.look_up("example.net.", "TXT").status == "unreachable"
    before = len(recursive.asked)
    answers = [asking.look_up(f"a{number}.example.net.", "TXT") for number in range(50)]
    assert {answer.status for answer in answers} == {"unreachable"}
    assert "not asked again" in answers[0].detail
    assert len(recursive.asked) == before
    recursive.default = "answer"
    clock.ahead_s = 31.0
    assert asking.look_up("example.net.", "TXT").values == frozenset(SPF)


def test_one_name_that_gets_no_answer_does_not_make_the_resolver_silent(recursive: NameServer) -> None:
    asking = resolver(recursive, timeout_s=0.3)
    recursive.behave("slow.example.net.", "TXT", "drop")
    assert asking.look_up("slow.example.net.", "TXT").status == "unreachable"
    assert asking.look_up("example.net.", "TXT").values == frozenset(SPF)


def test_a_dead_first_resolver_costs_its_time_out_once(recursive: NameServer) -> None:
    with NameServer(recursive=True, default="drop") as dead:
        asking = resolver(dead, recursive, timeout_s=0.3)
        assert asking.look_up("example.net.", "TXT").values == frozenset(SPF)
        before = len(dead.asked)
        assert asking.look_up("example.net.", "TXT").values == frozenset(SPF)
        assert len(dead.asked) == before


def test_a_decision_about_many_names_waits_for_a_dead_resolver_once(recursive: NameServer) -> None:
    recursive.default = "drop"
    clock = SteppingClock()
    hosts = Hosts()
    asking = Inquiry(resolver=resolver(recursive, timeout_s=0.1), policy_hosts=hosts, mail_hosts=hosts, clock=clock)
    names = [f"a{number}.example.net." for number in range(200)]
    assert asking.settle(lambda known: {known.dns(name, "TXT").status for name in names}) == {"unreachable"}
    assert len({question.name for question in recursive.asked}) < 80, "each of the rest would have cost its time-outs"


@pytest.mark.parametrize("behaviour", ["garbage", "flood", "huge", "drip", "tc-always", "contradiction"])
def test_a_decision_is_made_whatever_the_resolver_sends(recursive: NameServer, behaviour: Behaviour) -> None:
    recursive.default = behaviour
    hosts = Hosts()
    asking = Inquiry(resolver=resolver(recursive, timeout_s=0.2), policy_hosts=hosts, mail_hosts=hosts, clock=SteppingClock())
    view = ZoneView(zone=OWNER, owner=OWNER, rrsets=(txt("v=spf1 include:example.net mx ~all"), mx((5, MX_HOST))))
    plan = asking.settle(lambda known: plan_enrolment(view, Wish(service=SERVICE), known))
    assert plan.before["MX"] is not None
    assert plan.findings


# --- asked without a thread that waits --------------------------------------------------------------------------------
def look_up_soon(asking: DnsResolver, name: str, rtype: str) -> Answer | None:
    told_soon: Future[Answer | None] = Future()
    asking.look_up_soon(name, rtype, told_soon.set_result)
    return told_soon.result(30)


def test_what_is_told_soon_is_what_a_look_up_tells(recursive: NameServer) -> None:
    recursive.records[MX_HOST, "CNAME"] = (30, ["Host.example.net."])
    asking = resolver(recursive)
    for name, rtype in (("example.net.", "TXT"), (HOST, "AAAA"), ("nowhere.example.net.", "A")):
        assert look_up_soon(asking, name, rtype) == asking.look_up(name, rtype)
    assert look_up_soon(asking, MX_HOST, "A") in (None, asking.look_up(MX_HOST, "A"))


@pytest.mark.parametrize("behaviour", ["refused", "servfail", "no-ra", "drop"])
def test_what_the_first_resolver_does_not_tell_at_once_is_left_to_a_look_up(recursive: NameServer, behaviour: Behaviour) -> None:
    recursive.behave("example.net.", "TXT", behaviour)
    assert look_up_soon(resolver(recursive, timeout_s=0.2), "example.net.", "TXT") is None


def test_an_alias_that_leads_on_is_left_to_a_look_up(recursive: NameServer) -> None:
    recursive.records[MX_HOST, "CNAME"] = (600, ["elsewhere.example.org."])
    assert look_up_soon(resolver(recursive), MX_HOST, "A") is None


def test_after_the_end_nothing_is_told_soon_and_what_is_no_name_is_asked_nobody(recursive: NameServer) -> None:
    asking = resolver(recursive)
    assert look_up_soon(asking, "a..example.net.", "A") is None
    assert look_up_soon(asking, HOST, "A") == asking.look_up(HOST, "A")
    asking.close()
    before = len(recursive.asked)
    assert look_up_soon(asking, HOST, "A") is None
    assert len(recursive.asked) == before
