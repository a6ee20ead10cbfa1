"""``python -m benchmarks.dns``: measure, print tables, and end with exit code 1 where a target of issue 4 is missed."""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from benchmarks.dns import lag, loss, machine, throughput, waiting
from benchmarks.dns.report import Report

Part = Callable[[Path, argparse.Namespace], Report]


def _throughput(folder: Path, asked: argparse.Namespace) -> Report:
    return throughput.measure(folder, zones=asked.zones, rounds=asked.rounds, peer_domains=asked.peer_zones)


def _loss(folder: Path, asked: argparse.Namespace) -> Report:
    return loss.measure(folder, zones=asked.zones, peer_domains=asked.peer_zones)


def _lag(folder: Path, asked: argparse.Namespace) -> Report:
    often = {delay: asked.enrolments if delay < lag.SLOW_FROM_S else asked.slow_enrolments for delay in asked.delays}
    return lag.measure(folder, delays=asked.delays, repetitions=often)


def _waiting(folder: Path, asked: argparse.Namespace) -> Report:
    return waiting.measure(folder, count=asked.waiting, seconds=asked.seconds)


PARTS: Mapping[str, Part] = {"throughput": _throughput, "loss": _loss, "lag": _lag, "waiting": _waiting}


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.dns", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"{', '.join(PARTS)} (default: all)")
    parser.add_argument("--zones", type=int, default=10_000, help="throughput, loss: zones served (default: %(default)s)")
    parser.add_argument("--rounds", type=int, default=5, help="throughput: rounds (default: %(default)s)")
    parser.add_argument("--peer-zones", type=int, default=1_000, help="of these dnspython asks so many (default: %(default)s)")
    parser.add_argument("--delays", type=float, nargs="+", default=[0.0, 1.0, 30.0], help="lag: publish delays in seconds")
    parser.add_argument("--enrolments", type=int, default=12, help="lag: for each quick delay (default: %(default)s)")
    parser.add_argument("--slow-enrolments", type=int, default=6, help="lag: for each slow delay (default: %(default)s)")
    parser.add_argument("--waiting", type=int, default=10_000, help="waiting: domains (default: %(default)s)")
    parser.add_argument("--seconds", type=float, default=60.0, help="waiting: how long to measure (default: %(default)s)")
    asked = parser.parse_args()
    if unknown := set(asked.parts) - set(PARTS):
        parser.error(f"no such part: {', '.join(sorted(unknown))}; there are {', '.join(PARTS)}")
    return asked


def main() -> int:
    """Measure what the options ask for."""
    asked = _options()
    for name in machine.NEEDED:
        machine.program(name)
    about, reports = machine.about(), []
    for part in asked.parts or PARTS:
        print(f"--- {part}", file=sys.stderr, flush=True)
        others = machine.Bystanders()
        with tempfile.TemporaryDirectory(prefix="registrar-sync-bench-") as folder:
            report = PARTS[part](Path(folder), asked)
        reports.append(replace(report, notes=(*report.notes, f"Other processes used {others} meanwhile.")))
    print("\n\n".join([about, *map(str, reports)]))
    return 0 if all(target.met for report in reports for target in report.targets) else 1


if __name__ == "__main__":
    sys.exit(main())
