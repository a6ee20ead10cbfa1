"""What nobody has confirmed of Scaleway."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from registrar_sync.sandbox.switches.doubt import switch


@dataclass(frozen=True, kw_only=True)
class ScalewaySwitches:
    """Times are seconds."""

    scaleway_escapes: Literal["quotes", "quotes-and-backslashes"] = switch(
        "quotes", "what a listed TXT value escapes: tested live by one client (dnscontrol PR 4919), the other assumed by lexicon"
    )
    scaleway_several_strings: Literal["as-one-text", "joined", "kept"] = switch(
        "as-one-text", "TXT sent as several quoted strings: octets between the outer quotes (they are trimmed), joined, or kept"
    )
    scaleway_long_txt: Literal["whole", "split"] = switch(
        "whole", "a listed TXT value over 255 octets: one string (dnscontrol reads it so), or several (lexicon joins them)"
    )
    scaleway_unsent_fields: Literal["cleared", "kept"] = switch(
        "cleared", "comment and the like, where a set by id does not send them"
    )
    scaleway_missing_id_status: int = switch(404, "set or delete of an id that is gone: status and text not recorded")
    scaleway_subdomain_status: Literal[403, 404] = switch(
        404, 'no zone of its own for a name below a zone: "subdomain not found" (acme.sh); the status is not recorded'
    )
    scaleway_page_cap: int = switch(1000, "the largest page: octodns-scaleway and the SDKs ask for at most 1000")
    scaleway_may_write: bool = switch(True, "a key that may only read gets 403 permissions_denied (SDK); not recorded here")
