"""A syntax error in an SPF record: where it stands, and how it is shown to a person."""

from __future__ import annotations

from dataclasses import dataclass

_BEFORE, _AFTER = 60, 30  # octets shown on either side of a fault, where the record is too long for one line
_CUT = "..."


@dataclass(eq=False)
class SpfInvalid(ValueError):
    """An SPF record with a syntax error: a permerror to every receiver (RFC 7208 section 4.6).

    ``position``: octets before the place, counted from 0 in the joined text; ``reason``: what is wrong there.
    """

    position: int
    reason: str

    def __str__(self) -> str:
        return f"{self.reason}, at octet {self.position + 1}"

    def caret(self, joined: bytes) -> str:
        r"""Two lines: the record, cut around the fault where it is long, and a caret under the faulty octet.

        Printable ASCII only: a backslash is doubled, every other octet is shown as ``\DDD``, its value in decimal (RFC 1035
        section 5.1).

        >>> print(SpfInvalid(7, "").caret(b"v=spf1 ipv4:192.0.2.1"))
        v=spf1 ipv4:192.0.2.1
               ^
        """
        start, end = _window(joined, self.position)
        head, tail = _shown(joined[start : self.position]), _shown(joined[self.position : end])
        head = (_CUT if start else "") + head
        return f"{head}{tail}{_CUT if end < len(joined) else ''}\n{' ' * len(head)}^"


def _window(joined: bytes, position: int) -> tuple[int, int]:
    """From where to where to show: whole terms where they are short enough."""
    if len(joined) <= _BEFORE + _AFTER:
        return 0, len(joined)
    start, end = max(0, position - _BEFORE), min(len(joined), position + _AFTER)
    if start:
        start = joined.find(b" ", start, position) + 1 or start
    if end < len(joined):
        end = joined.rfind(b" ", position, end) + 1 or end
    return start, end


def _shown(octets: bytes) -> str:
    return "".join(map(_show, octets))


def _show(octet: int) -> str:
    if octet == 0x5C:
        return "\\\\"
    return chr(octet) if 0x20 <= octet <= 0x7E else f"\\{octet:03d}"
