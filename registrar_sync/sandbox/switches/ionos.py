"""What nobody has confirmed of IONOS."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from registrar_sync.sandbox.switches.doubt import switch


@dataclass(frozen=True, kw_only=True)
class IonosSwitches:
    """Times are seconds."""

    ionos_unknown_zone_status: Literal[401, 404] = switch(401, "the specification lists 401 and 500 only")
    ionos_final_dot: Literal["stripped", "refused"] = switch("stripped", "a final dot in an MX exchange sent: unknown")
    ionos_prio_required: bool = switch(True, "SRV needs prio; MX without it is unknown (then 0)")
    ionos_long_txt: Literal["split", "refused"] = switch("split", "TXT over 255 octets: unknown")
    ionos_patch_ids: Literal["new", "kept"] = switch("new", "whether an unchanged record keeps its id through PATCH")
    ionos_deactivates_services: bool = switch(True, "the specification's introduction; extent unknown")
    ionos_record_name_case: Literal["ignored", "exact"] = switch("ignored", "case of the recordName filter is unknown")
