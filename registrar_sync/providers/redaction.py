"""What a vendor or a library said, made fit for a message or a log: no secret, no control character, not too long."""

from __future__ import annotations

import logging
import unicodedata
from collections.abc import Iterator

from registrar_sync.core import redaction

_SHOWN = 300  # characters of foreign text in one message
_TELLING_KEYS = ("errorCode", "class", "code", "message", "error", "description", "object")


class Redactor(redaction.Redactor):
    """Takes the account's secrets out of texts, and makes a stranger's text fit to be shown."""

    def foreign(self, text: str) -> str:
        """``text`` of a stranger: redacted, on one line, without control or invisible characters, shortened."""
        plain = "".join(" " if unicodedata.category(char).startswith(("C", "Z")) else char for char in self.clean(text))
        line = " ".join(plain.split())
        return line if len(line) <= _SHOWN else line[: _SHOWN - 1] + "…"

    def filter(self, record: logging.LogRecord) -> bool:
        """For ``logging``: rewrite a record in place."""
        record.msg, record.args = self.clean(_message(record)), None
        record.exc_info = record.exc_text = None
        return True


def _message(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except (TypeError, ValueError, KeyError):
        # a faulty log call must not stop a write half-way
        return f"{record.msg!s} {record.args!r}"


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
