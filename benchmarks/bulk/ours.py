"""What this package runs: ``bulk run`` on a roster, with the settings that an operator would give."""

from __future__ import annotations

from pathlib import Path

import yaml

from benchmarks.bulk.backend import Stage
from benchmarks.bulk.floor import KEY_VARIABLE
from benchmarks.dns.child import python

ACCOUNT = "measured"


def commands(stage: Stage, at_once: int) -> list[list[str]]:
    """One."""
    prepare(stage, at_once)
    return [run(stage.folder)]


def prepare(stage: Stage, at_once: int, *, call_limit_s: float = 15.0) -> None:
    """Write the roster and the configuration."""
    account = {
        "provider": "powerdns",
        "endpoint": stage.api,
        "credentials": {"auth_token": f"env:{KEY_VARIABLE}"},
        "nameservers": [stage.dns],
        "resolvers": [stage.dns],
        "concurrency": at_once,
        "call_limit_s": call_limit_s,
    }
    (stage.folder / "providers.yaml").write_text(yaml.safe_dump({"accounts": {ACCOUNT: account}}))
    (stage.folder / "roster.txt").write_text("".join(f"{name.removesuffix('.')}\n" for name in stage.estate.names))


def run(folder: Path) -> list[str]:
    """The command that begins a run."""
    return bulk(folder, "run", str(folder / "roster.txt"), "--account", ACCOUNT, "--yes", "--output", "json")


def bulk(folder: Path, command: str, *arguments: str) -> list[str]:
    """A command on the folder's journal."""
    where = ["--journal", str(folder / "journal.sqlite"), "--config", str(folder / "providers.yaml")]
    return python("registrar_sync", "bulk", command, *arguments, *where)
