"""What each thread of an account keeps for itself: a connection. (The account's pace, which all share, is ``ports.Pace``.)"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from registrar_sync.core.model import RRsetChange, ZoneView
from registrar_sync.ports import DnsProvider


class Kept:
    """A provider that is opened for one domain after the other, over the same connection; see ``ports.DnsProvider``. For one
    thread. ``close`` gives it back to the thread, ``end`` closes it.

    After a failure the next domain gets a new one: nothing of what was half done is carried over. ``before_call``: called before
    every opening, reading and write, besides the operation's own; what it raises stops that.
    """

    def __init__(self, open_provider: Callable[[], DnsProvider], before_call: Callable[[], None] = lambda: None) -> None:
        self._open_provider = open_provider
        self._before_call = before_call
        self._provider: DnsProvider | None = None
        self._calls_before = 0
        self._failed = False

    @property
    def _now(self) -> DnsProvider:
        if self._provider is None:
            self._provider = self._open_provider()
        return self._provider

    @property
    def staged(self) -> bool:
        """The provider's."""
        return self._now.staged

    @property
    def api_calls(self) -> int:
        """Of this domain alone."""
        return self._provider.api_calls - self._calls_before if self._provider else 0

    def open(self, owner: str, zone: str | None = None) -> str:
        """The provider's."""
        if self._failed:
            self.end()
        self._calls_before = self._now.api_calls
        with _Watching(self):
            self._before_call()
            return self._now.open(owner, zone)

    def read(self, owner: str) -> ZoneView:
        """The provider's."""
        with _Watching(self):
            self._before_call()
            return self._now.read(owner)

    def write(self, changes: Sequence[RRsetChange], *, before_call: Callable[[], None]) -> None:
        """The provider's."""
        with _Watching(self):
            self._now.write(changes, before_call=self._both(before_call))

    def publish(self, *, before_call: Callable[[], None]) -> None:
        """The provider's."""
        with _Watching(self):
            self._now.publish(before_call=self._both(before_call))

    def _both(self, before_call: Callable[[], None]) -> Callable[[], None]:
        def both() -> None:
            self._before_call()
            before_call()

        return both

    def zones(self) -> list[str]:
        """The provider's."""
        return self._now.zones()

    def close(self) -> None:
        """Nothing: the connection stays for the next domain."""

    def end(self) -> None:
        """Close it."""
        provider, self._provider, self._failed, self._calls_before = self._provider, None, False, 0
        if provider is not None:
            provider.close()

    def fail(self) -> None:
        """What it holds is not used again."""
        self._failed = True


class _Watching:
    """Lets an error through, and remembers that there was one."""

    def __init__(self, kept: Kept) -> None:
        self._kept = kept

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, *rest: object) -> None:
        if kind is not None:
            self._kept.fail()
