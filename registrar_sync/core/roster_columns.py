"""The columns of a roster: what one cell may say, read and written."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from registrar_sync.core import names
from registrar_sync.core.guard import kind_of
from registrar_sync.errors import UsageError

Value = str | int | bool | tuple[str, ...]

_NAME_LONGEST = 200
_TTL_MOST = 2**31 - 1  # RFC 2181 section 8
_YES, _NO = ("yes", "true", "1"), ("no", "false", "0")
_BETWEEN_IDS = re.compile(r"[\s,;|]+")


@dataclass(frozen=True, slots=True)
class Column:
    """One column. ``read`` makes a value of a cell's text (not blank) and raises ``UsageError``; ``written`` is its inverse."""

    name: str
    read: Callable[[str], Value]
    written: Callable[[Any], str] = str

    @property
    def option(self) -> str:
        """The option's name as ``Client.plan`` takes it."""
        return option_of(self.name)


def option_of(column: str) -> str:
    """``merge-spf`` as ``merge_spf``."""
    return column.replace("-", "_")


def column_of(option: str) -> str:
    """``merge_spf`` as ``merge-spf``."""
    return option.replace("_", "-")


def _one_of(*allowed: str) -> Callable[[str], Value]:
    def read(text: str) -> Value:
        if text.lower() not in allowed:
            raise UsageError(f"{text!r} is none of {', '.join(allowed)}")
        return text.lower()

    return read


def _yes_or_no(text: str) -> Value:
    if text.lower() not in _YES + _NO:
        raise UsageError(f"{text!r} is neither yes nor no")
    return text.lower() in _YES


def _written_yes_or_no(value: bool) -> str:
    return "yes" if value else "no"


def _ttl(text: str) -> Value:
    if not (text.isascii() and text.isdigit() and len(text) <= 10 and 0 < int(text) <= _TTL_MOST):
        raise UsageError(f"{text!r} is no TTL of 1 to {_TTL_MOST} seconds")
    return int(text)


def _name(text: str) -> Value:
    if len(text) > _NAME_LONGEST:
        raise UsageError(f"{text[:40]!r}... is longer than {_NAME_LONGEST} characters")
    return text


def _zone(text: str) -> Value:
    return names.display(names.parse_domain(text))


def _findings(text: str) -> Value:
    """Ids of findings, between them blanks, commas, semicolons or bars; a mistyped one must not look as if it were heard."""
    ids = tuple(sorted({one for one in _BETWEEN_IDS.split(text) if one}))
    if not ids:
        raise UsageError(f"{text!r} names no finding")
    for one in ids:
        kind_of(one)
    return ids


def _written_findings(ids: Iterable[str]) -> str:
    return " ".join(ids)


FLAGS = ("merge-spf", "set-all", "add-all", "fix-qualifier", "dedupe", "keep-implicit", "probe-smtp")

DOMAIN = "domain"
COLUMNS: Mapping[str, Column] = MappingProxyType(
    {
        column.name: column
        for column in (
            Column("provider", _name),
            Column("account", _name),
            Column("service", _name),
            Column("zone", _zone),
            Column("mx", _one_of("below", "replace")),
            Column("all", _one_of("fail", "softfail", "neutral")),
            Column("only", _one_of("spf", "mx")),
            Column("ttl", _ttl),
            Column("accept", _findings, _written_findings),
            *(Column(flag, _yes_or_no, _written_yes_or_no) for flag in FLAGS),
            Column("renumber", _one_of("no", "shift", "compact")),
        )
    }
)
"""Every column beside ``domain``, by its name: the options of ``enroll`` that can differ from domain to domain."""


def column_name(text: str) -> str:
    """A column's name as somebody wrote it into a header or a key: case and underscores do not matter."""
    return text.strip().lower().replace("_", "-")
