"""TXT values: character-strings, and their master-file spelling (RFC 1035 sections 3.3, 3.3.14 and 5.1)."""

from __future__ import annotations

import re
from collections.abc import Iterable

_STRING_LIMIT = 255  # octets in one character-string, RFC 1035 section 3.3
_BLANKS = " \t"
_PLAIN = re.compile(r'[^"\\]+')


def split_strings(text: bytes) -> tuple[bytes, ...]:
    """Cut a text into character-strings of at most 255 octets; an empty text is one empty string.

    >>> [len(string) for string in split_strings(b"v=spf1 " + b"x" * 266)]
    [255, 18]
    """
    return tuple(text[start : start + _STRING_LIMIT] for start in range(0, max(len(text), 1), _STRING_LIMIT))


def quote(strings: Iterable[bytes]) -> str:
    r"""The master-file spelling: each string in double quotes, joined by one space, all of it printable ASCII.

    ``"`` and ``\`` are escaped by a backslash, octets outside 0x20 to 0x7e as ``\DDD`` (decimal).

    >>> quote((b'say "hi"', b'\xe9'))
    '"say \\"hi\\"" "\\233"'
    """
    return " ".join(f'"{"".join(map(_escape, string))}"' for string in strings)


def _escape(octet: int) -> str:
    char = chr(octet)
    if char in '"\\':
        return "\\" + char
    return char if 0x20 <= octet <= 0x7E else f"\\{octet:03d}"


def unquote(text: str) -> tuple[bytes, ...]:
    r"""Read character-strings, quoted or not, with ``\X`` and ``\DDD`` escapes: the inverse of ``quote``.

    Characters outside ASCII stand for their UTF-8 octets, ``;`` and parentheses for themselves (an API's field is no master
    file). Lengths are not judged: some APIs give a long value as one string. Raises ``ValueError``, which names the
    position, counted from 0.

    >>> unquote('"v=spf1 " plain')
    (b'v=spf1 ', b'plain')
    """
    strings: list[bytes] = []
    position = _skip_blanks(text, 0)
    while position < len(text):
        if text[position] == '"':
            string, position = _read_quoted(text, position + 1)
        else:
            string, position = _read_bare(text, position)
        strings.append(string)
        position = _skip_blanks(text, position)
    return tuple(strings)


def _skip_blanks(text: str, position: int) -> int:
    while position < len(text) and text[position] in _BLANKS:
        position += 1
    return position


def _read_quoted(text: str, position: int) -> tuple[bytes, int]:
    start = position - 1
    octets = bytearray()
    while position < len(text):
        if text[position] == '"':
            _expect_gap(text, position + 1)
            return bytes(octets), position + 1
        if plain := _PLAIN.match(text, position):
            octets += _encoded(plain[0], position)
            position = plain.end()
        else:
            position = _read_one(text, position, octets)
    raise ValueError(f"the quote opened at position {start} is never closed")


def _expect_gap(text: str, position: int) -> None:
    if position < len(text) and text[position] not in _BLANKS + '"':
        raise ValueError(f"a blank is expected after the closing quote, at position {position}")


def _read_bare(text: str, position: int) -> tuple[bytes, int]:
    octets = bytearray()
    while position < len(text) and text[position] not in _BLANKS:
        if text[position] == '"':
            raise ValueError(f"a quote inside an unquoted string, at position {position}")
        position = _read_one(text, position, octets)
    return bytes(octets), position


def _read_one(text: str, position: int, octets: bytearray) -> int:
    """Add the octets that the character or escape at ``position`` stands for; returns where the next one begins."""
    char = text[position]
    if char != "\\":
        octets += _encoded(char, position)
        return position + 1
    escaped = text[position + 1 : position + 4]
    if not escaped:
        raise ValueError(f"nothing follows the backslash at position {position}")
    if not (escaped[0].isascii() and escaped[0].isdigit()):
        octets += _encoded(escaped[0], position + 1)
        return position + 2
    if not (len(escaped) == 3 and escaped.isascii() and escaped.isdigit() and int(escaped) <= 255):
        raise ValueError(f"a decimal escape is three digits up to 255, at position {position}")
    octets.append(int(escaped))
    return position + 4


def _encoded(text: str, position: int) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        raise ValueError(f"a character that stands for no octets, at position {position + error.start}") from error
