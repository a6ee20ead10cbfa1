"""The four traffic lights of ``check``: SPF, MX, delegation, MTA-STS. They say more than its verdict and do not change it."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from registrar_sync.core.effect import TYPES, Effect, SpfEffect, own_answers
from registrar_sync.core.known import Known
from registrar_sync.core.light import Light, shine, shown_servers, worst
from registrar_sync.core.light_spf import spf_light
from registrar_sync.core.mta_sts import judge_policy
from registrar_sync.core.names import display
from registrar_sync.core.observation import Delegation, Server
from registrar_sync.core.service import MailService
from registrar_sync.core.visibility import NO_ROUTE, Fingerprint

_MOST_REMARKS = 4
_MOST_LOOKED_UP = 20  # exchanges; an MX set is input of strangers


@dataclass(frozen=True, slots=True, kw_only=True)
class Lights:
    """One light for each thing that mail through a service hangs on."""

    spf: Light
    mx: Light
    delegation: Light
    mta_sts: Light

    def to_json(self) -> dict[str, dict[str, str]]:
        """As ``check --output json`` prints them."""
        return {name: light.to_json() for name, light in self.named()}

    def named(self) -> tuple[tuple[str, Light], ...]:
        """Each light with the name that scripts know it by."""
        return (("spf", self.spf), ("mx", self.mx), ("delegation", self.delegation), ("mta_sts", self.mta_sts))


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What the lights are about. ``delegation`` None: it could not be found out, ``failure`` says why. ``plan``: the command that
    shows what is missing."""

    owner: str
    service: MailService
    delegation: Delegation | None
    failure: str
    plan: str

    @property
    def shown(self) -> str:
        """The owner as people write it."""
        return display(self.owner)


def judge_lights(subject: Subject, effects: Collection[Effect], known: Known) -> Lights:
    """All four. ``effects``: what the authoritative servers' data mean, each for the servers that answer the same."""
    return Lights(
        spf=worst(_spf_rows(subject, effects, known)) or _nobody("SPF"),
        mx=worst((_mx(subject, one, known), one.servers) for one in effects if one.mx_fault is not None) or _nobody("MX"),
        delegation=_delegation(subject, effects),
        mta_sts=_mta_sts(subject, known),
    )


def _nobody(what: str) -> Light:
    return shine("grey", f"no authoritative server could be asked for {what}")


def _spf_rows(subject: Subject, effects: Iterable[Effect], known: Known) -> Iterable[tuple[Light, tuple[Server, ...]]]:
    for one in effects:
        if one.spf is not None:
            beside = known.with_own(own_answers(subject.owner, one.seen))
            yield _spf(subject, one.spf, one, beside), one.servers


def _spf(subject: Subject, spf: SpfEffect, effect: Effect, known: Known) -> Light:
    return spf_light(spf, effect.seen, owner=subject.owner, service=subject.service, known=known, plan=subject.plan)


# --- MX -----------------------------------------------------------------------------------------------------------------
def _mx(subject: Subject, effect: Effect, known: Known) -> Light:
    if effect.mx_fault:
        return shine("red", effect.mx_fault, subject.plan)
    exchanges = tuple(dict.fromkeys(value.exchange for value in effect.exchanges))
    doubts = [doubt for exchange in exchanges[:_MOST_LOOKED_UP] if (doubt := _doubt(exchange, known))]
    if len(exchanges) > _MOST_LOOKED_UP:
        doubts.append(f"only the first {_MOST_LOOKED_UP} of {len(exchanges)} were looked up")
    name = subject.service.name
    if doubts:
        return shine("yellow", f"the hosts of {name} come first, but {'; '.join(doubts)}")
    others = len(exchanges) - len(subject.service.hosts)
    behind = f" and before {others} other{'s' if others > 1 else ''}" if others else ""
    return shine("green", f"the hosts of {name} are all there, in order{behind}")


def _doubt(exchange: str, known: Known) -> str:
    """What keeps senders from delivering to an exchange, or might (RFC 5321 section 5.1, RFC 2181 section 10.3)."""
    answers = [known.dns(exchange, rtype) for rtype in ("A", "AAAA")]
    if alias := next((a.detail for a in answers if a.status == "data" and a.detail), ""):
        return f"{display(exchange)} is an alias ({alias})"
    if any(answer.status == "data" for answer in answers):
        return ""
    if any(answer.status == "unreachable" for answer in answers):
        return f"{display(exchange)} could not be looked up"
    return f"{display(exchange)} has no address"


# --- delegation ---------------------------------------------------------------------------------------------------------
def _delegation(subject: Subject, effects: Collection[Effect]) -> Light:
    delegation = subject.delegation
    if delegation is None:
        return shine("grey", f"the name servers could not be looked up: {subject.failure.removesuffix('.')}")
    if not delegation.checked:
        return shine("grey", "the name servers were given, so whether the domain is delegated to them was not asked")
    if delegation.zone is None or not delegation.servers:
        return shine("red", f"the DNS knows no name servers for {subject.shown}", "registrar-sync findings not-delegated")
    silent, answering = _silent(effects), [one for one in effects if one.spf is not None and one.mx_fault is not None]
    if not answering:
        return shine("grey", f"no server of the delegation gave an answer that can be judged: {_told(silent)}")
    if silent:
        return shine("yellow", f"not every server of the delegation answers: {_told(silent)}")
    if differing := _minority(answering):
        return shine("yellow", f"the servers do not agree on SPF and MX: {shown_servers(differing)} differ from the others")
    return _as_delegated(delegation, display(delegation.zone))


def _as_delegated(delegation: Delegation, zone: str) -> Light:
    """All servers answer and agree on the data: what is left is whether they are the right ones."""
    if delegation.remarks:
        told = "; ".join(map(str, delegation.remarks[:_MOST_REMARKS]))
        text = f"the name servers of {zone} answer, but not everything is right with the delegation: {told}"
        return shine("yellow", text, "registrar-sync findings delegation-mismatch")
    if delegation.source == "resolver":
        return shine("green", f"the name servers of {zone} that a recursive resolver tells answer and agree")
    return shine("green", f"all name servers that {zone} is delegated to answer and agree")


def _silent(effects: Iterable[Effect]) -> dict[Server, str]:
    """The servers that left a question open, and why. An address without a route from here says nothing of a server that
    answers at another."""
    rows = {server: _why(one) for one in effects for server in one.servers}
    answering = {server.name for server, why in rows.items() if not why}
    return {server: why for server, why in rows.items() if why and not (why == NO_ROUTE and server.name in answering)}


def _why(effect: Effect) -> str:
    answers = [effect.seen.answers.get(rtype) for rtype in TYPES]
    open_ones = [answer for answer in answers if answer is None or answer.status == "unreachable"]
    return next((answer.detail or "no answer" if answer else "not asked" for answer in open_ones), "")


def _told(silent: dict[Server, str]) -> str:
    """Each by its name, and its address where it has one of its own."""
    named = ((display(server.name), str(server), why) for server, why in silent.items())
    return "; ".join(f"{name}: {why}" if address in ("", name) else f"{name} ({address}): {why}" for name, address, why in named)


def _minority(effects: Iterable[Effect]) -> tuple[Server, ...]:
    """The servers whose SPF and MX are not those that most servers answer (of the first, where none are most)."""
    alike: dict[Fingerprint, list[Server]] = {}
    for one in effects:
        found = Fingerprint.of({rtype: one.seen.answers[rtype].values for rtype in TYPES})
        alike.setdefault(found, []).extend(one.servers)
    most = max(alike.values(), key=len)
    return tuple(server for servers in alike.values() if servers is not most for server in servers)


# --- MTA-STS ------------------------------------------------------------------------------------------------------------
def _mta_sts(subject: Subject, known: Known) -> Light:
    """RFC 8461 section 5: in mode enforce a sender does not deliver to a host that the policy does not list."""
    verdict = judge_policy(subject.owner, sorted(subject.service.hosts), known)
    if verdict.mode == "unknown":
        text = f"the MTA-STS policy could not be read: {verdict.why.removesuffix('.')}"
        return shine("grey", text, "registrar-sync findings mta-sts-not-checked")
    if verdict.mode == "none":
        return shine("green", "no MTA-STS policy stands in the way")
    if not verdict.unlisted:
        return shine("green", f"the MTA-STS policy (mode {verdict.mode}) lists the hosts of {subject.service.name}")
    unlisted = ", ".join(map(display, verdict.unlisted))
    if verdict.mode == "testing":
        text = f"the MTA-STS policy does not list {unlisted}; its mode is testing, so senders only report it"
        return shine("yellow", text, "registrar-sync findings mta-sts-testing")
    text = f"the MTA-STS policy does not list {unlisted}; its mode is enforce, so senders do not deliver to them"
    return shine("red", text, "registrar-sync findings mta-sts-enforce")
