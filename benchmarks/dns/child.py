"""Each contestant runs in a process of its own, so that processor time and memory are its own and nobody warms up another."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """Ask ``most`` of ``zones`` domains (None: all) for TXT and MX at every one of ``places``."""

    way: str
    zones: int
    places: tuple[tuple[str, int], ...]
    most: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """``asked`` questions, of which ``obtained`` got an answer; ``right`` verdicts on ``domains`` domains."""

    asked: int
    obtained: int
    domains: int
    right: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome(Count):
    """What a contestant did. ``cpu_s``: its processor seconds, user and system; ``peak_mb``: its resident memory at most."""

    seconds: float
    cpu_s: float
    peak_mb: float


def measured(work: Callable[[], Count]) -> Outcome:
    """Do the work, in this process."""
    cpu, began = processor_s(), time.perf_counter()
    count = work()
    seconds = time.perf_counter() - began
    return Outcome(**asdict(count), seconds=seconds, cpu_s=processor_s() - cpu, peak_mb=peak_mb())


def processor_s() -> float:
    """Seconds of processor time of this process so far."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def peak_mb() -> float:
    """The most resident memory of this process so far (getrusage would count what its parent had)."""
    return in_status("VmHWM") / 1000


def in_status(name: str) -> float:
    """A line of this process's status, such as kilobytes."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(float(line.split()[1]) for line in lines if line.startswith(name + ":"))


def run(task: Task) -> Outcome:
    """Have a contestant do it, in a process of its own."""
    command = python("benchmarks.dns.contestant", json.dumps(asdict(task)))
    said = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if said.returncode:
        raise RuntimeError(f"{task.way} failed: {said.stderr}")
    return Outcome(**json.loads(said.stdout.splitlines()[-1]))


def python(module: str, *arguments: str) -> list[str]:
    """The command that runs a module of the benchmark with this interpreter."""
    return [sys.executable, "-m", module, *arguments]


def task_from(text: str) -> Task:
    """What ``run`` has handed over."""
    given: dict[str, Any] = json.loads(text)
    return Task(**given | {"places": tuple((str(address), int(port)) for address, port in given["places"])})
