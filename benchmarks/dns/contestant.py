"""``python -m benchmarks.dns.contestant TASK``: do the task, and print what came of it as one line of JSON."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict

from benchmarks.dns.child import Outcome, Task, task_from


def _do(task: Task) -> Outcome:
    if task.way == "ours":
        from benchmarks.dns import ours  # noqa: PLC0415 - neither carries the other's modules in its memory

        return ours.ask(task)
    from benchmarks.dns import dnspythons  # noqa: PLC0415

    return dnspythons.ask(task)


if __name__ == "__main__":
    print(json.dumps(asdict(_do(task_from(sys.argv[1])))))
