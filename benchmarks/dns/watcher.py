"""``python -m benchmarks.dns.watcher FOLDER COUNT SECONDS``: watch all changes of the folder's journal, and say what it costs.

Prints one line of JSON after ``SECONDS`` of waiting with all ``COUNT`` changes on the watch, and another when it has ended.
"""

from __future__ import annotations

import json
import sys
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from benchmarks.dns.child import in_status, peak_mb, processor_s
from registrar_sync import Client

SETTLE_S = 10.0
"""From the last change taken in, so that each of them has been looked at for the first time."""


@dataclass(frozen=True, slots=True)
class Moment:
    """When, and the processor seconds used until then."""

    at: float
    cpu_s: float

    @classmethod
    def now(cls) -> Moment:
        """This one."""
        return cls(time.monotonic(), processor_s())


class Meter:
    """Hears the watch's progress, about once a second, from within."""

    def __init__(self, count: int, seconds: float) -> None:
        self._count, self._seconds = count, seconds
        self._start = Moment.now()
        self._in: Moment | None = None
        self._settled: Moment | None = None
        self._is_told = False

    def hear(self, progress: str) -> None:
        """How many wait."""
        now = Moment.now()
        if self._in is None:
            self._in = now if progress.startswith(f"{self._count} waiting") else None
        elif self._settled is None:
            self._settled = now if now.at >= self._in.at + SETTLE_S else None
        elif not self._is_told and now.at >= self._settled.at + self._seconds:
            self._is_told = True
            self._tell(self._in, self._settled, now)

    def _tell(self, taken_in: Moment, settled: Moment, now: Moment) -> None:
        told = {
            "intake_s": taken_in.at - self._start.at,
            "intake_cpu_s": settled.cpu_s - self._start.cpu_s,
            "seconds": now.at - settled.at,
            "cpu_share": (now.cpu_s - settled.cpu_s) / (now.at - settled.at),
            "rss_mb": in_status("VmRSS") / 1000,
            "peak_mb": peak_mb(),
        }
        print(json.dumps(told), flush=True)


def watch(folder: Path, count: int, seconds: float) -> None:
    """Until every change has ended."""
    meter = Meter(count, seconds)
    environ = {"SANDBOX": "sandbox", "REGISTRAR_SYNC_CONFIG": str(folder / "providers.yaml")}
    ended: Counter[str] = Counter()
    with Client(journal=str(folder / "journal.sqlite"), environ=environ, notify=meter.hear) as client:
        for result in client.watch():
            ended[result.state] += 1
    print(json.dumps({"ended": ended, "peak_mb": peak_mb(), "at": time.monotonic()}), flush=True)


if __name__ == "__main__":
    watch(Path(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]))
