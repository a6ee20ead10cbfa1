"""``enroll`` on awkward zones, through the command line, OVH's simulator and a name server; docs/awkward-zones.md is its table.

A stale table fails; ``WRITE_DOCS=1`` writes it anew.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from registrar_sync.cli.app import app
from registrar_sync.sandbox.seed import seed_zones
from registrar_sync.sandbox.server import Sandbox
from registrar_sync.sandbox.zonefile import zone_from_text
from tests.contract.worlds import SandboxVendor
from tests.docs.awkward_zones import WORLD, ZONES, Awkward

TABLE = Path(__file__).parents[2] / "docs" / "awkward-zones.md"
_APEX = """$TTL 300
@ SOA ns1 hostmaster 1 7200 900 1209600 600
@ NS ns1
ns1 A 127.0.0.1
@ A 192.0.2.10
mailgate A 192.0.2.5
a A 192.0.2.6
b A 192.0.2.7
"""
_USUAL = {"delegation-not-checked"}  # the account names its name servers


@pytest.fixture
def box(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Sandbox]:
    zones: dict[str, Any] = {"security-mail.net.": seed_zones()["security-mail.net."]}
    zones |= {f"{name}.": zone_from_text(name, _APEX + records, hosted=False) for name, records in WORLD.items()}
    zones |= {f"{zone.zone}.": _APEX + zone.records for zone in ZONES}
    with Sandbox(zones=zones) as sandbox:
        config = tmp_path / "providers.yaml"
        config.write_text(yaml.safe_dump({"accounts": {"ovh": SandboxVendor(sandbox, "ovh").account()}}))
        monkeypatch.setenv("REGISTRAR_SYNC_CONFIG", str(config))
        monkeypatch.setenv("SANDBOX", "sandbox")
        yield sandbox


def enroll(zone: Awkward) -> dict[str, Any]:
    words = ["enroll", zone.domain, "-p", "ovh", "--yes", "--output", "json", *zone.options.split()]
    told: dict[str, Any] = json.loads(CliRunner().invoke(app, words, catch_exceptions=False).stdout)
    return told


def stands(box: Sandbox, zone: Awkward) -> list[str]:
    """SPF and MX at the owner, as the DNS serves them."""
    lines = (line.split(" ", 4) for line in box.store.zone_text(zone.zone).splitlines())
    ours = [(rtype, text) for owner, _, _, rtype, text in lines if owner == f"{zone.domain}." and rtype in ("TXT", "MX")]
    texts = sorted(text for rtype, text in ours if rtype == "TXT" and text.lower().startswith('"v=spf1'))
    exchanges = sorted((text for rtype, text in ours if rtype == "MX"), key=lambda text: int(text.split()[0]))
    return [*texts, *exchanges]


def test_every_awkward_zone_ends_as_it_must_and_the_table_says_so(box: Sandbox) -> None:
    rows: list[str] = []
    wrong: list[object] = []
    for zone in ZONES:
        before = stands(box, zone)
        told = enroll(zone)
        after = stands(box, zone)
        found = {one["id"] for one in told["findings"]} - _USUAL
        if told["state"] != zone.state or not set(zone.findings) <= found:
            wrong.append((zone.name, told["state"], sorted(found), told["error"], [f["message"] for f in told["findings"]]))
        if zone.state == "refused" and (after != before or told["changed"]):
            wrong.append((zone.name, "changed although refused", before, after))
        rows.append(_row(zone, before, told, found, after))
    assert wrong == []
    _compare(_HEAD.format(count=len(rows)) + "".join(rows))


def _row(zone: Awkward, before: list[str], told: dict[str, Any], found: set[str], after: list[str]) -> str:
    listed = sorted(_said(one) for one in told["findings"] if one["id"] in found)
    cells = (
        f"`{' '.join(['enroll', zone.domain, *zone.options.split()])}`",
        _lines(f"`{text}`" for text in before),
        _lines(listed) or "none",
        "as before" if after == before else _lines(f"`{text}`" for text in after),
        told["state"],
    )
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |\n"


def _said(finding: dict[str, str]) -> str:
    accepted = " (accepted)" if finding["message"].startswith("(accepted)") else ""
    return f"{finding['severity']}: {finding['id']}{accepted}"


def _lines(texts: Any) -> str:
    return "<br>".join(texts)


_HEAD = """# Awkward zones

What `enroll` makes of {count} zones such as operators meet. This table is written by the test that runs them
(`tests/docs/test_awkward_zones.py`), against OVH's simulator and a name server; only SPF and MX are shown, and nothing else
in these zones changes. What a finding means: `registrar-sync findings ID`.

| command | before | findings | after | state |
|---|---|---|---|---|
"""


def _compare(text: str) -> None:
    if os.environ.get("WRITE_DOCS"):
        TABLE.write_text(text, encoding="utf-8")
    assert TABLE.read_text(encoding="utf-8") == text, "docs/awkward-zones.md is stale: WRITE_DOCS=1 writes it"
