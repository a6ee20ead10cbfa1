"""Judge by the DNS alone, without credentials, whether a domain's mail goes through the service."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from functools import cache

from registrar_sync.core import visibility
from registrar_sync.core.effect import Effect, judge_effects, judge_enrolment
from registrar_sync.core.elsewhere import as_recursives
from registrar_sync.core.guard import finding
from registrar_sync.core.known import Known
from registrar_sync.core.lights import Lights, Subject, judge_lights
from registrar_sync.core.observation import Observation
from registrar_sync.core.scope import shown_types
from registrar_sync.core.ticket import nslookup_lines
from registrar_sync.core.visibility import ServerVerdict, Visibility, aged
from registrar_sync.errors import LookupFailed
from registrar_sync.operations.complete import Again, complete, from_journal
from registrar_sync.operations.desk import Desk, Request, Setting
from registrar_sync.operations.elsewhere import Elsewhere, in_the_dark
from registrar_sync.operations.observe import (
    OURS,
    DnsLook,
    delegation_findings,
    journalled_old_until,
    look_at_dns,
    newest_change,
)
from registrar_sync.operations.result import Result, State
from registrar_sync.operations.rounds import unsteady


def check(setting: Setting, request: Request, *, elsewhere: bool = True) -> Result:
    """Ask every authoritative server for SPF and MX and judge what they mean for the service. Writes to no zone.

    Where the journal's newest change of the domain is seen served everywhere for the first time, the journal is told.
    ``elsewhere``: look at the recursive resolvers' caches, too, once all is in place.
    """
    desk = Desk(command="check", setting=setting, request=request)
    look = look_at_dns(desk)
    desk.add(*delegation_findings(look, None))
    desk.zone = request.zone or (look.delegation.zone if look.delegation else None)
    if not _is_answered(look):
        return _not_asked(desk, look)
    again = cache(lambda: _once_more(desk, look))
    completed = complete(desk, look, again)
    look, by_effect, (effects, lights) = _steadily(desk, look, again)
    if not _is_answered(look):
        return _not_asked(desk, look)
    state = _state(by_effect)
    explained = _explained(desk, look) if state != "authoritative" else ()
    until = from_journal(lambda: journalled_old_until(setting, desk.owner))
    verdict = aged(setting.clock.now(), until) if state == "authoritative" else "pending"
    seen = Visibility(verdict=verdict, old_until=until, servers=explained or by_effect)
    if elsewhere and state == "authoritative":
        seen = by_effect_elsewhere(desk).beside(seen)
    message = " ".join(filter(None, (_message(desk, look, state, effects), completed)))
    told = {"message": message, "hint": _hint(desk, state), "ticket": _ticket(desk, look, by_effect)}
    return desk.result(state, visibility=seen, lights=lights, **told)


def _is_answered(look: DnsLook) -> bool:
    return any(seen.reachable for seen in look.observations)


def _once_more(desk: Desk, look: DnsLook) -> Sequence[Observation]:
    servers = look.delegation.servers if look.delegation else ()
    return desk.setting.resolver.observe(servers, desk.zone or desk.owner, desk.owner, OURS)


_Judged = tuple[tuple[Effect, ...], Lights]


def _steadily(desk: Desk, look: DnsLook, again: Again) -> tuple[DnsLook, tuple[ServerVerdict, ...], _Judged]:
    """The last look, and what it means. All servers that say "new" are asked once more before that is believed."""
    settle = desk.setting.inquiry.settle
    judged = settle(lambda known: _judged(desk, look, known))
    rows = judge_enrolment(judged[0], look.observations)
    if not visibility.overall(rows):
        return look, rows, judged
    last = replace(look, observations=tuple(again()))
    judged = settle(lambda known: _judged(desk, last, known))
    pairs = zip(rows, judge_enrolment(judged[0], last.observations), strict=True)
    return last, tuple(unsteady(row) if before.verdict == "new" else row for before, row in pairs), judged


def _judged(desk: Desk, look: DnsLook, known: Known) -> _Judged:
    subject = Subject(
        owner=desk.owner, service=desk.setting.service, delegation=look.delegation, failure=look.failure, plan=_plan_command(desk)
    )
    effects = judge_effects(desk.owner, look.observations, desk.setting.service, known)
    return effects, judge_lights(subject, effects, known)


def _not_asked(desk: Desk, look: DnsLook) -> Result:
    """Nobody could be asked: that is no verdict on the domain, and nothing more is asked."""
    effects, lights = _judged(desk, look, Known())
    seen = Visibility(verdict="pending", servers=judge_enrolment(effects, look.observations))
    if look.delegation is not None and look.delegation.checked and look.delegation.zone is None:
        text, hint = "The DNS knows no name servers for this domain.", "Mend the name, or give --nameserver."
        return desk.result("not-enrolled", message=text, hint=hint, visibility=seen, lights=lights)
    seen = in_the_dark(desk, seen, look.observations, by_effect_elsewhere(desk))
    why = (
        seen.note.removesuffix(".")
        or look.failure.removesuffix(".")
        or "no authoritative server gave an answer that can be judged"
    )
    error = LookupFailed(f"The DNS could not be asked: {why}.", hint="Give --nameserver or --resolver, or try again later.")
    return desk.result("not-enrolled", error=error, message=error.message, hint=error.hint, visibility=seen, lights=lights)


def effect_rows(desk: Desk, observations: Sequence[Observation]) -> tuple[ServerVerdict, ...]:
    """The verdict on each server by what its data mean for the service."""
    service = desk.setting.service
    effects = desk.setting.inquiry.settle(lambda known: judge_effects(desk.owner, observations, service, known))
    return judge_enrolment(effects, observations)


def by_effect_elsewhere(desk: Desk) -> Elsewhere:
    """Recursive resolvers, judged by what their data mean for the service."""

    def judge(seen: Sequence[Observation], old_until: datetime | None) -> tuple[ServerVerdict, ...]:
        return as_recursives(effect_rows(desk, seen), seen, now=desk.setting.clock.now(), old_until=old_until)

    return Elsewhere(desk, judge)


def _explained(desk: Desk, look: DnsLook) -> tuple[ServerVerdict, ...]:
    """Our newest enrolment is on its way: each server judged by it, where all show what was before or what was written."""
    newest = from_journal(lambda: newest_change(desk.setting, desk.owner))
    if newest is None or newest.what.command != "enroll" or newest.state not in ("written", "overdue"):
        return ()
    target = visibility.Target.of(newest.images)
    verdicts = visibility.judge(look.observations, target, now=desk.setting.clock.now(), gate=None)
    if not {row.verdict for row in verdicts} <= {"old", "new", "unreachable"}:
        return ()
    part = "" if newest.images.after.keys() >= set(OURS) else f" ({shown_types(newest.images.after)} alone)"
    text = f"Change {newest.id}{part} is in the API and not yet served everywhere."
    desk.add(finding("not-yet-published", text))
    return verdicts


def _state(verdicts: tuple[ServerVerdict, ...]) -> State:
    if visibility.overall(verdicts):
        return "authoritative"
    return "written" if any(row.verdict == "new" for row in verdicts) else "not-enrolled"


def _message(desk: Desk, look: DnsLook, state: State, effects: Sequence[Effect]) -> str:
    if state == "written":
        return "Some authoritative servers answer the new data, some do not yet."
    if any(f.id == "not-yet-published" for f in desk.findings):
        return "Written, but not served by every authoritative server yet."
    if state == "not-enrolled" and _does_not_exist(look):
        return "The DNS knows no such name (NXDOMAIN)."
    if state == "not-enrolled":
        return f"No authoritative server shows the service in both SPF and MX.{_one_part(effects)}"
    return ""


def _one_part(effects: Sequence[Effect]) -> str:
    """Which one is in place all the same, as after ``enroll --only spf``."""
    if effects and all(one.spf and not one.spf.fault and one.mx_fault for one in effects):
        return " SPF is in place, MX is not."
    if effects and all(one.spf and one.spf.fault and one.mx_fault == "" for one in effects):
        return " MX is in place, SPF is not."
    return ""


def _does_not_exist(look: DnsLook) -> bool:
    answers = [answer for seen in look.observations for answer in seen.answers.values()]
    return bool(answers) and all(answer.detail == "NXDOMAIN" for answer in answers)


def _hint(desk: Desk, state: State) -> str:
    if state == "authoritative":
        return ""
    if any(f.id == "not-yet-published" for f in desk.findings):
        return f"Later: {desk.check_again}"
    return _plan_command(desk)


def _plan_command(desk: Desk) -> str:
    account = f"--account {desk.setting.account}" if desk.setting.account else "--provider NAME"
    return f"registrar-sync plan {desk.shown_domain} {account}"


def _ticket(desk: Desk, look: DnsLook, verdicts: tuple[ServerVerdict, ...]) -> tuple[str, ...]:
    """What nslookup would show: from a server that serves the service's data, else from any that answers."""
    shows = {row.server for row in verdicts if row.verdict == "new"}
    answering: list[Observation] = [o for o in look.observations if o.reachable]
    answering.sort(key=lambda o: o.server not in shows)
    return tuple(nslookup_lines(desk.owner, answering[0])) if answering else ()
