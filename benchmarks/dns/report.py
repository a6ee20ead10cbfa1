"""What a part of the benchmark has to say: tables in Markdown, and the targets that were met or missed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What an issue asks for, and what came."""

    wanted: str
    found: str
    met: bool

    def __str__(self) -> str:
        return f"{'met' if self.met else 'MISSED'}: {self.wanted}; found {self.found}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """One part: a table, what is to be known to read it, and its targets."""

    title: str
    head: Sequence[str]
    rows: Sequence[Sequence[str]]
    notes: Sequence[str] = field(default=())
    targets: Sequence[Target] = field(default=())

    def __str__(self) -> str:
        table = [_line(self.head), _line(["---", *["---:"] * (len(self.head) - 1)]), *map(_line, self.rows)]
        return "\n".join([f"## {self.title}", "", *table, "", *(f"- {line}" for line in (*self.notes, *map(str, self.targets)))])


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
