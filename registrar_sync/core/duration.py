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
