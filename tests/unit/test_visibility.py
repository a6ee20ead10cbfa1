"""What servers' answers mean: verdicts, the gate of an unfinished publication, the end of the old answer."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import pytest

from registrar_sync.core.model import Mx, Rdata, Record, RRset, Txt
from registrar_sync.core.observation import Answer, Observation, Server
from registrar_sync.core.ticket import nslookup_lines
from registrar_sync.core.visibility import (
    NO_ROUTE,
    STILL_PUBLISHING,
    UNKNOWN_NEGATIVE_TTL_S,
    Gate,
    ServerVerdict,
    ServerWord,
    Target,
    judge,
    old_until,
    overall,
)

NOW = datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC)
OWNER = "example.com."
NS1 = Server(name="ns1.example.net.", address="192.0.2.1")
NS2 = Server(name="ns2.example.net.", address="192.0.2.2")
OTHER_TXT = "google-site-verification=abc"
OLD_SPF, NEW_SPF = "v=spf1 mx ~all", "v=spf1 mx include:includespf.security-mail.net ~all"
OLD_MX = (Mx(5, "mailgate.example.com."),)
NEW_MX = (Mx(3, "france.security-mail.net."), Mx(4, "europe.security-mail.net."), *OLD_MX)


def rrset(rtype: str, *values: Rdata, ttl: int = 3600) -> RRset:
    return RRset(owner=OWNER, rtype=rtype, records=tuple(Record(rdata=value, ttl=ttl) for value in values))


def txt(*texts: str) -> tuple[Txt, ...]:
    return tuple(Txt((text.encode(),)) for text in texts)


def answer(*values: Rdata, ttl: int = 3600) -> Answer:
    return Answer(status="data", values=frozenset(values), ttl=ttl) if values else Answer(status="absent", ttl=300)


def seen(
    texts: tuple[str, ...] = (), mx: tuple[Mx, ...] = (), *, server: Server = NS1, serial: int | None = 7, **answers: Answer
) -> Observation:
    both = {"TXT": answer(*txt(*texts)), "MX": answer(*mx)} | answers
    return Observation(server=server, answers=both, serial=serial, negative_ttl=300)


def images(spf: str | None, mx: tuple[Mx, ...]) -> Mapping[str, RRset | None]:
    return {"TXT": rrset("TXT", *txt(OTHER_TXT, *([spf] if spf else []))), "MX": rrset("MX", *mx) if mx else None}


ENROLMENT = Target(before=images(OLD_SPF, OLD_MX), after=images(NEW_SPF, NEW_MX))
FIRST_ENROLMENT = Target(before={"TXT": None, "MX": None}, after=images(NEW_SPF, NEW_MX))
REMOVAL = Target(before=images(NEW_SPF, NEW_MX), after={"TXT": None, "MX": None})


def one(observation: Observation, target: Target = ENROLMENT, gate: Gate | None = None, now: datetime = NOW) -> ServerVerdict:
    (verdict,) = judge([observation], target, now=now, gate=gate)
    return verdict


# --- one server -------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("observation", "target", "verdict"),
    [
        (seen((NEW_SPF, OTHER_TXT), NEW_MX), ENROLMENT, "new"),
        (seen((OLD_SPF, OTHER_TXT), OLD_MX), ENROLMENT, "old"),
        (seen((OTHER_TXT,)), ENROLMENT, "absent"),
        (seen((NEW_SPF,), OLD_MX), ENROLMENT, "other"),
        (seen((), ()), FIRST_ENROLMENT, "old"),
        (seen((), ()), REMOVAL, "new"),
        (seen((OTHER_TXT,)), REMOVAL, "new"),
        (seen((NEW_SPF,), NEW_MX), REMOVAL, "old"),
    ],
)
def test_a_server_is_judged_by_its_spf_and_mx(observation: Observation, target: Target, verdict: ServerWord) -> None:
    assert one(observation, target).verdict == verdict


@pytest.mark.parametrize("neighbours", [(), ("something else",), ("a", "b", "c")])
def test_what_neighbours_do_to_their_txt_values_does_not_matter(neighbours: tuple[str, ...]) -> None:
    assert one(seen((NEW_SPF, *neighbours), NEW_MX)).verdict == "new"
    assert one(seen((OLD_SPF, *neighbours), OLD_MX)).verdict == "old"


def test_a_second_spf_record_is_not_the_new_data() -> None:
    verdict = one(seen((OLD_SPF, NEW_SPF), NEW_MX))
    assert verdict.verdict == "other"
    assert verdict.detail.startswith(f"SPF: {NEW_SPF} | {OLD_SPF}; MX: ")


def test_other_data_is_told_in_words_a_person_understands() -> None:
    assert one(seen((OTHER_TXT,), (*OLD_MX, Mx(40, "smtp.isp.net.")))).detail == (
        "SPF: none; MX: 5 mailgate.example.com., 40 smtp.isp.net."
    )
    assert one(seen((NEW_SPF,), ())).detail == f"SPF: {NEW_SPF}; MX: none"


def test_where_character_strings_are_cut_does_not_matter() -> None:
    cut = answer(Txt((NEW_SPF[:20].encode(), NEW_SPF[20:].encode())))
    assert one(seen((), NEW_MX, TXT=cut)).verdict == "new"


def test_where_nothing_changes_equal_means_new() -> None:
    same = Target(before=ENROLMENT.after, after=ENROLMENT.after)
    assert one(seen((NEW_SPF,), NEW_MX), same).verdict == "new"


def test_a_type_that_the_change_does_not_touch_is_not_judged() -> None:
    spf_only = Target(before={"TXT": ENROLMENT.before["TXT"]}, after={"TXT": ENROLMENT.after["TXT"]})
    assert one(seen((NEW_SPF,), (Mx(1, "whoever.example."),)), spf_only).verdict == "new"
    assert one(seen((NEW_SPF,), MX=Answer(status="unreachable", detail="SERVFAIL")), spf_only).verdict == "new"


@pytest.mark.parametrize("rtype", ["TXT", "MX"])
def test_one_unanswered_type_makes_a_server_unreachable_never_absent(rtype: str) -> None:
    answers = {"TXT": answer(), "MX": answer()} | {rtype: Answer(status="unreachable", detail="SERVFAIL")}
    verdict = one(Observation(server=NS1, answers=answers))
    assert (verdict.verdict, verdict.detail) == ("unreachable", "SERVFAIL")


def test_a_type_that_was_not_asked_is_not_absent() -> None:
    assert one(Observation(server=NS1, answers={"TXT": answer(*txt(NEW_SPF))})).verdict == "unreachable"


def test_an_alias_is_neither_new_nor_absent() -> None:
    alias = Answer(status="data", detail="CNAME to host.example.net")
    verdict = one(seen(TXT=alias, MX=alias), REMOVAL)
    assert (verdict.verdict, verdict.detail) == ("other", "CNAME to host.example.net")


def test_verdicts_come_in_the_order_of_the_servers() -> None:
    verdicts = judge([seen(server=NS2), seen((NEW_SPF,), NEW_MX)], ENROLMENT, now=NOW, gate=None)
    assert [(verdict.server, verdict.verdict, verdict.role) for verdict in verdicts] == [
        (NS2, "absent", "authoritative"),
        (NS1, "new", "authoritative"),
    ]


# --- the gate ---------------------------------------------------------------------------------------------------------
LEFTOVER = seen((OLD_SPF,), OLD_MX, serial=7)
BACK = Target(before=images(NEW_SPF, NEW_MX), after=images(OLD_SPF, OLD_MX))


def test_a_leftover_equal_to_the_target_does_not_count_while_an_earlier_write_is_unpublished() -> None:
    verdict = one(LEFTOVER, BACK, Gate(serials={"192.0.2.1": 7}, until=NOW + timedelta(seconds=1)))
    assert (verdict.verdict, verdict.detail) == ("old", STILL_PUBLISHING)


@pytest.mark.parametrize("serial", [8, 6, 0])
def test_once_the_serial_has_moved_either_way_the_equal_answer_counts(serial: int) -> None:
    gate = Gate(serials={"192.0.2.1": serial}, until=None)
    assert one(LEFTOVER, BACK, gate).verdict == "new"


def test_a_moved_serial_does_not_make_other_data_new() -> None:
    assert one(seen((NEW_SPF,), NEW_MX), BACK, Gate(serials={"192.0.2.1": 6}, until=None)).verdict == "old"


@pytest.mark.parametrize(("serials_before", "serial"), [({}, 7), ({"192.0.2.2": 6}, 7), ({"192.0.2.1": 6}, None)])
def test_an_unknown_serial_counts_as_not_moved(serials_before: dict[str, int], serial: int | None) -> None:
    observation = seen((OLD_SPF,), OLD_MX, serial=serial)
    assert one(observation, BACK, Gate(serials=serials_before, until=NOW + timedelta(hours=1))).verdict == "old"
    assert one(observation, BACK, Gate(serials=serials_before, until=None)).verdict == "old"


def test_when_the_providers_budget_is_over_the_equal_answer_counts() -> None:
    assert one(LEFTOVER, BACK, Gate(serials={"192.0.2.1": 7}, until=NOW)).verdict == "new"


def test_serials_are_kept_apart_by_address_and_port() -> None:
    other_port = seen((OLD_SPF,), OLD_MX, server=Server(name="ns1.example.net.", address="192.0.2.1", port=5300), serial=7)
    gate = Gate(serials={"192.0.2.1": 6, "192.0.2.1:5300": 7}, until=None)
    assert [row.verdict for row in judge([LEFTOVER, other_port], BACK, now=NOW, gate=gate)] == ["new", "old"]


# --- all servers ------------------------------------------------------------------------------------------------------
def verdict(kind: ServerWord, server: Server = NS1, detail: str = "") -> ServerVerdict:
    return ServerVerdict(server=server, verdict=kind, detail=detail)


def test_all_authoritative_servers_new_is_authoritative() -> None:
    assert overall([verdict("new"), verdict("new", NS2)])


@pytest.mark.parametrize("kind", ["old", "absent", "unreachable", "other"])
def test_one_server_that_is_not_new_is_enough_to_wait(kind: ServerWord) -> None:
    assert not overall([verdict("new"), verdict(kind, NS2)])


def test_no_server_proves_nothing() -> None:
    assert not overall([])


def test_recursive_resolvers_neither_prove_nor_delay_it() -> None:
    recursive = ServerVerdict(server=NS2, role="recursive", verdict="new")
    assert not overall([recursive])
    assert overall([verdict("new"), ServerVerdict(server=NS2, role="recursive", verdict="old")])


def test_an_address_this_machine_has_no_route_to_is_left_out_where_the_same_server_answered_at_another() -> None:
    ipv6_of_ns1 = Server(name="ns1.example.net.", address="2001:db8::1")
    no_route = verdict("unreachable", ipv6_of_ns1, NO_ROUTE)
    assert overall([verdict("new"), no_route])
    assert not overall([no_route])
    assert not overall([verdict("new", NS2), no_route])
    assert not overall([verdict("old"), no_route])
    assert not overall([verdict("new"), verdict("unreachable", ipv6_of_ns1, "no answer by UDP or TCP within 2 s a try")])


# --- the end of the old answer ----------------------------------------------------------------------------------------
def until(before: Mapping[str, RRset | None], changed: tuple[str, ...], *observations: Observation) -> float:
    return (old_until(NOW, before, changed, observations) - NOW).total_seconds()


def test_the_old_answer_lives_for_the_longest_old_ttl_of_the_changed_types() -> None:
    before = {"TXT": rrset("TXT", *txt(OLD_SPF), ttl=600), "MX": rrset("MX", *OLD_MX, ttl=86400)}
    assert until(before, ("TXT", "MX")) == 86400
    assert until(before, ("TXT",)) == 600
    assert until(before, ()) == 0


def test_where_records_of_a_set_differ_in_ttl_the_longest_counts() -> None:
    uneven = RRset(owner=OWNER, rtype="MX", records=(Record(rdata=OLD_MX[0], ttl=60), Record(rdata=NEW_MX[0], ttl=900)))
    assert until({"MX": uneven}, ("MX",)) == 900


def test_a_ttl_served_longer_than_the_api_says_counts() -> None:
    observation = Observation(server=NS1, answers={"MX": answer(*OLD_MX, ttl=7200)})
    assert until({"MX": rrset("MX", *OLD_MX, ttl=600)}, ("MX",), observation) == 7200


def test_where_nothing_stood_the_negative_ttl_counts() -> None:
    assert until({"TXT": None, "MX": None}, ("TXT", "MX"), seen()) == 300
    disabled = RRset(owner=OWNER, rtype="MX", records=(Record(rdata=OLD_MX[0], ttl=9999, disabled=True),))
    assert until({"MX": disabled}, ("MX",), seen()) == 300


def test_where_no_server_told_its_soa_three_hours_are_assumed() -> None:
    assert until({"MX": None}, ("MX",)) == UNKNOWN_NEGATIVE_TTL_S == 3 * 3600


# --- lines for a ticket -----------------------------------------------------------------------------------------------
def test_the_lines_for_a_ticket_are_those_of_nslookup() -> None:
    texts = answer(Txt((b"v=spf1 mx ", b"~all")), Txt((b'say "hi" \\ \x1b\xff',)))
    backup = Mx(40, "secours.isp.net.")
    assert nslookup_lines("example.com.", seen((), (backup, *NEW_MX), TXT=texts)) == [
        'example.com\ttext = "say \\"hi\\" \\\\ \\027\\255"',
        'example.com\ttext = "v=spf1 mx " "~all"',
        "example.com\tmail exchanger = 3 france.security-mail.net.",
        "example.com\tmail exchanger = 4 europe.security-mail.net.",
        "example.com\tmail exchanger = 5 mailgate.example.com.",
        "example.com\tmail exchanger = 40 secours.isp.net.",
    ]


def test_what_is_not_there_has_nslookups_line_and_what_was_not_answered_has_none() -> None:
    nothing = "*** Can't find example.com: No answer"
    assert nslookup_lines("example.com.", seen((OTHER_TXT,))) == [f'example.com\ttext = "{OTHER_TXT}"', nothing]
    assert nslookup_lines("example.com.", seen(TXT=Answer(status="unreachable"))) == [nothing]
    assert nslookup_lines("example.com.", Observation(server=NS1)) == []
