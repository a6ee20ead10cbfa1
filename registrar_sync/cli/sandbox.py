"""The command sandbox serve: a registrar in a box."""

from __future__ import annotations

import contextlib
import json
import math
import threading
from pathlib import Path
from typing import Annotated

import typer

from registrar_sync.cli.options import Common, Output
from registrar_sync.cli.session import session
from registrar_sync.errors import UsageError

app = typer.Typer(no_args_is_help=True, help="A registrar in a box, on loopback.")

Address = Annotated[str, typer.Option(metavar="ADDR:PORT", help="Where to listen; port 0 takes a free one.")]


@app.command()
def serve(
    api: Address = "127.0.0.1:0",
    dns: Address = "127.0.0.1:0",
    zone_file: Annotated[
        list[Path] | None, typer.Option(help="A master file to serve (repeatable); without it, example.com.")
    ] = None,
    publish_delay: Annotated[float, typer.Option(metavar="S", help="Seconds until published data is served.")] = 0.0,
) -> None:
    """Serve the simulators of the certified vendors and a name server until interrupted."""
    from registrar_sync.sandbox.launch import parse_address  # noqa: PLC0415
    from registrar_sync.sandbox.launch import serve as serve_sandbox  # noqa: PLC0415 - Starlette only here

    with session(Common(output=Output.json)) as now:
        if not math.isfinite(publish_delay) or publish_delay < 0:
            raise UsageError("A publish delay is a number of seconds, zero or more.")
        serve_sandbox(
            lambda told: now.printer.text(json.dumps(told) + "\n"),
            _until_interrupted,
            api=parse_address(api),
            dns=parse_address(dns),
            zone_files=zone_file or (),
            publish_delay_s=publish_delay,
        )


def _until_interrupted() -> None:
    """Ctrl-C is how it ends: nothing went wrong."""
    with contextlib.suppress(KeyboardInterrupt):
        threading.Event().wait()
