"""A sandbox speaking as one vendor, with a client on it, and a clock that does not make the test wait."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from registrar_sync.sandbox.server import Sandbox
from registrar_sync.wiring import SystemClock
from tests.contract.worlds import USUAL, ProviderWorld, SandboxVendor


class SkippingClock(SystemClock):
    """Real time, but sleeping is jumping ahead."""

    def __init__(self) -> None:
        self.skipped_s = 0.0
        self.naps: list[float] = []

    def now(self) -> datetime:
        return super().now() + timedelta(seconds=self.skipped_s)

    def monotonic(self) -> float:
        return super().monotonic() + self.skipped_s

    def sleep(self, seconds: float) -> None:
        self.naps.append(seconds)
        self.skipped_s += max(0.0, seconds)


SandboxWorlds = Callable[..., ProviderWorld]


@pytest.fixture
def sandbox_world(tmp_path: Path) -> Iterator[SandboxWorlds]:
    """``sandbox_world("ovh", publish_delay_s=2, switches={...})``: a world of its own, stopped with the test."""
    opened: list[tuple[ProviderWorld, Sandbox]] = []

    def make(vendor: str, *, zone: str = USUAL, **options: object) -> ProviderWorld:
        sandbox = Sandbox(**options).start()  # type: ignore[arg-type]
        folder = tmp_path / f"world-{len(opened)}"
        folder.mkdir()
        world = ProviderWorld(SandboxVendor(sandbox, vendor), vendor, folder)
        world.vendor.load(zone)
        opened.append((world, sandbox))
        return world

    yield make
    for world, sandbox in opened:
        world.close()
        sandbox.stop()


def sandbox_of(world: ProviderWorld) -> Sandbox:
    """The sandbox behind a world."""
    assert isinstance(world.vendor, SandboxVendor)
    return world.vendor.sandbox
