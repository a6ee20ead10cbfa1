"""What an entry must not say: keys that do not go together, of every tier and of the shape ``verbs``."""

from __future__ import annotations

import re
from collections.abc import Iterator

from registrar_sync.providers.catalog_model import ProviderEntry
from registrar_sync.providers.verbs_model import Verbs

Fault = tuple[tuple[str, ...], str]

_OPTION = re.compile(r"\{([^{}]*)\}")


def entry_faults(entry: ProviderEntry) -> Iterator[Fault]:
    """Each impossible combination: the key below the entry, and what is wrong with it."""
    if entry.tier in ("manual", "spf-only") and not entry.reason:
        yield (), f"{'a manual' if entry.tier == 'manual' else 'an spf-only'} provider needs a reason"
    if entry.ttl.min > entry.ttl.max:
        yield ("ttl", "min"), f"it is above max, {entry.ttl.max}"
    if entry.tier in ("dialect", "spf-only"):
        for key in ("verified", "api"):
            if not getattr(entry, key):
                yield (), f"a provider of tier {entry.tier} needs {key}"
        if entry.shape is None:
            yield (), f"a provider of tier {entry.tier} needs a shape"
    if entry.shape == "verbs":
        yield from _shape_faults(entry)
    elif entry.verbs is not None:
        yield ("verbs",), "only a provider of shape verbs has them"
    elif entry.tier in ("dialect", "spf-only") and entry.shape is not None and entry.adapter is None:
        yield ("shape",), "without an adapter of this package only the shape verbs can be written"


def _shape_faults(entry: ProviderEntry) -> Iterator[Fault]:
    if entry.tier == "certified":
        yield ("shape",), "a certified provider has an adapter of its own"
    if entry.adapter is not None:
        yield ("adapter",), "the shape verbs has no adapter of its own"
    if entry.staged:
        yield ("staged",), "lexicon's verbs publish by themselves"
    if entry.verbs is None:
        yield ("shape",), "the shape verbs needs verbs: how lexicon's verbs must be called"
    else:
        yield from _verbs_faults(entry, entry.verbs)
    yield from _bases_faults(entry)


def _bases_faults(entry: ProviderEntry) -> Iterator[Fault]:
    if entry.transport == "requests" and not entry.bases:
        yield ("bases",), "a provider that is asked over HTTP needs the URLs below which it is asked"
    for index, base in enumerate(entry.bases):
        for option in _OPTION.findall(base):
            if option not in entry.credentials:
                yield ("bases", str(index)), f"{option!r} is no credential of this provider"


def _verbs_faults(entry: ProviderEntry, verbs: Verbs) -> Iterator[Fault]:
    field = entry.dialect.preference == "field"
    if entry.tier == "dialect" and verbs.preference_listed == "lost":
        yield ("verbs", "preference_listed"), "where the preference is lost, MX cannot be written: the tier is spf-only"
    if verbs.preference_listed != "lost" and field == (verbs.preference_listed == "content"):
        yield ("dialect", "preference"), "it must be content where verbs.preference_listed is content, and field where it is not"
    if "field" in (verbs.preference, verbs.preference_listed) and verbs.mx_field is None:
        yield ("verbs", "preference"), "it needs mx_field: the field on the wire, with its source"
    if verbs.mx_field is not None and "field" not in (verbs.preference, verbs.preference_listed):
        yield ("verbs", "mx_field"), "neither preference nor preference_listed is field"
    if verbs.preference_absent is not None and verbs.preference_listed in ("content", "lost"):
        yield ("verbs", "preference_absent"), "the preference is not listed under a key of its own"
    if verbs.preference_zero == "text" and verbs.preference != "option-int":
        yield ("verbs", "preference_zero"), "it is for option-int: elsewhere a 0 is a text already, or no option"
    yield from _row_faults(entry, verbs)


def _row_faults(entry: ProviderEntry, verbs: Verbs) -> Iterator[Fault]:
    if (verbs.ttl == "field") != (verbs.ttl_field is not None):
        yield ("verbs", "ttl"), "field and ttl_field go together"
    if verbs.ttl == "none" and entry.ttl.min != entry.ttl.max:
        yield ("verbs", "ttl"), "where the provider knows one TTL only, ttl.min and ttl.max are that TTL"
    if verbs.lists == "zone" and "list_types" in verbs.model_fields_set:
        yield ("verbs", "list_types"), "a listing of the whole zone asks for no type"
    written = {"TXT", "MX"} if entry.tier == "dialect" else {"TXT"}
    if verbs.lists != "zone" and not written <= set(verbs.list_types):
        yield ("verbs", "list_types"), f"{' and '.join(sorted(written))} must be listed: what is written is read"
    if verbs.lists != "zone" and verbs.listing_proves:
        yield ("verbs", "listing_proves"), "only a listing of the whole zone can show it"
    if verbs.whole_set and verbs.update == "by-id":
        yield ("verbs", "whole_set"), "a whole set has no row that could be changed by its id"
    if verbs.delete == "by-content" and verbs.update == "by-id" and entry.tier == "dialect" and verbs.preference != "content":
        yield ("verbs", "delete"), "rows that can be changed by id can be removed by id"
