"""An HTTP answer, from a connection to what an adapter gets of it.

Nearly every answer has a head of plain lines and says how long its body is. Such a one is read here, in a twentieth of the time
that http.client's parser of e-mails, urllib3 and requests take for it; whatever else comes is left to those three.
"""

from __future__ import annotations

import json
import re
from functools import lru_cache
from http.client import CONTINUE, SWITCHING_PROTOCOLS, HTTPException, HTTPMessage, HTTPResponse
from typing import Any, cast

import requests
import urllib3
from requests.structures import CaseInsensitiveDict
from requests.utils import get_encoding_from_headers

# A final answer's head: HTTP/1.1, each line a name and a value of visible characters and blanks.
_PLAIN_HEAD = re.compile(rb"HTTP/1\.1 [2-5][0-9]{2} [ -~]*+\r\n(?:[!#-'*+.^_`|~0-9A-Za-z-]++:[ -~]*+\r\n){1,100}\r\n")
_PLAIN_LENGTH = re.compile(r"[0-9]{1,10}")
_FOLD = re.compile(r"[ \t]*\r?\n[ \t]+")
_BODILESS = (204, 304)  # whatever length they tell, or none
# What the others do about these is not repeated here.
_OTHERS = ("transfer-encoding", "content-encoding", "set-cookie")


class FinalAnswer(HTTPResponse):
    """An answer that is final: those before it are read and left (RFC 9110 section 15.2).

    http.client passes over 100 only. Whatever it took for the final one would leave the true one on the connection, and the
    next call would get it. ``plain``: its headers, where its head is as nearly every head is, and its body is ``length`` long.
    """

    plain: dict[str, tuple[str, str]] | None = None  # the name in lower case -> the name as it came, and the value

    def begin(self) -> None:
        """As http.client's."""
        if self.headers is None and not self._begin_plain():
            super().begin()

    def _begin_plain(self) -> bool:
        fp = cast(Any, self.fp)  # a BufferedReader, as makefile() gives it
        buffered = fp.peek()
        head = buffered[: buffered.find(b"\r\n\r\n") + 4]
        if not _PLAIN_HEAD.fullmatch(head):
            return False
        first, *lines = head[:-4].decode("ascii").split("\r\n")
        headers = {name.lower(): (name, value.strip(" ")) for name, _, value in (line.partition(":") for line in lines)}
        status = int(first[9:12])
        length = headers.get("content-length", ("", "0" if status in _BODILESS else ""))[1]
        if (
            len(headers) < len(lines)  # one that came twice
            or any(name in headers for name in _OTHERS)
            or headers.get("connection", ("", "keep-alive"))[1].lower() != "keep-alive"
            or not _PLAIN_LENGTH.fullmatch(length)
        ):
            return False
        fp.read(len(head))
        self.version, self.code, self.status, self.reason = 11, status, status, first[13:].strip()
        self.chunked = self.will_close = False
        has_body = status not in _BODILESS and self._method != "HEAD"  # type: ignore[attr-defined]
        self.length = int(length) if has_body else 0
        self.headers = self.msg = HTTPMessage()
        self.plain = headers
        return True

    def _read_status(self) -> tuple[str, int, str]:
        version, status, reason = super()._read_status()  # type: ignore[misc]
        if status == SWITCHING_PROTOCOLS:  # what follows is no HTTP
            raise HTTPException("the server switched to another protocol, unasked")
        return version, CONTINUE if status < 200 else status, reason


class Answer(requests.Response):
    """A whole answer, as an adapter gets it. What was read of its JSON is given away once, not read a second time."""

    _parsed: tuple[Any] | None = None

    def keep_json(self, parsed: Any) -> None:
        """``parsed``: what ``json.loads`` reads in the body."""
        if (self.encoding or "utf-8").lower() == "utf-8":  # else requests reads it otherwise
            self._parsed = (parsed,)

    def json(self, **options: Any) -> Any:
        """As ``requests.Response.json``."""
        parsed, self._parsed = self._parsed, None
        return super().json(**options) if options or parsed is None else parsed[0]


def plain_answer(prepared: requests.PreparedRequest, came: FinalAnswer, body: bytes) -> Answer:
    """What requests would make of a plain answer."""
    response = Answer()
    response.status_code, response.reason = came.status, came.reason
    for name, value in (came.plain or {}).values():
        response.headers[name] = value
    response.encoding = _encoding(response.headers.get("content-type"))
    response.url, response.request = prepared.url or "", prepared
    fill(response, body)
    return response


def fill(response: Any, body: bytes) -> None:
    """Put the whole body where requests itself puts one."""
    response._content, response._content_consumed = body, True


def as_urllib3(came: FinalAnswer, method: str | None) -> urllib3.HTTPResponse:
    """An answer whose body is still to be read and unpacked, as urllib3 would give it."""
    items = [(name, _FOLD.sub(" ", value)) for name, value in came.msg.items()]
    return urllib3.HTTPResponse(
        body=cast(Any, came),
        headers=urllib3.HTTPHeaderDict(items),
        status=came.status,
        version=came.version,
        reason=came.reason,
        preload_content=False,
        decode_content=False,
        original_response=came,
        request_method=method,
    )


@lru_cache(maxsize=64)
def _encoding(content_type: str | None) -> str | None:
    return get_encoding_from_headers(CaseInsensitiveDict({"content-type": content_type} if content_type else {}))


def json_of(response: requests.Response) -> object:
    """The body as JSON, None where it is none."""
    try:
        return json.loads(response.content)
    except (ValueError, RecursionError):
        return None
