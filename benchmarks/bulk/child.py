"""A command in a process of its own, measured, and killed where that is asked for."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from benchmarks.bulk import timed
from benchmarks.dns.child import ROOT

_POLL_S = 0.01
_START_LIMIT_S = 30.0


class Child:
    """Started with the object. What it prints goes to a file in ``folder``."""

    def __init__(self, command: list[str], folder: Path, name: str, environ: Mapping[str, str]) -> None:
        self._report, self._output = folder / f"cost-{name}", folder / f"output-{name}"
        wrapped = [sys.executable, timed.__file__, str(self._report), *command]
        self.started_at = time.monotonic()
        with self._output.open("wb") as file:
            self._process = subprocess.Popen(wrapped, cwd=ROOT, env=dict(environ), stdout=file, stderr=subprocess.STDOUT)

    @property
    def pid(self) -> int:
        """The command's own."""
        file = self._report.with_name(self._report.name + ".pid")
        deadline = self.started_at + _START_LIMIT_S
        while not file.exists():
            if time.monotonic() > deadline:
                raise TimeoutError(f"not started: {self.said()}")
            time.sleep(_POLL_S)
        return int(file.read_text())

    @property
    def is_over(self) -> bool:
        """Whether it has ended."""
        return self._process.poll() is not None

    def kill(self) -> None:
        """kill -9. Nothing, where it has just ended by itself."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)

    def wait(self) -> dict[str, float]:
        """What it has cost: seconds, cpu_s, peak_mb, exit_code (a signal: negative)."""
        self._process.wait()
        told: dict[str, float] = json.loads(self._report.read_text())
        return told

    def said(self) -> str:
        """The end of what it printed."""
        return self._output.read_text(errors="replace")[-2000:]
