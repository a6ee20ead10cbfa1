"""Findings on changes: what was written, taken back, or is to come."""

from __future__ import annotations

from collections.abc import Mapping

from registrar_sync.core.kinds import FindingKind

CHANGE: Mapping[str, FindingKind] = {
    "spf-include-left": FindingKind(
        severity="info",
        what="",
        why="Mail still queued at the service must verify (RFC 5321 section 4.5.4.1).",
    ),
    "spf-include-removed": FindingKind(
        severity="info",
        what="",
        why="Mail still queued at the service may fail SPF (RFC 5321 section 4.5.4.1).",
    ),
    "merged-rollback": FindingKind(
        severity="info",
        what="",
        why="The zone was edited since: only our part was taken out.",
    ),
    "neighbour-changed": FindingKind(
        severity="warn",
        what="",
        why="Another RRset at the owner changed while we wrote; it was not touched.",
    ),
    "vendor-disabled": FindingKind(
        severity="info",
        what="",
        why="The provider disabled rows of its own accord; they are no longer served.",
    ),
    "ttl-clamped": FindingKind(
        severity="info",
        what="",
        why="The provider has bounds for TTLs.",
    ),
    "spf-merge-kept": FindingKind(
        severity="info",
        what="",
        why="Two SPF records are a permerror for every sender (RFC 7208 section 3.2).",
    ),
    "spf-would-forbid": FindingKind(
        severity="block",
        what="",
        why="Nothing but -all: no host may send as this domain (RFC 7208 section 5.1).",
    ),
    "spf-forbidden-kept": FindingKind(
        severity="info",
        what="",
        why="A term with - was set to forbid, not to authorise (RFC 7208 section 4.6.2).",
    ),
    "spf-still-covered": FindingKind(
        severity="warn",
        what="",
        why="An include of the customer's own authorises the service still (RFC 7208 section 5.2).",
    ),
    "spf-later": FindingKind(
        severity="info",
        what="",
        why="Mail still queued at the service must verify (RFC 5321 section 4.5.4.1).",
    ),
    "ttl-long": FindingKind(
        severity="info",
        what="",
        why="Caches keep the old answer for as long as its TTL says (RFC 1035 section 3.2.1).",
    ),
    "prepare-too-early": FindingKind(
        severity="warn",
        what="",
        why="Caches may keep an answer with the old TTL until that is over (RFC 1035 section 3.2.1).",
    ),
}
