"""Kill -9 at every kind of point of a write: ``recover`` ends exactly before or exactly after, published.

The servers live in the test's process; what is killed is a process of its own (``killed``). After it the test runs the
command line as an operator would: what is asked of the operator, and of nobody else, is ``recover``.
"""

from __future__ import annotations

import json
import signal
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml
from typer.testing import CliRunner

from registrar_sync.cli.app import app
from registrar_sync.providers.transport import Transport
from registrar_sync.sandbox.server import Sandbox
from registrar_sync.wiring import SystemClock
from tests.contract.worlds import NEIGHBOURS, USUAL, SandboxVendor, Vendor
from tests.integration.killed import Point, Running, send_late, start
from tests.integration.powerdns_world import powerdns_server

CALL_LIMIT_S = 15.0  # as shipped
LEASE_S = 60.0
RECOVER = ("recover", "example.com")
ROLLBACK = ("rollback", "example.com", "--yes")
MODES = {"below": (), "replace": ("--mx", "replace", "--accept", "spf-mx-mechanism")}


class Zone(NamedTuple):
    """A whole zone, neighbours and all, as the vendor stores it and as the DNS serves it."""

    stored: str
    served: str


@dataclass(frozen=True)
class Run:
    """What a command left."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        """stdout as the one JSON object that it must be."""
        found: dict[str, Any] = json.loads(self.out)
        return found


class Hours:
    """The clock of the commands in the test's process: what they sleep passes at once, unless ``real``.

    ``asleep`` is called with the seconds of each sleep before it begins.
    """

    def __init__(self) -> None:
        self.ahead_s = 0.0
        self.real = False
        self.asleep: Callable[[float], object] = lambda seconds: None

    def install(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Become the system's clock."""
        now, monotonic, sleep = SystemClock.now, SystemClock.monotonic, SystemClock.sleep

        def pass_time(clock: SystemClock, seconds: float) -> None:
            self.asleep(seconds)
            if self.real:
                sleep(clock, seconds)
            else:
                self.ahead_s += max(0.0, seconds)

        monkeypatch.setattr(SystemClock, "now", lambda clock: now(clock) + timedelta(seconds=self.ahead_s))
        monkeypatch.setattr(SystemClock, "monotonic", lambda clock: monotonic(clock) + self.ahead_s)
        monkeypatch.setattr(SystemClock, "sleep", pass_time)

    def now(self) -> datetime:
        """What the commands hold to be the present."""
        return SystemClock().now()


@dataclass
class Scene:
    """A vendor with the usual zone, an empty journal, and a command line."""

    vendor: Vendor
    provider: str
    folder: Path
    clock: Hours
    # when each API call of a command in the test's process was made
    asked: list[datetime] = field(default_factory=list)
    started: list[Running] = field(default_factory=list)

    @property
    def journal(self) -> Path:
        return self.folder / "journal.sqlite"

    def configure(self, **account: Any) -> None:
        """Write the operator's providers.yaml."""
        entry = self.vendor.account() | account
        (self.folder / "providers.yaml").write_text(yaml.safe_dump({"accounts": {self.provider: entry}}))

    def _words(self, words: tuple[str, ...]) -> list[str]:
        config = str(self.folder / "providers.yaml")
        return [*words, "--journal", str(self.journal), "--config", config, "--output", "json"]

    def run(self, *words: str, later_s: float = 0.0) -> Run:
        """A command in the test's process, ``later_s`` seconds from now."""
        self.clock.ahead_s = later_s
        self.asked.clear()
        result = CliRunner().invoke(app, self._words(words), catch_exceptions=False)
        return Run(result.exit_code, result.stdout, result.stderr)

    def start(self, point: Point | None, *words: str, later_s: float = 0.0) -> Running:
        """A command in a process of its own."""
        out = self.folder / f"process-{len(self.started)}.out"
        running = start(point, self._words(words), out, later_s=later_s)
        self.started.append(running)
        return running

    def kill(self, at: str, *words: str, later_s: float = 0.0, **more: Any) -> None:
        """A command in a process of its own, killed at this point."""
        running = self.start(Point.parse(at, **more), *words, later_s=later_s)
        assert running.end() == -signal.SIGKILL, f"it ended before its point: {running.told()}"

    def stop(self, at: str, *words: str, **more: Any) -> Running:
        """A command in a process of its own, stopped at this point."""
        running = self.start(Point.parse(at, signal=signal.SIGSTOP, **more), *words)
        running.wait_until_stopped()
        return running

    def enroll(self, *more: str, domain: str = "example.com", later_s: float = 0.0) -> Run:
        return self.run(*self.enroll_words(*more, domain=domain), later_s=later_s)

    def enroll_words(self, *more: str, domain: str = "example.com") -> tuple[str, ...]:
        return ("enroll", domain, "--provider", self.provider, "--yes", *more)

    def rollback(self) -> Run:
        return self.run(*ROLLBACK)

    def recover(self) -> Run:
        return self.run(*RECOVER)

    def zone(self) -> Zone:
        return Zone(self.vendor.stored(), self.vendor.served())

    def states(self) -> list[str]:
        """The states of all changes, the oldest first, as ``history`` tells them."""
        return [str(row["state"]) for row in reversed(self.run("history").json["changes"])]

    def lock_renewed_at(self) -> datetime:
        """When the holder of the zone's lock, dead or alive, last said that it would write."""
        with closing(sqlite3.connect(self.journal)) as connection:
            ((text,),) = connection.execute("select renewed_at from zone_lock").fetchall()
        return datetime.fromisoformat(text)

    def assert_end(self, run: Run, state: str) -> None:
        assert (run.code, run.json["state"], run.json["error"]) == (0, state, None), run

    def assert_nothing_to_recover(self) -> None:
        """``recover`` is done at once, and asks nobody anything."""
        self.assert_end(self.recover(), "nothing-to-do")
        assert self.asked == []

    def assert_zone(self, zone: Zone) -> None:
        stands = self.zone()
        assert stands.stored.splitlines() == zone.stored.splitlines()
        assert stands.served.splitlines() == zone.served.splitlines()


@pytest.fixture(scope="module")
def vendors(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Vendor]]:
    """A real PowerDNS and a simulated OVH for all tests of this file."""
    with powerdns_server(tmp_path_factory.mktemp("powerdns")) as powerdns, Sandbox() as sandbox:
        yield {"powerdns": powerdns, "ovh": SandboxVendor(sandbox, "ovh")}


Scenes = Callable[..., Scene]


@pytest.fixture
def scene_at(vendors: dict[str, Vendor], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scenes]:
    """A scene at a provider, with a zone."""
    clock = Hours()
    clock.install(monkeypatch)
    scenes: list[Scene] = []
    send_once = Transport.send_once

    def send_and_note(http: Transport, *args: Any) -> Any:
        scenes[-1].asked.append(clock.now())
        return send_once(http, *args)

    monkeypatch.setattr(Transport, "send_once", send_and_note)

    def make(provider: str, zone: str = USUAL) -> Scene:
        vendor = vendors[provider]
        for name, value in vendor.environ().items():
            monkeypatch.setenv(name, value)
        vendor.load(zone)
        if isinstance(vendor, SandboxVendor):
            vendor.sandbox.clear_requests()
        scene = Scene(vendor, provider, tmp_path, clock)
        scene.configure()
        scenes.append(scene)
        return scene

    yield make
    for scene in scenes:
        for running in scene.started:
            running.put_away()
        if isinstance(scene.vendor, SandboxVendor):
            scene.vendor.sandbox.faults.clear()


@pytest.fixture
def ovh(scene_at: Scenes) -> Scene:
    return scene_at("ovh")


def sandbox_of(scene: Scene) -> Sandbox:
    assert isinstance(scene.vendor, SandboxVendor)
    return scene.vendor.sandbox


# --- one kill -----------------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Kill:
    """A command killed at ``point``. ``stands``: what the API then holds; ``ends``: what ``recover`` makes of it."""

    provider: str
    command: str
    mode: str
    point: str
    stands: str
    ends: str
    zone: str = USUAL

    def __str__(self) -> str:
        zone = "" if self.zone == USUAL else "-zone-without-spf-and-mx"
        return f"{self.provider}-{self.command}-{self.mode}-{self.point.replace(' ', '-')}{zone}"


# OVH's writes: below PUT (SPF), POST, POST, refresh; replace PUT, POST, POST, DELETE three times, refresh;
# the rollback of below DELETE, DELETE, PUT, refresh; of replace POST three times, DELETE, DELETE, PUT, refresh.
KILLS = [
    Kill("ovh", "enroll", "below", "after begin", "before", "before"),
    Kill("ovh", "enroll", "below", "before write 1", "before", "before"),
    Kill("ovh", "enroll", "below", "after write 1", "between", "before"),
    Kill("ovh", "enroll", "below", "before write 3", "between", "before"),
    Kill("ovh", "enroll", "below", "before write 4", "after", "after"),  # the last record is written, nothing is served
    Kill("ovh", "enroll", "below", "after write 4", "after", "after"),
    Kill("ovh", "enroll", "below", "before read-back", "after", "after"),
    Kill("ovh", "enroll", "below", "before written", "after", "after"),
    Kill("ovh", "enroll", "below", "after write 1", "between", "before", zone=NEIGHBOURS),
    Kill("ovh", "enroll", "below", "before write 4", "after", "after", zone=NEIGHBOURS),
    Kill("ovh", "enroll", "replace", "after write 3", "between", "before"),
    Kill("ovh", "enroll", "replace", "after write 5", "between", "before"),
    Kill("ovh", "enroll", "replace", "before write 7", "after", "after"),
    Kill("ovh", "enroll", "replace", "before read-back", "after", "after"),
    Kill("ovh", "rollback", "below", "after begin", "before", "before"),
    Kill("ovh", "rollback", "below", "after write 1", "between", "before"),
    Kill("ovh", "rollback", "below", "before write 4", "after", "after"),
    Kill("ovh", "rollback", "below", "before read-back", "after", "after"),
    Kill("ovh", "rollback", "below", "before written", "after", "after"),
    Kill("ovh", "rollback", "replace", "after write 4", "between", "before"),
    Kill("ovh", "rollback", "replace", "before write 7", "after", "after"),
    Kill("powerdns", "enroll", "below", "after begin", "before", "before"),
    Kill("powerdns", "enroll", "below", "before write 1", "before", "before"),
    Kill("powerdns", "enroll", "below", "after write 1", "after", "after"),
    Kill("powerdns", "enroll", "below", "before read-back", "after", "after"),
    Kill("powerdns", "enroll", "below", "before written", "after", "after"),
    Kill("powerdns", "enroll", "below", "after write 1", "after", "after", zone=NEIGHBOURS),
    Kill("powerdns", "enroll", "replace", "before write 1", "before", "before"),
    Kill("powerdns", "enroll", "replace", "after write 1", "after", "after"),
    Kill("powerdns", "rollback", "below", "before write 1", "before", "before"),
    Kill("powerdns", "rollback", "below", "before read-back", "after", "after"),
    Kill("powerdns", "rollback", "replace", "after write 1", "after", "after"),
]


@pytest.mark.parametrize("kill", KILLS, ids=str)
def test_recover_after_a_kill_ends_exactly_before_or_exactly_after(scene_at: Scenes, kill: Kill) -> None:
    scene = scene_at(kill.provider, kill.zone)
    start_zone, enrolled = _both_ends(scene, kill)
    before, after = (start_zone, enrolled) if kill.command == "enroll" else (enrolled, start_zone)
    words = scene.enroll_words(*MODES[kill.mode]) if kill.command == "enroll" else ROLLBACK

    scene.kill(kill.point, *words)
    assert {before.stored: "before", after.stored: "after"}.get(scene.vendor.stored(), "between") == kill.stands
    renewed_at = scene.lock_renewed_at()
    _assert_refused_until_recovered(scene)

    recovered = scene.recover()
    scene.assert_end(recovered, "restored" if kill.ends == "before" else "written")
    assert scene.asked[0] >= renewed_at + timedelta(seconds=CALL_LIMIT_S)
    scene.assert_zone(before if kill.ends == "before" else after)
    scene.assert_nothing_to_recover()
    _assert_journal_says_so(scene, kill)
    _assert_all_works_again(scene, kill, start_zone, enrolled)


def _both_ends(scene: Scene, kill: Kill) -> tuple[Zone, Zone]:
    """The zone at the start and enrolled. Before a rollback it is enrolled; before an enrolment it is back at the start."""
    start_zone = scene.zone()
    scene.assert_end(scene.enroll(*MODES[kill.mode]), "authoritative")
    enrolled = scene.zone()
    if kill.command == "enroll":
        scene.vendor.load(kill.zone)
        scene.journal.unlink()
    return start_zone, enrolled


def _assert_refused_until_recovered(scene: Scene) -> None:
    stands = scene.zone()
    refused = scene.enroll()
    assert (refused.code, refused.json["state"]) == (1, "refused")
    assert refused.json["error"]["kind"] == "open-change"
    assert "recover example.com" in refused.json["error"]["hint"]
    assert scene.asked == []
    scene.assert_zone(stands)


def _assert_journal_says_so(scene: Scene, kill: Kill) -> None:
    ended = {"before": "restored", "after": "written"}[kill.ends]
    if kill.command == "enroll":
        assert scene.states() == [ended]
    else:
        assert scene.states() == ["rolled-back" if kill.ends == "after" else "authoritative", ended]


def _assert_all_works_again(scene: Scene, kill: Kill, start_zone: Zone, enrolled: Zone) -> None:
    """The dead process's lock stops nobody: the zone can be enrolled and taken back."""
    if (kill.command == "enroll") == (kill.ends == "after"):
        writes = len(scene.vendor.writes())
        scene.assert_end(scene.enroll(*MODES[kill.mode]), "nothing-to-do")
        assert len(scene.vendor.writes()) == writes
    else:
        scene.assert_end(scene.enroll(*MODES[kill.mode]), "authoritative")
    scene.assert_zone(enrolled)
    scene.assert_end(scene.rollback(), "authoritative")
    scene.assert_zone(start_zone)


@pytest.mark.parametrize("apart", [False, True], ids=["lock-and-intent-as-one", "lock-then-intent"])
@pytest.mark.parametrize("provider", ["ovh", "powerdns"])
def test_a_kill_before_the_intent_is_durable_leaves_nothing_to_recover(scene_at: Scenes, provider: str, *, apart: bool) -> None:
    scene = scene_at(provider)
    start_zone = scene.zone()
    scene.kill("before begin", *scene.enroll_words(), apart=apart)
    scene.assert_zone(start_zone)
    scene.assert_nothing_to_recover()
    assert scene.states() == []
    scene.assert_end(scene.enroll(), "authoritative")
    scene.assert_end(scene.rollback(), "authoritative")
    scene.assert_zone(start_zone)


@pytest.mark.parametrize("provider", ["ovh", "powerdns"])
def test_a_kill_after_the_change_is_journalled_as_written_leaves_nothing_to_recover(scene_at: Scenes, provider: str) -> None:
    scene = scene_at(provider)
    start_zone = scene.zone()
    scene.kill("after written", *scene.enroll_words())
    scene.assert_nothing_to_recover()
    scene.assert_end(scene.enroll(), "nothing-to-do")
    assert scene.states() == ["authoritative"]
    scene.assert_end(scene.rollback(), "authoritative")
    scene.assert_zone(start_zone)


def test_an_interrupted_write_names_recover_and_is_recovered(ovh: Scene) -> None:
    """Ctrl-C instead of kill -9."""
    start_zone = ovh.zone()
    running = ovh.start(Point.parse("before write 3", signal=signal.SIGINT), *ovh.enroll_words())
    assert running.end() == 130, running.told()
    assert "recover example.com" in running.told()
    ovh.assert_end(ovh.recover(), "restored")
    ovh.assert_zone(start_zone)


def test_a_staged_provider_serves_nothing_of_a_change_killed_before_its_refresh_until_recover_publishes_it(ovh: Scene) -> None:
    start_zone = ovh.zone()
    ovh.kill("before write 4", *ovh.enroll_words())
    assert ovh.vendor.served() == start_zone.served
    assert "POST /ovh/1.0/domain/zone/example.com/refresh" not in ovh.vendor.writes()
    ovh.assert_end(ovh.recover(), "written")
    assert "include:includespf.security-mail.net" in ovh.vendor.served()


# --- a call that the dead process left under way ------------------------------------------------------------------------
@pytest.mark.parametrize(("provider", "ends"), [("ovh", "restored"), ("powerdns", "written")])
def test_recover_waits_for_the_call_that_the_dead_process_left_under_way(scene_at: Scenes, provider: str, ends: str) -> None:
    """The server carries it out only after the process is dead, and while recover waits."""
    scene = scene_at(provider)
    start_zone = scene.zone()
    kept = scene.folder / "request.json"
    scene.kill("before write 1", *scene.enroll_words(), request_to=kept)
    scene.assert_zone(start_zone)
    landed: list[float] = []

    def land(seconds: float) -> None:
        if not landed:
            landed.append(seconds)
            send_late(kept)

    scene.clock.asleep = land
    scene.assert_end(scene.recover(), ends)
    assert landed
    if ends == "restored":
        scene.assert_zone(start_zone)
    else:
        scene.assert_end(scene.rollback(), "authoritative")
        scene.assert_zone(start_zone)


def test_recover_reads_nothing_before_the_accounts_call_limit_is_over(ovh: Scene) -> None:
    """By the real clock and the server's own."""
    ovh.configure(call_limit_s=2.0)
    ovh.clock.real = True
    ovh.kill("after write 1", *ovh.enroll_words())
    renewed_at = ovh.lock_renewed_at()
    seen: list[datetime] = []
    sandbox_of(ovh).hook(".*", "", lambda: seen.append(datetime.now(UTC)), times=None)
    ovh.assert_end(ovh.recover(), "restored")
    assert seen[0] >= renewed_at + timedelta(seconds=2.0)


def test_another_owner_of_a_staged_zone_waits_for_the_recovery(ovh: Scene) -> None:
    """Its publication would publish the half-written edits of the interrupted change."""
    ovh.kill("before write 2", *ovh.enroll_words())
    run = ovh.enroll("--accept", "spf-mx-mechanism", domain="sub.example.com", later_s=1000.0)
    assert (run.code, run.json["error"]["kind"], run.json["changed"]) == (1, "open-change", False)
    assert "recover example.com" in run.json["error"]["hint"]
    ovh.assert_end(ovh.recover(), "restored")
    ovh.assert_end(ovh.enroll("--accept", "spf-mx-mechanism", domain="sub.example.com"), "authoritative")


def test_another_owner_of_the_zone_does_not_hide_how_long_recover_must_wait(scene_at: Scenes) -> None:
    """Taking over the dead writer's lock waits for the dead writer's call, so that recover need not know of it."""
    scene = scene_at("powerdns")
    scene.kill("before write 1", *scene.enroll_words())
    renewed_at = scene.lock_renewed_at()
    scene.assert_end(scene.enroll("--accept", "spf-mx-mechanism", domain="sub.example.com"), "authoritative")
    begun_at = next(change for change in scene.run("history").json["changes"] if change["domain"] == "sub.example.com")["at"]
    assert datetime.fromisoformat(begun_at) >= (renewed_at + timedelta(seconds=CALL_LIMIT_S)).replace(microsecond=0)
    scene.assert_end(scene.recover(), "restored")


# --- another writer -----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("provider", ["ovh", "powerdns"])
def test_a_foreign_value_is_drift_and_recover_writes_nothing_and_rollback_takes_out_our_part(
    scene_at: Scenes, provider: str
) -> None:
    scene = scene_at(provider)
    scene.vendor.add("example.com", "MX", "60 backup2.example.net.", 300)
    with_foreign = scene.zone()
    scene.vendor.load(USUAL)
    scene.kill("after write 1", *scene.enroll_words())
    scene.vendor.add("example.com", "MX", "60 backup2.example.net.", 300)
    stands, writes = scene.zone(), len(scene.vendor.writes())

    recovered = scene.recover()
    assert (recovered.code, recovered.json["state"], recovered.json["error"]["kind"]) == (12, "drift", "drift")
    assert len(scene.vendor.writes()) == writes
    scene.assert_zone(stands)
    scene.assert_nothing_to_recover()
    scene.assert_end(scene.rollback(), "authoritative")
    scene.assert_zone(with_foreign)


# --- recover and rollback killed in their turn --------------------------------------------------------------------------
@pytest.mark.parametrize("at", ["after lock", "before write 1", "after write 1", "before write 3", "before restored"])
def test_a_recover_killed_on_its_way_back_is_recovered(ovh: Scene, at: str) -> None:
    """Its writes: DELETE, PUT (SPF), refresh."""
    start_zone = ovh.zone()
    ovh.kill("after write 2", *ovh.enroll_words())
    ovh.kill(at, *RECOVER, later_s=CALL_LIMIT_S)
    ovh.assert_end(ovh.recover(), "restored")
    ovh.assert_zone(start_zone)
    ovh.assert_nothing_to_recover()


@pytest.mark.parametrize("at", ["before write 1", "after write 1", "before written"])
def test_a_recover_killed_on_its_way_forward_is_recovered(ovh: Scene, at: str) -> None:
    start_zone = ovh.zone()
    ovh.kill("before write 4", *ovh.enroll_words())
    ovh.kill(at, *RECOVER, later_s=CALL_LIMIT_S)
    ovh.assert_end(ovh.recover(), "written")
    assert "include:includespf.security-mail.net" in ovh.vendor.served()
    ovh.assert_nothing_to_recover()
    ovh.assert_end(ovh.rollback(), "authoritative")
    ovh.assert_zone(start_zone)


@pytest.mark.parametrize("killed", ["rollback", "recover"])
def test_the_rollbacks_end_and_the_enrolments_mark_are_one(ovh: Scene, killed: str) -> None:
    """Killed as soon as the rollback's end is on disk: the enrolment does not stand in the journal any more."""
    start_zone = ovh.zone()
    ovh.assert_end(ovh.enroll(), "authoritative")
    if killed == "recover":
        ovh.kill("before written", *ROLLBACK)
        ovh.kill("after written", *RECOVER, later_s=CALL_LIMIT_S)
    else:
        ovh.kill("after written", *ROLLBACK)
    assert ovh.recover().code == 0
    ovh.assert_zone(start_zone)
    assert ovh.states() == ["rolled-back", "written"]


# --- two processes ------------------------------------------------------------------------------------------------------
@pytest.fixture
def held(ovh: Scene) -> Iterator[tuple[Running, threading.Event]]:
    """An enrolment whose first write the server holds back until the event."""
    writing, let_go = threading.Event(), threading.Event()

    def hold() -> None:
        writing.set()
        let_go.wait(30)

    sandbox_of(ovh).hook("PUT", "/record/", hold)
    first = ovh.start(None, *ovh.enroll_words())
    assert writing.wait(30), first.told()
    yield first, let_go
    let_go.set()


def assert_locked_by(run: Run, holder: Running) -> None:
    assert run.code == 11, run
    assert run.json["error"]["kind"] == "zone-locked"
    assert f"process {holder.pid}" in run.json["error"]["message"]


def test_a_second_enrolment_while_the_first_one_writes_names_the_holder(
    ovh: Scene, held: tuple[Running, threading.Event]
) -> None:
    assert_locked_by(ovh.enroll(), held[0])


def test_recover_while_the_writer_lives_names_the_holder_and_the_writer_ends_well(
    ovh: Scene, held: tuple[Running, threading.Event]
) -> None:
    first, let_go = held
    assert_locked_by(ovh.recover(), first)
    assert ovh.asked == []
    let_go.set()
    assert first.end() == 0, first.told()
    assert ovh.states() == ["authoritative"]
    ovh.assert_nothing_to_recover()
    ovh.assert_end(ovh.enroll(), "nothing-to-do")


def test_a_second_enrolment_before_the_first_ones_intent_names_the_holder(ovh: Scene) -> None:
    first = ovh.stop("after lock", *ovh.enroll_words(), apart=True)
    assert_locked_by(ovh.enroll(), first)
    assert first.go_on() == 0, first.told()
    assert ovh.states() == ["authoritative"]


def sleep_past_the_lease(scene: Scene) -> Running:
    """A writer that stops with the lock in its hand and its intent not yet recorded. When its lease has run out, somebody
    else enrols the domain in the other mode, and the writer goes on to its end."""
    sleeper = scene.stop("before begin", *scene.enroll_words(), apart=True)
    scene.assert_end(scene.enroll(*MODES["replace"], later_s=LEASE_S + 1), "authoritative")
    writes = scene.vendor.writes()
    assert sleeper.go_on() == 1, sleeper.told()
    assert scene.vendor.writes() == writes
    return sleeper


def test_a_writer_that_slept_past_its_lease_writes_nothing_more(ovh: Scene) -> None:
    sleeper = sleep_past_the_lease(ovh)
    assert "lock-lost" in sleeper.told()
    enrolled = ovh.zone()
    ovh.recover()
    ovh.assert_zone(enrolled)


def test_a_writer_that_lost_its_lock_before_its_first_write_does_not_stand_in_the_way_of_a_rollback(ovh: Scene) -> None:
    start_zone = ovh.zone()
    sleep_past_the_lease(ovh)
    ovh.recover()
    ovh.assert_end(ovh.rollback(), "authoritative")
    ovh.assert_zone(start_zone)


def test_a_writer_that_slept_between_two_writes_past_its_lease_writes_nothing_more(ovh: Scene) -> None:
    """Somebody else has wanted another domain of the zone meanwhile; recover takes back what the sleeper had begun."""
    first = ovh.stop("before renew 3", *ovh.enroll_words())
    other = ovh.enroll("--accept", "spf-mx-mechanism", domain="sub.example.com", later_s=LEASE_S + 1)
    assert (other.code, other.json["error"]["kind"]) == (1, "open-change")
    writes = ovh.vendor.writes()

    assert first.go_on() == 1, first.told()
    assert "recover example.com" in first.told()
    assert ovh.vendor.writes() == writes
    ovh.assert_end(ovh.recover(), "restored")
    ovh.assert_end(ovh.enroll(), "authoritative")
    ovh.assert_end(ovh.rollback(), "authoritative")
    assert "security-mail" not in ovh.vendor.stored() + ovh.vendor.served()


def test_recover_takes_over_from_a_writer_that_sleeps_past_its_lease_and_never_before(ovh: Scene) -> None:
    start_zone = ovh.zone()
    sleeper = ovh.stop("before renew 3", *ovh.enroll_words())
    assert_locked_by(ovh.recover(), sleeper)
    ovh.assert_end(ovh.run(*RECOVER, later_s=LEASE_S + 1), "restored")
    assert sleeper.go_on() == 1, sleeper.told()
    assert "lock-lost" in sleeper.told()
    ovh.assert_zone(start_zone)
    assert ovh.states() == ["restored"]


def test_a_plan_over_an_interrupted_change_does_not_call_our_edits_somebody_elses(ovh: Scene) -> None:
    ovh.kill("before write 2", *ovh.enroll_words())
    run = ovh.run("plan", "example.com", "--provider", "ovh", later_s=1000.0)
    assert (run.code, run.json["error"]["kind"]) == (1, "open-change")
    assert "recover example.com" in run.json["error"]["hint"]
    ovh.assert_end(ovh.recover(), "restored")
