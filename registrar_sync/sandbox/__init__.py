"""A registrar in a box: simulated vendors over one zone store, and the name server that serves it. Nothing leaves loopback."""

from __future__ import annotations

from registrar_sync.sandbox.launch import embedded, parse_address, serve
from registrar_sync.sandbox.seed import seed_zones
from registrar_sync.sandbox.server import Sandbox
from registrar_sync.sandbox.zonefile import load_zone_file, zone_from_text

__all__ = ["Sandbox", "embedded", "load_zone_file", "parse_address", "seed_zones", "serve", "zone_from_text"]
