"""What the operations need from the world: Protocols only. The edges implement them, wiring.py joins them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from math import inf
from typing import Any, Protocol

from registrar_sync.core.evidence import Change, ChangeState, Images, NewChange
from registrar_sync.core.known import PolicyQuestion, Said, SmtpQuestion
from registrar_sync.core.model import RRsetChange, ZoneView
from registrar_sync.core.pace_account import CallLimit
from registrar_sync.core.run import RunBook
from registrar_sync.core.waiting import News, Seen, WatchBook
from registrar_sync.dns_port import Hoped, Resolver

__all__ = ["Clock", "DnsProvider", "Hoped", "Journal", "MailHosts", "Pace", "PolicyHosts", "Resolver", "Secrets", "ZoneLock"]


class Clock(Protocol):
    """Time, so that no test sleeps."""

    def now(self) -> datetime:
        """The present, UTC, aware."""
        ...

    def monotonic(self) -> float:
        """Seconds that never run backwards."""
        ...

    def sleep(self, seconds: float) -> None:
        """Wait."""
        ...


class Secrets(Protocol):
    """Where credentials come from."""

    def resolve(self, reference: str) -> str | None:
        """The secret that a reference (``env:NAME``, ``file:/path``) stands for, or None where it is not set."""
        ...


class Pace(Protocol):
    """How quickly one account may be called, by all who call on its behalf. Thread-safe; seconds throughout.

    Only ``reserve`` and ``held`` raise ``JournalUnusable``, where the pace is kept in a journal.
    """

    def reserve(self, calls: int = 1, *, within_s: float = inf) -> float:
        """Take the next slots, in one piece; the seconds until all of these calls may go out. It is never asked twice.

        More than ``within_s``: nothing was taken.
        """
        ...

    def held(self) -> float:
        """For so long nobody may call, whatever slot they have; 0: go. To be asked after waiting for a slot."""
        ...

    def hold(self, seconds: float) -> None:
        """The provider said when to come back (``Retry-After``): until then no call of the whole account."""
        ...

    def answered(self, busy: bool) -> None:
        """A call was answered. ``busy``: that we are too quick, and the account slows down; good answers bring it back."""
        ...


class DnsProvider(Protocol):
    """One account at a DNS provider, seen in whole RRsets. Synchronous; one object serves one enrolment.

    Values that are not edited travel back in the provider's own spelling; the caller never sees quoting, dots or ids.
    """

    @property
    def staged(self) -> bool:
        """Whether written data is served only after ``publish``."""
        ...

    @property
    def api_calls(self) -> int:
        """HTTP requests made so far, retries included."""
        ...

    def open(self, owner: str, zone: str | None = None) -> str:
        """Authenticate and find the zone that holds ``owner``: the exact name first, then one label less on "not found".

        ``zone`` given: that zone and no other. Returns the zone, absolute. Raises ``ZoneNotFound``,
        ``CredentialsRejected``, ``ProviderUnavailable``. Changes nothing.
        """
        ...

    def read(self, owner: str) -> ZoneView:
        """All RRsets that stand at ``owner``, disabled rows and native rows included, as the API has them now.

        before: the API holds MX 5 and 40, and two TXT.  call: ``read("example.com.")``.
        after: ``ZoneView`` with RRsets MX (2 records), TXT (2), and whatever else stands there; nothing is changed.
        Raises ``ProviderUnavailable`` or ``CredentialsRejected``; a failed read is never an empty view.
        """
        ...

    def write(self, changes: Sequence[RRsetChange], *, before_call: Callable[[], None]) -> None:
        """Carry out the changes, in the order given where they need separate calls; publish nothing.

        before: TXT {a, "v=spf1 mx ~all"}, MX {5 mailgate}.
        call: ``write([TXT: "v=spf1 mx ~all" -> "v=spf1 mx include:x ~all", MX: + 3 france], before_call=lock.renew)``.
        after: TXT {a, "v=spf1 mx include:x ~all"}, MX {3 france, 5 mailgate}; every other RRset as it was.

        ``before_call`` is called before every single HTTP write; what it raises stops the writing. Raises
        ``ProviderRefused`` or ``CredentialsRejected`` (the failing call changed nothing), ``WriteMustReread`` (repeat, but
        only after a fresh read), ``OutcomeUnknown`` (the failing call may have taken effect). Calls before the failing one
        stand.
        """
        ...

    def publish(self, *, before_call: Callable[[], None]) -> None:
        """Make written data served, where the provider is staged; else nothing. Retried until the call limit has passed.

        Raises as ``write`` does; ``ProviderRefused`` or ``CredentialsRejected``: nothing was published.
        """
        ...

    def zones(self) -> list[str]:
        """The zones that the account can see, without opening one. Raises as ``open`` does."""
        ...

    def close(self) -> None:
        """Give connections back."""
        ...


class PolicyHosts(Protocol):
    """The web servers of MTA-STS policies."""

    def fetch(self, question: PolicyQuestion) -> Said:
        """The policy's text (``yes``), that the host serves none (``no``: an HTTP answer other than 200), or ``unknown`` with
        the reason. Never raises. Neither of the last two says that no sender keeps an earlier policy (RFC 8461 section 3.3).
        """
        ...


class MailHosts(Protocol):
    """Mail servers, asked without sending mail."""

    def would_take(self, question: SmtpQuestion) -> Said:
        """Whether the host accepts RCPT for the recipient (``yes``), refuses it (``no``), or ``unknown``. Never raises."""
        ...


class ZoneLock(Protocol):
    """The right to write to one zone, held until released or lost."""

    @property
    def dead_since(self) -> datetime | None:
        """When the holder from whom it was taken over last renewed it: a call of theirs may still be under way."""
        ...

    def renew(self) -> None:
        """Say that we are alive; called before every provider write. Raises ``LockLost`` when somebody took over."""
        ...

    def release(self) -> None:
        """Give the zone back. Twice is once."""
        ...


class Journal(Protocol):
    """Evidence, appended before anything is done, never changed or deleted."""

    @property
    def location(self) -> str:
        """Where it is kept, without any password."""
        ...

    def check_writable(self) -> None:
        """Raise ``JournalUnusable`` now rather than after the first question to a provider."""
        ...

    def mark(self) -> int:
        """The id of the newest event of all (0 when there is none)."""
        ...

    def news(self, mark: int) -> list[News]:
        """Every event after ``mark``, of any change, in their order."""
        ...

    def touched_since(self, zone: str, mark: int) -> bool:
        """Whether any change of ``zone`` got an event after ``mark``: then what was read before may be old."""
        ...

    def begin(self, new: NewChange, images: Images, *, state: ChangeState = "intended", rolls_back: Collection[int] = ()) -> int:
        """Record a change and its first event with the complete images, durably; returns the change's id.

        ``rolls_back`` as for ``append``.

        before: no entry.  call: ``begin(new, images)``.  after: the change is there, state ``intended``, on disk.
        """
        ...

    def begin_locked(self, new: NewChange, images: Images, *, since: int) -> tuple[int, ZoneLock] | None:
        """Take the lock of the change's zone and record its intent as ``begin`` does, in one durable step: its id, and the lock.

        None, and nothing was done, where it is not as simple as that: somebody has the lock, dead or alive, a change of the zone
        or of the domain is ``intended`` or ``unknown``, or one got an event after the mark ``since``.
        """
        ...

    def append(
        self,
        change_id: int,
        state: ChangeState,
        *,
        detail: Mapping[str, Any] | None = None,
        images: Images | None = None,
        rolls_back: Collection[int] = (),
        releasing: ZoneLock | None = None,
        soon: bool = False,
    ) -> None:
        """Add a state to a change, durably; with ``rolls_back`` also ``rolled-back`` to those changes, and with ``releasing``, a
        lock of this journal, the zone is given back: all or nothing. ``soon``: durably once this thread next reads or writes,
        which also raises what goes wrong; for whoever tells nobody before."""
        ...

    def change(self, change_id: int) -> Change:
        """One change. Raises ``NothingJournalled``."""
        ...

    def changes(self, domain: str | None = None, *, zone: str | None = None, images: bool = True) -> list[Change]:
        """Changes, newest first, of one domain, of one zone, or of all; ``images`` False: events without what they hold most
        of, for lists over many domains."""
        ...

    def alongside(self, change_ids: Collection[int]) -> list[Change]:
        """These changes and all others of their zones, newest first."""
        ...

    def alone(self, change_ids: Collection[int]) -> Collection[int]:
        """Those of these changes whose zones hold no other change: quicker by far than to read them."""
        ...

    def unseen(self, domain: str | None = None, *, cached_after: datetime | None = None) -> list[int]:
        """Ids of the changes (of one domain, or of all) that are ``written`` or ``overdue``, oldest first; with
        ``cached_after`` also those ``authoritative`` with an ``old_until`` after that."""
        ...

    def record_seen(self, seen: Sequence[Seen]) -> Mapping[int, ChangeState]:
        """Add what was seen of written changes, durably and all at once; returns the state of each as it stands then.

        A change that is not ``written`` or ``overdue`` any more (rolled back, seen by another process) stays as it is, and
        ``overdue`` is not added twice.
        """
        ...

    def watch_book(self, *, lease_s: float = 60.0) -> WatchBook:
        """Due times, shared with all who watch by this journal. Raises ``JournalUnusable``."""
        ...

    def run_book(self, *, lease_s: float = 20.0) -> RunBook:
        """Runs over many domains, shared with all who use this journal. ``lease_s``: seconds that a lane counts as held after
        its holder's last sign of life, where nobody can tell whether the holder lives. Raises ``JournalUnusable``."""
        ...

    def unfinished(self, domain: str | None = None) -> list[Change]:
        """Changes whose state is ``intended`` or ``unknown``, oldest first."""
        ...

    def pace(self, account: str, limit: CallLimit | None) -> Pace:
        """The account's pace, kept together with all processes that share the journal; ``limit`` None: none is known.

        Raises ``JournalUnusable``.
        """
        ...

    def lock(self, zone: str) -> ZoneLock:
        """Take the zone's lock. Raises ``ZoneLocked``, naming the holder, while another process holds it.

        A lock whose holder is provably dead (same host, no such process) or whose lease has run out is taken over.
        """
        ...

    def quiet_in_s(self, zone: str, call_limit_s: float) -> float:
        """Seconds until a call that the last holder of the zone's lock may have left under way must be over (0: now).

        Raises ``ZoneLocked`` while the holder lives.
        """
        ...

    def close(self) -> None:
        """Give connections back."""
        ...
