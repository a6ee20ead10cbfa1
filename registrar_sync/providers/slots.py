"""The slots that one connection takes of its account's pace: one a call, or several in one piece.

A write must go out while the read that it stands on is young. Where the account is so slow that it cannot, the read is made
again, and takes its own slots and those of the writes behind it at once: else no domain of a slow account would ever be done.
"""

from __future__ import annotations

from registrar_sync.core.pace_account import LATE_S
from registrar_sync.ports import Clock, Pace
from registrar_sync.providers.policy import READ_COUNTS_S, Policy

_WRITES = 2  # of an enrolment, SPF and MX; what is left of more has its own piece after the next read
_TRIES = 3  # a machine that sleeps again and again, or a journal that answers slowly, does not keep a call for ever


class TooLate(Exception):
    """The slot would come when the read is too old, in ``wait_s`` seconds: not taken. ``held_s``: so much of it the provider
    asked for."""

    def __init__(self, wait_s: float, held_s: float) -> None:
        super().__init__(wait_s, held_s)
        self.wait_s = wait_s
        self.held_s = held_s


class Held(Exception):
    """The provider told the whole account to come back in ``wait_s`` seconds: too long to wait for."""

    def __init__(self, wait_s: float) -> None:
        super().__init__(wait_s)
        self.wait_s = wait_s


class Slots:
    """For one thread. ``longest_hold_s``: for so long a call waits where the provider said when to come back."""

    def __init__(self, pace: Pace, clock: Clock, *, longest_hold_s: float) -> None:
        self.pace = pace
        self._clock = clock
        self._longest_hold_s = longest_hold_s
        self._reads = 0  # calls since a read began
        self._in_a_read = 1
        self._piece = 1  # calls that the next read takes slots for
        self._paid = 0
        self._paid_until = 0.0

    def reading(self) -> None:
        """A read begins: its calls are counted anew."""
        self._reads = 0

    def wait(self, policy: Policy) -> bool:
        """Wait for the next call's slot; whether there was anything to wait for.

        Raises ``TooLate``, ``Held``, and what the pace raises: then the call is not to be made.
        """
        self._count(policy)
        if self._paid and self._clock.monotonic() < self._paid_until:
            self._paid -= 1
            return False
        calls, self._piece = (self._piece, 1) if policy.kind == "read" else (1, self._piece)
        waited = self._wait_for(calls, policy)
        self._paid, self._paid_until = calls - 1, self._clock.monotonic() + READ_COUNTS_S
        return waited

    def _count(self, policy: Policy) -> None:
        if policy.kind == "read":
            self._reads += 1
        elif self._reads:
            self._in_a_read, self._reads = self._reads, 0

    def _wait_for(self, calls: int, policy: Policy) -> bool:
        waited = False
        for _ in range(_TRIES):
            asked_at = self._clock.monotonic()
            wait_s = self._reserve(calls, policy, asked_at)
            if wait_s > 0:
                self._clock.sleep(wait_s)
                waited = True
            is_late = self._clock.monotonic() - asked_at > wait_s + LATE_S  # we were stopped, or the machine slept
            if not is_late and (wait_s <= 0 or self.pace.held() <= 0):
                break
        return waited

    def _reserve(self, calls: int, policy: Policy, now: float) -> float:
        within_s = max(0.0, policy.age_left(now))
        wait_s = self.pace.reserve(calls, within_s=within_s)
        if wait_s > within_s:
            self._piece = self._in_a_read + _WRITES
            raise TooLate(wait_s, self.pace.held())
        if wait_s > self._longest_hold_s and (held_s := self.pace.held()) > self._longest_hold_s:
            raise Held(held_s)
        return wait_s
