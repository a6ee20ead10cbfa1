"""YAML read safely, with the line of every key: so that a fault in providers.yaml is told with file, line and key."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from registrar_sync.errors import ConfigInvalid

KeyPath = tuple[str, ...]

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # libyaml, where PyYAML was built with it: ten times as quick


@dataclass(frozen=True, slots=True)
class Mark:
    """Where something stands: a file and a line, counted from 1."""

    file: Path
    line: int


@dataclass(frozen=True, slots=True)
class Located:
    """Plain data together with the place of every key in it. ``file``: the one to name where a key has no place.

    ``writers``: who else than its reader and root could have written the file, in words; empty where nobody could.
    """

    file: Path
    data: dict[str, Any]
    marks: Mapping[KeyPath, Mark]
    writers: str = ""

    def mark(self, path: Iterable[object]) -> Mark:
        """The place of a key, or of the closest thing that holds it."""
        keys = tuple(str(key) for key in path)
        found = (self.marks[keys[:end]] for end in range(len(keys), -1, -1) if keys[:end] in self.marks)
        return next(found, Mark(self.file, 1))

    def fault(self, path: Iterable[object], what: str) -> ConfigInvalid:
        """The error for the value at ``path``."""
        keys = [str(key) for key in path]
        return config_fault(self.mark(keys), ".".join(keys), what)


def config_fault(mark: Mark, key: str, what: str) -> ConfigInvalid:
    """A fault in a configuration file, with file, line and key."""
    where = f"{mark.file}, line {mark.line}" + (f", key {key}" if key else "")
    return ConfigInvalid(
        f"{where}: {what}. Nothing was asked of any provider.",
        hint=f"Correct {mark.file}; registrar-sync config check tells whether it is right.",
    )


def read_located(path: Path) -> Located:
    """Read a YAML file that holds one mapping. Raises ``ConfigInvalid`` for everything that is wrong with it."""
    text, writers = _text_of(path)
    try:
        root = yaml.compose(text, Loader=_LOADER)
        if root is None:
            return Located(path, {}, {}, writers)
        places = _Places(path)
        places.note(root, ())
        data = yaml.constructor.SafeConstructor().construct_document(root)
    except yaml.YAMLError as error:
        raise _not_yaml(error, path, text) from error
    except (RecursionError, ValueError) as error:  # nesting without end; a date such as 2026-99-99
        raise config_fault(Mark(path, 1), "", f"it cannot be read as YAML ({error})") from error
    if not isinstance(data, dict):
        raise config_fault(Mark(path, 1), "", "it must hold keys such as accounts: and services:")
    return Located(path, data, places.marks, writers)


def read_shipped(path: Path) -> Located:
    """As ``read_located``, but what did not change is not read again: it is long. Its reader must not change it."""
    status = path.stat()
    return _read_once(path, status.st_mtime_ns, status.st_size)


@lru_cache(maxsize=1)
def _read_once(path: Path, modified_ns: int, size: int) -> Located:
    return read_located(path)


def _text_of(path: Path) -> tuple[str, str]:
    try:
        with path.open(encoding="utf-8") as file:
            return file.read(), _writers(os.fstat(file.fileno()))
    except OSError as error:
        raise ConfigInvalid(
            f"{path} cannot be read: {error.strerror or error}. Nothing was asked of any provider.",
            hint="Give an existing, readable file with --config.",
        ) from error
    except UnicodeDecodeError as error:
        raise config_fault(Mark(path, 1), "", f"it is not UTF-8 text (byte {error.start})") from error


def _writers(status: os.stat_result) -> str:
    """Of the file that was opened: a symbolic link's target. Where there are no such modes and owners: nobody."""
    if os.name != "posix":
        return ""
    if status.st_uid not in (0, os.geteuid()):
        return f"it belongs to another user (uid {status.st_uid})"
    return "others than its owner can write to it" if status.st_mode & 0o022 else ""


def _not_yaml(error: yaml.YAMLError, path: Path, text: str) -> ConfigInvalid:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    problem = getattr(error, "problem", None) or getattr(error, "reason", None) or str(error)
    lines = text.splitlines()
    if mark and mark.line < len(lines) and lines[mark.line].lstrip(" ").startswith("\t"):
        problem = "a tab stands where YAML wants spaces"
    return config_fault(Mark(path, mark.line + 1 if mark else 1), "", f"it is not valid YAML: {problem}")


class _Places:
    """The line of every key of a document."""

    def __init__(self, path: Path) -> None:
        self.marks: dict[KeyPath, Mark] = {}
        self._path = path
        self._seen: set[int] = set()

    def note(self, node: yaml.Node, at: KeyPath) -> None:
        """Note all keys below ``node``; refuse a key that is given twice, and ``*alias``.

        A few lines of aliases expand without end, and a key under one has no line of its own.
        """
        if id(node) in self._seen:
            raise config_fault(self.marks.get(at, Mark(self._path, 1)), ".".join(at), "YAML aliases (*name) are not supported")
        self._seen.add(id(node))
        if isinstance(node, yaml.MappingNode):
            for key, value in node.value:
                self._note_key((*at, str(key.value)), self._mark(key))
                self.note(value, (*at, str(key.value)))
        elif isinstance(node, yaml.SequenceNode):
            for index, value in enumerate(node.value):
                self.marks[*at, str(index)] = self._mark(value)
                self.note(value, (*at, str(index)))

    def _note_key(self, key: KeyPath, mark: Mark) -> None:
        if key in self.marks:
            raise config_fault(mark, ".".join(key), f"this key is given twice (first in line {self.marks[key].line})")
        self.marks[key] = mark

    def _mark(self, node: yaml.Node) -> Mark:
        return Mark(self._path, node.start_mark.line + 1)
