"""A roster as lines of text: bytes judged one line at a time, so that a file of any size takes no more memory than a line."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from registrar_sync.errors import RosterInvalid

LONGEST_LINE = 16 * 1024
"""Octets of a line. A domain has 253 at the most, and a row with every column in it has less than a thousand."""

_SNIFFED = 4096  # octets looked at for what is no text at all
_CONTROL = frozenset(range(32)) - set(b"\t\n\r")
_BOM = codecs.BOM_UTF8
_CR = b"\r"
_WRITTEN_OTHERWISE = (
    ((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE), "UTF-16 text", "Save it as UTF-8."),
    ((b"PK\x03\x04", b"\xd0\xcf\x11\xe0"), "a spreadsheet or an archive", "Save the sheet as CSV (UTF-8)."),
    ((b"\x1f\x8b", b"BZh", b"\xfd7zXZ", b"\x28\xb5\x2f\xfd"), "compressed", "Unpack it first, or pipe it: zcat FILE | ... -"),
    ((b"%PDF",), "a PDF", "Ask for the list as CSV or text."),
)


@dataclass(frozen=True, slots=True)
class Line:
    """One line without its end. ``fault``: why its text cannot be used (then there is none)."""

    number: int
    text: str
    fault: str = ""


def read_lines(stream: BinaryIO, name: str) -> Iterator[Line]:
    """The lines of a stream, the first one without a byte order mark. Raises ``RosterInvalid`` for what is no UTF-8 text at all,
    and where reading fails half-way; a single bad line has its fault."""
    try:
        number = 0
        while raw := stream.readline(LONGEST_LINE):
            number += 1
            if number == 1:
                _refuse_other_kinds(raw, name)
            if not _to_its_end(raw, stream):
                yield Line(number, "", f"the line is longer than {LONGEST_LINE} octets")
            else:
                yield _line(number, raw.removeprefix(_BOM) if number == 1 else raw)
    except OSError as error:
        raise RosterInvalid(
            f"{name} could not be read to its end ({error.strerror or error}). Nobody was asked anything.",
            hint="Run it again when the file can be read.",
        ) from error


def _refuse_other_kinds(raw: bytes, name: str) -> None:
    for beginnings, what, hint in _WRITTEN_OTHERWISE:
        if raw.startswith(beginnings):
            raise RosterInvalid(f"{name} is {what}, and a roster is UTF-8 text. Nobody was asked anything.", hint=hint)
    sniffed = raw[:_SNIFFED]
    odd = sum(octet in _CONTROL for octet in sniffed)
    if odd > max(2, len(sniffed) // 10):
        raise RosterInvalid(
            f"{name} is a binary file, and a roster is UTF-8 text. Nobody was asked anything.",
            hint="Give a CSV with a header, JSON lines, or one domain a line.",
        )


def _to_its_end(raw: bytes, stream: BinaryIO) -> bool:
    """Whether ``raw`` is a whole line; what is left of one that is not is read and forgotten."""
    if len(raw) < LONGEST_LINE or raw.endswith(b"\n"):
        return True
    rest = stream.readline(LONGEST_LINE)
    if not rest:
        return True
    while rest and not rest.endswith(b"\n"):
        rest = stream.readline(LONGEST_LINE)
    return False


def _line(number: int, raw: bytes) -> Line:
    raw = raw.removesuffix(b"\n").removesuffix(b"\r")
    if b"\0" in raw:
        return Line(number, "", f"octet {raw.index(0) + 1} is a NUL")
    if _CR in raw:
        return Line(number, "", f"octet {raw.index(_CR) + 1} is a carriage return within the line: end lines with LF or CRLF")
    try:
        return Line(number, raw.decode("utf-8"))
    except UnicodeDecodeError as error:
        text = f"octet {error.start + 1} (0x{raw[error.start]:02X}) is no UTF-8: save the list as UTF-8"
        return Line(number, "", text)
