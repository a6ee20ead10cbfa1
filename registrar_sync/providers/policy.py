"""What may be done about an HTTP call that did not succeed: decided by what the call does, never by who is called."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from registrar_sync.errors import (
    CredentialsRejected,
    OutcomeUnknown,
    ProviderRefused,
    ProviderUnavailable,
    RegistrarSyncError,
    WriteMustReread,
)

READ_COUNTS_S = 5.0  # seconds: a replace never stands on an older read (design section 5, step 4)

Kind = Literal["read", "replace", "once", "publish"]

OfAccount = Literal["no", "wait", "slow"]
"""What an answer says of the whole account: nothing; when to come back; that we are too quick (and perhaps when to come back)."""


def _nothing() -> None:
    """Before a read nobody needs to be told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """The rules for one call.

    ``read``: repeatable. ``replace``: repeatable while the read it stands on (``read_at``, monotonic seconds) is young.
    ``once``: never repeated, and not sent on an old read: what it adds may stand there by now. ``publish``: repeatable, also
    when refused. ``before_call`` runs before every attempt to write.
    """

    kind: Kind
    before_call: Callable[[], None] = _nothing
    read_at: float | None = None

    def age_left(self, now: float) -> float:
        """Seconds for which a write may still be sent."""
        if self.kind not in ("replace", "once") or (self.kind == "once" and self.read_at is None):
            return float("inf")
        return READ_COUNTS_S - (now - self.read_at) if self.read_at is not None else 0.0


READ = Policy(kind="read")


class HttpRefused(ProviderRefused):
    """A refusal with the answer that came with it. ``answer``: the body as JSON, or None; input of a stranger.

    ``after_effect``: whether an earlier attempt of the same call may have taken effect; also of ``HttpDenied``.
    """

    after_effect = False

    def __init__(self, message: str, *, status: int, answer: object = None, codes: frozenset[str] = frozenset()) -> None:
        super().__init__(message)
        self.status = status
        self.answer = answer
        self.codes = codes


class HttpDenied(CredentialsRejected):
    """HTTP 401 or 403, with the answer that came with it: at some vendors 403 means "no such zone", too."""

    after_effect = False

    def __init__(self, message: str, *, hint: str, status: int, answer: object = None) -> None:
        super().__init__(message, hint=hint)
        self.status = status
        self.answer = answer


class Again(Exception):
    """An attempt that failed and might be repeated.

    ``effect``: whether the attempt may have changed something. ``refused``: the vendor's clear refusal, where it was one.
    ``of_account``: what the answer says of calls of others, too.
    """

    def __init__(
        self,
        why: str,
        *,
        effect: bool,
        retry_after_s: float | None = None,
        refused: HttpRefused | None = None,
        of_account: OfAccount = "no",
    ) -> None:
        super().__init__(why)
        self.effect = effect
        self.retry_after_s = retry_after_s
        self.refused = refused
        self.of_account = of_account


def final_error(policy: Policy, last: Again, *, any_effect: bool, what: str) -> RegistrarSyncError:
    """The error of a call that is given up. ``any_effect``: whether any of its attempts may have changed something."""
    text = f"{what}: {last}"
    if policy.kind == "read":
        return ProviderUnavailable(f"{text}. Nothing was changed by this call.", hint=_wait_hint(last))
    if policy.kind == "replace":
        return WriteMustReread(f"{text}. It may be repeated after a fresh read.", retry_after_s=last.retry_after_s or 0.0)
    if not any_effect:
        return _nothing_happened(policy, last, text)
    return OutcomeUnknown(f"{text}. It may have taken effect, and must not be repeated unseen.")


def _nothing_happened(policy: Policy, last: Again, text: str) -> RegistrarSyncError:
    if policy.kind == "once":
        return WriteMustReread(f"{text}. This call changed nothing.", retry_after_s=last.retry_after_s or 0.0)
    return last.refused or ProviderRefused(f"{text}. Nothing was published.", hint=_wait_hint(last))


def _wait_hint(last: Again) -> str:
    if last.retry_after_s:
        return f"Try again in {last.retry_after_s:.0f} s."
    return "Try again later; the account's call_limit_s is the longest one call may take."
