"""Several workers at full length, with the leases as shipped: kills, a freeze, a partition, a restart, limits, turns, waiting.

``python -m benchmarks.bulk_workers [PART ...] [--kills 20] [--away 60] [--watches 500]``: a line a figure, met or MISSED by issue
6's acceptance; exit code 1 where one was missed. It needs pgserver, as the tests do; ``partition`` drops packets where nft may be
used. Without a PART all run, in about 40 minutes.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable

from benchmarks.bulk_workers import gone, queue, shares
from benchmarks.bulk_workers.stand import missed


def main() -> int:
    """The parts named, or all."""
    parser = argparse.ArgumentParser(prog="bulk_workers", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART")
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--away", type=float, default=60.0, help="seconds that a worker is frozen or cut off")
    parser.add_argument("--watches", type=int, default=500)
    given = parser.parse_args()
    parts: dict[str, Callable[[], None]] = {
        "keep": shares.keep,
        "limits": shares.limits,
        "clock": shares.clock,
        "fair": shares.fair,
        "lost": queue.lost,
        "watches": lambda: queue.watches(given.watches),
        "restart": gone.restart,
        "freeze": lambda: gone.freeze(given.away),
        "partition": lambda: gone.partition(given.away),
        "kills": lambda: gone.kills(given.kills),
    }
    if unknown := set(given.parts) - parts.keys():
        parser.error(f"no such part: {', '.join(sorted(unknown))}; there are {', '.join(parts)}")
    for name in given.parts or parts:
        parts[name]()
    return int(bool(missed))


if __name__ == "__main__":
    sys.exit(main())
