"""The library's face: what a bulk-onboarding script in Python uses, and what the command line stands on."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from registrar_sync.core import names
from registrar_sync.core.evidence import Change
from registrar_sync.core.guard import KINDS
from registrar_sync.core.service import MxMode, Qualifier
from registrar_sync.core.wish import Edits
from registrar_sync.errors import RegistrarSyncError, UnknownName, UsageError
from registrar_sync.operations import check as checking
from registrar_sync.operations import enrol, recover, rollback
from registrar_sync.operations.desk import Request, Setting, Wait
from registrar_sync.operations.draft import Confirm
from registrar_sync.operations.result import Command, Result
from registrar_sync.wiring import Asked, World

_LONGEST_WAIT_S = 30 * 86400
ALL_QUALIFIERS: Mapping[str, Qualifier] = {"fail": "-", "softfail": "~", "neutral": "?"}


class Client:
    """Enrols domains behind a mail-filtering service and takes them back.

    Every method gives a ``Result``, for known failures too (``result.error``; ``result.raise_for_error()`` raises it).

    >>> with Client() as client:                                              # doctest: +SKIP
    ...     result = client.enroll("example.com", provider="sandbox")
    ...     print(result.state)
    authoritative
    """

    def __init__(
        self,
        *,
        config: Path | None = None,
        journal: str | None = None,
        environ: Mapping[str, str] | None = None,
        notify: Callable[[str], None] | None = None,
        warn: Callable[[str], None] | None = None,
    ) -> None:
        """``config`` the operator's providers.yaml, ``journal`` a URL or path; ``notify`` hears progress, ``warn`` warnings."""
        given: dict[str, Any] = {"environ": environ, "notify": notify, "warn": warn}
        self.world = World(config=config, journal_url=journal, **{k: v for k, v in given.items() if v is not None})

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def close(self) -> None:
        """Give connections back, and stop the embedded sandbox where it ran."""
        self.world.close()

    def plan(self, domain: str, **options: Any) -> Result:
        """What ``enroll`` would write. Takes the options of ``enroll``; writes nothing at all."""
        return self._enrol("plan", domain, **options)

    def enroll(self, domain: str, **options: Any) -> Result:
        """Put the service into the domain's SPF and MX.

        Options: ``provider``, ``account``, ``service``, ``zone``, ``mx`` ("below" or "replace"), ``all`` ("fail",
        "softfail", "neutral"; a new SPF record only), ``ttl`` (seconds; RRsets that do not exist only), ``accept`` (finding
        ids), ``wait`` ("authoritative", "visible", "none"), ``timeout`` (seconds), ``nameservers`` and ``resolvers``
        (``ADDR[:PORT]``), ``confirm`` (called with the planned result; False stops), ``probe_smtp`` (ask the service's hosts
        for RCPT), and each field of ``core.wish.Edits`` (``merge_spf=True``, ``renumber="shift"``, ...).
        """
        return self._enrol("enroll", domain, **options)

    def _enrol(
        self,
        command: Command,
        domain: str,
        *,
        provider: str | None = None,
        account: str | None = None,
        service: str | None = None,
        confirm: Confirm = None,
        nameservers: Iterable[str] = (),
        resolvers: Iterable[str] = (),
        **request: Any,
    ) -> Result:
        def run() -> Result:
            wanted = _request(domain, **request)
            asked = Asked(nameservers=tuple(nameservers), resolvers=tuple(resolvers))
            setting = self.world.setting(
                provider=provider,
                account=account,
                service=self.world.service(service),
                asked=asked,
                read_only=command == "plan",
            )
            return enrol.plan(setting, wanted) if command == "plan" else enrol.enroll(setting, wanted, confirm)

        return _guarded(command, domain, run, provider=provider, account=account, service=service)

    def check(
        self,
        domain: str,
        *,
        provider: str | None = None,
        account: str | None = None,
        service: str | None = None,
        zone: str | None = None,
        nameservers: Iterable[str] = (),
        resolvers: Iterable[str] = (),
    ) -> Result:
        """Judge by the DNS alone whether the domain's mail goes through the service. Needs no credentials."""

        def run() -> Result:
            asked = Asked(nameservers=tuple(nameservers), resolvers=tuple(resolvers))
            wanted = self.world.service(service)
            setting = self.world.looking(provider=provider, account=account, service=wanted, asked=asked)
            return checking.check(setting, _request(domain, zone=zone))

        return _guarded("check", domain, run, provider=provider, account=account, service=service)

    def rollback(
        self,
        domain: str,
        *,
        to: int | None = None,
        keep_spf: bool = False,
        dry_run: bool = False,
        confirm: Confirm = None,
        nameservers: Iterable[str] = (),
        resolvers: Iterable[str] = (),
        **request: Any,
    ) -> Result:
        """Undo the newest enrolment of the domain, or change ``to`` and all later ones, as the journal knows them.

        ``keep_spf`` leaves the include in; ``wait`` and ``timeout`` as for ``enroll``.
        """

        def run() -> Result:
            wanted = replace(_request(domain, **request), to_change=to, keep_spf=keep_spf)
            asked = Asked(nameservers=tuple(nameservers), resolvers=tuple(resolvers))
            changes = self.world.journal.changes(wanted.domain)
            if not changes and to is None:
                text = "This journal knows no change of the domain. Nothing was changed."
                return Result(command="rollback", domain=wanted.domain, state="nothing-to-do", message=text)
            newest = changes[0] if changes else self.world.journal.change(to or 0)

            def setting_for(change: Change) -> Setting:
                return self.world.setting_for(change, asked, read_only=dry_run)

            return rollback.rollback(setting_for(newest), wanted, confirm, setting_for=setting_for, dry_run=dry_run)

        return _guarded("rollback", domain, run)

    def recover(
        self, domain: str | None = None, *, nameservers: Iterable[str] = (), resolvers: Iterable[str] = ()
    ) -> list[Result]:
        """Bring every interrupted change (of one domain, or of all) to exactly before or exactly after. Never asks."""
        asked = Asked(nameservers=tuple(nameservers), resolvers=tuple(resolvers))
        try:
            name = names.parse_domain(domain) if domain else None
            changes = self.world.journal.unfinished(name)
        except RegistrarSyncError as error:
            return [refusal("recover", domain or "", error)]
        if name and not changes:
            text = "No change of this domain was interrupted: there is nothing to recover."
            return [Result(command="recover", domain=name, state="nothing-to-do", message=text)]
        return [self._recover(change, asked) for change in changes]

    def _recover(self, change: Change, asked: Asked) -> Result:
        def run() -> Result:
            setting = self.world.setting_for(change, asked)
            return recover.recover(setting, Request(domain=change.what.domain, wait="none"), change)

        return _guarded("recover", change.what.domain, run)

    def history(self, domain: str | None = None) -> list[Change]:
        """The journal's changes, newest first. Raises what the journal raises."""
        return self.world.journal.changes(names.parse_domain(domain) if domain else None)


def _request(
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
    """Check every option before anybody is asked anything. ``more``: ``probe_smtp``, and the fields of ``core.wish.Edits``."""
    owner = names.parse_domain(domain)
    zone_name = names.parse_domain(zone) if zone else None
    if zone_name and not names.is_within(owner, zone_name):
        raise UsageError(
            f"{domain} does not stand in the zone {zone}. Nothing was changed.", hint="Mend --zone, or leave it out."
        )
    if ttl is not None and not 0 < ttl < 2**31:
        raise UsageError(f"A TTL is 1 to 2147483647 seconds (RFC 2181 section 8), not {ttl}. Nothing was changed.")
    if timeout is not None and not 0 <= timeout <= _LONGEST_WAIT_S:
        raise UsageError(f"A time-out is 0 to {_LONGEST_WAIT_S} seconds, not {timeout}. Nothing was changed.")
    _one_of("mx", mx, ("below", "replace"))
    _one_of("wait", wait, ("authoritative", "visible", "none"))
    if all is not None:
        _one_of("all", all, tuple(ALL_QUALIFIERS))
    probe_smtp = more.pop("probe_smtp", False)
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
    )


def _known_findings(accept: Iterable[str]) -> frozenset[str]:
    """A mistyped --accept must not look as if it had been heard."""
    ids = frozenset(accept)
    for unknown in sorted(ids - set(KINDS)):
        near = ", ".join(get_close_matches(unknown, KINDS)) or "see the findings that plan prints"
        raise UnknownName(f"There is no finding {unknown!r}. Nothing was changed.", hint=f"Nearest: {near}")
    return ids


def _one_of(option: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise UsageError(f"{option} is one of {', '.join(allowed)}, not {value!r}. Nothing was changed.")


def _guarded(command: Command, domain: str, run: Callable[[], Result], **known: str | None) -> Result:
    try:
        return run()
    except RegistrarSyncError as error:
        return refusal(command, domain, error, **known)


def refusal(command: Command, domain: str, error: RegistrarSyncError, **known: str | None) -> Result:
    """The result of what was refused before anybody was asked anything. ``known``: provider, account, service, as given."""
    about: dict[str, Any] = known
    return Result(command=command, domain=domain, state="refused", error=error, message=error.message, hint=error.hint, **about)
