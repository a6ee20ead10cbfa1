"""Waiting for a change to be seen: what counts, who is asked when, what is said meanwhile, and how it ends."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from registrar_sync.core.elsewhere import BOGUS
from registrar_sync.core.model import Mx, Record, Txt, values_of
from registrar_sync.core.observation import NO_ANSWER, Answer, Observation, Server
from registrar_sync.core.progress import Progress
from registrar_sync.journal import NoJournal
from registrar_sync.operations.check import check
from registrar_sync.operations.check_wait import check_waiting
from registrar_sync.operations.desk import OperationInterrupted, Request
from registrar_sync.operations.due import due
from registrar_sync.operations.rounds import UNSTEADY
from tests.unit.stage import OWNER, MemoryDns, Stage, data

RECURSIVE = Server(name="192.0.2.200", address="192.0.2.200")
DOH = Server(name="dns.google.", address="8.8.8.8", port=443)
NS2 = Server(name="ns2.example.net.", address="192.0.2.54")


class Caches:
    """Recursive resolvers over what the zone served ``ttl`` seconds ago."""

    def __init__(self, stage: Stage, *, ttl_s: int = 600) -> None:
        self._stage = stage
        self._ttl_s = ttl_s
        self._old = {t: values_of(stage.provider.served(OWNER, t)) for t in ("TXT", "MX")}
        self.changed_at: float | None = None

    def __call__(self, owner: str, rtypes: Sequence[str]) -> list[Observation]:
        if "SOA" in rtypes:
            return [Observation(server=RECURSIVE, answers={"SOA": data(Txt((b"soa",)))})]
        now = {t: values_of(self._stage.provider.served(OWNER, t)) for t in ("TXT", "MX")}
        if self.changed_at is None:
            self.changed_at = self._stage.clock.elapsed_s
        left = int(self.changed_at + self._ttl_s - self._stage.clock.elapsed_s)
        shown, ttl = (self._old, left) if left > 0 else (now, self._ttl_s)
        answers = {t: Answer(status="data", values=shown[t], ttl=ttl) for t in rtypes}
        return [Observation(server=RECURSIVE, answers=answers)]


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(tmp_path)


def listened(stage: Stage) -> list[str]:
    heard: list[str] = []
    stage.setting = replace(stage.setting, notify=heard.append)
    return heard


# --- recursive resolvers ----------------------------------------------------------------------------------------------
def test_recursive_resolvers_are_told_beside_the_verdict_and_do_not_change_it(stage: Stage) -> None:
    stage.dns.caches = Caches(stage)
    result = stage.enroll()
    assert result.visibility is not None
    assert (result.state, result.visibility.verdict) == ("authoritative", "authoritative")
    rows = [(row.role, row.verdict) for row in result.visibility.servers]
    assert rows == [("authoritative", "new"), ("recursive", "old")]
    until = result.visibility.servers[1].until
    assert until is not None
    assert result.visibility.old_until is not None
    assert until <= result.visibility.old_until


def test_nobody_asks_a_cache_for_the_data_before_it_is_authoritative(stage: Stage) -> None:
    stage.dns.caches, stage.dns.lag_s = Caches(stage), 40.0
    assert stage.enroll().state == "authoritative"
    asked = [(at, rtypes) for at, _, rtypes in stage.dns.asked_caches]
    assert asked[0][1] == ("SOA",)
    assert all(at > 40.0 for at, rtypes in asked if rtypes != ("SOA",))


def test_the_zone_is_asked_for_and_not_a_name_that_is_yet_to_come(stage: Stage) -> None:
    stage.plan()
    assert [(owner, rtypes) for _, owner, rtypes in stage.dns.asked_caches] == [(OWNER, ("SOA",))]


def test_check_looks_at_the_caches_only_once_all_is_in_place(stage: Stage) -> None:
    stage.dns.caches = Caches(stage)
    assert check(stage.setting, Request(domain=OWNER)).state == "not-enrolled"
    assert stage.dns.asked_caches == []
    stage.enroll(wait="none")
    seen = check(stage.setting, Request(domain=OWNER)).visibility
    assert seen is not None
    assert [row.role for row in seen.servers] == ["authoritative", "recursive"]
    assert check(stage.setting, Request(domain=OWNER), elsewhere=False).visibility != seen


def test_visible_is_waited_for_until_the_very_second_and_says_which_caches_show_it(stage: Stage) -> None:
    stage.dns.caches = Caches(stage, ttl_s=100)
    heard = listened(stage)
    before = stage.clock.elapsed_s
    result = stage.enroll(wait="visible")
    assert result.visibility is not None
    assert (result.visibility.verdict, result.visibility.servers[1].verdict) == ("visible", "new")
    assert result.visibility.old_until is not None
    assert timedelta(0) <= stage.clock.now() - result.visibility.old_until < timedelta(seconds=1)
    assert stage.clock.elapsed_s - before < 605
    assert any("0 of 1 recursive resolvers show the new data" in text for text in heard)
    assert any("1 of 1 recursive resolvers show the new data" in text for text in heard)
    assert len(stage.dns.asked_caches) < 6


def test_a_zone_that_is_bogus_before_we_write_is_a_warning(stage: Stage) -> None:
    stage.dns.caches = lambda owner, rtypes: [_all(RECURSIVE, rtypes, Answer(status="bogus", detail=BOGUS))]
    result = stage.enroll()
    assert result.state == "authoritative"
    assert [(f.id, f.severity) for f in result.findings if f.id == "dnssec-bogus"] == [("dnssec-bogus", "warn")]


def test_a_zone_that_turns_bogus_with_our_write_is_said_in_the_result(stage: Stage) -> None:
    bogus = Answer(status="bogus", detail=BOGUS)
    stage.dns.caches = lambda owner, rtypes: [_all(RECURSIVE, rtypes, data(Txt((b"soa",))) if "SOA" in rtypes else bogus)]
    result = stage.enroll()
    assert (result.state, [f.id for f in result.findings].count("dnssec-bogus")) == ("authoritative", 1)
    assert result.visibility is not None
    assert [row.verdict for row in result.visibility.servers] == ["new", "bogus"]


def _all(server: Server, rtypes: Sequence[str], answer: Answer, *, over_https: bool = False) -> Observation:
    return Observation(server=server, answers=dict.fromkeys(rtypes, answer), over_https=over_https)


# --- port 53 is closed ------------------------------------------------------------------------------------------------
def closed(stage: Stage) -> None:
    """No name server and no resolver answers; one over HTTPS sees what is served."""
    stage.dns.silent, stage.dns.silence = frozenset({"192.0.2.53"}), f"{NO_ANSWER} by UDP or TCP within 2 s a try"

    def caches(owner: str, rtypes: Sequence[str]) -> list[Observation]:
        served = {t: values_of(stage.provider.served(OWNER, t)) for t in ("TXT", "MX")}
        answers = {t: Answer(status="data", values=served.get(t, frozenset()), ttl=300) for t in rtypes}
        silent = Answer(status="unreachable", detail=f"{NO_ANSWER} by UDP or TCP within 2 s a try")
        return [_all(RECURSIVE, rtypes, silent), Observation(server=DOH, answers=answers, over_https=True)]

    stage.dns.caches = caches


def test_a_plan_behind_a_closed_port_53_says_so_and_blocks_unless_accepted(stage: Stage) -> None:
    closed(stage)
    result = stage.plan()
    assert result.state == "refused"
    found = {f.id: f for f in result.findings}
    assert found["authoritative-unreachable"].severity == "block"
    assert found["port-53-closed"].severity == "warn"
    assert "over HTTPS instead: dns.google" in found["port-53-closed"].message


def test_what_another_resolver_shows_never_makes_a_change_authoritative(stage: Stage) -> None:
    closed(stage)
    result = stage.enroll(accept=frozenset({"authoritative-unreachable"}))
    assert (result.state, stage.states()) == ("overdue", ["overdue"])
    assert "dns.google (8.8.8.8:443) shows the new data, for itself alone" in result.message
    assert result.visibility is not None
    rows = [(row.role, row.verdict) for row in result.visibility.servers]
    assert rows == [("authoritative", "unreachable"), ("recursive", "unreachable"), ("recursive", "new")]


def test_check_behind_a_closed_port_53_gives_no_verdict_and_shows_what_it_saw(stage: Stage) -> None:
    stage.enroll(wait="none")
    closed(stage)
    result = check(stage.setting, Request(domain=OWNER))
    assert result.error is not None
    assert (result.state, result.error.kind) == ("not-enrolled", "lookup-failed")
    assert "dns.google" in result.message
    assert [f.id for f in result.findings] == ["port-53-closed"]
    assert stage.states() == ["written"]


def test_a_server_that_is_down_while_the_others_answer_is_no_closed_port(stage: Stage) -> None:
    stage.dns.servers = (*stage.dns.servers, NS2)
    closed(stage)
    assert "port-53-closed" not in {f.id for f in stage.plan().findings}


# --- what counts ------------------------------------------------------------------------------------------------------
class Anycast(MemoryDns):
    """Behind the first address stand two machines in turn; the second one learns of a change ``late_s`` seconds later."""

    late_s = 20.0
    turn = 0
    asked: list[tuple[str, ...]]

    def observe(
        self, servers: Sequence[Server], zone: str, owner: str, rtypes: Sequence[str], **more: object
    ) -> list[Observation]:
        self.asked.append(tuple(server.address for server in servers))
        seen = []
        for server in servers:
            self.turn += 1
            self.lag_s = self.late_s if server == self.servers[0] and self.turn % 2 == 0 else 0.0
            seen += super().observe([server], zone, owner, rtypes)
        return seen


def anycast(stage: Stage, *servers: Server) -> Anycast:
    dns = Anycast(stage.provider, stage.clock, servers=servers or stage.dns.servers)
    dns.asked = []
    stage.dns = dns
    stage.setting = replace(stage.setting, resolver=dns)
    return dns


def test_a_server_counts_when_it_says_so_twice_since_another_machine_may_answer_for_it(stage: Stage) -> None:
    anycast(stage)
    heard = listened(stage)
    assert stage.enroll().state == "authoritative"
    assert stage.clock.elapsed_s > 20
    details = {watched.row.detail for text in heard if isinstance(text, Progress) for watched in text.servers}
    assert UNSTEADY in details


def test_only_servers_that_are_not_yet_there_are_asked_again_and_all_of_them_at_the_end(stage: Stage) -> None:
    slow, quick = stage.dns.servers[0], NS2

    class OneLags(Anycast):
        def observe(
            self, servers: Sequence[Server], zone: str, owner: str, rtypes: Sequence[str], **more: object
        ) -> list[Observation]:
            self.asked.append(tuple(server.address for server in servers))
            seen = []
            for server in servers:
                self.lag_s = 30.0 if server == slow else 0.0
                seen += MemoryDns.observe(self, [server], zone, owner, rtypes)
            return seen

    dns = OneLags(stage.provider, stage.clock, servers=(slow, quick))
    dns.asked = []
    stage.setting = replace(stage.setting, resolver=dns)
    assert stage.enroll().state == "authoritative"
    assert sum(quick.address in asked for asked in dns.asked) == 4  # before, once, once more, and at the end
    assert dns.asked[-1] == (quick.address,)
    assert sum(slow.address in asked for asked in dns.asked) > 50


@pytest.mark.parametrize("lag_s", [0.0, 1.0, 30.0, 115.0])
def test_what_is_served_is_seen_at_once_or_within_2_percent_of_the_wait(stage: Stage, lag_s: float) -> None:
    stage.dns.lag_s = lag_s
    result = stage.enroll()
    assert result.state == "authoritative"
    written = max(at for at, _, _ in stage.dns.history)
    assert stage.clock.elapsed_s - (written + lag_s) <= max(0.3, 0.021 * lag_s)


# --- what is said meanwhile -------------------------------------------------------------------------------------------
def test_who_listens_hears_text_and_can_draw_the_servers(stage: Stage) -> None:
    stage.dns.lag_s = 10.0
    heard = listened(stage)
    stage.enroll()
    assert heard[0] == "0 of 1 authoritative servers answer the new data"
    first, last = heard[0], heard[-1]
    assert isinstance(first, Progress)
    assert isinstance(last, Progress)
    assert [watched.row.verdict for watched in (*first.servers, *last.servers)] == ["old", "new"]
    assert first.servers[0].since < last.servers[0].since
    assert first.until is not None
    assert first.until - first.servers[0].since <= timedelta(seconds=120)


def test_ctrl_c_leaves_a_true_state_and_says_how_to_go_on(stage: Stage) -> None:
    stage.dns.lag_s = 50.0

    def stop(text: str) -> None:
        raise KeyboardInterrupt

    stage.setting = replace(stage.setting, notify=stop)
    with pytest.raises(OperationInterrupted) as stopped:
        stage.enroll()
    result = stopped.value.result
    assert (result.state, result.changed, stage.states()) == ("written", True, ["written"])
    assert "check example.com --account memory --wait authoritative" in result.hint
    assert "history example.com" in result.hint


# --- check --wait -----------------------------------------------------------------------------------------------------
def test_check_waits_until_the_domain_is_enrolled_and_the_journal_knows_it(stage: Stage) -> None:
    stage.dns.lag_s = 50.0
    stage.enroll(wait="none")
    assert [one.what for one in due(stage.journal, stage.clock)] == ["check"]
    result = check_waiting(stage.setting, Request(domain=OWNER))
    assert result.state == "authoritative"
    assert "the journal knows it now" in result.message
    assert 50 <= stage.clock.elapsed_s < 53
    assert stage.states() == ["authoritative"]
    assert due(stage.journal, stage.clock) == ()


def test_check_gives_up_when_its_time_is_over(stage: Stage) -> None:
    stage.dns.lag_s = 50.0
    stage.enroll(wait="none")
    result = check_waiting(stage.setting, Request(domain=OWNER, timeout_s=20.0))
    assert (result.state, stage.states()) == ("not-enrolled", ["written"])
    assert stage.clock.elapsed_s < 25


def test_check_waits_for_caches_too_where_the_journal_knows_how_long(stage: Stage) -> None:
    stage.enroll(wait="none")
    result = check_waiting(stage.setting, Request(domain=OWNER, wait="visible"))
    assert result.visibility is not None
    assert result.visibility.verdict == "visible"
    assert 600 <= stage.clock.elapsed_s < 605


def test_without_a_journal_check_waits_for_the_servers_alone(stage: Stage) -> None:
    stage.enroll(wait="none")
    stage.setting = replace(stage.setting, journal=NoJournal())
    result = check_waiting(stage.setting, Request(domain=OWNER, wait="visible"))
    assert result.visibility is not None
    assert (result.visibility.verdict, result.visibility.old_until) == ("authoritative", None)
    assert stage.clock.elapsed_s < 5


def test_check_tells_the_journal_of_a_rollback_too(stage: Stage) -> None:
    stage.enroll()
    stage.rollback(wait="none")
    stage.clock.sleep(3600)
    result = check(stage.setting, Request(domain=OWNER))
    assert result.state == "not-enrolled"
    assert "(rollback) is served by every authoritative server" in result.message
    assert stage.states()[-1] == "authoritative"


def test_a_leftover_of_an_earlier_state_is_not_taken_for_the_change(stage: Stage) -> None:
    """Rolled back before the enrolment was ever served: what is served still looks like the rollback's own data."""
    stage.dns.lag_s = 60.0
    assert stage.enroll(wait="none").state == "written"
    assert stage.rollback(wait="none").state == "written"
    check(stage.setting, Request(domain=OWNER))
    assert stage.states()[-1] == "written"


def test_data_that_somebody_else_has_added_to_is_not_taken_for_the_change(stage: Stage) -> None:
    stage.enroll(wait="none")
    mx = stage.provider.stored(OWNER, "MX")
    assert mx is not None
    stage.provider.put(mx.with_records((*mx.live, Record(rdata=Mx(50, "later.example.com."), ttl=300))))
    result = check(stage.setting, Request(domain=OWNER))
    assert (result.state, stage.states()) == ("authoritative", ["written"])
