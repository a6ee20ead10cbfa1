"""One tree of errors. Each says what happened, whether anything was changed, and what to do next.

``kind`` is the stable word that scripts see in ``error.kind``; the command line maps kinds to exit codes in one table.
"""

from __future__ import annotations

from typing import ClassVar, Literal

Changed = Literal["no", "yes", "unknown"]


class RegistrarSyncError(Exception):
    """Base of every failure that this package knows.

    ``message`` what happened, ``hint`` the next step (a command where there is one), ``changed`` whether anything at the
    provider was changed by the operation that failed.
    """

    kind: ClassVar[str] = "error"

    def __init__(self, message: str, *, hint: str = "", changed: Changed = "no") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.changed: Changed = changed


# --- wrong usage: nothing was asked of anybody -----------------------------------------------------------------------
class UsageError(RegistrarSyncError):
    """A command, an option or a value that cannot be meant."""

    kind = "usage"


class InvalidDomain(UsageError):
    """A text that is no domain name."""

    kind = "invalid-domain"


class UnknownName(UsageError):
    """A provider, account, service or finding that does not exist; the hint names the nearest ones."""

    kind = "unknown-name"


class ConfigInvalid(UsageError):
    """providers.yaml cannot be used; the message names file, line and key."""

    kind = "config"


class RosterInvalid(UsageError):
    """A list of domains that cannot be used, or a row of it; the message names line and column."""

    kind = "roster"


class ConfirmationNeeded(UsageError):
    """No terminal to ask at, and no --yes."""

    kind = "confirmation"


# --- known failures ---------------------------------------------------------------------------------------------------
class ProviderManual(RegistrarSyncError):
    """The provider is listed, but no verified way to write to it exists."""

    kind = "provider-manual"


class ZoneNotFound(RegistrarSyncError):
    """No zone of this account holds the name. ``zones``: the account's zones where the API told them on the way."""

    kind = "zone-not-found"

    def __init__(self, message: str, *, hint: str = "", zones: tuple[str, ...] = ()) -> None:
        super().__init__(message, hint=hint)
        self.zones = zones


class ProviderRefused(RegistrarSyncError):
    """The provider understood this call and refused it: the call itself changed nothing (earlier ones may have)."""

    kind = "provider-refused"


class ProviderUnavailable(RegistrarSyncError):
    """No usable answer to a read, after retries. A failed read is never an empty zone."""

    kind = "provider-unavailable"


class WriteMustReread(RegistrarSyncError):
    """A write was not carried out, or may safely be repeated, but only after a fresh read: wait, read, compare, write.

    ``retry_after_s``: seconds the provider asked us to wait (0 when it named none).
    """

    kind = "write-deferred"

    def __init__(self, message: str, *, retry_after_s: float = 0.0) -> None:
        super().__init__(message, changed="unknown")
        self.retry_after_s = retry_after_s


class OutcomeUnknown(RegistrarSyncError):
    """A call that must not be repeated ended without an answer: it may have taken effect."""

    kind = "outcome-unknown"

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message, hint=hint, changed="unknown")


class LookupFailed(RegistrarSyncError):
    """A DNS look-up got no usable answer. Never the same as "does not exist"."""

    kind = "lookup-failed"


class JournalUnusable(RegistrarSyncError):
    """The journal cannot be read or written."""

    kind = "journal"


class OpenChange(RegistrarSyncError):
    """An earlier change of this domain was interrupted and must be recovered first."""

    kind = "open-change"


class NothingJournalled(RegistrarSyncError):
    """The journal holds no such change."""

    kind = "no-such-change"


# --- failures with an exit code of their own ---------------------------------------------------------------------------
class CredentialsMissing(RegistrarSyncError):
    """A credential is not set; the message names each variable."""

    kind = "credentials-missing"


class CredentialsRejected(RegistrarSyncError):
    """The provider does not accept the credentials, or they lack a right that is needed."""

    kind = "credentials-rejected"


class ZoneLocked(RegistrarSyncError):
    """Another process is writing to this zone."""

    kind = "zone-locked"


class LockLost(RegistrarSyncError):
    """The zone lock was taken over while we held it: stop before the next write."""

    kind = "lock-lost"

    def __init__(self, message: str) -> None:
        super().__init__(message, changed="unknown")


class Drift(RegistrarSyncError):
    """The zone holds values that are neither ours nor those we found: nothing is written."""

    kind = "drift"


class Interrupted(RegistrarSyncError):
    """The operator stopped us."""

    kind = "interrupted"
