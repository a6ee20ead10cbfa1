"""What leaving a service goes by: the service, what the journal knows of its enrolments, and what counts as ours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from registrar_sync.core.finding import Finding
from registrar_sync.core.guard import held_back
from registrar_sync.core.model import RRset
from registrar_sync.core.service import MailService
from registrar_sync.core.spf import SpfRecord

Image = Mapping[str, RRset | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A journalled enrolment that is not taken back: both its images, and the service as it was then."""

    before: Image
    after: Image
    service: MailService


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaving:
    """The service to take out. ``standing``: its journalled enrolments at this owner, newest first; ``accept``: finding ids."""

    service: MailService
    standing: tuple[Standing, ...] = ()
    accept: frozenset[str] = frozenset()

    @property
    def hosts(self) -> frozenset[str]:
        """The service's exchanges, today's and those of the enrolments."""
        return self.service.hosts.union(*(one.service.hosts for one in self.standing))

    @property
    def includes(self) -> tuple[str, ...]:
        """The domains that the service has customers include, today's first."""
        return tuple(dict.fromkeys([self.service.include, *(one.service.include for one in self.standing)]))

    def stops(self, findings: tuple[Finding, ...]) -> bool:
        """Whether a block among the findings is not accepted."""
        return bool(held_back(findings, self.accept))

    def find_includes(self, record: SpfRecord) -> tuple[int, ...]:
        """Where in the record the service's includes stand that were meant to authorise it: all but those with "-"."""
        return tuple(place for place in self._all_includes(record) if record.terms[place].effect != "-")

    def find_prohibitions(self, record: SpfRecord) -> tuple[int, ...]:
        """Where in the record somebody forbade the service: ``-include:`` (rules case 23)."""
        return tuple(place for place in self._all_includes(record) if record.terms[place].effect == "-")

    def _all_includes(self, record: SpfRecord) -> list[int]:
        return sorted({place for include in self.includes for place in record.find_include(include)})
