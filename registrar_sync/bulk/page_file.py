"""A page's file: known to be writable before hours of work go into it, and never half a page in the place of a whole one."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from registrar_sync.errors import RegistrarSyncError, UsageError

_HINT = "Name another file with --html."


class PageFile:
    """Text that takes the place of ``path`` once it is complete. Raises ``UsageError`` for a path that cannot be written.
    ``roster``: not to be written over. ``hint``: where another path is given."""

    def __init__(self, path: Path, *, roster: Path | None, hint: str = _HINT) -> None:
        self._path, self._hint = path, hint
        if path.is_dir():
            raise UsageError(f"{path} is a directory, and a file is to be written. Nobody was asked anything.", hint=hint)
        if roster is not None and path.exists() and roster.exists() and path.samefile(roster):
            raise UsageError(
                f"--html would write over the roster {roster}. Nobody was asked anything.", hint="Name another file."
            )
        try:
            handle, name = tempfile.mkstemp(prefix=f".{path.name[:100]}.", dir=path.parent)
        except (OSError, ValueError) as error:
            raise UsageError(f"{self._cannot(error)} Nobody was asked anything.", hint=hint) from error
        os.close(handle)
        self._beside = Path(name)

    def write(self, pieces: Iterable[str]) -> None:
        """Write it whole, and put it in its place. Raises ``RegistrarSyncError``."""
        self.fill(pieces)
        self.put()

    def fill(self, pieces: Iterable[str]) -> None:
        """Write it, beside its place. Raises ``RegistrarSyncError``."""
        with self._told(), self._beside.open("w", encoding="utf-8", errors="backslashreplace", newline="\n") as file:
            file.writelines(pieces)

    def lines(self) -> Iterator[str]:
        """What was filled in."""
        with self._beside.open(encoding="utf-8") as file:
            yield from file

    def put(self) -> None:
        """What was filled in takes its place, readable as any new file of the operator's. Raises ``RegistrarSyncError``."""
        with self._told():
            self._beside.chmod(0o666 & ~_umask())
            self._beside.replace(self._path)

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise RegistrarSyncError(f"{self._cannot(error)} Nothing was changed.", hint=self._hint) from error

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
