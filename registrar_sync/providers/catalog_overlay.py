"""The operator's file over the shipped catalog: what it adds, what it changes, and what it must leave alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from registrar_sync.errors import ConfigInvalid
from registrar_sync.providers.catalog_file import KeyPath, Located, Mark

# How a provider is spoken to: shown to be right as a whole, by the contract suite. A part changed by mistake writes what nobody
# has tried.
_FIXED = (
    "tier",
    "shape",
    "adapter",
    "lexicon",
    "staged",
    "transport",
    "endpoint",
    "dialect",
    "conditional_write",
    "credential_errors",
    "http",
    "busy_errors",
    "verbs",
    "bases",
)
_FIXED_OF_A_CREDENTIAL = ("secret", "fixed")  # without them a secret would be shown, or lexicon would choose a dead API
_TIERS = ("manual", "spf-only", "dialect", "certified")  # ascending


def overlay(below: Located, above: Located) -> Located:
    """One file laid over another: an entry of ``providers`` key by key, an account, a service or a list as a whole."""
    data: dict[str, Any] = {}
    for section, entries in below.data.items():
        data[section] = entries if isinstance(entries, list) else dict(entries or {})
    marks = dict(below.marks)
    for section, entries in above.data.items():
        if entries is None:  # "services:" with nothing under it
            continue
        if not isinstance(entries, dict) or isinstance(data.get(section), list):  # a list is replaced as a whole
            data[section] = entries
            _forget(marks, (section,))
            continue
        merged = data.setdefault(section, {})
        for name, entry in entries.items():
            if section == "providers":
                merged[name] = _merged(merged.get(name), entry)
            else:
                merged[name] = entry
                _forget(marks, (section, str(name)))
    return Located(above.file, data, {**marks, **above.marks})


def _merged(below: Any, above: Any) -> Any:
    """Mappings key by key, in all depths; anything else is replaced."""
    if not isinstance(below, dict) or not isinstance(above, dict):
        return above
    return {**below, **{key: _merged(below.get(key), value) for key, value in above.items()}}


def _forget(marks: dict[KeyPath, Mark], prefix: KeyPath) -> None:
    for key in [key for key in marks if key[: len(prefix)] == prefix]:
        del marks[key]


def overlay_faults(shipped: Located, own: Located) -> Iterator[ConfigInvalid]:
    """What an operator's file, of the right shape, must not say over the shipped one; and who must not be able to write it."""
    known = shipped.data.get("providers") or {}
    for name, entry in (own.data.get("providers") or {}).items():
        below = known.get(name, {"tier": "manual"})
        if below["tier"] != "manual":
            what = f"this is fixed for {'an' if below['tier'] == 'spf-only' else 'a'} {below['tier']} provider"
            for path in _fixed_paths(below, entry):
                yield own.fault(("providers", name, *path), what)
        elif _TIERS.index(entry.get("tier", "manual")) > _TIERS.index(below["tier"]):
            yield own.fault(("providers", name, "tier"), f"the tier stays {below['tier']}: nobody has shown how to write there")
    if own.writers:
        yield ConfigInvalid(
            f"{own.file} decides where credentials go, and {own.writers}. Nothing was asked of any provider.",
            hint=f"Look through it; then, as its owner: chmod 600 {own.file}",
        )


def _fixed_paths(below: Mapping[str, Any], entry: Mapping[str, Any]) -> Iterator[KeyPath]:
    for key in entry:
        if key in _FIXED:
            yield (key,)
    for option, credential in (entry.get("credentials") or {}).items():
        shipped = below["credentials"].get(option, {})
        for key in credential:
            if shipped and (key in _FIXED_OF_A_CREDENTIAL or (key == "default" and shipped.get("fixed"))):
                yield ("credentials", option, key)
