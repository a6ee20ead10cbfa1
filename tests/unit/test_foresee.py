"""Looking ahead: what a plan will want to know is found out on what the DNS serves, so that drafting asks nobody."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from registrar_sync.core.ahead import ask_ahead
from registrar_sync.core.known import DnsQuestion, Known, PolicyQuestion, Question, Said, may_lead_on
from registrar_sync.core.model import Mx, Other, Txt, ZoneView
from registrar_sync.core.observation import Answer
from registrar_sync.core.plan import plan_enrolment
from registrar_sync.core.wish import Wish
from registrar_sync.operations import inquire
from tests.unit.stage import OWNER, SERVICE, WORLD, JumpingClock, data, mx, txt
from tests.unit.test_inquire import World, inquiry

ABSENT = Answer(status="absent")


class Names(World):
    """Answers by name and type; all that is not set is absent. ``questions``: what was asked, in turn."""

    def __init__(self, **answers: Answer) -> None:
        super().__init__()
        self.world = WORLD | {tuple(key.split(" ")): answer for key, answer in answers.items()}
        self.questions: list[tuple[str, str]] = []

    def look_up_soon(self, name: str, rtype: str, done: Callable[[Answer | None], object]) -> None:
        self.questions.append((name, rtype))
        done(self.world.get((name, rtype), ABSENT))


def spf(text: str) -> Answer:
    return data(Txt((text.encode(),)))


TREES = {
    "nothing hangs on it": {},
    "an include of an include": {"a.example. TXT": spf("v=spf1 include:b.example -all"), "b.example. TXT": spf("v=spf1 a -all")},
    "a host with an address of the newer family only": {"a.example. TXT": spf("v=spf1 a:c.example -all")},
    "the hosts behind an mx": {
        "a.example. TXT": spf("v=spf1 mx -all"),
        "a.example. MX": data(Mx(5, "x.example."), Mx(6, "y.example.")),
        "x.example. A": data(Other("192.0.2.7")),
    },
    "a policy": {
        f"_mta-sts.{OWNER} TXT": data(Txt((b"v=STSv1; id=1;",))),
        f"mta-sts.{OWNER} A": data(Other("192.0.2.8")),
    },
    "who cannot be asked": {"a.example. TXT": Answer(status="unreachable", detail="timed out")},
    "hosts without an address": {"mailgate.example.com. A": ABSENT, "smtp.isp.net. A": Answer(status="unreachable")},
}


@pytest.mark.parametrize("mode", ["below", "replace"])
@pytest.mark.parametrize("tree", TREES.values(), ids=TREES)
def test_what_was_foreseen_is_all_that_drafting_asks(tree: dict[str, Answer], mode: str) -> None:
    world = Names(**tree)
    asking = inquiry(world)
    rrsets = (txt("v=spf1 a include:a.example ~all"), mx((5, "mailgate.example.com."), (40, "smtp.isp.net.")))
    view = ZoneView(zone=OWNER, owner=OWNER, rrsets=rrsets)
    wish = Wish(service=SERVICE, mx_mode="replace" if mode == "replace" else "below")
    asking.foresee(lambda known: ask_ahead(view, wish, known))
    foreseen, fetched = list(world.questions), world.asked.copy()
    asking.settle(lambda known: plan_enrolment(view, wish, known))
    assert world.questions == foreseen
    assert world.asked == fetched
    assert len(set(foreseen)) == len(foreseen)


def test_it_is_not_thought_through_again_where_no_answer_leads_on() -> None:
    thoughts = []

    def think(known: Known) -> None:
        thoughts.append([known.dns("a.example.", rtype).status for rtype in ("TXT", "A", "AAAA")])

    inquiry(Names(**{"a.example. A": data(Other("192.0.2.1"))})).foresee(think)
    assert len(thoughts) == 1


@pytest.mark.parametrize(
    ("question", "answer", "leads"),
    [
        (DnsQuestion("a.example.", "TXT"), spf("v=spf1 include:b.example -all"), True),
        (DnsQuestion("a.example.", "TXT"), ABSENT, False),
        (DnsQuestion("a.example.", "MX"), data(Mx(5, "b.example.")), True),
        (DnsQuestion("a.example.", "A"), data(Other("192.0.2.1")), False),
        (DnsQuestion("a.example.", "A"), ABSENT, True),
        (DnsQuestion("a.example.", "A"), Answer(status="unreachable"), True),
        (DnsQuestion("a.example.", "AAAA"), ABSENT, False),
        (DnsQuestion("mta-sts.a.example.", "A"), data(Other("192.0.2.1")), True),
        (DnsQuestion("_25._tcp.a.example.", "TLSA"), data(Other("3 1 1 00")), False),
    ],
)
def test_an_answer_may_lead_on_where_a_rule_asks_more_because_of_it(question: DnsQuestion, answer: Answer, leads: bool) -> None:
    answers: dict[Question, Answer | Said] = {question: answer}
    assert may_lead_on(question, answers) is leads


def test_a_missing_address_leads_nowhere_where_the_other_family_was_asked_too() -> None:
    both: dict[Question, Answer | Said] = {DnsQuestion("a.example.", rtype): ABSENT for rtype in ("A", "AAAA")}
    assert not any(may_lead_on(question, both) for question in both)


def test_a_policy_leads_nowhere() -> None:
    assert not may_lead_on(PolicyQuestion("example.com.", ("192.0.2.1",)), {})


# --- many threads -----------------------------------------------------------------------------------------------------
def test_who_gives_up_does_not_end_what_another_waits_for(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World()
    world.gate.clear()
    asking = inquiry(world, JumpingClock())
    think = lambda known: known.dns("a.example.", "A").status  # noqa: E731
    with ThreadPoolExecutor(2) as pool:
        patient = pool.submit(asking.settle, think)
        assert world.begun.acquire(timeout=30)
        monkeypatch.setattr(inquire, "SETTLE_S", 0.1)
        assert pool.submit(asking.settle, think).result(30) == "unreachable"
        world.gate.set()
        assert patient.result(30) == "absent"
    assert world.asked == {"a.example.": 1}


def test_a_question_that_could_not_even_be_sent_is_asked_again_by_the_next() -> None:
    world = World()
    closed = threading.Event()

    def send(name: str, rtype: str, done: Callable[[Answer | None], object]) -> None:
        if not closed.is_set():
            raise ConnectionError("closed")
        done(ABSENT)

    world.look_up_soon = send  # type: ignore[method-assign]
    asking = inquiry(world)
    with pytest.raises(ConnectionError):
        asking.settle(lambda known: known.dns("a.example.", "A"))
    closed.set()
    assert asking.settle(lambda known: known.dns("a.example.", "A").status) == "absent"
