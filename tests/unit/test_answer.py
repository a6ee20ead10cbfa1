"""A plain answer is read as http.client, urllib3 and requests read it; every other is left to them."""

from __future__ import annotations

import io
from http.client import HTTPResponse
from typing import Any, cast

import pytest
import requests
import urllib3
from hypothesis import example, given
from hypothesis import strategies as st
from requests.adapters import HTTPAdapter

from registrar_sync.providers.answer import Answer, FinalAnswer, as_urllib3, fill, plain_answer

ASKED = requests.Request("GET", "http://api.example.net/a").prepare()


class Sock:
    """What an answer is read from."""

    def __init__(self, octets: bytes) -> None:
        self._octets = octets

    def makefile(self, mode: str) -> io.BufferedReader:
        return io.BufferedReader(io.BytesIO(self._octets))


def came(octets: bytes, method: str = "GET") -> FinalAnswer:
    answer = FinalAnswer(cast(Any, Sock(octets)), method=method)
    answer.begin()
    return answer


def by_the_others(octets: bytes, method: str) -> requests.Response:
    answer = HTTPResponse(cast(Any, Sock(octets)), method=method)
    answer.begin()
    raw = urllib3.HTTPResponse(
        body=cast(Any, answer),
        headers=urllib3.HTTPHeaderDict(answer.msg.items()),
        status=answer.status,
        reason=answer.reason,
        preload_content=False,
        original_response=answer,
        request_method=method,
    )
    response = HTTPAdapter().build_response(ASKED, raw)
    assert response.content is not None
    return response


lines = st.lists(
    st.tuples(
        st.sampled_from(["Server", "X-Odd", "content-type", "Retry-After", "Link", "Connection", "X~!"]),
        st.sampled_from(
            ["", " a", "  two  words ", " application/json", " text/html; charset=latin-1", "5", " keep-alive", " a:b"]
        ),
    ),
    max_size=5,
)


@given(st.sampled_from([200, 201, 204, 304, 404, 503]), st.sampled_from(["GET", "HEAD", "PATCH"]), lines, st.binary(max_size=30))
@example(200, "GET", [("content-type", " application/json")], b'{"a": [1]}')
def test_it_is_read_as_by_the_others(status: int, method: str, headers: list[tuple[str, str]], body: bytes) -> None:
    head = "".join(f"{name}:{value}\r\n" for name, value in [*headers, ("Content-Length", f" {len(body)}")])
    octets = f"HTTP/1.1 {status} Some Reason\r\n{head}\r\n".encode() + body
    answer = came(octets, method)
    if answer.plain is None:
        return
    assert not answer.will_close
    ours, theirs = plain_answer(ASKED, answer, answer.read()), by_the_others(octets, method)
    assert (ours.status_code, ours.reason, ours.url, ours.content) == (
        theirs.status_code,
        theirs.reason,
        theirs.url,
        theirs.content,
    )
    assert ours.encoding == theirs.encoding
    assert {name: value.strip() for name, value in ours.headers.items()} == {
        name: value.strip() for name, value in theirs.headers.items()
    }
    assert (ours.ok, ours.text, ours.links, dict(ours.cookies)) == (theirs.ok, theirs.text, theirs.links, {})


def test_most_answers_are_plain() -> None:
    answer = came(b"HTTP/1.1 200 OK\r\nConnection: Keep-Alive\r\nContent-Length: 2\r\nServer: PowerDNS/4.7.3\r\n\r\n{}tail")
    assert answer.plain is not None
    assert answer.read() == b"{}"


def test_an_answer_that_has_no_body_need_not_say_how_long_it_is() -> None:
    answer = came(b"HTTP/1.1 204 No Content\r\nConnection: Keep-Alive\r\n\r\n", "PATCH")
    assert answer.plain is not None
    assert (answer.read(), answer.will_close) == (b"", False)


@pytest.mark.parametrize(
    "head",
    [
        b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Encoding: identity\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nSet-Cookie: a=b\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nLink: <a>\r\nlink: <b>\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-Folded: a\r\n b\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-High: \xe9\r\n",
        b"HTTP/1.1 200 OK\nContent-Length: 2\n",
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n",
        b"HTTP/1.1 200 OK\r\n",
    ],
)
def test_what_is_not_plain_is_read_by_the_others(head: bytes) -> None:
    answer = came(head + (b"\n{}" if b"\r" not in head else b"\r\n{}"))
    assert answer.plain is None
    assert (answer.status, answer.read()) == (200, b"{}")


def test_an_answer_in_pieces_is_read_by_the_others() -> None:
    octets = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n[1,\r\n2\r\n2]\r\n0\r\n\r\n"
    answer = came(octets)
    response = HTTPAdapter().build_response(ASKED, as_urllib3(answer, "GET"))
    assert response.json() == [1, 2]


def test_a_folded_header_is_one_line() -> None:
    raw = as_urllib3(came(b"HTTP/1.1 200 OK\r\nX-Folded: a\r\n  b\r\nContent-Length: 0\r\n\r\n"), "GET")
    assert raw.headers["X-Folded"] == "a b"


class TestJson:
    def answer(self, body: bytes, encoding: str | None = None) -> Answer:
        answer = Answer()
        answer.encoding = encoding
        fill(answer, body)
        return answer

    def test_what_one_reader_does_to_it_the_next_does_not_see(self) -> None:
        answer = self.answer(b'{"rows": []}')
        kept = {"rows": list[int]()}
        answer.keep_json(kept)
        answer.json()["rows"].append(1)
        assert answer.json() == {"rows": []}

    def test_null_is_kept_as_well(self) -> None:
        answer = self.answer(b"null")
        answer.keep_json(None)
        assert answer.json() is None

    def test_another_encoding_is_read_by_requests(self) -> None:
        answer = self.answer('"é"'.encode(), "latin-1")
        answer.keep_json("é")
        assert answer.json() == "Ã©"
