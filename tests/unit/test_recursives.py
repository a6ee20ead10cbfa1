"""What recursive resolvers say: information beside the verdict, and what it tells of the network and of signatures."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from registrar_sync.core.elsewhere import BOGUS, bogus_text, closed_text, judge_recursives, port_53_closed
from registrar_sync.core.model import Mx, Rdata, Record, RRset, Txt
from registrar_sync.core.observation import NO_ANSWER, Answer, Observation, Server
from registrar_sync.core.visibility import NO_ROUTE, ServerVerdict, Target, overall

NOW = datetime(2026, 11, 23, 14, 0, tzinfo=UTC)
HERE = Server(name="192.0.2.53", address="192.0.2.53")
GOOGLE = Server(name="dns.google.", address="8.8.8.8", port=443)
NS1 = Server(name="ns1.example.net.", address="192.0.2.1")
OLD_SPF, NEW_SPF = Txt((b"v=spf1 mx ~all",)), Txt((b"v=spf1 mx include:x.example ~all",))
OLD_MX, NEW_MX = Mx(5, "mailgate.example.com."), Mx(3, "france.security-mail.net.")
SILENT = Answer(status="unreachable", detail=f"{NO_ANSWER} by UDP or TCP within 2 s a try")
REFUSED = Answer(status="unreachable", detail="REFUSED")


def rrset(rtype: str, value: Rdata) -> RRset:
    return RRset(owner="example.com.", rtype=rtype, records=(Record(rdata=value, ttl=3600),))


CHANGE = Target(
    before={"TXT": rrset("TXT", OLD_SPF), "MX": rrset("MX", OLD_MX)},
    after={"TXT": rrset("TXT", NEW_SPF), "MX": rrset("MX", NEW_MX)},
)
FIRST = replace(CHANGE, before={"TXT": None, "MX": None})


def data(value: Rdata, ttl: int | None = 3600) -> Answer:
    return Answer(status="data", values=frozenset({value}), ttl=ttl)


def cached(txt: Answer, mx: Answer, *, server: Server = HERE, over_https: bool = False) -> Observation:
    return Observation(server=server, answers={"TXT": txt, "MX": mx}, over_https=over_https)


def one(seen: Observation, target: Target = CHANGE, *, old_until: datetime | None = None) -> ServerVerdict:
    (row,) = judge_recursives([seen], target, now=NOW, old_until=old_until)
    assert row.role == "recursive"
    return row


# --- what a cache shows -----------------------------------------------------------------------------------------------
def test_a_cache_that_shows_all_of_the_new_data_is_new() -> None:
    row = one(cached(data(NEW_SPF), data(NEW_MX)))
    assert (row.verdict, row.until) == ("new", None)


def test_a_cache_with_the_old_data_says_for_how_long_by_its_own_ttl() -> None:
    row = one(cached(data(OLD_SPF, 1200), data(OLD_MX, 60)), old_until=NOW + timedelta(hours=1))
    assert (row.verdict, row.until) == ("old", NOW + timedelta(seconds=1200))


def test_but_not_longer_than_any_cache_can_hold_it() -> None:
    until = NOW + timedelta(seconds=30)
    assert one(cached(data(OLD_SPF, 1200), data(OLD_MX, 60)), old_until=until).until == until


def test_where_it_tells_no_ttl_the_journals_time_counts() -> None:
    until = NOW + timedelta(seconds=30)
    assert one(cached(data(OLD_SPF, None), data(OLD_MX, 60)), old_until=until).until == until
    assert one(cached(data(OLD_SPF, None), data(OLD_MX, 60))).until is None


def test_the_old_mx_beside_the_new_spf_is_old_until_the_mx_is_gone() -> None:
    row = one(cached(data(NEW_SPF, 3600), data(OLD_MX, 60)))
    assert (row.verdict, row.detail, row.until) == ("old", "still the old MX", NOW + timedelta(seconds=60))


def test_that_there_is_no_such_data_is_old_where_nothing_stood_before_and_lives_for_the_negative_ttl() -> None:
    nothing = Answer(status="absent", ttl=300)
    row = one(cached(nothing, nothing), FIRST)
    assert (row.verdict, row.until) == ("old", NOW + timedelta(seconds=300))


def test_no_data_where_some_stood_before_is_absent() -> None:
    nothing = Answer(status="absent", ttl=300)
    row = one(cached(nothing, nothing))
    assert (row.verdict, row.until) == ("absent", NOW + timedelta(seconds=300))


def test_data_that_is_neither_the_old_nor_the_new_is_other() -> None:
    assert one(cached(data(NEW_SPF), data(Mx(1, "else.example.")))).verdict == "other"


@pytest.mark.parametrize("answer", [SILENT, REFUSED, Answer(status="unreachable", detail="SERVFAIL")])
def test_a_resolver_that_does_not_answer_is_unreachable_never_absent(answer: Answer) -> None:
    row = one(cached(answer, data(NEW_MX)))
    assert (row.verdict, row.detail) == ("unreachable", answer.detail)


def test_an_answer_held_back_for_its_signatures_is_bogus_and_nothing_else() -> None:
    bogus = Answer(status="bogus", detail=BOGUS)
    row = one(cached(bogus, bogus))
    assert (row.verdict, row.detail) == ("bogus", BOGUS)


@pytest.mark.parametrize("verdict", ["old", "absent", "unreachable", "other", "bogus"])
def test_whatever_a_recursive_resolver_says_authoritative_stays_authoritative(verdict: str) -> None:
    rows = [
        ServerVerdict(server=NS1, verdict="new"),
        ServerVerdict(server=HERE, verdict=verdict, role="recursive"),  # type: ignore[arg-type]
    ]
    assert overall(rows)


# --- port 53 ----------------------------------------------------------------------------------------------------------
def authoritative(*answers: Answer) -> list[Observation]:
    return [Observation(server=NS1, answers={"TXT": answer, "MX": answer}) for answer in answers]


ANSWERED = cached(data(OLD_SPF), data(OLD_MX))
OVER_HTTPS = cached(data(OLD_SPF), data(OLD_MX), server=GOOGLE, over_https=True)
UNANSWERED = cached(SILENT, SILENT)


@pytest.mark.parametrize("elsewhere", [[ANSWERED], [UNANSWERED, OVER_HTTPS]])
def test_port_53_is_closed_where_no_name_server_says_anything_and_somebody_else_does(elsewhere: list[Observation]) -> None:
    assert port_53_closed(authoritative(SILENT, SILENT), elsewhere)


def test_where_nobody_says_anything_it_may_be_the_network_or_the_zone() -> None:
    assert not port_53_closed(authoritative(SILENT), [UNANSWERED])
    assert not port_53_closed(authoritative(SILENT), [])


def test_a_resolver_that_cannot_reach_the_zone_either_speaks_against_it() -> None:
    servfail = Answer(status="unreachable", detail="SERVFAIL")
    assert not port_53_closed(authoritative(SILENT), [cached(servfail, servfail)])


@pytest.mark.parametrize("answer", [REFUSED, data(OLD_SPF)])
def test_a_name_server_that_refuses_has_been_reached(answer: Answer) -> None:
    assert not port_53_closed(authoritative(SILENT, answer), [ANSWERED])


def test_addresses_that_this_machine_has_no_route_to_say_nothing() -> None:
    no_route = Answer(status="unreachable", detail=NO_ROUTE)
    assert not port_53_closed(authoritative(no_route), [ANSWERED])
    assert port_53_closed(authoritative(no_route, SILENT), [ANSWERED])


def test_it_is_said_who_was_asked_instead_and_how() -> None:
    assert "over HTTPS instead: dns.google (8.8.8.8:443)" in closed_text([UNANSWERED, OVER_HTTPS])
    assert "192.0.2.53" in closed_text([ANSWERED])
    assert "HTTPS" not in closed_text([ANSWERED])


def test_a_zone_with_signatures_that_do_not_validate_is_named_with_who_says_so() -> None:
    text = bogus_text("example.com.", [HERE])
    assert "example.com" in text
    assert "192.0.2.53" in text
    assert "Mail for this domain fails" in text
