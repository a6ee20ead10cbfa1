"""Adding a dialect-tier provider is a change to providers.yaml alone; and each declared key does what it is for."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from registrar_sync import Client
from registrar_sync.errors import ConfigInvalid
from registrar_sync.providers import catalog, verbs_lexicon
from registrar_sync.providers.catalog_model import ProviderSpec
from registrar_sync.sandbox.server import Sandbox
from tests.contract.conftest import fake_world
from tests.contract.fake_lexicon import adapter_of
from tests.contract.fake_world import FakeLexiconVendor, FakeWorld
from tests.contract.test_contract import BELOW, REPLACE, THEIRS, assert_enrolled, enroll, mx_after
from tests.contract.worlds import USUAL

ENTRY = """
  newdns:
    tier: dialect
    shape: verbs
    api: https://docs.newdns.example/
    endpoint: {attribute: api_endpoint}
    bases: ["https://api.newdns.example/v1"]
    dialect: {exchange: bare, preference: field}
    verbs: {preference: option-int, preference_listed: priority, update: by-id, delete: by-id}
    credentials:
      auth_token: {help: "An API token."}
    budget_s: 60
    verified: {against: "the declared dialect, by the project's fake", when: 2026-11-23}
"""


@pytest.fixture
def with_entry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The shipped catalog with one entry more, in a file of the test's."""
    text = catalog.shipped_file().read_text()
    assert "\nproviders:\n" in text
    copy = tmp_path / "shipped.yaml"
    copy.write_text(text.replace("\nproviders:\n", f"\nproviders:\n{ENTRY}"))
    copy.chmod(0o600)
    monkeypatch.setattr(catalog, "shipped_file", lambda: copy)
    return copy


def test_a_new_entry_is_all_that_a_new_provider_needs(
    with_entry: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, shared_sandbox: Sandbox
) -> None:
    """From the operator's file on, as an operator does it: enrolled, planned again, rolled back."""
    spec = catalog.load_catalog().provider("newdns")
    vendor = FakeLexiconVendor(shared_sandbox, spec)
    monkeypatch.setattr(verbs_lexicon, "lexicon_class", lambda name: adapter_of(vendor.fake))
    vendor.load(USUAL)
    stored = vendor.stored()
    config = tmp_path / "providers.yaml"
    config.write_text(yaml.safe_dump({"accounts": {"newdns": vendor.account()}}))
    environ = {**vendor.environ(), "REGISTRAR_SYNC_CONFIG": str(config)}
    with Client(journal=str(tmp_path / "journal.sqlite"), environ=environ) as client:
        result = client.enroll("example.com", provider="newdns")
        assert_enrolled(result)
        assert mx_after(result) == BELOW | THEIRS
        assert client.plan("example.com", provider="newdns").state == "nothing-to-do"
        assert client.rollback("example.com").state == "authoritative"
    assert vendor.stored() == stored


@pytest.mark.parametrize(
    ("wrong", "right", "line"),
    [
        ("preference_listed: priority", "preference_listed: content", "dialect.preference"),
        ("preference: option-int", "preference: field", "mx_field"),
        ("priority, update", "priority, ttl: none, update", "ttl.min and ttl.max"),
        ("priority, update", "priority, mx_field: {field: x, source: s}, update", "mx_field"),
        ("preference_listed: priority", "preference_listed: lost", "spf-only"),
        ("update: by-id, delete", "update: by-name, delete", "verbs.update"),
        ("update: by-id, delete", "updates: by-id, delete", "there is no such key"),
        ('    bases: ["https://api.newdns.example/v1"]\n', "", "bases"),
        ("api.newdns.example/v1", "{region}.newdns.example/v1", "'region' is no credential"),
        ("    shape: verbs\n", "    shape: rrset\n", "only a provider of shape verbs"),
        ("    shape: verbs\n", "", "needs a shape"),
        ("    tier: dialect\n", "    tier: certified\n", "adapter"),
        ("    tier: dialect\n", "    tier: spf-only\n", "needs a reason"),
        ("    api: https://docs.newdns.example/\n", "", "needs api"),
        ("    shape: verbs\n", "    shape: verbs\n    staged: true\n", "publish by themselves"),
        ("delete: by-id}", "delete: by-id, whole_set: true}", "whole_set"),
    ],
)
def test_an_entry_that_cannot_be_meant_is_told_with_file_line_and_key(
    with_entry: Path, wrong: str, right: str, line: str
) -> None:
    text = with_entry.read_text()
    assert text.count(wrong) >= 1
    start = text.index("  newdns:")
    with_entry.write_text(text[:start] + text[start:].replace(wrong, right, 1))
    with pytest.raises(ConfigInvalid) as caught:
        catalog.load_catalog()
    assert line in caught.value.message
    assert f"{with_entry}, line " in caught.value.message
    assert "providers.newdns" in caught.value.message


PRIO = {"field": "prio", "source": "a test"}
MADE_UP: dict[str, dict[str, Any]] = {
    "whole-set": {"verbs": {"whole_set": True, "txt_listed": "stripped", "apex": "at", "below": "relative"}},
    "by-content": {"verbs": {"txt_listed": "unquoted", "apex": "full-dot", "below": "full-dot", "ttl": "str"}},
    "host-by-content": {
        "dialect": {"exchange": "bare", "preference": "field"},
        "verbs": {"preference": "option-str", "preference_listed": "options.mx.priority", "apex": "dot"},
    },
    "ids-that-change": {
        "dialect": {"exchange": "relative", "preference": "field"},
        "verbs": {"preference": "option-int", "preference_zero": "text", "preference_listed": "prio", "delete": "by-id"},
    },
    "fields": {
        "dialect": {"exchange": "bare", "preference": "field"},
        "verbs": {
            "preference": "field",
            "preference_listed": "field",
            "mx_field": {**PRIO, "type": "str", "listed": "data.prio", "id": "record_id"},
            "ttl": "field",
            "ttl_field": {"field": "ttl_sec", "source": "a test"},
            "update": "by-id",
            "delete": "by-id",
            "lists": "type",
        },
    },
    "in-place-but-for-the-ttl": {
        "verbs": {"update": "by-id", "update_ttl": False, "delete": "by-id", "lists": "owner", "txt_written": "quoted"}
    },
    "sdk": {"transport": "sdk", "verbs": {"preference_absent": 0, "preference_listed": "p", "preference": "option-int"}},
    "proved": {"verbs": {"listing_proves": ["NS"], "txt_written": "as-found", "keeps": ["cache"], "ttl_absent": 300}},
}


@pytest.fixture(params=MADE_UP)
def made_up(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[FakeWorld]:
    """A provider that there is not: it shows what the keys do that today's entries do not use, or not together."""
    declared = MADE_UP[request.param]
    listed = declared["verbs"].get("preference_listed", "content")
    dialect = {"preference": "content" if listed == "content" else "field"} | declared.get("dialect", {})
    rest = {"name": "ovh", "tier": "dialect", "shape": "verbs", "bases": ["https://api.example.net"]}  # a name that exists
    spec = ProviderSpec.model_validate({**rest, **declared, "dialect": dialect})
    yield from fake_world(request, spec, tmp_path)


def test_below_then_replace_and_both_rolled_back(made_up: FakeWorld) -> None:
    stored = made_up.vendor.stored()
    first = enroll(made_up)
    assert_enrolled(first)
    assert mx_after(first) == BELOW | THEIRS
    gap = {one.id for one in first.findings} & {"spf-moment-absent"}
    assert bool(gap) == (not made_up.spec.edits_in_place)
    second = enroll(made_up, mx="replace", accept=["spf-mx-mechanism"])
    assert_enrolled(second)
    assert mx_after(second) == REPLACE
    back = made_up.client().rollback("example.com", to=first.change_id)
    assert back.state == "authoritative", (back.error, back.message)
    assert made_up.vendor.stored() == stored


def test_prepare_and_finish(made_up: FakeWorld) -> None:
    made_up.load_plain(USUAL.replace("@ 300 MX", "@ 7200 MX").replace("@ 600 TXT", "@ 7200 TXT"))
    stored = made_up.vendor.stored()
    client = made_up.client()
    assert_enrolled(client.prepare("example.com", provider=made_up.name, ttl=600))
    assert_enrolled(client.finish("example.com"))
    assert made_up.vendor.stored() == stored


@pytest.mark.parametrize("value", ['"say \\"hi\\""', '"part one, " "part two"', '"back\\\\slash"'])
@pytest.mark.parametrize("made_up", ["whole-set"], indirect=True)
def test_a_neighbour_that_lexicon_would_damage_is_named_and_nothing_is_written(made_up: FakeWorld, value: str) -> None:
    made_up.vendor.add("example.com", "TXT", value, 600)
    with made_up.unchanged():
        result = enroll(made_up)
    assert result.error is not None
    assert result.error.kind == "provider-refused"
    assert "would be damaged" in result.error.message
    assert (result.state, result.changed) == ("restored", False)
