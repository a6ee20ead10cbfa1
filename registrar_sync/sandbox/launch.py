"""Two ways to run the sandbox: inside another process, and as a command that serves until interrupted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from registrar_sync.errors import UsageError
from registrar_sync.sandbox.nameserver import Address
from registrar_sync.sandbox.seed import seed_zones
from registrar_sync.sandbox.server import LOOPBACK, Sandbox
from registrar_sync.sandbox.zonefile import load_zone_file

EMBEDDED_PUBLISH_DELAY_S = 2.0
STATE_FILE = "sandbox.json"


def embedded(state_dir: Path) -> Sandbox:
    """The sandbox behind ``--provider sandbox``, not yet started: loopback, free ports, zones kept in ``state_dir``.

    A publication is due by stored time, so a later process serves what an earlier one published.
    """
    return Sandbox(publish_delay_s=EMBEDDED_PUBLISH_DELAY_S, state_file=state_dir / STATE_FILE)


def serve(
    announce: Callable[[dict[str, Any]], None],
    wait: Callable[[], None],
    *,
    api: Address = LOOPBACK,
    dns: Address = LOOPBACK,
    zone_files: Sequence[Path] = (),
    publish_delay_s: float = 0.0,
) -> None:
    """Serve the seeded zones, and over them those of ``zone_files``, until ``wait`` returns or raises.

    ``announce`` is called once with the addresses, when the sandbox answers. Raises ``UsageError`` for a file that is no
    master file and for an address that cannot be had.
    """
    files = [load_zone_file(path) for path in zone_files]
    zones = seed_zones() | {zone.name: zone for zone in files}
    with Sandbox(zones, api=api, dns=dns, publish_delay_s=publish_delay_s) as sandbox:
        announce(sandbox.announcement())
        wait()


def parse_address(text: str) -> Address:
    """``127.0.0.1:0`` or ``[::1]:5353`` as host and port. Raises ``UsageError``."""
    host, colon, port = text.rpartition(":")
    if not (colon and host and port.isascii() and port.isdigit() and int(port) < 65536):
        raise UsageError(f"{text!r} is not an address and a port.", hint="Write 127.0.0.1:0, or [::1]:5353.")
    return host.strip("[]"), int(port)
