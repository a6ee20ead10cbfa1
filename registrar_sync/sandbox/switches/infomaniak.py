"""What nobody has confirmed of Infomaniak."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from registrar_sync.sandbox.switches.doubt import switch


@dataclass(frozen=True, kw_only=True)
class InfomaniakSwitches:
    """Times are seconds."""

    infomaniak_txt_listed: Literal["quoted", "bare"] = switch(
        "quoted", "quoted (dnscontrol, libdns, community.dns) or as it was sent (lego's fixture); clients unquote"
    )
    infomaniak_mx_listed_dotted: bool = switch(
        False, "an exchange is listed without a final dot (dnscontrol, octodns); no recording"
    )
    infomaniak_apex_listed: Literal[".", ""] = switch(".", "octodns and community.dns see a dot; dnscontrol takes both")
    infomaniak_apex_sent: Literal["both", "dot", "empty"] = switch(
        "both", "the vendor's clients send a dot, octodns-infomaniak and dnscontrol an empty source"
    )
    infomaniak_exists_reply: Literal["404", "false"] = switch("404", "documented as a boolean, seen as 404 (lego PR 3139)")
    infomaniak_error_status: Literal["http", "200"] = switch(
        "http", "the vendor's terraform provider looks at the HTTP status only; lexicon and libdns also at the result"
    )
    infomaniak_second_spf: Literal["refused-at-name", "refused-in-zone", "accepted"] = switch(
        "refused-at-name",
        "one SPF record for each zone (dns-update issue 57, of API v1): whether at one name or in all is unclear",
    )
    infomaniak_mx_to_itself: Literal["refused", "accepted"] = switch("refused", "the same issue, of API v1")
    infomaniak_refusal_status: int = switch(422, "status of those two refusals")
    infomaniak_null_mx: Literal["accepted", "refused"] = switch("accepted", "no client says anything of it")
    infomaniak_paging: Literal["with-totals", "without-totals", "ignored"] = switch(
        "with-totals", "community.dns pages with page and per_page; octodns and dnscontrol do not and get all"
    )
    infomaniak_page_size: int = switch(1000, "the largest page is unknown")
    infomaniak_lowest_ttl: int = switch(60, "libdns sends no less; no page names a bound")
    infomaniak_long_txt: Literal["split", "refused"] = switch("split", "a string over 255 octets: unknown")
    infomaniak_requests_per_minute: int = switch(0, "60 (developer.infomaniak.com); 0 for none: what such a 429 says is unknown")
