"""Run the command line as a person does, and look at what it prints and how it ends."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from typer.testing import CliRunner

from registrar_sync.cli.app import app
from tests.cli.many_zones import configured, roster, sandbox

__all__ = ["configured", "roster", "sandbox"]


# The command line in a process of its own. A suite started in the background may have SIGINT ignored, and its children with it.
HEARING = [
    sys.executable,
    "-c",
    "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); from registrar_sync.cli.app import run; run()",
]


@dataclass(frozen=True)
class Run:
    """What a command left: exit code, stdout, stderr."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        """stdout as the one JSON object that it must be."""
        found: dict[str, Any] = json.loads(self.out)
        return found


Cli = Callable[..., Run]


@pytest.fixture
def cli() -> Cli:
    """Call with the words after ``registrar-sync``."""

    def run(*words: str, **kwargs: Any) -> Run:
        result = CliRunner().invoke(app, list(words), catch_exceptions=False, **kwargs)
        return Run(result.exit_code, result.stdout, result.stderr)

    return run
