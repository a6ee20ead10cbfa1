"""Every weather of the DNS, on the small internet: what an operator is told before a write, of each server, and in the end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import dns.message
import dns.query
import pytest
import trustme

from registrar_sync.core.elsewhere import BOGUS
from registrar_sync.core.model import Mx, Other, Record, RRset
from registrar_sync.core.visibility import STILL_PUBLISHING
from registrar_sync.operations.result import Result
from registrar_sync.operations.rounds import UNSTEADY
from registrar_sync.resolver import AlsoAsked
from tests.integration import internet_fixture
from tests.integration.internet import Internet
from tests.integration.internet_map import MISSING
from tests.integration.internet_processes import free_port
from tests.integration.nameserver import Behaviour, NameServer
from tests.integration.test_doh import HOST, at, doh_server
from tests.integration.weather import Weather, details, ended, findings, printed, rows, verdicts

internet = internet_fixture.internet

MakeWeather = Callable[..., Weather]

DONE = ("authoritative", 0, "authoritative")
OVERDUE = ("overdue", 4, "pending")
PARTLY = ("written", 4, "pending")
NOT_ASKED = ("not-enrolled", 1, "pending")
NOT_YET = "Written and read back, but not served by every authoritative server yet."
EVERYWHERE = "visible at every authoritative server"

IMPATIENT = {"timeout_s": 0.3, "tries": 2}  # a silent server costs 0.6 s a question, one where nothing listens half of that
SILENT = "no answer by UDP or TCP within 0.3 s a try"
SHORT_S = 0.2  # waits that are meant to end too early
CACHE_S = 60
NOBODY = ("127.20.66.99", 9)  # nothing listens there


@pytest.fixture
def weather(internet: Internet, tmp_path: Path) -> Iterator[MakeWeather]:
    """``weather("normal.com.")``: with a resolver that asks the validating Unbound; its options otherwise as told."""
    made: list[Weather] = []

    def make(domain: str, **options: Any) -> Weather:
        folder = tmp_path / f"{len(made)}"
        folder.mkdir()
        made.append(Weather(internet, folder, domain, **options))
        return made[-1]

    yield make
    for one in made:
        one.close()


def everyone(result: Result, word: str) -> bool:
    return bool(rows(result)) and {row.verdict for row in rows(result)} == {word}


# --- fair weather -----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("domain", "servers"),
    [
        ("normal.com.", ["ns1.normal.com.", "ns2.normal.com."]),
        ("firm.co.test.", ["ns1.firm.co.test.", "ns2.firm.co.test."]),
        ("sub.cohosted.com.", ["ns1.cohosted.com.", "ns2.cohosted.com."]),
        ("hosted.com.", ["ns1.hoster.net.", "ns2.hoster.net."]),  # no glue
        ("deep.com.", ["ns1.deep.net.", "ns2.deep.net."]),  # no glue, and the servers' own zone has none either
        ("v6.com.", ["ns1.v6.com.", "ns2.v6.com."]),
        ("v6only.com.", ["ns1.v6only.com."]),
        ("signed.com.", ["ns1.signed.com.", "ns2.signed.com."]),
        ("hidden.com.", ["ns1.hidden.com.", "ns2.hidden.com."]),
    ],
)
def test_where_every_server_can_be_asked_all_are_and_nothing_else_is_said(
    internet: Internet, weather: MakeWeather, domain: str, servers: list[str]
) -> None:
    if domain == "v6only.com." and not internet.ipv6:
        pytest.skip("no IPv6 loopback here")
    here = weather(domain)
    result = here.enroll()
    assert ended(result) == DONE
    asked = sorted((row.server.name, row.server.address) for row in rows(result))
    assert asked == sorted((name, address) for name in servers for address in internet.server(name).addresses)
    assert everyone(result, "new")
    assert verdicts(result, "recursive") == {"127.20.53.1": "new"}
    assert result.findings == ()
    assert here.states(result.change_id) == ["intended", "written", "authoritative"]
    told = printed(result).splitlines()
    assert EVERYWHERE in told
    assert any(line.startswith("cached elsewhere until ") for line in told)
    checked = here.check()
    assert ended(checked) == DONE
    assert (verdicts(checked), checked.findings, checked.message) == (verdicts(result), (), "")


def test_a_hidden_primary_is_not_asked(internet: Internet, weather: MakeWeather) -> None:
    here = weather("hidden.com.")
    assert ended(here.enroll()) == DONE
    assert ended(here.check()) == DONE
    assert internet.server("primary.hidden.com.").scripted.asked == []


def test_a_rollback_is_seen_just_like_an_enrolment(weather: MakeWeather) -> None:
    here = weather("normal.com.")
    assert here.enroll().ok
    result = here.rollback()
    assert ended(result) == DONE
    assert everyone(result, "new")
    assert EVERYWHERE in printed(result)
    assert here.due() == ()
    checked = here.check()
    assert (checked.state, set(verdicts(checked).values())) == ("not-enrolled", {"other"})
    assert checked.message == "No authoritative server shows the service in both SPF and MX."


# --- datagrams that do not arrive -------------------------------------------------------------------------------------
@pytest.mark.parametrize("domain", ["tcp.com.", "noudp.com."])
def test_a_server_that_is_hard_to_hear_is_heard_all_the_same(weather: MakeWeather, domain: str) -> None:
    here = weather(domain, **(IMPATIENT if domain == "noudp.com." else {}))
    result = here.enroll()
    assert ended(result) == DONE
    assert verdicts(result) == {"ns1": "new", "ns2": "new"}
    about_servers = {id_ for id_ in findings(result) if id_.startswith(("delegation", "authoritative", "port"))}
    assert not about_servers  # what Unbound does not find out in time from such servers is another matter
    assert EVERYWHERE in printed(result)


def test_three_of_ten_datagrams_lost_cost_no_answer(weather: MakeWeather) -> None:
    here = weather("drops.com.")
    assert ended(here.enroll()) == DONE
    assert [verdicts(here.check()) for _ in range(4)] == [{"ns1": "new", "ns2": "new"}] * 4


# --- caches -----------------------------------------------------------------------------------------------------------
def test_a_recursive_resolver_that_holds_the_old_data_is_named_with_the_end_of_it(
    internet: Internet, weather: MakeWeather
) -> None:
    internet.recursive.cache_for(CACHE_S, CACHE_S)
    here = weather("normal.com.")
    here.resolver.ask_recursives("normal.com.", ["TXT", "MX"])
    asked_by = datetime.now(UTC)
    result = here.enroll()
    assert ended(result) == DONE
    (cache,) = rows(result, "recursive")
    assert (cache.verdict, cache.detail) == ("old", "")
    assert cache.until is not None
    assert asked_by < cache.until <= datetime.now(UTC) + timedelta(seconds=CACHE_S)
    assert f"  recursive resolver {cache.server}: old: cached until {cache.until.astimezone():%H:%M}" in printed(result)


def test_one_that_holds_a_part_of_the_old_data_is_told_with_that_part(internet: Internet, weather: MakeWeather) -> None:
    internet.recursive.cache_for(CACHE_S, CACHE_S)
    here = weather("normal.com.")
    here.resolver.ask_recursives("normal.com.", ["MX"])
    (cache,) = rows(here.enroll(), "recursive")
    assert (cache.verdict, cache.detail) == ("old", "still the old MX")


def test_nobody_asks_a_cache_for_the_old_data_just_before_it_changes(internet: Internet, weather: MakeWeather) -> None:
    internet.recursive.cache_for(CACHE_S, CACHE_S)
    assert verdicts(weather("normal.com.").enroll(), "recursive") == {"127.20.53.1": "new"}


def test_a_wait_for_caches_ends_when_none_can_hold_the_old_data(internet: Internet, weather: MakeWeather) -> None:
    internet.set_rrset("normal.com.", "normal.com.", "TXT", 2, '"v=spf1 mx ~all"')
    internet.set_rrset("normal.com.", "normal.com.", "MX", 2, "5 mailgate.normal.com.")
    internet.recursive.cache_for(1, 1)  # it counts whole seconds, and may keep an answer for nearly another one
    here = weather("normal.com.")
    here.resolver.ask_recursives("normal.com.", ["TXT", "MX"])
    result = here.enroll(wait="visible")
    assert ended(result) == ("authoritative", 0, "visible")
    assert verdicts(result, "recursive") == {"127.20.53.1": "new"}
    assert any(text.startswith("cached elsewhere until ") for text in here.heard)
    assert "cached elsewhere" not in printed(result)


def _nothing(here: Weather) -> None:
    """As it is: MX with TTL 3600, TXT with 600."""


def _no_mx(here: Weather) -> None:
    here.hoster.remove(here.domain, "MX")
    here.hoster.publish_one(here.domain, "MX")
    _ttl_of_txt(here, 60)


def _served_for_longer(here: Weather) -> None:
    here.internet.set_rrset(here.domain, here.domain, "TXT", 7200, '"v=spf1 mx include:spf.isp.net ~all"')


def _short(here: Weather) -> None:
    _ttl_of_txt(here, 60)
    held = here.hoster.stored(here.domain, "MX")
    assert held
    here.hoster.put(replace(held, records=tuple(replace(record, ttl=120) for record in held.records)))
    here.hoster.publish_one(here.domain, "MX")


def _ttl_of_txt(here: Weather, ttl: int) -> None:
    held = here.hoster.stored(here.domain, "TXT")
    assert held
    here.hoster.put(replace(held, records=tuple(replace(record, ttl=ttl) for record in held.records)))
    here.hoster.publish_one(here.domain, "TXT")


@pytest.mark.parametrize(
    ("before", "seconds"),
    [(_nothing, 3600), (_short, 120), (_no_mx, 300), (_served_for_longer, 7200)],
    ids=["usual", "short", "no-mx", "longer-in-the-dns"],
)
def test_caches_may_hold_the_old_data_for_its_longest_ttl_or_that_there_was_none_for_the_negative_one(
    weather: MakeWeather, before: Callable[[Weather], None], seconds: int
) -> None:
    here = weather("normal.com.")
    before(here)
    begun = datetime.now(UTC)
    result = here.enroll()
    assert ended(result) == DONE
    assert result.visibility is not None
    until = result.visibility.old_until
    assert until is not None
    assert begun <= until - timedelta(seconds=seconds) <= datetime.now(UTC)
    again = here.check().visibility
    assert again is not None
    assert again.old_until == until


def test_a_name_that_did_not_exist_may_be_held_as_such_for_the_negative_ttl(weather: MakeWeather) -> None:
    here = weather("new.normal.com.", zone="normal.com.")
    checked = here.check()
    assert ended(checked) == ("not-enrolled", 4, "pending")
    assert everyone(checked, "absent")
    assert checked.message == "The DNS knows no such name (NXDOMAIN)."
    begun = datetime.now(UTC)
    result = here.enroll()
    assert ended(result) == DONE
    assert result.visibility is not None
    assert result.visibility.old_until is not None
    assert begun <= result.visibility.old_until - timedelta(seconds=300) <= datetime.now(UTC)


def test_a_name_that_exists_without_mx_and_spf_is_not_called_unknown(weather: MakeWeather) -> None:
    checked = weather("www.normal.com.", zone="normal.com.").check()
    assert ended(checked) == ("not-enrolled", 4, "pending")
    assert everyone(checked, "absent")
    assert checked.message == "No authoritative server shows the service in both SPF and MX."


# --- delegations that are not right -----------------------------------------------------------------------------------
def test_where_parent_and_child_differ_the_servers_of_both_are_waited_for(internet: Internet, weather: MakeWeather) -> None:
    here = weather("differ.com.")
    here.hoster.first = ["ns1.differ.com.", "ns2.differ.com."]  # those that the parent names
    planned = here.plan()
    severity, message = findings(planned)["delegation-mismatch"]
    assert (planned.state, severity) == ("planned", "warn")
    assert "ns2.differ.com: com names it, differ.com itself does not" in message
    assert "ns3.differ.com: differ.com itself names it, com does not" in message
    result = here.enroll(timeout_s=SHORT_S)
    assert ended(result) == OVERDUE
    assert verdicts(result) == {"ns1": "new", "ns2": "new", "ns3": "old"}
    here.when_heard("2 of 3", here.hoster.catch_up)
    checked = here.check_waiting()
    assert ended(checked) == DONE
    assert "delegation-mismatch" in findings(checked)


@pytest.mark.parametrize(
    ("domain", "silent", "why"),
    [
        ("lame.com.", "ns2", "REFUSED"),
        ("unauthoritative.com.", "ns2", "not authoritative (lame)"),
        ("dead.com.", "ns2", "no answer by UDP; TCP: connection refused"),
        ("silent.com.", "ns2", SILENT),
        ("nameless.com.", "ns.nowhere.test", "its name does not resolve"),
    ],
    ids=["lame", "unauthoritative", "dead", "silent", "nameless"],
)
def test_a_server_that_tells_nothing_is_named_before_the_write_and_keeps_it_from_being_authoritative(
    weather: MakeWeather, domain: str, silent: str, why: str
) -> None:
    here = weather(domain, **IMPATIENT)
    result = here.enroll(timeout_s=SHORT_S)
    severity, message = findings(result)["delegation-lame"]
    assert severity == "warn"
    assert f"Name servers of {domain[:-1]} do not answer for it: {silent}" in message
    assert "while they are named it is not authoritative everywhere" in message
    assert not {id_ for id_, (severity, _) in findings(result).items() if severity == "block"}
    assert ended(result) == OVERDUE
    assert verdicts(result) == {"ns1": "new", silent: "unreachable"}
    assert details(result)[silent] == why
    assert result.message == NOT_YET
    assert here.states(result.change_id) == ["intended", "written", "overdue"]
    told = printed(result)
    assert "not yet: 1 of 2 authoritative servers answer it" in told
    assert EVERYWHERE not in told
    checked = here.check()
    assert ended(checked) == PARTLY
    assert verdicts(checked) == {"ns1": "new", silent: "unreachable"}
    assert checked.message == "Some authoritative servers answer the new data, some do not yet."
    assert here.states(result.change_id)[-1] == "overdue"


def test_a_server_without_an_address_is_printed_by_its_name_alone(weather: MakeWeather) -> None:
    checked = weather("nameless.com.").check()
    assert "  ns.nowhere.test: unreachable: its name does not resolve" in printed(checked).splitlines()
    assert checked.to_json()["visibility"]["servers"][0]["address"] == ""


def test_what_no_server_answers_is_held_back_and_written_unproven_only_where_that_is_accepted(weather: MakeWeather) -> None:
    here = weather("gone.com.", **IMPATIENT)
    held = here.enroll()
    severity, message = findings(held)["authoritative-unreachable"]
    assert (ended(held), severity) == (("refused", 5, ""), "block")
    assert message.startswith("No authoritative server could be asked: ns1.gone.com (")
    assert held.message == "Held back by 1 finding. Nothing was changed."
    assert held.hint.endswith("--accept authoritative-unreachable")
    assert here.journal.changes() == []
    written = here.enroll(accept=frozenset({"authoritative-unreachable"}), wait="none")
    assert ended(written) == ("written", 0, "not-asked")
    checked = here.check()
    assert ended(checked) == NOT_ASKED
    assert everyone(checked, "unreachable")
    assert checked.message.startswith("The DNS could not be asked:")
    assert here.states(written.change_id)[-1] == "written"
    undone = here.rollback(wait="none")  # never held back by the DNS: the API is the truth for it
    assert ended(undone) == ("written", 0, "not-asked")
    assert here.states(written.change_id)[-1] == "rolled-back"


def test_servers_whose_names_need_each_other_are_named_and_never_called_undelegated(weather: MakeWeather) -> None:
    here = weather("loop-a.com.")
    held = here.enroll()
    severity, message = findings(held)["delegation-unknown"]
    assert (ended(held), severity) == (("refused", 5, ""), "block")
    assert "ns1.loop-b.net: to find its address, its address is needed (ns1.loop-b.net -> " in message
    assert "not-delegated" not in findings(held)
    checked = here.check()
    assert ended(checked) == NOT_ASKED
    assert checked.message.startswith("The DNS could not be asked: No address was found for any name server of loop-a.com")


@pytest.mark.parametrize("domain", [MISSING, "alias.com."])  # the latter: a name in the zone above that is an alias
def test_what_nobody_delegates_is_held_back_and_said_to_be_so(weather: MakeWeather, domain: str) -> None:
    here = weather(domain)
    held = here.enroll()
    assert ended(held) == ("refused", 5, "")
    assert findings(held)["not-delegated"] == (
        "block",
        "The DNS knows no name servers for this domain: an edit would change nothing.",
    )
    checked = here.check()
    assert (ended(checked), rows(checked)) == (("not-enrolled", 4, "pending"), [])
    assert checked.message == "The DNS knows no name servers for this domain."
    written = here.enroll(accept=frozenset({"not-delegated"}))
    assert ended(written) == OVERDUE
    assert written.message == NOT_YET


def test_a_zone_of_another_account_is_held_back(internet: Internet, weather: MakeWeather) -> None:
    here = weather("normal.com.")
    others = tuple(Record(rdata=Other(f"ns{number}.elsewhere.example."), ttl=3600) for number in (1, 2))
    here.hoster.put(RRset(owner="normal.com.", rtype="NS", records=others))
    held = here.enroll()
    assert ended(held) == ("refused", 5, "")
    _, message = findings(held)["delegated-elsewhere"]
    assert message.startswith("normal.com is delegated to ns1.normal.com, ns2.normal.com, and not to this account's name servers")
    assert here.journal.changes() == []


@pytest.mark.parametrize(("owner", "zone"), [("alias.normal.com.", "normal.com."), ("apex-alias.org.", "apex-alias.org.")])
def test_an_alias_is_no_owner_and_its_answer_not_the_domains_own(weather: MakeWeather, owner: str, zone: str) -> None:
    here = weather(owner, zone=zone)
    held = here.enroll()
    assert ended(held) == ("refused", 5, "")
    severity, message = findings(held)["owner-cname"]
    assert (severity, message.startswith(f"{owner[:-1]} is a CNAME to www.isp.net")) == ("block", True)
    assert held.hint == "Mend what the findings name, then run it again."  # not to be accepted
    checked = here.check()
    assert ended(checked) == ("not-enrolled", 4, "pending")
    assert everyone(checked, "other")
    assert set(details(checked).values()) == {"CNAME to www.isp.net"}


# --- DNSSEC -----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("domain", ["bogus.com.", "expired.com."])
def test_signatures_that_do_not_validate_are_a_verdict_of_their_own(
    internet: Internet, weather: MakeWeather, domain: str
) -> None:
    both = [internet.recursive.endpoint, internet.careless.endpoint]
    here = weather(domain, recursives=both)
    planned = here.plan()
    severity, message = findings(planned)["dnssec-bogus"]
    assert (planned.state, severity) == ("planned", "warn")
    assert message.startswith(f"The DNSSEC signatures of {domain[:-1]} do not validate, says 127.20.53.1:")
    for result in (here.enroll(), here.check()):
        assert ended(result) == DONE
        assert everyone(result, "new")
        assert verdicts(result, "recursive") == {"127.20.53.1": "bogus", "127.20.53.2": "new"}
        assert [id_ for id_ in findings(result) if id_ == "dnssec-bogus"] == ["dnssec-bogus"]
        assert f"127.20.53.1:{internet.port}: bogus: {BOGUS}" in printed(result)


# --- servers that are late --------------------------------------------------------------------------------------------
def test_a_server_that_lags_is_waited_for(weather: MakeWeather) -> None:
    here = weather("lags.com.")
    here.when_heard("1 of 2 authoritative servers answer the new data", here.hoster.catch_up)
    result = here.enroll()
    assert ended(result) == DONE
    assert verdicts(result) == {"ns1": "new", "ns2": "new"}
    assert here.heard[-1] == "2 of 2 authoritative servers answer the new data"
    assert here.states(result.change_id) == ["intended", "written", "authoritative"]


def test_one_that_lags_beyond_the_timeout_leaves_it_overdue_until_a_later_check_sees_it(weather: MakeWeather) -> None:
    here = weather("lags.com.")
    result = here.enroll(timeout_s=SHORT_S)
    assert ended(result) == OVERDUE
    assert verdicts(result) == {"ns1": "new", "ns2": "old"}
    assert (result.message, result.changed) == (NOT_YET, True)
    assert result.hint == "registrar-sync check lags.com --account hoster --wait authoritative"
    assert [(one.what, one.domain) for one in here.due()] == [("check", "lags.com.")]
    checked = here.check()
    assert ended(checked) == PARTLY
    assert verdicts(checked) == {"ns1": "new", "ns2": "old"}
    assert findings(checked)["not-yet-published"][0] == "info"
    here.when_heard("1 of 2", here.hoster.catch_up)
    waited = here.check_waiting()
    assert ended(waited) == DONE
    assert waited.message == "Change 1 (enroll) is served by every authoritative server; the journal knows it now."
    assert here.due() == ()
    assert here.states(result.change_id) == ["intended", "written", "overdue", "authoritative"]


def test_the_same_enrolment_again_writes_nothing_and_waits_for_the_one_that_lags(weather: MakeWeather) -> None:
    here = weather("lags.com.")
    first = here.enroll(timeout_s=SHORT_S)
    again = here.enroll(timeout_s=SHORT_S)
    assert ended(again) == ("nothing-to-do", 4, "pending")
    assert findings(again)["not-yet-published"][0] == "info"
    here.when_heard("1 of 2", here.hoster.catch_up)
    last = here.enroll()
    assert ended(last) == ("nothing-to-do", 0, "authoritative")
    assert len(here.journal.changes()) == 1
    assert here.states(first.change_id)[-1] == "authoritative"


def test_a_rollback_of_what_a_server_never_served_does_not_count_its_old_data_as_the_new(weather: MakeWeather) -> None:
    here = weather("lags.com.")
    assert here.enroll(timeout_s=SHORT_S).state == "overdue"
    result = here.rollback(timeout_s=SHORT_S)  # now ns2 shows just what is wanted, because it knows nothing of either
    assert ended(result) == OVERDUE
    assert verdicts(result) == {"ns1": "new", "ns2": "old"}
    assert details(result)["ns2"] == STILL_PUBLISHING


def test_what_an_overdue_rollback_says_to_do_next_waits_for_the_rollback(weather: MakeWeather) -> None:
    here = weather("lags.com.")
    here.when_heard("1 of 2", here.hoster.catch_up)
    assert here.enroll().ok
    result = here.rollback(timeout_s=SHORT_S)
    assert ended(result) == OVERDUE
    assert result.hint == "registrar-sync watch lags.com"  # check would wait for the service to come back
    here.when_heard("1 waiting", here.hoster.catch_up)
    watched = here.watch(domains=["lags.com"])
    assert ended(watched) == DONE
    assert here.due() == ()
    assert here.states(result.change_id) == ["intended", "written", "overdue", "authoritative"]


def test_a_watch_sees_the_one_that_lags_catch_up(weather: MakeWeather) -> None:
    here = weather("lags.com.")
    written = here.enroll(wait="none")
    assert ended(written) == ("written", 0, "not-asked")
    here.when_heard("1 waiting", here.hoster.catch_up)
    watched = here.watch()
    assert ended(watched) == DONE
    assert verdicts(watched) == {"ns1": "new", "ns2": "new"}
    assert watched.message.startswith("cached elsewhere until ")
    assert here.states(written.change_id) == ["intended", "written", "authoritative"]


@pytest.mark.parametrize(
    ("domain", "told"),
    [
        ("lags.com.", {"ns1": "new", "ns2": "old"}),
        ("lame.com.", {"ns1": "new", "ns2": "unreachable"}),
        ("nameless.com.", {"ns1": "new", "ns.nowhere.test": "unreachable"}),
    ],
)
def test_a_watch_ends_overdue_where_a_server_does_not_follow(weather: MakeWeather, domain: str, told: dict[str, str]) -> None:
    here = weather(domain)
    written = here.enroll(wait="none")
    watched = here.watch(timeout=SHORT_S)
    assert ended(watched) == OVERDUE
    assert verdicts(watched) == told
    assert (watched.message, watched.hint) == (NOT_YET, f"Wait again: registrar-sync watch {domain[:-1]}")
    assert here.states(written.change_id) == ["intended", "written", "overdue"]


# --- several machines behind one address ------------------------------------------------------------------------------
def test_of_several_machines_behind_an_address_one_alone_does_not_count(weather: MakeWeather) -> None:
    here = weather("anycast.com.")
    result = here.enroll(timeout_s=1.0)
    assert ended(result) == OVERDUE
    assert verdicts(result)["ns1"] == "new"
    assert verdicts(result)["ns2"] in ("old", "other")
    for _ in range(3):
        checked = here.check()
        assert ended(checked) == PARTLY
        assert EVERYWHERE not in printed(checked)
    watched = here.watch(timeout=SHORT_S)
    assert ended(watched) == OVERDUE
    assert {"authoritative"} & set(here.states(result.change_id)) == set()


def test_that_such_a_server_has_changed_its_mind_is_said(weather: MakeWeather) -> None:
    here = weather("anycast.com.")
    here.enroll(wait="none")
    told = [details(here.check())["ns2"] for _ in range(2)]  # one look of two in a row falls on the machine that has it
    assert UNSTEADY in told


def test_when_all_machines_have_it_it_counts(weather: MakeWeather) -> None:
    here = weather("anycast.com.")
    here.when_heard("1 of 2", here.hoster.catch_up)
    result = here.enroll()
    assert ended(result) == DONE
    assert ended(here.check()) == DONE


def test_one_that_falls_silent_after_its_first_word_is_called_silent_and_nothing_else(
    internet: Internet, weather: MakeWeather
) -> None:
    # asked before the write, then after it, and then once more
    internet.server("ns2.scripted.com.").scripted.behave("scripted.com.", "MX", "answer", "answer", "drop")
    result = weather("scripted.com.", **IMPATIENT).enroll(timeout_s=SHORT_S)
    assert ended(result) == OVERDUE
    assert verdicts(result) == {"ns1": "new", "ns2": "unreachable"}
    assert details(result)["ns2"].startswith("no answer")


# --- servers that lie -------------------------------------------------------------------------------------------------
def test_answers_with_another_id_question_or_source_are_none(weather: MakeWeather) -> None:
    here = weather("liar.com.", **IMPATIENT)
    result = here.enroll(timeout_s=SHORT_S)
    assert ended(result) == OVERDUE
    assert verdicts(result) == {"ns1": "new", "id": "unreachable", "question": "unreachable", "source": "unreachable"}
    garbled = "its answer is garbled or not to our question"
    assert details(result) == {
        "ns1": "",
        "id": garbled,
        "question": garbled,
        "source": SILENT,
    }
    assert "liar.com do not answer for it: id.liar.com" in findings(result)["delegation-lame"][1]


def test_forged_answers_do_not_keep_the_honest_one_out(internet: Internet, weather: MakeWeather) -> None:
    internet.server("ns2.scripted.com.").scripted.behave("scripted.com.", "MX", "flood")
    here = weather("scripted.com.")
    result = here.enroll()
    assert ended(result) == DONE
    assert verdicts(result) == {"ns1": "new", "ns2": "new"}


WRONG: list[tuple[Behaviour, str]] = [
    ("refused", "REFUSED"),
    ("servfail", "SERVFAIL"),
    ("formerr", "FORMERR"),
    ("not-aa", "not authoritative (lame)"),
    ("referral", "not authoritative (lame)"),
    ("other-owner", "its answer is about another name"),
    ("contradiction", "NXDOMAIN beside data: it contradicts itself"),
    ("garbage", "its answer is garbled or not to our question"),
    ("tc-always", "its answer is truncated even over TCP"),
]


@pytest.mark.parametrize(("behaviour", "why"), WRONG, ids=[behaviour for behaviour, _ in WRONG])
def test_what_a_server_says_wrongly_is_no_answer_and_never_that_there_is_no_data(
    internet: Internet, weather: MakeWeather, behaviour: Behaviour, why: str
) -> None:
    internet.server("ns2.scripted.com.").scripted.behave("scripted.com.", "MX", behaviour)
    here = weather("scripted.com.", **IMPATIENT)
    planned = here.plan()
    where = internet.server("ns2.scripted.com.")
    assert planned.state == "planned"
    assert findings(planned)["authoritative-unreachable"] == (
        "warn",
        f"Not every authoritative server could be asked: ns2.scripted.com ({where.address}:{where.port}): {why}",
    )
    result = here.enroll(timeout_s=SHORT_S)
    assert ended(result) == OVERDUE
    assert (verdicts(result), details(result)["ns2"]) == ({"ns1": "new", "ns2": "unreachable"}, why)


# --- port 53 closed ---------------------------------------------------------------------------------------------------
CLOSED = "No authoritative server can be asked from here, so nothing is proven;"


@pytest.fixture
def closed(internet: Internet) -> dict[str, Any]:
    """Options of a resolver from which no authoritative server can be reached."""
    return {**IMPATIENT, "port": free_port(ipv6=internet.ipv6)}


def test_where_only_a_recursive_resolver_can_be_asked_that_is_said_and_nothing_is_proven(
    internet: Internet, weather: MakeWeather, closed: dict[str, Any]
) -> None:
    here = weather("normal.com.", **closed)
    held = here.enroll()
    assert ended(held) == ("refused", 5, "")
    assert {id_: severity for id_, (severity, _) in findings(held).items()} == {
        "authoritative-unreachable": "block",
        "port-53-closed": "warn",
        "delegation-by-resolver": "info",
    }
    recursive = f"127.20.53.1:{internet.port}"
    assert findings(held)["port-53-closed"][1] == (
        "Port 53 to the zone's name servers seems to be closed from here: none answers."
        f" The recursive resolver does: {recursive}."
    )
    result = here.enroll(timeout_s=SHORT_S, accept=frozenset({"authoritative-unreachable"}))
    assert ended(result) == OVERDUE
    assert everyone(result, "unreachable")
    assert verdicts(result, "recursive") == {"127.20.53.1": "new"}
    assert result.message == f"Written and read back. {CLOSED} {recursive} shows the new data, for itself alone."
    assert EVERYWHERE not in printed(result)
    checked = here.check()
    assert ended(checked) == NOT_ASKED
    assert everyone(checked, "unreachable")
    assert checked.message == f"The DNS could not be asked: {CLOSED} {recursive} shows the new data, for itself alone."
    assert here.states(result.change_id) == ["intended", "written", "overdue"]


def test_where_port_53_is_closed_altogether_one_over_https_is_asked_openly(
    internet: Internet, weather: MakeWeather, closed: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def as_unbound_knows(query: dns.message.Message) -> dns.message.Message:
        return dns.query.udp(query, internet.recursive.address, port=internet.port, timeout=5.0)

    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "authority.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authority.pem"))
    with doh_server(authority.issue_cert(HOST), as_unbound_knows) as (port, _):
        here = weather("normal.com.", **closed, recursives=[NOBODY], also=AlsoAsked(doh=(at(port),)))
        over_https = f"{HOST} (127.0.0.1:{port})"
        result = here.enroll(timeout_s=SHORT_S, accept=frozenset({"authoritative-unreachable"}))
        assert ended(result) == OVERDUE
        assert findings(result)["port-53-closed"] == (
            "warn",
            (
                "Port 53 is closed from here: no name server of the zone and no recursive resolver answers."
                f" Asked over HTTPS instead: {over_https}."
            ),
        )
        assert verdicts(result, "recursive") == {"127.20.66.99": "unreachable", "doh.example.net": "new"}
        assert result.message == f"Written and read back. {CLOSED} {over_https} shows the new data, for itself alone."
        checked = here.check()
        assert ended(checked) == NOT_ASKED
        assert everyone(checked, "unreachable")
        assert f"recursive resolver {over_https}: new" in printed(checked)


def test_without_one_over_https_nothing_is_known_and_nothing_written(weather: MakeWeather, closed: dict[str, Any]) -> None:
    here = weather("normal.com.", **closed, recursives=[NOBODY])
    held = here.enroll()
    assert ended(held) == ("refused", 5, "")
    severity, message = findings(held)["delegation-unknown"]
    assert severity == "block"
    assert message.startswith("The name servers could not be looked up: No recursive resolver could tell the NS records")
    assert findings(held)["service-not-checked"][0] == "warn"
    assert not {"not-delegated", "service-spf-broken", "service-host-broken"} & set(findings(held))
    assert here.journal.changes() == []
    checked = here.check()
    assert (ended(checked), rows(checked)) == (NOT_ASKED, [])
    assert checked.message.startswith("The DNS could not be asked: No recursive resolver could tell")


# --- the service's own names ------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("owner", "rtype", "finding"),
    [("includespf", "TXT", "service-spf-broken"), ("france", "A", "service-host-broken")],
)
def test_a_name_of_the_service_that_is_gone_holds_the_change_back(
    internet: Internet, weather: MakeWeather, owner: str, rtype: str, finding: str
) -> None:
    internet.set_rrset("security-mail.net.", f"{owner}.security-mail.net.", rtype, 60)
    here = weather("normal.com.")
    held = here.enroll()
    severity, message = findings(held)[finding]
    assert (ended(held), severity) == (("refused", 5, ""), "block")
    assert f"{owner}.security-mail.net" in message
    assert here.journal.changes() == []


def test_a_resolver_that_fails_makes_the_service_unknown_and_not_broken(internet: Internet, weather: MakeWeather) -> None:
    hints = {name: (address,) for name, address in internet.root_hints}
    with NameServer(recursive=True, default="servfail") as failing:
        here = weather("normal.com.", recursives=[(failing.address, failing.port)], also=AlsoAsked(root_hints=hints))
        result = here.enroll()
    severity, message = findings(result)["service-not-checked"]
    assert severity == "warn"
    assert "the TXT records of includespf.security-mail.net could not be looked up" in message
    assert not {"service-spf-broken", "service-host-broken", "port-53-closed"} & set(findings(result))
    assert ended(result) == DONE  # the authoritative servers prove it
    (cache,) = rows(result, "recursive")
    assert (cache.verdict, cache.detail) == ("unreachable", "SERVFAIL")


def test_the_dns_and_the_api_tell_different_things(internet: Internet, weather: MakeWeather) -> None:
    here = weather("normal.com.")
    internet.set_rrset("normal.com.", "normal.com.", "MX", 60, "7 other.example.")
    held = here.enroll()
    severity, message = findings(held)["api-dns-differ"]
    assert (ended(held), severity) == (("refused", 5, ""), "block")
    assert str(Mx(7, "other.example.")) in message
