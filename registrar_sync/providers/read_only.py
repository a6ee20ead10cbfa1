"""The dry run, cut in one place: a provider that cannot write."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from registrar_sync.core.model import RRsetChange, ZoneView
from registrar_sync.errors import ProviderRefused
from registrar_sync.ports import DnsProvider


class ReadOnly:
    """Passes every question to ``provider``; writes and publishes nothing."""

    def __init__(self, provider: DnsProvider) -> None:
        self._provider = provider

    @property
    def staged(self) -> bool:
        """The provider's."""
        return self._provider.staged

    @property
    def api_calls(self) -> int:
        """The provider's."""
        return self._provider.api_calls

    def open(self, owner: str, zone: str | None = None) -> str:
        """The provider's."""
        return self._provider.open(owner, zone)

    def read(self, owner: str) -> ZoneView:
        """The provider's."""
        return self._provider.read(owner)

    def zones(self) -> list[str]:
        """The provider's."""
        return self._provider.zones()

    def close(self) -> None:
        """The provider's."""
        self._provider.close()

    def write(self, changes: Sequence[RRsetChange], *, before_call: Callable[[], None]) -> None:
        """Raise ``ProviderRefused``: nothing is sent."""
        owners = " and ".join(f"{change.rtype} of {change.owner}" for change in changes)
        raise ProviderRefused(f"This is a dry run: {owners or 'nothing'} was not written. Nothing was changed.")

    def publish(self, *, before_call: Callable[[], None]) -> None:
        """Raise ``ProviderRefused``: nothing is sent."""
        raise ProviderRefused("This is a dry run: nothing was published. Nothing was changed.")
