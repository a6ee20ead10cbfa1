"""A page's file: known to be writable before hours of work go into it, and never half a page in the place of a whole one."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from registrar_sync.errors import RegistrarSyncError, UsageError

_HINT = "Name another file with --html."


class PageFile:
    """Text that takes the place of ``path`` once it is complete. Raises ``UsageError`` for a path that cannot be written."""

    def __init__(self, path: Path, *, roster: Path | None) -> None:
        self._path = path
        if path.is_dir():
            raise UsageError(f"{path} is a directory, and --html names a file. Nobody was asked anything.")
        if roster is not None and path.exists() and roster.exists() and path.samefile(roster):
            raise UsageError(
                f"--html would write over the roster {roster}. Nobody was asked anything.", hint="Name another file."
            )
        try:
            handle, name = tempfile.mkstemp(prefix=f".{path.name[:100]}.", dir=path.parent)
        except (OSError, ValueError) as error:
            raise UsageError(f"{self._cannot(error)} Nobody was asked anything.", hint=_HINT) from error
        os.close(handle)
        self._beside = Path(name)

    def write(self, pieces: Iterable[str]) -> None:
        """Write it whole, readable as any new file of the operator's. Raises ``RegistrarSyncError``."""
        try:
            with self._beside.open("w", encoding="utf-8", errors="backslashreplace") as file:
                file.writelines(pieces)
            self._beside.chmod(0o666 & ~_umask())
            self._beside.replace(self._path)
        except OSError as error:
            raise RegistrarSyncError(f"{self._cannot(error)} Nothing was changed.", hint=_HINT) from error

    def close(self) -> None:
        """Leave nothing behind but a complete page."""
        with suppress(OSError):
            self._beside.unlink(missing_ok=True)

    def _cannot(self, error: Exception) -> str:
        why = error.strerror if isinstance(error, OSError) else str(error)
        return f"{self._path} cannot be written: {why}."


def _umask() -> int:
    umask = os.umask(0o077)
    os.umask(umask)
    return umask
