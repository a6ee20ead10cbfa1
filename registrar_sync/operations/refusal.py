"""A known failure before anything was asked of anybody, as the result of its operation."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from registrar_sync.errors import RegistrarSyncError
from registrar_sync.operations.result import Command, Result


def guarded(command: Command, domain: str, run: Callable[[], Result], **known: str | None) -> Result:
    """What ``run`` gives; a known error that it raises as the result of a refusal. ``known`` as for ``refusal``."""
    try:
        return run()
    except RegistrarSyncError as error:
        return refusal(command, domain, error, **known)


def refusal(command: Command, domain: str, error: RegistrarSyncError, **known: str | None) -> Result:
    """The result of what was refused before anybody was asked anything. ``known``: provider, account, service, as given."""
    about: dict[str, Any] = known
    return Result(command=command, domain=domain, state="refused", error=error, message=error.message, hint=error.hint, **about)
