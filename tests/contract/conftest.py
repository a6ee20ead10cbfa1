"""Every provider that the catalog calls certified, as a world."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from registrar_sync.sandbox.server import Sandbox
from tests.contract.worlds import USUAL, ProviderWorld, SandboxVendor, Vendor
from tests.integration.powerdns_world import PowerDnsVendor, powerdns_server

# What the operator types -> the simulator that answers.
SIMULATED = {"ovh": "ovh", "gandi": "gandi", "ionos": "ionos", "1and1": "ionos", "sandbox": "ovh"}
PROVIDERS = ["powerdns", *SIMULATED]


@pytest.fixture(scope="session")
def powerdns(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PowerDnsVendor]:
    """One real PowerDNS for the whole session."""
    with powerdns_server(tmp_path_factory.mktemp("powerdns")) as vendor:
        yield vendor


@pytest.fixture(params=PROVIDERS)
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[ProviderWorld]:
    """The provider's world with the usual zone in it."""
    name = request.param
    if name in SIMULATED:
        with Sandbox() as sandbox:
            yield from _world(SandboxVendor(sandbox, SIMULATED[name]), name, tmp_path)
    else:
        yield from _world(request.getfixturevalue("powerdns"), name, tmp_path)


def _world(vendor: Vendor, name: str, folder: Path) -> Iterator[ProviderWorld]:
    vendor.load(USUAL)
    world = ProviderWorld(vendor, name, folder)
    yield world
    world.close()
