"""Zones at several vendors' simulators, with an account for each: what the bulk commands work on in tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from registrar_sync.sandbox.server import Sandbox
from tests.contract.worlds import sandbox_credentials

ZONE = """
$TTL 3600
@ SOA ns1 hostmaster 1 7200 900 1209600 600
@ NS ns1
ns1 A 127.0.0.1
mailgate A 192.0.2.12
"""
FRESH = ZONE + '@ 600 TXT "v=spf1 mx ~all"\n@ 600 MX 5 mailgate\n'
ENROLLED = ZONE + (
    '@ 600 TXT "v=spf1 mx include:includespf.security-mail.net ~all"\n'
    "@ 600 MX 3 france.security-mail.net.\n@ 600 MX 4 europe.security-mail.net.\n@ 600 MX 5 mailgate\n"
)
TWO_SPF = FRESH + '@ 600 TXT "v=spf1 a ~all"\n'
HOSTILE = (
    FRESH.replace("mx ~all", "ip4:192.0.2.12 ~all")
    + '@ 600 TXT "</script><script>alert(1)</script>"\n@ 600 TXT "\\" onmouseover=\\"alert(2)"\n'
)
ZONES = {
    "fresh.test": FRESH,
    "enrolled.test": ENROLLED,
    "two-spf.test": TWO_SPF,
    "hostile.test": HOSTILE,
    "xn--bcher-kva.test": FRESH,
}
VENDORS = ("gandi", "ovh", "ionos")

credentials = cache(sandbox_credentials)  # reading the catalog takes long


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as box:
        for name, text in ZONES.items():
            box.store.add_zone(name, text)
        box.clear_requests()
        yield box


@pytest.fixture
def configured(sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Path]:
    """The operator's file, with an account for each vendor; what is given is laid over one of them."""
    monkeypatch.setenv("SANDBOX", "sandbox")

    def write(**more: dict[str, Any]) -> Path:
        dns = ["{}:{}".format(*sandbox.dns_address)]
        accounts = {
            vendor: {
                "provider": vendor,
                "endpoint": sandbox.vendors[vendor],
                "credentials": {**credentials(vendor)},
                "nameservers": [*dns],
                "resolvers": [*dns],
            }
            for vendor in VENDORS
        }
        for name, entry in more.items():
            accounts[name] = {**accounts.get(name, {}), **entry}
        config = tmp_path / "providers.yaml"
        config.write_text(yaml.safe_dump({"accounts": accounts}))
        monkeypatch.setenv("REGISTRAR_SYNC_CONFIG", str(config))
        return config

    write()
    return write


@pytest.fixture
def roster(configured: Callable[..., Path], tmp_path: Path) -> Callable[[str], str]:
    """A roster's file, of its text."""

    def write(text: str, name: str = "roster.csv") -> str:
        file = tmp_path / name
        file.write_text(text, encoding="utf-8")
        return str(file)

    return write
