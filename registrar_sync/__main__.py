"""``registrar-sync`` and ``python -m registrar_sync``."""

from __future__ import annotations

import gc
import sys

_YOUNG = 50_000
"""Objects made since the last look for garbage until the next one; Python's own 700 looks hundreds of times while it loads."""


def main() -> None:
    """Run the command line."""
    gc.set_threshold(_YOUNG, 10, 10)
    try:
        from registrar_sync.cli.app import run  # noqa: PLC0415 - importing this module must not need Typer

        run()
    except KeyboardInterrupt:  # while still loading
        sys.exit("Interrupted. Nothing was changed.")
    finally:
        gc.freeze()  # what is left goes with the process: looking through it for garbage takes longer than a quick command


if __name__ == "__main__":
    main()
