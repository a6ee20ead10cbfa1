"""What nobody has confirmed of the name server."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from registrar_sync.sandbox.switches.doubt import switch


@dataclass(frozen=True, kw_only=True)
class NameServerSwitches:
    """Times are seconds."""

    dns_outside_zones: Literal["refused", "nxdomain"] = switch(
        "refused", "what a recursive question (RD) about a name outside the sandbox gets; iterative ones are always refused"
    )
