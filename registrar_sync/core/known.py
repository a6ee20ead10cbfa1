"""What is known of the world beside the zone: the pure core asks here, and what it asked in vain is looked up for it.

A decision is thought through with what is known; whatever it missed is in ``wanted``. The operations find that out (all of it
at once) and let it be thought through again, until nothing is missing. So the core decides what to ask and never asks itself.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple, Protocol

from registrar_sync.core.observation import Answer

UNASKED = "not asked"


class DnsQuestion(NamedTuple):
    """The records of a type at a name (absolute, lower-case), as a recursive resolver tells them."""

    name: str
    rtype: str


@dataclass(frozen=True, slots=True)
class PolicyQuestion:
    """The MTA-STS policy of a domain, over https from one of these addresses (RFC 8461 section 3.3)."""

    domain: str
    addresses: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SmtpQuestion:
    """Whether a mail host takes mail for the recipient: RCPT on port 25 of one of these addresses, nothing is sent."""

    host: str
    addresses: tuple[str, ...]
    recipient: str


Question = DnsQuestion | PolicyQuestion | SmtpQuestion


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What a web or mail server said. ``yes``: it serves or takes it; ``no``: a definite refusal; ``unknown``: neither can be
    told, and is never taken for either. ``text``: the policy, or why."""

    status: Literal["yes", "no", "unknown"]
    text: str = ""


class Answers(Protocol):
    """Where answers are found."""

    def get(self, question: Question, /) -> Answer | Said | None:
        """The answer; None: not known."""
        ...


_NOT_ASKED = Answer(status="unreachable", detail=UNASKED)


class Known:
    """Answers by question. What is asked and not known counts as not answered, and is remembered in ``wanted``.

    ``own``: answers that hold for the data as planned, and are never looked up: a name that is about to be written must not be
    asked at a recursive resolver before, which would keep the old answer (rules B6.7).
    """

    def __init__(self, answers: Answers | None = None, own: Mapping[DnsQuestion, Answer] | None = None) -> None:
        self._answers: Answers = {} if answers is None else answers
        self._own = own or {}
        self._wanted: dict[Question, None] = {}

    @property
    def wanted(self) -> Collection[Question]:
        """What was asked in vain, each question once, in the order of asking."""
        return self._wanted.keys()

    def dns(self, name: str, rtype: str) -> Answer:
        """The answer, or one of status ``unreachable`` where it is not known."""
        question = DnsQuestion(name, rtype)
        found = self._own.get(question) or self._answers.get(question)
        if found is None:
            self._wanted[question] = None
        return found if isinstance(found, Answer) else _NOT_ASKED

    def policy(self, domain: str, addresses: tuple[str, ...]) -> Said:
        """The text of the MTA-STS policy (``yes``), that there is none (``no``), or ``unknown``."""
        return self._said(PolicyQuestion(domain, addresses))

    def smtp(self, host: str, addresses: tuple[str, ...], recipient: str) -> Said:
        """Whether the host takes mail for the recipient."""
        return self._said(SmtpQuestion(host, addresses, recipient))

    def with_own(self, own: Mapping[DnsQuestion, Answer]) -> Known:
        """The same knowledge with the planned data over it; both remember what was wanted in one place."""
        over = Known(self._answers, {**self._own, **own})
        over._wanted = self._wanted
        return over

    def _said(self, question: Question) -> Said:
        found = self._find(question)
        return found if isinstance(found, Said) else Said(status="unknown", text=UNASKED)

    def _find(self, question: Question) -> Answer | Said | None:
        found = self._answers.get(question)
        if found is None:
            self._wanted[question] = None
        return found


def may_lead_on(question: Question, answers: Answers) -> bool:
    """Whether what was answered may make a decision ask something else: a record names others, a missing A asks for the AAAA,
    the address of a policy host for the policy. For who looks ahead only: a decision itself is thought through to its end.
    """
    found = answers.get(question)
    if found is None or not isinstance(question, DnsQuestion) or question.rtype == "TLSA":
        return False
    if question.name.startswith("mta-sts."):
        return True
    if question.rtype == "A" and found.status != "data":
        return answers.get(DnsQuestion(question.name, "AAAA")) is None
    return question.rtype not in ("A", "AAAA") and found.status == "data"
