"""The same job on the same zones by all who take part, in turn, several times in one run; then every zone is looked at."""

from __future__ import annotations

import statistics
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from benchmarks.bulk.backend import Stage, Template
from benchmarks.bulk.contestants import CONTESTANTS, Cost, Failed, run
from benchmarks.bulk.estate import Estate
from benchmarks.bulk.judge import Verdict, judge


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What to measure. ``patience_s``: who takes longer works in one round only, who takes longer than ``longest_s`` in none."""

    sizes: Sequence[int]
    latencies: Sequence[float]
    rounds: int
    names: Sequence[str]
    patience_s: float
    longest_s: float

    def in_round(self, number: int, size: int, latency_s: float) -> list[str]:
        """Who works in it; each round begins with another."""
        here = []
        for name in self.names:
            guess = CONTESTANTS[name].guess_s(size, latency_s)
            if guess <= (self.longest_s if number == 0 else self.patience_s):
                here.append(name)
        turn = number % max(1, len(here))
        return here[turn:] + here[:turn]


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """One contestant's work on all zones. Calls, connections and how many at once, as the proxy saw them; ``other``: answers
    that were neither 200 nor 204."""

    name: str
    size: int
    latency_s: float
    cost: Cost
    verdict: Verdict
    calls: int
    connections: int
    at_once: int
    other: int
    failed: str = ""

    def told(self) -> dict[str, Any]:
        """For JSON."""
        verdict = {name: getattr(self.verdict, name) for name in ("zones", "right", "untouched", "data_right", "examples")}
        told = {one.name: getattr(self, one.name) for one in fields(self)}
        return told | {"cost": asdict(self.cost), "verdict": verdict | {"differences": dict(self.verdict.differences)}}


@dataclass(frozen=True, slots=True)
class Cell:
    """A contestant's turns on so many zones at one latency."""

    turns: tuple[Turn, ...]

    @property
    def seconds(self) -> float:
        """The median of the rounds."""
        return statistics.median(turn.cost.seconds for turn in self.turns)

    @property
    def cpu_ms(self) -> float:
        """Of a domain: the median of the rounds."""
        return statistics.median(turn.cost.cpu_s for turn in self.turns) / self.turns[0].size * 1000

    @property
    def calls(self) -> float:
        """Of a domain: the most of all rounds."""
        return max(turn.calls for turn in self.turns) / self.turns[0].size

    @property
    def wrong(self) -> int:
        """Zones that are not as they must be, over all rounds."""
        return sum(turn.verdict.zones - turn.verdict.right for turn in self.turns)

    @property
    def differences(self) -> Counter[str]:
        """Kinds of difference, over all rounds."""
        return sum((turn.verdict.differences for turn in self.turns), Counter[str]())


Cells = Mapping[tuple[int, float], Mapping[str, Cell]]
"""By number of zones and latency, then by contestant."""


def measure(folder: Path, plan: Plan) -> Cells:
    """All of the plan."""
    cells = {}
    for size in plan.sizes:
        template = Template(folder / f"template-{size}", Estate(size))
        for latency_s in plan.latencies:
            turns: dict[str, list[Turn]] = {}
            for number in range(plan.rounds):
                for name in plan.in_round(number, size, latency_s):
                    place = folder / f"{size}-{latency_s * 1000:.0f}-{number}-{name}"
                    turns.setdefault(name, []).append(_turn(template, place, name, latency_s))
            cells[size, latency_s] = {name: Cell(tuple(turns[name])) for name in plan.names if name in turns}
    return cells


def _turn(template: Template, folder: Path, name: str, latency_s: float) -> Turn:
    with template.stage(folder, latency_s=latency_s) as stage:
        cost, failed = _work(stage, name)
        verdict = judge(stage.estate, stage.zones())
    turn = Turn(
        name=name,
        size=stage.estate.count,
        latency_s=latency_s,
        cost=cost,
        verdict=verdict,
        calls=len(stage.seen),
        connections=max((one.connection for one in stage.seen), default=0),
        at_once=max((one.at_once for one in stage.seen), default=0),
        other=sum(one.status not in {200, 204} for one in stage.seen),
        failed=failed,
    )
    where = f"{turn.size} zones, {latency_s * 1000:.0f} ms"
    line = f"{where}: {name}: {cost.seconds:.1f} s, zones right: {verdict}{' FAILED' if failed else ''}"
    print(line, file=sys.stderr, flush=True)
    return turn


def _work(stage: Stage, name: str) -> tuple[Cost, str]:
    try:
        return run(CONTESTANTS[name], stage), ""
    except Failed as error:
        print(error, file=sys.stderr, flush=True)
        return Cost(seconds=float("nan"), cpu_s=float("nan"), peak_mb=float("nan"), parts=()), str(error)
