"""Findings: what is worth saying about a plan, with stable ids."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Severity = Literal["block", "warn", "info"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One remark on a plan. ``block`` stops it unless accepted by ``id`` (where ``acceptable``)."""

    id: str
    severity: Severity
    message: str
    acceptable: bool = True
