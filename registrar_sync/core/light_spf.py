"""The SPF light: whether the record authorises the service, and keeps within what receivers evaluate (rules A5 and A6)."""

from __future__ import annotations

from collections.abc import Iterable

from registrar_sync.core.effect import SpfEffect
from registrar_sync.core.known import Known
from registrar_sync.core.light import Light, shine
from registrar_sync.core.names import display
from registrar_sync.core.observation import Observation, view_of
from registrar_sync.core.service import MailService
from registrar_sync.core.spf import SpfRecord, find_near_misses
from registrar_sync.core.spf_budget import LOOKUP_LIMIT, VOID_LIMIT, Budget, weigh

_OF_THE_TREE = ("spf-not-measured", "spf-at-lookup-limit")


def spf_light(effect: SpfEffect, seen: Observation, *, owner: str, service: MailService, known: Known, plan: str) -> Light:
    """What the TXT answer of one server deserves. ``known`` holds that server's own answers for the owner; ``plan``: the command
    that shows what is missing."""
    if effect.record is None:
        return shine("red", effect.fault, plan)
    tree = f"registrar-sync spf {display(owner)}"
    budget = weigh(owner, effect.record, known)
    unread = _unread(budget)
    if effect.fault and unread:
        return shine("grey", f"{effect.fault}, but not all that it refers to could be read: {unread}", tree)
    if effect.fault:
        return shine("red", effect.fault, plan)
    if broken := _broken(budget):
        return shine("red", f"{_authorises(effect, service)}, but it is a permerror for every sender: {broken}", tree)
    doubts = [*_doubts(effect.record, budget, service), *_near_misses(seen, owner)]
    if not doubts:
        return shine("green", f"{_authorises(effect, service)}, at {budget.lookups} of {LOOKUP_LIMIT} look-ups")
    ids = [id_ for id_, _ in doubts]
    command = tree if any(id_ in _OF_THE_TREE for id_ in ids) else f"registrar-sync findings {ids[0]}"
    return shine("yellow", f"{_authorises(effect, service)}, but {'; '.join(text for _, text in doubts)}", command)


def _authorises(effect: SpfEffect, service: MailService) -> str:
    through = f" through {' > '.join(effect.chain)}" if effect.chain else ""
    return f"the SPF record authorises {display(service.include)}{through}"


def _unread(budget: Budget) -> str:
    """The first record of the tree that could not be read. A macro hides nobody's service: it is expanded for each mail."""
    unread = (branch.unknown for _, branch in budget.walk() if branch.kind in ("include", "redirect") and branch.target)
    return next(filter(None, unread), "")


def _broken(budget: Budget) -> str:
    """Why receivers evaluate nothing of it (RFC 7208 sections 4.6.4 and 5.2)."""
    if budget.lookups > LOOKUP_LIMIT:
        return f"{budget.number} look-ups, where {LOOKUP_LIMIT} are allowed"
    if budget.voids > VOID_LIMIT:
        return f"{budget.voids} look-ups without an answer, where {VOID_LIMIT} are allowed ({', '.join(budget.empty)})"
    return str(budget.faults[0]) if budget.faults else ""


def _doubts(record: SpfRecord, budget: Budget, service: MailService) -> Iterable[tuple[str, str]]:
    """What deserves a look in a record that does what it should, each with the id of the finding that explains it."""
    if not budget.measured:
        yield "spf-not-measured", f"its look-ups ({budget.number}) could not all be counted: {budget.unknowns[0]}"
    elif budget.lookups == LOOKUP_LIMIT:
        yield "spf-at-lookup-limit", f"all {LOOKUP_LIMIT} look-ups are used"
    count = len(record.live_include(service.include))
    if count > 1:
        yield "spf-term-twice", f"it includes it {count} times"
    last = record.all_term
    if last and last.effect == "+":
        yield "spf-all-pass", f"{last.text} lets everyone send as this domain"
    if last and record.modifier("redirect"):
        yield "spf-redirect-dead", f"its redirect is dead beside {last.text}"


def _near_misses(seen: Observation, owner: str) -> Iterable[tuple[str, str]]:
    if find_near_misses(view_of(seen, owner).rrset("TXT")):
        yield "spf-near-miss", "a TXT value stands beside it that looks like SPF and is none"
