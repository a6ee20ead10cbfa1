"""What providers.yaml must fulfil beyond its shape: names that exist, secrets that nobody else can read."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

from pydantic import ValidationError

from registrar_sync.core.names import absolute, parse_domain
from registrar_sync.errors import ConfigInvalid, InvalidDomain
from registrar_sync.providers.catalog_file import Located
from registrar_sync.providers.catalog_model import CatalogFile, ProviderEntry, ServiceEntry
from registrar_sync.providers.catalog_verbs import entry_faults
from registrar_sync.providers.endpoint import endpoint_fault, server_fault

_NOT_YET = ("command:", "keyring:")
_ADAPTER = re.compile(r"registrar_sync\.providers\.adapters\.([a-z][a-z0-9_]*):[A-Z][A-Za-z0-9]*")


def checked(located: Located, *, is_reference: Callable[[str], bool], shipped: Path) -> tuple[CatalogFile, tuple[str, ...]]:
    """The validated content, and warnings. ``is_reference`` tells a credential's reference from a value written out.

    Raises ``ConfigInvalid`` for the first fault.
    """
    try:
        content = CatalogFile.model_validate(located.data)
    except ValidationError as error:
        raise _schema_fault(located, error) from error
    for look in (_provider_faults, _account_faults, _service_faults, _doh_faults):
        for fault in look(located, content):
            raise fault
    return content, tuple(_judge_secrets(located, content, is_reference, shipped))


def _schema_fault(located: Located, error: ValidationError) -> ConfigInvalid:
    # The first in the order of the file; ``input`` is left out of the message: it may be a secret in the wrong place.
    faults = error.errors(include_input=False, include_url=False)
    # A key that is missing is often the one beside it, misspelt: that one is told.
    first = min(faults, key=lambda fault: (fault["type"] == "missing", located.mark(fault["loc"]).line))
    keys = [str(key) for key in first["loc"] if str(key) != "[key]"]
    if first["type"] == "extra_forbidden":
        return located.fault(keys, "there is no such key")
    if first["type"] == "missing":
        return located.fault(keys, "this key is missing")
    return located.fault(keys, first["msg"][0].lower() + first["msg"][1:])


def _provider_faults(located: Located, content: CatalogFile) -> Iterator[ConfigInvalid]:
    seen: dict[str, str] = {}
    for name, entry in content.providers.items():
        for label in (name, *entry.aliases):
            if label != label.lower():
                yield located.fault(("providers", name), f"the name {label!r} must be lower-case")
            if seen.setdefault(label, name) != name:
                yield located.fault(("providers", name), f"{label!r} already names {seen[label]}")
        if entry.adapter is not None and not _is_ours(entry.adapter):
            yield located.fault(("providers", name, "adapter"), "it names no adapter of this package")
        if entry.tier == "certified" and not (entry.adapter and entry.shape):
            yield located.fault(("providers", name), "a certified provider needs adapter and shape")


def combination_faults(located: Located, content: CatalogFile) -> Iterator[ConfigInvalid]:
    """Keys of a provider that do not go together."""
    for name, entry in content.providers.items():
        for path, fault in entry_faults(entry):
            yield located.fault(("providers", name, *path), fault)


def _is_ours(adapter: str) -> bool:
    """Whether it names a class in a module of ours: to import what a file names is to run it."""
    named = _ADAPTER.fullmatch(adapter)
    return named is not None and (Path(__file__).parent / "adapters" / f"{named[1]}.py").is_file()


def _account_faults(located: Located, content: CatalogFile) -> Iterator[ConfigInvalid]:
    for name, account in content.accounts.items():
        at = ("accounts", name)
        entry = _provider_named(content, account.provider)
        if entry is None:
            yield located.fault((*at, "provider"), f"there is no provider {account.provider!r}")
            continue
        for option, text in account.credentials.items():
            if option not in entry.credentials:
                known = ", ".join(entry.credentials) or "none"
                yield located.fault((*at, "credentials", option), f"{account.provider} has no such option (it has: {known})")
            elif text.startswith(_NOT_YET):
                yield located.fault((*at, "credentials", option), "only env: and file: references are supported")
        judge = server_fault if entry.transport == "dns" else endpoint_fault
        if account.endpoint is not None and (fault := judge(account.endpoint)):
            yield located.fault((*at, "endpoint"), fault)
        elif account.endpoint is not None and not (entry.endpoint.option or entry.endpoint.attribute):
            yield located.fault((*at, "endpoint"), f"{account.provider} takes no other endpoint")


def _service_faults(located: Located, content: CatalogFile) -> Iterator[ConfigInvalid]:
    for name, service in content.services.items():
        names: list[tuple[tuple[str, ...], str]] = [(("include",), service.include)]
        names += [(("exchanges", str(i), "exchange"), e.exchange) for i, e in enumerate(service.exchanges)]
        for path, text in names:
            try:
                parse_domain(text, scoped=path == ("include",))
            except InvalidDomain as error:
                yield located.fault(("services", name, *path), error.message.removesuffix(" Nothing was changed.").rstrip("."))
        for index, key, fault in _exchange_faults(service):
            yield located.fault(("services", name, "exchanges", str(index), key), fault)


def _exchange_faults(service: ServiceEntry) -> Iterator[tuple[int, str, str]]:
    """An exchange's place in the list, the key, and what is wrong: the order of the hosts must be one that can be kept."""
    names = [absolute(entry.exchange) for entry in service.exchanges]
    for index, name in enumerate(names):
        if name in names[:index]:
            yield index, "exchange", f"{name} is named twice"
    for index, (one, following) in enumerate(pairwise(service.exchanges), start=1):
        if following.below < one.below or (following.below == one.below and not service.equal_preferences):
            yield index, "below", f"it must ascend in the order of the exchanges, but {following.below} follows {one.below}"
    alone = [entry.replace for entry in service.exchanges]
    for index, preference in enumerate(alone):
        if preference in alone[:index] and not service.equal_preferences:
            yield index, "replace", f"{preference} is given twice, and equal_preferences is false"


def _doh_faults(located: Located, content: CatalogFile) -> Iterator[ConfigInvalid]:
    for index, entry in enumerate(content.doh):
        for place, address in enumerate(entry.addresses):
            try:
                ipaddress.ip_address(address)
            except ValueError:
                yield located.fault(("doh", str(index), "addresses", str(place)), f"{address!r} is not an IP address")


def _provider_named(content: CatalogFile, name: str) -> ProviderEntry | None:
    key = name.strip().lower()
    return next((entry for own, entry in content.providers.items() if key == own or key in entry.aliases), None)


def _judge_secrets(located: Located, content: CatalogFile, is_reference: Callable[[str], bool], shipped: Path) -> Iterator[str]:
    """A secret written out: a warning where only its owner can read the file, else an error."""
    for name, account in content.accounts.items():
        entry = _provider_named(content, account.provider)
        for option, text in account.credentials.items():
            if entry is None or not entry.credentials[option].secret or is_reference(text):
                continue
            path = ("accounts", name, "credentials", option)
            mark = located.mark(path)
            if mark.file == shipped:
                raise located.fault(path, "the shipped catalog holds no secrets")
            if mark.file.stat().st_mode & 0o077:
                what = "a secret is written out in a file that others can read: chmod 600 the file, or use env: or file:"
                raise located.fault(path, what)
            yield f"{mark.file}, line {mark.line}: {'.'.join(path)} is a secret written out; a reference (env:, file:) is safer."
