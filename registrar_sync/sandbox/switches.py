"""Every fact about a vendor that nobody has confirmed, as a named switch with its default and the reason for the doubt.

A test that depends on such a fact runs both ways; nothing is hardened on a default. ``doubt`` names where it comes from.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Literal, get_args, get_origin, get_type_hints

from registrar_sync.errors import UnknownName, UsageError


def _switch(default: Any, doubt: str) -> Any:
    return field(default=default, metadata={"doubt": doubt})


@dataclass(frozen=True, slots=True, kw_only=True)
class Switches:
    """The unconfirmed behaviour of the simulated vendors. Times are seconds."""

    # --- OVH ----------------------------------------------------------------------------------------------------------
    ovh_is_deployed: Literal["always", "falls-during-refresh", "never"] = _switch(
        "always", "whether isDeployed falls while a refresh is on its way is unconfirmed"
    )
    ovh_may_refresh: bool = _switch(
        True, "a key without the refresh right is refused at refresh only (terraform-provider-ovh#292)"
    )
    ovh_denial_code: Literal["NOT_GRANTED_CALL", "FORBIDDEN"] = _switch(
        "NOT_GRANTED_CALL", "python-ovh knows both; FORBIDDEN is the IAM variant"
    )
    ovh_refresh_overlap_status: int = _switch(409, "overlapping refreshes fail (terraform-provider-ovh#76); status not recorded")
    ovh_refresh_s: float = _switch(
        1.0, "how long a refresh counts as in progress (never longer than the publish delay) is unknown"
    )
    ovh_refresh_reply: Literal["204", "200-null"] = _switch("204", "200 null in 2018; 204 empty since October 2023 (php-ovh#140)")
    ovh_write_reply: Literal["200-null", "204"] = _switch("200-null", "PUT and DELETE: recorded in 2018, not confirmed since")
    ovh_txt_quoting: Literal["quoted", "verbatim"] = _switch("quoted", "stored as sent in 2018; quoted today (dns-lexicon PR 97)")
    ovh_post_reply_quoted: bool = _switch(True, "the POST reply, or only a later GET, shows the quotes")
    ovh_long_txt: Literal["split", "join"] = _switch(
        "split", "joined in 2020/21 (dnscontrol#1003), split in 2026 (terraform#1225)"
    )
    ovh_spf_quoted: bool = _switch(True, "whether GET shows the target of an SPF record in quotes")
    ovh_dkim_txt_retyped: bool = _switch(False, "a TXT that looks like DKIM can come back as DKIM (octodns#114)")
    ovh_duplicates: Literal["stored", "refused"] = _switch("stored", "an identical record posted twice: no recording")
    ovh_duplicate_status: int = _switch(409, "status of that refusal is unknown")
    ovh_post_reply_id_zero: bool = _switch(
        False, "POST can answer with id 0 (terraform-provider-ovh resource_domain_zone_record.go)"
    )
    ovh_new_record_hidden_s: float = _switch(0.0, "GET of a new id can answer 404 for a while (the same source)")
    ovh_cname_beside_others: Literal["accepted", "refused"] = _switch("accepted", "reports contradict each other")
    ovh_record_missing_text: str = _switch("The requested object (id = {id}) does not exist", "text of that 404 not recorded")
    ovh_clock_window_s: float = _switch(120.0, "how far a timestamp may be off is unknown")
    ovh_expired_zones: tuple[str, ...] = _switch((), "a zone being deleted stays listed and answers 460 (external-dns#1908)")
    # --- Gandi --------------------------------------------------------------------------------------------------------
    gandi_bare_txt: Literal["one-string", "string-per-word"] = _switch(
        "one-string", "bare TXT with spaces: one string (go-gandi), or one a word (gandi.cli#285)"
    )
    gandi_long_txt: Literal["split", "refused"] = _switch("split", "strings over 255 octets: splitting reported, not confirmed")
    gandi_missing_ttl: Literal["default", "kept"] = _switch(
        "default", "PUT without rrset_ttl is accepted; the resulting TTL is unknown"
    )
    gandi_duplicates: Literal["refused", "merged"] = _switch("refused", "the same value twice in one set: not determined")
    gandi_post_existing_status: int = _switch(409, "POST with other values on an existing set is refused; status from memory")
    gandi_cname_clash_status: int = _switch(400, "a CNAME beside other types is refused by 400 or 409")
    gandi_foreign_zone_status: Literal[403, 404] = _switch(404, "a token restricted to other domains may see 403")
    gandi_token_may_write: bool = _switch(True, "a token without the right gets 403 HTTPForbidden on writes")
    gandi_empty_name: Literal["empty-list", "not-found"] = _switch("empty-list", "GET of a name without records: not recorded")
    gandi_page_size: int = _switch(100, "the default page size is unknown")
    gandi_error_content_type: str = _switch("application/json; charset=UTF-8", "recorded so; go-gandi insists on no charset")
    # --- IONOS --------------------------------------------------------------------------------------------------------
    ionos_unknown_zone_status: Literal[401, 404] = _switch(401, "the specification lists 401 and 500 only")
    ionos_final_dot: Literal["stripped", "refused"] = _switch("stripped", "a final dot in an MX exchange sent: unknown")
    ionos_prio_required: bool = _switch(True, "SRV needs prio; MX without it is unknown (then 0)")
    ionos_long_txt: Literal["split", "refused"] = _switch("split", "TXT over 255 octets: unknown")
    ionos_patch_ids: Literal["new", "kept"] = _switch("new", "whether an unchanged record keeps its id through PATCH")
    ionos_deactivates_services: bool = _switch(True, "the specification's introduction; extent unknown")
    ionos_record_name_case: Literal["ignored", "exact"] = _switch("ignored", "case of the recordName filter is unknown")
    # --- the name server ----------------------------------------------------------------------------------------------
    dns_outside_zones: Literal["refused", "nxdomain"] = _switch(
        "refused", "what a recursive question (RD) about a name outside the sandbox gets; iterative ones are always refused"
    )


def switches_from(values: Mapping[str, object]) -> Switches:
    """The defaults with ``values`` laid over them. Raises ``UnknownName`` or ``UsageError``."""
    kinds = get_type_hints(Switches)
    for name, value in values.items():
        if name not in kinds:
            raise UnknownName(f"The sandbox has no switch {name!r}.", hint="Known: " + ", ".join(sorted(kinds)))
        choices = get_args(kinds[name]) if get_origin(kinds[name]) is Literal else ()
        if choices and value not in choices:
            raise UsageError(f"The sandbox's switch {name} cannot be {value!r}.", hint=f"One of {choices}.")
    return Switches(**dict(values))  # type: ignore[arg-type]  # names and choices were checked just above


def doubts() -> dict[str, str]:
    """Each switch with the source of the doubt."""
    return {item.name: str(item.metadata["doubt"]) for item in fields(Switches)}
