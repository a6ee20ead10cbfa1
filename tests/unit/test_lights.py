"""The four traffic lights of check: one word and one sentence each, and the next command where there is one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

import pytest

from registrar_sync.core.effect import judge_effects
from registrar_sync.core.known import DnsQuestion, Known, PolicyQuestion, Question, Said
from registrar_sync.core.light import Light
from registrar_sync.core.lights import Lights, Subject, judge_lights
from registrar_sync.core.model import Mx, Other
from registrar_sync.core.observation import Answer, Delegation, Observation, Remark, Server
from registrar_sync.core.visibility import NO_ROUTE
from tests.unit.stage import OWNER, SERVICE, WORLD, data
from tests.unit.test_effect import EUROPE, FILTER, FRANCE, NEW_MX, NEW_SPF, NS1, NS2, NULL_MX, OLD_MX, OLD_SPF, seen, txt

PLAN = "registrar-sync plan example.com --provider NAME"
ABSENT, SILENT = Answer(status="absent"), Answer(status="unreachable", detail="timed out")
GOOD = seen((NEW_SPF,), NEW_MX)


@dataclass
class World:
    """What a recursive resolver and the policy host would say; what is not here is absent."""

    answers: dict[Question, Answer | Said] = field(
        default_factory=lambda: {DnsQuestion(name, rtype): answer for (name, rtype), answer in WORLD.items()}
    )

    def puts(self, name: str, rtype: str, answer: Answer) -> World:
        self.answers[DnsQuestion(name, rtype)] = answer
        return self

    def serves_policy(self, said: Said, record: str = "v=STSv1; id=20260101;") -> World:
        self.puts("_mta-sts.example.com.", "TXT", txt(record)).puts("mta-sts.example.com.", "A", data(Other("192.0.2.9")))
        self.answers[PolicyQuestion(OWNER, ("192.0.2.9",))] = said
        return self


def lights(
    *observations: Observation,
    world: World | None = None,
    delegation: Delegation | None = None,
    failure: str = "",
) -> Lights:
    world = world or World()
    servers = tuple(one.server for one in observations)
    about = Subject(
        owner=OWNER,
        service=SERVICE,
        delegation=None if failure else delegation or Delegation(zone=OWNER, servers=servers),
        failure=failure,
        plan=PLAN,
    )
    for _ in range(16):
        known = Known(world.answers)
        found = judge_lights(about, judge_effects(OWNER, observations, SERVICE, known), known)
        if not known.wanted:
            return found
        world.answers.update(dict.fromkeys(known.wanted, ABSENT))
    raise AssertionError("it never stopped asking")


def spf_light(text: str, world: World | None = None, *more: str) -> Light:
    return lights(seen((text, *more), NEW_MX), world=world).spf


# --- SPF ----------------------------------------------------------------------------------------------------------------
def test_everything_in_place_is_four_times_green() -> None:
    found = lights(GOOD)
    assert [light.light for _, light in found.named()] == ["green"] * 4
    assert found.spf.detail == "The SPF record authorises includespf.security-mail.net, at 2 of 10 look-ups."
    assert found.to_json()["mta_sts"] == {"light": "green", "detail": "No MTA-STS policy stands in the way."}


@pytest.mark.parametrize(
    ("spf", "why"),
    [
        (OLD_SPF, "does not include"),
        (f"v=spf1 ?{FILTER} ~all", "does not authorise"),
        (f"v=spf1 ~all {FILTER}", "after all"),
        ("v=spf1 ipv4:192.0.2.1 ~all", "invalid"),
        ("hello", "No SPF record"),
    ],
)
def test_what_does_not_authorise_is_red_and_names_plan(spf: str, why: str) -> None:
    light = spf_light(spf)
    assert light.light == "red"
    assert why in light.detail
    assert light.detail.endswith(f"Next: {PLAN}")


def test_two_records_are_red() -> None:
    assert spf_light(NEW_SPF, None, OLD_SPF).light == "red"


def test_covered_through_another_record_is_green_and_names_the_way() -> None:
    world = World().puts("dc.example.", "TXT", txt(f"v=spf1 {FILTER} -all"))
    light = spf_light("v=spf1 include:dc.example ~all", world)
    assert light.light == "green"
    assert "through dc.example" in light.detail


def includes(count: int) -> tuple[str, World]:
    """A record of ``count`` includes beside ours, each one look-up, and the world that has them."""
    world = World()
    for number in range(count):
        world.puts(f"s{number}.example.", "TXT", txt("v=spf1 ip4:192.0.2.7 -all"))
    return "v=spf1 " + " ".join(f"include:s{number}.example" for number in range(count)) + f" {FILTER} ~all", world


@pytest.mark.parametrize(
    ("others", "word", "why"), [(8, "green", "9 of 10"), (9, "yellow", "all 10"), (10, "red", "11 look-ups")]
)
def test_the_lookup_limit_is_green_then_yellow_then_red(others: int, word: str, why: str) -> None:
    text, world = includes(others)
    light = spf_light(text, world)
    assert light.light == word
    assert why in light.detail
    assert light.detail.endswith("Next: registrar-sync spf example.com") == (word != "green")


@pytest.mark.parametrize("text", [f"v=spf1 {FILTER} include:gone.example ~all", f"v=spf1 {FILTER} redirect=gone.example"])
def test_a_broken_tree_is_red_although_the_service_is_included(text: str) -> None:
    light = spf_light(text)
    assert light.light == "red"
    assert "gone.example" in light.detail


def test_too_many_empty_lookups_are_red() -> None:
    light = spf_light(f"v=spf1 a:x.example a:y.example a:z.example {FILTER} ~all")
    assert light.light == "red"
    assert "without an answer" in light.detail


@pytest.mark.parametrize(
    ("texts", "why", "command"),
    [
        ((f"v=spf1 {FILTER} +all",), "everyone", "findings spf-all-pass"),
        ((f"v=spf1 {FILTER} all",), "everyone", "findings spf-all-pass"),
        ((NEW_SPF, "v=spf10 -all"), "looks like SPF", "findings spf-near-miss"),
        ((f"v=spf1 {FILTER} {FILTER} ~all",), "2 times", "findings spf-term-twice"),
        ((f"v=spf1 {FILTER} redirect=x.example ~all",), "dead", "findings spf-redirect-dead"),
        ((f"v=spf1 include:%{{ir}}.x.example {FILTER} ~all",), "at least", "spf example.com"),
    ],
)
def test_a_doubt_beside_an_enrolment_is_yellow(texts: tuple[str, ...], why: str, command: str) -> None:
    light = lights(seen(texts, NEW_MX)).spf
    assert light.light == "yellow"
    assert why in light.detail
    assert light.detail.endswith(f"Next: registrar-sync {command}")


def test_what_could_not_be_looked_up_is_grey_and_not_red() -> None:
    world = World().puts("dc.example.", "TXT", SILENT)
    assert spf_light("v=spf1 include:dc.example ~all", world).light == "grey"
    assert spf_light(f"v=spf1 include:dc.example {FILTER} ~all", world).light == "yellow"


# --- MX -----------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("mx", "why"),
    [
        ((), "No MX"),
        (OLD_MX, "lack"),
        (NULL_MX, "null MX"),
        ((*NEW_MX, Mx(1, "mailgate.example.com.")), "mail also goes to 1"),
    ],
)
def test_missing_or_behind_is_red(mx: tuple[Mx, ...], why: str) -> None:
    light = lights(seen((NEW_SPF,), mx)).mx
    assert light.light == "red"
    assert why.lower() in light.detail.lower()
    assert light.detail.endswith(f"Next: {PLAN}")


def test_the_numbers_do_not_matter_only_the_order() -> None:
    light = lights(seen((NEW_SPF,), (Mx(7, FRANCE), Mx(900, EUROPE), Mx(901, "mailgate.example.com.")))).mx
    assert (light.light, light.detail) == ("green", "The hosts of security-mail are all there, in order and before 1 other.")


@pytest.mark.parametrize(
    ("name", "answer", "why"),
    [
        ("mailgate.example.com.", ABSENT, "mailgate.example.com has no address"),
        (FRANCE, data(Other("192.0.2.1")), "is an alias"),
        ("mailgate.example.com.", SILENT, "could not be looked up"),
    ],
)
def test_a_doubtful_exchange_beside_the_right_order_is_yellow(name: str, answer: Answer, why: str) -> None:
    answer = replace(answer, detail="CNAME to host.example.net") if why == "is an alias" else answer
    light = lights(GOOD, world=World().puts(name, "A", answer)).mx
    assert light.light == "yellow"
    assert why in light.detail


def test_an_exchange_with_an_ipv6_address_only_is_not_doubted() -> None:
    world = World().puts("mailgate.example.com.", "A", ABSENT).puts("mailgate.example.com.", "AAAA", data(Other("2001:db8::1")))
    assert lights(GOOD, world=world).mx.light == "green"


def test_a_huge_mx_set_is_not_looked_up_to_its_end() -> None:
    world = World()
    many = tuple(Mx(100, f"mx{number}.example.com.") for number in range(500))
    light = lights(seen((NEW_SPF,), (*NEW_MX, *many)), world=world).mx
    assert light.light == "yellow"
    assert "of 503" in light.detail
    assert len([q for q in world.answers if isinstance(q, DnsQuestion) and q.name.startswith("mx")]) < 50


# --- several servers ----------------------------------------------------------------------------------------------------
def test_the_worst_server_decides_and_is_named() -> None:
    found = lights(GOOD, seen((OLD_SPF,), OLD_MX, server=NS2))
    assert (found.spf.light, found.mx.light) == ("red", "red")
    assert found.spf.detail.startswith("At ns2.example.net: ")
    assert found.delegation.light == "yellow"
    assert "ns2.example.net differ" in found.delegation.detail


def test_what_the_neighbours_hold_does_not_make_servers_disagree() -> None:
    found = lights(GOOD, seen((NEW_SPF, "something else"), NEW_MX, server=NS2))
    assert (found.spf.light, found.delegation.light) == ("green", "green")
    assert not found.spf.detail.startswith("At ")


def test_most_servers_are_taken_for_right() -> None:
    ns3 = replace(NS2, name="ns3.example.net.", address="192.0.2.3")
    found = lights(seen((OLD_SPF,), OLD_MX), replace(GOOD, server=NS2), replace(GOOD, server=ns3))
    assert "ns1.example.net differ" in found.delegation.detail


# --- delegation ---------------------------------------------------------------------------------------------------------
def silent(server: Server, detail: str = "timed out") -> Observation:
    answer = Answer(status="unreachable", detail=detail)
    return Observation(server=server, answers={"TXT": answer, "MX": answer})


def test_a_silent_server_is_yellow_and_named() -> None:
    found = lights(GOOD, silent(NS2))
    assert found.delegation.light == "yellow"
    assert "ns2.example.net (192.0.2.2): timed out" in found.delegation.detail
    assert (found.spf.light, found.mx.light) == ("green", "green")


def test_a_server_whose_name_has_no_address_is_named_by_it() -> None:
    light = lights(GOOD, silent(Server(name="ns9.example.net.", address=""), "its name does not resolve")).delegation
    assert light.detail == "Not every server of the delegation answers: ns9.example.net: its name does not resolve."


def test_a_server_that_answers_only_half_is_silent_on_the_other_half() -> None:
    found = lights(seen((NEW_SPF,), MX=SILENT))
    assert (found.spf.light, found.mx.light, found.delegation.light) == ("green", "grey", "grey")


def test_an_address_without_a_route_from_here_says_nothing_of_its_server() -> None:
    there = replace(NS1, address="2001:db8::1")
    assert lights(GOOD, silent(there, NO_ROUTE)).delegation.light == "green"
    assert lights(GOOD, silent(NS2, NO_ROUTE)).delegation.light == "yellow"


def test_servers_that_agree_on_the_data_may_not_be_those_that_both_zones_name() -> None:
    remark = Remark(server="ns9.example.net.", kind="child-only", detail="example.com itself names it, com does not")
    light = lights(GOOD, delegation=Delegation(zone=OWNER, servers=(NS1,), remarks=(remark,))).delegation
    assert light.light == "yellow"
    assert "ns9.example.net: example.com itself names it, com does not. Next: registrar-sync findings" in light.detail


def test_the_word_of_a_recursive_resolver_is_called_that() -> None:
    light = lights(GOOD, delegation=Delegation(zone=OWNER, servers=(NS1,), source="resolver")).delegation
    assert (light.light, "a recursive resolver" in light.detail) == ("green", True)


@pytest.mark.parametrize(
    ("delegation", "failure", "word", "why"),
    [
        (Delegation(zone=None, servers=()), "", "red", "The DNS knows no name servers for example.com"),
        (Delegation(zone=None, servers=(NS1,), source="operator"), "", "grey", "were given"),
        (None, "no resolver answered.", "grey", "could not be looked up: no resolver answered."),
    ],
)
def test_without_a_delegation_to_judge(delegation: Delegation | None, failure: str, word: str, why: str) -> None:
    found = lights(delegation=delegation, failure=failure)
    assert found.delegation.light == word
    assert why in found.delegation.detail
    assert (found.spf.light, found.mx.light) == ("grey", "grey")


# --- MTA-STS ------------------------------------------------------------------------------------------------------------
def policy(mode: str, *hosts: str) -> Said:
    lines = ["version: STSv1", f"mode: {mode}", *(f"mx: {host}" for host in hosts), "max_age: 86400"]
    return Said(status="yes", text="\n".join(lines))


@pytest.mark.parametrize(
    ("said", "word", "why"),
    [
        (policy("enforce", "*.security-mail.net"), "green", "lists the hosts"),
        (policy("enforce", "mailgate.example.com"), "red", "europe.security-mail.net, france.security-mail.net"),
        (policy("testing", "mailgate.example.com"), "yellow", "only report"),
        (policy("testing", "*.security-mail.net"), "green", "lists the hosts"),
        (policy("none"), "green", "No MTA-STS policy"),
        (Said(status="unknown", text="timed out"), "grey", "timed out"),
    ],
)
def test_the_policy_must_list_the_hosts(said: Said, word: str, why: str) -> None:
    light = lights(GOOD, world=World().serves_policy(said)).mta_sts
    assert light.light == word
    assert why in light.detail


def details(found: Lights) -> Iterable[str]:
    return (light.detail for _, light in found.named())


def test_every_detail_is_one_sentence_or_a_sentence_and_a_command() -> None:
    for found in (lights(GOOD), lights(seen()), lights(silent(NS1)), lights(failure="no resolver answered.")):
        for detail in details(found):
            sentence, _, command = detail.partition(". Next: ")
            assert sentence[0].isupper()
            assert command.startswith("registrar-sync ") if command else detail.endswith(".")
