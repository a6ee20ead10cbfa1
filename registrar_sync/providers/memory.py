"""A DNS provider in memory, with faults on demand: for tests, also those of programs that use this package."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from registrar_sync.core.model import RRset, RRsetChange, ZoneView
from registrar_sync.core.names import absolute, ancestors
from registrar_sync.errors import RegistrarSyncError, ZoneNotFound

Call = Literal["open", "read", "write", "publish"]
Data = dict[tuple[str, str], RRset]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Something that goes wrong at the ``nth`` call of one kind, counted from now.

    A ``write`` is one RRset: a write of two RRsets is two calls. ``when``: before the call has taken effect, or after.
    ``act``: another writer's hand, run at that moment; ``error``: what is raised then. An error ``OutcomeUnknown`` after the
    effect is an answer that was lost.
    """

    call: Call
    error: RegistrarSyncError | None = None
    when: Literal["before", "after"] = "before"
    nth: int = 1
    act: Callable[[MemoryProvider], None] | None = None


class MemoryProvider:
    """Zones in memory, through the port ``DnsProvider``.

    >>> provider = MemoryProvider({"example.com.": []})
    >>> provider.open("www.example.com.")
    'example.com.'
    """

    def __init__(self, zones: Mapping[str, Iterable[RRset]], *, staged: bool = False) -> None:
        self._zones = {absolute(zone): _data(rrsets) for zone, rrsets in zones.items()}
        self._served = {zone: dict(data) for zone, data in self._zones.items()}
        self._staged = staged
        self._faults: list[tuple[Fault, int]] = []
        self._made: dict[Call, int] = {"open": 0, "read": 0, "write": 0, "publish": 0}
        self._zone = ""
        self.notices: frozenset[str] = frozenset()
        self.log: list[str] = []

    @property
    def staged(self) -> bool:
        """Whether ``publish`` is needed."""
        return self._staged

    @property
    def api_calls(self) -> int:
        """Calls made, failed ones included."""
        return len(self.log)

    def fail(self, fault: Fault) -> None:
        """Let something go wrong, once."""
        self._faults.append((fault, self._made[fault.call] + fault.nth))

    def put(self, rrset: RRset) -> None:
        """Another writer's hand: set an RRset, published at once."""
        zone = self._enclosing(rrset.owner, None)
        for data in (self._zones[zone], self._served[zone]):
            data[rrset.owner, rrset.rtype] = rrset

    def remove(self, owner: str, rtype: str) -> None:
        """Another writer's hand: remove an RRset, published at once."""
        zone = self._enclosing(owner, None)
        for data in (self._zones[zone], self._served[zone]):
            data.pop((owner, rtype), None)

    def stored(self, owner: str, rtype: str) -> RRset | None:
        """The RRset as the API has it."""
        return self._zones[self._enclosing(owner, None)].get((owner, rtype))

    def served(self, owner: str, rtype: str) -> RRset | None:
        """The RRset as the name servers have it."""
        zone = self._enclosing(owner, None)
        return (self._served if self._staged else self._zones)[zone].get((owner, rtype))

    def open(self, owner: str, zone: str | None = None) -> str:
        """See the port."""

        def effect() -> None:
            self._zone = self._enclosing(owner, zone)

        self._call("open", owner, effect)
        return self._zone

    def read(self, owner: str) -> ZoneView:
        """See the port. An ``act`` before the call is seen by it, one after is not."""
        seen: list[RRset] = []
        self._call("read", owner, lambda: seen.extend(r for (name, _), r in self._zones[self._zone].items() if name == owner))
        return ZoneView(zone=self._zone, owner=owner, rrsets=tuple(seen), notices=self.notices)

    def write(self, changes: Sequence[RRsetChange], *, before_call: Callable[[], None]) -> None:
        """See the port. One call a change."""
        for change in changes:
            if not change.is_empty:
                before_call()
                self._call("write", f"{change.owner} {change.rtype}", lambda wanted=change: self._apply(wanted))  # type: ignore[misc]

    def publish(self, *, before_call: Callable[[], None]) -> None:
        """See the port."""
        if self._staged:
            before_call()
            self._call("publish", self._zone, lambda: self._served.update({self._zone: dict(self._zones[self._zone])}))

    def zones(self) -> list[str]:
        """See the port."""
        return sorted(self._zones)

    def close(self) -> None:
        """Nothing to give back."""

    def _apply(self, change: RRsetChange) -> None:
        data = self._zones[self._zone]
        if change.after is None or not change.after.records:
            data.pop((change.owner, change.rtype), None)
        else:
            data[change.owner, change.rtype] = change.after

    def _call(self, call: Call, about: str, effect: Callable[[], None]) -> None:
        self.log.append(f"{call} {about}")
        self._made[call] += 1
        due = [fault for fault, count in self._faults if fault.call == call and count == self._made[call]]
        self._happen(due, "before")
        effect()
        self._happen(due, "after")

    def _happen(self, due: Sequence[Fault], when: Literal["before", "after"]) -> None:
        for fault in due:
            if fault.when == when and fault.act is not None:
                fault.act(self)
            if fault.when == when and fault.error is not None:
                raise fault.error

    def _enclosing(self, owner: str, zone: str | None) -> str:
        for name in [zone] if zone else ancestors(owner):
            if name in self._zones:
                return name
        raise ZoneNotFound(f"No zone of this account holds {owner}. Nothing was changed.", zones=tuple(self._zones))


def _data(rrsets: Iterable[RRset]) -> Data:
    return {(rrset.owner, rrset.rtype): rrset for rrset in rrsets}
