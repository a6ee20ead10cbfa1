"""What an SPF record costs over its whole tree, what is broken in it, and what nobody can measure."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registrar_sync.core.known import DnsQuestion, Known, Question, Said
from registrar_sync.core.model import Mx
from registrar_sync.core.observation import Answer
from registrar_sync.core.own_data import own_data
from registrar_sync.core.spf import parse_spf
from registrar_sync.core.spf_budget import Budget, find_cover, weigh
from registrar_sync.core.spf_limits import judge_limits
from tests.unit.worlds import ABSENT, NXDOMAIN, SILENT, SoundWorld, data, known_world, spf_answer
from tests.unit.zones import ZONE, address, rrset, view

Told = dict[tuple[str, str], Answer]


def records(**texts: str) -> Told:
    """SPF records by the first label below ``.example``."""
    return {(f"{label}.example.", "TXT"): spf_answer(text) for label, text in texts.items()}


def cost(text: str, told: Told | None = None) -> Budget:
    return weigh(ZONE, parse_spf(text.encode()), known_world(told))


# --- what counts --------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("text", "lookups"),
    [
        ("v=spf1 -all", 0),
        ("v=spf1 ip4:192.0.2.1 ip6:2001:db8::1 exp=x.example unknown=y ~all", 0),
        ("v=spf1 a mx ptr exists:x.example include:y.example ~all", 5),
        ("v=spf1 A:x.example MX:y.example/24 -ptr:z.example ?include:y.example", 4),
        ("v=spf1 a redirect=x.example", 2),
        ("v=spf1 redirect=x.example a", 2),
        ("v=spf1 a redirect=x.example ~all", 1),  # dead beside all
        ("v=spf1 a ~all mx include:x.example ptr", 1),  # dead behind all
        ("v=spf1 all", 0),  # bare all is none of the mechanisms that begin with a
        ("v=spf1 include:x.example include:x.example ~all", 2),  # each costs again
    ],
)
def test_only_live_terms_that_ask_the_dns_count(text: str, lookups: int) -> None:
    budget = cost(text)
    assert (budget.lookups, budget.voids, budget.faults, budget.measured) == (lookups, 0, (), True)


def test_look_ups_are_added_up_over_the_whole_tree_and_every_branch_knows_its_price() -> None:
    told = records(a="v=spf1 include:b.example mx:c.example -all mx a", b="v=spf1 a exists:d.example redirect=e.example")
    budget = cost("v=spf1 include:a.example a ~all", told)
    assert budget.lookups == 1 + (1 + 3) + 1 + 1
    assert [(branch.term, branch.lookups) for branch in budget.branches] == [("include:a.example", 6), ("a", 1)]
    assert [" > ".join(chain) for chain, _ in budget.walk()] == [
        "include:a.example",
        "include:a.example > include:b.example",
        "include:a.example > include:b.example > a",
        "include:a.example > include:b.example > exists:d.example",
        "include:a.example > include:b.example > redirect=e.example",
        "include:a.example > mx:c.example",
        "a",
    ]


def test_a_bare_mechanism_of_an_included_record_asks_for_the_included_domain() -> None:
    world = SoundWorld(records(a="v=spf1 a mx -all"))
    weigh(ZONE, parse_spf(b"v=spf1 include:a.example ~all"), Known(world))
    assert set(world.names) == {"a.example.", "mx.a.example."}


def test_the_includes_are_listed_by_price() -> None:
    told = records(b="v=spf1 a mx -all", c="v=spf1 a:x.example -all")
    budget = cost("v=spf1 a include:a.example include:b.example redirect=c.example", told)
    assert [(branch.term, branch.lookups) for branch in budget.dearest] == [
        ("include:b.example", 3),
        ("redirect=c.example", 2),
        ("include:a.example", 1),
    ]


# --- voids --------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("term", "told", "voids"),
    [
        ("a:x.example", {("x.example.", "A"): ABSENT}, 1),
        ("a:x.example", {("x.example.", "A"): NXDOMAIN, ("x.example.", "AAAA"): NXDOMAIN}, 1),
        ("a:x.example", {("x.example.", "A"): ABSENT, ("x.example.", "AAAA"): data("2001:db8::1")}, 0),  # some senders only
        ("exists:x.example", {("x.example.", "A"): ABSENT, ("x.example.", "AAAA"): data("2001:db8::1")}, 1),  # A alone counts
        ("mx:x.example", {("x.example.", "MX"): NXDOMAIN}, 1),
        ("mx:x.example", {("mx.x.example.", "A"): NXDOMAIN}, 1),
        ("mx:x.example", {("x.example.", "MX"): data(Mx(1, "b.example."), Mx(2, "c.example.")), ("c.example.", "A"): ABSENT}, 1),
        ("mx:x.example", {("x.example.", "MX"): data(Mx(0, "."))}, 0),
        ("exists:%{i}.x.example", {}, 0),
        ("ptr", {}, 0),
    ],
)
def test_a_look_up_that_is_empty_for_every_sender_is_void(term: str, told: Told, voids: int) -> None:
    budget = cost(f"v=spf1 {term} ~all", told)
    assert (budget.lookups, budget.voids, budget.faults, budget.measured) == (1, voids, (), True)


def test_an_include_of_nothing_is_void_and_a_fault() -> None:
    budget = cost("v=spf1 include:gone.example ~all", {("gone.example.", "TXT"): NXDOMAIN})
    assert (budget.lookups, budget.voids) == (1, 1)
    assert [str(fault) for fault in budget.faults] == [
        "include:gone.example: gone.example does not exist (NXDOMAIN), so no SPF record either"
    ]


def test_voids_are_added_up_and_named() -> None:
    told = {**records(a="v=spf1 a:b.example -all"), **{(f"{one}.example.", "A"): ABSENT for one in "bcd"}}
    budget = cost("v=spf1 include:a.example a:c.example exists:d.example ~all", told)
    assert budget.voids == 3
    assert budget.empty == ("include:a.example > a:b.example", "a:c.example", "exists:d.example")
    (finding,) = judge_limits(budget)
    assert (finding.id, finding.severity) == ("spf-over-void-limit", "block")
    assert "3 DNS look-ups that come back empty, where 2 are allowed" in finding.message
    assert "include:a.example > a:b.example; a:c.example; exists:d.example" in finding.message


def test_two_voids_are_allowed() -> None:
    assert judge_limits(cost("v=spf1 a:c.example a:d.example ~all", {(f"{one}.example.", "A"): ABSENT for one in "cd"})) == ()


# --- what is broken -----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (NXDOMAIN, "does not exist"),
        (ABSENT, "has no TXT record"),
        (spf_answer("google-site-verification=abc"), "has no SPF record"),
        (spf_answer("v=spf1 -all", "v=spf1 mx -all"), "has 2 SPF records"),
        (spf_answer("v=spf1 ipv4:192.0.2.1 -all"), "is invalid: unknown mechanism 'ipv4:'"),
    ],
)
@pytest.mark.parametrize("term", ["include:b.example", "redirect=b.example"])
def test_a_target_without_one_valid_record_breaks_the_whole_with_the_chain_that_leads_to_it(
    term: str, answer: Answer, why: str
) -> None:
    told = {**records(a=f"v=spf1 {term}"), ("b.example.", "TXT"): answer}
    budget = cost("v=spf1 include:a.example ~all", told)
    (fault,) = budget.faults
    assert fault.chain == ("include:a.example", term)
    assert why in fault.text
    (finding,) = judge_limits(budget, planned=False)
    assert (finding.id, finding.severity) == ("spf-tree-broken", "block")
    assert f"include:a.example > {term}: " in finding.message


@pytest.mark.parametrize(
    "told",
    [
        records(a="v=spf1 include:a.example -all"),
        records(a="v=spf1 include:b.example -all", b="v=spf1 redirect=a.example"),
        records(a="v=spf1 include:EXAMPLE.com. -all"),
    ],
)
def test_a_loop_is_a_fault_and_ends(told: Told) -> None:
    (fault,) = cost("v=spf1 include:a.example ~all", told).faults
    assert "a loop" in fault.text


def test_the_owner_itself_is_never_asked_for() -> None:
    world = SoundWorld(records(a=f"v=spf1 include:{ZONE} -all"))
    own = own_data(view(mx=["5 mailgate"], others=[address()]), view(mx=["5 mailgate"]).rrset("MX"))
    weigh(ZONE, parse_spf(b"v=spf1 a mx include:a.example redirect=example.com"), Known(world).with_own(own))
    assert ZONE not in world.names


def test_an_mx_of_more_than_ten_hosts_is_a_fault_and_they_are_not_looked_up() -> None:
    hosts = [Mx(n, f"h{n}.example.") for n in range(11)]
    world = SoundWorld({("b.example.", "MX"): data(*hosts)})
    budget = weigh(ZONE, parse_spf(b"v=spf1 mx:b.example ~all"), Known(world))
    assert "11 MX hosts, where 10 may be looked up" in budget.faults[0].text
    assert set(world.names) == {"b.example."}
    assert cost("v=spf1 mx:b.example ~all", {("b.example.", "MX"): data(*hosts[:10])}).faults == ()


@pytest.mark.parametrize("target", ["x" * 64 + ".example", "a..example", "back\\slash.example"])
def test_a_target_that_is_no_name_is_never_asked_for(target: str) -> None:
    world = SoundWorld()
    budget = weigh(ZONE, parse_spf(f"v=spf1 include:{target} a:{target} ~all".encode()), Known(world))
    assert world.asked == []
    assert [fault.chain for fault in budget.faults] == [(f"include:{target}",)]
    assert [unknown.chain for unknown in budget.unknowns] == [(f"a:{target}",)]


def test_what_was_broken_before_is_said_to_be_so_and_what_is_new_is_named_alone() -> None:
    told: Told = {("gone.example.", "TXT"): NXDOMAIN, ("lost.example.", "TXT"): NXDOMAIN}
    today = cost("v=spf1 include:gone.example ~all", told)
    (same,) = judge_limits(today, today)
    assert "It is broken today, which is not our doing." in same.message
    (new,) = judge_limits(cost("v=spf1 include:gone.example include:lost.example ~all", told), today)
    assert "today" not in new.message
    assert "lost.example does not exist" in new.message
    assert "gone.example does not exist" not in new.message


# --- what nobody knows --------------------------------------------------------------------------------------------------
def test_an_include_of_a_macro_costs_one_and_what_it_includes_is_unknown() -> None:
    world = SoundWorld()
    budget = weigh(ZONE, parse_spf(b"v=spf1 include:%{ir}.%{v}.%{d}.example exists:%{i}.example a:%{d} ~all"), Known(world))
    assert (budget.lookups, budget.voids, budget.measured) == (3, 0, False)
    assert [unknown.chain for unknown in budget.unknowns] == [("include:%{ir}.%{v}.%{d}.example",)]
    assert world.asked == []


@pytest.mark.parametrize(
    ("term", "told"),
    [
        ("include:x.example", {("x.example.", "TXT"): SILENT}),
        ("a:x.example", {("x.example.", "A"): SILENT}),
        ("a:x.example", {("x.example.", "A"): ABSENT, ("x.example.", "AAAA"): SILENT}),
        ("exists:x.example", {("x.example.", "A"): SILENT}),
        ("mx:x.example", {("x.example.", "MX"): SILENT}),
        ("mx:x.example", {("mx.x.example.", "A"): SILENT}),
        ("include:x.example", {("x.example.", "TXT"): spf_answer("v=spf1 " + "ip4:192.0.2.1 " * 1000)}),
    ],
)
def test_what_does_not_answer_is_unknown_and_neither_void_nor_a_fault(term: str, told: Told) -> None:
    budget = cost(f"v=spf1 {term} ~all", told)
    assert (budget.lookups, budget.voids, budget.faults, budget.measured) == (1, 0, (), False)
    (finding,) = judge_limits(budget)
    assert (finding.id, finding.severity) == ("spf-not-measured", "warn")
    assert "at least 1 DNS look-ups" in finding.message
    assert "x.example" in finding.message


def test_eleven_are_over_the_limit_whatever_is_unknown_besides() -> None:
    terms = " ".join(f"a:h{n}.example" for n in range(10))
    (finding,) = judge_limits(cost(f"v=spf1 {terms} include:%{{d}}.example ~all"))
    assert finding.id == "spf-over-lookup-limit"
    assert "costs at least 11" in finding.message


def test_ten_with_something_unknown_are_not_called_exactly_ten() -> None:
    terms = " ".join(f"a:h{n}.example" for n in range(9))
    assert [f.id for f in judge_limits(cost(f"v=spf1 {terms} include:%{{d}}.example ~all"))] == ["spf-not-measured"]


# --- hostile trees ------------------------------------------------------------------------------------------------------
class Endless(SoundWorld):
    """Every record includes two more that nobody has seen yet."""

    def __getitem__(self, question: object) -> Answer:
        assert isinstance(question, DnsQuestion)
        self.asked.append(question)
        return spf_answer(f"v=spf1 include:a.{question.name} include:b.{question.name} -all")


def test_a_tree_without_end_is_followed_only_so_far_and_is_over_the_limit() -> None:
    world = Endless()
    budget = weigh(ZONE, parse_spf(b"v=spf1 include:x.example ~all"), Known(world))
    assert 10 < budget.lookups < 200
    assert len(world.asked) <= 50
    assert not budget.measured


def test_a_chain_without_end_is_followed_only_so_far_and_is_over_the_limit() -> None:
    told = {(f"h{n}.example.", "TXT"): spf_answer(f"v=spf1 redirect=h{n + 1}.example") for n in range(100)}
    world = SoundWorld(told)
    budget = weigh(ZONE, parse_spf(b"v=spf1 redirect=h0.example"), Known(world))
    assert 10 < budget.lookups < 15
    assert len(world.asked) < 15


def test_a_record_of_thousands_of_terms_is_counted_and_not_followed() -> None:
    world = SoundWorld()
    budget = weigh(ZONE, parse_spf(b"v=spf1" + b" a:x.example" * 5000), Known(world))
    assert budget.lookups == 5000
    assert len(world.asked) <= 50
    assert len(budget.branches) <= 51


def test_what_is_said_of_a_hostile_record_stays_short() -> None:
    budget = cost("v=spf1" + f" include:{'x' * 4000}.example" * 30)
    assert {finding.id for finding in judge_limits(budget)} == {"spf-over-lookup-limit", "spf-tree-broken"}
    assert max(len(finding.message) for finding in judge_limits(budget)) < 3000


def test_many_mx_of_many_hosts_are_not_all_asked_for() -> None:
    told = {(f"m{n}.example.", "MX"): data(*(Mx(1, f"h{host}.m{n}.example.") for host in range(10))) for n in range(40)}
    world = SoundWorld(told)
    weigh(ZONE, parse_spf(" ".join(["v=spf1", *(f"mx:m{n}.example" for n in range(40))]).encode()), Known(world))
    assert len(world.asked) <= 250


LABELS = st.sampled_from(["a", "b", "c", "d", "e"])
TERMS = st.one_of(
    st.builds("include:{}.example".format, LABELS),
    st.builds("redirect={}.example".format, LABELS),
    st.builds("a:{}.example".format, LABELS),
    st.builds("mx:{}.example".format, LABELS),
    st.sampled_from(["a", "mx", "ptr", "exists:%{i}.example", "include:%{d}.example", "~all", "ip4:192.0.2.1", "oops"]),
)
TEXTS = st.lists(TERMS, max_size=6).map(lambda terms: " ".join(["v=spf1", *terms]))
ANSWERS = st.one_of(TEXTS.map(spf_answer), st.sampled_from([ABSENT, NXDOMAIN, SILENT]))
WORLDS = st.dictionaries(st.tuples(LABELS.map("{}.example.".format), st.sampled_from(["TXT", "A", "MX"])), ANSWERS)


@given(terms=st.lists(TERMS.filter(lambda term: "oops" not in term and "redirect" not in term), max_size=5), told=WORLDS)
def test_any_tree_ends_and_adds_up(terms: list[str], told: Told) -> None:
    world = SoundWorld({key: answer for key, answer in told.items() if key[1] == "TXT" or answer.status != "data"})
    budget = weigh(ZONE, parse_spf(" ".join(["v=spf1", *terms]).encode()), Known(world))
    walked = [branch for _, branch in budget.walk()]
    assert budget.lookups == sum(branch.own for branch in walked)
    assert budget.voids == sum(branch.own_voids for branch in walked)
    assert budget.measured == (not any(branch.unknown for branch in walked))
    assert len(world.asked) <= 300
    for branch in walked:
        assert not (branch.fault and branch.children)


@given(terms=st.lists(TERMS.filter(lambda term: "oops" not in term and "redirect" not in term), max_size=5), told=WORLDS)
def test_what_is_looked_up_round_by_round_ends_as_if_all_had_been_known(terms: list[str], told: Told) -> None:
    record = parse_spf(" ".join(["v=spf1", *terms]).encode())
    world = SoundWorld({key: answer for key, answer in told.items() if key[1] == "TXT" or answer.status != "data"})
    learned: dict[Question, Answer | Said] = {}
    for _ in range(16):
        known = Known(learned)
        budget = weigh(ZONE, record, known)
        if not known.wanted:
            break
        learned |= {question: world[question] for question in known.wanted}
    assert not known.wanted
    assert budget == weigh(ZONE, record, Known(world))


# --- covered by another record ------------------------------------------------------------------------------------------
SERVICE = "filter.example."


def cover(text: str, told: Told) -> tuple[str, ...]:
    return find_cover(ZONE, parse_spf(text.encode()), SERVICE, known_world(told))


def test_case_24_a_nested_include_covers() -> None:
    told = records(dc="v=spf1 include:Filter.Example. -all")
    assert cover("v=spf1 include:dc.example ~all", told) == ("dc.example",)
    deeper = records(dc="v=spf1 a redirect=b.example", b="v=spf1 include:c.example -all", c="v=spf1 include:filter.example")
    assert cover("v=spf1 include:dc.example ~all", deeper) == ("dc.example", "b.example", "c.example")


@pytest.mark.parametrize(
    ("text", "chain"),
    [
        ("v=spf1 redirect=dc.example", ("dc.example",)),
        ("v=spf1 a redirect=filter.example", ("filter.example",)),
        ("v=spf1 include:filter.example ~all", ()),  # its own term is no cover
        ("v=spf1 redirect=dc.example ~all", ()),  # dead beside all
        ("v=spf1 ~all include:dc.example", ()),
        ("v=spf1 ?include:dc.example ~all", ()),
        ("v=spf1 -include:dc.example include:dc.example ~all", ()),  # the first one decides
        ("v=spf1 include:no.example include:dc.example ~all", ("dc.example",)),
        ("v=spf1 include:%{d}.example include:dc.example ~all", ("dc.example",)),
        ("v=spf1 include:no.example ~all", ()),
    ],
)
def test_only_a_live_term_that_passes_covers(text: str, chain: tuple[str, ...]) -> None:
    told = records(dc="v=spf1 include:filter.example -all", no="v=spf1 ?include:filter.example include:filter.example -all")
    assert cover(text, told) == chain


@pytest.mark.parametrize(
    "told",
    [
        {("dc.example.", "TXT"): SILENT},
        {("dc.example.", "TXT"): NXDOMAIN},
        records(dc="v=spf1 include:dc.example redirect=example.com"),
        records(dc="v=spf1 ~all include:filter.example"),
        records(dc="v=spf1 oops include:filter.example"),
    ],
)
def test_what_cannot_be_read_or_is_dead_covers_nothing(told: Told) -> None:
    assert cover("v=spf1 include:dc.example ~all", told) == ()


def test_the_search_for_cover_ends_in_a_tree_without_end() -> None:
    world = Endless()
    assert find_cover(ZONE, parse_spf(b"v=spf1 include:x.example ~all"), SERVICE, Known(world)) == ()
    assert len(world.asked) <= 50


# --- the owner's own data -----------------------------------------------------------------------------------------------
def test_the_owners_own_terms_are_judged_by_the_zone_as_planned() -> None:
    zone = view(mx=["5 mailgate"])
    silent_world = Known(SoundWorld({(ZONE, "A"): SILENT, (ZONE, "MX"): SILENT, ("mailgate.example.com.", "A"): ABSENT}))
    budget = weigh(ZONE, parse_spf(b"v=spf1 a mx ~all"), silent_world.with_own(own_data(zone, zone.rrset("MX"))))
    assert (budget.measured, budget.voids) == (True, 2)  # no address in the zone; an MX host without one


def test_a_vendors_alias_is_an_address() -> None:
    zone = view(others=[rrset("ALIAS", address().values)])
    assert weigh(ZONE, parse_spf(b"v=spf1 a ~all"), known_world().with_own(own_data(zone, None))).voids == 0
