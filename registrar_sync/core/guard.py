"""The catalogue of findings: every id, how much it weighs, whether it can be accepted, and why it exists."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from difflib import get_close_matches
from types import MappingProxyType

from registrar_sync.core.finding import Finding, Severity
from registrar_sync.core.kinds import FindingKind
from registrar_sync.core.kinds_change import CHANGE
from registrar_sync.core.kinds_mx import MX
from registrar_sync.core.kinds_spf import SPF
from registrar_sync.core.kinds_spf_edits import SPF_EDITS
from registrar_sync.core.kinds_spf_limits import SPF_LIMITS
from registrar_sync.core.kinds_zone import SERVICE, ZONE
from registrar_sync.errors import UnknownName

KINDS: Mapping[str, FindingKind] = MappingProxyType({**SPF, **SPF_EDITS, **SPF_LIMITS, **MX, **SERVICE, **ZONE, **CHANGE})
"""Every finding by its id. Scripts and ``--accept`` rely on the ids: none is renamed or given a second meaning."""


def finding(id: str, message: str, *, severity: Severity | None = None) -> Finding:  # noqa: A002 (the contract's word)
    """A finding of a known kind. ``severity`` where this one weighs differently than its kind usually does."""
    kind = KINDS[id]
    return Finding(id=id, severity=severity or kind.severity, message=message, acceptable=kind.acceptable)


def kind_of(id: str) -> FindingKind:  # noqa: A002 (the contract's word)
    """The kind with this id. Raises ``UnknownName``, naming the nearest ids: a mistyped one must not look as if it were heard."""
    if id in KINDS:
        return KINDS[id]
    asked = id.strip().lower().replace("_", "-")
    holding = sorted((known for known in KINDS if asked and asked in known), key=lambda known: known.find(asked))
    near = holding[:5] or get_close_matches(asked, KINDS)
    hint = f"Nearest: {', '.join(near)}" if near else "All of them: registrar-sync findings"
    raise UnknownName(f"There is no finding {id!r}. Nothing was changed.", hint=hint)


def held_back(findings: Iterable[Finding], accept: Collection[str]) -> list[Finding]:
    """The blocks that stop a plan: not accepted, or not acceptable."""
    return [one for one in findings if one.severity == "block" and not (one.acceptable and one.id in accept)]
