"""The command worker: runs on several machines."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

import typer

from registrar_sync.bulk.outcome import Patience
from registrar_sync.cli.one_core import one_core
from registrar_sync.cli.options import Common, grouped
from registrar_sync.cli.session import session
from registrar_sync.errors import RegistrarSyncError, UnknownName, UsageError
from registrar_sync.runs import Runs
from registrar_sync.wiring import World
from registrar_sync.worker.pause import WorkersClock
from registrar_sync.worker.times import USUAL, Times

if TYPE_CHECKING:
    from registrar_sync.worker.process import Process

_log = logging.getLogger(__name__)

Concurrency = Annotated[int, typer.Option(metavar="N", min=1, max=64, help="How many domains to work on at a time.")]
Metrics = Annotated[
    str | None, typer.Option(metavar="ADDR:PORT", help="Answer GET /metrics (Prometheus) and /healthz there.", show_default=False)
]


@grouped
def worker(*, concurrency: Concurrency = 16, metrics: Metrics = None, common: Common) -> None:
    """Work on the runs of a journal in PostgreSQL, together with the workers of other machines, until told to stop.

    Every run of that journal that goes on is worked on, whoever began it: bulk run --detach leaves it to the workers. Each
    account's limits hold over all of them. A worker may be killed at any time: others take over within 45 seconds. SIGTERM and
    Ctrl-C end what is under way first. docs/operations.md tells how to set workers up.
    """
    from registrar_sync.sandbox.launch import parse_address  # noqa: PLC0415 - Starlette is slow to import

    with session(common, "worker") as now:
        listen = parse_address(metrics) if metrics else None
        process = process_of(now.world, concurrency=concurrency, metrics=listen, announce=now.printer.progress)
        with one_core():
            process.run()


def process_of(
    world: World,
    *,
    concurrency: int,
    metrics: tuple[str, int] | None = None,
    times: Times = USUAL,
    patience: Patience | None = None,
    announce: Callable[[str], None] = lambda text: None,
) -> Process:
    """The worker on this world. ``patience``: with domains that may be tried again. Raises ``UsageError``."""
    from registrar_sync.worker.place import conninfo_of  # noqa: PLC0415 - SQLAlchemy is slow to import

    conninfo = conninfo_of(world.journal_url)
    try:
        from registrar_sync.worker.process import Process, Work  # noqa: PLC0415 - installed only where there are workers
    except ImportError as error:
        text = f"A worker needs {error.name}, which is not installed. Nothing was done."
        raise UsageError(text, hint="pip install 'registrar-sync[worker]'") from error
    clock = world.clock = WorkersClock()
    runs = Runs(world, patience=patience, lease_s=times.lease_s)

    def cap(account: str) -> int:
        try:
            return world.catalog.account(account).concurrency
        except UnknownName as error:
            _log.warning("%s A run has domains there: they are left to other workers.", error.message)
            return 0

    accounts, without = _accounts(world)
    work = Work(
        book=runs.book,
        stage_of=runs.stage,
        watch_of=runs.watch_of,
        cap=cap,
        clock=clock,
        accounts=accounts,
        without=without,
    )
    process = Process(
        conninfo=conninfo,
        shown=world.journal.location,
        work=work,
        concurrency=concurrency,
        metrics=metrics,
        times=times,
        announce=announce,
    )
    world.paces = process.counters.paces()
    return process


def _accounts(world: World) -> tuple[list[str], dict[str, str]]:
    """The accounts that can be worked on here, and those that are declared but cannot, and why: they are left to others."""
    able, without = [], {}
    for name in {**world.catalog.declared, **world.catalog.providers}:
        account = world.catalog.account(name)
        try:
            if not account.sandbox:
                world.credentials(account)
            able.append(name)
        except RegistrarSyncError as error:
            if name in world.catalog.declared:
                without[name] = error.message
                _log.warning("Account %s is left to other workers: %s", name, " ".join(error.message.split()))
    return able, without
