"""Runs on several machines: workers that are killed, frozen and stopped, and a database that goes away.

The workers are processes of their own with shorter leases than shipped; what is asserted is what a customer's zone and an
operator's account see.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.error import HTTPError

import pytest

from registrar_sync.core.run import Run
from tests.integration.fleet import LIMIT_S, Fleet, Worker, fleet_of, own_server
from tests.unit.journals import empty_place

FleetWith = Callable[..., Fleet]


@pytest.fixture
def fleet_with(tmp_path: Path) -> Iterator[FleetWith]:
    """``fleet_with(domains=40, concurrency=4)``: a provider, an empty journal, and an account with these settings."""
    with ExitStack() as stack:

        def make(**given: Any) -> Fleet:
            journal = stack.enter_context(empty_place("postgresql", tmp_path))
            return stack.enter_context(fleet_of(journal, tmp_path, **given))

        yield make


def assert_all_well(fleet: Fleet, *runs: Run) -> None:
    """Every domain is protected and was written to once, and nothing else of it was touched."""
    for run in runs:
        assert fleet.count(run, "authoritative") == fleet.count(run, "done"), fleet.told()
    unprotected = [domain for domain in fleet.provider.domains if not fleet.provider.is_protected(domain)]
    assert not unprotected
    assert set(fleet.provider.writes.values()) == {1}
    assert len(fleet.provider.writes) == len(fleet.provider.domains)


def test_three_workers_share_a_run_and_keep_the_accounts_cap(fleet_with: FleetWith) -> None:
    fleet = fleet_with(domains=24, concurrency=4)
    fleet.start(3)
    run = fleet.begin(fleet.provider.domains)
    fleet.until_ended(run)
    assert_all_well(fleet, run)
    assert fleet.provider.most_at_once <= 4


def test_two_runs_on_one_account_keep_its_cap_and_both_end(fleet_with: FleetWith) -> None:
    fleet = fleet_with(domains=20, concurrency=3, latency_s=0.05)
    one, two = fleet.begin(fleet.provider.domains[:10]), fleet.begin(fleet.provider.domains[10:])
    fleet.start(2)
    fleet.until_ended(one)
    fleet.until_ended(two)
    assert_all_well(fleet, one, two)
    assert fleet.provider.most_at_once <= 3


def test_an_accounts_rate_holds_over_all_workers(fleet_with: FleetWith) -> None:
    fleet = fleet_with(domains=10, concurrency=4, rate={"calls": 20, "per_s": 4})
    fleet.start(3)
    run = fleet.begin(fleet.provider.domains)
    fleet.until_ended(run)
    assert_all_well(fleet, run)
    assert fleet.provider.most_in(4.0) <= 22  # a call may be seen a little later than it was let go
    assert fleet.provider.most_at_once <= 4


def at_write(fleet: Fleet, number: int, moment: str, act: Callable[[], object]) -> threading.Event:
    """Act once, before or after so many-th write takes effect; the event is set when that has been done."""
    done, lock = threading.Event(), threading.Lock()
    writes = 0

    def pass_by(now: str, method: str, path: str) -> None:
        nonlocal writes
        with lock:
            writes += method == "PATCH" and now == moment
            due = writes == number and not done.is_set()
            if due:
                act()
                done.set()

    fleet.provider.at = pass_by
    return done


def killed_at(fleet: Fleet, moment: str) -> Run:
    """A run whose only worker is killed at its fifth write."""
    (first,) = fleet.start()
    struck = at_write(fleet, 5, moment, first.kill)
    run = fleet.begin(fleet.provider.domains)
    fleet.until(struck.is_set, "the worker is killed")
    return run


@pytest.mark.parametrize("moment", ["before", "after"])
def test_others_take_over_from_a_worker_that_was_killed_while_it_wrote(fleet_with: FleetWith, moment: str) -> None:
    fleet = fleet_with(domains=16, concurrency=4, latency_s=0.05)
    run = killed_at(fleet, moment)
    assert fleet.count(run, "begun") > 0
    fleet.start(2)
    fleet.until_ended(run)
    assert_all_well(fleet, run)
    attempts = [row.attempts for row in fleet.runs.book.rows(run.id)]
    assert max(attempts) > 1


PUT_OUT = ("was taken over", "cannot be used", "Job was not found")
"""Who refuses a worker that wakes depends on where it was stopped: the journal, the server amid a transaction, the job queue."""


def test_a_frozen_workers_lanes_are_taken_over_and_it_writes_nothing_when_it_wakes(fleet_with: FleetWith) -> None:
    fleet = fleet_with(domains=16, concurrency=4, latency_s=0.05)
    (frozen,) = fleet.start()
    struck = at_write(fleet, 5, "after", lambda: frozen.send(signal.SIGSTOP))
    run = fleet.begin(fleet.provider.domains)
    fleet.until(struck.is_set, "the worker is stopped")
    fleet.start(2)
    fleet.until_ended(run)
    frozen.send(signal.SIGCONT)
    fleet.until(lambda: any(said in frozen.told() for said in PUT_OUT), "the worker hears that others went on")
    assert_all_well(fleet, run)
    # it goes on as one of three
    end(frozen)
    assert frozen.process.returncode == 0


def end(worker: Worker) -> None:
    """Tell it to stop, and wait until it has."""
    worker.send(signal.SIGTERM)
    worker.process.wait(LIMIT_S)


def test_a_worker_that_is_told_to_stop_ends_what_it_has_begun_and_others_go_on(fleet_with: FleetWith) -> None:
    fleet = fleet_with(domains=16, concurrency=4, latency_s=0.05)
    (first,) = fleet.start()
    run = fleet.begin(fleet.provider.domains)
    fleet.until(lambda: fleet.count(run, "written", "done") >= 2, "some are written")
    end(first)
    assert first.process.returncode == 0
    assert fleet.count(run, "begun") == 0
    assert fleet.count(run, "todo") > 0
    fleet.start()
    fleet.until_ended(run)
    assert_all_well(fleet, run)
    assert {row.attempts for row in fleet.runs.book.rows(run.id)} == {1}


def test_nothing_is_begun_after_a_pause(fleet_with: FleetWith) -> None:
    fleet = fleet_with(domains=16, concurrency=4, latency_s=0.05)
    fleet.start(2)
    run = fleet.begin(fleet.provider.domains)
    fleet.until(lambda: fleet.count(run, "written", "done") >= 2, "some are written")
    fleet.runs.order(run.id, "paused")
    paused_at = datetime.now(UTC)
    fleet.until(lambda: fleet.count(run, "begun", "written") == 0, "what is under way ends")
    begun = [row.begun_at for row in fleet.runs.book.rows(run.id) if row.begun_at]
    assert 0 < len(begun) < 16
    assert max(begun) <= paused_at
    fleet.runs.order(run.id, "running")
    fleet.until_ended(run)
    assert_all_well(fleet, run)


def test_nothing_is_begun_after_a_cancel_and_what_was_written_is_watched_to_its_end(fleet_with: FleetWith) -> None:
    fleet = fleet_with(domains=16, concurrency=4, latency_s=0.05)
    fleet.start(2)
    run = fleet.begin(fleet.provider.domains)
    fleet.until(lambda: fleet.count(run, "written", "done") >= 2, "some are written")
    fleet.runs.order(run.id, "cancelled")
    fleet.until(lambda: fleet.count(run, "todo", "begun", "written") == 0, "what is under way ends")
    done, cancelled = fleet.count(run, "authoritative"), fleet.count(run, "cancelled")
    assert (done >= 2, cancelled > 0, done + cancelled) == (True, True, 16)
    assert len(fleet.provider.writes) == done
    assert set(fleet.provider.writes.values()) == {1}


def test_jobs_that_were_deleted_by_hand_come_back(fleet_with: FleetWith) -> None:
    fleet = fleet_with(domains=16, concurrency=4, latency_s=0.05)
    fleet.start(2)
    run = fleet.begin(fleet.provider.domains)
    fleet.until(lambda: fleet.count(run, "written", "done") >= 2, "some are written")
    fleet.sql("DELETE FROM procrastinate_jobs WHERE queue_name IN ('lanes', 'watches')")
    fleet.until_ended(run)
    assert_all_well(fleet, run)


def test_the_canaries_end_before_the_others_begin(fleet_with: FleetWith) -> None:
    fleet = fleet_with(domains=10, concurrency=4)
    fleet.start(2)
    run = fleet.begin(fleet.provider.domains, canary=2, wave=4)
    fleet.until_ended(run)
    assert_all_well(fleet, run)
    rows = list(fleet.runs.book.rows(run.id))
    for wave in (1, 2):
        began = min(row.begun_at for row in rows if row.what.wave == wave and row.begun_at)
        assert all(row.ended_at and row.ended_at <= began for row in rows if row.what.wave < wave)


def test_a_run_pauses_when_too_many_fail_whichever_worker_they_failed_at(fleet_with: FleetWith) -> None:
    fleet = fleet_with(domains=12, concurrency=2, latency_s=0.05)
    fleet.provider.sandbox.fail_next("PATCH", "", 400, {}, times=None)
    fleet.start(2)
    run = fleet.begin(fleet.provider.domains, max_failures=1)
    fleet.until(lambda: fleet.state(run) == "paused", "the brake is pulled")
    fleet.until(lambda: fleet.count(run, "begun") == 0, "what is under way ends")
    assert "failures" in fleet.runs.book.run(run.id).why
    assert fleet.count(run, "todo") > 0


def test_metrics_and_health(fleet_with: FleetWith) -> None:
    fleet = fleet_with(domains=4, concurrency=2)
    (worker,) = fleet.start(metrics=True)
    run = fleet.begin(fleet.provider.domains, canary=1)
    fleet.until_ended(run)
    waiting = fleet.begin(fleet.provider.domains)
    fleet.runs.order(waiting.id, "paused")
    url = worker.told().split("metrics at ")[1].split("/metrics")[0]
    fleet.until(lambda: read(f"{url}/healthz") == (200, "ok\n"), "the worker is well")
    code, text = read(f"{url}/metrics")
    lines = dict(line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))
    assert code == 200
    assert lines["registrar_sync_up"] == "1.0"
    assert lines['registrar_sync_runs{state="ended"}'] == "1.0"
    assert float(lines['registrar_sync_domains_moved_total{account="box",state="authoritative"}']) == 4
    assert sum(float(v) for k, v in lines.items() if k.startswith('registrar_sync_domains{account="box",run="2"')) == 4
    assert float(lines['registrar_sync_api_calls_total{account="box"}']) >= len(fleet.provider.calls)
    assert float(lines["registrar_sync_workers"]) == 1
    assert read(f"{url}/")[0] == 404


def read(url: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(url, timeout=LIMIT_S) as answer:
            return answer.status, answer.read().decode()
    except HTTPError as error:
        return error.code, error.read().decode()


def test_a_restart_of_the_database_in_the_middle_needs_nobodys_hand(tmp_path: Path) -> None:
    with own_server() as (journal, restart), fleet_of(journal, tmp_path, domains=16, concurrency=4, latency_s=0.05) as fleet:
        fleet.start(2)
        run = fleet.begin(fleet.provider.domains)
        fleet.until(lambda: fleet.count(run, "written", "done") >= 3, "some are written")
        restart()
        fleet.until_ended(run)
        assert_all_well(fleet, run)
        assert all(worker.process.poll() is None for worker in fleet.workers)


def command(fleet: Fleet, *words: str) -> Any:
    """Run a command line to its end: what it told, as JSON, an object a line."""
    place = ("--journal", fleet.journal, "--config", str(fleet.config), "--output", "json")
    words = (sys.executable, "-m", "registrar_sync", *words, *place)
    ended = subprocess.run(words, capture_output=True, text=True, check=False, timeout=LIMIT_S)
    assert ended.returncode == 0, ended.stderr
    return [json.loads(line) for line in ended.stdout.splitlines()]


def test_as_an_operator_does_it_with_the_commands_as_shipped(fleet_with: FleetWith, tmp_path: Path) -> None:
    fleet = fleet_with(domains=6, concurrency=2)
    log = tmp_path / "worker.log"
    words = [sys.executable, "-m", "registrar_sync", "worker", "--journal", fleet.journal, "--config", str(fleet.config)]
    with log.open("wb") as out:
        worker = Worker(subprocess.Popen([*words, "--concurrency", "4", "--verbose"], stdout=out, stderr=out), log)
    fleet.workers.append(worker)
    fleet.until(lambda: "Working on" in worker.told(), "the worker starts")
    roster = tmp_path / "customers.txt"
    roster.write_text("\n".join(fleet.provider.domains))
    (begun,) = command(fleet, "bulk", "run", str(roster), "--account", "box", "--detach", "--yes")
    run = fleet.runs.book.run(begun["run"])
    fleet.until_ended(run)
    (status,) = command(fleet, "bulk", "status", str(run.id))
    assert (status["run"], status["state"]) == (run.id, "ended")
    assert_all_well(fleet, run)
    (undoing,) = command(fleet, "bulk", "rollback", str(run.id), "--detach", "--yes")
    undone = fleet.runs.book.run(undoing["run"])
    fleet.until_ended(undone)
    assert not any("security-mail" in fleet.provider.sandbox.store.zone_text(domain) for domain in fleet.provider.domains)
    end(worker)
    assert worker.process.returncode == 0


def test_no_password_is_in_a_workers_log_or_its_metrics(fleet_with: FleetWith) -> None:
    fleet = fleet_with(domains=1)
    fleet.journal = fleet.journal.replace("postgres:@", "postgres:s3cret-of-the-database@")
    (worker,) = fleet.start(metrics=True)
    run = fleet.begin(fleet.provider.domains)
    fleet.until_ended(run)
    url = worker.told().split("metrics at ")[1].split("/metrics")[0]
    told = worker.told() + read(f"{url}/metrics")[1]
    assert "s3cret" not in told
    assert "sandbox.sandbox" not in told
    assert os.fspath(fleet.config) not in read(f"{url}/metrics")[1]
