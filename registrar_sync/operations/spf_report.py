"""Show one domain's SPF tree, its price, and what the service would change: asks the DNS alone, writes nothing."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from registrar_sync.core import names
from registrar_sync.core.finding import Finding
from registrar_sync.core.guard import finding
from registrar_sync.core.model import is_spf
from registrar_sync.core.observation import Observation, view_of
from registrar_sync.core.spf_picture import SpfPicture, WithService, picture_spf
from registrar_sync.core.spf_size import GUIDELINE, UDP_LIMIT, TxtSize
from registrar_sync.core.spf_tree import LOOKUP_LIMIT, VOID_LIMIT, Branch, Budget
from registrar_sync.errors import LookupFailed, RegistrarSyncError
from registrar_sync.operations.desk import Desk, Request, Setting
from registrar_sync.operations.observe import DnsLook, delegation_findings, look_at_dns
from registrar_sync.operations.result import SCHEMA

LIMITS = {"lookups": LOOKUP_LIMIT, "voids": VOID_LIMIT, "guideline_octets": GUIDELINE, "udp_octets": UDP_LIMIT}


@dataclass(frozen=True, slots=True, kw_only=True)
class SpfReport:
    """One domain's SPF. ``picture`` None: the DNS could not be asked, or the name is an alias. ``include``: the service's.
    ``shown``: the server whose answer it is; ``differing``: servers that answer another SPF record."""

    domain: str
    service: str | None
    include: str = ""
    picture: SpfPicture | None = None
    shown: str = ""
    differing: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    error: RegistrarSyncError | None = None

    @property
    def ok(self) -> bool:
        """Whether it could be shown."""
        return self.error is None

    def raise_for_error(self) -> SpfReport:
        """Raise the error where there is one, else return the report itself."""
        if self.error is not None:
            raise self.error
        return self

    def to_json(self) -> dict[str, Any]:
        """The object that ``--output json`` prints."""
        picture, error = self.picture, self.error
        budget = picture.budget if picture else None
        return {
            "schema": SCHEMA,
            "command": "spf",
            "domain": names.display(self.domain),
            "service": self.service,
            "server": self.shown or None,
            "differing_servers": list(self.differing),
            "record": budget.record if budget else None,
            "records": list(picture.records) if picture else [],
            "limits": LIMITS,
            **_budget_json(budget),
            "size": _size_json(picture.size) if picture else None,
            "tree": _tree_json(budget) if budget else None,
            "with_service": _with_service_json(picture.with_service, self.include) if picture else None,
            "findings": [{"id": f.id, "severity": f.severity, "message": f.message} for f in self.findings],
            "error": {"kind": error.kind, "message": error.message, "hint": error.hint} if error else None,
        }


def _budget_json(budget: Budget | None) -> dict[str, Any]:
    if budget is None:
        return {"lookups": None, "voids": None, "measured": None}
    return {"lookups": budget.lookups, "voids": budget.voids, "measured": budget.measured}


def _size_json(size: TxtSize) -> dict[str, int]:
    return {"values": size.values, "text_octets": size.text, "answer_octets": size.answer}


def _tree_json(budget: Budget) -> dict[str, Any]:
    return {"record": budget.record, **_budget_json(budget), "children": [_branch_json(one) for one in budget.branches]}


def _branch_json(branch: Branch) -> dict[str, Any]:
    return {
        "term": branch.term,
        "target": names.display(branch.target) if branch.target else None,
        "record": branch.record or None,
        "own_lookups": branch.own,
        "lookups": branch.lookups,
        "voids": branch.voids,
        "measured": branch.measured,
        "fault": branch.fault or None,
        "unknown": branch.unknown or None,
        "note": branch.note or None,
        "children": [_branch_json(child) for child in branch.children],
    }


def _with_service_json(told: WithService, include: str) -> dict[str, Any]:
    return {
        "include": names.display(include),
        "state": told.state,
        "detail": told.detail or None,
        "record": told.budget.record if told.budget else None,
        **_budget_json(told.budget),
        "size": _size_json(told.size) if told.size else None,
    }


# --- how it comes about -------------------------------------------------------------------------------------------------
def spf_report(setting: Setting, request: Request) -> SpfReport:
    """Ask the authoritative servers for the record, and the recursive resolvers for all that it includes."""
    desk = Desk(command="spf", setting=setting, request=request)
    look = look_at_dns(desk)
    answering = [seen for seen in look.observations if seen.reachable]
    service = setting.service
    report = SpfReport(domain=desk.owner, service=service.name, include=service.include)
    if not answering:
        return replace(report, error=_not_asked(desk, look), findings=tuple(delegation_findings(look, None)))
    seen, found = answering[0], delegation_findings(look, None)
    report = replace(
        report, shown=_shown(seen), differing=tuple(_shown(one) for one in answering if _spf_of(one) != _spf_of(seen))
    )
    if alias := _alias(desk, seen):
        return replace(report, findings=(*found, alias))
    picture = setting.inquiry.settle(lambda known: picture_spf(view_of(seen, desk.owner), service, known))
    return replace(report, picture=picture, findings=(*found, *picture.findings))


def _not_asked(desk: Desk, look: DnsLook) -> LookupFailed:
    if look.delegation is not None and look.delegation.checked and look.delegation.zone is None:
        return LookupFailed(
            f"The DNS knows no name servers for {desk.shown_domain}.", hint="Mend the name, or give --nameserver."
        )
    why = look.failure.removesuffix(".") or "no authoritative server gave an answer that can be judged"
    return LookupFailed(f"The DNS could not be asked: {why}.", hint="Give --nameserver or --resolver, or try again later.")


def _alias(desk: Desk, seen: Observation) -> Finding | None:
    alias = next((answer.detail for answer in seen.answers.values() if answer.detail.startswith("CNAME")), "")
    text = f"{desk.shown_domain} is an alias ({alias}): no SPF record can stand there. Look at the name that it stands for."
    return finding("owner-cname", text) if alias else None


def _spf_of(seen: Observation) -> frozenset[object]:
    return frozenset(value for value in seen.answers["TXT"].values if is_spf(value))


def _shown(seen: Observation) -> str:
    name, address = names.display(seen.server.name), str(seen.server)
    return address if name == seen.server.address else f"{name} ({address})"
