"""Delegated, but to whom: an edit in an account that nobody asks succeeds and changes nothing (rules B5)."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registrar_sync.client import Client
from registrar_sync.core.delegation import delegated_elsewhere, remarked
from registrar_sync.core.model import Other, Record, RRset, ZoneView
from registrar_sync.core.observation import Delegation, Remark, Server
from registrar_sync.wiring import Asked
from tests.unit.stage import OWNER, START, MemoryDns, Stage


def to(*names: str, zone: str | None = OWNER, source: Literal["parent", "operator"] = "parent") -> Delegation:
    return Delegation(zone=zone, servers=tuple(Server(name=n, address="192.0.2.53") for n in names), source=source)


def ns(*names: str, owner: str = OWNER, disabled: bool = False) -> RRset:
    return RRset(owner=owner, rtype="NS", records=tuple(Record(rdata=Other(n), ttl=86400, disabled=disabled) for n in names))


def view(*rrsets: RRset, owner: str = OWNER) -> ZoneView:
    return ZoneView(zone=OWNER, owner=owner, rrsets=rrsets)


def ids(delegation: Delegation, seen: ZoneView, *suffixes: str) -> list[str]:
    return [found.id for found in delegated_elsewhere(delegation, seen, suffixes)]


OVH = ("dns19.ovh.net.", "ns19.ovh.net.")
GANDI = ("ns-1-a.gandi.net.", "ns-2-b.gandi.net.")


# --- this account's -----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("delegation", "seen", "suffixes"),
    [
        (to(*OVH), view(ns(*OVH)), ("ovh.net", "anycast.me")),
        (to(*OVH), view(ns(*OVH)), ()),
        (to(*OVH), view(), ("ovh.net",)),
        (to(OVH[0], "ns.secondary.example."), view(ns(*OVH)), ("ovh.net",)),
        (to("dns200.anycast.me."), view(ns(*OVH)), ("ovh.net", "anycast.me")),
        (to("ns1.white-label.example."), view(ns("NS1.white-label.example")), ("ovh.net",)),
    ],
    ids=["both", "by the zone", "by suffix", "one of them", "another suffix", "white label"],
)
def test_a_zone_that_this_account_serves_is_not_held_back(
    delegation: Delegation, seen: ZoneView, suffixes: tuple[str, ...]
) -> None:
    assert ids(delegation, seen, *suffixes) == []


# --- not known ----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("delegation", "seen", "suffixes"),
    [
        (to(*GANDI), view(), ()),
        (to(*GANDI), view(ns(*OVH, disabled=True)), ()),
        (to(*GANDI, source="operator"), view(ns(*OVH)), ("ovh.net",)),
        (to(zone=None), view(ns(*OVH)), ("ovh.net",)),
        (to(*GANDI, zone="www.example.com."), view(ns(*OVH)), ("ovh.net",)),
        (to("ns1.example.com."), view(), ("ovh.net",)),
        (to("ns1.example.com."), view(ns(*GANDI, owner="www.example.com."), owner="www.example.com."), ()),
    ],
    ids=["nothing known", "disabled rows", "servers named", "not delegated", "another cut", "own names", "below the apex"],
)
def test_what_is_not_known_is_not_said(delegation: Delegation, seen: ZoneView, suffixes: tuple[str, ...]) -> None:
    assert ids(delegation, seen, *suffixes) == []


# --- somebody else's ----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("delegation", "seen", "suffixes"),
    [
        (to(*GANDI), view(ns(*OVH)), ("ovh.net",)),
        (to(*GANDI), view(ns(*OVH)), ()),
        (to(*GANDI), view(), ("ovh.net",)),
        (to(*GANDI), view(owner="www.example.com."), ("ovh.net",)),
        (to("ns1.notovh.net."), view(), ("ovh.net",)),
        (to("ns1.example.com."), view(ns(*OVH)), ("ovh.net",)),
    ],
    ids=["both", "by the zone", "by suffix", "below the apex", "no label boundary", "own names"],
)
def test_a_zone_that_others_serve_is_held_back(delegation: Delegation, seen: ZoneView, suffixes: tuple[str, ...]) -> None:
    assert ids(delegation, seen, *suffixes) == ["delegated-elsewhere"]


def test_both_sides_are_named_and_it_can_be_accepted() -> None:
    (found,) = delegated_elsewhere(to(*GANDI), view(ns(*OVH)), ("ovh.net",))
    assert (found.severity, found.acceptable) == ("block", True)
    assert "delegated to ns-1-a.gandi.net, ns-2-b.gandi.net" in found.message
    assert "(dns19.ovh.net, ns19.ovh.net, *.ovh.net)" in found.message
    assert "--accept delegated-elsewhere" in found.message


NAMES = st.lists(st.sampled_from([*OVH, *GANDI, "ns1.example.com."]), max_size=3)


@given(asked=NAMES, own=NAMES.filter(bool), suffixes=st.frozensets(st.sampled_from(["ovh.net", "gandi.net"])))
def test_one_server_of_this_account_is_enough(asked: list[str], own: list[str], suffixes: frozenset[str]) -> None:
    assert ids(to(*asked, own[0]), view(ns(*own)), *suffixes) == []


# --- the delegation itself ----------------------------------------------------------------------------------------------
LAME = Remark(server="ns2.example.net.", address="192.0.2.54", kind="lame", detail="REFUSED")
GONE = Remark(server="ns3.example.net.", kind="unresolved", detail="its name has no address")
ONLY_ABOVE = Remark(server="ns4.example.net.", kind="parent-only", detail="com names it, example.com itself does not")


def test_a_delegation_that_is_right_is_not_remarked_on() -> None:
    assert remarked(to(*GANDI)) == ()


def test_each_kind_of_fault_is_one_finding_that_names_the_servers_and_holds_nothing_back() -> None:
    lame, mismatch = remarked(replace(to(*GANDI), remarks=(LAME, ONLY_ABOVE, GONE)))
    assert (lame.id, lame.severity) == ("delegation-lame", "warn")
    assert "ns2.example.net (192.0.2.54): REFUSED; ns3.example.net: its name has no address." in lame.message
    assert "Senders that ask them do not find the change" in lame.message
    assert (mismatch.id, mismatch.severity) == ("delegation-mismatch", "warn")
    assert "ns4.example.net: com names it, example.com itself does not" in mismatch.message


def test_what_a_recursive_resolver_said_is_called_that() -> None:
    for zone, shown in ((OWNER, "example.com"), (None, "this domain")):
        (found,) = remarked(replace(to(*GANDI, zone=zone), source="resolver"))
        assert (found.id, found.severity) == ("delegation-by-resolver", "info")
        assert f"No server above {shown} could be asked" in found.message


def test_a_crowd_of_faults_is_counted_not_listed() -> None:
    crowd = tuple(replace(LAME, server=f"ns{number}.example.net.") for number in range(60))
    (found,) = remarked(replace(to(*GANDI), remarks=crowd))
    assert "ns7.example.net" in found.message
    assert "ns8.example.net" not in found.message
    assert "and 52 more" in found.message


class RemarkedDns(MemoryDns):
    """The delegation comes with these remarks."""

    remarks: tuple[Remark, ...] = ()

    def delegation(self, owner: str) -> Delegation:
        return replace(super().delegation(owner), remarks=self.remarks)


def test_a_silent_server_is_told_once_and_the_change_is_made(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    two = (Server(name="ns1.example.net.", address="192.0.2.53"), Server(name="ns2.example.net.", address="192.0.2.54"))
    dns = RemarkedDns(stage.provider, stage.clock, servers=two, silent=frozenset({"192.0.2.54"}))
    dns.remarks = (LAME,)
    stage.setting = replace(stage.setting, resolver=dns)
    result = stage.enroll()
    assert result.changed
    ids_of = [found.id for found in result.findings]
    assert ids_of.count("delegation-lame") == 1
    assert "authoritative-unreachable" not in ids_of


# --- an enrolment -------------------------------------------------------------------------------------------------------
def test_an_enrolment_in_an_account_that_nobody_asks_is_held_back(tmp_path: Path) -> None:
    stage = Stage(tmp_path, *START, ns(*OVH))
    result = stage.enroll()
    assert result.state == "refused"
    assert [found.id for found in result.findings if found.severity == "block"] == ["delegated-elsewhere"]
    assert "--accept delegated-elsewhere" in result.hint
    assert stage.writes() == 0
    assert stage.enroll(accept=frozenset({"delegated-elsewhere"})).state == "authoritative"


def test_the_providers_suffixes_tell_where_the_zone_does_not(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    stage.setting = replace(stage.setting, nameserver_suffixes=("ovh.net",))
    assert stage.enroll().state == "refused"
    stage.setting = replace(stage.setting, nameserver_suffixes=("example.net",))
    assert stage.enroll().state == "authoritative"


def test_it_holds_no_rollback_back(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    assert stage.enroll().state == "authoritative"
    stage.setting = replace(stage.setting, nameserver_suffixes=("ovh.net",))
    assert stage.rollback().state == "authoritative"
    assert stage.is_as_at_the_start()


@pytest.mark.parametrize(
    ("account", "suffixes"),
    [("", ("gandi.net",)), ("    endpoint: http://127.0.0.1:9\n", ()), ("    sandbox: true\n", ())],
    ids=["the vendor's", "an endpoint of one's own", "the sandbox"],
)
def test_the_suffixes_come_from_the_catalog_where_the_vendor_serves_the_account(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, account: str, suffixes: tuple[str, ...]
) -> None:
    monkeypatch.setenv("KEY", "secret")
    config = tmp_path / "providers.yaml"
    config.write_text(f"accounts:\n  mine:\n    provider: gandi\n    credentials: {{auth_token: env:KEY}}\n{account}")
    client = Client(config=config, journal=str(tmp_path / "journal.sqlite"))
    try:
        world = client.world
        service = world.service(None)
        looking = world.looking(provider=None, account="mine", service=service, asked=Asked())
        assert looking.nameserver_suffixes == suffixes
        assert world.setting(provider=None, account="mine", service=service, asked=Asked()).nameserver_suffixes == suffixes
    finally:
        client.close()
