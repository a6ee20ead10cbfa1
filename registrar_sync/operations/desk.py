"""What one operation on one domain stands on, and what it has learned so far."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from registrar_sync.core import names
from registrar_sync.core.evidence import Change
from registrar_sync.core.finding import Finding
from registrar_sync.core.guard import held_back
from registrar_sync.core.scope import TYPES, Only, Scope, scope_of
from registrar_sync.core.service import MailService, MxMode, Qualifier
from registrar_sync.core.wish import Edits, Wish
from registrar_sync.errors import Drift, Interrupted, RegistrarSyncError
from registrar_sync.operations.inquire import Inquiry
from registrar_sync.operations.result import Command, PlanShown, Result, State
from registrar_sync.ports import Clock, DnsProvider, Journal, Resolver

Wait = Literal["authoritative", "visible", "none"]

# A read older than this (seconds, monotonic) is not written on: design section 5, step 4.
READ_COUNTS_S = 5.0

USUAL_BUDGET_S = 600.0
"""Seconds until written data is served everywhere, where nothing is known of the provider."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One account, one service, and the ports to reach the world. Times in seconds.

    ``nameserver_suffixes``: of the names of the provider's name servers (empty: not known). ``writes``: the types that can be
    written through the provider; ``edits_in_place``: whether a record can be changed without being removed. ``ends_soon``:
    whoever carries operations out writes to the journal after each, before anybody hears of it: the two go there together.
    """

    provider: str
    account: str
    service: MailService
    open_provider: Callable[[], DnsProvider]
    resolver: Resolver
    inquiry: Inquiry
    journal: Journal
    clock: Clock
    staged: bool = False
    budget_s: float = USUAL_BUDGET_S
    read_back_s: float = 10.0
    call_limit_s: float = 15.0
    ttl_min: int = 0
    ttl_max: int = 2**31 - 1
    nameserver_suffixes: tuple[str, ...] = ()
    writes: tuple[str, ...] = TYPES
    edits_in_place: bool = True
    ends_soon: bool = False
    notify: Callable[[str], None] = lambda text: None


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What the operator asked for one domain (absolute, A-label). ``only``: one part, SPF or MX (None: both). ``run``: of many
    domains, that it belongs to."""

    domain: str
    zone: str | None = None
    mx_mode: MxMode = "below"
    all_qualifier: Qualifier | None = None
    ttl: int | None = None
    accept: frozenset[str] = frozenset()
    wait: Wait = "authoritative"
    timeout_s: float | None = None
    edits: Edits = field(default_factory=Edits)
    probe_smtp: bool = False
    to_change: int | None = None
    keep_spf: bool = False
    only: Only | None = None
    run: int | None = None

    def scope(self, setting: Setting) -> Scope:
        """Which of SPF and MX it is about, at this provider."""
        return scope_of(self.only, setting.writes)

    def wish(self, setting: Setting) -> Wish:
        """The request in the planner's words."""
        return Wish(
            service=setting.service,
            mx_mode=self.mx_mode,
            all_qualifier=self.all_qualifier,
            ttl=self.ttl,
            ttl_min=setting.ttl_min,
            ttl_max=setting.ttl_max,
            accept=self.accept,
            edits=self.edits,
            probe_smtp=self.probe_smtp,
            scope=self.scope(setting),
        )


@dataclass(slots=True, kw_only=True)
class Desk:
    """One operation under way: collects what its result will say, also when it ends in an error."""

    command: Command
    setting: Setting
    request: Request
    provider: DnsProvider | None = None
    zone: str | None = None
    change_id: int | None = None
    plan: PlanShown | None = None
    findings: tuple[Finding, ...] = ()
    # Blocks on what the operation leaves to others: said, and in nobody's way.
    left: tuple[Finding, ...] = ()
    # Whether an intent is durable and its end is not: then an error leaves the outcome open.
    under_way: bool = False
    # Whether the change is written and was read back: then an error afterwards does not undo that.
    wrote: bool = False
    started: float = field(default=0.0)
    _history: list[Change] | None = None

    def __post_init__(self) -> None:
        self.started = self.setting.clock.monotonic()

    @property
    def owner(self) -> str:
        """The name enrolled."""
        return self.request.domain

    @property
    def scope(self) -> Scope:
        """Which of SPF and MX it is about."""
        return self.request.scope(self.setting)

    @property
    def shown_domain(self) -> str:
        """The domain as people write it."""
        return names.display(self.owner)

    def history(self, *, anew: bool = False) -> list[Change]:
        """The domain's changes, newest first, as the journal told them when they were first needed. ``anew``: as it tells now,
        for a new look at the zone: there is one where the journal has news of it by the time that its lock is taken."""
        if anew or self._history is None:
            self._history = self.setting.journal.changes(self.owner)
        return self._history

    def open(self) -> DnsProvider:
        """Open the account and find the zone; the provider is closed with the desk."""
        self.provider = self.setting.open_provider()
        self.zone = self.provider.open(self.owner, self.request.zone)
        return self.provider

    def close(self) -> None:
        """Give the provider's connections back."""
        if self.provider is not None:
            self.provider.close()

    def add(self, *findings: Finding) -> None:
        """Remember findings for the result, each once."""
        self.findings += tuple(finding for finding in findings if finding not in self.findings)

    def result(self, state: State, **more: Any) -> Result:
        """The result, with all that is known by now."""
        return Result(
            command=self.command,
            domain=self.owner,
            state=state,
            zone=self.zone,
            provider=self.setting.provider,
            account=self.setting.account,
            service=self.setting.service.name,
            change_id=self.change_id,
            plan=self.plan,
            findings=self.findings,
            left=bool(held_back(self.left, self.request.accept)),
            api_calls=self.provider.api_calls if self.provider else 0,
            elapsed_s=self.setting.clock.monotonic() - self.started,
            **more,
        )

    def run(self, work: Callable[[], Result]) -> Result:
        """Do the work; a known error becomes its result, Ctrl-C keeps going up with one; the provider is given back."""
        try:
            return work()
        except RegistrarSyncError as error:
            return self.failed(error)
        except OperationInterrupted:
            raise  # from a desk within this one, which knows what it wrote
        except KeyboardInterrupt as stop:
            raise self.interrupted() from stop
        finally:
            self.close()

    def say(self, findings: tuple[Finding, ...], left: tuple[Finding, ...] = ()) -> None:
        """The findings of the result; a block that was accepted says so. ``left``: those on what is left to others."""
        accepted = self.request.accept
        self.left = left
        self.findings = tuple(
            replace(f, message=f"(accepted) {f.message}") if _stands_accepted(f, accepted) else f for f in (*findings, *left)
        )

    def held(self, held: list[Finding]) -> Result:
        """The result where findings stand in the way: how many, and the options that would go on, where each may be accepted."""
        message = f"Held back by {len(held)} finding{'s' if len(held) > 1 else ''}. Nothing was changed."
        hint = "Mend what the findings name, then run it again."
        if all(f.acceptable for f in held):
            accepts = " ".join(f"--accept {id_}" for id_ in dict.fromkeys(f.id for f in held))
            hint = f"If each of them is right for this domain, run it again with {accepts}"
        return self.result("refused", message=message, hint=hint)

    @property
    def check_again(self) -> str:
        """The command that looks at the DNS again, at the servers that this account's settings name."""
        account = f" --account {self.setting.account}" if self.setting.account else ""
        return f"registrar-sync check {self.shown_domain}{account}"

    @property
    def wait_on(self) -> str:
        """The command that goes on waiting for what was written. ``check`` waits for a domain to be enrolled in both parts, and
        for no other change; ``watch`` knows from the journal what to look for."""
        if self.command == "enroll" and self.scope.is_whole:
            return f"{self.check_again} --wait authoritative"
        return f"registrar-sync watch {self.shown_domain}"

    def interrupted(self) -> OperationInterrupted:
        """Ctrl-C: what is true now and how to go on, still as a KeyboardInterrupt, so that a script's loop ends."""
        if self.under_way or self.wrote:
            hint = f"Go on waiting: {self.wait_on}; what was written: registrar-sync history"
            return OperationInterrupted(self.failed(Interrupted("Interrupted.", hint=f"{hint} {self.shown_domain}")))
        return OperationInterrupted(self.failed(Interrupted("Interrupted. Nothing was changed.", hint="Run it again.")))

    def failed(self, error: RegistrarSyncError) -> Result:
        """The result of an operation that ended in a known error: before anything was written, after it, or in between.

        In between, the journal holds the change open: the state is ``unknown`` and ``recover`` is the way on.
        """
        if self.under_way:
            error.changed = "yes" if error.changed == "yes" else "unknown"
            error.hint = f"Run: registrar-sync recover {self.shown_domain}"
            text = f"{error.message} The zone may have been changed; the values before are in change {self.change_id}."
            return self.result("unknown", error=error, message=text, hint=error.hint, changed=True)
        if self.wrote:
            error.changed = "yes"
            text = f"{error.message} The change itself is written and was read back."
            return self.result("written", error=error, message=text, hint=error.hint, changed=True)
        state: State = "drift" if isinstance(error, Drift) else "refused"
        return self.result(state, error=error, message=error.message, hint=error.hint)


def _stands_accepted(found: Finding, accepted: Collection[str]) -> bool:
    return found.severity == "block" and found.acceptable and found.id in accepted


class OperationInterrupted(KeyboardInterrupt):
    """Ctrl-C during an operation, with the result as it stands. Not caught by ``except Exception``: a loop ends."""

    def __init__(self, result: Result) -> None:
        super().__init__()
        self.result = result
