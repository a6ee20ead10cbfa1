"""The library's face: what a bulk-onboarding script in Python uses, and what the command line stands on."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from registrar_sync.core import names
from registrar_sync.core.due import Due
from registrar_sync.core.duration import parse_seconds
from registrar_sync.core.evidence import Change
from registrar_sync.errors import RegistrarSyncError
from registrar_sync.operations import check as checking
from registrar_sync.operations import due, enrol, prepare, recover, rollback, unenrol
from registrar_sync.operations.check_wait import check_waiting
from registrar_sync.operations.desk import Request, Setting, Wait
from registrar_sync.operations.draft import Confirm
from registrar_sync.operations.refusal import guarded, refusal
from registrar_sync.operations.request import request_of
from registrar_sync.operations.result import Command, Result
from registrar_sync.operations.side_by_side import side_by_side
from registrar_sync.operations.spf_report import SpfReport, spf_report
from registrar_sync.operations.watch_open import watch_open
from registrar_sync.wiring import Asked, World

_LONGEST_GRACE_S = 365 * 86400


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
        tell: Callable[[str], None] | None = None,
        world: World | None = None,
    ) -> None:
        """``config`` the operator's providers.yaml, ``journal`` a URL or path; ``notify`` hears progress (text; one that is a
        ``core.progress.Progress`` carries the servers, too), ``warn`` warnings, ``tell`` how a provider "auto" was found;
        ``world``: one that is there already, instead of all these."""
        given: dict[str, Any] = {"environ": environ, "notify": notify, "warn": warn, "tell": tell}
        self.world = world or World(config=config, journal_url=journal, **{k: v for k, v in given.items() if v is not None})

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def close(self) -> None:
        """Give connections back, and stop the embedded sandbox where it ran."""
        self.world.close()

    def plan(self, domain: str, **options: Any) -> Result:
        """What ``enroll`` would write. Takes the options of ``enroll``; writes nothing at all."""
        return self._on_account("plan", domain, lambda setting, wanted, _: enrol.plan(setting, wanted), read_only=True, **options)

    def enroll(self, domain: str, **options: Any) -> Result:
        """Put the service into the domain's SPF and MX.

        Options: ``provider`` ("auto": the one whose name servers serve the domain), ``account``, ``service``, ``zone``, ``only``
        ("spf" or "mx": that part alone), ``mx`` ("below" or "replace"), ``all`` ("fail", "softfail", "neutral"; a new SPF record
        only), ``ttl`` (seconds; RRsets that do not exist only), ``accept`` (finding ids), ``wait`` ("authoritative", "visible",
        "none"), ``timeout`` (seconds), ``nameservers`` and ``resolvers`` (``ADDR[:PORT]``), ``confirm`` (called with the planned
        result; False stops), ``probe_smtp`` (ask the service's hosts for RCPT), and each field of ``core.wish.Edits``
        (``merge_spf=True``, ``renumber="shift"``, ...).

        ``result.left``: written as far as the provider allows, and the MX is left to a hand (finding ``mx-by-hand``).
        """
        return self._on_account("enroll", domain, enrol.enroll, **options)

    def _on_account(
        self,
        command: Command,
        domain: str,
        operate: Callable[[Setting, Request, Confirm], Result],
        *,
        read_only: bool = False,
        remembered: bool = False,
        confirm: Confirm = None,
        **options: Any,
    ) -> Result:
        """``operate`` on a domain of the account that the options name; ``remembered``: else of its newest change's account;
        else of the provider that the option ``otherwise`` names."""
        named, otherwise = _named(options), options.pop("otherwise", None)
        asked = Asked(nameservers=tuple(options.pop("nameservers", ())), resolvers=tuple(options.pop("resolvers", ())))

        def run() -> Result:
            wanted = request_of(domain, **{name: value for name, value in options.items() if name not in named})
            provider, account = named["provider"], named["account"]
            if remembered and not (provider or account):
                account = next((change.what.account for change in self.world.journal.changes(wanted.domain)), None)
            provider = provider if provider or account else otherwise
            where = {"provider": provider, "account": account, "domain": wanted.domain}
            service = self.world.service(named["service"])
            return operate(self.world.setting(**where, service=service, asked=asked, read_only=read_only), wanted, confirm)

        return guarded(command, domain, run, **named)

    def check(
        self, domain: str, *, zone: str | None = None, wait: Wait = "none", timeout: float | None = None, **options: Any
    ) -> Result:
        """Judge by the DNS alone whether the domain's mail goes through the service. Needs neither credentials nor a journal.

        ``wait`` "authoritative": look again until every authoritative server shows it, or ``timeout`` seconds are over (None: the
        provider's usual time); "visible": caches, too, as far as the journal knows. Options: ``provider``, ``account``,
        ``service``, ``nameservers`` and ``resolvers``, as for ``enroll``.
        """

        def run() -> Result:
            wanted = request_of(domain, zone=zone, wait=wait, timeout=timeout)
            setting = self._looking(domain=wanted.domain, **options)
            return checking.check(setting, wanted) if wait == "none" else check_waiting(setting, wanted)

        return guarded("check", domain, run, **_named(options))

    def check_many(self, domains: Iterable[str], *, zone: str | None = None, **options: Any) -> Iterator[Result]:
        """``check`` on each domain, several at a time: the results in the order of the domains, each as soon as it and those
        before it are there. ``domains`` may be endless; it is read in a thread of its own, and only a little ahead.

        What cannot be meant in the options is raised at once; a bad domain has a result like any other.
        """
        setting = self._looking(**options)

        def one(domain: str) -> Result:
            def run() -> Result:
                return checking.check(setting, request_of(domain, zone=zone), elsewhere=False)

            return guarded("check", domain, run, **_named(options))

        return side_by_side(one, domains)

    def watch(self, domains: Iterable[str] = (), **options: Any) -> Generator[Result, None, None]:
        """Wait until what the journal's changes wrote is seen, of these domains or of all: the results as they end.

        ``wait`` (not "none"), ``timeout``, ``nameservers`` and ``resolvers`` as for ``enroll``. A watch that is left goes on
        with the next one. Raises ``UsageError``, and what the journal raises.
        """
        whom = {name: options.pop(name, ()) for name in ("nameservers", "resolvers")}
        options["notify"] = self.world.notify
        return watch_open(self.world.journal, self.world.clock, lambda at: self._looking(account=at, **whom), domains, **options)

    def spf(self, domain: str, *, zone: str | None = None, **options: Any) -> SpfReport:
        """The domain's SPF tree, what it costs, and what the service's include would change. Options as for ``check``."""
        try:
            wanted = request_of(domain, zone=zone)
            return spf_report(self._looking(domain=wanted.domain, **options), wanted)
        except RegistrarSyncError as error:
            return SpfReport(domain=domain, service=options.get("service"), error=error)

    def _looking(
        self,
        *,
        provider: str | None = None,
        account: str | None = None,
        service: str | None = None,
        domain: str | None = None,
        nameservers: Iterable[str] = (),
        resolvers: Iterable[str] = (),
    ) -> Setting:
        asked = Asked(nameservers=tuple(nameservers), resolvers=tuple(resolvers))
        where = {"provider": provider, "account": account, "domain": domain}
        return self.world.looking(**where, service=self.world.service(service), asked=asked)

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
            wanted = replace(request_of(domain, **request), to_change=to, keep_spf=keep_spf)
            asked = Asked(nameservers=tuple(nameservers), resolvers=tuple(resolvers))
            changes = self.world.journal.changes(wanted.domain)
            if not changes and to is None:
                text = "This journal knows no change of the domain. Nothing was changed."
                return Result(command="rollback", domain=wanted.domain, state="nothing-to-do", message=text)
            newest = changes[0] if changes else self.world.journal.change(to or 0)

            def setting_for(change: Change) -> Setting:
                return self.world.setting_for(change, asked, read_only=dry_run)

            return rollback.rollback(setting_for(newest), wanted, confirm, setting_for=setting_for, dry_run=dry_run)

        return guarded("rollback", domain, run)

    def unenroll(self, domain: str, *, grace: str | float | None = None, dry_run: bool = False, **options: Any) -> Result:
        """Take the service out of the domain, whoever put it there: MX now, SPF by the same call after ``grace``.

        ``grace``: "5d", "12h", "30m" or seconds (None: as said when MX went, else five days; 0: both at once). Without provider
        and account: those of the domain's newest change. ``zone``, ``accept``, ``wait``, ``timeout``, ``confirm``,
        ``nameservers`` and ``resolvers`` as for ``enroll``.
        """

        def operate(setting: Setting, wanted: Request, confirm: Confirm) -> Result:
            return unenrol.unenroll(setting, wanted, confirm, grace_s=grace_s, dry_run=dry_run)

        try:
            grace_s = None if grace is None else parse_seconds(str(grace), longest_s=_LONGEST_GRACE_S)
        except RegistrarSyncError as error:
            return refusal("unenroll", domain, error, **_named(options))
        return self._on_account("unenroll", domain, operate, read_only=dry_run, remembered=True, **options)

    def prepare(self, domain: str, *, ttl: int = prepare.USUAL_TTL_S, dry_run: bool = False, **options: Any) -> Result:
        """Lower the TTLs of the domain's TXT and MX sets to ``ttl`` seconds, for a quick cut-over. Options as ``enroll``."""

        def operate(setting: Setting, wanted: Request, confirm: Confirm) -> Result:
            return prepare.prepare(setting, wanted, confirm, dry_run=dry_run)

        return self._on_account("prepare", domain, operate, read_only=dry_run, ttl=ttl, **options)

    def finish(
        self,
        domain: str,
        *,
        provider: str | None = None,
        account: str | None = None,
        dry_run: bool = False,
        confirm: Confirm = None,
        **options: Any,
    ) -> Result:
        """Raise the TTLs that ``prepare`` lowered, as the journal knows them. ``accept``, ``wait`` ... as for ``enroll``.

        ``provider`` and ``account``: only what was prepared there; without them the account of the newest ``prepare``.
        """
        asked = Asked(nameservers=tuple(options.pop("nameservers", ())), resolvers=tuple(options.pop("resolvers", ())))

        def run() -> Result:
            wanted = request_of(domain, **options)
            at = self._looking(provider=provider, account=account).account if provider or account else None
            newest = prepare.to_finish(self.world.journal, wanted.domain, at)
            if newest is None:
                text = prepare.NOTHING_PREPARED
                return Result(command="finish", domain=wanted.domain, state="nothing-to-do", message=text)
            setting = self.world.setting_for(newest, asked, read_only=dry_run)
            return prepare.finish(setting, wanted, confirm, dry_run=dry_run)

        return guarded("finish", domain, run, provider=provider, account=account)

    def due(self) -> tuple[Due, ...]:
        """What waits, in all domains of the journal. Raises what the journal raises."""
        return due.due(self.world.journal, self.world.clock)

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

        return guarded("recover", change.what.domain, run)

    def history(self, domain: str | None = None) -> list[Change]:
        """The journal's changes, newest first. Raises what the journal raises."""
        return self.world.journal.changes(names.parse_domain(domain) if domain else None)


def _named(options: Mapping[str, Any]) -> dict[str, Any]:
    return {name: options.get(name) for name in ("provider", "account", "service")}
