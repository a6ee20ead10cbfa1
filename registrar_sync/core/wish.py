"""What the operator wants of one owner, and one RRset's share of the answer."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from registrar_sync.core.finding import Finding
from registrar_sync.core.guard import held_back
from registrar_sync.core.model import RRset
from registrar_sync.core.scope import WHOLE, Scope
from registrar_sync.core.service import MailService, MxMode, Qualifier


@dataclass(frozen=True, slots=True, kw_only=True)
class Edits:
    """What the operator allows beyond the usual, each by an option of its own.

    ``merge_spf``: two SPF records become one; ``set_all``: the ``all`` of an existing record becomes the one asked for;
    ``add_all``: a record without ``all`` gets it; ``fix_qualifier``: ``~`` or ``?`` before our include goes; ``dedupe``: terms
    and MX rows that stand twice stand once; ``keep_implicit``: without MX, the domain's own address stays the fallback;
    ``renumber``: the customer's preferences move up where there is no room, all of them ("shift") or only those that must
    ("compact"). The last two have no effect in mode ``replace``.
    """

    merge_spf: bool = False
    set_all: bool = False
    add_all: bool = False
    fix_qualifier: bool = False
    dedupe: bool = False
    keep_implicit: bool = False
    renumber: Literal["no", "shift", "compact"] = "no"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """The service to enrol with, and how.

    ``all_qualifier`` for a new SPF record (None: the service's own). ``ttl`` seconds, for an RRset that does not exist yet
    (None: the service's own), held within the provider's bounds ``ttl_min`` to ``ttl_max``. ``accept``: ids of findings.
    ``probe_smtp``: whether to ask the service's hosts for RCPT. ``scope``: which of SPF and MX.
    """

    service: MailService
    mx_mode: MxMode = "below"
    all_qualifier: Qualifier | None = None
    ttl: int | None = None
    ttl_min: int = 0
    ttl_max: int = 2**31 - 1
    accept: frozenset[str] = frozenset()
    edits: Edits = field(default_factory=Edits)
    probe_smtp: bool = False
    scope: Scope = WHOLE

    @property
    def wanted_all(self) -> Qualifier:
        """The qualifier of ``all`` for a new record, and for an existing one where ``edits`` allows to set it."""
        return self.all_qualifier or self.service.all_qualifier

    @property
    def wanted_ttl(self) -> int:
        """Seconds asked for, for a new RRset."""
        return self.service.ttl if self.ttl is None else self.ttl

    @property
    def new_ttl(self) -> int:
        """Seconds a new RRset gets: what is asked for, within the provider's bounds."""
        return min(max(self.wanted_ttl, self.ttl_min), self.ttl_max)

    def ttl_beside(self, rrset: RRset | None) -> int:
        """Seconds for a record added to this set: its own TTL, for all records of a set share one (RFC 2181 section 5.2)."""
        return rrset.ttl if rrset and rrset.records else self.new_ttl

    def stops(self, findings: tuple[Finding, ...]) -> bool:
        """Whether a block among the findings is not accepted."""
        return bool(findings) and bool(held_back(findings, self.accept))


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One RRset's share of a plan: the set as it shall be, and what is worth saying. ``detail``: why nothing has to be
    written, where that is not plain."""

    after: RRset | None
    findings: tuple[Finding, ...] = ()
    detail: str = ""
