"""What is peculiar to Gandi: whole RRsets, two PUTs, quoted TXT, a TTL that must be sent."""

from __future__ import annotations

import pytest

from tests.contract.worlds import ProviderWorld
from tests.integration.conftest import SandboxWorlds, sandbox_of


def paths(world: ProviderWorld) -> list[str]:
    return [write.replace("%40", "@") for write in world.vendor.writes()]


@pytest.mark.parametrize(
    "switches",
    [
        {"gandi_bare_txt": "string-per-word"},
        {"gandi_long_txt": "refused"},
        {"gandi_missing_ttl": "kept"},
        {"gandi_empty_name": "not-found"},
        {"gandi_duplicates": "merged"},
        {"gandi_page_size": 2},
        {"gandi_error_content_type": "application/json"},
    ],
    ids="-".join,
)
def test_what_is_unconfirmed_about_gandi_does_not_matter(sandbox_world: SandboxWorlds, switches: dict[str, object]) -> None:
    world = sandbox_world("gandi", switches=switches)
    stored = world.vendor.stored()
    result = world.client().enroll("example.com", provider="gandi")
    assert result.state == "authoritative", result.message
    assert world.client().rollback("example.com").state == "authoritative"
    assert world.vendor.stored() == stored


def test_spf_is_written_before_mx_and_taken_back_after_it(sandbox_world: SandboxWorlds) -> None:
    world = sandbox_world("gandi")
    assert world.client().enroll("example.com", provider="gandi").state == "authoritative"
    assert world.client().rollback("example.com").state == "authoritative"
    records = "/gandi/v5/livedns/domains/example.com/records/@"
    assert paths(world) == [f"PUT {records}/{t}" for t in ("TXT", "MX", "MX", "TXT")]


def test_a_token_without_the_right_to_write_changes_nothing(sandbox_world: SandboxWorlds) -> None:
    world = sandbox_world("gandi", switches={"gandi_token_may_write": False})
    stored = world.vendor.stored()
    result = world.client().enroll("example.com", provider="gandi")
    assert result.state == "restored"
    assert result.error is not None
    assert result.error.kind == "credentials-rejected"
    assert "Nothing was changed" in result.message
    assert world.vendor.stored() == stored


def test_a_server_error_after_the_effect_is_no_failure(sandbox_world: SandboxWorlds) -> None:
    """Replacing a whole RRset may be repeated while the read is young: the second PUT says so."""
    world = sandbox_world("gandi")
    sandbox_of(world).fail_next("PUT", "/TXT", 502, "<html>bad gateway</html>", before_effect=False)
    result = world.client().enroll("example.com", provider="gandi")
    assert result.state == "authoritative", result.message
