"""``bulk run`` killed again and again, and gone on with: whether every domain ends, once, and its neighbours are as they were."""

from __future__ import annotations

import json
import random
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.bulk import memory_status, ours
from benchmarks.bulk.backend import Stage, Template
from benchmarks.bulk.child import Child
from benchmarks.bulk.contestants import environ
from benchmarks.bulk.estate import Estate
from benchmarks.bulk.judge import Verdict, judge
from benchmarks.bulk.proxy import Seen
from registrar_sync.errors import NothingJournalled

SEED = 6
CALL_LIMIT_S = 2.0
"""How long a call may take; who recovers waits so long for one that may still be under way."""

LIVES_S = (0.5, 8.0)
_POLL_S = 0.01
_TERMINAL = {"authoritative", "written", "nothing-to-do"}


@dataclass(slots=True)
class Found:
    """``kills``: that met a living process; ``repeated``: zones to which a change was written more than once."""

    zones: int
    seconds: float = 0.0
    kills: int = 0
    late: int = 0
    outcomes: dict[str, int] = field(default_factory=dict)
    verdict: Verdict = field(default_factory=Verdict)
    writes: int = 0
    repeated: dict[str, int] = field(default_factory=dict)
    exit_code: float = 0.0

    @property
    def ended_well(self) -> int:
        """Rows whose outcome says that all is there."""
        return sum(rows for outcome, rows in self.outcomes.items() if outcome in _TERMINAL)

    def told(self) -> dict[str, Any]:
        """For JSON."""
        named = ("zones", "seconds", "kills", "late", "outcomes", "writes", "repeated", "exit_code")
        return {name: getattr(self, name) for name in named} | {"right": self.verdict.right}


def measure(folder: Path, *, zones: int, kills: int, latency_s: float, at_once: int) -> Found:
    """Kill at random times, up to ``kills`` times; then let it end."""
    found = Found(zones)
    began = time.monotonic()
    with Template(folder / "template", Estate(zones)).stage(folder / "stage", latency_s=latency_s) as stage:
        ours.prepare(stage, at_once, call_limit_s=CALL_LIMIT_S)
        last = _killed_until_the_last(stage, kills, found)
        found.exit_code = last.wait()["exit_code"]
        if found.exit_code:
            print(last.said(), file=sys.stderr)
        found.outcomes = memory_status.outcomes(stage.folder)
        found.verdict = judge(stage.estate, stage.zones())
    found.seconds = time.monotonic() - began
    found.late = sum(one.status == 0 for one in stage.seen)
    found.writes, found.repeated = _writes(stage.seen)
    return found


def _killed_until_the_last(stage: Stage, kills: int, found: Found) -> Child:
    dice = random.Random(SEED)
    child = Child(ours.run(stage.folder), stage.folder, "life-0", environ(stage.folder))
    while found.kills < kills:
        _live(child, dice.uniform(*LIVES_S))
        if child.is_over:
            return child  # it came to its end before
        child.kill()
        child.wait()
        found.kills += 1
        print(f"killed {found.kills} times: {_rows(stage.folder)}", file=sys.stderr, flush=True)
        command = ours.bulk(stage.folder, "resume", "--output", "json") if _has_run(stage.folder) else ours.run(stage.folder)
        child = Child(command, stage.folder, f"life-{found.kills}", environ(stage.folder))
    return child


def _live(child: Child, seconds: float) -> None:
    deadline = child.started_at + seconds
    while time.monotonic() < deadline and not child.is_over:
        time.sleep(_POLL_S)


def _has_run(folder: Path) -> bool:
    """Killed before the run was kept: then there is nothing to go on with."""
    return bool(_rows(folder))


def _rows(folder: Path) -> dict[str, int]:
    try:
        return memory_status.outcomes(folder)
    except NothingJournalled:
        return {}


def _writes(seen: list[Seen]) -> tuple[int, dict[str, int]]:
    """How many writes the server took, and the zones where one and the same was taken more than once."""
    taken = Counter((one.path, _same(one.body)) for one in seen if one.method == "PATCH" and 200 <= one.status < 300)
    return sum(taken.values()), {path.rpartition("/")[2]: count for (path, _), count in taken.items() if count > 1}


def _same(body: str) -> str:
    return json.dumps(json.loads(body), sort_keys=True)
