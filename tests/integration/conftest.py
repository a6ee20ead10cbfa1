"""A sandbox speaking as one vendor, with a client on it, and a clock that does not make the test wait."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import trustme

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


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def trusted(authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The system's trust store holds the test's authority alone: SSL_CERT_FILE, as an operator would set it."""
    file = tmp_path / "authority.pem"
    authority.cert_pem.write_to_path(file)
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path / "none"))
