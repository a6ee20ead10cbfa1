"""Whose name servers serve a zone, by the ends of their names."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from fnmatch import fnmatchcase

from registrar_sync.core.names import display


def is_under(server: str, suffix: str) -> bool:
    """Whether a name server's name ends with these labels, whole ones. ``*`` in a label of the suffix stands for any part of it.

    >>> is_under("ns-1.awsdns-07.co.uk.", "awsdns-*.co.uk")
    True
    >>> is_under("ns1.notovh.net.", "ovh.net")
    False
    """
    labels, wanted = (display(name.lower()).split(".") for name in (server, suffix))
    ends = labels[-len(wanted) :]
    return len(ends) == len(wanted) and all(fnmatchcase(label, want) for label, want in zip(ends, wanted, strict=True))


def behind(server: str, suffixes: Mapping[str, Collection[str]]) -> tuple[str, ...]:
    """The providers whose name server it may be: those with the longest suffix that fits, more than one where several have it.

    ``suffixes`` by provider, without the final dot.
    """
    fits = {
        provider: max((len(one.split(".")) for one in known if is_under(server, one)), default=0)
        for provider, known in suffixes.items()
    }
    longest = max(fits.values(), default=0)
    return tuple(sorted(provider for provider, labels in fits.items() if labels == longest > 0))


def group_servers(servers: Iterable[str], suffixes: Mapping[str, Collection[str]]) -> dict[tuple[str, ...], tuple[str, ...]]:
    """The servers by whose they may be; those of nobody that is known under an empty tuple."""
    groups: dict[tuple[str, ...], list[str]] = {}
    for server in dict.fromkeys(servers):
        groups.setdefault(behind(server, suffixes), []).append(server)
    return {providers: tuple(names) for providers, names in groups.items()}
