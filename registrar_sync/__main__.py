"""``registrar-sync`` and ``python -m registrar_sync``."""

from __future__ import annotations


def main() -> None:
    """Run the command line."""
    from registrar_sync.cli.app import run  # noqa: PLC0415 - importing this module must not need Typer

    run()


if __name__ == "__main__":
    main()
