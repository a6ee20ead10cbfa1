"""Texts made safe to print."""

from __future__ import annotations


def clean(text: str) -> str:
    """Text from outside, safe to print: control characters (escape sequences among them) are shown, not sent."""
    return "".join(c if c.isprintable() or c == "\t" else c.encode("unicode_escape").decode() for c in text)
