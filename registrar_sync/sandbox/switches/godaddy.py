"""What nobody has confirmed of GoDaddy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from registrar_sync.sandbox.switches.doubt import switch


@dataclass(frozen=True, kw_only=True)
class GoDaddySwitches:
    """Times are seconds."""

    godaddy_small_account: bool = switch(
        False, "accounts with fewer than 10 domains get 403 ACCESS_DENIED since May 2024 (Posh-ACME PR 547)"
    )
    godaddy_foreign_zone_status: Literal[404, 401] = switch(
        404, "404 recorded; a name below a zone got 401 UNABLE_TO_AUTHENTICATE in 2018 (acme.sh#1564)"
    )
    godaddy_busy_answers: int = switch(
        0, "calls on a zone that are answered 409 after a write to it: some seconds' worth (lexicon's godaddy.py)"
    )
    godaddy_low_ttl_status: int = switch(422, "a TTL below 600: 422 (win-acme#1947); another status elsewhere is not excluded")
    godaddy_txt_escapes: Literal["kept", "undone", "stripped"] = switch(
        "kept", "what becomes of quotes and backslashes in a TXT value is not documented"
    )
    godaddy_long_txt: Literal["kept", "refused"] = switch(
        "kept", "over 512 characters: refused in 2018 (terraform-provider-godaddy PR 24), longer DKIM keys are in use"
    )
    godaddy_offset: Literal["pages", "rows"] = switch("pages", "pages (godaddypy) or rows to skip (the vendor's own words)")
    godaddy_page_cap: int = switch(500, "rows of one listing: 500 (terraform-provider-godaddy PR 44)")
    godaddy_null_mx: Literal["accepted", "refused"] = switch("accepted", "an MX with the data '.': unknown")
    godaddy_final_dot: Literal["stripped", "refused"] = switch("stripped", "a final dot in a name sent: unknown")
    godaddy_same_record_twice: Literal["refused", "merged"] = switch(
        "refused", "'Another record with the same attributes already exists' (lmammino/godaddy-dns#10); status unknown"
    )
    godaddy_empty_put: Literal["ignored", "refused"] = switch("ignored", "an empty array: ignored (lexicon)")
    godaddy_delete_missing_status: Literal[204, 404] = switch(404, "DELETE of a set that is not there: unknown")
