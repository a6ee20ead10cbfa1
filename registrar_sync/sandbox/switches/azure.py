"""What nobody has confirmed of Azure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from registrar_sync.sandbox.switches.doubt import switch


@dataclass(frozen=True, kw_only=True)
class AzureSwitches:
    """Times are seconds."""

    azure_condition_status: Literal[412, 409] = switch(
        412, "what a condition that is not met is answered: 412 by other implementations; the reference names no status"
    )
    azure_missing_set_code: Literal["NotFound", "ResourceNotFound"] = switch(
        "NotFound", "of a set that is not there: NotFound in az's traffic of private zones (azure-cli issue 27374)"
    )
    azure_login_refused_status: Literal[401, 400] = switch(
        401, "a wrong secret is told as invalid_client; an unknown application as unauthorized_client, it seems with 400"
    )
    azure_token_s: int = switch(3599, "how long a token lives: 3599 s in lexicon's recordings of 2023")
    azure_right_on: Literal["group", "zone"] = switch(
        "group", "with a right on one zone alone whatever else is asked for is denied (403), whether it is there or not"
    )
    azure_zone_type: Literal["Public", "Private"] = switch("Public", "zoneType; private ones were in this list once")
    azure_dots: Literal["kept", "dropped"] = switch("kept", "the final dot of a name sent: kept, as it seems (dnscontrol)")
    azure_null_mx: Literal["refused", "accepted"] = switch("refused", "an MX to the root: refused in 2020 (dnscontrol's audit)")
    azure_empty_records: Literal["null", "left-out", "empty"] = switch(
        "left-out", "how a set without records is shown: without values (dnscontrol), in which form is not known"
    )
    azure_page_size: int = switch(100, "zones of one page")
