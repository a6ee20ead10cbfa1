"""What workers leave to others: what a dead one began, an account without credentials, a long wait, a watch that rests."""

from __future__ import annotations

from dataclasses import replace

import yaml

from tests.integration import test_worker
from tests.integration.fleet import Fleet, Stands, Worker
from tests.integration.test_worker import FleetWith, assert_all_well, end, killed_at, read

fleet_with = test_worker.fleet_with


def test_what_a_dead_worker_left_begun_in_a_cancelled_run_is_recovered_by_nobodys_hand(fleet_with: FleetWith) -> None:
    fleet = fleet_with(domains=12, concurrency=3, latency_s=0.05)
    run = killed_at(fleet, "after")
    fleet.runs.order(run.id, "cancelled")
    assert fleet.count(run, "begun") > 0
    fleet.start()
    fleet.until(lambda: fleet.count(run, "done") == 12, "every row is done")
    written = fleet.count(run, "authoritative")
    assert written >= 5  # the fifth had been written when its worker died
    assert written + fleet.count(run, "cancelled") == 12
    assert set(fleet.provider.writes.values()) == {1}
    assert len(fleet.provider.writes) == written
    domains = [row.what.domain for row in fleet.runs.book.rows(run.id)]
    assert not any(fleet.world.journal.unfinished(domain) for domain in domains)


def test_what_a_dead_worker_left_begun_in_a_paused_run_is_recovered_and_the_run_goes_on_later(fleet_with: FleetWith) -> None:
    fleet = fleet_with(domains=10, concurrency=3, latency_s=0.05)
    run = killed_at(fleet, "before")
    fleet.runs.order(run.id, "paused")
    fleet.start()
    fleet.until(lambda: fleet.count(run, "begun", "written") == 0, "nothing is half-way")
    assert fleet.count(run, "todo") > 0
    fleet.runs.order(run.id, "running")
    fleet.until_ended(run)
    assert_all_well(fleet, run)


def metrics_at(worker: Worker) -> str:
    return worker.told().split("metrics at ")[1].split("/metrics")[0]


def without_a_key(fleet: Fleet) -> Stands:
    """The same account, whose key is not on this machine."""
    config = fleet.folder / "without.yaml"
    entry = yaml.safe_load(fleet.config.read_text())
    entry["accounts"]["box"]["credentials"]["api_key"] = "env:REGISTRAR_SYNC_NO_SUCH_KEY"
    config.write_text(yaml.safe_dump(entry))
    return replace(Stands(), config=config)


def test_an_account_without_credentials_on_one_machine_is_left_to_the_others(fleet_with: FleetWith) -> None:
    fleet = fleet_with(domains=8, concurrency=2)
    (without,) = fleet.start(stands=without_a_key(fleet), metrics=True)
    run = fleet.begin(fleet.provider.domains)
    code, told = read(f"{metrics_at(without)}/healthz")
    assert code == 200 or "does not say" in told  # its first sign of life may be to come
    fleet.until(lambda: read(f"{metrics_at(without)}/healthz")[1].startswith("ok\nwithout account box:"), "it says so")
    assert "REGISTRAR_SYNC_NO_SUCH_KEY" in read(f"{metrics_at(without)}/healthz")[1]
    assert "registrar_sync_accounts_without_credentials 1.0" in read(f"{metrics_at(without)}/metrics")[1]
    fleet.start()
    fleet.until_ended(run)
    assert_all_well(fleet, run)
    assert {row.attempts for row in fleet.runs.book.rows(run.id)} == {1}


def test_credentials_that_are_lost_meanwhile_pause_no_run_that_others_can_do(fleet_with: FleetWith) -> None:
    fleet = fleet_with(domains=8, concurrency=2, latency_s=0.05)
    own = fleet.folder / "own.yaml"
    secret = fleet.folder / "own-secret"
    secret.write_text("sandbox.sandbox")
    secret.chmod(0o600)
    own.write_text(fleet.config.read_text().replace(str(fleet.secret), str(secret)))
    (loses,) = fleet.start(stands=replace(Stands(), config=own))
    secret.unlink()
    run = fleet.begin(fleet.provider.domains)
    fleet.until(lambda: "Account box is left to other workers" in loses.told(), "the worker notices")
    assert fleet.state(run) == "running"
    fleet.start()
    fleet.until_ended(run)
    assert_all_well(fleet, run)


def test_a_worker_in_a_long_wait_hears_at_once_that_it_is_to_stop(fleet_with: FleetWith) -> None:
    fleet = fleet_with(domains=3, concurrency=1)
    fleet.provider.sandbox.fail_next("PATCH", "", 429, {}, headers={"Retry-After": "20"})
    (first,) = fleet.start()
    run = fleet.begin(fleet.provider.domains)
    fleet.until(lambda: any(call.method == "PATCH" for call in fleet.provider.calls), "it is told to come back later")
    end(first)
    assert first.process.returncode == 0
    assert fleet.count(run, "begun") == 1  # it has not waited for the end of the domain
    assert len([call for call in fleet.provider.calls if call.method == "PATCH"]) == 1
    fleet.start()
    fleet.until_ended(run)
    assert_all_well(fleet, run)


def test_a_run_that_only_waits_is_watched_by_nobody_until_it_is_due(fleet_with: FleetWith) -> None:
    fleet = fleet_with(domains=4, concurrency=2, ttl=3600)
    fleet.start()
    run = fleet.begin(fleet.provider.domains, wait="visible")
    fleet.until(lambda: resting(fleet) == 1, "all wait for caches")
    assert fleet.count(run, "written") == 4
    assert fleet.sql("SELECT count(*) FROM procrastinate_jobs WHERE status = 'doing' AND queue_name = 'watches'")[0][0] == 0
    fleet.sql("UPDATE procrastinate_jobs SET scheduled_at = now() WHERE queue_name = 'watches'")
    fleet.until(lambda: resting(fleet) == 0, "it is watched again")
    fleet.until(lambda: resting(fleet) == 1, "and rests again")


def resting(fleet: Fleet) -> int:
    asked = "SELECT count(*) FROM procrastinate_jobs WHERE queue_name = 'watches' AND status = 'todo' AND scheduled_at > now()"
    return int(fleet.sql(asked)[0][0])
