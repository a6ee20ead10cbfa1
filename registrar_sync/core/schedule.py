"""What is due when: one heap for any number of waiting domains, with a bound on what is looked at together and a second."""

from __future__ import annotations

import heapq
from collections import deque

_AT_ONCE_S = 0.05  # a shorter pause comes once (a first look, a last one), and says nothing of the looks to come


class Schedule:
    """Due times of keys, in seconds of a clock that never runs backwards. A key waits, or is taken (looked at), or is gone.

    ``most_taken`` keys are taken at once, a quarter of them of one lane: those that ask the same servers, of which one may
    be slow. What has to wait for its lane lets others pass, and goes first when there is room. ``most_a_second``: where the
    pauses asked for come to more looks than that, all of them are stretched by the same factor: 300 cost less than a twentieth
    of a processor core, and give each of ten thousand its turn every 33 s.
    """

    def __init__(self, *, most_taken: int = 2000, most_a_second: float = 300.0) -> None:
        self._most_taken = most_taken
        self._most_a_lane = max(1, most_taken // 4)
        self._most_a_second = most_a_second
        self._heap: list[tuple[float, int, int]] = []
        self._entries: dict[int, tuple[int, float, int]] = {}  # key -> its one valid entry's number, pause, lane
        self._number = 0
        self._taken: dict[int, int] = {}
        self._lanes: dict[int, int] = {}
        self._parked: dict[int, deque[tuple[int, int]]] = {}  # due, and their lane is full
        self._ready: deque[tuple[int, int, int]] = deque()  # parked once, and their lane has room
        self._a_second = 0.0

    def __len__(self) -> int:
        """How many wait or are taken."""
        return len(self._entries) + len(self._taken)

    @property
    def taken(self) -> int:
        """How many are looked at."""
        return len(self._taken)

    def put(self, key: int, now: float, pause_s: float, *, latest: float = float("inf"), lane: int = 0) -> float:
        """Look at ``key`` after the pause, stretched where there is too much to do, and not after ``latest``; returns when."""
        self.drop(key)
        self._a_second += _weight(pause_s)
        due = max(now, min(now + pause_s * self._stretch, latest))
        self._number += 1
        self._entries[key] = (self._number, pause_s, lane)
        heapq.heappush(self._heap, (due, self._number, key))
        return due

    @property
    def _stretch(self) -> float:
        return max(1.0, self._a_second / self._most_a_second)

    def drop(self, key: int) -> None:
        """Forget a key, whether it waits or is taken. One that is not there is no fault."""
        entry = self._entries.pop(key, None)
        if entry is not None:
            self._lighten(entry[1])
        if key in self._taken:
            self._give_back(self._taken.pop(key))

    def take(self, now: float) -> list[int]:
        """The keys to look at now, those that are due longest first; each stays taken until it is put or dropped."""
        found: list[int] = []
        while len(self._taken) < self._most_taken and (key := self._next(now)) is not None:
            self._take(key)
            found.append(key)
        return found

    def wakes_at(self) -> float | None:
        """When ``take`` can next give something, as far as that is known; None: not before a taken key is put or dropped."""
        while self._heap and not self._is_valid(*self._heap[0][1:]):
            heapq.heappop(self._heap)
        if len(self._taken) >= self._most_taken:
            return None
        if self._ready:
            return float("-inf")
        return self._heap[0][0] if self._heap else None

    def _is_valid(self, number: int, key: int) -> bool:
        return key in self._entries and self._entries[key][0] == number

    def _next(self, now: float) -> int | None:
        """The next key that is due and whose lane has room; those without room are parked on the way."""
        while self._ready:
            number, key, lane = self._ready.popleft()
            if self._is_valid(number, key):
                return key
            self._unpark(lane)
        while self._heap and self._heap[0][0] <= now:
            _, number, key = heapq.heappop(self._heap)
            if not self._is_valid(number, key):
                continue
            lane = self._entries[key][2]
            if self._lanes.get(lane, 0) < self._most_a_lane:
                return key
            self._parked.setdefault(lane, deque()).append((number, key))
        return None

    def _take(self, key: int) -> None:
        _, pause_s, lane = self._entries.pop(key)
        self._lighten(pause_s)
        self._taken[key] = lane
        self._lanes[lane] = self._lanes.get(lane, 0) + 1

    def _give_back(self, lane: int) -> None:
        self._lanes[lane] -= 1
        if not self._lanes[lane]:
            del self._lanes[lane]
        self._unpark(lane)

    def _unpark(self, lane: int) -> None:
        if parked := self._parked.get(lane):
            self._ready.append((*parked.popleft(), lane))
            if not parked:
                del self._parked[lane]

    def _lighten(self, pause_s: float) -> None:
        self._a_second -= _weight(pause_s)
        if not self._entries:
            self._a_second = 0.0  # what rounding has left


def _weight(pause_s: float) -> float:
    """Looks a second that a pause comes to."""
    return 1 / pause_s if pause_s > _AT_ONCE_S else 0.0
