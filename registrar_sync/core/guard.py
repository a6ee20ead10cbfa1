"""The catalogue of findings: every id, how much it weighs, whether it can be accepted, and why it exists."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from registrar_sync.core.finding import Finding, Severity


@dataclass(frozen=True, slots=True)
class FindingKind:
    """What is known of a finding before it is met. ``acceptable``: whether ``--accept ID`` lets a block pass."""

    severity: Severity
    why: str
    acceptable: bool = True


_SPF: dict[str, FindingKind] = {
    "spf-two-records": FindingKind(
        "block", "More than one SPF record is a permerror for every sender (RFC 7208 sections 3.2 and 4.5).", acceptable=False
    ),
    "spf-invalid": FindingKind(
        "block", "A syntax error anywhere in the record is a permerror (RFC 7208 section 4.6).", acceptable=False
    ),
    "spf-glued-terms": FindingKind(
        "block",
        "The strings of a TXT record are joined without a space: two terms ran together (RFC 7208 section 3.3).",
        acceptable=False,
    ),
    "spf-qualifier-conflict": FindingKind(
        "block", "A term with -, ~ or ? does not authorise (RFC 7208 section 4.6.2); somebody chose it.", acceptable=False
    ),
    "spf-term-twice": FindingKind("block", "Each include costs its lookups again (RFC 7208 section 4.6.4)."),
    "spf-sends-nothing": FindingKind("block", "Nothing but -all: no host may send as this domain (RFC 7208 section 5.1)."),
    "spf-over-lookup-limit": FindingKind(
        "block", "More than 10 terms that cost a DNS look-up are a permerror for every sender (RFC 7208 section 4.6.4)."
    ),
    "spf-mx-too-many": FindingKind("block", "mx with more than 10 MX hosts to look up is a permerror (RFC 7208 section 4.6.4)."),
    "spf-disabled-twin": FindingKind(
        "block",
        "The same value must not stand twice in an RRset (RFC 2181 section 5), enabled and disabled rows alike.",
        acceptable=False,
    ),
    "spf-mx-negative": FindingKind(
        "block", "mx with -, ~ or ? also matches the service's MX hosts, and decides before the include (RFC 7208 section 5.4)."
    ),
    "spf-mx-mechanism": FindingKind(
        "block", "mx means today's MX hosts: replaced hosts that also send would fail (RFC 7208 section 5.4)."
    ),
    "spf-all-pass": FindingKind("warn", "+all lets everyone send as this domain (RFC 7208 section 5.1)."),
    "spf-all-kept": FindingKind("info", "The all of an existing record is its owner's policy (RFC 7208 section 5.1)."),
    "spf-no-all": FindingKind("info", "Without all or redirect the result is neutral (RFC 7208 section 4.7)."),
    "spf-redirect-dead": FindingKind("warn", "A redirect beside any all is ignored (RFC 7208 sections 5.1 and 6.1)."),
    "spf-ptr": FindingKind("info", "ptr should not be published (RFC 7208 section 5.5)."),
    "spf-near-miss": FindingKind(
        "warn", "Only v=spf1, alone or followed by a space, begins an SPF record (RFC 7208 section 4.5)."
    ),
    "spf-size": FindingKind("warn", "TXT answers over 512 octets may not fit into UDP (RFC 7208 section 3.4)."),
    "spf-term-moved": FindingKind("info", "Terms after all are never tested (RFC 7208 section 5.1)."),
    "spf-include-left": FindingKind("info", "Mail still queued at the service must verify (RFC 5321 section 4.5.4.1)."),
    "spf-include-removed": FindingKind("info", "Mail still queued at the service may fail SPF (RFC 5321 section 4.5.4.1)."),
}

_MX: dict[str, FindingKind] = {
    "mx-null": FindingKind("block", "MX 0 . alone: the domain accepts no mail (RFC 7505 section 3)."),
    "mx-null-with-others": FindingKind("block", "A null MX must not stand beside others (RFC 7505 section 3)."),
    "mx-no-room": FindingKind(
        "block", "The lowest preference is tried first, and none is free below (RFC 5321 section 5.1).", acceptable=False
    ),
    "mx-implicit": FindingKind("warn", "Without MX, mail goes to the domain's own address (RFC 5321 section 5.1)."),
    "mx-duplicate-exchange": FindingKind("warn", "One exchange at two preferences is legal and useless (RFC 5321 section 5.1)."),
    "mx-exchange-address": FindingKind("block", "An exchange is a name, never an address (RFC 1035 section 3.3.9)."),
    "mx-other-filter": FindingKind(
        "block", "A filter behind a filter sees the first one's address: its SPF checks break (RFC 7208 section 2.5)."
    ),
}

_OWNER: dict[str, FindingKind] = {
    "owner-cname": FindingKind(
        "block", "Nothing else may stand beside a CNAME (RFC 1034 section 3.6.2, RFC 2181 section 10.1).", acceptable=False
    ),
    "owner-delegated": FindingKind(
        "block", "Below a zone cut the child zone answers (RFC 1034 section 4.2.1).", acceptable=False
    ),
    "ttl-clamped": FindingKind("info", "The provider has bounds for TTLs."),
    "neighbour-changed": FindingKind("warn", "Another RRset at the owner changed while we wrote; it was not touched."),
    "vendor-disabled": FindingKind("info", "The provider disabled rows of its own accord; they are no longer served."),
    "merged-rollback": FindingKind("info", "The zone was edited since: only our part was taken out."),
}

_DNS: dict[str, FindingKind] = {
    "not-delegated": FindingKind("block", "Nobody asks a zone that is not delegated (RFC 1034 section 4.2.1)."),
    "delegation-unknown": FindingKind("block", "A failed look-up proves neither presence nor absence (RFC 2308 section 7)."),
    "delegation-not-checked": FindingKind("info", "The operator named the servers; the parent was not asked."),
    "authoritative-unreachable": FindingKind("block", "No authoritative server can be asked: nothing could be proved."),
    "api-dns-differ": FindingKind("block", "The zone behind the API is not the one that the DNS serves."),
    "not-yet-published": FindingKind("info", "The last change through this journal is still being published."),
    "staged-by-others": FindingKind("block", "Publishing would also publish somebody else's staged edits."),
    "zone-not-deployed": FindingKind("block", "The provider does not serve this zone at present."),
}

KINDS: Mapping[str, FindingKind] = MappingProxyType({**_SPF, **_MX, **_OWNER, **_DNS})
"""Every finding by its id. Scripts and ``--accept`` rely on the ids: none is renamed or given a second meaning."""


def finding(id: str, message: str, *, severity: Severity | None = None) -> Finding:  # noqa: A002 (the contract's word)
    """A finding of a known kind. ``severity`` where this one weighs differently than its kind usually does."""
    kind = KINDS[id]
    return Finding(id=id, severity=severity or kind.severity, message=message, acceptable=kind.acceptable)


def held_back(findings: Iterable[Finding], accept: Collection[str]) -> list[Finding]:
    """The blocks that stop a plan: not accepted, or not acceptable."""
    return [one for one in findings if one.severity == "block" and not (one.acceptable and one.id in accept)]
