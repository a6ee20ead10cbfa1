"""BIND's own programs, which know nothing of us: nsupdate writes and we read, we write and dig reads; both ways exactly."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contract.worlds import USUAL, ProviderWorld
from tests.integration.bind import ALGORITHM, SECRETS, Bind
from tests.integration.bind_world import BindVendor, bind_server
from tests.integration.internet_processes import find_program


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bind]:
    with bind_server(tmp_path_factory.mktemp("ddns")) as vendor:
        yield vendor.server


@pytest.fixture
def world(running: Bind, tmp_path: Path) -> Iterator[ProviderWorld]:
    world = ProviderWorld(BindVendor(running), "ddns", tmp_path)
    world.vendor.load(USUAL)
    yield world
    world.close()


def nsupdate(server: Bind, *lines: str, key: str | None = "others") -> subprocess.CompletedProcess[str]:
    signing = ["-y", f"{ALGORITHM}:{key}:{SECRETS[key]}"] if key else []
    text = "\n".join([f"server 127.0.0.1 {server.port}", "zone example.com", *lines, "send", ""])
    program = [str(find_program("nsupdate", server.folder)), "-v", *signing]
    return subprocess.run(program, input=text, capture_output=True, text=True, timeout=20, check=False)


def dig(server: Bind, rtype: str, name: str = "example.com") -> set[str]:
    """TTL and rdata of each record."""
    program = [
        str(find_program("dig", server.folder)),
        "@127.0.0.1",
        "-p",
        str(server.port),
        "+noall",
        "+answer",
        "+tcp",
        name,
        rtype,
    ]
    told = subprocess.run(program, capture_output=True, text=True, timeout=20, check=True).stdout
    return {" ".join([words[1], *words[4:]]) for line in told.splitlines() if (words := line.split())}


def test_what_nsupdate_writes_is_what_we_plan_on(world: ProviderWorld, running: Bind) -> None:
    done = nsupdate(
        running,
        "update delete example.com TXT",
        "update delete example.com MX",
        'update add example.com 1200 TXT "v=spf1 ip4:192.0.2.0/24 " "-all"',
        'update add example.com 1200 TXT "theirs; \\"quoted\\""',
        "update add example.com 900 MX 20 in.example.net.",
    )
    assert done.returncode == 0, done.stderr
    before = dig(running, "TXT"), dig(running, "MX")
    assert world.client().enroll("example.com", provider="ddns").state == "authoritative"
    assert dig(running, "MX") == {"900 3 france.security-mail.net.", "900 4 europe.security-mail.net.", "900 20 in.example.net."}
    spf = "v=spf1 ip4:192.0.2.0/24 include:includespf.security-mail.net -all"
    assert dig(running, "TXT") == {f'1200 "{spf}"', '1200 "theirs; \\"quoted\\""'}
    assert world.client().rollback("example.com").state == "authoritative"
    assert (dig(running, "TXT"), dig(running, "MX")) == before


def test_what_we_write_nsupdate_finds_and_takes_out_by_value(world: ProviderWorld, running: Bind) -> None:
    assert world.client().enroll("example.com", provider="ddns").state == "authoritative"
    done = nsupdate(
        running,
        "prereq yxrrset example.com MX 3 france.security-mail.net.",
        "prereq yxrrset example.com MX 4 europe.security-mail.net.",
        "prereq yxrrset example.com MX 5 mailgate.example.com.",
        "prereq yxrrset example.com MX 40 smtp.isp.net.",
        "prereq yxrrset example.com MX 40 secours.isp.net.",
        "update delete example.com MX 4 europe.security-mail.net.",
    )
    assert done.returncode == 0, done.stderr
    assert world.client().check("example.com", provider="ddns").state != "authoritative"
    assert world.client().rollback("example.com").state == "authoritative"
    assert {line.split()[1] for line in dig(running, "MX")} == {"5", "40"}


def test_without_a_key_nobody_changes_the_zone(world: ProviderWorld, running: Bind) -> None:
    stored = world.vendor.stored()
    done = nsupdate(running, "update delete example.com MX", key=None)
    assert "REFUSED" in done.stderr
    assert world.vendor.stored() == stored
