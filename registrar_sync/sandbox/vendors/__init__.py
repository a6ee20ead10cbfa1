"""The simulated vendors, each under its own name followed by the vendor's own path."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from starlette.types import ASGIApp

from registrar_sync.sandbox.store import Store
from registrar_sync.sandbox.switches import Switches
from registrar_sync.sandbox.vendors.gandi import gandi_app
from registrar_sync.sandbox.vendors.ionos import ionos_app
from registrar_sync.sandbox.vendors.ovh import ovh_app

VENDORS: Mapping[str, tuple[str, Callable[[Store, Switches], ASGIApp]]] = {
    "ovh": ("/ovh/1.0", ovh_app),
    "gandi": ("/gandi/v5/livedns", gandi_app),
    "ionos": ("/ionos/dns/v1", ionos_app),
}
"""Name, mount path, application."""
