"""What nobody has confirmed of Gandi."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from registrar_sync.sandbox.switches.doubt import switch


@dataclass(frozen=True, kw_only=True)
class GandiSwitches:
    """Times are seconds."""

    gandi_bare_txt: Literal["one-string", "string-per-word"] = switch(
        "one-string", "bare TXT with spaces: one string (go-gandi), or one a word (gandi.cli#285)"
    )
    gandi_long_txt: Literal["split", "refused"] = switch("split", "strings over 255 octets: splitting reported, not confirmed")
    gandi_missing_ttl: Literal["default", "kept"] = switch(
        "default", "PUT without rrset_ttl is accepted; the resulting TTL is unknown"
    )
    gandi_duplicates: Literal["refused", "merged"] = switch("refused", "the same value twice in one set: not determined")
    gandi_post_existing_status: int = switch(409, "POST with other values on an existing set is refused; status from memory")
    gandi_cname_clash_status: int = switch(400, "a CNAME beside other types is refused by 400 or 409")
    gandi_foreign_zone_status: Literal[403, 404] = switch(404, "a token restricted to other domains may see 403")
    gandi_token_may_write: bool = switch(True, "a token without the right gets 403 HTTPForbidden on writes")
    gandi_empty_name: Literal["empty-list", "not-found"] = switch("empty-list", "GET of a name without records: not recorded")
    gandi_page_size: int = switch(100, "the default page size is unknown")
    gandi_error_content_type: str = switch("application/json; charset=UTF-8", "recorded so; go-gandi insists on no charset")
