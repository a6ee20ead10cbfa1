"""TXT rdata in master-file form (RFC 1035 section 5.1), read independently of the package's own parser, which it judges."""

from __future__ import annotations

import re

_TOKEN = re.compile(r'\s*(?:"((?:[^"\\]|\\.)*)"|((?:[^\s"\\]|\\.)+))', re.DOTALL)
_ESCAPE = re.compile(rb"\\([0-9]{3})|\\(.)", re.DOTALL)
MAX_STRING = 255


def character_strings(text: str) -> list[bytes]:
    """The character-strings that ``text`` stands for, of any length. Raises ``ValueError`` on a quote left open."""
    strings: list[bytes] = []
    position = 0
    while text[position:].strip():
        found = _TOKEN.match(text, position)
        if not found:
            raise ValueError(f"not a list of character-strings: {text!r}")
        strings.append(_unescape(found[2] if found[1] is None else found[1]))
        position = found.end()
    return strings or [b""]


def _unescape(token: str) -> bytes:
    return _ESCAPE.sub(_octet, token.encode())


def _octet(found: re.Match[bytes]) -> bytes:
    if found[1] is None:
        return found[2]
    if int(found[1]) > 255:
        raise ValueError(f"no octet: \\{found[1].decode()}")
    return bytes([int(found[1])])


def is_quoted(text: str) -> bool:
    """Whether a value was sent in quotes (then it is master-file form already)."""
    return text.lstrip().startswith('"')


def quoted(text: str) -> str:
    """A bare value as one quoted character-string, quotes and backslashes escaped."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def bare(text: str) -> str:
    """The joined value without quotes, as a person reads it."""
    return b"".join(character_strings(text)).decode("utf-8", "backslashreplace")


def rendered(strings: list[bytes]) -> str:
    """Character-strings in quotes, with octets outside printable ASCII as ``\\DDD``."""
    return " ".join('"' + "".join(_shown(octet) for octet in string) + '"' for string in strings)


def _shown(octet: int) -> str:
    if octet in b'"\\':
        return "\\" + chr(octet)
    return chr(octet) if 32 <= octet < 127 else f"\\{octet:03d}"


def fitted(strings: list[bytes]) -> list[bytes]:
    """The same octets in strings of at most 255 (RFC 1035 section 3.3)."""
    return [piece for string in strings for piece in _pieces(string)]


def _pieces(string: bytes) -> list[bytes]:
    return [string[start : start + MAX_STRING] for start in range(0, len(string), MAX_STRING)] or [b""]


def has_long_string(text: str) -> bool:
    """Whether a character-string is over 255 octets."""
    return any(len(string) > MAX_STRING for string in character_strings(text))


def split_long(text: str) -> str:
    """``text`` itself, or, where a string is over 255 octets, the same value split as the vendors do it."""
    return rendered(fitted(character_strings(text))) if has_long_string(text) else text
