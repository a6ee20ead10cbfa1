"""``python -m benchmarks.bulk.memory_cli FOLDER COUNT ARGUMENT ...``: ``registrar-sync ARGUMENT ...`` on zones in memory.

All is as in life, but for the provider and the DNS, which are put in where ``World`` makes them.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

from benchmarks.bulk.memory_dns import MemoryDns
from benchmarks.bulk.memory_zones import Began, LazyMemory, Ledger
from registrar_sync.__main__ import main
from registrar_sync.ports import DnsProvider, Resolver
from registrar_sync.wiring import World

LEDGER = "ledger"


def began_file(folder: Path, process: int) -> Path:
    """Where a process writes down when it opened its first zone."""
    return folder / f"began-{process}"


def install(folder: Path, count: int) -> None:
    """Put them into every ``World`` of this process."""
    ledger = Ledger(folder / LEDGER, count)
    began, dns = Began(began_file(folder, os.getpid())), MemoryDns(ledger)

    def opener(*_: object, **__: object) -> Callable[[], DnsProvider]:
        return lambda: LazyMemory(ledger, began)

    def resolver(*_: object) -> Resolver:
        return dns

    World._opener = opener  # type: ignore[method-assign]
    World.resolver = resolver  # type: ignore[assignment,method-assign]


if __name__ == "__main__":
    install(Path(sys.argv[1]), int(sys.argv[2]))
    sys.argv = ["registrar-sync", *sys.argv[3:]]
    main()
