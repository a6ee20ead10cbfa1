"""What a vendor or a library said, made fit for a message or a log: no secret, no control character, not too long."""

from __future__ import annotations

import json
import logging
import unicodedata
from collections.abc import Iterable, Iterator
from urllib.parse import quote, quote_plus

_SHOWN = 300  # characters of foreign text in one message
_SHORTEST_SECRET = 4  # a shorter one would take ordinary words out of every message
_TELLING_KEYS = ("errorCode", "class", "code", "message", "error", "description", "object")


class Redactor:
    """Takes the account's secrets out of texts."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        spellings = {spelling for secret in secrets if len(secret) >= _SHORTEST_SECRET for spelling in _spellings(secret)}
        self._secrets = sorted(spellings, key=len, reverse=True)

    def __call__(self, text: str) -> str:
        """``text`` without secrets."""
        for secret in self._secrets:
            text = text.replace(secret, "[redacted]")
        return text

    def foreign(self, text: str) -> str:
        """``text`` of a stranger: redacted, on one line, without control or invisible characters, shortened."""
        plain = "".join(" " if unicodedata.category(char).startswith(("C", "Z")) else char for char in self(text))
        line = " ".join(plain.split())
        return line if len(line) <= _SHOWN else line[: _SHOWN - 1] + "…"

    def filter(self, record: logging.LogRecord) -> bool:
        """For ``logging``: rewrite a record in place."""
        record.msg, record.args = self(record.getMessage()), None
        record.exc_info = record.exc_text = None
        return True


def _spellings(secret: str) -> tuple[str, ...]:
    return secret, quote(secret, safe=""), quote_plus(secret), json.dumps(secret)[1:-1], repr(secret)[1:-1]


def vendor_words(answer: object, body: str) -> str:
    """The vendor's own explanation: its codes and messages where the answer is JSON, else the body's text.

    Known shapes: OVH ``{"errorCode", "message"}`` and ``{"class", "message"}``; Gandi ``{"message", "object"}`` and
    ``{"errors": [{"name", "description"}]}``; IONOS ``[{"code", "message"}]``; PowerDNS ``{"error"}``.
    """
    words = list(dict.fromkeys(_telling(answer, depth=0)))
    return ": ".join(words) if words else body


def vendor_codes(answer: object) -> frozenset[str]:
    """Every short word by which the vendor may have named the error."""
    return frozenset(_telling(answer, depth=0))


def _telling(answer: object, *, depth: int) -> Iterator[str]:
    if depth > 4:
        return
    if isinstance(answer, list):
        for item in answer[:10]:
            yield from _telling(item, depth=depth + 1)
    elif isinstance(answer, dict):
        for key in _TELLING_KEYS:
            if isinstance(answer.get(key), str):
                yield answer[key]
        yield from _telling(answer.get("errors"), depth=depth + 1)
