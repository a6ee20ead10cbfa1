"""Credentials: references resolved, everything that is missing named at once."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from registrar_sync.credentials import (
    Credentials,
    lexicon_variable_name,
    resolve_account,
)
from registrar_sync.errors import ConfigInvalid, CredentialsMissing
from registrar_sync.ports import Secrets


@dataclass(frozen=True)
class Spec:
    help: str = ""
    required: bool = True
    default: str | None = None
    secret: bool = True


OVH: Mapping[str, Spec] = {
    "auth_entrypoint": Spec("The API's region", default="ovh-eu", secret=False),
    "auth_application_key": Spec("From https://www.ovh.com/auth/api/createToken", secret=False),
    "auth_application_secret": Spec("Shown once beside the application key"),
    "auth_consumer_key": Spec("With GET, POST, PUT and DELETE on /domain/zone/*"),
    "note": Spec("Anything", required=False),
}
EXPORTED = {
    "LEXICON_OVH_AUTH_APPLICATION_KEY": "ak",
    "LEXICON_OVH_AUTH_APPLICATION_SECRET": "as-secret",
    "LEXICON_OVH_AUTH_CONSUMER_KEY": "ck-secret",
}


# --- references --------------------------------------------------------------------------------------------------------
def test_an_env_reference_is_the_variables_value_and_an_empty_one_is_not_set() -> None:
    secrets: Secrets = Credentials({"KEY": "value", "EMPTY": ""})
    assert secrets.resolve("env:KEY") == "value"
    assert secrets.resolve("env:EMPTY") is None
    assert secrets.resolve("env:ABSENT") is None


@pytest.mark.parametrize("literal", ["plain", "with:colon", "https://api.example/", "environment:X", "", "file"])
def test_a_literal_value_stands_for_itself(literal: str) -> None:
    assert Credentials({}).resolve(literal) == literal


@pytest.mark.parametrize("end", [b"", b"\n", b"\r\n"])
def test_a_file_reference_is_its_content_without_the_last_line_end(tmp_path: Path, end: bytes) -> None:
    path = tmp_path / "key"
    path.write_bytes(b" se cret " + end)
    path.chmod(0o600)
    credentials = Credentials({})
    assert credentials.resolve(f"file:{path}") == " se cret "
    assert credentials.warnings == []


def test_a_file_that_is_absent_or_empty_is_not_set(tmp_path: Path) -> None:
    (tmp_path / "empty").write_text("\n")
    assert Credentials({}).resolve(f"file:{tmp_path}/absent") is None
    assert Credentials({}).resolve(f"file:{tmp_path}/empty") is None


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644])
def test_a_file_that_others_can_read_is_used_with_a_warning(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "key"
    path.write_text("the-secret")
    path.chmod(mode)
    heard: list[str] = []
    credentials = Credentials({}, warn=heard.append)
    assert credentials.resolve(f"file:{path}") == "the-secret"
    assert heard == credentials.warnings
    assert f"chmod 600 {path}" in heard[0]
    assert "the-secret" not in heard[0]


def test_a_pipe_is_read_without_a_warning() -> None:
    read, write = os.pipe()
    os.write(write, b"piped\n")
    os.close(write)
    credentials = Credentials({})
    try:
        assert credentials.resolve(f"file:/dev/fd/{read}") == "piped"
    finally:
        os.close(read)
    assert credentials.warnings == []


@pytest.mark.parametrize(
    ("name", "why"), [("folder", "directory"), ("binary", "not UTF-8"), ("endless", "longer than"), ("a\0b", "null")]
)
def test_a_file_that_cannot_be_used_is_named_without_its_content(tmp_path: Path, name: str, why: str) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "binary").write_bytes(b"hunter2\xff")
    (tmp_path / "endless").symlink_to("/dev/zero")
    with pytest.raises(CredentialsMissing, match=why) as caught:
        Credentials({}).resolve(f"file:{tmp_path / name}")
    assert "Nothing was changed." in caught.value.message
    assert "hunter2" not in caught.value.message
    assert caught.value.hint


@pytest.mark.parametrize("reference", ["keyring:service/user", "command:pass show ovh"])
def test_a_kind_of_reference_that_is_not_known_yet_is_not_sent_as_a_secret(reference: str) -> None:
    with pytest.raises(ConfigInvalid) as caught:
        Credentials({}).resolve(reference)
    assert "env:NAME" in caught.value.hint


# --- an account --------------------------------------------------------------------------------------------------------
def test_what_is_exported_for_lexicon_is_enough() -> None:
    assert resolve_account(OVH, {}, "ovh", EXPORTED) == {
        "auth_entrypoint": "ovh-eu",
        "auth_application_key": "ak",
        "auth_application_secret": "as-secret",
        "auth_consumer_key": "ck-secret",
    }


def test_a_variable_goes_before_the_default() -> None:
    assert resolve_account(OVH, {}, "ovh", EXPORTED | {"LEXICON_OVH_AUTH_ENTRYPOINT": "ovh-ca"})["auth_entrypoint"] == "ovh-ca"


def test_the_old_spelling_without_auth_counts_and_the_new_one_goes_first() -> None:
    options = {"auth_token": Spec()}
    assert resolve_account(options, {}, "gandi", {"LEXICON_GANDI_TOKEN": "old"}) == {"auth_token": "old"}
    both = {"LEXICON_GANDI_TOKEN": "old", "LEXICON_GANDI_AUTH_TOKEN": "new"}
    assert resolve_account(options, {}, "gandi", both) == {"auth_token": "new"}


LEXICON = """
import json, sys
from lexicon.config import ConfigResolver
config = ConfigResolver().with_env()
print(json.dumps([config.resolve(f"lexicon:{provider}:{option}") for provider, option in json.load(sys.stdin)]))
"""


@pytest.mark.parametrize("legacy", [False, True])
def test_lexicon_itself_reads_the_same_variables(*, legacy: bool) -> None:
    """In a process of its own: once lexicon is imported, hypothesis stumbles over its deprecated modules."""
    options = ("auth_token", "api_protocol", "auth_access_key", "api_auth_mode", "auth_auth_key")
    asked = [(provider, option) for provider in ("ovh", "gandi", "route53") for option in options]
    names = [lexicon_variable_name(*each) for each in asked]
    environ = {re.sub("(.*)_AUTH_", r"\1_", name) if legacy else name: f"{index}" for index, name in enumerate(names)}
    command = [sys.executable, "-c", LEXICON]
    process = subprocess.run(command, input=json.dumps(asked), env=environ, capture_output=True, text=True, check=True)
    ours = [resolve_account({option: Spec()}, {}, provider, environ)[option] for provider, option in asked]
    assert json.loads(process.stdout) == ours


def test_hyphens_become_underscores() -> None:
    assert lexicon_variable_name("some-host", "auth-api-key") == "LEXICON_SOME_HOST_AUTH_API_KEY"


def test_everything_that_is_missing_is_named_at_once_with_its_help() -> None:
    with pytest.raises(CredentialsMissing) as caught:
        resolve_account(OVH, {}, "ovh", {"LEXICON_OVH_AUTH_APPLICATION_KEY": "ak", "LEXICON_OVH_AUTH_CONSUMER_KEY": ""})
    message = caught.value.message
    assert "LEXICON_OVH_AUTH_APPLICATION_SECRET: Shown once beside the application key" in message
    assert "LEXICON_OVH_AUTH_CONSUMER_KEY: With GET, POST, PUT and DELETE on /domain/zone/*" in message
    assert "LEXICON_OVH_AUTH_APPLICATION_KEY" not in message
    assert "ENTRYPOINT" not in message
    assert "NOTE" not in message
    assert "changed" in message
    assert "providers show ovh" in caught.value.hint


def test_an_account_with_references_borrows_nothing_from_the_environment() -> None:
    references = {"auth_application_key": "env:SHOP_KEY", "auth_application_secret": "env:SHOP_SECRET"}
    with pytest.raises(CredentialsMissing) as caught:
        resolve_account(OVH, references, "ovh", EXPORTED | {"SHOP_KEY": "shop"})
    assert "SHOP_SECRET: Shown once" in caught.value.message
    assert "auth_consumer_key: With GET" in caught.value.message
    assert "LEXICON_" not in caught.value.message


def test_an_account_of_the_providers_own_name_may_set_one_option_and_export_the_rest() -> None:
    values = resolve_account(OVH, {"auth_entrypoint": "ovh-us"}, "ovh", EXPORTED, lexicon_names=True)
    assert values["auth_entrypoint"] == "ovh-us"
    assert values["auth_consumer_key"] == "ck-secret"


@pytest.mark.parametrize("required", [True, False])
def test_a_reference_that_is_not_set_never_falls_back_to_a_default(*, required: bool) -> None:
    options = {"pdns_server": Spec("The API's address", required=required, default="http://localhost:8081")}
    with pytest.raises(CredentialsMissing, match="PDNS: The API's address"):
        resolve_account(
            options, {"pdns_server": "env:PDNS"}, "powerdns", {"LEXICON_POWERDNS_PDNS_SERVER": "x"}, lexicon_names=True
        )


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(CredentialsMissing, match=f"file:{tmp_path}/key"):
        resolve_account({"auth_token": Spec()}, {"auth_token": f"file:{tmp_path}/key"}, "gandi", {})
