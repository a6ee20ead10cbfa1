"""The machine and the versions that a table was made with."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import shutil
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

NEEDED = ("knotd", "knotc", "dnsperf")
INSTALL = "apt-get install knot dnsperf"


def program(name: str) -> str:
    """The path of a program that the packages install. Ends the run where it is not there."""
    path = shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/bin")
    if path is None:
        sys.exit(f"{name} is not installed. Install it: {INSTALL}")
    return path


class Bystanders:
    """How much of the machine others used meanwhile: with two cores, what they take is missing."""

    def __init__(self) -> None:
        self._began = self._spent()

    @staticmethod
    def _spent() -> tuple[float, float, float]:
        """The clock, all processor seconds of the machine, and those of this process and the children that have ended."""
        user, nice, system, _, _, irq, softirq, *_ = Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:]
        all_s = sum(map(int, (user, nice, system, irq, softirq))) / os.sysconf("SC_CLK_TCK")
        ours = os.times()
        return time.monotonic(), all_s, ours.user + ours.system + ours.children_user + ours.children_system

    def __str__(self) -> str:
        elapsed_s, all_s, ours_s = (now - then for now, then in zip(self._spent(), self._began, strict=True))
        return f"{max(0.0, all_s - ours_s) / elapsed_s:.2f} of {os.cpu_count()} cores"


def about() -> str:
    """One paragraph."""
    return f"{hardware()}\n{versions('dnspython')}, {_version('knotd', '--version')}, dnsperf {_dnsperf_version()}."


def hardware() -> str:
    """When, on what, and how busy it was."""
    load = ", ".join(f"{value:.2f}" for value in os.getloadavg())
    machine = f"{_processor()}, {os.cpu_count()} cores, {_memory_gb():.1f} GB, Linux {platform.release()}"
    return f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC. {machine}; load before the run {load}."


def versions(*packages: str) -> str:
    """Of Python and of these packages."""
    return ", ".join([f"Python {platform.python_version()}", *(f"{one} {importlib.metadata.version(one)}" for one in packages)])


def _processor() -> str:
    named = (line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name"))
    return next(named, ": unknown processor").partition(":")[2].strip()


def _memory_gb() -> float:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9


def _version(name: str, *arguments: str) -> str:
    said = subprocess.run([program(name), *arguments], capture_output=True, text=True, check=False)
    return (said.stdout or said.stderr).splitlines()[0].strip()


def _dnsperf_version() -> str:
    said = subprocess.run([program("dnsperf"), "-h"], capture_output=True, text=True, check=False)
    lines = (said.stdout + said.stderr).splitlines()
    return next((line.split()[-1] for line in lines if line.startswith("Version")), "of unknown version")
