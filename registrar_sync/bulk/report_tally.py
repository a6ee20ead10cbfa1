"""What a run came to, counted as its domains go by: what is kept does not grow with them, but for a number or two each."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from registrar_sync.bulk.report_row import Facts
from registrar_sync.bulk.report_words import ORDER, PERSON, Standing

BINS = (5, 15, 60, 120, 300, 600, 1800, 3600, 14400)
"""Upper bounds of a histogram's bars, in seconds; the last bar is what took longer."""
TTL_CLASSES = (300, 1800, 3600, 14400, 43200, 86400)
"""Upper bounds of old TTLs told together, in seconds; the last class is what is longer."""
MOST_NAMED = 200
"""Domains of a group that the page names without its script; the others are in its list, and in the tables."""
MOST_GROUPS = 100
MOST_SERVICES = 5
MOST_FINDINGS = 500


@dataclass(slots=True)
class Group:
    """Domains that need a person for the same reason. ``named``: the first of them."""

    standing: Standing
    reason: str
    rows: int = 0
    named: list[Facts] = field(default_factory=list)


class Spans:
    """Many spans of seconds."""

    def __init__(self) -> None:
        self._seconds = array("d")

    def add(self, seconds: float) -> None:
        """One more."""
        self._seconds.append(seconds)

    def __len__(self) -> int:
        return len(self._seconds)

    def within(self, *shares: float) -> list[float]:
        """In how many seconds each share of them (0 to 1) was over; there must be one at least."""
        ordered = sorted(self._seconds)
        return [ordered[max(0, -int(-share * len(ordered) // 1) - 1)] for share in shares]

    def bins(self, bounds: Sequence[float]) -> list[int]:
        """How many lie up to each bound and above the one before; last, how many lie above all."""
        counts = [0] * (len(bounds) + 1)
        for one in self._seconds:
            counts[bisect_left(bounds, one)] += 1
        return counts


@dataclass(slots=True)
class Waits:
    """Domains whose old answers had about the same TTL. ``until``: when no cache can hold one of them, ISO 8601."""

    spans: Spans = field(default_factory=Spans)
    until: str = ""


@dataclass(slots=True)
class Tally:
    """The whole of a run. ``accounts``: standings by account; ``providers``: of each account; ``old``: by the position in
    ``TTL_CLASSES``; ``tried_again``: domains that wait after an error, by its kind."""

    rows: int = 0
    standings: Counter[Standing] = field(default_factory=Counter)
    accounts: dict[str, Counter[Standing]] = field(default_factory=dict)
    providers: dict[str, str] = field(default_factory=dict)
    services: set[str] = field(default_factory=set)
    findings: Counter[str] = field(default_factory=Counter)
    tried_again: Counter[str] = field(default_factory=Counter)
    took: Spans = field(default_factory=Spans)
    old: dict[int, Waits] = field(default_factory=dict)
    api_calls: int = 0
    last_end: str = ""
    _groups: dict[tuple[Standing, str], Group] = field(default_factory=dict)

    def add(self, facts: Facts) -> None:
        """Count one domain."""
        standing, account = facts["standing"], facts["account"]
        self.rows += 1
        self.standings[standing] += 1
        self.accounts.setdefault(account, Counter())[standing] += 1
        if facts["provider"]:
            self.providers[account] = facts["provider"]
        if facts["service"] and len(self.services) < MOST_SERVICES:
            self.services.add(facts["service"])
        self.api_calls += facts["api_calls"]
        self.last_end = max(self.last_end, facts["ended_at"] or "")
        for id_ in {finding["id"] for finding in facts["findings"]}:
            if id_ in self.findings or len(self.findings) < MOST_FINDINGS:
                self.findings[id_] += 1
        if standing == "todo" and facts["error"]:
            self.tried_again[facts["error"]] += 1
        if facts["to_authoritative_s"] is not None:
            self._wait(facts["to_authoritative_s"], facts)
        if facts["needs_person"]:
            self._person(facts)

    def _wait(self, seconds: float, facts: Mapping[str, Any]) -> None:
        self.took.add(seconds)
        if facts["old_ttl"] is not None:
            waits = self.old.setdefault(bisect_left(TTL_CLASSES, facts["old_ttl"]), Waits())
            waits.spans.add(seconds)
            waits.until = max(waits.until, facts["old_until"] or "")

    def _person(self, facts: Facts) -> None:
        key = (facts["standing"], reason_of(facts))
        if key not in self._groups and len(self._groups) >= MOST_GROUPS:
            key = (facts["standing"], "")
        group = self._groups.setdefault(key, Group(*key))
        group.rows += 1
        if len(group.named) < MOST_NAMED:
            group.named.append(facts)

    @property
    def groups(self) -> list[Group]:
        """What needs a person, the worst first, then the most."""
        return sorted(self._groups.values(), key=lambda group: (ORDER.index(group.standing), -group.rows, group.reason))

    def of(self, *standings: Standing) -> int:
        """Domains that stand so."""
        return sum(self.standings[one] for one in standings)

    @property
    def people(self) -> int:
        """Domains that need a person."""
        return self.of(*PERSON)


def reason_of(facts: Mapping[str, Any]) -> str:
    """Why a domain needs a person, in ids: its error's kind, else the findings that hold it back."""
    if facts["error"]:
        return str(facts["error"])
    blocks = [
        one["id"] for one in facts["findings"] if one["severity"] == "block" and not one["message"].startswith("(accepted)")
    ]
    return ", ".join(dict.fromkeys(blocks))
