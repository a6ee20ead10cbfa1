"""Answers a second: ours, dnspython's three ways, and dnsperf as the limit, in turn, several times in one run."""

from __future__ import annotations

import math
import statistics
import sys
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from benchmarks.dns import dnsperf
from benchmarks.dns.child import Outcome, Task, run
from benchmarks.dns.dnspythons import WORKERS
from benchmarks.dns.estate import TYPES, Estate
from benchmarks.dns.knot import Knot, Place
from benchmarks.dns.report import Report, Target

LEAST_AGAINST_DNSPYTHON = 12.0
LEAST_OF_DNSPERF = 0.2

_NAMES = {
    "ours": "registrar-sync",
    "sync": "dnspython, one after the other",
    "threads": f"dnspython, {WORKERS} threads",
    "asyncio": f"dnspython, asyncio, {WORKERS} at once",
    "dnsperf": "dnsperf (the limit)",
}
_DNSPYTHON = ("sync", "threads", "asyncio")
_HEAD = ("", "seconds", "answers/s", "to dnspython's best", "share of dnsperf", "CPU µs an answer", "RSS MB", "verdicts right")


def measure(folder: Path, *, zones: int, rounds: int, peer_domains: int) -> Report:
    """``peer_domains``: dnspython asks only so many of the zones; its seconds are then scaled to all."""
    estate = Estate(zones)
    knot = Knot(folder, estate)
    questions = folder / "questions"
    dnsperf.write_questions(estate, questions)
    outcomes: dict[str, list[Outcome]] = defaultdict(list)
    with knot.running():
        for turn in range(rounds):
            for way in _in_turn(turn):
                outcomes[way].append(_outcome(way, estate, knot.places, questions, peer_domains))
                _tell(turn, way, outcomes[way][-1])
    return _report(outcomes, estate, questions=zones * len(TYPES) * len(knot.places), peer_domains=peer_domains)


def _in_turn(turn: int) -> Iterable[str]:
    """Every way, each round beginning with another one."""
    ways = list(_NAMES)
    return ways[turn % len(ways) :] + ways[: turn % len(ways)]


def _outcome(way: str, estate: Estate, places: tuple[Place, ...], questions: Path, peer_domains: int) -> Outcome:
    if way == "dnsperf":
        return dnsperf.ask(questions, places)
    most = min(peer_domains, estate.count) if way in _DNSPYTHON else None
    return run(Task(way=way, zones=estate.count, places=places, most=most))


def _tell(turn: int, way: str, outcome: Outcome) -> None:
    line = f"round {turn + 1}: {_NAMES[way]}: {outcome.obtained} of {outcome.asked} in {outcome.seconds:.2f} s"
    print(line, file=sys.stderr, flush=True)


def _report(outcomes: Mapping[str, Sequence[Outcome]], estate: Estate, *, questions: int, peer_domains: int) -> Report:
    each = {way: [one.seconds * questions / one.asked for one in all_] for way, all_ in outcomes.items()}
    seconds = {way: statistics.median(some) for way, some in each.items()}
    best = min(_DNSPYTHON, key=seconds.__getitem__)
    by_round = [each[best][turn] / ours for turn, ours in enumerate(each["ours"])]
    fastest = min(min(each[way]) for way in _DNSPYTHON) / min(each["ours"])
    rows = [_row(way, outcomes[way], seconds, questions, seconds[best]) for way in _NAMES]
    what = f"{estate.count} zones, {len(estate.kinds)} with other data than expected on purpose; TXT and MX at two servers"
    best_took = f"dnspython's best ({_NAMES[best]}) took {min(by_round):.1f} to {max(by_round):.1f} times as long as ours"
    notes = (
        f"{what} (one Knot at two addresses, one thread): {questions} questions.",
        f"Medians of {len(by_round)} rounds, in which all took turns. Round by round, {best_took}.",
        f"Fastest round of any dnspython against our fastest: {fastest:.1f} times.",
        f"dnspython asked {min(peer_domains, estate.count)} of the zones; its seconds are scaled to all.",
    )
    title = f"Throughput: {questions} answers"
    return Report(title=title, head=_HEAD, rows=rows, notes=notes, targets=_targets(outcomes, seconds, seconds[best]))


def _row(way: str, outcomes: Sequence[Outcome], seconds: Mapping[str, float], questions: int, best_s: float) -> list[str]:
    cpu_us = statistics.median(one.cpu_s / one.asked * 1e6 for one in outcomes)
    peak = max(one.peak_mb for one in outcomes)
    right, domains = (sum(getattr(one, name) for one in outcomes) for name in ("right", "domains"))
    return [
        _NAMES[way],
        f"{seconds[way]:.2f}",
        f"{questions / seconds[way]:.0f}",
        f"{best_s / seconds[way]:.1f}",
        f"{seconds['dnsperf'] / seconds[way]:.1%}",
        f"{cpu_us:.0f}",
        "" if math.isnan(peak) else f"{peak:.0f}",
        f"{right} of {domains}" if domains else "judges nothing",
    ]


def _targets(outcomes: Mapping[str, Sequence[Outcome]], seconds: Mapping[str, float], best_s: float) -> tuple[Target, ...]:
    against, share = best_s / seconds["ours"], seconds["dnsperf"] / seconds["ours"]
    wrong = sum(one.domains - one.right for one in outcomes["ours"])
    return (
        Target(
            wanted=f"at least {LEAST_AGAINST_DNSPYTHON:.0f} times dnspython's best",
            found=f"{against:.1f} times",
            met=against >= LEAST_AGAINST_DNSPYTHON,
        ),
        Target(wanted=f"at least {LEAST_OF_DNSPERF:.0%} of dnsperf", found=f"{share:.1%}", met=share >= LEAST_OF_DNSPERF),
        Target(wanted="all verdicts right", found=f"{wrong} wrong", met=wrong == 0),
    )
