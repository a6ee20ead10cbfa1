"""dnsperf, the limit: a program in C that sends the same questions and reads no answer but its header."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Sequence
from pathlib import Path

from benchmarks.dns.child import Outcome
from benchmarks.dns.estate import TYPES, Estate
from benchmarks.dns.machine import program

_UNDER_WAY = 100  # questions, its default; with more, answers get lost at its one socket and the run waits for them
_SAID = {"asked": r"Queries sent:\s+(\d+)", "obtained": r"Queries completed:\s+(\d+)", "seconds": r"Run time \(s\):\s+([\d.]+)"}


def write_questions(estate: Estate, file: Path) -> None:
    """The questions for one server."""
    file.write_text("".join(f"{name} {rtype}\n" for name, _ in estate.names() for rtype in TYPES))


def ask(questions: Path, places: Sequence[tuple[str, int]]) -> Outcome:
    """All questions to each server, one server after the other: its seconds are added."""
    before = os.times()
    said = [_said(questions, address, port) for address, port in places]
    after = os.times()
    asked, obtained, seconds = (sum(one[name] for one in said) for name in _SAID)
    cpu_s = after.children_user + after.children_system - before.children_user - before.children_system
    return Outcome(
        asked=int(asked), obtained=int(obtained), domains=0, right=0, seconds=seconds, cpu_s=cpu_s, peak_mb=float("nan")
    )


def _said(questions: Path, address: str, port: int) -> dict[str, float]:
    target = ["-s", address, "-p", str(port), "-f", "inet"]
    command = [program("dnsperf"), *target, "-d", str(questions), "-n", "1", "-e", "-q", str(_UNDER_WAY)]
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return {name: float(_found(pattern, text)) for name, pattern in _SAID.items()}


def _found(pattern: str, text: str) -> str:
    match = re.search(pattern, text)
    if match is None:
        raise RuntimeError(f"dnsperf said something else:\n{text}")
    return match[1]
