"""What a run over a roster came to, counted as it goes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any, Literal

from registrar_sync.bulk.book import Entry
from registrar_sync.core import names
from registrar_sync.core.guard import held_back
from registrar_sync.operations.result import Result, rrset_json

Outcome = Literal["planned", "nothing-to-do", "held-back", "failed"]
OUTCOMES: tuple[Outcome, ...] = ("planned", "nothing-to-do", "held-back", "failed")
SAID = {"planned": "would change", "nothing-to-do": "nothing to do", "held-back": "held back", "failed": "failed"}


def outcome_of(result: Result) -> Outcome:
    """What became of one domain, in a word."""
    if result.error is not None:
        return "failed"
    if result.state == "refused":
        return "held-back"
    return "planned" if result.state == "planned" else "nothing-to-do"


@dataclass(slots=True, kw_only=True)
class Summary:
    """``rows``: to be planned; ``left_out``: rows with faults; ``left``: planned domains of which something is left to a hand;
    ``findings``: domains by finding; ``holding``: held-back domains by the finding that holds; ``failures``: failed domains by
    the error's kind; ``digest``: of the whole, once all of it is done."""

    rows: int
    left_out: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    accounts: dict[str, Counter[str]] = field(default_factory=dict)
    findings: Counter[str] = field(default_factory=Counter)
    holding: Counter[str] = field(default_factory=Counter)
    failures: Counter[str] = field(default_factory=Counter)
    left: int = 0
    api_calls: int = 0
    digest: str = ""

    @property
    def done(self) -> int:
        """Domains planned by now."""
        return self.outcomes.total()

    def add(self, entry: Entry, result: Result, accept: Collection[str]) -> Outcome:
        """Count one domain."""
        outcome = outcome_of(result)
        self.outcomes[outcome] += 1
        self.accounts.setdefault(entry.account, Counter())[outcome] += 1
        self.findings.update({finding.id for finding in result.findings})
        self.left += result.left
        self.api_calls += result.api_calls
        if outcome == "held-back":
            self.holding.update({finding.id for finding in held_back(result.findings, accept)})
        if result.error is not None:
            self.failures[result.error.kind] += 1
        return outcome

    def line(self) -> str:
        """All of it on one line."""
        told = ", ".join(f"{self.outcomes[outcome]} {SAID[outcome]}{self._why(outcome)}" for outcome in OUTCOMES)
        parts = [f"{self.done} of {self.rows} domains planned: {told}"]
        parts += [f"{self.left} leave MX lines to a hand"] if self.left else []
        parts += [f"{self.left_out} rows were left out"] if self.left_out else []
        parts += [f"digest {self.digest}" if self.digest else "not all was done, so there is no digest"]
        return "; ".join(parts)

    def _why(self, outcome: Outcome) -> str:
        why = {"held-back": self.holding, "failed": self.failures}.get(outcome)
        return f" ({', '.join(f'{name} {count}' for name, count in why.most_common())})" if why else ""


def shown_on_page(entry: Entry, result: Result, outcome: Outcome) -> dict[str, Any]:
    """What a page tells of one domain, as JSON."""
    sets = result.plan.before if result.plan else {}
    after = result.plan.after if result.plan else {}
    return {
        "domain": names.display(result.domain),
        "typed": entry.typed,
        "line": entry.line,
        "account": entry.account,
        "service": result.service,
        "outcome": outcome,
        "message": "" if outcome == "planned" else result.message,
        "hint": result.hint,
        "findings": [[f.id, f.severity, f.message] for f in result.findings],
        "sets": [[rtype, rrset_json(sets[rtype]), rrset_json(after.get(rtype))] for rtype in sets],
    }
