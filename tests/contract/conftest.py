"""Every provider that the catalog calls certified or dialect, as a world; those called spf-only have worlds of their own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from registrar_sync.providers import verbs_lexicon
from registrar_sync.providers.catalog import load_catalog
from registrar_sync.providers.catalog_model import ProviderSpec
from registrar_sync.sandbox.server import Sandbox
from registrar_sync.sandbox.vendors import VENDORS
from tests.contract.fake_lexicon import adapter_of
from tests.contract.fake_world import FakeLexiconVendor, FakeWorld, one_of_each, shipped, way_of_naming, way_of_writing
from tests.contract.worlds import USUAL, ProviderWorld, SandboxVendor, Vendor
from tests.integration.bind_world import BindVendor, bind_server
from tests.integration.powerdns_world import PowerDnsVendor, powerdns_server

# With an adapter of our own, whatever the tier.
OURS = [spec.name for spec in load_catalog().providers.values() if spec.adapter and spec.tier in ("certified", "dialect")]
# What the operator types -> the simulator that answers; the others have a real server, as a fixture of their own name.
SIMULATED = {**{name: name for name in OURS if name in VENDORS}, "1and1": "ionos", "sandbox": "ovh"}
PROVIDERS = list(dict.fromkeys([*OURS, *SIMULATED]))
# On lexicon's verbs: the generic fake, made from what the entry declares.
DIALECT = [spec.name for spec in load_catalog().providers.values() if spec.tier == "dialect" and not spec.adapter]
# For the cases that go beyond the contract of issue 5: one of each way of writing, and one of each way of naming.
EACH_WAY = [*PROVIDERS, *one_of_each(DIALECT, way_of_writing)]
EACH_NAMING = [*PROVIDERS, *one_of_each(DIALECT, way_of_naming)]
SPF_ONLY = [spec.name for spec in load_catalog().providers.values() if spec.tier == "spf-only"]


@pytest.fixture(scope="session")
def powerdns(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PowerDnsVendor]:
    """One real PowerDNS for the whole session."""
    with powerdns_server(tmp_path_factory.mktemp("powerdns")) as vendor:
        yield vendor


@pytest.fixture(scope="session")
def ddns(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BindVendor]:
    """One real BIND for the whole session."""
    with bind_server(tmp_path_factory.mktemp("ddns")) as vendor:
        yield vendor


@pytest.fixture(scope="session")
def shared_sandbox() -> Iterator[Sandbox]:
    """One name server for all fake vendors."""
    with Sandbox() as sandbox:
        yield sandbox


@pytest.fixture(params=[*PROVIDERS, *DIALECT])
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[ProviderWorld]:
    """The provider's world with the usual zone in it."""
    name = request.param
    if name in DIALECT:
        yield from fake_world(request, shipped().provider(name), tmp_path)
    elif name in SIMULATED:
        with Sandbox() as sandbox:
            yield from _world(SandboxVendor(sandbox, SIMULATED[name]), name, tmp_path)
    else:
        yield from _world(request.getfixturevalue(name), name, tmp_path)


def _world(vendor: Vendor, name: str, folder: Path) -> Iterator[ProviderWorld]:
    vendor.load(USUAL)
    world = ProviderWorld(vendor, name, folder)
    yield world
    world.close()


@pytest.fixture(params=SPF_ONLY)
def spf_world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[FakeWorld]:
    """A provider where SPF is exact and MX is not."""
    yield from fake_world(request, shipped().provider(request.param), tmp_path)


@pytest.fixture(params=[*DIALECT, *SPF_ONLY])
def verbs_world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[FakeWorld]:
    """Every provider on lexicon's verbs."""
    yield from fake_world(request, shipped().provider(request.param), tmp_path)


def fake_world(request: pytest.FixtureRequest, spec: ProviderSpec, folder: Path) -> Iterator[FakeWorld]:
    """The fake adapter in the place of lexicon's, and the usual zone."""
    monkeypatch: pytest.MonkeyPatch = request.getfixturevalue("monkeypatch")
    vendor = FakeLexiconVendor(request.getfixturevalue("shared_sandbox"), spec)
    monkeypatch.setattr(verbs_lexicon, "lexicon_class", lambda name: adapter_of(vendor.fake))
    vendor.load(USUAL)
    world = FakeWorld(vendor, spec.name, folder)
    yield world
    world.close()
