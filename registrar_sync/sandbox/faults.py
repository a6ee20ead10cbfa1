"""Faults on demand: a test's canned refusals, and its actions at a moment of our program's conversation with a vendor."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

Moment = Literal["before", "after"]
CONNECTION_BROKEN = 0
"""The status that stands for a connection that breaks off instead of an answer."""


@dataclass(slots=True)
class _Aimed:
    method: str
    pattern: str
    left: int | None

    def hits(self, method: str, path: str) -> bool:
        """Whether it is for this request; each hit uses it up by one."""
        if self.left == 0 or not re.fullmatch(self.method, method) or not re.search(self.pattern, path):
            return False
        if self.left is not None:
            self.left -= 1
        return True


@dataclass(slots=True)
class Fault(_Aimed):
    """An answer given instead of the vendor's: before the request takes effect, or after it did."""

    status: int = 500
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    before_effect: bool = True


@dataclass(slots=True)
class Hook(_Aimed):
    """An action run just before or just after a request takes effect, before its answer is sent."""

    act: Callable[[], object] = lambda: None
    when: Moment = "before"


class Faults:
    """The faults and hooks set, and the finding of those that hit."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._faults: list[Fault] = []
        self._hooks: list[Hook] = []

    def fail_next(
        self,
        method: str,
        path_regex: str,
        status: int = 500,
        body: str | bytes | object = b"",
        headers: Mapping[str, str] | None = None,
        *,
        before_effect: bool = True,
        times: int | None = 1,
    ) -> None:
        """Answer the next ``times`` matching requests (None: all) with ``status``.

        ``method`` and ``path_regex`` are regular expressions (the path as asked, query included); ``body`` text, bytes or
        anything JSON; ``status`` 0 breaks the connection off in the middle of the answer. ``before_effect`` False: the
        request takes effect and only its answer is lost.
        """
        raw = body if isinstance(body, bytes) else (body if isinstance(body, str) else json.dumps(body)).encode()
        kind = {} if isinstance(body, str | bytes) else {"content-type": "application/json"}
        fault = Fault(method, path_regex, times, status, raw, {**kind, **(headers or {})}, before_effect)
        with self._lock:
            self._faults.append(fault)

    def hook(
        self, method: str, path_regex: str, act: Callable[[], object], *, when: Moment = "before", times: int | None = 1
    ) -> None:
        """Call ``act`` at the next ``times`` matching requests (None: all): it may edit the store, wait, or kill.

        The answer is held until ``act`` returns, and so is the sandbox's stopping: give every wait an end.
        """
        with self._lock:
            self._hooks.append(Hook(method, path_regex, times, act, when))

    def fault_for(self, method: str, path: str) -> Fault | None:
        """The fault that hits this request."""
        with self._lock:
            return next((fault for fault in self._faults if fault.hits(method, path)), None)

    def actions_for(self, method: str, path: str) -> list[Hook]:
        """The hooks that hit this request."""
        with self._lock:
            return [hook for hook in self._hooks if hook.hits(method, path)]

    def clear(self) -> None:
        """Forget every fault and hook."""
        with self._lock:
            self._faults.clear()
            self._hooks.clear()
