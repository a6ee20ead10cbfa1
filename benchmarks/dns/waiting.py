"""What it costs to wait for many domains: memory and processor of one watch over journalled changes that are not served yet."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any

import yaml

from benchmarks.dns.child import ROOT, python
from benchmarks.dns.estate import GOOD, Estate, images
from benchmarks.dns.knot import Knot, Place
from benchmarks.dns.report import Report, Target
from benchmarks.dns.watcher import SETTLE_S
from registrar_sync.core.evidence import NewChange
from registrar_sync.journal import open_journal
from registrar_sync.providers.catalog import load_catalog
from registrar_sync.wiring import DEFAULT_SERVICE, SystemClock

MOST_MB, MOST_SHARE = 150.0, 0.05

_BUDGET_S = 900.0  # as OVH's in providers.yaml
_HEAD = (
    "waiting",
    "CPU of a core",
    "RSS MB",
    "peak RSS MB",
    "taken in s",
    "CPU s until settled",
    "all seen after s",
    "ended",
)


def measure(folder: Path, *, count: int, seconds: float) -> Report:
    """Watch ``count`` changes for ``seconds`` while their servers answer old data; then let these turn, and see the watch end."""
    estate = Estate(count, share=0.0)
    knot = Knot(folder, estate)
    knot.serve({GOOD: "old"}, serial=1)
    with knot.running():
        _write_config(folder, knot.places)
        _write_journal(folder, estate, knot.places)
        command = python("benchmarks.dns.watcher", str(folder), str(count), str(seconds))
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as watcher:
            try:
                assert watcher.stdout
                cost = _next_line(watcher.stdout)
                knot.serve({GOOD: GOOD}, serial=2)
                turned_at = time.monotonic()
                knot.reload()
                end = _next_line(watcher.stdout)
            finally:
                watcher.terminate()
    return _report(count, cost, end, end["at"] - turned_at)


def _write_config(folder: Path, places: Sequence[Place]) -> None:
    account = {
        "provider": "ovh",
        "credentials": {"auth_application_key": "env:SANDBOX"},
        "nameservers": [f"{address}:{port}" for address, port in places],
        "resolvers": ["{}:{}".format(*places[0])],
        "budget_s": _BUDGET_S,
    }
    (folder / "providers.yaml").write_text(yaml.safe_dump({"accounts": {"measured": account}}))


def _write_journal(folder: Path, estate: Estate, places: Sequence[Place]) -> None:
    """An enrolment of each domain, written just now and not yet seen anywhere."""
    journal = open_journal(str(folder / "journal.sqlite"), default=folder / "unused", clock=SystemClock())
    service = load_catalog().service(DEFAULT_SERVICE).to_json()
    context = {"serials": {f"{address}:{port}": 1 for address, port in places}}
    try:
        for name, _ in estate.names():
            new = NewChange(
                domain=name,
                zone=name,
                owner=name,
                provider="ovh",
                account="measured",
                service=service,
                command="enroll",
                context=context,
            )
            change_id = journal.begin(new, images(name))
            journal.append(change_id, "written", detail={"wrote": True, "complete": True})
    finally:
        journal.close()


def _next_line(stream: IO[str]) -> dict[str, Any]:
    line = stream.readline()
    if not line:
        raise RuntimeError("the watch ended before its time")
    print(line, end="", file=sys.stderr, flush=True)
    told: dict[str, Any] = json.loads(line)
    return told


def _report(count: int, cost: dict[str, Any], end: dict[str, Any], seen_s: float) -> Report:
    peak_mb = max(cost["peak_mb"], end["peak_mb"])
    row = [
        str(count),
        f"{cost['cpu_share']:.1%}",
        f"{cost['rss_mb']:.0f}",
        f"{peak_mb:.0f}",
        f"{cost['intake_s']:.1f}",
        f"{cost['intake_cpu_s']:.1f}",
        f"{seen_s:.1f}",
        ", ".join(f"{number} {state}" for state, number in end["ended"].items()),
    ]
    notes = (
        "Journalled changes, written just before; real name servers that answer old data, and then all turn to the new.",
        f"Processor time over {cost['seconds']:.0f} s, from {SETTLE_S:.0f} s after the last change was taken in.",
    )
    targets = (
        Target(wanted=f"under {MOST_MB:.0f} MB, at any time", found=f"{peak_mb:.0f} MB", met=peak_mb < MOST_MB),
        Target(wanted=f"under {MOST_SHARE:.0%} of a core", found=f"{cost['cpu_share']:.1%}", met=cost["cpu_share"] < MOST_SHARE),
        Target(
            wanted="every one seen in the end",
            found=f"{end['ended'].get('authoritative', 0)} of {count}",
            met=end["ended"].get("authoritative", 0) == count,
        ),
    )
    return Report(title=f"{count} waiting domains", head=_HEAD, rows=[row], notes=notes, targets=targets)
