"""providers list, show and test: what scripts rely on, what fits into a terminal, and that nothing is written."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml

from registrar_sync.cli.providers import TIERS
from registrar_sync.credentials import lexicon_variable_name
from registrar_sync.errors import ConfigInvalid
from registrar_sync.providers.catalog import load_catalog
from registrar_sync.providers.lexicon_zone import LexiconZone
from registrar_sync.sandbox.server import Sandbox
from registrar_sync.wiring import SystemClock
from tests.cli.conftest import Cli, Run
from tests.contract.worlds import USUAL, SandboxVendor

SPECS = load_catalog().providers


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as box:
        box.store.add_zone("example.com", USUAL)
        yield box


@pytest.fixture
def gandi(cli: Cli, sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Run]:
    config = tmp_path / "providers.yaml"
    config.write_text(yaml.safe_dump({"accounts": {"mine": SandboxVendor(sandbox, "gandi").account()}}))
    monkeypatch.setenv("REGISTRAR_SYNC_CONFIG", str(config))
    monkeypatch.setenv("SANDBOX", "sandbox")
    return cli


# --- list ---------------------------------------------------------------------------------------------------------------
def test_the_list_for_scripts_has_these_keys_and_these_types(cli: Cli) -> None:
    rows = cli("providers", "list", "--output", "json").json["providers"]
    assert len(rows) == 90
    for row in rows:
        assert set(row) == {"name", "tier", "spf", "mx", "reason", "verified"}
        assert (row["tier"] in TIERS, type(row["spf"]), type(row["mx"])) == (True, bool, bool)
        assert row["verified"] is None or set(row["verified"]) == {"against", "when"}


def test_what_is_written_follows_from_the_tier_and_what_is_not_has_a_reason(cli: Cli) -> None:
    for row in cli("providers", "list", "--output", "json").json["providers"]:
        writes = {"certified": (True, True), "dialect": (True, True), "spf-only": (True, False), "manual": (False, False)}
        assert (row["spf"], row["mx"]) == writes[row["tier"]]
        assert row["reason"] if not row["mx"] else row["verified"], row


def test_what_is_shown_best_comes_first_and_neither_sandbox_nor_aliases_are_rows(cli: Cli) -> None:
    rows = [(TIERS.index(row["tier"]), row["name"]) for row in cli("providers", "list", "--output", "json").json["providers"]]
    assert rows == sorted(rows)
    assert not {name for _, name in rows} & {"sandbox", "auto", "1and1", "1&1"}


def test_the_table_fits_into_80_columns() -> None:
    """On a terminal: elsewhere a row is a line, however long."""
    ours, theirs = pty.openpty()
    words = [sys.executable, "-m", "registrar_sync", "providers", "list"]
    with subprocess.Popen(words, stdout=theirs, stderr=theirs, env={**os.environ, "COLUMNS": "80"}) as process:
        os.close(theirs)
        told = b"".join(iter(lambda: _read(ours), b"")).decode()
    os.close(ours)
    assert process.returncode == 0
    lines = re.sub(r"\x1b\[[0-9;]*m|\r", "", told).splitlines()
    assert max(map(len, lines)) <= 80
    assert {line.split()[0] for line in lines if line[:1].strip()} >= set(SPECS)


def _read(fd: int) -> bytes:
    try:
        return os.read(fd, 65536)
    except OSError:  # the other end is closed
        return b""


# --- show ---------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", sorted(SPECS))
def test_every_provider_says_what_it_needs_and_what_is_known_of_it(cli: Cli, name: str) -> None:
    spec, run = SPECS[name], cli("providers", "show", name)
    assert run.code == 0
    assert f"tier      {spec.tier}\n" in run.out
    for option, credential in spec.credentials.items():
        assert credential.help
        assert f"{lexicon_variable_name(spec.lexicon_name, option)}: " in run.out
    assert all(sentence in run.out for sentence in spec.untestable)
    if spec.verified:
        assert f"{spec.verified.against} ({spec.verified.when})" in run.out


def test_an_account_shows_its_provider_and_an_alias_too(gandi: Callable[..., Run]) -> None:
    assert "provider  gandi\n" in gandi("providers", "show", "mine").out
    assert "provider  ionos (also 1and1, 1&1)\n" in gandi("providers", "show", "1and1").out


def test_scripts_see_the_environment_variables(cli: Cli) -> None:
    (row,) = cli("providers", "show", "gandi", "--output", "json").json["providers"]
    assert row["environment"]["auth_token"] == "LEXICON_GANDI_AUTH_TOKEN"


# --- test ---------------------------------------------------------------------------------------------------------------
def test_an_account_is_tried_by_its_list_of_zones(gandi: Callable[..., Run], sandbox: Sandbox) -> None:
    run = gandi("providers", "test", "mine")
    assert run.code == 0
    assert "Nothing was written" in run.out
    assert {str(request["method"]) for request in sandbox.requests} == {"GET"}


def test_a_domain_is_tried_by_reading_the_apex_of_its_zone(gandi: Callable[..., Run], sandbox: Sandbox) -> None:
    run = gandi("providers", "test", "mine", "www.example.com", "--output", "json")
    assert run.code == 0
    (row,) = run.json["accounts"]
    assert (row["zone"], row["records"]["MX"], row["provider"]) == ("example.com", 3, "gandi")
    assert "3 MX" in gandi("providers", "test", "mine", "example.com").out
    assert {str(request["method"]) for request in sandbox.requests} == {"GET"}


def test_a_domain_that_is_not_in_the_account_and_one_that_is_none(gandi: Callable[..., Run]) -> None:
    assert gandi("providers", "test", "mine", "example.org").code == 1
    assert gandi("providers", "test", "mine", "exa mple").code == 2


def test_where_zones_cannot_be_listed_a_domain_is_asked_for(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    spec = next(spec for spec in SPECS.values() if spec.shape == "verbs" and not spec.extra)
    for option, credential in spec.credentials.items():
        if credential.default is None:
            monkeypatch.setenv(lexicon_variable_name(spec.lexicon_name, option), (credential.choices or ["sandbox"])[0])
    run = cli("providers", "test", spec.name)
    assert run.code == 2
    assert "providers test ACCOUNT DOMAIN" in run.err


def test_a_package_that_is_missing_is_named_with_the_command_that_installs_it() -> None:
    spec = SPECS["gandi"].model_copy(update={"adapter": "registrar_sync.providers.adapters.nowhere:Zone", "extra": "cloud"})
    account = load_catalog().account("gandi").settings({"auth_token": "sandbox"})
    with pytest.raises(ConfigInvalid) as caught:
        LexiconZone(spec, account, SystemClock()).open("example.com.")
    assert caught.value.hint == "pip install 'dns-lexicon[cloud]'"


def test_what_cannot_be_written_to_is_not_tried(cli: Cli) -> None:
    manual = next(spec for spec in SPECS.values() if spec.tier == "manual")
    run = cli("providers", "test", manual.name)
    assert run.code == 1
    assert manual.reason in run.err
