"""Findings on zone, owner, delegation and the service itself."""

from __future__ import annotations

from collections.abc import Mapping

from registrar_sync.core.kinds import FindingKind

ZONE: Mapping[str, FindingKind] = {
    "owner-cname": FindingKind(
        severity="block",
        what="",
        why="Nothing else may stand beside a CNAME (RFC 1034 section 3.6.2, RFC 2181 section 10.1).",
        acceptable=False,
    ),
    "owner-delegated": FindingKind(
        severity="block",
        what="",
        why="Below a zone cut the child zone answers (RFC 1034 section 4.2.1).",
        acceptable=False,
    ),
    "not-delegated": FindingKind(
        severity="block",
        what="",
        why="Nobody asks a zone that is not delegated (RFC 1034 section 4.2.1).",
    ),
    "delegation-unknown": FindingKind(
        severity="block",
        what="",
        why="A failed look-up proves neither presence nor absence (RFC 2308 section 7).",
    ),
    "delegation-not-checked": FindingKind(
        severity="info",
        what="",
        why="The operator named the servers; the parent was not asked.",
    ),
    "authoritative-unreachable": FindingKind(
        severity="block",
        what="",
        why="No authoritative server can be asked: nothing could be proved.",
    ),
    "api-dns-differ": FindingKind(
        severity="block",
        what="",
        why="The zone behind the API is not the one that the DNS serves.",
    ),
    "not-yet-published": FindingKind(
        severity="info",
        what="",
        why="The last change through this journal is still being published.",
    ),
    "staged-by-others": FindingKind(
        severity="block",
        what="",
        why="Publishing would also publish somebody else's staged edits.",
    ),
    "zone-not-deployed": FindingKind(
        severity="block",
        what="",
        why="The provider does not serve this zone at present.",
    ),
    "delegated-elsewhere": FindingKind(
        severity="block",
        what="",
        why="Nobody asks the name servers of this account (RFC 1034 section 4.2.1).",
    ),
}


SERVICE: Mapping[str, FindingKind] = {
    "service-spf-broken": FindingKind(
        severity="block",
        what="",
        why="An include whose target has no valid SPF record is a permerror of the including record (RFC 7208 section 5.2).",
    ),
    "service-host-broken": FindingKind(
        severity="block",
        what="",
        why="Mail to an MX host without an address is queued or bounced (RFC 5321 section 5.1).",
    ),
    "service-host-alias": FindingKind(
        severity="warn",
        what="",
        why="An exchange must not be an alias (RFC 2181 section 10.3).",
    ),
    "service-host-refuses": FindingKind(
        severity="block",
        what="",
        why="Mail is bounced or queued the minute such an MX is live (RFC 5321 section 3.6.2).",
    ),
    "service-not-checked": FindingKind(
        severity="warn",
        what="",
        why="A failed look-up proves neither presence nor absence (RFC 2308 section 7).",
    ),
}
