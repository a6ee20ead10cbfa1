"""The picture of one owner's SPF: what stands, what it costs, and what the service's include would change."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from registrar_sync.core.enrol_spf import enrol_spf
from registrar_sync.core.finding import Finding
from registrar_sync.core.known import Known
from registrar_sync.core.model import RRset, Txt, ZoneView, same_values
from registrar_sync.core.mx_mechanism import only_spf
from registrar_sync.core.own_data import own_mx
from registrar_sync.core.service import MailService
from registrar_sync.core.spf import find_spf, parse_spf
from registrar_sync.core.spf_budget import Budget, weigh
from registrar_sync.core.spf_fault import SpfInvalid
from registrar_sync.core.spf_limits import judge_limits
from registrar_sync.core.spf_size import TxtSize, measure_txt
from registrar_sync.core.wish import Part, Wish


@dataclass(frozen=True, slots=True, kw_only=True)
class WithService:
    """What enrolling would make of the SPF record. ``state``: "there" the include stands in force already; "covered" another
    record authorises the service, ``detail`` says which; "changed" the record would read as ``budget`` has it; "refused" it
    would not be touched, and the findings say why."""

    state: Literal["there", "covered", "changed", "refused"]
    detail: str = ""
    budget: Budget | None = None
    size: TxtSize | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SpfPicture:
    """``records``: the SPF values that stand at the owner. ``carets``: for each of them an empty text, or where it is invalid the
    record over a caret under its fault. ``budget``: where exactly one valid record stands. ``size``: of all TXT values there."""

    records: tuple[str, ...]
    carets: tuple[str, ...]
    budget: Budget | None
    size: TxtSize
    with_service: WithService
    findings: tuple[Finding, ...]


def picture_spf(view: ZoneView, service: MailService, known: Known) -> SpfPicture:
    """The SPF of the owner as ``view`` has it: its TXT and MX sets; all else is asked of ``known``."""
    known = known.with_own(own_mx(view.owner, view.rrset("MX")))
    txt = view.rrset("TXT")
    values = [record.rdata for record in find_spf(txt) if isinstance(record.rdata, Txt)]
    budget = _weighed(view.owner, txt, known)
    part = enrol_spf(view, Wish(service=service), known)
    after = _with_service(view, txt, part, service, known)
    return SpfPicture(
        records=tuple(str(value) for value in values),
        carets=tuple(map(_caret, values)),
        budget=budget,
        size=measure_txt(view.owner, txt),
        with_service=after,
        findings=_findings(budget, part, after),
    )


def _weighed(owner: str, txt: RRset | None, known: Known) -> Budget | None:
    record = only_spf(txt)
    return weigh(owner, record, known) if record else None


def _caret(value: Txt) -> str:
    try:
        parse_spf(value.joined)
    except SpfInvalid as error:
        return error.caret(value.joined)
    return ""


def _with_service(view: ZoneView, txt: RRset | None, part: Part, service: MailService, known: Known) -> WithService:
    if not same_values(txt, part.after):
        budget = _weighed(view.owner, part.after, known)
        return WithService(state="changed", budget=budget, size=measure_txt(view.owner, part.after))
    if part.detail:
        return WithService(state="covered", detail=part.detail)
    record = only_spf(txt)
    return WithService(state="there" if record and record.authorises(service.include) else "refused")


def _findings(today: Budget | None, part: Part, after: WithService) -> tuple[Finding, ...]:
    """Each id once: what holds today comes before what the include would bring."""
    found = [*part.findings, *(judge_limits(today, planned=False) if today else ())]
    known = {one.id for one in found}
    brought = judge_limits(after.budget, today, planned=False) if after.budget else ()
    return (*found, *(one for one in brought if one.id not in known))
