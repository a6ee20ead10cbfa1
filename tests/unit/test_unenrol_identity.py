"""Leaving takes back all that journalled enrolments did, also what is easily forgotten: an ``all``, a TTL lowered meanwhile."""

from __future__ import annotations

from pathlib import Path

from registrar_sync.core.guard import KINDS
from registrar_sync.core.model import Txt
from registrar_sync.core.wish import Edits
from registrar_sync.operations.desk import Request
from registrar_sync.operations.prepare import finish, prepare
from registrar_sync.operations.result import Result
from registrar_sync.operations.unenrol import unenroll
from tests.unit.stage import OWNER, Stage, a, data, mx, txt

SET_ALL = Edits(set_all=True)


def leave(stage: Stage) -> Result:
    return unenroll(stage.setting, Request(domain=OWNER, accept=frozenset(KINDS)), grace_s=0)


def covered(folder: Path) -> tuple[Stage, tuple[object, ...]]:
    """A record that authorises the service through another one (rules case 24): no include of its own is ever written."""
    start = (
        txt("v=spf1 include:dc.example ~all", "google-site-verification=abc"),
        mx((5, "mailgate.example.com.")),
        a("192.0.2.1"),
    )
    stage = Stage(folder, *start)
    nested = Txt((b"v=spf1 include:includespf.security-mail.net -all",))
    stage.dns.world["dc.example.", "TXT"] = data(nested)
    return stage, start


def test_the_all_that_was_set_goes_back_also_where_the_include_is_another_records(tmp_path: Path) -> None:
    stage, start = covered(tmp_path)
    assert stage.enroll(edits=SET_ALL, all_qualifier="-").state == "authoritative"
    assert "v=spf1 include:dc.example -all" in stage.values("TXT")
    assert leave(stage).state == "authoritative"
    assert stage.is_as_at_the_start(*start)  # type: ignore[arg-type]


def test_an_all_that_somebody_chose_since_stays(tmp_path: Path) -> None:
    stage, _ = covered(tmp_path)
    stage.enroll(edits=SET_ALL, all_qualifier="-")
    stage.provider.put(txt("v=spf1 include:dc.example ?all"))
    assert leave(stage).state == "authoritative"
    assert stage.values("TXT") == {"v=spf1 include:dc.example ?all"}
    assert stage.values("MX") == {"5 mailgate.example.com."}


def test_hosts_that_were_replaced_while_ttls_were_low_come_back_with_their_own(tmp_path: Path) -> None:
    """Where the rows of a set differ in TTL, those that stand when finish comes cannot tell what the others had."""
    low, high = mx((5, "mailgate.example.com."), ttl=60), mx((40, "smtp.isp.net."), ttl=600)
    both = low.with_records((*low.records, *high.records))
    start = (txt("v=spf1 a ~all"), both, a("192.0.2.1"))
    stage = Stage(tmp_path, *start)
    assert prepare(stage.setting, Request(domain=OWNER, ttl=60)).state == "authoritative"
    stage.clock.sleep(1000)
    assert stage.enroll(mx_mode="replace").state == "authoritative"
    assert finish(stage.setting, Request(domain=OWNER)).state == "authoritative"
    assert leave(stage).state == "authoritative"
    assert stage.is_as_at_the_start(*start)
