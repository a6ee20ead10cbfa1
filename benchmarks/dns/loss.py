"""What one lost datagram in a hundred costs: answers obtained, and seconds."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from benchmarks.dns.child import ROOT, Outcome, Task, python, run
from benchmarks.dns.dnspythons import TIMEOUT_S, WORKERS
from benchmarks.dns.estate import Estate
from benchmarks.dns.knot import Knot, Place
from benchmarks.dns.report import Report, Target

LOSS = 0.01

_HEAD = ("", "asked", "obtained", "share", "verdicts right", "seconds", "datagrams lost", "by TCP")
_NAMES = {"ours": "registrar-sync", "asyncio": f"dnspython, asyncio, {WORKERS} at once"}

Counted = Mapping[str, int]


def measure(folder: Path, *, zones: int, peer_domains: int) -> Report:
    """Ours asks all zones, dnspython ``peer_domains`` of them."""
    estate = Estate(zones)
    knot = Knot(folder, estate)
    with knot.running():
        ours = through_relay(knot.places, lambda places: run(Task(way="ours", zones=zones, places=places)))
        theirs = Task(way="asyncio", zones=zones, places=knot.places, most=min(peer_domains, zones))
        peer = through_relay(knot.places, lambda places: run(Task(way=theirs.way, zones=zones, places=places, most=theirs.most)))
    missing, wrong = ours[0].asked - ours[0].obtained, ours[0].domains - ours[0].right
    return Report(
        title=f"Loss: {LOSS:.0%} of the datagrams, each way",
        head=_HEAD,
        rows=[_row("ours", *ours), _row("asyncio", *peer)],
        notes=(f"dnspython sends nothing again: a question that gets no answer costs it {TIMEOUT_S:.0f} s, and has none.",),
        targets=(
            Target(wanted="100 % of answers obtained", found=f"{missing} of {ours[0].asked} missing", met=missing == 0),
            Target(wanted="all verdicts right", found=f"{wrong} wrong", met=wrong == 0),
        ),
    )


def through_relay(servers: Sequence[Place], ask: Callable[[tuple[Place, ...]], Outcome]) -> tuple[Outcome, Counted]:
    """Ask by way of a relay that loses datagrams; with what it counted."""
    command = python("benchmarks.dns.relay", str(LOSS), *(f"{address}:{port}" for address, port in servers))
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as relay:
        assert relay.stdin
        assert relay.stdout
        try:
            places = tuple((str(address), int(port)) for address, port in json.loads(relay.stdout.readline()))
            outcome = ask(places)
        finally:
            relay.stdin.close()
        counted: Counted = json.loads(relay.stdout.readline())
    return outcome, counted


def _row(way: str, outcome: Outcome, counted: Counted) -> list[str]:
    datagrams = counted["lost"] + counted["passed"]
    return [
        _NAMES[way],
        str(outcome.asked),
        str(outcome.obtained),
        f"{outcome.obtained / outcome.asked:.2%}",
        f"{outcome.right} of {outcome.domains}",
        f"{outcome.seconds:.2f}",
        f"{counted['lost']} of {datagrams} ({counted['lost'] / datagrams:.2%})",
        str(counted["connections"]),
    ]
