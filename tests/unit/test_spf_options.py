"""The options that edit an SPF record, from the request to the zone and back."""

from __future__ import annotations

from pathlib import Path

import pytest

from registrar_sync.core.model import Txt
from registrar_sync.core.wish import Edits
from registrar_sync.operations.result import Result
from tests.unit.stage import Stage, data, mx, txt

FILTER = "include:includespf.security-mail.net"
MX = mx((3, "france.security-mail.net."), (4, "europe.security-mail.net."), (5, "mailgate.example.com."))


def ids(result: Result) -> set[str]:
    return {finding.id for finding in result.findings}


@pytest.mark.parametrize("staged", [False, True])
def test_a_merge_is_written_read_back_and_taken_back_to_one_record(tmp_path: Path, staged: bool) -> None:
    stage = Stage(tmp_path, txt("MS=ms1", "v=spf1 a -all", "v=spf1 mx -all"), MX, staged=staged)
    refused = stage.enroll()
    assert refused.state == "refused"
    assert "--merge-spf makes them one" in " ".join(finding.message for finding in refused.findings)
    assert stage.writes() == 0

    done = stage.enroll(edits=Edits(merge_spf=True))
    assert done.state == "authoritative"
    assert stage.values("TXT") == {"MS=ms1", f"v=spf1 a mx {FILTER} -all"}
    assert stage.enroll(edits=Edits(merge_spf=True)).state == "nothing-to-do"

    back = stage.rollback()
    assert back.state == "authoritative"
    assert stage.values("TXT") == {"MS=ms1", "v=spf1 a mx -all"}
    assert "spf-merge-kept" in ids(back)


@pytest.mark.parametrize(
    ("before", "after", "edits"),
    [
        (f"v=spf1 {FILTER} -all", f"v=spf1 {FILTER} ~all", Edits(set_all=True)),
        (f"v=spf1 a {FILTER}", f"v=spf1 a {FILTER} ~all", Edits(add_all=True)),
        (f"v=spf1 ?{FILTER} ~all", f"v=spf1 {FILTER} ~all", Edits(fix_qualifier=True)),
        (f"v=spf1 {FILTER} a {FILTER} ~all", f"v=spf1 {FILTER} a ~all", Edits(dedupe=True)),
    ],
)
def test_an_option_works_on_a_record_that_needs_nothing_else_and_is_taken_back(
    tmp_path: Path, before: str, after: str, edits: Edits
) -> None:
    start = (txt(before), MX)
    stage = Stage(tmp_path, *start)
    assert stage.enroll(edits=edits, all_qualifier="~").state == "authoritative"
    assert stage.values("TXT") == {after}
    assert stage.rollback().state == "authoritative"
    assert stage.is_as_at_the_start(*start)


def test_what_another_record_authorises_is_nothing_to_do_and_says_through_which(tmp_path: Path) -> None:
    stage = Stage(tmp_path, txt("v=spf1 include:dc.example ~all"), MX)
    stage.dns.world[("dc.example.", "TXT")] = data(Txt((f"v=spf1 {FILTER} -all".encode(),)))
    result = stage.enroll()
    assert (result.state, result.message) == ("nothing-to-do", "covered-by: dc.example")
    assert "spf-covered" in ids(result)
    assert stage.writes() == 0
