"""--provider auto, and nothing named at a terminal: the provider of the name servers, said how, and confirmed like any other."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml

from registrar_sync import Client
from registrar_sync.cli import session
from registrar_sync.sandbox.server import Sandbox
from registrar_sync.wiring import Asked
from tests.cli.conftest import Cli, Run
from tests.contract.worlds import USUAL, SandboxVendor

OF_GANDI = ("ns1.gandi.net.", "ns2.gandi.net.")
Serve = Callable[..., None]


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as box:
        yield box


@pytest.fixture
def serve(sandbox: Sandbox) -> Serve:
    """Let the zone be served by name servers of these names."""

    def delegate(*names: str) -> None:
        listed = "".join(f"@ NS {name}\n" for name in names)
        sandbox.store.add_zone("example.com", USUAL.replace("@ NS ns1\n", listed))
        for name in names:
            label, _, zone = name.removesuffix(".").partition(".")
            others = "".join(f"{one.partition('.')[0]} A 127.0.0.1\n" for one in names if one.endswith(f".{zone}."))
            sandbox.store.add_zone(zone, f"@ SOA {label} hostmaster 1 7200 900 1209600 60\n@ NS {label}\n{others}")

    delegate(*OF_GANDI)
    return delegate


@pytest.fixture
def gandi(cli: Cli, sandbox: Sandbox, serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Run]:
    """The command line with one account at Gandi, and a recursive resolver that knows the delegation."""
    config = tmp_path / "providers.yaml"
    config.write_text(yaml.safe_dump({"accounts": {"mine": SandboxVendor(sandbox, "gandi").account()}}))
    monkeypatch.setenv("REGISTRAR_SYNC_CONFIG", str(config))
    monkeypatch.setenv("SANDBOX", "sandbox")
    resolver = "{}:{}".format(*sandbox.dns_address)
    return lambda *words, **more: cli(*words, "--resolver", resolver, **more)


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """A person sits there."""
    monkeypatch.setattr(session, "at_a_terminal", lambda: True)


HOW = "example.com is served by ns1.gandi.net, ns2.gandi.net: provider gandi, account mine"
AUTO = ("--provider", "auto")


def test_auto_finds_the_provider_and_says_how_on_stderr(gandi: Callable[..., Run]) -> None:
    run = gandi("plan", "www.example.com", *AUTO, "--output", "json")
    assert (run.json["state"], run.json["provider"], run.json["account"]) == ("planned", "gandi", "mine")
    assert HOW in run.err
    assert HOW not in run.out


def test_auto_with_yes_needs_no_terminal(gandi: Callable[..., Run], sandbox: Sandbox) -> None:
    assert gandi("enroll", "example.com", *AUTO, "--yes").code == 0
    assert "france.security-mail.net." in sandbox.store.zone_text("example.com")


@pytest.mark.usefixtures("terminal")
def test_at_a_terminal_nothing_need_be_named_and_the_question_shows_the_provider(
    gandi: Callable[..., Run], sandbox: Sandbox
) -> None:
    stored = sandbox.store.zone_text("example.com")
    declined = gandi("enroll", "example.com", input="n\n")
    assert declined.code == 2
    assert HOW in declined.err
    assert "provider gandi" in declined.err.split(HOW)[1]
    assert "Write this?" in declined.err
    assert sandbox.store.zone_text("example.com") == stored
    assert gandi("enroll", "example.com", input="y\n").code == 0


@pytest.mark.usefixtures("terminal")
def test_leaving_goes_by_the_journal_before_it_goes_by_the_name_servers(gandi: Callable[..., Run], serve: Serve) -> None:
    assert gandi("enroll", "example.com", "--yes").code == 0
    left = gandi("unenroll", "example.com", "--yes", "--grace", "0", "--accept", "api-dns-differ")
    assert left.code == 0
    assert HOW not in left.err


def test_without_a_terminal_and_without_auto_a_provider_must_be_named(gandi: Callable[..., Run]) -> None:
    for words in (("plan", "example.com"), ("enroll", "example.com", "--yes"), ("prepare", "example.com", "--yes")):
        run = gandi(*words)
        assert run.code == 2
        assert "--provider NAME" in run.err


def test_what_cannot_be_told_is_wrong_usage_and_names_the_choices(gandi: Callable[..., Run], serve: Serve) -> None:
    serve("ns1.gandi.net.", "ns1.ovh.net.")
    run = gandi("enroll", "example.com", *AUTO, "--yes", "--output", "json")
    assert (run.code, run.json["state"], run.json["error"]["kind"]) == (2, "refused", "usage")
    assert run.json["error"]["hint"] == "Name one: --provider gandi or --provider ovh."


def test_servers_of_nobody_are_named(gandi: Callable[..., Run], serve: Serve) -> None:
    serve("ns1.nobody.example.")
    run = gandi("plan", "example.com", *AUTO)
    assert run.code == 2
    assert "ns1.nobody.example" in run.err
    assert "providers list" in run.err


def test_with_the_name_servers_given_there_is_nothing_to_go_by(gandi: Callable[..., Run], sandbox: Sandbox) -> None:
    run = gandi("plan", "example.com", *AUTO, "--nameserver", "{}:{}".format(*sandbox.dns_address))
    assert run.code == 2
    assert "--nameserver" in run.err


@pytest.mark.usefixtures("serve")
def test_check_and_spf_take_it_too(gandi: Callable[..., Run]) -> None:
    assert HOW in gandi("check", "example.com", *AUTO).err
    assert HOW in gandi("spf", "example.com", *AUTO).err
    assert gandi("check", "-", *AUTO, input="example.com\n").code == 2


def test_the_delegation_is_asked_of_the_resolver_that_the_operation_goes_on_with() -> None:
    with Client() as client:
        asked = Asked(resolvers=("127.0.0.1:9",))
        assert client.world.resolver(asked, None) is client.world.resolver(asked, client.world.catalog.account("gandi"))
