"""The watch: every change ends as it ought to, in good time, and the journal always holds the truth."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from registrar_sync.core.evidence import Change
from registrar_sync.core.model import Mx, Txt
from registrar_sync.core.observation import Server
from registrar_sync.core.schedule import Schedule
from registrar_sync.core.waiting import Waiting
from registrar_sync.errors import NothingJournalled, UnknownName
from registrar_sync.journal.watches import SqlWatchBook
from registrar_sync.operations.desk import Setting
from registrar_sync.operations.result import Result
from registrar_sync.operations.watch import Watch
from tests.unit.watched import BUDGET_S, START, JumpingMailbox, WatchStage, before_and_after


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[WatchStage]:
    stage = WatchStage(tmp_path)
    yield stage
    stage.journal.close()


def run(watch: Watch, *change_ids: int) -> list[Result]:
    watch.add(*change_ids)
    watch.no_more()
    return list(watch.run())


def by_domain(results: list[Result]) -> dict[str, str]:
    return {result.domain: result.state for result in results}


# --- one change ---------------------------------------------------------------------------------------------------------
def test_a_change_that_every_server_shows_becomes_authoritative(stage: WatchStage) -> None:
    (change_id,) = stage.written("a.test.")
    stage.dns.new_at["a.test."] = 30.0
    (result,) = run(stage.watch(), change_id)
    assert (result.command, result.state, result.change_id, result.zone) == ("watch", "authoritative", change_id, "a.test.")
    assert result.visibility is not None
    assert (result.visibility.verdict, [row.verdict for row in result.visibility.servers]) == ("authoritative", ["new", "new"])
    assert stage.states(change_id) == ["intended", "written", "authoritative"]
    seen = stage.journal.change(change_id).events[-1]
    until = seen.at + timedelta(seconds=300)
    assert seen.detail == {"old_until": until.isoformat()}
    assert result.visibility.old_until == until


def test_the_answers_from_before_the_change_tell_how_long_caches_hold_them(stage: WatchStage) -> None:
    (change_id,) = stage.written("a.test.", context={"cached": {"ttls": {"MX": 7200, "TXT": 60}, "negative_ttl": 600}})
    stage.dns.new_at["a.test."] = 0.0
    (result,) = run(stage.watch(), change_id)
    assert result.visibility is not None
    assert result.visibility.old_until == stage.journal.change(change_id).events[-1].at + timedelta(seconds=7200)


@pytest.mark.parametrize("new_at", [0.0, 1.0, 7.5, 100.0, 400.0])
def test_it_is_seen_hardly_later_than_it_is_there(stage: WatchStage, new_at: float) -> None:
    (change_id,) = stage.written("a.test.")
    stage.dns.new_at["a.test."] = new_at
    run(stage.watch(), change_id)
    seen_s = (stage.journal.change(change_id).events[-1].at - START).total_seconds()
    assert seen_s - new_at <= max(0.3, 0.02 * new_at) + 3 * stage.dns.rtt_s


def test_it_takes_all_servers(stage: WatchStage) -> None:
    (change_id,) = stage.written("a.test.")
    stage.dns.new_at = {("a.test.", "192.0.2.53"): 1.0, ("a.test.", "192.0.2.54"): 90.0}
    run(stage.watch(), change_id)
    assert (stage.journal.change(change_id).events[-1].at - START).total_seconds() >= 90.0


def test_a_server_that_shows_it_only_at_times_does_not_count(stage: WatchStage) -> None:
    """Several machines stand behind one address, and the second one asked has not got it yet."""
    (change_id,) = stage.written("a.test.")
    stage.budget_s = 20.0
    answers = iter([True, False] * 1000)

    class Flapping(dict[object, float]):
        def get(self, key: object, default: Any = None) -> Any:
            return 0.0 if key == "a.test." and next(answers) else default

    stage.dns.usual = stage.dns.usual[:1]
    stage.dns.new_at = Flapping()
    (result,) = run(stage.watch(), change_id)
    assert result.state == "overdue"


def test_what_is_not_there_in_the_providers_time_is_overdue_once(stage: WatchStage) -> None:
    (change_id,) = stage.written("a.test.")
    (first,) = run(stage.watch(), change_id)
    assert (first.state, stage.clock.elapsed_s >= BUDGET_S) == ("overdue", True)
    assert "registrar-sync watch a.test" in first.hint
    assert first.visibility is not None
    assert [row.verdict for row in first.visibility.servers] == ["old", "old"]
    (second,) = run(stage.watch(), change_id)
    assert second.state == "overdue"
    assert stage.clock.elapsed_s >= 2 * BUDGET_S  # who asks again waits again
    assert stage.states(change_id) == ["intended", "written", "overdue"]
    stage.dns.new_at["a.test."] = stage.clock.elapsed_s + 10
    (third,) = run(stage.watch(), change_id)
    assert third.state == "authoritative"
    assert stage.states(change_id) == ["intended", "written", "overdue", "authoritative"]


def test_the_operators_time_counts_from_now(stage: WatchStage) -> None:
    (change_id,) = stage.written("a.test.")
    stage.clock.elapsed_s = 500.0
    (result,) = run(stage.watch(timeout_s=20.0), change_id)
    assert result.state == "overdue"
    assert stage.clock.elapsed_s == pytest.approx(520.0, abs=1.0)


def test_while_a_server_answers_as_before_the_others_are_not_asked(stage: WatchStage) -> None:
    (change_id,) = stage.written("a.test.")
    stage.dns.new_at["a.test."] = 300.0
    run(stage.watch(), change_id)
    everybody = [look for look in stage.dns.looks if len(look.servers) == 2]
    assert len(everybody) == 3  # at first, when one has moved, and once more to be sure
    assert {look.rtypes for look in stage.dns.looks if len(look.servers) == 1} == {("TXT",)}


def test_data_that_is_neither_old_nor_new_is_waited_out_the_same_way(stage: WatchStage) -> None:
    (change_id,) = stage.written("a.test.")
    stage.dns.shown["a.test."] = {"TXT": frozenset({Txt((b"v=spf1 -all",))}), "MX": frozenset({Mx(1, "else.test.")})}
    (result,) = run(stage.watch(), change_id)
    assert result.visibility is not None
    assert (result.state, {row.verdict for row in result.visibility.servers}) == ("overdue", {"other"})
    assert sum(len(look.servers) == 2 for look in stage.dns.looks) <= 3


def test_nobody_to_ask_is_overdue_in_the_end(stage: WatchStage) -> None:
    (change_id,) = stage.written("a.test.")
    stage.dns.fails.add("a.test.")
    (result,) = run(stage.watch(), change_id)
    assert (result.state, stage.dns.looks) == ("overdue", [])


def test_a_delegation_that_comes_back_is_used(stage: WatchStage) -> None:
    (change_id,) = stage.written("a.test.")
    stage.dns.fails.add("a.test.")
    stage.dns.new_at["a.test."] = 0.0
    mailbox = JumpingMailbox(stage.dns)
    mailbox.meanwhile.append((60.0, stage.dns.fails.clear))
    (result,) = run(stage.watch(mailbox=mailbox), change_id)
    assert result.state == "authoritative"


# --- earlier and later changes ------------------------------------------------------------------------------------------
def test_the_gate_of_an_earlier_unseen_write_is_honoured(stage: WatchStage) -> None:
    """An earlier change with the same target is still to be published: only time tells ours from its leftovers."""
    stage.written("a.test.")
    stage.clock.elapsed_s = 10.0
    (second,) = stage.written("a.test.", context={"serials": {"192.0.2.53": 1, "192.0.2.54": 1}})
    stage.dns.new_at["a.test."] = 0.0
    (result,) = run(stage.watch(timeout_s=2 * BUDGET_S), second)
    assert result.state == "authoritative"
    assert (stage.journal.change(second).events[-1].at - START).total_seconds() >= 10.0 + BUDGET_S


def test_a_moved_serial_opens_the_gate(stage: WatchStage) -> None:
    with_other_zone = {"zone": "test.", "context": {"serials": {"192.0.2.53": 1, "192.0.2.54": 1}}}
    stage.written("b.test.", zone="test.")
    (change_id,) = stage.written("a.test.", **with_other_zone)
    stage.dns.new_at["a.test."] = 0.0
    stage.dns.serial = lambda domain: 1 if stage.clock.elapsed_s < 50 else 2
    # what b.test. got does look like what a.test. gets, apart from its own host
    run(stage.watch(), change_id)
    at_s = (stage.journal.change(change_id).events[-1].at - START).total_seconds()
    assert 50.0 <= at_s < 55.0


def test_a_later_change_takes_the_place_of_an_earlier_one(stage: WatchStage) -> None:
    first, second = stage.written("a.test.", "a.test.")
    results = run(stage.watch(), first, second)
    assert (results[0].change_id, results[0].state) == (first, "written")
    assert f"Change {second}" in results[0].message
    assert stage.states(first) == ["intended", "written"]


def test_a_rollback_meanwhile_ends_the_watch(stage: WatchStage) -> None:
    (change_id,) = stage.written("a.test.")
    mailbox = JumpingMailbox(stage.dns)
    mailbox.meanwhile.append((100.0, lambda: stage.journal.append(change_id, "rolled-back", detail={"by": 2})))
    (result,) = run(stage.watch(mailbox=mailbox), change_id)
    assert (result.state, result.visibility, "rolled back" in result.message) == ("written", None, True)
    assert stage.clock.elapsed_s < 105.0
    assert stage.states(change_id)[-1] == "rolled-back"


def test_a_rollback_at_the_last_moment_is_not_written_over(stage: WatchStage) -> None:
    (change_id,) = stage.written("a.test.")
    stage.dns.new_at["a.test."] = 0.0

    class Late(type(stage.dns)):  # type: ignore[misc]
        def reply(self) -> None:
            if stage.states(change_id)[-1] == "written":
                stage.journal.append(change_id, "rolled-back", detail={"by": 2})
            super().reply()

    stage.dns.__class__ = Late
    (result,) = run(stage.watch(), change_id)
    assert result.state == "written"
    assert stage.states(change_id) == ["intended", "written", "rolled-back"]


def test_what_another_process_writes_meanwhile_ends_the_earlier_watch(stage: WatchStage) -> None:
    (change_id,) = stage.written("a.test.")
    mailbox = JumpingMailbox(stage.dns)

    def write_again() -> None:
        stage.written("a.test.")

    mailbox.meanwhile.append((100.0, write_again))
    (result,) = run(stage.watch(mailbox=mailbox), change_id)
    assert (result.state, "has taken its place" in result.message) == ("written", True)


def test_a_change_that_has_ended_already_is_told_without_a_question(stage: WatchStage) -> None:
    done, gone = stage.written("a.test.", "b.test.")
    stage.journal.append(done, "authoritative", detail={"old_until": None})
    stage.journal.append(gone, "rolled-back", detail={"by": 9})
    results = run(stage.watch(), done, gone)
    assert by_domain(results) == {"a.test.": "authoritative", "b.test.": "written"}
    assert stage.dns.looks == []


def test_a_change_that_does_not_exist_is_an_error(stage: WatchStage) -> None:
    with pytest.raises(NothingJournalled):
        run(stage.watch(), 77)


def test_an_account_that_is_gone_spoils_its_own_domains_only(stage: WatchStage) -> None:
    one, other = stage.written("a.test.", "b.test.")
    stage.dns.new_at = {"a.test.": 0.0, "b.test.": 0.0}

    def setting_for(change: Change) -> Setting:
        if change.what.domain == "a.test.":
            raise UnknownName("There is no account old.", hint="Name it in providers.yaml.")
        return stage.setting_for(change)

    results = {r.domain: r for r in run(stage.watch(setting_for=setting_for), one, other)}
    assert (results["a.test."].state, results["b.test."].state) == ("refused", "authoritative")
    assert results["a.test."].error is not None
    assert stage.states(one) == ["intended", "written"]


# --- caches -------------------------------------------------------------------------------------------------------------
def test_visible_is_when_no_cache_can_hold_the_old_answer(stage: WatchStage) -> None:
    (change_id,) = stage.written("a.test.")
    stage.dns.new_at["a.test."] = 10.0
    (result,) = run(stage.watch(goal="visible"), change_id)
    assert result.visibility is not None
    assert (result.state, result.visibility.verdict) == ("authoritative", "visible")
    assert [row.verdict for row in result.visibility.servers] == ["new", "new"]
    assert 310.0 <= stage.clock.elapsed_s <= 312.0
    assert stage.states(change_id) == ["intended", "written", "authoritative"]
    assert max(look.at for look in stage.dns.looks) < 11.0  # caches are waited for, not asked


def test_a_change_that_is_authoritative_already_goes_on_to_visible(stage: WatchStage) -> None:
    (change_id,) = stage.written("a.test.")
    until = START + timedelta(seconds=1000)
    stage.journal.append(change_id, "authoritative", detail={"old_until": until.isoformat()})
    assert stage.journal.unseen(cached_after=stage.clock.now()) == [change_id]
    (result,) = run(stage.watch(goal="visible"), change_id)
    assert result.visibility is not None
    assert (result.visibility.verdict, stage.dns.looks) == ("visible", [])
    assert stage.clock.elapsed_s == pytest.approx(1000.0, abs=1.1)
    assert stage.journal.unseen(cached_after=stage.clock.now()) == []


def test_the_operators_time_ends_the_wait_for_caches_too(stage: WatchStage) -> None:
    (change_id,) = stage.written("a.test.")
    stage.dns.new_at["a.test."] = 10.0
    (result,) = run(stage.watch(goal="visible", timeout_s=60.0), change_id)
    assert result.visibility is not None
    assert (result.state, result.visibility.verdict) == ("authoritative", "authoritative")
    assert stage.clock.elapsed_s == pytest.approx(60.0, abs=1.1)


# --- many ---------------------------------------------------------------------------------------------------------------
def test_two_thousand_domains_end_as_they_ought_to(stage: WatchStage) -> None:
    stage.budget_s = 60.0
    domains = [f"d{n}.test." for n in range(2000)]
    ids = dict(zip(domains, stage.written(*domains), strict=True))
    wanted = {}
    for n, domain in enumerate(domains):
        if n % 50 == 0:
            stage.dns.fails.add(domain)
        elif n % 50 == 1:
            stage.dns.shown[domain] = {"TXT": frozenset(), "MX": frozenset()}
        elif n % 10 != 2:
            stage.dns.new_at[domain] = float(n % 50)
        wanted[domain] = "authoritative" if domain in stage.dns.new_at else "overdue"
    results = run(stage.watch(), *ids.values())
    assert by_domain(results) == wanted
    assert len(results) == 2000
    journalled = {change.what.domain: change.state for change in stage.journal.changes(images=False)}
    assert journalled == wanted
    assert stage.dns.most_under_way <= 1000  # a lane for those whose servers are not known yet, and one for the servers of all
    lags = [
        (stage.journal.change(ids[d]).events[-1].at - START).total_seconds() - stage.dns.new_at[d]
        for d in domains[3:2000:97]
        if d in stage.dns.new_at
    ]
    assert max(lags) < 2000 / 300 + 2  # at 300 looks a second, each has its turn


def test_a_dead_server_does_not_delay_the_others(stage: WatchStage) -> None:
    dead = Server(name="ns.dead.test.", address="192.0.2.99")
    slow = [f"s{n}.test." for n in range(60)]
    quick = [f"q{n}.test." for n in range(60)]
    stage.dns.dead = {dead.address}
    stage.dns.servers = {domain: (dead, Server(name=f"ns{n}.test.", address="192.0.2.1")) for n, domain in enumerate(slow)}
    stage.dns.new_at = dict.fromkeys(quick, 20.0)
    ids = stage.written(*slow, *quick)
    results = run(stage.watch(schedule=Schedule(most_taken=40)), *ids)
    assert Counter(r.state for r in results) == {"overdue": 60, "authoritative": 60}
    ends = {c.what.domain: (c.events[-1].at - START).total_seconds() for c in stage.journal.changes(images=False)}
    # beside the 6 s that each dead look takes, at the very first before anything is known of it
    assert max(ends[domain] for domain in quick) < 22.0


def test_the_results_come_as_they_end(stage: WatchStage) -> None:
    ids = stage.written("late.test.", "soon.test.")
    stage.dns.new_at = {"late.test.": 100.0, "soon.test.": 10.0}
    watch = stage.watch()
    watch.add(*ids)
    watch.no_more()
    told = [(result.domain, stage.states(result.change_id or 0)[-1]) for result in watch.run()]
    assert told == [("soon.test.", "authoritative"), ("late.test.", "authoritative")]


def test_a_writer_adds_while_it_runs(stage: WatchStage) -> None:
    mailbox = JumpingMailbox(stage.dns)
    watch = stage.watch(mailbox=mailbox)
    stage.dns.new_at = {"first.test.": 5.0, "later.test.": 205.0}

    def write_later() -> None:
        watch.add(*stage.written("later.test."))
        watch.no_more()

    mailbox.meanwhile.append((200.0, write_later))
    watch.add(*stage.written("first.test."))
    assert [r.domain for r in watch.run()] == ["first.test.", "later.test."]
    assert stage.clock.elapsed_s < 207.0


# --- leaving off and going on -------------------------------------------------------------------------------------------
def rows(stage: WatchStage, *change_ids: int) -> dict[int, Waiting]:
    """Due times as they stand, taken over for a look and given back."""
    book = stage.journal.watch_book()
    blank = [Waiting(change_id=i, started_at=START, deadline_at=START, due_at=START) for i in change_ids]
    found = {row.change_id: row for row in book.claim(blank)}
    book.release()
    return found


def test_what_is_stopped_is_gone_on_with_where_it_was(stage: WatchStage) -> None:
    (change_id,) = stage.written("a.test.")
    mailbox = JumpingMailbox(stage.dns)
    watch = stage.watch(mailbox=mailbox)
    mailbox.meanwhile.append((400.0, watch.stop))
    assert run(watch, change_id) == []
    assert stage.states(change_id) == ["intended", "written"]
    row = rows(stage, change_id)[change_id]
    assert row.deadline_at == START + timedelta(seconds=BUDGET_S)
    assert row.due_at > START + timedelta(seconds=400)
    assert row.attempts == len(stage.dns.looks)
    asked = len(stage.dns.looks)
    (result,) = run(stage.watch(), change_id)
    assert result.state == "overdue"
    assert stage.clock.elapsed_s == pytest.approx(BUDGET_S, abs=1.0)
    assert START + timedelta(seconds=stage.dns.looks[asked].at) >= row.due_at


def test_a_loop_that_its_caller_leaves_keeps_what_it_knows(stage: WatchStage) -> None:
    ids = stage.written("a.test.", "b.test.")
    stage.dns.new_at["a.test."] = 50.0
    watch = stage.watch()
    watch.add(*ids)
    watch.no_more()
    running = watch.run()
    assert next(running).domain == "a.test."
    running.close()  # type: ignore[attr-defined]
    assert rows(stage, ids[1])[ids[1]].due_at >= stage.clock.now()
    assert stage.journal.unseen() == [ids[1]]


def test_a_watch_that_another_process_holds_is_heard_of_and_not_repeated(stage: WatchStage) -> None:
    (change_id,) = stage.written("a.test.")
    other = stage.journal.watch_book()
    due = stage.clock.now() + timedelta(seconds=5)
    assert other.claim([Waiting(change_id=change_id, started_at=START, deadline_at=due, due_at=due)])
    mailbox = JumpingMailbox(stage.dns)

    def keep_until(at: float) -> None:
        if at > 300:
            stage.journal.append(change_id, "authoritative", detail={"old_until": None})
            other.release()
        else:
            assert other.keep([])
            mailbox.meanwhile.append((at + 20, lambda: keep_until(at + 20)))

    mailbox.meanwhile.append((20.0, lambda: keep_until(20.0)))
    (result,) = run(stage.watch(mailbox=mailbox), change_id)
    assert (result.state, stage.dns.looks) == ("authoritative", [])
    assert stage.states(change_id) == ["intended", "written", "authoritative"]


def test_a_lease_that_runs_out_is_taken_over(stage: WatchStage) -> None:
    (change_id,) = stage.written("a.test.")
    stage.dns.new_at["a.test."] = 0.0
    other = stage.journal.watch_book()
    deadline = START + timedelta(seconds=BUDGET_S)
    other.claim([Waiting(change_id=change_id, started_at=START, deadline_at=deadline, due_at=START)])
    (result,) = run(stage.watch(), change_id)
    assert result.state == "authoritative"
    assert 60.0 <= stage.dns.looks[0].at <= 81.0


def test_who_lost_the_lease_does_not_go_on_looking(stage: WatchStage) -> None:
    (change_id,) = stage.written("a.test.")
    mailbox = JumpingMailbox(stage.dns)
    other = stage.journal.watch_book(lease_s=1000.0)
    blank = Waiting(change_id=change_id, started_at=START, deadline_at=START, due_at=START)

    def sleep_and_lose() -> None:
        stage.clock.elapsed_s += 100.0  # as a machine that was suspended
        assert other.claim([blank])

    mailbox.meanwhile.append((50.0, sleep_and_lose))
    mailbox.meanwhile.append((500.0, lambda: stage.journal.append(change_id, "authoritative", detail={"old_until": None})))
    (result,) = run(stage.watch(mailbox=mailbox), change_id)
    assert result.state == "authoritative"
    assert max(look.at for look in stage.dns.looks) < 160.0


def test_what_is_fresh_and_there_at_the_first_look_is_not_claimed(stage: WatchStage, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = stage.written(*(f"d{n}.test." for n in range(20)))
    stage.dns.new_at = {f"d{n}.test.": 0.0 for n in range(20)}
    claimed: list[int] = []

    def claim(book: SqlWatchBook, rows: list[Waiting], *, anew: bool = False) -> list[Waiting]:
        claimed.extend(row.change_id for row in rows)
        return rows

    monkeypatch.setattr(SqlWatchBook, "claim", claim)
    watch = stage.watch()
    watch.add(*ids, fresh=True)
    watch.no_more()
    assert {result.state for result in watch.run()} == {"authoritative"}
    assert claimed == []
    assert [stage.states(one)[-1] for one in ids] == ["authoritative"] * 20


def test_what_is_fresh_and_must_wait_is_gone_on_with_by_the_next_one(stage: WatchStage) -> None:
    (change_id,) = stage.written("a.test.")
    mailbox = JumpingMailbox(stage.dns)
    watch = stage.watch(mailbox=mailbox)
    mailbox.meanwhile.append((400.0, watch.stop))
    watch.add(change_id, fresh=True)
    assert list(watch.run()) == []
    row = rows(stage, change_id)[change_id]
    assert row.deadline_at == START + timedelta(seconds=BUDGET_S)
    assert row.due_at > START + timedelta(seconds=400)


def test_what_is_fresh_and_somebody_else_has_taken_up_is_left_to_them(stage: WatchStage) -> None:
    (change_id,) = stage.written("a.test.")
    other = stage.journal.watch_book(lease_s=1000.0)
    due = stage.clock.now() + timedelta(seconds=5)
    assert other.claim([Waiting(change_id=change_id, started_at=START, deadline_at=due, due_at=due)])
    mailbox = JumpingMailbox(stage.dns)
    mailbox.meanwhile.append((300.0, lambda: stage.journal.append(change_id, "authoritative", detail={"old_until": None})))
    watch = stage.watch(mailbox=mailbox)
    watch.add(change_id, fresh=True)
    watch.no_more()
    assert [result.state for result in watch.run()] == ["authoritative"]
    assert len(stage.dns.looks) == 1  # the first, when it was not known yet


def test_a_zone_that_others_wrote_to_meanwhile_is_read_anew(stage: WatchStage) -> None:
    """A later change of the zone's other domain tells nothing of ours; one of our own takes its place."""
    ours, taken = stage.written("a.test.", "b.test.", zone="test.")[0], stage.written("c.test.")[0]
    stage.dns.new_at = {"a.test.": 50.0}
    mailbox = JumpingMailbox(stage.dns)

    def write_beside() -> None:
        stage.written("b.test.", zone="test.")

    def write_again() -> None:
        stage.written("c.test.")

    mailbox.meanwhile.append((20.0, write_beside))
    mailbox.meanwhile.append((BUDGET_S - 0.01, write_again))  # no tick sees it before the end
    results = run(stage.watch(mailbox=mailbox), ours, taken)
    assert [(result.domain, result.state) for result in results] == [("a.test.", "authoritative"), ("c.test.", "written")]
    assert "has taken its place" in results[1].message
    assert stage.states(taken) == ["intended", "written"]


def test_progress_says_how_many_wait(stage: WatchStage) -> None:
    said: list[str] = []
    ids = stage.written("a.test.", "b.test.")
    stage.dns.new_at["a.test."] = 50.0
    run(stage.watch(notify=said.append), *ids)
    assert "2 waiting" in said
    assert "1 waiting, 1 authoritative" in said


def test_images_of_the_stage_differ_in_both_types() -> None:
    images = before_and_after("a.test.")
    assert images.before["MX"] != images.after["MX"]
    assert images.before["TXT"] != images.after["TXT"]
