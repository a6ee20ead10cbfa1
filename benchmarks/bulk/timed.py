"""``python timed.py REPORT COMMAND ...``: run a command, and write what it has cost as JSON; its process id to REPORT.pid.

A process of its own between the benchmark and the command: the kernel counts a child's peak memory from its parent's
(getrusage(2): ru_maxrss is kept across execve), so the parent must be small. Imports little, for that reason.
"""

import json
import os
import sys
import time


def main() -> int:
    """Exit as the command does."""
    report, *command = sys.argv[1:]
    began = time.monotonic()
    process = os.posix_spawnp(command[0], command, os.environ)
    _write(f"{report}.pid", process)
    _, status, used = os.wait4(process, 0)
    told = {
        "seconds": time.monotonic() - began,
        "cpu_s": used.ru_utime + used.ru_stime,
        "peak_mb": used.ru_maxrss / 1000,
        "exit_code": os.waitstatus_to_exitcode(status),
    }
    _write(report, told)
    return 0


def _write(path: str, told: object) -> None:
    with open(f"{path}.new", "w", encoding="ascii") as file:  # noqa: PTH123 - pathlib would cost memory
        json.dump(told, file)
    os.replace(f"{path}.new", path)  # noqa: PTH105 - whoever waits for it finds it whole


if __name__ == "__main__":
    sys.exit(main())
