"""The world beside the zone, for tests of the core: sound unless told otherwise."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from registrar_sync.core import plan as planning
from registrar_sync.core.known import DnsQuestion, Known, PolicyQuestion, Question, Said
from registrar_sync.core.model import Mx, Other, Rdata, Txt, ZoneView
from registrar_sync.core.observation import Answer
from registrar_sync.core.plan import Plan, Wish
from registrar_sync.core.txt import split_strings

ABSENT, NXDOMAIN = Answer(status="absent"), Answer(status="absent", detail="NXDOMAIN")
SILENT = Answer(status="unreachable", detail="no answer")

_SPECIAL = ("_mta-sts.", "_dmarc.", "_smtp.")


def spf_answer(*texts: str) -> Answer:
    """TXT values."""
    return data(*(Txt(split_strings(text.encode())) for text in texts))


def data(*values: Rdata | str) -> Answer:
    """An answer; a text stands for an address."""
    return Answer(status="data", values=frozenset(Other(v) if isinstance(v, str) else v for v in values), ttl=300)


class SoundWorld(Mapping[Question, Answer | Said]):
    """Every name has an IPv4 address, one MX host and, except where another protocol has its place, an SPF record without
    look-ups; no policy is served; every mail host takes mail.

    ``told``: what is otherwise, by (name, type); ``said``: what web and mail servers say otherwise.
    """

    def __init__(self, told: Mapping[tuple[str, str], Answer] | None = None, said: Mapping[Question, Said] | None = None) -> None:
        self._told = told or {}
        self._said = said or {}
        self.asked: list[Question] = []

    def __getitem__(self, question: Question) -> Answer | Said:
        self.asked.append(question)
        if isinstance(question, DnsQuestion):
            return self._told.get((question.name, question.rtype)) or _usual(question)
        usual = Said(status="no") if isinstance(question, PolicyQuestion) else Said(status="yes")
        return self._said.get(question, usual)

    def __iter__(self) -> Iterator[Question]:
        return iter(self.asked)

    def __len__(self) -> int:
        return len(self.asked)

    def __bool__(self) -> bool:
        return True  # also before the first question

    @property
    def names(self) -> list[str]:
        """The names that the DNS was asked for."""
        return [question.name for question in self.asked if isinstance(question, DnsQuestion)]


def _usual(question: DnsQuestion) -> Answer:
    if question.name.startswith("_") and question.name.startswith(_SPECIAL):
        return NXDOMAIN
    usual = {"A": data("192.0.2.1"), "MX": data(Mx(10, f"mx.{question.name}")), "TXT": spf_answer("v=spf1 ip4:192.0.2.0/24 -all")}
    return usual.get(question.rtype, ABSENT)


def known_world(told: Mapping[tuple[str, str], Answer] | None = None) -> Known:
    """All is known, and sound unless told otherwise."""
    return Known(SoundWorld(told))


def plan_enrolment(view: ZoneView, wish: Wish, known: Known | None = None) -> Plan:
    """As the core's, in a sound world where none is given."""
    return planning.plan_enrolment(view, wish, known or known_world())
