"""What is peculiar to IONOS: rows that are disabled, and a vendor that disables its own when others write."""

from __future__ import annotations

import pytest

from registrar_sync.operations.result import Result
from tests.contract.worlds import NEIGHBOURS, SPF, USUAL, USUAL_MX, ProviderWorld
from tests.integration.conftest import SandboxWorlds, sandbox_of


def enroll(world: ProviderWorld, **options: object) -> Result:
    return world.client().enroll("example.com", provider="ionos", **options)


def add(world: ProviderWorld, text: str, rtype: str = "MX", **flags: bool) -> None:
    sandbox_of(world).store.add_record("example.com", "example.com", rtype, text, 300, **flags)


@pytest.mark.parametrize("ids", ["new", "kept"])
def test_disabled_rows_stay_disabled(sandbox_world: SandboxWorlds, ids: str) -> None:
    world = sandbox_world("ionos", switches={"ionos_patch_ids": ids})
    add(world, "20 old.example.net.", disabled=True)
    add(world, '"v=spf1 include:old.example.net -all"', "TXT", disabled=True)
    stored = world.vendor.stored()
    result = enroll(world)
    assert result.state == "authoritative", result.message
    assert "old.example.net" not in world.vendor.served()
    assert "old.example.net" in world.vendor.stored()
    assert world.client().rollback("example.com").state == "authoritative"
    assert world.vendor.stored() == stored


@pytest.mark.parametrize("ids", ["new", "kept"])
def test_rows_that_the_vendor_disabled_are_enabled_again_by_rollback(sandbox_world: SandboxWorlds, ids: str) -> None:
    """Replace: the vendor keeps its own MX and disables them; they count as gone, and come back."""
    world = sandbox_world("ionos", zone=NEIGHBOURS + SPF, switches={"ionos_patch_ids": ids})
    add(world, "10 mx00.ionos.de.", service=True)
    add(world, "10 mx01.ionos.de.", service=True)
    served = world.vendor.served()
    result = enroll(world, mx="replace", accept=["spf-mx-mechanism"])
    assert result.state == "authoritative", result.message
    assert "vendor-disabled" in {finding.id for finding in result.findings}
    assert "mx00.ionos.de" not in world.vendor.served()
    assert "mx00.ionos.de" in world.vendor.stored()
    back = world.client().rollback("example.com")
    assert back.state == "authoritative", back.message
    assert world.vendor.served() == served


def test_below_a_customers_row_that_the_vendor_disables_is_put_back(sandbox_world: SandboxWorlds) -> None:
    """Below keeps the customer's hosts as fallback: a row of theirs found disabled is a mismatch, and is restored."""
    world = sandbox_world("ionos")
    store = sandbox_of(world).store
    served = world.vendor.served()

    def disable() -> None:
        store.remove_records("example.com", "example.com", "MX", "5 mailgate.example.com.")
        store.add_record("example.com", "example.com", "MX", "5 mailgate.example.com.", 300, disabled=True)

    sandbox_of(world).hook("PATCH", "/zones/", disable, when="after")
    result = enroll(world)
    assert result.state == "restored", result.message
    assert world.vendor.served() == served


@pytest.mark.parametrize("alias", ["1and1", "1&1", "ionos"])
def test_the_former_names_mean_the_same_provider(sandbox_world: SandboxWorlds, alias: str) -> None:
    world = sandbox_world("ionos")
    assert world.client().enroll("example.com", provider=alias).provider == "ionos"


@pytest.mark.parametrize(
    "switches",
    [
        {"ionos_final_dot": "refused"},
        {"ionos_long_txt": "refused"},
        {"ionos_record_name_case": "exact"},
        {"ionos_unknown_zone_status": 404},
    ],
    ids="-".join,
)
def test_what_is_unconfirmed_about_ionos_does_not_matter(sandbox_world: SandboxWorlds, switches: dict[str, object]) -> None:
    short = "\n".join(line for line in USUAL.splitlines() if "aaaa" not in line) if "ionos_long_txt" in switches else USUAL
    world = sandbox_world("ionos", zone=short, switches=switches)
    stored = world.vendor.stored()
    assert enroll(world).state == "authoritative"
    assert world.client().rollback("example.com").state == "authoritative"
    assert world.vendor.stored() == stored


def test_an_mx_set_that_is_taken_away_whole(sandbox_world: SandboxWorlds) -> None:
    """No MX before: rollback empties the set, for which PATCH is not known to serve."""
    world = sandbox_world("ionos", zone=NEIGHBOURS + SPF)
    stored = world.vendor.stored()
    assert enroll(world).state == "authoritative"
    assert world.client().rollback("example.com").state == "authoritative"
    assert world.vendor.stored() == stored
    assert USUAL_MX not in stored
