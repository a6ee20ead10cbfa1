"""Whether the service itself is in order, before anybody is sent to it: its SPF record, its hosts (rules A6, B5)."""

from __future__ import annotations

from collections.abc import Iterable

from registrar_sync.core.finding import Finding
from registrar_sync.core.guard import finding
from registrar_sync.core.known import Known
from registrar_sync.core.names import display
from registrar_sync.core.observation import Answer
from registrar_sync.core.service import MailService
from registrar_sync.core.spf_budget import LOOKUP_LIMIT, VOID_LIMIT, weigh
from registrar_sync.core.spf_target import spf_at
from registrar_sync.core.spf_tree import Budget
from registrar_sync.core.wish import Wish

_SHOWN = 5


def check_service(owner: str, wish: Wish, known: Known) -> tuple[Finding, ...]:
    """What is wrong with the service, or could not be found out: with its record where SPF is in the wish's scope, with its
    hosts where MX is. The same for every owner, but for RCPT, which is asked only where ``wish.probe_smtp``."""
    service, types = wish.service, wish.scope.types
    broken, unknown = _check_include(service, known) if "TXT" in types else ([], [])
    found, unanswered = [*broken], [*unknown]
    for exchange in service.exchanges if "MX" in types else ():
        about, silent = _check_host(exchange.exchange, owner, known, probe=wish.probe_smtp)
        found += about
        unanswered += silent
    if unanswered:
        text = f"The service {service.name} could not be checked in full: {'; '.join(unanswered)}."
        found.append(finding("service-not-checked", text))
    return tuple(found)


_Checked = tuple[list[Finding], list[str]]  # what is wrong, and what could not be found out


# --- its SPF record -----------------------------------------------------------------------------------------------------
def _check_include(service: MailService, known: Known) -> _Checked:
    standing = spf_at(service.include, known)
    if standing.record is None:
        return ([_broken(service, standing.fault)], []) if standing.fault else ([], [standing.unknown])
    budget = weigh(service.include, standing.record, known)
    if budget.is_quiet:
        return [], []
    return [_broken(service, fault) for fault in _faults(budget)][:1], [str(remark) for remark in budget.unknowns[:_SHOWN]]


def _faults(budget: Budget) -> Iterable[str]:
    """What makes it a permerror in whatever record includes it; the include costs a look-up itself."""
    if budget.faults:
        yield "; ".join(map(str, budget.faults[:_SHOWN]))
    if budget.lookups + 1 > LOOKUP_LIMIT:
        yield f"with the include it costs {budget.lookups + 1} look-ups, where {LOOKUP_LIMIT} are allowed"
    if budget.voids > VOID_LIMIT:
        yield f"{budget.voids} of its look-ups come back empty, where {VOID_LIMIT} may"


def _broken(service: MailService, fault: str) -> Finding:
    return finding(
        "service-spf-broken",
        f"The service's own SPF record, {display(service.include)}, is broken: {fault}. Whoever includes it gets a permerror."
        f" Tell {service.name}; nothing was changed.",
    )


# --- its hosts ----------------------------------------------------------------------------------------------------------
def _check_host(host: str, owner: str, known: Known, *, probe: bool) -> _Checked:
    answers = [known.dns(host, rtype) for rtype in ("A", "AAAA")]
    found = list(_alias(host, answers))
    if any(answer.values for answer in answers):
        addresses = tuple(sorted(str(value) for answer in answers for value in answer.values)) if probe else ()
        return _probe(host, addresses, owner, known, found) if probe else (found, [])
    silent = next((answer for answer in answers if answer.status == "unreachable"), None)
    if silent is not None:
        return found, [f"the address of {display(host)} could not be looked up: {silent.detail}"]
    return [*found, _no_address(host, answers)], []


def _alias(host: str, answers: Iterable[Answer]) -> Iterable[Finding]:
    alias = next((answer.detail for answer in answers if answer.detail.startswith("CNAME")), "")
    if alias:
        yield finding(
            "service-host-alias",
            f"The service's MX host {display(host)} is an alias ({alias}): some senders refuse such an exchange.",
        )


def _no_address(host: str, answers: Iterable[Answer]) -> Finding:
    nothing = all(answer.detail == "NXDOMAIN" for answer in answers)
    why = "does not exist (NXDOMAIN)" if nothing else "has no address"
    return finding(
        "service-host-broken",
        f"The service's MX host {display(host)} {why}: mail to it would wait or bounce. Check the service's entry in"
        " providers.yaml, or tell the service; nothing was changed.",
    )


def _probe(host: str, addresses: tuple[str, ...], owner: str, known: Known, found: list[Finding]) -> _Checked:
    recipient = f"postmaster@{display(owner)}"
    said = known.smtp(host, addresses, recipient)
    if said.status == "unknown":
        return found, [f"{display(host)} gave no verdict on {recipient}: {said.text}"]
    if said.status == "no":
        found.append(_refuses(host, recipient, said.text))
    return found, []


def _refuses(host: str, recipient: str, text: str) -> Finding:
    return finding(
        "service-host-refuses",
        f"The service's MX host {display(host)} does not take mail for {recipient}: {text}. Have the domain set up at the"
        " service first; --accept service-host-refuses goes on.",
    )
