"""The zone above and the zone itself held against each other, and each against itself."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping

from registrar_sync.core.names import display
from registrar_sync.core.observation import Remark
from registrar_sync.resolver.child import View

Names = frozenset[str]


def unresolved(why: Mapping[str, str]) -> Iterator[Remark]:
    """The servers without an address. ``why``: the reason by name."""
    return (Remark(server=host, kind="unresolved", detail=reason) for host, reason in why.items())


def disagreeing_above(parent: str, told: Mapping[str, Names]) -> Iterator[Remark]:
    """The servers of the zone above that do not tell what most of them do. ``told``: by server; empty: no such zone."""
    usual = _usual(told.values())
    for host, names in told.items():
        if names != usual:
            says = f"names {_listed(names)}" if names else "does not delegate the zone"
            yield Remark(server=host, kind="disagrees", detail=f"as a server of {display(parent)} it {says}, unlike the others")


def compared(zone: str, parent: str, named_above: Names, views: Collection[View]) -> Iterator[Remark]:
    """The NS set of the zone, as most of its servers tell it, against the set above; and the servers that tell another."""
    told = [view for view in views if view.names]
    if not told:
        return
    usual = _usual(view.names for view in told if view.names)
    for host in sorted(named_above - usual):
        yield Remark(server=host, kind="parent-only", detail=f"{display(parent)} names it, {display(zone)} itself does not")
    for host in sorted(usual - named_above):
        yield Remark(server=host, kind="child-only", detail=f"{display(zone)} itself names it, {display(parent)} does not")
    for view in told:
        if view.names and view.names != usual:
            address, detail = str(view.server), f"it names {_listed(view.names)}, unlike the others"
            yield Remark(server=view.server.name, address=address, kind="disagrees", detail=detail)


def _usual(sets: Collection[Names] | Iterator[Names]) -> Names:
    """The set that most tell; of those that equally many tell, always the same."""
    counted = Counter(sets)
    return min(counted, key=lambda names: (-counted[names], not names, sorted(names)), default=frozenset())


def _listed(names: Names) -> str:
    return ", ".join(sorted(map(display, names)))
