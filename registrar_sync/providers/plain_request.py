"""A request as nearly every adapter makes it, prepared and put into octets without requests' and urllib3's general ways.

What these would do to such a request is nothing: a plain URL is one that they leave as it is. Whatever is not plain is theirs.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import requests
from requests.structures import CaseInsensitiveDict

# Nothing in it that is quoted, folded to lower case, taken out (dot segments) or left out; a port above 59999 is looked at there.
_PLAIN_URL = re.compile(
    r"https?://[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?(?::(?:[1-9][0-9]{0,3}|[1-5][0-9]{4}))?(?:/(?!\.{1,2}(?:/|$))[A-Za-z0-9._~-]*)+"
)
_PLAIN_NAME = re.compile(r"[A-Za-z0-9_-]+")
_PLAIN_VALUE = re.compile(r"(?:[!-~][ -~]*)?")
_PLAIN_TARGET = re.compile(
    r"/(?:[A-Za-z0-9._~!$&'()*+,;=:@/-]|%[0-9A-F]{2})*+(?:\?(?:[A-Za-z0-9._~!$&'()*+,;=:@/?-]|%[0-9A-F]{2})*+)?"
)
_PLAIN_HEAD = re.compile(r"[A-Z]+ [!-~]+ HTTP/1\.1\r\n(?:[A-Za-z0-9_-]+: [ -~\x80-\xff]*\r\n)+\r\n")
_METHOD = re.compile(r"[A-Z]+")
_FRAMED_OTHERWISE = frozenset({"host", "transfer-encoding", "expect"})
_GIVEN = frozenset({"user-agent", "accept-encoding"})  # urllib3 would put in its own


Header = tuple[str, str | bytes]
"""Name and value."""


def plainly_prepared(request: requests.Request, usual: Sequence[Header]) -> requests.PreparedRequest | None:
    """The request as ``PreparedRequest.prepare`` would have it; None: it is to be asked. ``usual``: headers that go with all."""
    method, url, data = request.method, request.url, request.data
    if not (isinstance(url, str) and _PLAIN_URL.fullmatch(url) and isinstance(method, str) and _METHOD.fullmatch(method)):
        return None
    if request.params or request.auth or request.json is not None or not (isinstance(data, str | bytes) or not data):
        return None
    prepared = requests.PreparedRequest()
    headers: CaseInsensitiveDict[str] = CaseInsensitiveDict()
    for name, value in (*usual, *(request.headers or {}).items()):
        if not (isinstance(value, str) and _PLAIN_NAME.fullmatch(name) and _PLAIN_VALUE.fullmatch(value)):
            return None
        headers[name] = value
    if data:
        headers["Content-Length"] = str(len(data.encode() if isinstance(data, str) else data))
    elif method not in ("GET", "HEAD"):
        headers.setdefault("Content-Length", "0")
    prepared.method, prepared.url, prepared.headers, prepared.body = method, url, headers, data or None
    return prepared


def octets_of(prepared: requests.PreparedRequest, host: str, target: str) -> bytes | None:
    """What goes out for a request to ``host``, straight to its server; None: urllib3 is to be asked."""
    body = prepared.body
    if not isinstance(body, str | bytes | None) or not _PLAIN_TARGET.fullmatch(target):
        return None
    headers = {name.lower(): (name, _text(value)) for name, value in prepared.headers.items()}
    octets = body.encode() if isinstance(body, str) else body or b""
    length = headers.get("content-length", ("", "0"))[1]
    if length != str(len(octets)) or headers.keys() & _FRAMED_OTHERWISE or not headers.keys() >= _GIVEN:
        return None
    lines = [f"{name}: {value}\r\n" for name, value in headers.values()]
    head = f"{prepared.method} {target} HTTP/1.1\r\nHost: {host}\r\n{''.join(lines)}\r\n"
    is_one_line_each = head.count("\n") == len(lines) + 3
    return head.encode("latin-1") + octets if is_one_line_each and _PLAIN_HEAD.fullmatch(head) else None


def _text(value: str | bytes) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else value
