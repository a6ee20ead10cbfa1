"""What is known of a finding before it is met."""

from __future__ import annotations

from dataclasses import dataclass

from registrar_sync.core.finding import Severity


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingKind:
    """One kind of finding, as ``registrar-sync findings ID`` explains it.

    ``what``: one line, what was met; ``why``: one line, why it matters, with its source; ``advice``: what an operator does
    about it; ``acceptable``: whether ``--accept ID`` lets a block pass; ``may_pass``: it says that something could not be asked,
    and the same question may be answered a minute later.
    """

    severity: Severity
    what: str
    why: str
    advice: str = ""
    acceptable: bool = True
    may_pass: bool = False
