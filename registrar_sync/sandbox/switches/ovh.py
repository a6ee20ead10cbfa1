"""What nobody has confirmed of OVH."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from registrar_sync.sandbox.switches.doubt import switch


@dataclass(frozen=True, kw_only=True)
class OvhSwitches:
    """Times are seconds."""

    ovh_is_deployed: Literal["always", "falls-during-refresh", "never"] = switch(
        "always", "whether isDeployed falls while a refresh is on its way is unconfirmed"
    )
    ovh_may_refresh: bool = switch(
        True, "a key without the refresh right is refused at refresh only (terraform-provider-ovh#292)"
    )
    ovh_denial_code: Literal["NOT_GRANTED_CALL", "FORBIDDEN"] = switch(
        "NOT_GRANTED_CALL", "python-ovh knows both; FORBIDDEN is the IAM variant"
    )
    ovh_refresh_overlap_status: int = switch(409, "overlapping refreshes fail (terraform-provider-ovh#76); status not recorded")
    ovh_refresh_s: float = switch(
        1.0, "how long a refresh counts as in progress (never longer than the publish delay) is unknown"
    )
    ovh_refresh_reply: Literal["204", "200-null"] = switch("204", "200 null in 2018; 204 empty since October 2023 (php-ovh#140)")
    ovh_write_reply: Literal["200-null", "204"] = switch("200-null", "PUT and DELETE: recorded in 2018, not confirmed since")
    ovh_txt_quoting: Literal["quoted", "verbatim"] = switch("quoted", "stored as sent in 2018; quoted today (dns-lexicon PR 97)")
    ovh_post_reply_quoted: bool = switch(True, "the POST reply, or only a later GET, shows the quotes")
    ovh_long_txt: Literal["split", "join"] = switch(
        "split", "joined in 2020/21 (dnscontrol#1003), split in 2026 (terraform#1225)"
    )
    ovh_spf_quoted: bool = switch(True, "whether GET shows the target of an SPF record in quotes")
    ovh_dkim_txt_retyped: bool = switch(False, "a TXT that looks like DKIM can come back as DKIM (octodns#114)")
    ovh_duplicates: Literal["stored", "refused"] = switch("stored", "an identical record posted twice: no recording")
    ovh_duplicate_status: int = switch(409, "status of that refusal is unknown")
    ovh_post_reply_id_zero: bool = switch(
        False, "POST can answer with id 0 (terraform-provider-ovh resource_domain_zone_record.go)"
    )
    ovh_new_record_hidden_s: float = switch(0.0, "GET of a new id can answer 404 for a while (the same source)")
    ovh_cname_beside_others: Literal["accepted", "refused"] = switch("accepted", "reports contradict each other")
    ovh_record_missing_text: str = switch("The requested object (id = {id}) does not exist", "text of that 404 not recorded")
    ovh_clock_window_s: float = switch(120.0, "how far a timestamp may be off is unknown")
    ovh_expired_zones: tuple[str, ...] = switch((), "a zone being deleted stays listed and answers 460 (external-dns#1908)")
