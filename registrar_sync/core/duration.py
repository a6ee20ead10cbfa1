"""Spans of time as people write them."""

from __future__ import annotations

import re

from registrar_sync.errors import UsageError

_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "": 1}
_SPAN = re.compile(r"([0-9]{1,12})([smhd]?)")


def parse_seconds(text: str, *, longest_s: int) -> int:
    """A whole number of seconds, or of the unit behind it: s, m, h, d. Raises ``UsageError``, also above ``longest_s``.

    >>> parse_seconds("5d", longest_s=864000)
    432000
    """
    found = _SPAN.fullmatch(text.strip().lower())
    if found is None:
        raise UsageError(f"{text!r} is no span of time: write 5d, 12h, 30m, or seconds. Nothing was changed.")
    seconds = int(found[1]) * _SECONDS[found[2]]
    if seconds > longest_s:
        raise UsageError(f"{text!r} is longer than {longest_s // 86400} days. Nothing was changed.")
    return seconds


def in_words(seconds: float) -> str:
    """A span as one says it, to two places.

    >>> [in_words(each) for each in (0.4, 59, 95, 7800, 100000)]
    ['1 s', '59 s', '1 min 35 s', '2 h 10 min', '1 d 3 h']
    """
    left = max(1, round(seconds))
    parts: list[str] = []
    for unit, size in (("d", 86400), ("h", 3600), ("min", 60), ("s", 1)):
        if left >= size or (unit == "s" and not parts):
            parts.append(f"{left // size} {unit}")
        elif parts:
            break  # "1 d 5 s" says nothing that "1 d" does not
        left %= size
    return " ".join(parts[:2])
