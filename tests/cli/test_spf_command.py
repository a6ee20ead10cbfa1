"""The command spf as a person and as a script meet it. No credentials anywhere."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from registrar_sync.sandbox.server import Sandbox
from tests.cli.conftest import Cli, Run

Spf = Callable[..., Run]

ZONE = """
$ORIGIN example.com.
$TTL 3600
@ SOA ns1 hostmaster 1 7200 900 1209600 600
@ NS ns1
@ 300 A 192.0.2.10
@ MX 5 mailgate
ns1 A 127.0.0.1
mailgate A 192.0.2.12
_spf 600 TXT "v=spf1 a:mailgate.example.com include:gone.example.com -all"
tree 600 TXT "v=spf1 mx include:_spf.example.com ~all"
tree 600 MX 5 mailgate
none 600 TXT "hello"
two 600 TXT "v=spf1 a ~all"
two 600 TXT "v=spf1 mx -all"
odd 600 TXT "v=spf1 a ipv4:192.0.2.1 ~all"
alias CNAME mailgate
"""

KEYS = {
    *("schema", "command", "domain", "service", "server", "differing_servers", "record", "records", "limits", "lookups"),
    *("voids", "measured", "size", "tree", "with_service", "findings", "error"),
}


@pytest.fixture
def spf(cli: Cli) -> Iterator[Spf]:
    """``spf`` with the words given, asking a name server that holds the zones."""
    with Sandbox() as box:
        box.store.add_zone("example.com", ZONE + '@ 600 TXT "v=spf1 mx a:mailgate.example.com ~all"\n')
        address = f"{box.dns_address[0]}:{box.dns_address[1]}"

        def run(*words: str) -> Run:
            return cli("spf", *words, "--nameserver", address, "--resolver", address)

        yield run


def test_the_tree_as_json(spf: Spf, home: Path) -> None:
    run = spf("example.com", "--output", "json")
    assert (run.code, set(run.json)) == (0, KEYS)
    assert (run.json["schema"], run.json["command"], run.json["domain"]) == ("registrar-sync/1", "spf", "example.com")
    assert (run.json["record"], run.json["lookups"], run.json["voids"]) == ("v=spf1 mx a:mailgate.example.com ~all", 2, 0)
    assert run.json["limits"] == {"lookups": 10, "voids": 2, "guideline_octets": 450, "udp_octets": 512}
    assert [branch["term"] for branch in run.json["tree"]["children"]] == ["mx", "a:mailgate.example.com"]
    assert (run.json["with_service"]["state"], run.json["with_service"]["lookups"]) == ("changed", 3)
    assert not list(home.rglob("journal.sqlite"))


def test_the_tree_as_a_table(spf: Spf) -> None:
    run = spf("tree.example.com")
    assert run.code == 0
    lines = [" ".join(line.split()) for line in run.out.splitlines()]
    assert "v=spf1 mx include:_spf.example.com ~all" in lines
    assert "mx 1 0 tree.example.com" in lines
    nested = "v=spf1 a:mailgate.example.com include:gone.example.com -all"
    assert f"include:_spf.example.com 3 1 {nested}" in lines
    fault = "permerror: gone.example.com does not exist (NXDOMAIN), so no SPF record either"
    assert f"include:gone.example.com 1 1 {fault}" in lines
    assert "  include:gone.example.com" in run.out
    assert any(line.startswith("4 of 10 look-ups, 1 of 2 empty ones;") for line in lines)
    assert any(line.startswith("with security-mail: +1: 5 of 10 look-ups") for line in lines)
    assert any(line.startswith("block: spf-tree-broken: ") for line in lines)


def test_no_record_is_said_plainly(spf: Spf) -> None:
    run = spf("none.example.com")
    assert run.code == 0
    assert "There is no SPF record." in run.out
    assert "v=spf1 include:includespf.security-mail.net ~all" in run.out


def test_two_records_are_both_shown(spf: Spf) -> None:
    run = spf("two.example.com")
    assert run.code == 0
    assert {"v=spf1 a ~all", "v=spf1 mx -all"} <= set(run.out.splitlines())
    assert "spf-two-records" in run.out
    assert "would not be touched" in run.out


def test_an_invalid_record_has_a_caret_under_its_fault(spf: Spf) -> None:
    run = spf("odd.example.com")
    assert run.code == 0
    lines = run.out.splitlines()
    record = next(number for number, line in enumerate(lines) if line == "v=spf1 a ipv4:192.0.2.1 ~all")
    assert lines[record + 1] == " " * lines[record].index("ipv4") + "^"
    assert "unknown mechanism" in run.out
    assert sum("^" in line for line in lines) == 1


def test_an_alias_is_named(spf: Spf) -> None:
    run = spf("alias.example.com")
    assert run.code == 0
    assert "owner-cname" in run.out
    assert "mailgate.example.com" in run.out


def test_a_service_of_the_operators_own(spf: Spf, tmp_path: Path) -> None:
    config = tmp_path / "own.yaml"
    config.write_text(
        "services:\n  own: {include: _spf.example.com, all_qualifier: '-', "
        "exchanges: [{exchange: mx.filter.example, below: 1, replace: 10}]}\n"
    )
    run = spf("tree.example.com", "--service", "own", "--config", str(config), "--output", "json")
    assert (run.code, run.json["service"], run.json["with_service"]["state"]) == (0, "own", "there")


def test_a_dns_that_cannot_be_asked_is_1(cli: Cli) -> None:
    run = cli("spf", "example.com", "--nameserver", "127.0.0.1:9", "--resolver", "127.0.0.1:9", "--output", "json")
    assert (run.code, set(run.json)) == (1, KEYS)
    assert run.json["error"]["kind"] == "lookup-failed"
    assert run.json["tree"] is None
    table = cli("spf", "example.com", "--nameserver", "127.0.0.1:9", "--resolver", "127.0.0.1:9")
    assert table.code == 1
    assert "could not be asked" in table.err


@pytest.mark.parametrize("words", [("exa mple.com",), ("example.com", "--zone", "example.net")])
def test_what_cannot_be_meant_is_2(spf: Spf, words: tuple[str, ...]) -> None:
    assert spf(*words).code == 2


def test_an_unknown_provider_is_an_error_of_its_own(cli: Cli) -> None:
    run = cli("spf", "example.com", "--provider", "no-such", "--output", "json")
    assert run.code != 0
    assert run.json["error"]["message"]


def test_the_sandbox_shows_the_seeds_example(cli: Cli) -> None:
    run = cli("spf", "example.com", "--provider", "sandbox", "--output", "json")
    assert (run.code, run.json["lookups"], run.json["with_service"]["lookups"]) == (0, 2, 3)
