"""octoDNS's way: dump every zone to YAML, edit the YAML, sync. ``python -m benchmarks.bulk.octo FOLDER COUNT`` is the editing.

octodns.readthedocs.io/en/latest/examples/basic and octodns-powerdns's README. The YAML holds whole zones: what a customer changes
between dump and sync is lost. ``max_workers`` is for the planning of a sync only; dump and apply go zone by zone
(octodns.manager of 1.22.0).
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import yaml

from benchmarks.bulk.estate import SERVICE_MX, Estate, merged
from benchmarks.bulk.floor import KEY_VARIABLE

CONFIG, ZONES = "octodns.yaml", "zones"

_MARKER = "v=spf1 "


def configure(folder: Path, *, port: int, workers: int) -> None:
    """Write its configuration. Only what it needs, all else as it comes."""
    (folder / ZONES).mkdir()
    config = {
        "manager": {"max_workers": workers},
        "providers": {
            "config": {
                "class": "octodns.provider.yaml.YamlProvider",
                "directory": str(folder / ZONES),
                "enforce_order": False,
            },
            "powerdns": {
                "class": "octodns_powerdns.PowerDnsProvider",
                "host": "127.0.0.1",
                "port": port,
                "api_key": f"env/{KEY_VARIABLE}",
                "mode_of_operation": "native",
            },
        },
        "zones": {"*": {"sources": ["config"], "targets": ["powerdns"]}},
    }
    (folder / CONFIG).write_text(yaml.safe_dump(config))


def commands(folder: Path, count: int, python: list[str]) -> list[list[str]]:
    """What an operator runs. ``python``: the interpreter and its options."""
    config = ["--config-file", str(folder / CONFIG)]
    return [
        [*python, "octodns.cmds.dump", *config, "--output-dir", str(folder / ZONES), "*", "powerdns"],
        [*python, "benchmarks.bulk.octo", str(folder / ZONES), str(count)],
        [*python, "octodns.cmds.sync", *config, "--doit"],
    ]


def edit(file: Path) -> None:
    """Merge the include and add the hosts, in one zone's YAML."""
    zone: dict[str, Any] = yaml.load(file.read_text(), Loader=yaml.CSafeLoader)
    apex = zone[""] if isinstance(zone[""], list) else [zone[""]]
    for record in apex:
        if record["type"] == "TXT":
            record["values"] = [_merged(value) for value in _values(record)]
        elif record["type"] == "MX":
            hosts = [dict(zip(("preference", "exchange"), text.split(), strict=True)) for text in SERVICE_MX]
            record["values"] = [*hosts, *_values(record)]
    file.write_text(yaml.dump(zone, Dumper=yaml.CSafeDumper, sort_keys=False))


def _values(record: dict[str, Any]) -> list[Any]:
    return record.pop("values") if "values" in record else [record.pop("value")]


def _merged(value: str) -> str:
    return merged(f'"{value}"')[1:-1] if value.startswith(_MARKER) else value


if __name__ == "__main__":
    for wanted in Estate(int(sys.argv[2])).names:
        edit(Path(sys.argv[1]) / f"{wanted}yaml")
