"""Findings on the SPF record and what it costs."""

from __future__ import annotations

from collections.abc import Mapping

from registrar_sync.core.kinds import FindingKind

SPF: Mapping[str, FindingKind] = {
    "spf-two-records": FindingKind(
        severity="block",
        what="",
        why="More than one SPF record is a permerror for every sender (RFC 7208 sections 3.2 and 4.5).",
        acceptable=False,
    ),
    "spf-invalid": FindingKind(
        severity="block",
        what="",
        why="A syntax error anywhere in the record is a permerror (RFC 7208 section 4.6).",
        acceptable=False,
    ),
    "spf-glued-terms": FindingKind(
        severity="block",
        what="",
        why="The strings of a TXT record are joined without a space: two terms ran together (RFC 7208 section 3.3).",
        acceptable=False,
    ),
    "spf-qualifier-conflict": FindingKind(
        severity="block",
        what="",
        why="A term with -, ~ or ? does not authorise (RFC 7208 section 4.6.2); somebody chose it.",
        acceptable=False,
    ),
    "spf-term-twice": FindingKind(
        severity="block",
        what="",
        why="Each include costs its lookups again (RFC 7208 section 4.6.4).",
    ),
    "spf-sends-nothing": FindingKind(
        severity="block",
        what="",
        why="Nothing but -all: no host may send as this domain (RFC 7208 section 5.1).",
    ),
    "spf-over-lookup-limit": FindingKind(
        severity="block",
        what="",
        why="More than 10 terms that cost a DNS look-up are a permerror for every sender (RFC 7208 section 4.6.4).",
    ),
    "spf-mx-too-many": FindingKind(
        severity="block",
        what="",
        why="mx with more than 10 MX hosts to look up is a permerror (RFC 7208 section 4.6.4).",
    ),
    "spf-disabled-twin": FindingKind(
        severity="block",
        what="",
        why="The same value must not stand twice in an RRset (RFC 2181 section 5), enabled and disabled rows alike.",
        acceptable=False,
    ),
    "spf-mx-negative": FindingKind(
        severity="block",
        what="",
        why="mx with -, ~ or ? also matches the service's MX hosts, and decides before the include (RFC 7208 section 5.4).",
    ),
    "spf-mx-mechanism": FindingKind(
        severity="block",
        what="",
        why="mx means today's MX hosts: replaced hosts that also send would fail (RFC 7208 section 5.4).",
    ),
    "spf-all-pass": FindingKind(
        severity="warn",
        what="",
        why="+all lets everyone send as this domain (RFC 7208 section 5.1).",
    ),
    "spf-all-kept": FindingKind(
        severity="info",
        what="",
        why="The all of an existing record is its owner's policy (RFC 7208 section 5.1).",
    ),
    "spf-no-all": FindingKind(
        severity="info",
        what="",
        why="Without all or redirect the result is neutral (RFC 7208 section 4.7).",
    ),
    "spf-redirect-dead": FindingKind(
        severity="warn",
        what="",
        why="A redirect beside any all is ignored (RFC 7208 sections 5.1 and 6.1).",
    ),
    "spf-ptr": FindingKind(
        severity="info",
        what="",
        why="ptr should not be published (RFC 7208 section 5.5).",
    ),
    "spf-near-miss": FindingKind(
        severity="warn",
        what="",
        why="Only v=spf1, alone or followed by a space, begins an SPF record (RFC 7208 section 4.5).",
    ),
    "spf-size": FindingKind(
        severity="warn",
        what="",
        why="TXT answers over 512 octets may not fit into UDP (RFC 7208 section 3.4).",
    ),
    "spf-term-moved": FindingKind(
        severity="info",
        what="",
        why="Terms after all are never tested (RFC 7208 section 5.1).",
    ),
    "spf-merged": FindingKind(
        severity="info",
        what="",
        why="Exactly one SPF record may stand at a name (RFC 7208 section 3.2).",
    ),
    "spf-all-set": FindingKind(
        severity="warn",
        what="",
        why="all decides for every sender that no other term names (RFC 7208 section 5.1).",
    ),
    "spf-all-added": FindingKind(
        severity="info",
        what="",
        why="Without all or redirect the result is neutral (RFC 7208 section 4.7).",
    ),
    "spf-redirect-kept": FindingKind(
        severity="warn",
        what="",
        why="Any all would make the redirect dead (RFC 7208 sections 5.1 and 6.1).",
    ),
    "spf-qualifier-fixed": FindingKind(
        severity="info",
        what="",
        why="A term with ~ or ? does not authorise (RFC 7208 section 4.6.2).",
    ),
    "spf-term-deduped": FindingKind(
        severity="info",
        what="",
        why="Each include costs its lookups again (RFC 7208 section 4.6.4).",
    ),
    "spf-covered": FindingKind(
        severity="info",
        what="",
        why="An include or redirect that passes for the service authorises it as well (RFC 7208 section 5.2).",
    ),
    "spf-at-lookup-limit": FindingKind(
        severity="warn",
        what="",
        why="10 terms that cost a DNS look-up are allowed, and no more (RFC 7208 section 4.6.4).",
    ),
    "spf-over-void-limit": FindingKind(
        severity="block",
        what="",
        why="More than two look-ups without an answer are a permerror (RFC 7208 section 4.6.4).",
    ),
    "spf-tree-broken": FindingKind(
        severity="block",
        what="",
        why="A permerror in an included record is one of the whole record (RFC 7208 section 5.2).",
    ),
    "spf-not-measured": FindingKind(
        severity="warn",
        what="",
        why="What the DNS did not tell, or a macro hides, cannot be counted (RFC 7208 sections 4.6.4 and 7).",
    ),
    "spf-service-alone": FindingKind(
        severity="warn",
        what="",
        why="Who is not named gets the result of all (RFC 7208 section 4.7).",
    ),
}
