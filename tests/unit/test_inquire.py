"""Finding out what a decision needs: each question once at a time, remembered for a while, and never without bounds."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registrar_sync.core.known import Known, PolicyQuestion, Said, SmtpQuestion
from registrar_sync.core.model import Other
from registrar_sync.core.observation import Answer, Delegation, Observation
from registrar_sync.operations import inquire, remembered
from registrar_sync.operations.inquire import MOST_QUESTIONS, Inquiry
from tests.unit.stage import JumpingClock

ABSENT, UNREACHABLE = Answer(status="absent"), Answer(status="unreachable", detail="timed out")


class World:
    """Answers by a function, and counts what it was asked. ``gate``: nothing is answered before it is set."""

    def __init__(self, answer: Callable[[str], Answer] = lambda name: ABSENT) -> None:
        self._answer = answer
        self.asked: Counter[str] = Counter()
        self.most_at_once = 0
        self.gate = threading.Event()
        self.gate.set()
        self.begun = threading.Semaphore(0)
        self._lock = threading.Lock()

    def delegation(self, owner: str) -> Delegation:
        raise AssertionError("an inquiry asks for no delegation")

    def observe(self, *asked: Any, **options: Any) -> list[Observation]:
        raise AssertionError("an inquiry asks no authoritative server")

    def observe_soon(self, *asked: Any, **options: Any) -> None:
        raise AssertionError("an inquiry asks no authoritative server")

    def close(self) -> None:
        raise AssertionError("an inquiry does not own its resolver")

    def ask_recursives(self, owner: str, rtypes: Sequence[str]) -> list[Observation]:
        raise AssertionError("an inquiry looks at no cache")

    def look_up_soon(self, name: str, rtype: str, done: Callable[[Answer | None], object]) -> None:
        done(None)

    def look_up(self, name: str, rtype: str) -> Answer:
        with self._lock:
            self.asked[name] += 1
        self.begun.release()
        assert self.gate.wait(30)
        return self._answer(name)

    def fetch(self, question: PolicyQuestion) -> Said:
        self.asked[question.domain] += 1
        return Said(status="yes", text="a policy")

    def would_take(self, question: SmtpQuestion) -> Said:
        self.asked[question.host] += 1
        return Said(status="no", text="550")


def inquiry(world: World, clock: JumpingClock | None = None) -> Inquiry:
    return Inquiry(resolver=world, policy_hosts=world, mail_hosts=world, clock=clock or JumpingClock())


def statuses(*names: str) -> Callable[[Known], list[str]]:
    return lambda known: [known.dns(name, "A").status for name in names]


def test_a_decision_is_made_with_all_that_it_wants_to_know() -> None:
    world = World(lambda name: Answer(status="data", values=frozenset({Other(name)})))

    def think(known: Known) -> tuple[str, str, str]:
        dns = known.dns("a.example.", "A")
        said = known.policy("b.example.", ("192.0.2.1",)), known.smtp("c.example.", ("192.0.2.1",), "postmaster@b.example")
        return str(next(iter(dns.values), "")), said[0].text, said[1].text

    assert inquiry(world).settle(think) == ("a.example.", "a policy", "550")
    assert world.asked == {"a.example.": 1, "b.example.": 1, "c.example.": 1}


def test_what_an_answer_makes_it_ask_is_asked_in_turn() -> None:
    chain = [f"n{number}.example." for number in range(12)]
    onward = dict(pairwise(chain))
    world = World(lambda name: Answer(status="data", values=frozenset({Other(onward.get(name, ""))})))

    def think(known: Known) -> list[str]:
        seen, name = [], chain[0]
        while name and (answer := known.dns(name, "A")).status == "data":
            seen.append(name)
            name = str(next(iter(answer.values)))
        return seen

    assert inquiry(world).settle(think) == chain


# --- memory -----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("answer", "age_s", "asked"), [(ABSENT, 290, 1), (ABSENT, 310, 2), (UNREACHABLE, 25, 1), (UNREACHABLE, 35, 2)]
)
def test_an_answer_counts_for_minutes_and_a_failure_for_seconds(answer: Answer, age_s: float, asked: int) -> None:
    world, clock = World(lambda name: answer), JumpingClock()
    asking = inquiry(world, clock)
    asking.settle(statuses("a.example."))
    clock.sleep(age_s)
    assert asking.settle(statuses("a.example.")) == [answer.status]
    assert world.asked["a.example."] == asked


def test_an_answer_does_not_age_while_the_decision_is_made() -> None:
    clock = JumpingClock()
    world = World(lambda name: UNREACHABLE)

    def think(known: Known) -> list[str]:
        found = statuses("a.example.")(known)
        clock.sleep(8)  # a failure counts for 30 s, the decision takes 20 at the most
        return found + ([] if UNREACHABLE.detail != known.dns("a.example.", "A").detail else statuses("b.example.")(known))

    asking = inquiry(world, clock)
    asking.settle(statuses("a.example."))
    clock.sleep(25)
    assert asking.settle(think) == ["unreachable", "unreachable"]
    assert world.asked == {"a.example.": 1, "b.example.": 1}


def test_memory_is_bounded_and_keeps_the_newest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remembered, "MOST_KEPT", 10)
    world = World()
    asking = inquiry(world)
    for number in range(11):
        asking.settle(statuses(f"n{number}.example."))
    asking.settle(statuses("n10.example.", "n9.example."))
    assert (world.asked["n10.example."], world.asked["n9.example."]) == (1, 1)
    asking.settle(statuses("n0.example."))
    assert world.asked["n0.example."] == 2


# --- many threads -----------------------------------------------------------------------------------------------------
def test_two_threads_that_settle_at_once_do_not_ask_twice() -> None:
    world = World()
    world.gate.clear()
    asking = inquiry(world)
    with ThreadPoolExecutor(8) as pool:
        deciding = [pool.submit(asking.settle, statuses("a.example.", "b.example.")) for _ in range(8)]
        assert world.begun.acquire(timeout=30)
        assert world.begun.acquire(timeout=30)
        world.gate.set()
        assert [each.result(30) for each in deciding] == [["absent", "absent"]] * 8
    assert world.asked == {"a.example.": 1, "b.example.": 1}


def test_the_questions_of_a_round_are_out_at_once() -> None:
    world = World()
    world.gate.clear()
    with ThreadPoolExecutor(1) as pool:
        deciding = pool.submit(inquiry(world).settle, statuses(*(f"n{number}.example." for number in range(10))))
        for _ in range(10):
            assert world.begun.acquire(timeout=30)  # none of them is answered yet
        world.gate.set()
        assert deciding.result(30) == ["absent"] * 10


# --- bounds -----------------------------------------------------------------------------------------------------------
class TreeWithoutEnd:
    """A decision that asks twice as much with every answer, as a hostile tree of records makes it do."""

    def __call__(self, known: Known) -> tuple[int, int]:
        level, told, unknown = ["x.example."], 0, 0
        while level and told < 5000:
            answers = {name: known.dns(name, "TXT") for name in level}
            told += sum(answer.status == "absent" for answer in answers.values())
            unknown += sum(answer.status == "unreachable" for answer in answers.values())
            level = [f"{side}.{name}" for name, answer in answers.items() if answer.status == "absent" for side in "ab"]
        return told, unknown


def test_a_tree_without_end_is_left_at_the_bound_and_the_rest_is_unknown() -> None:
    world = World()
    told, unknown = inquiry(world).settle(TreeWithoutEnd())
    assert told == MOST_QUESTIONS == world.asked.total()
    assert unknown > 0


def test_a_chain_without_end_is_left_at_the_bound() -> None:
    world = World()

    def think(known: Known) -> int:
        depth = 0
        while known.dns(f"n{depth}.example.", "TXT").status == "absent":
            depth += 1
        return depth

    assert 10 < inquiry(world).settle(think) == world.asked.total() < 40


def test_what_is_not_answered_in_time_is_unknown_and_never_absent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inquire, "SETTLE_S", 0.2)
    world = World()
    world.gate.clear()
    names = [f"n{number:03}.example." for number in range(100)]
    asking = inquiry(world)
    try:
        assert asking.settle(statuses(*names)) == ["unreachable"] * 100
        begun = world.asked.total()
        assert begun < 100, "what had not begun by then is not asked any more"
    finally:
        world.gate.set()
    monkeypatch.setattr(inquire, "SETTLE_S", 30.0)
    assert asking.settle(statuses(*names)) == ["absent"] * 100
    assert max(world.asked.values()) == 1, "what came late was remembered"


def test_time_that_ran_out_in_thinking_ends_it_too() -> None:
    clock, world = JumpingClock(), World()

    def think(known: Known) -> str:
        clock.sleep(15)
        return known.dns(f"n{len(world.asked)}.example.", "A").detail

    assert inquiry(world, clock).settle(think) == "not asked"
    assert world.asked.total() == 1


def test_a_bug_in_a_port_is_not_taken_for_an_answer() -> None:
    def fail(name: str) -> Answer:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        inquiry(World(fail)).settle(statuses("a.example."))


# --- any decision -----------------------------------------------------------------------------------------------------
NAMES = st.sampled_from("abcdefgh")
GRAPHS = st.dictionaries(NAMES, st.lists(NAMES, max_size=4), max_size=8)


def reachable(graph: dict[str, list[str]], start: str) -> Iterator[str]:
    seen, left = {start}, [start]
    while left:
        name = left.pop()
        yield name
        fresh = set(graph.get(name, [])) - seen
        seen |= fresh
        left += fresh


@given(graph=GRAPHS, starts=st.lists(NAMES, min_size=1, max_size=3))
def test_any_graph_is_found_out_whole_and_each_question_is_asked_once(graph: dict[str, list[str]], starts: list[str]) -> None:
    world = World(lambda name: Answer(status="data", values=frozenset(map(Other, graph.get(name, [])))))
    asking = inquiry(world)

    def think(start: str, known: Known) -> set[str]:
        found: dict[str, list[str]] = {}

        def visit(name: str) -> None:
            if name not in found:
                answer = known.dns(name, "A")
                found[name] = [str(value) for value in answer.values]
                for onward in found[name]:
                    visit(onward)

        visit(start)
        return set(found)

    for start in starts:
        assert asking.settle(lambda known, start=start: think(start, known)) == set(reachable(graph, start))  # type: ignore[misc]
    assert max(world.asked.values()) == 1
