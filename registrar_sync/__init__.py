"""registrar-sync: a mail-filtering service into SPF and MX, proved in the DNS, and taken back exactly."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from registrar_sync.client import Client as Client

__all__ = ["Client"]


def __getattr__(name: str) -> Any:
    """Load ``Client`` on first use: importing the package must stay cheap."""
    if name == "Client":
        from registrar_sync.client import Client  # noqa: PLC0415

        return Client
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
