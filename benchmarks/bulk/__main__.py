"""``python -m benchmarks.bulk``: measure, print tables, and end with exit code 1 where a target of issue 6 is missed."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from benchmarks.bulk import inmemory, kills, runs_report, zones, zones_report
from benchmarks.bulk.contestants import CONTESTANTS
from benchmarks.dns import machine
from benchmarks.dns.report import Report

Part = Callable[[Path, argparse.Namespace, dict[str, Any]], Iterable[Report]]
"""Measures in a folder; puts its bare figures into the dict."""


def _zones(folder: Path, asked: argparse.Namespace, figures: dict[str, Any]) -> Iterable[Report]:
    plan = zones.Plan(
        sizes=asked.sizes,
        latencies=[latency / 1000 for latency in asked.latencies],
        rounds=asked.rounds,
        names=asked.who,
        patience_s=asked.patience,
        longest_s=asked.longest,
    )
    cells = zones.measure(folder, plan)
    figures["zones"] = [turn.told() for here in cells.values() for cell in here.values() for turn in cell.turns]
    return zones_report.report(cells)


def _inmemory(folder: Path, asked: argparse.Namespace, figures: dict[str, Any]) -> Iterable[Report]:
    found = inmemory.measure(folder, count=asked.domains, at_once=asked.lanes, wait=asked.wait)
    figures["inmemory"] = found.told()
    return [runs_report.of_inmemory(found, wait=asked.wait)]


def _kills(folder: Path, asked: argparse.Namespace, figures: dict[str, Any]) -> Iterable[Report]:
    found = kills.measure(folder, zones=asked.killed_zones, kills=asked.kills, latency_s=0.2, at_once=8)
    figures["kills"] = found.told()
    return [runs_report.of_kills(found, wanted=asked.kills)]


PARTS: Mapping[str, Part] = {"zones": _zones, "inmemory": _inmemory, "kills": _kills}


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.bulk", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"{', '.join(PARTS)} (default: all)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures there, too")
    parser.add_argument("--sizes", type=int, nargs="+", default=[100, 1000], help="zones: how many (default: %(default)s)")
    parser.add_argument(
        "--latencies", type=float, nargs="+", default=[0, 50, 200], help="zones: ms a call (default: %(default)s)"
    )
    parser.add_argument("--rounds", type=int, default=3, help="zones: rounds (default: %(default)s)")
    parser.add_argument("--who", nargs="+", choices=CONTESTANTS, default=list(CONTESTANTS), help="zones: who takes part")
    parser.add_argument("--patience", type=float, default=150.0, help="zones: who needs longer (s) works in one round only")
    parser.add_argument("--longest", type=float, default=500.0, help="zones: who needs longer (s) does not work at all")
    parser.add_argument("--domains", type=int, default=100_000, help="inmemory: how many (default: %(default)s)")
    parser.add_argument("--lanes", type=int, default=8, help="inmemory: how many at a time (default: %(default)s)")
    parser.add_argument("--wait", default="authoritative", choices=("authoritative", "none"), help="inmemory: as of bulk run")
    parser.add_argument("--kills", type=int, default=20, help="kills: how many (default: %(default)s)")
    parser.add_argument("--killed-zones", type=int, default=1000, help="kills: on how many zones (default: %(default)s)")
    asked = parser.parse_args()
    if unknown := set(asked.parts) - set(PARTS):
        parser.error(f"no such part: {', '.join(sorted(unknown))}; there are {', '.join(PARTS)}")
    return asked


def main() -> int:
    """Measure what the options ask for."""
    asked = _options()
    figures: dict[str, Any] = {
        "about": machine.hardware(),
        "versions": machine.versions("dns-lexicon", "octodns", "octodns-powerdns"),
    }
    reports: list[Report] = []
    for part in asked.parts or PARTS:
        print(f"--- {part}", file=sys.stderr, flush=True)
        others = machine.Bystanders()
        with tempfile.TemporaryDirectory(prefix="registrar-sync-bench-") as folder:
            made = list(PARTS[part](Path(folder), asked, figures))
        made[-1] = replace(made[-1], notes=(*made[-1].notes, f"Other processes used {others} while this part ran."))
        reports += made
    figures["targets"] = [asdict(target) for report in reports for target in report.targets]
    if asked.json:
        asked.json.write_text(json.dumps(figures, indent=1, default=str))
    print("\n\n".join([f"{figures['about']}\n{figures['versions']}.", *map(str, reports)]))
    return 0 if all(target.met for report in reports for target in report.targets) else 1


if __name__ == "__main__":
    sys.exit(main())
