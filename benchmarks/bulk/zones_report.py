"""The tables of the zones part, and issue 6's targets."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Mapping

from benchmarks.bulk.contestants import AT_ONCE, CONTESTANTS
from benchmarks.bulk.zones import Cell, Cells
from benchmarks.dns.report import Report, Target

MOST_OF_FLOOR = 2.0
LEAST_OF_OCTODNS = 15.0
MOST_CPU_MS = 6.0
MOST_CALLS = 3.0
JUDGED_AT = (1000, 0.05)
"""Zones and seconds of latency for which the targets of time and CPU are set."""

_HEAD = (
    "",
    "seconds",
    "ms a domain",
    "to the floor",
    "calls a domain",
    "connections",
    "most at once",
    "CPU ms a domain",
    "peak MB",
    "zones right",
    "rounds",
)
_OUT_OF_SIGHT = "; ".join(
    (
        "zones right: every record, TTL and character-string of every zone, read from the server's database afterwards",
        "peak MB: of the largest process",
        "seconds: from the first process's start to the last one's end, imports included",
    )
)


def report(cells: Cells) -> Iterator[Report]:
    """One table for each number of zones and latency."""
    for (size, latency_s), here in cells.items():
        title = f"{size} zones, {latency_s * 1000:.0f} ms a call"
        yield Report(
            title=title,
            head=_HEAD,
            rows=[_row(name, cell, here) for name, cell in here.items()],
            notes=(*_notes(here), _OUT_OF_SIGHT),
            targets=tuple(_targets(here, size, latency_s)),
        )


def _row(name: str, cell: Cell, here: Mapping[str, Cell]) -> list[str]:
    turns, size = cell.turns, cell.turns[0].size
    to_floor = cell.seconds / here["floor"].seconds if "floor" in here else float("nan")
    right = sum(turn.verdict.right for turn in turns)
    return [
        CONTESTANTS[name].title,
        f"{cell.seconds:.2f}",
        f"{cell.seconds / size * 1000:.1f}",
        f"{to_floor:.2f}",
        f"{cell.calls:.2f}",
        str(max(turn.connections for turn in turns)),
        str(max(turn.at_once for turn in turns)),
        f"{cell.cpu_ms:.1f}",
        f"{max(turn.cost.peak_mb for turn in turns):.0f}",
        f"{right} of {size * len(turns)}",
        str(len(turns)),
    ]


def _notes(here: Mapping[str, Cell]) -> Iterator[str]:
    for name, cell in here.items():
        if len(cell.turns[0].cost.parts) > 1:
            parts = zip(*(turn.cost.parts for turn in cell.turns if turn.cost.parts), strict=True)
            seconds = ", ".join(f"{statistics.median(part):.1f}" for part in parts)
            yield f"{CONTESTANTS[name].title}: seconds of its commands: {seconds}"
        for kind, count in cell.differences.most_common():
            example = next(turn.verdict.examples[kind] for turn in cell.turns if kind in turn.verdict.examples)
            yield f"{CONTESTANTS[name].title}: {kind}: {count} zones, such as {example}"
        for turn in cell.turns:
            if turn.failed:
                yield f"{CONTESTANTS[name].title} failed: {turn.failed.splitlines()[0]}"
            elif turn.other:
                yield f"{CONTESTANTS[name].title}: {turn.other} calls were not answered with 200 or 204"


def _targets(here: Mapping[str, Cell], size: int, latency_s: float) -> Iterator[Target]:
    if "ours" not in here:
        return
    ours = here["ours"]
    if any(turn.failed for turn in ours.turns):
        yield Target(wanted="a run to its end", found="a failure", met=False)
        return
    yield Target(wanted=f"calls a domain at most {MOST_CALLS:.0f}", found=f"{ours.calls:.2f}", met=ours.calls <= MOST_CALLS)
    yield Target(wanted="all zones right, TTLs kept", found=f"{ours.wrong} wrong", met=ours.wrong == 0)
    if (size, latency_s) == JUDGED_AT:
        yield from _of_time(here)


def _of_time(here: Mapping[str, Cell]) -> Iterator[Target]:
    ours = here["ours"]
    if "octodns-32" in here:
        times = here["octodns-32"].seconds / ours.seconds
        wanted = f"at least {LEAST_OF_OCTODNS:.0f} times as fast as octoDNS with {AT_ONCE} workers"
        yield Target(wanted=wanted, found=f"{times:.1f} times", met=times >= LEAST_OF_OCTODNS)
    if "floor" in here:
        times = ours.seconds / here["floor"].seconds
        wanted = f"at most {MOST_OF_FLOOR:.0f} times two calls by hand"
        yield Target(wanted=wanted, found=f"{times:.2f} times", met=times <= MOST_OF_FLOOR)
    wanted = f"at most {MOST_CPU_MS:.0f} ms of CPU a domain, journal included"
    yield Target(wanted=wanted, found=f"{ours.cpu_ms:.1f} ms", met=ours.cpu_ms <= MOST_CPU_MS)
