"""Judge by the DNS alone, without credentials, whether a domain's mail goes through the service."""

from __future__ import annotations

from registrar_sync.core import visibility
from registrar_sync.core.observation import Observation
from registrar_sync.core.visibility import ServerVerdict, Visibility
from registrar_sync.operations.desk import Desk, Request, Setting
from registrar_sync.operations.observe import DnsLook, delegation_findings, journalled_old_until, look_at_dns
from registrar_sync.operations.result import Result, State
from registrar_sync.operations.wait import aged


def check(setting: Setting, request: Request) -> Result:
    """Ask every authoritative server for SPF and MX and judge what they mean for the service. Writes nothing."""
    desk = Desk(command="check", setting=setting, request=request)
    look = look_at_dns(desk)
    desk.add(*delegation_findings(look, None))
    desk.zone = request.zone or (look.delegation.zone if look.delegation else None)
    verdicts = visibility.judge_enrolment(look.observations, setting.service)
    state = _state(verdicts)
    until = journalled_old_until(setting, desk.owner)
    verdict = aged(setting.clock.now(), until) if state == "authoritative" else "pending"
    seen = Visibility(verdict=verdict, old_until=until, servers=verdicts)
    return desk.result(state, visibility=seen, message=_message(look, state), hint=_hint(desk, state), ticket=_ticket(desk, look))


def _state(verdicts: tuple[ServerVerdict, ...]) -> State:
    if visibility.overall(verdicts):
        return "authoritative"
    return "written" if any(row.verdict == "new" for row in verdicts) else "not-enrolled"


def _message(look: DnsLook, state: State) -> str:
    if look.failure:
        return f"The name servers could not be looked up: {look.failure}"
    if state == "written":
        return "Some authoritative servers answer the new data, some do not yet."
    if state == "not-enrolled" and _does_not_exist(look):
        return "The DNS knows no such name (NXDOMAIN)."
    if state == "not-enrolled":
        return "No authoritative server shows the service in both SPF and MX."
    return ""


def _does_not_exist(look: DnsLook) -> bool:
    answers = [answer for seen in look.observations for answer in seen.answers.values()]
    return bool(answers) and all(answer.detail == "NXDOMAIN" for answer in answers)


def _hint(desk: Desk, state: State) -> str:
    return "" if state == "authoritative" else f"registrar-sync plan {desk.shown_domain} shows what is missing"


def _ticket(desk: Desk, look: DnsLook) -> tuple[str, ...]:
    """What nslookup would show: from a server that serves the service's data, else from any that answers."""
    answering: list[Observation] = [o for o in look.observations if o.reachable]
    answering.sort(key=lambda o: not visibility.shows_enrolment(o, desk.setting.service))
    return tuple(visibility.nslookup_lines(desk.owner, answering[0])) if answering else ()
