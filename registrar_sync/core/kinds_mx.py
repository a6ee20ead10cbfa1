"""Findings on the MX set and what hangs on it."""

from __future__ import annotations

from collections.abc import Mapping

from registrar_sync.core.kinds import FindingKind

MX: Mapping[str, FindingKind] = {
    "mx-null": FindingKind(
        severity="block",
        what="",
        why="MX 0 . alone: the domain accepts no mail (RFC 7505 section 3).",
    ),
    "mx-null-with-others": FindingKind(
        severity="block",
        what="",
        why="A null MX must not stand beside others (RFC 7505 section 3).",
    ),
    "mx-no-room": FindingKind(
        severity="block",
        what="",
        why="The lowest preference is tried first, and none is free below (RFC 5321 section 5.1).",
        acceptable=False,
    ),
    "mx-implicit": FindingKind(
        severity="warn",
        what="",
        why="Without MX, mail goes to the domain's own address (RFC 5321 section 5.1).",
    ),
    "mx-duplicate-exchange": FindingKind(
        severity="warn",
        what="",
        why="One exchange at two preferences is legal and useless (RFC 5321 section 5.1).",
    ),
    "mx-exchange-address": FindingKind(
        severity="block",
        what="",
        why="An exchange is a name, never an address (RFC 1035 section 3.3.9).",
    ),
    "mx-other-filter": FindingKind(
        severity="block",
        what="",
        why="A filter behind a filter sees the first one's address: its SPF checks break (RFC 7208 section 2.5).",
    ),
    "mx-would-be-empty": FindingKind(
        severity="block",
        what="",
        why="Without MX, mail goes to the domain's own address (RFC 5321 section 5.1).",
        acceptable=False,
    ),
    "mx-exchange-alias": FindingKind(
        severity="warn",
        what="",
        why="An exchange must not be an alias (RFC 2181 section 10.3).",
    ),
    "mx-renumbered": FindingKind(
        severity="warn",
        what="",
        why="Only the order of preferences counts (RFC 5321 section 5.1).",
    ),
    "mx-implicit-kept": FindingKind(
        severity="info",
        what="",
        why="Without MX, mail goes to the domain's own address (RFC 5321 section 5.1).",
    ),
    "mx-deduped": FindingKind(
        severity="info",
        what="",
        why="The same value stands once in an RRset (RFC 2181 section 5).",
    ),
    "mx-restored": FindingKind(
        severity="info",
        what="",
        why="The hosts that the enrolment removed take the mail again (RFC 5321 section 5.1).",
    ),
    "mx-dane": FindingKind(
        severity="warn",
        what="",
        why="Without TLSA records a host is delivered to without DANE (RFC 7672 section 2.2).",
    ),
    "mta-sts-enforce": FindingKind(
        severity="block",
        what="",
        why="In mode enforce senders must not deliver to an MX host that the policy does not list (RFC 8461 section 5).",
    ),
    "mta-sts-testing": FindingKind(
        severity="info",
        what="",
        why="In mode testing senders only report MX hosts that the policy does not list (RFC 8461 section 5).",
    ),
    "mta-sts-not-checked": FindingKind(
        severity="warn",
        what="",
        why="Senders may hold a cached policy that we could not read (RFC 8461 section 5.1).",
    ),
}
