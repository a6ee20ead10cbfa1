"""The zones in a JSON file that several processes may share: replaced whole, under a lock that dies with its holder."""

from __future__ import annotations

import fcntl
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from registrar_sync.errors import ConfigInvalid
from registrar_sync.sandbox.zone import Publication, Row, Zone

SCHEMA = "registrar-sync-sandbox/1"
Signature = tuple[int, int, int]


class StateFile:
    """One file. ``signature`` tells cheaply whether another process has replaced it. Raises ``ConfigInvalid`` where no file
    can be written."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock_path = path.with_name(path.name + ".lock")
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._lock_path.touch(mode=0o600)
        except OSError as error:
            raise ConfigInvalid(f"The sandbox cannot keep its state at {path}: {error.strerror}.") from error

    def signature(self) -> Signature | None:
        """Changes with every save; None while there is no file."""
        try:
            seen = self.path.stat()
        except FileNotFoundError:
            return None
        return (seen.st_ino, seen.st_mtime_ns, seen.st_size)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep every other process out; the system gives the lock back even when its holder is killed."""
        with self._lock_path.open("a") as handle:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield

    def load(self) -> dict[str, Zone]:
        """The zones, none where there is no file. Raises ``ConfigInvalid`` where the file is not one of ours."""
        try:
            return _zones(json.loads(self.path.read_text(encoding="utf-8")))
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ConfigInvalid(
                f"The sandbox's state file {self.path} cannot be used: {error}.", hint="Delete it to start the sandbox afresh."
            ) from error

    def save(self, zones: Mapping[str, Zone]) -> None:
        """Replace the file; a reader sees the old or the new one, never a part. Call it under ``locked``."""
        document = {"schema": SCHEMA, "zones": [asdict(zone) for zone in zones.values()]}
        new = self.path.with_name(self.path.name + ".new")
        new.write_text(json.dumps(document), encoding="utf-8")
        new.replace(self.path)


def _zones(document: dict[str, Any]) -> dict[str, Zone]:
    if document["schema"] != SCHEMA:
        raise ValueError(f"its schema is {document['schema']!r}")
    return {zone["name"]: _zone(zone) for zone in document["zones"]}


def _zone(raw: dict[str, Any]) -> Zone:
    publications = tuple(_publication(publication) for publication in raw["publications"])
    return Zone(**{**raw, "rows": _rows(raw["rows"]), "publications": publications})


def _publication(raw: dict[str, Any]) -> Publication:
    return Publication(**{**raw, "rows": _rows(raw["rows"])})


def _rows(raw: list[dict[str, Any]]) -> tuple[Row, ...]:
    return tuple(Row(**row) for row in raw)
