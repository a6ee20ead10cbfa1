"""What nobody has confirmed of Hetzner."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from registrar_sync.sandbox.switches.doubt import switch


@dataclass(frozen=True, kw_only=True)
class HetznerSwitches:
    """Times are seconds."""

    hetzner_action_s: float = switch(0.1, "how long an action runs: 2 to 17 s in lexicon's recordings of January 2026")
    hetzner_effect: Literal["at-once", "at-success"] = switch(
        "at-once", "whether GET shows a write while its action still runs is not recorded"
    )
    hetzner_failing_actions: tuple[str, ...] = switch((), "commands that end in status error; none is recorded")
    hetzner_action_paths: Literal["both", "zones", "global"] = switch(
        "both", "/zones/actions/{id} is recorded, /actions/{id} documented (hcloud polls it)"
    )
    hetzner_locks: bool = switch(False, "whether a zone is locked (423) while an action runs: the vendor's Terraform expects not")
    hetzner_existing_code: Literal["uniqueness_error", "conflict"] = switch(
        "uniqueness_error", "creating a set that exists is 409 (ddns-updater PR 1165); its code is not recorded"
    )
    hetzner_protected_status: int = switch(423, "the code protected is reported (libdns/hetzner#14); its status is not")
    hetzner_token_may_write: bool = switch(True, "a token for reading gets token_readonly (hcloud-go); status unknown")
    hetzner_zone_mode: Literal["primary", "secondary"] = switch("primary", "of every zone; writes to a secondary one are refused")
    hetzner_unsent_comment: Literal["cleared", "kept"] = switch("cleared", "set_records without a comment for a known value")
    hetzner_page_size: int = switch(25, "25 is recorded; whether it is the same for every list is not known")
