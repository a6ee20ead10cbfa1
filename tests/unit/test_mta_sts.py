"""MTA-STS: what a policy says of the hosts that an enrolment adds, and what the enrolment makes of it."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registrar_sync.core.finding import Finding
from registrar_sync.core.known import Known, PolicyQuestion, Said
from registrar_sync.core.model import Other, Txt
from registrar_sync.core.mta_sts import (
    LONGEST_MAX_AGE_S,
    Policy,
    announcements,
    fault_of,
    judge_policy,
    mta_sts_findings,
    parse_policy,
)
from registrar_sync.core.observation import Answer
from registrar_sync.operations.result import Result
from tests.unit.stage import OWNER, Stage, data, mx
from tests.unit.worlds import SILENT, SoundWorld, spf_answer
from tests.unit.zones import EUROPE, FRANCE

TXT_NAME, HOST = "_mta-sts.example.com.", "mta-sts.example.com."
RECORD = "v=STSv1; id=20160831085700Z;"


def policy(*mx_patterns: str, mode: str = "enforce") -> str:
    lines = ["version: STSv1", f"mode: {mode}", *(f"mx: {pattern}" for pattern in mx_patterns), "max_age: 604800"]
    return "\r\n".join(lines) + "\r\n"


# --- the TXT record (RFC 8461 section 3.1) ----------------------------------------------------------------------------
def txts(*texts: str) -> list[Txt]:
    return [Txt((text.encode(),)) for text in texts]


@pytest.mark.parametrize("text", ["v=STSv1; id=1;", "v=STSv1;id=1", "v=STSv1 ; id = abc ", "v=STSv1; x=y; id=1; z=1"])
def test_a_record_with_version_and_id_announces_a_policy(text: str) -> None:
    assert announcements(txts(text)) == (text,)
    assert fault_of((text,)) == ""


@pytest.mark.parametrize(
    "text", ["v=stsv1; id=1;", " v=STSv1; id=1;", "v=STSv1", "v=STSv2; id=1;", "v=spf1 -all", "id=1; v=STSv1;", "v=STSv10; id=1"]
)
def test_other_records_are_discarded(text: str) -> None:
    assert announcements(txts(text)) == ()


@pytest.mark.parametrize("text", ["v=STSv1;", "v=STSv1; id=;", "v=STSv1; id=a-b;", f"v=STSv1; id={'1' * 33};", "v=STSv1; ID=1;"])
def test_a_record_without_a_valid_id_is_said_to_be_faulty(text: str) -> None:
    assert "no valid id" in fault_of(announcements(txts(text)))


def test_two_records_are_one_too_many() -> None:
    assert "2 MTA-STS records" in fault_of(announcements(txts(RECORD, "v=STSv1; id=2;")))


def test_the_strings_of_a_record_are_joined() -> None:
    assert announcements([Txt((b"v=STS", b"v1; id=1;"))]) == ("v=STSv1; id=1;",)


# --- the policy (RFC 8461 section 3.2) --------------------------------------------------------------------------------
def test_a_policy_is_read() -> None:
    assert parse_policy(policy("mail.example.com", "*.Example.NET.")) == Policy(
        mode="enforce", max_age=604800, mx=("mail.example.com", "*.example.net")
    )


def test_lines_may_end_in_lf_and_unknown_fields_are_passed_over() -> None:
    text = "version: STSv1\nmode:testing\nnew_field: x: y\n\nmx: a.example\nmax_age:\t86400"
    assert parse_policy(text) == Policy(mode="testing", max_age=86400, mx=("a.example",))


def test_of_a_field_that_stands_twice_the_first_counts() -> None:
    text = "version: STSv1\nmode: none\nmode: enforce\nmax_age: 1\nmax_age: 2\n"
    assert parse_policy(text) == Policy(mode="none", max_age=1, mx=())


@pytest.mark.parametrize(
    ("age", "seconds"), [("31557600", 31557600), ("9999999999", LONGEST_MAX_AGE_S), ("-1", None), ("x", None)]
)
def test_a_max_age_is_a_year_at_the_most(age: str, seconds: int | None) -> None:
    assert parse_policy(f"version: STSv1\nmode: none\nmax_age: {age}\n").max_age == seconds


@pytest.mark.parametrize(
    "text", ["", "<!DOCTYPE html>\n<p>mode: enforce</p>", "mode: enforce\nmx: a\n", "version: STSv2\nmode: enforce\n",
             "version: STSv1\nmx: a\n", "version: STSv1\nmode: Enforce\n", "version STSv1\nmode enforce\n"],
)  # fmt: skip
def test_what_is_no_policy_says_why(text: str) -> None:
    with pytest.raises(ValueError, match=r"it does not begin as a policy does|its mode is none of"):
        parse_policy(text)


JUNK = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\n:")) | st.sampled_from(
    ["x_y: z", "Mode: none", ""]
)


@given(junk=st.lists(JUNK, min_size=5, max_size=5), end=st.sampled_from(["\n", "\r\n"]))
def test_lines_that_say_nothing_change_nothing(junk: list[str], end: str) -> None:
    lines = policy("mail.example.com").splitlines()
    text = end.join(line for pair in zip(junk, [*lines, ""], strict=True) for line in pair)
    assert parse_policy(text) == parse_policy(policy("mail.example.com"))


@pytest.mark.parametrize(
    ("pattern", "exchange", "listed"),
    [
        ("france.security-mail.net", FRANCE, True),
        ("FRANCE.security-mail.NET", FRANCE, True),
        ("*.security-mail.net", FRANCE, True),
        ("security-mail.net", FRANCE, False),
        ("*.net", FRANCE, False),
        ("*.security-mail.net", "security-mail.net.", False),
        ("*.security-mail.net", "a.b.security-mail.net.", False),
        ("fr*.security-mail.net", FRANCE, False),
        ("*", FRANCE, False),
        (".security-mail.net", FRANCE, False),
        ("", FRANCE, False),
    ],
)
def test_a_pattern_matches_a_host_or_exactly_one_label(pattern: str, exchange: str, listed: bool) -> None:
    assert parse_policy(policy(pattern)).lists(exchange) is listed


# --- what is known of a domain ----------------------------------------------------------------------------------------
def world(text: str = policy(), *, record: Answer | None = None, said: Said | None = None, a: Answer | None = None) -> Known:
    told = {(TXT_NAME, "TXT"): record or spf_answer(RECORD), (HOST, "A"): a or data(Other("192.0.2.7"))}
    served = said or Said(status="yes", text=text)
    return Known(SoundWorld(told, {PolicyQuestion(OWNER, ("192.0.2.7",)): served}))


OURS = (FRANCE, EUROPE)


def test_hosts_that_the_policy_lists_are_fine() -> None:
    known = world(policy("france.security-mail.net", "*.security-mail.net"))
    assert judge_policy(OWNER, OURS, known).unlisted == ()
    assert mta_sts_findings(OWNER, OURS, known) == ()


def test_a_policy_in_mode_enforce_that_does_not_list_them_blocks_and_says_what_to_add() -> None:
    known = world(policy("mail.example.com", "france.security-mail.net"))
    verdict = judge_policy(OWNER, OURS, known)
    assert (verdict.mode, verdict.unlisted, verdict.max_age) == ("enforce", (EUROPE,), 604800)
    (found,) = mta_sts_findings(OWNER, OURS, known)
    assert (found.id, found.severity, found.acceptable) == ("mta-sts-enforce", "block", True)
    for words in ('"mx: europe.security-mail.net"', "https://mta-sts.example.com/.well-known/mta-sts.txt", "_mta-sts.example.com",
                  "change the id", "604800 s"):  # fmt: skip
        assert words in found.message
    assert "france" not in found.message


def test_a_policy_in_mode_testing_is_told() -> None:
    (found,) = mta_sts_findings(OWNER, OURS, world(policy("mail.example.com", mode="testing")))
    assert (found.id, found.severity) == ("mta-sts-testing", "info")
    assert "europe.security-mail.net, france.security-mail.net" in found.message


def test_a_policy_of_mode_none_asks_nothing() -> None:
    assert mta_sts_findings(OWNER, OURS, world(policy(mode="none"))) == ()


@pytest.mark.parametrize("record", [Answer(status="absent", detail="NXDOMAIN"), spf_answer("v=spf1 -all"), Answer(status="data")])
def test_without_a_record_there_is_no_policy_and_nobody_is_asked_for_one(record: Answer) -> None:
    asked = SoundWorld({(TXT_NAME, "TXT"): record})
    assert judge_policy(OWNER, OURS, Known(asked)).mode == "none"
    assert asked.names == [TXT_NAME]


def test_nothing_is_asked_where_no_host_is_new() -> None:
    asked = SoundWorld()
    assert mta_sts_findings(OWNER, (), Known(asked)) == ()
    assert asked.asked == []


@pytest.mark.parametrize(
    ("known", "why"),
    [
        (world(record=SILENT), "could not be looked up"),
        (world(a=Answer(status="absent")), "mta-sts.example.com has no address"),
        (world(a=SILENT), "mta-sts.example.com could not be looked up"),
        (world(said=Said(status="no", text="HTTP 404")), "mta-sts.example.com: HTTP 404"),
        (world(said=Said(status="unknown", text="no answer in time")), "no answer in time"),
        (world("<html>"), "version: STSv1"),
        (world("<html>", record=spf_answer(RECORD, "v=STSv1; id=2")), "2 MTA-STS records stand there"),
    ],
)
def test_a_policy_that_cannot_be_read_is_neither_there_nor_not_there(known: Known, why: str) -> None:
    assert judge_policy(OWNER, OURS, known).mode == "unknown"
    (found,) = mta_sts_findings(OWNER, OURS, known)
    assert (found.id, found.severity) == ("mta-sts-not-checked", "warn")
    assert why in found.message


def test_a_faulty_record_does_not_hide_a_policy_that_some_senders_took() -> None:
    known = world(policy("mail.example.com"), record=spf_answer("v=STSv1; id=2026-01-01;"))
    assert judge_policy(OWNER, OURS, known).mode == "enforce"


def test_a_policy_is_that_of_the_domain_itself_and_no_parents() -> None:
    asked = SoundWorld({(TXT_NAME, "TXT"): spf_answer(RECORD)})
    assert judge_policy("mail.example.com.", OURS, Known(asked)).mode == "none"
    assert asked.names == ["_mta-sts.mail.example.com."]


def test_what_is_not_known_yet_is_asked_for_step_by_step() -> None:
    known = Known()
    assert judge_policy(OWNER, OURS, known).mode == "unknown"
    assert [str(question) for question in known.wanted] == ["DnsQuestion(name='_mta-sts.example.com.', rtype='TXT')"]


# --- an enrolment -----------------------------------------------------------------------------------------------------
@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(tmp_path)


def serve(stage: Stage, text: str) -> None:
    stage.dns.world[TXT_NAME, "TXT"] = data(Txt((RECORD.encode(),)))
    stage.dns.world[HOST, "A"] = data(Other("192.0.2.7"))
    stage.hosts.policies[OWNER] = Said(status="yes", text=text)


def about_sts(result: Result) -> list[Finding]:
    return [found for found in result.findings if found.id.startswith("mta-sts")]


def test_an_enrolment_is_held_back_by_a_policy_in_mode_enforce_and_nothing_is_written(stage: Stage) -> None:
    serve(stage, policy("mailgate.example.com"))
    result = stage.enroll()
    assert result.state == "refused"
    assert "--accept mta-sts-enforce" in result.hint
    assert stage.writes() == 0
    assert stage.is_as_at_the_start()


def test_accepted_it_is_enrolled_and_the_result_says_so(stage: Stage) -> None:
    serve(stage, policy("mailgate.example.com"))
    result = stage.enroll(accept=frozenset({"mta-sts-enforce"}))
    assert result.state == "authoritative"
    (found,) = about_sts(result)
    assert found.message.startswith("(accepted)")


def test_once_the_policy_lists_the_hosts_it_is_enrolled_without_a_word(stage: Stage) -> None:
    serve(stage, policy("mailgate.example.com", "*.security-mail.net"))
    result = stage.enroll()
    assert (result.state, about_sts(result)) == ("authoritative", [])


def test_mode_testing_does_not_hold_it_back(stage: Stage) -> None:
    serve(stage, policy("mailgate.example.com", mode="testing"))
    result = stage.enroll()
    assert (result.state, [found.id for found in about_sts(result)]) == ("authoritative", ["mta-sts-testing"])


def test_a_policy_host_that_does_not_answer_is_said_and_does_not_hold_it_back(stage: Stage) -> None:
    stage.dns.world[TXT_NAME, "TXT"] = data(Txt((RECORD.encode(),)))
    stage.dns.world[HOST, "A"] = data(Other("192.0.2.7"))
    result = stage.enroll()
    assert result.state == "authoritative"
    (found,) = about_sts(result)
    assert (found.id, found.severity) == ("mta-sts-not-checked", "warn")
    assert "nobody answers" in found.message


def test_an_mx_set_that_stays_as_it_is_is_not_judged(tmp_path: Path) -> None:
    stage = Stage(tmp_path, mx((3, FRANCE), (4, EUROPE), (5, "mailgate.example.com.")))
    serve(stage, policy("mailgate.example.com"))
    result = stage.enroll()
    assert (result.state, about_sts(result)) == ("authoritative", [])
