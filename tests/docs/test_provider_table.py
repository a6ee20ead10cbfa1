"""README's table of providers is the one that providers.yaml makes."""

from __future__ import annotations

from registrar_sync.providers.catalog import load_catalog
from tests.docs.provider_table import README, provider_table, readme_with


def test_the_table_of_the_readme_is_not_stale() -> None:
    """Red: run `make tables`."""
    assert README.read_text() == readme_with(provider_table())


def test_every_provider_has_one_line_with_its_reason_or_what_stands_behind_it() -> None:
    lines = [line for line in provider_table().splitlines() if line.startswith("| `")]
    assert len(lines) == len(load_catalog().providers)
    for line in lines:
        assert line.count("|") - line.count("\\|") == 5
        assert line.split("|")[4].strip(), line
