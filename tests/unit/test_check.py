"""check: the DNS alone decides, by effect, with four lights; credentials and journal are not needed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from registrar_sync.core.known import PolicyQuestion, Said, SmtpQuestion
from registrar_sync.core.model import Txt
from registrar_sync.core.observation import Answer, Server
from registrar_sync.journal import NoJournal, is_begun
from registrar_sync.operations.check import check
from registrar_sync.operations.desk import Request
from registrar_sync.operations.inquire import Inquiry
from registrar_sync.operations.result import Result
from tests.unit.stage import OWNER, Stage, data, mx, txt

IN_FRONT = mx((3, "france.security-mail.net."), (4, "europe.security-mail.net."), (5, "mailgate.example.com."))
OURS = txt("v=spf1 include:includespf.security-mail.net ~all")
BEHIND = mx((5, "mailgate.example.com."), (10, "france.security-mail.net."), (20, "europe.security-mail.net."))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


def look(stage: Stage) -> Result:
    return check(stage.setting, Request(domain=OWNER))


def words(result: Result) -> dict[str, str]:
    assert result.lights is not None
    return {name: light.light for name, light in result.lights.named()}


def test_an_enrolment_is_authoritative_with_four_green_lights(folder: Path) -> None:
    result = look(Stage(folder, OURS, IN_FRONT))
    assert result.state == "authoritative"
    assert words(result) == dict.fromkeys(("spf", "mx", "delegation", "mta_sts"), "green")
    assert "example.com\tmail exchanger = 3 france.security-mail.net." in result.ticket


def test_a_record_that_covers_the_service_through_another_is_enrolled(folder: Path) -> None:
    stage = Stage(folder, txt("v=spf1 include:dc-ab12._spfm.example.com ~all"), IN_FRONT)
    stage.dns.world["dc-ab12._spfm.example.com.", "TXT"] = data(Txt((b"v=spf1 include:includespf.security-mail.net -all",)))
    result = look(stage)
    assert (result.state, words(result)["spf"]) == ("authoritative", "green")


def test_a_way_that_could_not_be_looked_up_proves_nothing(folder: Path) -> None:
    stage = Stage(folder, txt("v=spf1 redirect=_spf.example.net"), IN_FRONT)
    stage.dns.world["_spf.example.net.", "TXT"] = Answer(status="unreachable", detail="timed out")
    result = look(stage)
    assert (result.state, words(result)["spf"]) == ("not-enrolled", "grey")


def test_hosts_behind_the_customers_are_not_enrolled(folder: Path) -> None:
    result = look(Stage(folder, OURS, BEHIND))
    assert (result.state, words(result)["mx"]) == ("not-enrolled", "red")
    assert "registrar-sync plan example.com --account memory" in result.hint


def test_a_red_light_does_not_change_the_state(folder: Path) -> None:
    stage = Stage(folder, txt("v=spf1 include:gone.example include:includespf.security-mail.net ~all"), IN_FRONT)
    result = look(stage)
    assert (result.state, words(result)["spf"]) == ("authoritative", "red")


def test_a_silent_server_is_a_yellow_delegation_and_some_servers_only(folder: Path) -> None:
    stage = Stage(folder, OURS, IN_FRONT)
    stage.dns.servers = (*stage.dns.servers, Server(name="ns2.example.net.", address="192.0.2.54"))
    stage.dns.silent = frozenset({"192.0.2.54"})
    result = look(stage)
    assert (result.state, words(result)["delegation"]) == ("written", "yellow")


def test_nobody_to_ask_is_an_error_with_grey_lights_and_no_verdict(folder: Path) -> None:
    stage = Stage(folder, OURS, IN_FRONT)
    stage.dns.fails = True
    result = look(stage)
    assert result.error is not None
    assert result.error.kind == "lookup-failed"
    assert set(words(result).values()) == {"grey"}


def test_a_domain_that_is_not_delegated_has_a_red_delegation(folder: Path) -> None:
    stage = Stage(folder, OURS, IN_FRONT)
    stage.dns.zone = None
    result = look(stage)
    assert (result.state, result.error, words(result)["delegation"]) == ("not-enrolled", None, "red")


def test_an_enrolment_on_its_way_is_judged_by_the_journal_and_lit_by_the_dns(folder: Path) -> None:
    stage = Stage(folder)
    look(stage)
    stage.dns.lag_s = 600
    stage.enroll(wait="none")
    result = look(stage)
    assert result.visibility is not None
    assert [row.verdict for row in result.visibility.servers] == ["old"]
    assert {f.id for f in result.findings} == {"not-yet-published"}
    assert words(result)["spf"] == "red"


# --- the journal --------------------------------------------------------------------------------------------------------
def test_a_journal_that_cannot_be_read_does_not_stand_in_the_way(folder: Path) -> None:
    stage = Stage(folder, OURS, IN_FRONT)
    stage.journal.close()
    (folder / "journal.sqlite").unlink()
    assert look(stage).state == "authoritative"
    assert not (folder / "journal.sqlite").exists()


def test_without_any_journal_it_judges_all_the_same(folder: Path) -> None:
    stage = Stage(folder, OURS, IN_FRONT)
    stage.setting = replace(stage.setting, journal=NoJournal())
    assert look(stage).state == "authoritative"


def test_a_file_without_content_is_no_journal_yet(folder: Path) -> None:
    path = folder / "j.sqlite"
    assert not is_begun(str(path), default=folder / "unused")
    path.touch()
    assert not is_begun(None, default=path)
    path.write_text("something")
    assert is_begun(f"sqlite:///{path}", default=folder / "unused")


# --- what is asked ------------------------------------------------------------------------------------------------------
class Policies:
    """A policy host that serves one policy."""

    def __init__(self, text: str) -> None:
        self.text = text

    def fetch(self, question: PolicyQuestion) -> Said:
        return Said(status="yes", text=self.text)

    def would_take(self, question: SmtpQuestion) -> Said:
        raise AssertionError("check asks no mail host")


def test_an_enforced_policy_without_the_hosts_is_red(folder: Path) -> None:
    stage = Stage(folder, OURS, IN_FRONT)
    stage.dns.world["_mta-sts.example.com.", "TXT"] = data(Txt((b"v=STSv1; id=1;",)))
    stage.dns.world["mta-sts.example.com.", "A"] = data(Txt((b"192.0.2.9",)))
    hosts = Policies("version: STSv1\nmode: enforce\nmx: mailgate.example.com\nmax_age: 86400\n")
    inquiry = Inquiry(resolver=stage.dns, policy_hosts=hosts, mail_hosts=hosts, clock=stage.clock)
    stage.setting = replace(stage.setting, inquiry=inquiry)
    result = look(stage)
    assert (result.state, words(result)["mta_sts"]) == ("authoritative", "red")


def test_lights_are_part_of_the_json_object(folder: Path) -> None:
    shown = look(Stage(folder, OURS, IN_FRONT)).to_json()["lights"]
    assert list(shown) == ["spf", "mx", "delegation", "mta_sts"]
    assert all(set(light) == {"light", "detail"} for light in shown.values())
    assert Stage(folder).plan().to_json()["lights"] is None


def test_the_services_own_records_are_looked_up_once_for_many_domains(folder: Path) -> None:
    stage = Stage(folder, OURS, IN_FRONT)
    asked: list[str] = []
    answer = stage.dns.look_up

    def count(name: str, rtype: str) -> Answer:
        asked.append(name)
        return answer(name, rtype)

    stage.dns.look_up = count  # type: ignore[method-assign]
    for _ in range(3):
        assert look(stage).state == "authoritative"
    assert asked.count("includespf.security-mail.net.") == 1
