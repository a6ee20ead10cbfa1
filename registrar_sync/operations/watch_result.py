"""What is told of a change on the watch when it ends."""

from __future__ import annotations

from typing import Any

from registrar_sync.core.evidence import Change
from registrar_sync.core.names import display
from registrar_sync.errors import RegistrarSyncError
from registrar_sync.operations.result import Result, State


def result(change: Change, state: State, **more: Any) -> Result:
    """What the command line prints of a change on the watch."""
    return Result(
        command="watch",
        domain=change.what.domain,
        state=state,
        zone=change.what.zone,
        provider=change.what.provider,
        account=change.what.account,
        service=change.what.service.get("name"),
        change_id=change.id,
        **more,
    )


def refused(change: Change, error: RegistrarSyncError) -> Result:
    """It cannot be watched, as for an account that is no longer there."""
    return result(change, "refused", error=error, message=error.message, hint=error.hint)


def superseded(change: Change, later: Change) -> Result:
    """Another change stands in its place, and will be seen in its own right."""
    text = f"Change {later.id} has taken its place."
    return result(change, "written", message=text, hint=f"registrar-sync history {display(change.what.domain)}")


def gone(change: Change) -> Result:
    """It is not what was written any more."""
    text = (
        "It was rolled back by somebody else."
        if change.last("rolled-back")
        else f"Somebody else has gone on with it ({change.state})."
    )
    return result(change, "written", message=text, hint=f"registrar-sync history {display(change.what.domain)}")
