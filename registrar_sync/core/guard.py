"""The catalogue of findings: every id, how much it weighs, whether it can be accepted, and why it exists."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from types import MappingProxyType

from registrar_sync.core.finding import Finding, Severity
from registrar_sync.core.kinds import FindingKind
from registrar_sync.core.kinds_change import CHANGE
from registrar_sync.core.kinds_mx import MX
from registrar_sync.core.kinds_spf import SPF
from registrar_sync.core.kinds_zone import SERVICE, ZONE

KINDS: Mapping[str, FindingKind] = MappingProxyType({**SPF, **MX, **SERVICE, **ZONE, **CHANGE})
"""Every finding by its id. Scripts and ``--accept`` rely on the ids: none is renamed or given a second meaning."""


def finding(id: str, message: str, *, severity: Severity | None = None) -> Finding:  # noqa: A002 (the contract's word)
    """A finding of a known kind. ``severity`` where this one weighs differently than its kind usually does."""
    kind = KINDS[id]
    return Finding(id=id, severity=severity or kind.severity, message=message, acceptable=kind.acceptable)


def held_back(findings: Iterable[Finding], accept: Collection[str]) -> list[Finding]:
    """The blocks that stop a plan: not accepted, or not acceptable."""
    return [one for one in findings if one.severity == "block" and not (one.acceptable and one.id in accept)]
