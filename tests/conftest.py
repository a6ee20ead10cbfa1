"""What every test has: a home of its own, no credentials from outside, and nothing asked beyond loopback."""

from __future__ import annotations

import ipaddress
import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

# No deadlines: timings are for benchmarks. In CI the examples are the same every time, so that a red run can be repeated.
settings.register_profile("registrar-sync", deadline=None, derandomize=bool(os.environ.get("CI")))
settings.load_profile("registrar-sync")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests run in several processes; the small internet has loopback addresses of its own, and is there once."""
    for item in items:
        if "internet" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.xdist_group("internet"))


_connect = socket.socket.connect
_sendto = socket.socket.sendto


def _refuse_outside(address: Any) -> None:
    if isinstance(address, tuple) and not ipaddress.ip_address(address[0]).is_loopback:
        raise AssertionError(f"a test must not reach beyond loopback: {address}")


@pytest.fixture(autouse=True)
def _loopback_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test sends a packet anywhere else."""

    def connect(self: socket.socket, address: Any) -> None:
        _refuse_outside(address)
        _connect(self, address)

    def sendto(self: socket.socket, data: bytes, *rest: Any) -> int:
        _refuse_outside(rest[-1])
        return _sendto(self, data, *rest)

    monkeypatch.setattr(socket.socket, "connect", connect)
    monkeypatch.setattr(socket.socket, "sendto", sendto)


@pytest.fixture(autouse=True)
def _usual_umask() -> Iterator[None]:
    """A providers.yaml that others may write is refused: the tests' own must not hang on who runs them."""
    before = os.umask(0o022)
    yield
    os.umask(before)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home: configuration, journal and sandbox of the test's own."""
    folder = tmp_path / "home"
    folder.mkdir()
    for name in list(os.environ):
        if name.startswith(("LEXICON_", "XDG_", "REGISTRAR_SYNC_")) or name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(folder))
    return folder
