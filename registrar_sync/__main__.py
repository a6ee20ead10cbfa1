"""``registrar-sync`` and ``python -m registrar_sync``."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line."""
    try:
        from registrar_sync.cli.app import run  # noqa: PLC0415 - importing this module must not need Typer

        run()
    except KeyboardInterrupt:  # while still loading
        sys.exit("Interrupted. Nothing was changed.")


if __name__ == "__main__":
    main()
