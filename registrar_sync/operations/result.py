"""What an operation gives back: the object that a library user holds and the command line renders."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from registrar_sync.core import names
from registrar_sync.core.finding import Finding
from registrar_sync.core.lights import Lights
from registrar_sync.core.model import RRset, RRsetChange
from registrar_sync.core.visibility import Visibility
from registrar_sync.errors import RegistrarSyncError

SCHEMA = "registrar-sync/1"

Command = Literal["enroll", "plan", "check", "rollback", "recover", "prepare", "finish", "unenroll", "spf", "watch"]
State = Literal[
    "planned",
    "written",
    "authoritative",
    "nothing-to-do",
    "refused",
    "restored",
    "unknown",
    "drift",
    "overdue",
    "not-enrolled",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanShown:
    """The part of a plan that people and scripts see. ``before`` and ``after``: TXT and MX, whether they change or not."""

    digest: str
    changes: tuple[RRsetChange, ...]
    before: Mapping[str, RRset | None] = field(default_factory=dict)
    after: Mapping[str, RRset | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """The outcome of one operation on one domain.

    ``changed``: whether the zone holds other data than before (True also when that is not known). ``message``: one
    sentence of what happened, ``hint`` the next command. ``left``: whether something that was asked for is left to others, and
    nobody has accepted that (a finding says what). Of ``check`` only: ``lights``, the traffic lights, and ``ticket``, the
    lines that ``nslookup`` would show.
    """

    command: Command
    domain: str
    state: State
    zone: str | None = None
    provider: str | None = None
    account: str | None = None
    service: str | None = None
    changed: bool = False
    change_id: int | None = None
    plan: PlanShown | None = None
    findings: tuple[Finding, ...] = ()
    left: bool = False
    visibility: Visibility | None = None
    lights: Lights | None = None
    api_calls: int = 0
    elapsed_s: float = 0.0
    error: RegistrarSyncError | None = None
    message: str = ""
    hint: str = ""
    ticket: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether what was asked for holds now."""
        good = ("planned", "written", "authoritative", "nothing-to-do", "restored")
        return self.error is None and not self.left and self.state in good

    def raise_for_error(self) -> Result:
        """Raise the error where there is one, else return the result itself."""
        if self.error is not None:
            raise self.error
        return self

    def to_json(self) -> dict[str, Any]:
        """The object that ``--output json`` prints (design section 7)."""
        return {
            "schema": SCHEMA,
            "command": self.command,
            "domain": names.display(self.domain),
            "zone": names.display(self.zone) if self.zone else None,
            "provider": self.provider,
            "account": self.account,
            "service": self.service,
            "state": self.state,
            "changed": self.changed,
            "change_id": self.change_id,
            "plan": _plan_json(self.plan),
            "findings": [{"id": f.id, "severity": f.severity, "message": f.message} for f in self.findings],
            "visibility": _visibility_json(self.visibility),
            "lights": self.lights.to_json() if self.lights else None,
            "api_calls": self.api_calls,
            "elapsed_s": round(self.elapsed_s, 3),
            "error": _error_json(self.error),
        }


def rrset_json(rrset: RRset | None) -> dict[str, Any] | None:
    """TTL and served values in presentation form, sorted; None where nothing is served."""
    if rrset is None or not rrset.live:
        return None
    return {"ttl": rrset.ttl, "values": [str(value) for value in sorted(rrset.values, key=value_order)]}


def value_order(value: object) -> tuple[int, str]:
    """Values as people read them: MX by preference, the rest by text."""
    return getattr(value, "preference", 0), str(value)


def _plan_json(plan: PlanShown | None) -> dict[str, Any] | None:
    if plan is None:
        return None
    changes = [
        {
            "owner": names.display(change.owner),
            "type": change.rtype,
            "before": rrset_json(change.before),
            "after": rrset_json(change.after),
        }
        for change in plan.changes
    ]
    return {"digest": plan.digest, "changes": changes}


def _visibility_json(visibility: Visibility | None) -> dict[str, Any] | None:
    if visibility is None:
        return None
    servers = [
        {
            "server": names.display(row.server.name),
            "address": str(row.server),
            "role": row.role,
            "verdict": row.verdict,
            "detail": row.detail,
            "until": row.until.isoformat() if row.until else None,
        }
        for row in visibility.servers
    ]
    until = visibility.old_until.isoformat() if visibility.old_until else None
    return {"verdict": visibility.verdict, "old_until": until, "servers": servers}


def _error_json(error: RegistrarSyncError | None) -> dict[str, str] | None:
    return {"kind": error.kind, "message": error.message, "hint": error.hint} if error else None
