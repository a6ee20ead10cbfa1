"""Secrets out of text, in every spelling that a request, a log or an error may give them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from urllib.parse import quote, quote_plus

# A secret of fewer characters would take ordinary words out of every message.
SHORTEST_SECRET = 4


class Redactor:
    """Takes secrets out of text, in every spelling that a request, a log or an error may give them."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        long_enough = {secret for secret in secrets if len(secret) >= SHORTEST_SECRET}
        self._spellings = sorted({spelling for secret in long_enough for spelling in _spellings(secret)})

    def clean(self, text: str) -> str:
        """``text`` with ``***`` for every secret of four characters or more."""
        pieces: list[str] = []
        end = 0
        for start, stop in self._spans(text):
            pieces += [text[end:start], "***"]
            end = stop
        return "".join([*pieces, text[end:]])

    def _spans(self, text: str) -> list[tuple[int, int]]:
        """Where secrets stand. Overlapping ones are one span: else the tail of the second would stay readable."""
        texts = {text, _one_case(text)}
        found = sorted(span for each in texts for spelling in self._spellings for span in _occurrences(spelling, each))
        merged: list[tuple[int, int]] = []
        for start, stop in found:
            if merged and start < merged[-1][1]:
                merged[-1] = (merged[-1][0], max(stop, merged[-1][1]))
            else:
                merged.append((start, stop))
        return merged


def _occurrences(spelling: str, text: str) -> Iterable[tuple[int, int]]:
    start = text.find(spelling)
    while start >= 0:
        yield start, start + len(spelling)
        start = text.find(spelling, start + 1)


def _spellings(secret: str) -> set[str]:
    as_json = {json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1]}
    # PHP's JSON writes "/" as "\/"
    as_json |= {each.replace("/", "\\/") for each in as_json}
    octets = secret.encode("utf-8", "surrogateescape")
    quoted = {quote(octets), quote(octets, safe=""), quote_plus(octets)}
    spellings = {secret, repr(secret)[1:-1], *as_json, *quoted}
    return spellings | {_one_case(each) for each in spellings}


def _one_case(text: str) -> str:
    """The text, as long as it was, with the digits of escapes in lower case: %2F is %2f (RFC 3986 section 2.1)."""
    return re.sub(r"%[0-9A-Fa-f]{2}|\\u[0-9A-Fa-f]{4}", lambda match: match[0].lower(), text)
