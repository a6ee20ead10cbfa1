"""One account's pace: when its next call may go out, so that the provider never counts too many, and how it slows down.

A provider counts calls in any window of so many seconds. Calls get slots at nine tenths of that rate, and what is left of the
budget may go out at once: with spacing d, and b calls ahead of their time at most, no window of T seconds holds more than
b + T/d. After a rest of a whole window it is empty, so a beginning may go out at full speed; then nothing goes out until the
schedule has caught up. This also holds at the provider's end where a call comes up to ``LATE_S`` behind its slot (or a tenth of
the window, where nothing may go out ahead; half of it at a beginning, whose calls open their connections first).

Times are seconds of whatever clock the caller keeps to.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import floor, inf

SHARE = 0.9
"""Of the provider's budget, for a steady stream."""

LATE_S = 2.0
"""Behind its slot by more than this, a call takes a new one."""

QUIET_S = 30.0
"""The longest pause behind a beginning at full speed: half of a zone lock's lease."""

ONE_DOMAIN = 20
"""Calls that one domain may need: a beginning lets them out however slow the account is, as far as the budget goes."""

SLOWEST = 1 / 16
STEP = 1 / 16
"""Of the full rate, by which good answers bring it back."""

GOOD_ANSWERS = 8
"""Answers in a row until the next step."""

SAME_S = 2.0
"""Refusals so close together speak of one moment: the calls under way at that time."""

LOOK_BACK_S = 10.0
"""The rate that a refusal speaks of is that of the last 10 to 20 s."""

FEWEST = 30
"""Calls in that time, without which it says nothing of a rate: one enrolment that was refused once is not slowed down."""

FORGOTTEN = 16.0
"""A learned rate that was exceeded so many times without a refusal is no limit any more."""

_AGES_AGO = -1e9


@dataclass(frozen=True, slots=True)
class CallLimit:
    """At most ``calls`` calls in any ``per_s`` seconds."""

    calls: int
    per_s: float

    @property
    def spacing_s(self) -> float:
        """Between two calls of a steady stream."""
        return self.per_s / (SHARE * self.calls)

    @property
    def ahead(self) -> int:
        """Calls that may go out at once in a stream, one at least."""
        return max(1, self.calls - floor((self.per_s + LATE_S) / self.spacing_s))

    @property
    def first(self) -> int:
        """Calls that may go out at once after a rest."""
        return min(self.calls, max(self.ahead, floor(QUIET_S / self.spacing_s), ONE_DOMAIN))

    @property
    def gap_s(self) -> float:
        """Longer than the schedule takes to catch up, nothing goes out after a beginning."""
        return min(LATE_S, self.per_s / 2) if self.ahead == 1 < self.first else 0.0


@dataclass(frozen=True, slots=True)
class Terms:
    """What holds now. ``slack_s``: how far ahead of their time calls may go out; ``most``: in one piece."""

    spacing_s: float
    slack_s: float = 0.0
    first: int = 0
    rest_s: float = inf
    gap_s: float = 0.0
    most: int = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class PaceState:
    """How an account stands. ``full_at``: when all that was taken would be out at an even pace; ``last_at``: the newest slot;
    ``burst``: calls left of the beginning; ``factor``: of the full rate; ``learned``: calls a second that a refusal taught;
    ``made``, ``made_before``: calls since ``since``, and in the ``LOOK_BACK_S`` before."""

    full_at: float = _AGES_AGO
    last_at: float = _AGES_AGO
    burst: int = 0
    factor: float = 1.0
    held_until: float = _AGES_AGO
    slowed_at: float = _AGES_AGO
    learned: float | None = None
    since: float = _AGES_AGO
    made: int = 0
    made_before: int = 0


def terms_of(state: PaceState, limit: CallLimit | None) -> Terms | None:
    """What holds now; None: no limit is known."""
    if limit is not None:
        spacing_s = limit.spacing_s
        slack_s, rest_s = (limit.ahead - 1) * spacing_s, limit.per_s + LATE_S
        return Terms(spacing_s / state.factor, slack_s, limit.first, rest_s, limit.gap_s, limit.calls)
    return None if state.learned is None else Terms(1 / (state.learned * state.factor))


def reserve(
    state: PaceState, limit: CallLimit | None, now: float, calls: int = 1, within_s: float = inf
) -> tuple[PaceState, float]:
    """Take slots for so many calls in one piece; the seconds until they may go out. Later than ``within_s``: nothing is taken."""
    terms = terms_of(state, limit)
    begin = max(now, state.held_until)
    if terms is None:
        return (state if begin - now > within_s else counted(state, now, calls)), begin - now
    calls = min(calls, terms.most)
    rested = _is_rested(state, terms, begin)
    burst, gap_s = (terms.first, terms.gap_s) if rested else (state.burst, 0.0)
    if burst >= calls:
        slot, burst = begin, burst - calls
    else:
        slot, burst, gap_s = max(begin, state.full_at + (calls - 1) * terms.spacing_s - terms.slack_s), 0, 0.0
    if slot - now > within_s:
        return state, slot - now
    full_at = max(slot + gap_s, state.full_at) + calls * terms.spacing_s
    return replace(counted(state, now, calls), full_at=full_at, last_at=max(slot, state.last_at), burst=burst), slot - now


def _is_rested(state: PaceState, terms: Terms, begin: float) -> bool:
    return state.factor >= 1 and begin - max(state.last_at, state.held_until) >= terms.rest_s


def counted(state: PaceState, now: float, calls: int) -> PaceState:
    """So many calls were made or will be."""
    age_s = now - state.since
    if age_s < LOOK_BACK_S:
        return replace(state, made=state.made + calls)
    before = state.made if age_s < 2 * LOOK_BACK_S else 0
    return replace(state, since=now, made=calls, made_before=before)


def observed(state: PaceState, now: float) -> float:
    """Calls a second of late."""
    seconds = now - state.since + (LOOK_BACK_S if state.made_before else 0.0)
    return (state.made + state.made_before) / max(1.0, seconds)


def held(state: PaceState, limit: CallLimit | None, now: float, seconds: float) -> PaceState:
    """Nobody calls for so long, and then one after the other."""
    until = max(state.held_until, now + seconds)
    return replace(_spent(state, limit, until), held_until=until)


def slower(state: PaceState, limit: CallLimit | None, now: float) -> PaceState:
    """A call was refused for our being too quick: half the rate, or half of what was observed where none was known."""
    if now - state.slowed_at < SAME_S or (terms_of(state, limit) is None and state.made + state.made_before < FEWEST):
        return state
    if limit is None and state.learned is None:
        state = replace(state, learned=observed(state, now), factor=1.0)
    state = replace(state, factor=max(state.factor / 2, SLOWEST), slowed_at=now)
    return _spent(state, limit, max(now, state.held_until))


def better(state: PaceState, limit: CallLimit | None) -> PaceState:
    """``GOOD_ANSWERS`` in a row: a step back to the full rate. A learned one is let grow, until nothing speaks for it."""
    if limit is not None:
        return replace(state, factor=min(1.0, state.factor + STEP))
    if state.learned is None or state.factor + STEP >= FORGOTTEN:
        return replace(state, learned=None, factor=1.0)
    return replace(state, factor=state.factor + STEP)


def set_back(state: PaceState, seconds: float) -> PaceState:
    """The caller's clock was set back by so much: every time moves with it."""
    names = ("full_at", "last_at", "held_until", "slowed_at", "since")
    return replace(state, **{name: getattr(state, name) - seconds for name in names})


def is_slow(state: PaceState) -> bool:
    """Whether good answers are to be counted."""
    return state.factor < 1 or state.learned is not None


def _spent(state: PaceState, limit: CallLimit | None, at: float) -> PaceState:
    """Nothing goes out ahead of its time from ``at`` on, until the stream was slow enough for it."""
    terms = terms_of(state, limit)
    return replace(state, full_at=max(state.full_at, at + (terms.slack_s if terms else 0.0)), burst=0)
