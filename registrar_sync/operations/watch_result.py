"""What is told of a change on the watch when it ends."""

from __future__ import annotations

from dataclasses import dataclass
from sys import intern
from typing import Any

from registrar_sync.core.evidence import Change
from registrar_sync.core.names import display
from registrar_sync.errors import RegistrarSyncError
from registrar_sync.operations.result import Result, State


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """A change as its result names it: all that is kept of that while it waits. Names that many share are one object."""

    change_id: int
    domain: str
    zone: str
    provider: str
    account: str
    service: str | None

    @classmethod
    def of(cls, change: Change) -> About:
        """Of a change that was read."""
        what = change.what
        service = what.service.get("name")
        return cls(
            change_id=change.id,
            domain=what.domain,
            zone=what.domain if what.zone == what.domain else what.zone,
            provider=intern(what.provider),
            account=intern(what.account),
            service=service if service is None else intern(service),
        )

    def result(self, state: State, **more: Any) -> Result:
        """What the command line prints of it."""
        return Result(
            command="watch",
            domain=self.domain,
            state=state,
            zone=self.zone,
            provider=self.provider,
            account=self.account,
            service=self.service,
            change_id=self.change_id,
            **more,
        )


def refused(change: Change, error: RegistrarSyncError) -> Result:
    """It cannot be watched, as for an account that is no longer there."""
    return About.of(change).result("refused", error=error, message=error.message, hint=error.hint)


def superseded(change: Change, later: Change) -> Result:
    """Another change stands in its place, and will be seen in its own right."""
    text = f"Change {later.id} has taken its place."
    return About.of(change).result("written", message=text, hint=f"registrar-sync history {display(change.what.domain)}")


def gone(change: Change) -> Result:
    """It is not what was written any more."""
    text = (
        "It was rolled back by somebody else."
        if change.last("rolled-back")
        else f"Somebody else has gone on with it ({change.state})."
    )
    return About.of(change).result("written", message=text, hint=f"registrar-sync history {display(change.what.domain)}")
