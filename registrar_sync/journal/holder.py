"""Who holds a lock, and whether that process still runs: said only where it can be proved."""

from __future__ import annotations

import getpass
import os
import socket
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

_ENDED = ("Z", "X", "x")  # proc(5): a zombie or dead process runs no more code


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """One process. ``machine``: one boot of one machine, one pid namespace of it; ``start``: when the process began, in the
    kernel's own count ("" where it cannot be told)."""

    machine: str
    host: str
    user: str
    pid: int
    start: str

    @property
    def columns(self) -> dict[str, str | int]:
        """As a row of the journal names it."""
        return {"machine": self.machine, "host": self.host, "user": self.user, "pid": self.pid, "start": self.start}

    def __str__(self) -> str:
        return f"{self.user} on {self.host}, process {self.pid}"


def holder_from(row: Mapping[str, Any]) -> Holder:
    """The process that a row of the journal names."""
    return Holder(**{name: row[name] for name in ("machine", "host", "user", "pid", "start")})


def this_process() -> Holder:
    """The process that asks."""
    return _process(os.getpid())


@lru_cache(maxsize=1)  # by its number: a fork is another process
def _process(pid: int) -> Holder:
    return Holder(machine=_machine(), host=_printable(socket.gethostname()), user=_user(), pid=pid, start=_stat(pid)[1])


def is_running(holder: Holder) -> bool | None:
    """True and False where it is proved; None where it cannot be (another machine, or no way to ask)."""
    # on Windows os.kill(pid, 0) would not ask but interrupt
    if os.name != "posix" or holder.machine != _machine():
        return None
    try:
        os.kill(holder.pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass  # it exists, and is another user's
    state, start = _stat(holder.pid)
    if state in _ENDED:
        return False
    return start == holder.start if start and holder.start else None


def _stat(pid: int) -> tuple[str, str]:
    """The process's state and start time, fields 3 and 22 of proc(5) stat; both "" where they cannot be read."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return "", ""
    # the command name before the last ")" may itself hold blanks and parentheses
    fields = text.rpartition(")")[2].split()
    return fields[0], fields[19]


def _machine() -> str:
    """A host name is not enough: containers share one over several pid namespaces, cloned machines share one altogether."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        return f"{boot}/{Path('/proc/self/ns/pid').readlink()}"
    except OSError:
        return f"{socket.gethostname()}/{uuid.getnode():x}"


def _user() -> str:
    try:
        return _printable(getpass.getuser())
    except (KeyError, OSError, ImportError):
        return "unknown user"


def _printable(text: str) -> str:
    return text.encode("utf-8", "replace").decode("utf-8")
