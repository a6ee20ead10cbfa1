"""An operator's words, checked before anybody is asked anything, as a request."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from registrar_sync.core import names
from registrar_sync.core.guard import kind_of
from registrar_sync.core.scope import Only
from registrar_sync.core.service import MxMode, Qualifier
from registrar_sync.core.wish import Edits
from registrar_sync.errors import UsageError
from registrar_sync.operations.desk import Request, Wait

_LONGEST_WAIT_S = 30 * 86400

ALL_QUALIFIERS: Mapping[str, Qualifier] = {"fail": "-", "softfail": "~", "neutral": "?"}


def request_of(
    domain: str,
    *,
    zone: str | None = None,
    mx: MxMode = "below",
    all: str | None = None,  # noqa: A002 - the option's name in the outside contract
    ttl: int | None = None,
    accept: Iterable[str] = (),
    wait: Wait = "authoritative",
    timeout: float | None = None,
    **more: Any,
) -> Request:
    """Check every option before anybody is asked anything. ``more``: ``probe_smtp``, ``only``, and the fields of
    ``core.wish.Edits``."""
    owner = names.parse_domain(domain)
    zone_name = names.parse_domain(zone) if zone else None
    if zone_name and not names.is_within(owner, zone_name):
        raise UsageError(
            f"{domain} does not stand in the zone {zone}. Nothing was changed.", hint="Mend --zone, or leave it out."
        )
    _check_seconds(ttl, timeout)
    _one_of("mx", mx, ("below", "replace"))
    _one_of("wait", wait, ("authoritative", "visible", "none"))
    if all is not None:
        _one_of("all", all, tuple(ALL_QUALIFIERS))
    probe_smtp = more.pop("probe_smtp", False)
    only: Only | None = more.pop("only", None)
    if only is not None:
        _one_of("only", only, ("spf", "mx"))
    allowed = Edits(**more)
    _one_of("renumber", allowed.renumber, ("no", "shift", "compact"))
    if allowed.set_all and all is None:
        raise UsageError(
            "set-all needs the value to set. Nothing was changed.", hint="Say --set-all --all fail, softfail or neutral."
        )
    return Request(
        domain=owner,
        zone=zone_name,
        mx_mode=mx,
        all_qualifier=ALL_QUALIFIERS[all] if all else None,
        ttl=ttl,
        accept=_known_findings(accept),
        wait=wait,
        timeout_s=timeout,
        edits=allowed,
        probe_smtp=probe_smtp,
        only=only,
    )


def _check_seconds(ttl: int | None, timeout: float | None) -> None:
    if ttl is not None and not 0 < ttl < 2**31:
        text = f"A TTL here is 1 to 2147483647 seconds, the most that RFC 2181 section 8 allows, not {ttl}."
        raise UsageError(f"{text} Nothing was changed.")
    if timeout is not None and not 0 <= timeout <= _LONGEST_WAIT_S:
        raise UsageError(f"A time-out is 0 to {_LONGEST_WAIT_S} seconds, not {timeout}. Nothing was changed.")


def _known_findings(accept: Iterable[str]) -> frozenset[str]:
    """A mistyped --accept must not look as if it had been heard."""
    ids = frozenset(accept)
    for one in sorted(ids):
        kind_of(one)
    return ids


def _one_of(option: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise UsageError(f"{option} is one of {', '.join(allowed)}, not {value!r}. Nothing was changed.")
