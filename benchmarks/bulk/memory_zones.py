"""A hundred thousand zones that are made when somebody asks for them, and a ledger of what was written to each.

Zones as objects would take more memory than what is measured; a ledger in a file outlives a process that is killed.
"""

from __future__ import annotations

import mmap
import time
from collections.abc import Callable
from pathlib import Path

from registrar_sync.core.model import Mx, Other, Rdata, Record, RRset, RRsetChange, Txt, values_of
from registrar_sync.providers.memory import Call, MemoryProvider

TTL_S = 300
_BITS = {"TXT": 1, "MX": 2}
_ALL_NEW = 3
_ONE_WRITE = 4  # the other six bits count
_MOST = 252
_IS_DONE = bytes(byte & _ALL_NEW == _ALL_NEW for byte in range(256))
_INCLUDE = b"include:includespf.security-mail.net"
_HOSTS: tuple[Rdata, ...] = (Mx(3, "france.security-mail.net."), Mx(4, "europe.security-mail.net."))


def name_of(number: int) -> str:
    """Of the zone, absolute."""
    return f"m{number}.example."


def number_of(name: str) -> int:
    """The zone's number.

    >>> number_of("m17.example.")
    17
    """
    return int(name[1 : name.index(".")])


def rrset(number: int, rtype: str, *, new: bool) -> RRset | None:
    """What a zone holds at its apex, before or after."""
    records = tuple(Record(rdata=value, ttl=TTL_S) for value in values_at(number, rtype, new=new))
    return RRset(owner=name_of(number), rtype=rtype, records=records) if records else None


def values_at(number: int, rtype: str, *, new: bool) -> tuple[Rdata, ...]:
    """The values of that set; none where there is no set."""
    if rtype == "TXT":
        spf = b"v=spf1 mx ip4:192.0.2.%d " % (number % 256) + (_INCLUDE + b" " if new else b"") + b"~all"
        return Txt((spf,)), Txt((b"google-site-verification=%d" % number,)), Txt((b"part one, ", b"part two"))
    if rtype == "MX":
        name = name_of(number)
        return (*(_HOSTS if new else ()), Mx(5, f"mail.{name}"), *(Mx(10 * n, f"mx{n}.{name}") for n in range(1, number % 3 + 1)))
    return (Other("192.0.2.80"),) if rtype == "A" else ()


class Ledger:
    """A byte a domain: whether its TXT and its MX are the new ones, and how often it was written to."""

    def __init__(self, file: Path, count: int) -> None:
        self.count = count
        with file.open("a+b") as opened:
            opened.truncate(count)
            self._bytes = mmap.mmap(opened.fileno(), count)

    def is_new(self, number: int, rtype: str) -> bool:
        """Whether the type was written."""
        return bool(self._bytes[number] & _BITS.get(rtype, 0))

    def wrote(self, number: int, rtype: str, *, new: bool) -> None:
        """Enter a write."""
        before = self._bytes[number]
        flags = (before | _BITS[rtype]) if new else (before & ~_BITS[rtype])
        self._bytes[number] = min(_MOST, before & _MOST) + (_ONE_WRITE if before < _MOST else 0) + (flags & _ALL_NEW)

    def done(self) -> int:
        """Domains with both sets new."""
        return self._bytes[:].translate(_IS_DONE).count(1)  # asked often, beside what is measured

    def written_again(self) -> int:
        """Domains with more writes than their two sets."""
        return sum(byte // _ONE_WRITE > len(_BITS) for byte in self._bytes[:])


class LazyMemory(MemoryProvider):
    """``MemoryProvider`` over the ledger: it holds the zone that is open, and no log. ``began``: told of the first one."""

    def __init__(self, ledger: Ledger, began: Callable[[], None]) -> None:
        super().__init__({})
        self._ledger = ledger
        self._began = began
        self._calls = 0

    @property
    def api_calls(self) -> int:
        """Calls made."""
        return self._calls

    def open(self, owner: str, zone: str | None = None) -> str:
        """See the port."""
        self._began()
        number = number_of(owner)
        sets = (rrset(number, rtype, new=self._ledger.is_new(number, rtype)) for rtype in ("TXT", "MX", "A"))
        self._zones = {name_of(number): {(one.owner, one.rtype): one for one in sets if one}}
        return super().open(owner, zone)

    def _call(self, call: Call, about: str, effect: Callable[[], None]) -> None:
        self._calls += 1
        effect()

    def _apply(self, change: RRsetChange) -> None:
        """Only what stood or what must stand is taken: anything else is an error of whoever writes it."""
        number = number_of(change.owner)
        wanted = {new: frozenset(values_at(number, change.rtype, new=new)) for new in (False, True)}
        found = values_of(change.after)
        assert found in wanted.values(), f"{change.owner} {change.rtype} {found}"
        super()._apply(change)
        self._ledger.wrote(number, change.rtype, new=found == wanted[True])


class Began:
    """Writes down, once in this process, when it was called (monotonic seconds, the same clock for all processes)."""

    def __init__(self, file: Path) -> None:
        self._file: Path | None = file

    def __call__(self) -> None:
        """Once."""
        file, self._file = self._file, None
        if file is not None:
            file.write_text(str(time.monotonic()))
