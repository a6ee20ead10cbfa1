"""What nobody has confirmed of Route 53, and what an account may or may not do there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from registrar_sync.sandbox.switches.doubt import switch


@dataclass(frozen=True, kw_only=True)
class Route53Switches:
    """Times are seconds."""

    route53_same_set_in_batch: Literal["in-order", "refused"] = switch(
        "in-order",
        "DELETE then CREATE of one set in a batch: boto's update_record and octodns-route53 PR 135 did it; no recording",
    )
    route53_delete_order: Literal["any", "as-listed"] = switch(
        "any", "whether a DELETE must have the values in the order of the listing is not said"
    )
    route53_error_shape: Literal["ErrorResponse", "InvalidChangeBatch"] = switch(
        "ErrorResponse", "recorded so in 2022; the API reference shows <InvalidChangeBatch><Messages>"
    )
    route53_page_size: int = switch(300, "100 record sets a page in the recording of 2022, 300 in today's API reference")
    route53_null_mx: Literal["accepted", "refused"] = switch("accepted", 'whether "0 ." is taken as an MX is not documented')
    route53_bare_octets: Literal["refused", "stored"] = switch(
        "refused", "the developer guide demands octal escapes in TXT; what happens without them is not said"
    )
    route53_clock_window_s: float = switch(900.0, "how far X-Amz-Date may be off: 15 minutes for AWS in general")
    route53_unknown_zone_status: Literal[403, 404] = switch(404, "the id of another account's zone may be answered AccessDenied")
    route53_denied: tuple[str, ...] = switch((), "actions that the key's policy does not allow")
    route53_private_twins: tuple[str, ...] = switch((), "names that the account has a private zone of, too")
