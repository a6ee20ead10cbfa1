"""The one table from results and errors to exit codes (design section 7)."""

from __future__ import annotations

from collections.abc import Mapping

from registrar_sync.errors import RegistrarSyncError, UsageError
from registrar_sync.operations.result import Result, State

DONE, FAILED, USAGE, BUG, NOT_VISIBLE, HELD_BACK, SOME_FAILED = 0, 1, 2, 3, 4, 5, 6
CREDENTIALS, LOCKED, DRIFT, CHANGES_PLANNED, INTERRUPTED = 10, 11, 12, 20, 130

BY_KIND: Mapping[str, int] = {
    "credentials-missing": CREDENTIALS,
    "credentials-rejected": CREDENTIALS,
    "zone-locked": LOCKED,
    "drift": DRIFT,
    "interrupted": INTERRUPTED,
    "bug": BUG,
}

BY_STATE: Mapping[State, int] = {
    "planned": DONE,
    "written": DONE,
    "authoritative": DONE,
    "nothing-to-do": DONE,
    "restored": DONE,
    "refused": HELD_BACK,
    "unknown": FAILED,
    "drift": DRIFT,
    "overdue": NOT_VISIBLE,
    "not-enrolled": NOT_VISIBLE,
}


def of_error(error: RegistrarSyncError) -> int:
    """The exit code of a known failure."""
    return USAGE if isinstance(error, UsageError) else BY_KIND.get(error.kind, FAILED)


def of_result(result: Result) -> int:
    """The exit code of one domain's result. Data not served everywhere yet is 4, except where nobody asked; what was done and
    leaves something to others that nobody has accepted is 5."""
    if result.error is not None:
        return of_error(result.error)
    pending = result.visibility is not None and result.visibility.verdict == "pending"
    if pending and result.state in ("written", "nothing-to-do"):
        return NOT_VISIBLE
    code = BY_STATE[result.state]
    return HELD_BACK if code == DONE and result.left else code
