"""The options of the MX half, carried through: written, read back, seen in the DNS, and taken back."""

from __future__ import annotations

from pathlib import Path

import pytest

from registrar_sync.core.model import Other
from registrar_sync.core.wish import Edits
from tests.unit.stage import OWNER, Stage, a, data, mx, txt

SPF = txt("v=spf1 include:includespf.security-mail.net ~all")


def stage_with(folder: Path, *rows: tuple[int, str], staged: bool = False) -> Stage:
    return Stage(folder, SPF, *([mx(*rows)] if rows else []), a("192.0.2.1"), staged=staged)


@pytest.mark.parametrize("staged", [False, True])
def test_a_set_without_room_is_renumbered_and_goes_back(tmp_path: Path, staged: bool) -> None:
    stage = stage_with(tmp_path, (0, "mailgate.example.com."), (2, "mailgate.example.com."), (9, "smtp.isp.net."), staged=staged)
    start = stage.values("MX")
    refused = stage.enroll()
    assert (refused.state, stage.values("MX")) == ("refused", start)
    result = stage.enroll(edits=Edits(renumber="shift"))
    assert result.state == "authoritative", result.message
    assert stage.values("MX") == {
        "0 france.security-mail.net.",
        "1 europe.security-mail.net.",
        "2 mailgate.example.com.",
        "4 mailgate.example.com.",
        "11 smtp.isp.net.",
    }
    assert stage.rollback().state == "authoritative"
    assert stage.values("MX") == start


def test_a_row_that_stands_twice_is_taken_out_alone(tmp_path: Path) -> None:
    stage = stage_with(tmp_path, (9, "mailgate.example.com."), (9, "mailgate.example.com."))
    assert stage.enroll().state == "authoritative"
    standing = stage.values("MX")
    result = stage.enroll(edits=Edits(dedupe=True))
    assert (result.state, result.changed) == ("authoritative", True), result.message
    stored = stage.provider.stored(OWNER, "MX")
    assert stored
    assert (stage.values("MX"), len(stored.records)) == (standing, 3)
    assert stage.enroll(edits=Edits(dedupe=True)).state == "nothing-to-do"


def test_the_domains_own_address_is_kept_as_the_fallback(tmp_path: Path) -> None:
    stage = stage_with(tmp_path)
    stage.dns.world[OWNER, "A"] = data(Other("192.0.2.1"))
    result = stage.enroll(edits=Edits(keep_implicit=True))
    assert {finding.id for finding in result.findings} == {"mx-implicit-kept"}
    assert f"10 {OWNER}" in stage.values("MX")
    stage.rollback()
    assert stage.values("MX") == set()


def test_what_the_plan_needs_to_know_of_the_customers_hosts_is_looked_up(tmp_path: Path) -> None:
    stage = stage_with(tmp_path, (9, "mailgate.example.com."), (20, "gone.example.net."))
    stage.dns.world["_25._tcp.mailgate.example.com.", "TLSA"] = data(Other("3 1 1 00ff"))
    found = {finding.id: finding.message for finding in stage.plan().findings}
    assert set(found) == {"mx-exchange-unresolved", "mx-dane"}
    assert "20 gone.example.net" in found["mx-exchange-unresolved"]
