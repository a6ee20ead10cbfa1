"""What nobody has confirmed of Cloudflare."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from registrar_sync.sandbox.switches.doubt import switch


@dataclass(frozen=True, kw_only=True)
class CloudflareSwitches:
    """Times are seconds."""

    cloudflare_wrong_token: Literal["403-9109", "400-6003", "200-9103"] = switch(
        "403-9109", "403 (octodns' tests), 400 for a header in the wrong form (ddns-go#916), 200 with success false (one stub)"
    )
    cloudflare_token_may_edit: bool = switch(True, "a token without DNS: Edit gets 403 and 10000 on writes; code from reports")
    cloudflare_zone_name_filter: Literal["exact", "ignored", "refused"] = switch(
        "exact", "the SDK documents it; dns-lexicon PR 49 says that it is gone since 2025 and answers 400"
    )
    cloudflare_unknown_zone_status: Literal[400, 404] = switch(404, "code 7003 is reported, its status is not")
    cloudflare_zone_status: Literal["active", "pending", "initializing", "moved"] = switch(
        "active", "a zone that is not delegated to Cloudflare can be edited; what its servers answer then is not determined"
    )
    cloudflare_page_cap: int = switch(100, "zones a page: 50 documented, 100 recorded as accepted")
    cloudflare_txt: Literal["verbatim", "quoted"] = switch(
        "verbatim", "kept as sent (recorded 2025, dnscontrol#3172); quotes were seen added later (cisagov/manage.get.gov#4860)"
    )
    cloudflare_null_mx: Literal["accepted", "refused"] = switch("accepted", "the API refused it in 2021 (terraform#944)")
    cloudflare_same_exchange_twice: Literal["accepted", "refused"] = switch(
        "accepted", "one exchange at two preferences: whether that counts as identical is not determined"
    )
    cloudflare_txt_priority: bool = switch(False, "the schema: priority may still be returned for other types than MX")
    cloudflare_batch_limit: int = switch(200, "200 changes on the free plan, 3500 on others; the refusal is not recorded")
    cloudflare_failure_status: Literal[400, 200] = switch(400, "refusals come with 400; some clients also look for success false")
