"""From the servers of the zone above down, in a world without sockets: who is found, what is remarked, and what is bounded."""

from __future__ import annotations

import asyncio

import pytest
from dns import flags, message, rrset
from hypothesis import given
from hypothesis import strategies as st

from registrar_sync.core.observation import Delegation, Remark, Server
from registrar_sync.core.visibility import NO_ROUTE
from registrar_sync.errors import LookupFailed
from registrar_sync.resolver.exchange import Unanswered
from registrar_sync.resolver.referral import Final, Referral, Unusable, read
from tests.unit.scripted_dns import ScriptedDns

DOMAIN = "example.com."
CHILD = """
    example.com. NS ns1.example.com.
    example.com. NS ns2.example.com.
    ns1.example.com. A 192.0.2.1
    ns1.example.com. AAAA 2001:db8::1
    ns2.example.com. A 192.0.2.2
    alias.example.com. CNAME www.example.net.
    www.example.com. A 192.0.2.80
"""
CUT = """
    example.com. NS ns1.example.com.
    example.com. NS NS2.example.com.
    ns1.example.com. A 192.0.2.1
    ns2.example.com. A 192.0.2.2
"""
HOSTER = """
    hoster.net. NS ns1.hoster.net.
    hoster.net. NS ns2.hoster.net.
    ns1.hoster.net. A 192.0.2.11
    ns2.hoster.net. A 192.0.2.12
    ns2.hoster.net. AAAA 2001:db8::12
"""
COM, NET, ORG = ("192.0.2.101", "192.0.2.102"), ("192.0.2.103",), ("192.0.2.104",)
FIRST, FIRST_V6, SECOND = "192.0.2.1", "2001:db8::1", "192.0.2.2"
RECURSIVE = {
    ("com.", "NS"): ["a.nic.com.", "b.nic.com."],
    ("a.nic.com.", "A"): [COM[0]],
    ("b.nic.com.", "A"): [COM[1]],
    ("net.", "NS"): ["a.nic.net."],
    ("a.nic.net.", "A"): [NET[0]],
    ("org.", "NS"): ["a.nic.org."],
    ("a.nic.org.", "A"): [ORG[0]],
}


def world(cut: str = CUT, child: str = CHILD, *, net: str = HOSTER, org: str = "") -> ScriptedDns:
    dns = ScriptedDns(recursive=dict(RECURSIVE))
    dns.hold("com.", cut, *COM)
    dns.hold("net.", net, *NET)
    dns.hold("org.", org, *ORG)
    dns.hold(DOMAIN, child, FIRST, FIRST_V6, SECOND)
    dns.hold("hoster.net.", HOSTER, "192.0.2.11", "192.0.2.12", "2001:db8::12")
    return dns


def listed(delegation: Delegation) -> list[tuple[str, str]]:
    return [(server.name, server.address) for server in delegation.servers]


def kinds(delegation: Delegation) -> set[tuple[str, str]]:
    return {(remark.server, remark.kind) for remark in delegation.remarks}


USUAL = [("ns1.example.com.", FIRST), ("ns1.example.com.", FIRST_V6), ("ns2.example.com.", SECOND)]


# --- the zone -----------------------------------------------------------------------------------------------------------
def test_every_address_of_every_server_is_found_by_glue_and_by_asking() -> None:
    found = world().find(DOMAIN)
    assert (found.zone, found.parent, found.source, found.checked) == (DOMAIN, "com.", "parent", True)
    assert listed(found) == USUAL, "the v6 address is not in the glue"
    assert found.remarks == ()


@pytest.mark.parametrize("owner", ["www.example.com.", "new.a.b.example.com.", "alias.example.com.", "below.alias.example.com."])
def test_a_name_below_belongs_to_the_closest_zone_above_it(owner: str) -> None:
    found = world().find(owner)
    assert (found.zone, found.parent) == (DOMAIN, "com.")
    assert listed(found) == USUAL


def test_a_zone_that_is_delegated_further_down_has_its_own_servers() -> None:
    dns = world(child=CHILD + "sub.example.com. NS ns.sub.example.com.\nns.sub.example.com. A 192.0.2.7")
    dns.hold("sub.example.com.", "sub.example.com. NS ns.sub.example.com.\nns.sub.example.com. A 192.0.2.7", "192.0.2.7")
    found = dns.find("www.sub.example.com.")
    assert (found.zone, found.parent, listed(found)) == ("sub.example.com.", DOMAIN, [("ns.sub.example.com.", "192.0.2.7")])
    assert found.remarks == ()


@pytest.mark.parametrize("owner", ["sub.example.com.", "www.sub.example.com.", "x.alias.sub.example.com."])
def test_a_zone_at_the_servers_of_the_zone_above_is_found_though_nobody_refers_to_it(owner: str) -> None:
    dns = world()
    sub = "sub.example.com. NS ns1.example.com.\nalias.sub.example.com. CNAME a.\nx.alias.sub.example.com. CNAME b."
    dns.hold("sub.example.com.", sub, FIRST, FIRST_V6, SECOND)
    found = dns.find(owner)
    assert (found.zone, found.parent) == ("sub.example.com.", DOMAIN)
    assert listed(found) == USUAL[:2]
    assert found.remarks == ()


def test_labels_without_a_zone_between_two_zones_are_passed_over() -> None:
    cut = "firm.co.com. NS ns1.firm.co.com.\nns1.firm.co.com. A 192.0.2.9"
    dns = world(cut)
    dns.hold("firm.co.com.", cut, "192.0.2.9")
    assert (dns.find("firm.co.com.").zone, dns.find("co.com.").zone) == ("firm.co.com.", None)


@pytest.mark.parametrize("owner", ["missing.com.", "www.missing.com.", "alias.com."])
def test_what_nobody_delegates_has_no_zone(owner: str) -> None:
    found = world(CUT + "alias.com. CNAME example.com.").find(owner)
    assert (found.zone, found.servers, found.parent, found.source) == (None, (), "com.", "parent")


def test_a_hidden_primary_is_not_asked_and_an_alias_at_the_apex_is_told() -> None:
    dns = world(child="example.com. CNAME www.example.net.\n" + CHILD.replace("example.com. NS", "x.example.com. NS"))
    found = dns.find(DOMAIN)
    assert found.zone == DOMAIN
    assert {(remark.kind, remark.detail) for remark in found.remarks} == {
        ("disagrees", "an alias stands there (CNAME to www.example.net)")
    }
    assert {address for address, _, _ in dns.asked} <= {*COM, *NET, FIRST, SECOND, FIRST_V6}


# --- addresses elsewhere ------------------------------------------------------------------------------------------------
def test_servers_without_glue_are_looked_for_from_the_top() -> None:
    found = world("example.com. NS ns1.hoster.net.\nexample.com. NS ns2.hoster.net.", CHILD).find(DOMAIN)
    assert listed(found)[:3] == [
        ("ns1.hoster.net.", "192.0.2.11"),
        ("ns2.hoster.net.", "192.0.2.12"),
        ("ns2.hoster.net.", "2001:db8::12"),
    ]


def test_servers_whose_servers_lie_elsewhere_again_are_found() -> None:
    net = "deep.net. NS ns1.deepest.org."
    org = "deepest.org. NS ns1.deepest.org.\nns1.deepest.org. A 192.0.2.21"
    dns = world("example.com. NS ns1.deep.net.", "example.com. NS ns1.deep.net.", net=net, org=org)
    dns.hold("deepest.org.", org, "192.0.2.21")
    dns.hold("deep.net.", net + "\nns1.deep.net. A 192.0.2.1", "192.0.2.21")
    found = dns.find(DOMAIN)
    assert (listed(found), found.remarks) == ([("ns1.deep.net.", FIRST)], ())


def test_glue_for_names_of_other_zones_is_hearsay() -> None:
    cut = "example.com. NS ns1.hoster.net.\nns1.hoster.net. A 192.0.2.66"
    assert "192.0.2.66" not in {address for _, address in listed(world(cut).find(DOMAIN))}


def test_two_zones_whose_servers_lie_in_each_other_are_named() -> None:
    dns = world("example.com. NS ns1.loop.net.", net="loop.net. NS ns1.example.com.")
    with pytest.raises(
        LookupFailed, match=r"No address .* of example\.com .*ns1\.loop\.net -> ns1\.example\.com -> ns1\.loop\.net"
    ):
        dns.find(DOMAIN)
    assert len(dns.asked) < 20


def test_a_server_below_the_zone_itself_without_glue_is_a_circle_too() -> None:
    with pytest.raises(LookupFailed, match=r"ns1\.example\.com -> ns1\.example\.com"):
        world("example.com. NS ns1.example.com.").find(DOMAIN)


@pytest.mark.parametrize(
    ("net", "why"),
    [
        ("hoster.net. A 192.0.2.9", "its name has no address"),
        ("ns9.hoster.net. CNAME ns1.hoster.net.", "its name is an alias, which a name server's must not be"),
    ],
)
def test_a_server_whose_name_has_no_address_stays_and_is_named(net: str, why: str) -> None:
    found = world(CUT + "example.com. NS ns9.hoster.net.", CHILD + "example.com. NS ns9.hoster.net.", net=net).find(DOMAIN)
    assert ("ns9.hoster.net.", "") in listed(found)
    assert [remark.kind for remark in found.remarks] == ["unresolved"]
    assert found.remarks[0].detail.startswith(why)


def test_where_a_hosters_zone_cannot_be_asked_the_recursive_resolver_tells_its_address() -> None:
    dns = world("example.com. NS ns1.hoster.net.", "example.com. NS ns1.hoster.net.")
    dns.lies = dict.fromkeys(("192.0.2.11", "192.0.2.12", "2001:db8::12"), "SERVFAIL")
    dns.recursive = RECURSIVE | {("ns1.hoster.net.", "A"): [FIRST]}
    assert listed(dns.find(DOMAIN)) == [("ns1.hoster.net.", FIRST)]


# --- remarks ------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("lie", "kind", "detail"),
    [
        ("REFUSED", "lame", "REFUSED"),
        ("SERVFAIL", "lame", "SERVFAIL"),
        ("not-aa", "lame", "not authoritative (lame)"),
        ("upwards", "lame", "not authoritative (lame)"),
        ("parent-soa", "lame", "it serves com, and not this zone"),
        ("silent", "unreachable", "no answer by UDP or TCP"),
        ("no-ns", "disagrees", "it tells no NS set of the zone"),
    ],
)
def test_a_server_that_does_not_serve_the_zone_is_named_and_still_watched(lie: str, kind: str, detail: str) -> None:
    dns = world()
    dns.lies[SECOND] = lie
    found = dns.find(DOMAIN)
    assert [str(remark) for remark in found.remarks] == [f"ns2.example.com ({SECOND}): {detail}"]
    assert kinds(found) == {("ns2.example.com.", kind)}
    assert listed(found) == USUAL


def test_an_address_without_a_route_from_here_is_not_remarked_on() -> None:
    dns = world()
    answer = dns._ask

    async def ask(server: Server, name: str, rtype: str) -> object:
        if ":" in server.address:
            raise Unanswered(NO_ROUTE)
        return await answer(server, name, rtype)

    dns._ask = ask  # type: ignore[method-assign,assignment]
    found = dns.find(DOMAIN)
    assert (listed(found), found.remarks) == (USUAL, ())


def test_the_zone_above_and_the_zone_itself_may_name_others() -> None:
    child = CHILD.replace("example.com. NS ns2.example.com.", "example.com. NS ns3.example.com.\nns3.example.com. A 192.0.2.3")
    dns = world(child=child)
    dns.hold(DOMAIN, child, FIRST, FIRST_V6, SECOND, "192.0.2.3")
    found = dns.find(DOMAIN)
    assert [str(remark) for remark in found.remarks] == [
        "ns2.example.com: com names it, example.com itself does not",
        "ns3.example.com: example.com itself names it, com does not",
    ]
    assert listed(found) == [*USUAL, ("ns3.example.com.", "192.0.2.3")]


def test_a_server_only_in_the_zone_is_asked_too() -> None:
    found = world(child=CHILD + "example.com. NS ns3.example.com.\nns3.example.com. A 192.0.2.3").find(DOMAIN)
    assert kinds(found) == {("ns3.example.com.", "child-only"), ("ns3.example.com.", "unreachable")}


def test_a_server_that_tells_another_ns_set_than_the_others_is_named() -> None:
    dns = world()
    dns.hold(DOMAIN, CHILD.replace("NS ns2.example.com.", "NS ns9.hoster.net."), SECOND)
    found = dns.find(DOMAIN)
    assert ("ns2.example.com.", "disagrees") in kinds(found)
    (remark,) = (remark for remark in found.remarks if remark.kind == "disagrees")
    assert remark.detail == "it names ns1.example.com, ns9.hoster.net, unlike the others"


def test_servers_of_the_zone_above_that_do_not_agree_are_named_and_all_are_believed() -> None:
    dns = world()
    dns.hold("com.", CUT + "example.com. NS ns9.hoster.net.", COM[1])
    found = dns.find(DOMAIN)
    assert ("ns9.hoster.net.", "") in listed(found)
    assert any(remark.kind == "disagrees" and "as a server of com it names" in remark.detail for remark in found.remarks)


def test_a_server_of_the_zone_above_that_knows_no_such_zone_is_named() -> None:
    dns = world()
    dns.hold("com.", "", COM[1])
    found = [dns.find(DOMAIN) for _ in range(8)]  # whom it meets first is chance
    assert {one.zone for one in found} <= {DOMAIN, None}
    for one in (one for one in found if one.zone):
        assert "as a server of com it does not delegate the zone, unlike the others" in {r.detail for r in one.remarks}


def test_a_server_of_the_zone_above_that_serves_the_zone_too_refers_nobody_and_is_not_remarked_on() -> None:
    dns = world()
    dns.hold(DOMAIN, CHILD, COM[1])
    assert dns.find(DOMAIN).remarks == ()


def test_a_server_of_the_zone_above_that_is_out_of_order_is_not_this_zones_affair() -> None:
    dns = world()
    for lie in ("silent", "REFUSED", "not-aa"):
        dns.lies[COM[0]] = lie
        found = dns.find(DOMAIN)
        assert (listed(found), found.remarks) == (USUAL, ())


# --- where it cannot be asked -------------------------------------------------------------------------------------------
OPINION = Delegation(zone=DOMAIN, servers=(Server(name="ns1.example.com.", address=FIRST),), source="resolver")


@pytest.mark.parametrize("lie", ["silent", "SERVFAIL", "upwards"])
def test_where_no_server_above_can_be_asked_the_recursive_resolver_is_believed_openly(lie: str) -> None:
    dns = world()
    dns.lies, dns.opinion = dict.fromkeys(COM, lie), OPINION
    assert dns.find(DOMAIN) == OPINION


def test_a_top_level_domain_that_nobody_knows_is_left_to_the_recursive_resolver() -> None:
    dns = world()
    dns.opinion = Delegation(zone=None, servers=(), source="resolver")
    assert dns.find("example.invalid.") == dns.opinion
    assert dns.asked == []


def test_without_anybody_to_ask_it_is_not_called_undelegated() -> None:
    dns = world()
    dns.recursive = None
    with pytest.raises(LookupFailed):
        dns.find(DOMAIN)


def test_a_name_below_a_zone_all_of_whose_servers_are_silent_is_not_guessed_at() -> None:
    dns = world()
    dns.lies = dict.fromkeys((FIRST, FIRST_V6, SECOND), "silent")
    with pytest.raises(LookupFailed):
        dns.find("www.example.com.")
    assert kinds(dns.find(DOMAIN)) == {("ns1.example.com.", "unreachable"), ("ns2.example.com.", "unreachable")}


def test_without_a_recursive_resolver_the_walk_begins_at_the_root() -> None:
    dns = world()
    dns.recursive, dns.hints = None, {"a.root.": ("192.0.2.200",)}
    root = "com. NS a.nic.com.\ncom. NS b.nic.com.\na.nic.com. A 192.0.2.101\nb.nic.com. A 192.0.2.102"
    dns.hold(".", root, "192.0.2.200")
    found = dns.find("www.example.com.")
    assert (found.zone, found.parent, listed(found)) == (DOMAIN, "com.", USUAL)
    assert dns.find("example.org.").zone is None


def test_with_a_recursive_resolver_the_root_is_left_alone() -> None:
    dns = world()
    dns.hints = {"a.root.": ("192.0.2.200",)}
    dns.find(DOMAIN, "nothing.example.org.")
    assert "192.0.2.200" not in {address for address, _, _ in dns.asked}


# --- hostile ------------------------------------------------------------------------------------------------------------
def test_an_absurd_number_of_servers_is_refused_and_not_asked() -> None:
    dns = world("\n".join(f"example.com. NS ns{number}.victim.org." for number in range(65)))
    with pytest.raises(LookupFailed, match="65 servers"):
        dns.find(DOMAIN)
    assert not [question for question in dns.asked if question[0] in ORG]


def test_an_absurd_number_of_addresses_is_refused() -> None:
    glue = "\n".join(f"ns1.example.com. A 10.0.0.{number}" for number in range(65))
    with pytest.raises(LookupFailed, match="65 servers or addresses"):
        world("example.com. NS ns1.example.com.\n" + glue).find(DOMAIN)


def test_a_delegation_that_needs_ever_more_names_ends_by_its_purse() -> None:
    """Each of many servers lies in a zone with as many servers elsewhere: asked in full, 12 to the power of the depth."""
    levels = range(8)
    net = "\n".join(f"l{level}.net. NS ns{n}.l{level + 1}.net." for level in levels for n in range(12))
    dns = world("\n".join(f"example.com. NS ns{n}.l0.net." for n in range(12)), net=net)
    with pytest.raises(LookupFailed):
        dns.find(DOMAIN)
    assert len(dns.asked) <= 1100


@pytest.mark.parametrize("cut", [".", "com.", "org.", "www.example.com.", "xample.com.", "example.org."])
@pytest.mark.parametrize("authoritative", [True, False])
def test_a_referral_that_leads_no_further_down_to_the_name_is_refused(cut: str, authoritative: bool) -> None:
    response = message.make_response(message.make_query(DOMAIN, "NS"))
    response.flags |= flags.AA if authoritative else flags.Flag(0)
    response.authority.append(rrset.from_text(cut, 60, "IN", "NS", "ns1.example.com."))
    with pytest.raises(Unusable, match="lame"):
        read(response, zone="com.", name=DOMAIN, rtype="NS")


def test_what_stands_beside_an_alias_is_of_the_zone_where_it_leads() -> None:
    response = message.make_response(message.make_query("alias.example.com.", "NS"))
    response.flags |= flags.AA
    response.answer.append(rrset.from_text("alias.example.com.", 60, "IN", "CNAME", "www.example.net."))
    response.authority.append(rrset.from_text("example.net.", 60, "IN", "SOA", "a. b. 1 2 3 4 5"))
    said = read(response, zone=DOMAIN, name="alias.example.com.", rtype="NS")
    assert said == Final(zone=DOMAIN, values=(), alias=True)


def test_a_denial_from_another_zone_is_none() -> None:
    response = message.make_response(message.make_query(DOMAIN, "NS"))
    response.flags |= flags.AA
    response.authority.append(rrset.from_text(".", 60, "IN", "SOA", "a. b. 1 2 3 4 5"))
    with pytest.raises(Unusable, match=r"it answers for \., and not for com"):
        read(response, zone="com.", name=DOMAIN, rtype="NS")


def test_a_referral_is_one_even_where_a_broken_server_calls_it_authoritative() -> None:
    response = message.make_response(message.make_query("www.example.com.", "NS"))
    response.flags |= flags.AA
    response.authority.append(rrset.from_text(DOMAIN, 60, "IN", "NS", "NS1.example.com.", "ns.example.org."))
    for host in ("ns1.example.com.", "ns.example.org."):
        response.additional.append(rrset.from_text(host, 60, "IN", "A", FIRST))
    said = read(response, zone="com.", name="www.example.com.", rtype="NS")
    assert said == Referral(zone=DOMAIN, hosts={"ns.example.org.": (), "ns1.example.com.": (FIRST,)})


LABELS = st.sampled_from(["a", "b", "www", "sub", "example", "hoster", "ns1", "ns2", "x"])
NAMES = st.builds(
    lambda labels, top: ".".join((*labels, top)) + ".", st.lists(LABELS, min_size=1, max_size=3), st.sampled_from(["com", "net"])
)
LINES = st.lists(st.tuples(NAMES, st.sampled_from(["NS", "NS", "NS", "CNAME"]), NAMES), max_size=12)
GLUE = st.lists(st.tuples(NAMES, st.just("A"), st.sampled_from([FIRST, SECOND, *COM, *NET])), max_size=6)


@given(
    zones=st.lists(st.tuples(st.sampled_from(["com.", "net.", DOMAIN, "sub.example.com."]), LINES, GLUE), max_size=5), owner=NAMES
)
def test_whatever_the_zones_say_it_ends_and_says_a_zone_above_the_name_or_that_it_cannot(
    zones: list[tuple[str, list[tuple[str, str, str]], list[tuple[str, str, str]]]], owner: str
) -> None:
    dns = world()
    for (zone, lines, glue), address in zip(zones, (COM[0], NET[0], FIRST, SECOND, COM[1]), strict=False):
        dns.hold(zone, "\n".join(" ".join(line) for line in (*lines, *glue)), address)
    try:
        found = dns.find(owner)
    except LookupFailed:
        return
    finally:
        assert len(dns.asked) < 2500
    assert found.zone is None or f".{owner}".endswith(f".{found.zone}")
    assert len(found.servers) <= 64


# --- kept for a run -----------------------------------------------------------------------------------------------------
def many(number: int) -> tuple[ScriptedDns, list[str]]:
    """Domains of one top-level domain at one hoster."""
    domains = [f"d{n}.com." for n in range(number)]
    cuts = "\n".join(f"{domain} NS ns{n}.hoster.net." for domain in domains for n in (1, 2))
    dns = world(cuts)
    for domain in domains:
        dns.hold(domain, "\n".join(f"{domain} NS ns{n}.hoster.net." for n in (1, 2)), "192.0.2.11", "192.0.2.12", "2001:db8::12")
    return dns, domains


def test_the_servers_of_the_top_and_of_the_hoster_are_looked_up_once_for_many_domains() -> None:
    dns, domains = many(30)
    delegations = dns.delegations()

    async def run() -> list[Delegation]:
        return await asyncio.gather(*(delegations.find(domain) for domain in domains))

    found = asyncio.run(run())
    assert [one.zone for one in found] == domains
    assert all(len(one.servers) == 3 and not one.remarks for one in found)
    assert sorted(dns.looked_up) == sorted({*dns.looked_up})
    of_hosters = [question for question in dns.asked if question[1].endswith("hoster.net.")]
    assert len(of_hosters) <= 8
    # Each domain costs the way down, each server above, and SOA and NS at each address of its own.
    assert len(dns.asked) - len(of_hosters) == len(domains) * (1 + len(COM) + 2 * 3)


def test_a_name_asked_for_by_many_at_once_is_looked_at_once() -> None:
    dns = world()
    delegations = dns.delegations()

    async def run() -> list[Delegation]:
        return await asyncio.gather(*(delegations.find(owner) for owner in [DOMAIN, "www.example.com."] * 20))

    assert len({id(one) for one in asyncio.run(run())}) == 1
    assert {question: times for question, times in dns.counted().items() if question[2] == "SOA" and times > 1} == {}


def test_what_was_found_is_kept_for_five_minutes_and_no_longer() -> None:
    dns = world()
    delegations = dns.delegations()

    async def run() -> list[int]:
        counts = []
        for seconds in (0.0, 299.0, 301.0):
            dns.clock.seconds = seconds
            await delegations.find(DOMAIN)
            counts.append(len(dns.asked) + len(dns.looked_up))
        return counts

    first, second, third = asyncio.run(run())
    assert first == second
    assert third > second


def test_a_delegation_with_a_remark_is_looked_at_again_soon() -> None:
    dns = world()
    dns.lies[SECOND] = "REFUSED"
    delegations = dns.delegations()

    async def run() -> tuple[Delegation, Delegation]:
        before = await delegations.find(DOMAIN)
        del dns.lies[SECOND]
        dns.clock.seconds = 31.0
        return before, await delegations.find(DOMAIN)

    before, after = asyncio.run(run())
    assert (len(before.remarks), after.remarks) == (1, ())


def test_a_server_that_gave_no_answers_is_left_alone_for_a_while() -> None:
    dns, domains = many(10)
    dns.lies = {"192.0.2.12": "silent"}
    delegations = dns.delegations()

    async def run() -> list[Delegation]:
        return [await delegations.find(domain) for domain in domains]

    found = asyncio.run(run())
    assert {kind for one in found for kind in kinds(one)} == {("ns2.hoster.net.", "unreachable")}
    assert len([question for question in dns.asked if question[0] == "192.0.2.12"]) <= 4


def test_a_remark_says_whom_it_is_about() -> None:
    assert str(Remark(server="ns1.example.com.", kind="lame", detail="REFUSED")) == "ns1.example.com: REFUSED"
