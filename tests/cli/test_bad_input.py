"""Bad input of every kind gets a clear error and loses nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from registrar_sync.providers.catalog import load_catalog
from tests.cli.conftest import Cli

PLAN = ("plan", "--provider", "sandbox")


@pytest.mark.parametrize(
    "text",
    ["exa mple", "-a.com", "example..com", "../x", "192.0.2.1", "2001:db8::1", "☃\U0001f4a9.com", "", "com", "a" * 64 + ".com"],
)
@pytest.mark.parametrize("command", ["plan", "enroll", "check", "rollback"])
def test_what_is_no_domain_is_refused_with_exit_2(cli: Cli, command: str, text: str) -> None:
    words = [command, "--yes"] if command in ("enroll", "rollback") else [command]
    provider = [] if command == "rollback" else ["--provider", "sandbox"]
    run = cli(*words, *provider, "--", text)
    assert run.code == 2
    assert "is not a domain name" in run.err
    assert "Nothing was changed" in run.err


def test_an_internationalised_name_works(cli: Cli) -> None:
    run = cli(*PLAN, "--output", "json", "Exämple.com")
    assert run.json["domain"] == "xn--exmple-cua.com"
    assert run.json["error"]["kind"] == "zone-not-found"


def test_a_mistyped_provider_is_answered_with_the_nearest_names(cli: Cli) -> None:
    run = cli("enroll", "example.com", "--provider", "gandhi", "--yes")
    assert run.code == 2
    assert "gandi" in run.err


def test_a_manual_provider_is_refused_and_not_tried(cli: Cli) -> None:
    manual = next(spec for spec in load_catalog().providers.values() if spec.tier == "manual")
    run = cli("enroll", "example.com", "--provider", manual.name, "--yes", "--output", "json")
    assert run.code == 1
    assert run.json["error"]["kind"] == "provider-manual"
    assert manual.reason in run.json["error"]["message"]
    assert "By hand" in run.json["error"]["hint"]
    assert run.json["state"] == "refused"


def test_no_provider_is_wrong_usage(cli: Cli) -> None:
    run = cli("enroll", "example.com", "--yes")
    assert run.code == 2
    assert "--provider" in run.err


def test_every_missing_credential_is_named(cli: Cli) -> None:
    run = cli("enroll", "example.com", "--provider", "ovh", "--yes")
    assert run.code == 10
    for variable in ("APPLICATION_KEY", "APPLICATION_SECRET", "CONSUMER_KEY"):
        assert f"LEXICON_OVH_AUTH_{variable}" in run.err


def test_a_zone_that_is_not_in_the_account_is_a_known_failure(cli: Cli) -> None:
    run = cli("enroll", "example.org", "--provider", "sandbox", "--yes", "--output", "json")
    assert run.code == 1
    assert run.json["error"]["kind"] == "zone-not-found"
    assert run.json["changed"] is False


def test_without_a_terminal_and_without_yes_nothing_is_written(cli: Cli) -> None:
    run = cli("enroll", "example.com", "--provider", "sandbox")
    assert run.code == 2
    assert "--yes" in run.err
    assert "No change" in cli("recover").out


def test_a_mistyped_accept_is_refused_with_the_nearest_ids(cli: Cli) -> None:
    run = cli(*PLAN, "example.com", "--accept", "mx-nul")
    assert run.code == 2
    assert "mx-null" in run.err


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("providers:\n  ovh:\n    tier: golden\n", "tier"),
        ("accounts:\n  mine:\n    provider: [ovh\n", "line"),
        ("accounts:\n  mine:\n    porvider: ovh\n", "porvider"),
        ("accounts:\n  mine:\n    provider: nowhere\n", "nowhere"),
    ],
)
def test_an_unusable_providers_yaml_names_file_line_and_key(cli: Cli, tmp_path: Path, content: str, told: str) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text(content)
    run = cli(*PLAN, "example.com", "--config", str(file))
    assert run.code == 2
    assert str(file) in run.err
    assert told in run.err
    assert "line" in run.err


def test_a_missing_providers_yaml_is_named(cli: Cli, tmp_path: Path) -> None:
    run = cli("config", "check", "--config", str(tmp_path / "nowhere.yaml"))
    assert run.code == 2
    assert "nowhere.yaml" in run.err


def test_a_journal_that_cannot_be_written_stops_before_anything_else(cli: Cli, tmp_path: Path) -> None:
    folder = tmp_path / "in-the-way"
    folder.write_text("a file where a folder should be")
    journal = str(folder / "journal.sqlite")
    run = cli("enroll", "example.com", "--provider", "sandbox", "--yes", "--journal", journal, "--output", "json")
    assert run.code == 1
    assert run.json["error"]["kind"] == "journal"
    assert run.json["api_calls"] == 0


def test_a_zone_that_does_not_hold_the_domain_is_wrong_usage(cli: Cli) -> None:
    run = cli(*PLAN, "example.com", "--zone", "example.org")
    assert run.code == 2


@pytest.mark.parametrize("address", ["ns1.example.com", "127.0.0.1:99999", "[::1", "127.0.0.1:x"])
def test_a_nameserver_that_is_no_address_is_refused(cli: Cli, address: str) -> None:
    run = cli("check", "example.com", "--nameserver", address)
    assert run.code == 2
    assert address in run.err


def test_control_characters_never_reach_the_terminal(cli: Cli) -> None:
    run = cli(*PLAN, "--", "exa\x1b[31mmple.com")
    assert "\x1b" not in run.err + run.out


def test_two_ways_to_renumber_at_once_are_wrong_usage(cli: Cli) -> None:
    run = cli(*PLAN, "example.com", "--renumber", "--renumber-compact")
    assert (run.code, run.out) == (2, "")
    assert "not both" in run.err


@pytest.mark.parametrize(
    ("words", "command"),
    [
        (["findings", "nonsense"], "findings"),
        (["due", "--journal", "nonsense://x"], "due"),
        (["history", "--journal", "nonsense://x"], "history"),
        (["providers", "show", "nonsense"], "providers show"),
        (["check", "-", "--provider", "nonsense"], "check"),
    ],
)
def test_an_error_that_no_domain_has_names_its_command(cli: Cli, words: list[str], command: str) -> None:
    run = cli(*words, "--output", "json", input="example.com\n")
    assert run.json["command"] == command
    assert run.code == (1 if "--journal" in words else 2)
