"""Pages that need nothing else: no network, no script but their own, every value escaped."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Iterator, Mapping
from html import escape
from pathlib import Path
from typing import Any

_HERE = Path(__file__).parent


def document(title: str, body: Iterable[str], *, styles: Iterable[str], script: str) -> Iterator[str]:
    """A whole page, piece by piece. ``styles``, ``script``: names of files beside this module; the browser is told to run these
    and nothing else, and to ask nobody (https://www.w3.org/TR/CSP3/)."""
    style, code = "".join(_read(name) for name in styles), _read(script)
    policy = f"default-src 'none'; style-src '{_hash(style)}'; script-src '{_hash(code)}'; base-uri 'none'; form-action 'none'"
    yield '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
    yield f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
    yield '<meta name="color-scheme" content="light dark">\n'
    yield f"<title>{e(title)}</title>\n<style>{style}</style>\n</head>\n<body>\n"
    yield from body
    yield f"<script>{code}</script>\n</body>\n</html>\n"


def _read(name: str) -> str:
    return (_HERE / name).read_text("utf-8")


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def seen(text: object) -> str:
    """What nobody can see made visible: a value is a stranger's, and may turn the direction of what follows."""
    plain = str(text)
    if plain.isprintable():
        return plain
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in plain)


def e(text: object) -> str:
    """Visible as ``seen`` has it, and escaped for text and for attributes in quotes."""
    return escape(seen(text), quote=True)


def title_of(domain: str, typed: str) -> str:
    """The name as it is asked for in the DNS, and, where that is another spelling, as somebody typed it."""
    return domain if typed.isascii() else f"{domain} ({typed.removesuffix('.')})"


def choice(name: str, every: str, values: Iterable[tuple[str, str]]) -> str:
    """A list to choose one of ``values`` (value, shown) from, or all of them."""
    options = "".join(f'<option value="{e(value)}">{e(shown)}</option>' for value, shown in values)
    return f'<select id="{name}" aria-label="Show {every}"><option value="">{every}</option>{options}</select>\n'


Sign = str
"""``-`` goes, ``+`` comes, ``=`` stays."""


def compared(before: Mapping[str, Any] | None, after: Mapping[str, Any] | None) -> list[tuple[Sign, str]]:
    """Old values against new ones: what goes, then what is there afterwards.

    >>> compared({"values": ["a", "b"]}, {"values": ["b", "c"]})
    [('-', 'a'), ('=', 'b'), ('+', 'c')]
    """
    old, new = ((one or {}).get("values", []) for one in (before, after))
    return [("-", value) for value in old if value not in new] + [("+" if value not in old else "=", value) for value in new]


def ttls(before: Mapping[str, Any] | None, after: Mapping[str, Any] | None) -> str:
    """The TTL of a set, and what becomes of it."""
    return " -> ".join(dict.fromkeys(f"{one['ttl']} s" for one in (before, after) if one))
