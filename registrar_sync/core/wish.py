"""What the operator wants of one owner, and one RRset's share of the answer."""

from __future__ import annotations

from dataclasses import dataclass

from registrar_sync.core.finding import Finding
from registrar_sync.core.guard import held_back
from registrar_sync.core.model import RRset
from registrar_sync.core.service import MailService, MxMode, Qualifier


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """The service to enrol with, and how.

    ``all_qualifier`` for a new SPF record (None: the service's own). ``ttl`` seconds, for an RRset that does not exist yet
    (None: the service's own), held within the provider's bounds ``ttl_min`` to ``ttl_max``. ``accept``: ids of findings.
    """

    service: MailService
    mx_mode: MxMode = "below"
    all_qualifier: Qualifier | None = None
    ttl: int | None = None
    ttl_min: int = 0
    ttl_max: int = 2**31 - 1
    accept: frozenset[str] = frozenset()

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
        return bool(held_back(findings, self.accept))


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One RRset's share of a plan: the set as it shall be, and what is worth saying."""

    after: RRset | None
    findings: tuple[Finding, ...] = ()
