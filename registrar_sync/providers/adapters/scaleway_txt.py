"""TXT values at Scaleway: what is listed is spelled otherwise than what is sent.

Sent: bare (the vendor's Terraform recordings, March 2026), or as one quoted string, of any length, with quotes and backslashes
escaped (dnscontrol PR 4919, tested live on 2026-09-19; lego). Listed: the octets between two quotes, with a backslash before a
quote and nowhere else (the same PR); several strings in a row have been assumed by lexicon only. Read on 2026-11-23.
"""

from __future__ import annotations

import re

from registrar_sync.core.txt import quote, unquote
from registrar_sync.providers.rows import UnusableAnswer

_BLANKS = " \t\r\n"
_PIECE = re.compile(r'(\\")|("[ \t]+")|(")|(.)', re.DOTALL)
_LIMIT = 255  # octets, up to which a bare value is recorded


def strings_of(data: str) -> tuple[bytes, ...]:
    """The character-strings of a listed value. Raises ``UnusableAnswer``."""
    text = data.strip(_BLANKS)
    if not (len(text) > 1 and text.startswith('"') and text.endswith('"')):
        return (_octets(data),)
    strings = [""]
    for escaped, joint, lone, other in _PIECE.findall(text[1:-1]):
        if lone:
            raise UnusableAnswer("a quote stands unescaped in a TXT value")
        if joint:
            strings.append("")
        else:
            strings[-1] += '"' if escaped else other
    return tuple(_octets(string) for string in strings)


def _octets(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        raise UnusableAnswer("a TXT value holds half a character") from error


def content_of(data: str) -> str:
    """A listed value in master-file form."""
    return quote(strings_of(data))


def sent(content: str) -> str:
    """A value in master-file form as it is sent: its character-strings joined."""
    text = b"".join(unquote(content)).decode("ascii")
    if len(text) <= _LIMIT and '"' not in text and "\\" not in text:
        return text
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def why_not_sent(content: str) -> str:
    """Why a value would not come out of the API as it was sent; empty where it would."""
    octets = b"".join(unquote(content))
    if not octets or not all(0x20 <= octet <= 0x7E for octet in octets):
        return "it is empty, or holds characters outside printable ASCII"
    if octets[:1] in (b" ", b'"') or octets[-1:] in (b" ", b'"'):
        return "the API drops a blank or a quote at either end"
    return ""


def why_not_repeated(data: str) -> str:
    """Why a listed value cannot be told for certain, and so not sent again; empty where it can."""
    return "two backslashes in a row may stand for one or two" if "\\\\" in data else ""
