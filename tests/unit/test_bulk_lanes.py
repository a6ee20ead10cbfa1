"""Rows in threads: so many for each account, none held by another's failures, one connection a thread."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence

import pytest

from registrar_sync.bulk.lanes import Lane, drain
from registrar_sync.bulk.limits import Kept
from registrar_sync.bulk.planning import MOST_REJECTED, MOST_SILENT, Account
from registrar_sync.core.model import RRsetChange, ZoneView
from registrar_sync.errors import CredentialsRejected, ProviderUnavailable, RegistrarSyncError, ZoneNotFound


class Counting:
    """A worker that knows how many of its account are at work."""

    def __init__(self, crowd: Crowd) -> None:
        self._crowd = crowd

    def work(self, item: int) -> int:
        self._crowd.enter()
        return item * 10

    def close(self) -> None:
        self._crowd.closed += 1


class Crowd:
    """Lets nobody go on until so many are in, or nobody else can come; remembers the most."""

    def __init__(self, expected: int) -> None:
        self._barrier = threading.Barrier(expected)
        self._lock = threading.Lock()
        self.now = self.most = self.closed = 0

    def enter(self) -> None:
        with self._lock:
            self.now += 1
            self.most = max(self.most, self.now)
        self._barrier.wait(timeout=30)
        with self._lock:
            self.now -= 1


def test_each_account_has_its_own_number_of_threads() -> None:
    two, three = Crowd(2), Crowd(3)
    lanes = [Lane(iter(range(8)), 2, lambda: Counting(two)), Lane(iter(range(100, 109)), 3, lambda: Counting(three))]
    done = dict(drain(lanes))
    assert done == {item: item * 10 for item in (*range(8), *range(100, 109))}
    assert (two.most, three.most) == (2, 3)
    assert (two.closed, three.closed) == (2, 3)


def test_a_slow_account_holds_nobody() -> None:
    gate = threading.Event()

    class Slow:
        def work(self, item: str) -> str:
            gate.wait(timeout=30)
            return item

        def close(self) -> None:
            pass

    class Quick(Slow):
        def work(self, item: str) -> str:
            return item

    lanes = [Lane(iter(["slow"]), 1, Slow), Lane(iter(map(str, range(50))), 1, Quick)]
    order = []
    for item, _ in drain(lanes):
        order.append(item)
        if len(order) == 50:
            gate.set()
    assert order[-1] == "slow"


def test_little_is_read_ahead_of_those_at_work() -> None:
    read: list[int] = []

    def items() -> Iterator[int]:
        for item in range(1000):
            read.append(item)
            yield item

    class Idle:
        def work(self, item: int) -> int:
            return item

        def close(self) -> None:
            pass

    results = drain([Lane(items(), 2, Idle)])
    next(results)
    assert len(read) <= 6
    results.close()


def test_what_a_worker_raises_is_raised_and_a_caller_that_stops_waits_for_nothing() -> None:
    never = threading.Event()

    class Worker:
        def work(self, item: int) -> int:
            if item == 0:
                raise LookupError("odd")
            never.wait()
            return item

        def close(self) -> None:
            pass

    with pytest.raises(LookupError, match="odd"):
        list(drain([Lane(iter(range(10)), 2, Worker)]))
    never.set()


def test_no_lane_no_result() -> None:
    assert list(drain([])) == []


# --- what is shared ----------------------------------------------------------------------------------------------------------
class FakeProvider:
    """One call to open and one to read; remembers being closed."""

    def __init__(self, fails: Callable[[str], RegistrarSyncError | None]) -> None:
        self.staged, self.api_calls, self.closed = False, 0, False
        self._fails = fails

    def open(self, owner: str, zone: str | None = None) -> str:
        self.api_calls += 1
        if error := self._fails(owner):
            raise error
        return owner

    def read(self, owner: str) -> ZoneView:
        self.api_calls += 1
        return ZoneView(zone=owner, owner=owner, rrsets=())

    def write(self, changes: Sequence[RRsetChange], *, before_call: Callable[[], None]) -> None:
        raise AssertionError("a plan writes nothing")

    publish = zones = None

    def close(self) -> None:
        self.closed = True


def test_a_connection_serves_one_domain_after_the_other_and_counts_each_by_itself() -> None:
    made: list[FakeProvider] = []

    def open_provider() -> FakeProvider:
        made.append(FakeProvider(lambda owner: ZoneNotFound("no such zone") if owner == "gone.test." else None))
        return made[-1]

    kept = Kept(open_provider)  # type: ignore[arg-type]
    for owner in ("a.test.", "b.test."):
        assert kept.open(owner) == owner
        kept.read(owner)
        assert kept.api_calls == 2
        kept.close()
    assert [one.closed for one in made] == [False]
    with pytest.raises(ZoneNotFound):
        kept.open("gone.test.")
    assert kept.api_calls == 1
    kept.open("c.test.")  # nothing of what failed is used again
    assert (len(made), made[0].closed, kept.api_calls) == (2, True, 1)
    kept.end()
    assert made[1].closed


# --- an account that fails ------------------------------------------------------------------------------------------------------
def refuse(service: str | None) -> None:
    raise CredentialsRejected("no", hint="look")


@pytest.mark.parametrize(
    ("error", "limit"), [(CredentialsRejected("403"), MOST_REJECTED), (ProviderUnavailable("no answer"), MOST_SILENT)]
)
def test_an_account_that_can_only_fail_is_given_up(error: RegistrarSyncError, limit: int) -> None:
    account = Account("ovh", 1, refuse)  # type: ignore[arg-type]
    for _ in range(limit - 1):
        account.heard(error)
    assert "given up" not in str(account.setting(None))
    account.heard(error)
    given_up = account.setting(None)
    assert isinstance(given_up, type(error))
    assert "given up" in given_up.message
    assert str(limit) in given_up.message


def test_an_account_that_worked_is_not_given_up_for_a_few_zones_without_rights() -> None:
    account = Account("ovh", 1, refuse)  # type: ignore[arg-type]
    account.heard(None)
    for _ in range(MOST_REJECTED + 1):
        account.heard(CredentialsRejected("403"))
    account.heard(ZoneNotFound("no such zone"))
    assert "given up" not in str(account.setting(None))
