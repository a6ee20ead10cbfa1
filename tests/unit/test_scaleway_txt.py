"""Scaleway's TXT: what is listed, what it stands for, and what is sent so that it comes to stand there."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registrar_sync.core.txt import quote, split_strings
from registrar_sync.providers.adapters.scaleway_txt import content_of, sent, strings_of, why_not_repeated, why_not_sent
from registrar_sync.providers.rows import UnusableAnswer


@pytest.mark.parametrize(
    ("listed", "strings"),
    [
        ('"v=spf1 ~all"', (b"v=spf1 ~all",)),
        (r'"say \"hi\" back\slash"', (rb'say "hi" back\slash',)),
        (r'"ends\"', (b"ends\\",)),
        ('"a" "b"', (b"a", b"b")),
        ("bare", (b"bare",)),
        ('""', (b"",)),
        ('"é"', ("é".encode(),)),
    ],
)
def test_what_a_listed_value_stands_for(listed: str, strings: tuple[bytes, ...]) -> None:
    assert strings_of(listed) == strings
    assert content_of(listed) == quote(strings)


@pytest.mark.parametrize("listed", ['"a"b"', '"half \ud800"'])
def test_what_cannot_be_told_is_no_answer(listed: str) -> None:
    with pytest.raises(UnusableAnswer):
        strings_of(listed)


@pytest.mark.parametrize(
    ("value", "data"),
    [
        (b"v=spf1 ~all", "v=spf1 ~all"),
        (b'say "hi" x', r'"say \"hi\" x"'),
        (rb"back\slash", r'"back\\slash"'),
        (b"a" * 300, '"' + "a" * 300 + '"'),
    ],
)
def test_what_is_sent_for_a_value(value: bytes, data: str) -> None:
    assert sent(quote(split_strings(value))) == data


@pytest.mark.parametrize("value", [b"", b" x", b"x ", b'"x', b'x"', b"\xe9", b"tab\t"])
def test_what_the_api_would_change_is_not_sent(value: bytes) -> None:
    assert why_not_sent(quote((value,)))


@given(st.text(alphabet=st.characters(min_codepoint=0x20, max_codepoint=0x7E), min_size=1, max_size=600))
def test_a_value_that_is_sent_is_listed_as_itself(text: str) -> None:
    """Through the vendor as dnscontrol PR 4919 found it: unescaped and trimmed when sent, only quotes escaped when listed."""
    content = quote(split_strings(text.encode()))
    if why_not_sent(content):
        return
    data = sent(content)
    stored = text if data == text else _as_the_vendor_reads(data)
    listed = '"' + stored.replace('"', '\\"') + '"'
    assert b"".join(strings_of(listed)) == text.encode()
    assert bool(why_not_repeated(listed)) == ("\\\\" in listed)


def _as_the_vendor_reads(data: str) -> str:
    found, characters = "", iter(data[1:-1])
    for character in characters:
        found += next(characters) if character == "\\" else character
    return found.strip(' "')
