"""Character-strings: cut at 255 octets, spelled for a master file, and read back."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from registrar_sync.core.txt import quote, split_strings, unquote

STRINGS = st.lists(st.binary(max_size=300), max_size=5).map(tuple)


@settings(deadline=None)
@given(st.binary(max_size=1000))
def test_split_strings_join_to_the_text_and_none_is_over_255_octets(text: bytes) -> None:
    strings = split_strings(text)
    assert b"".join(strings) == text
    assert all(len(string) <= 255 for string in strings)
    assert all(len(string) == 255 for string in strings[:-1])


def test_an_empty_text_is_one_empty_string() -> None:
    assert split_strings(b"") == (b"",)
    assert quote(split_strings(b"")) == '""'


@settings(deadline=None)
@given(STRINGS)
def test_what_is_quoted_reads_back(strings: tuple[bytes, ...]) -> None:
    text = quote(strings)
    assert unquote(text) == strings
    assert text.isascii()
    assert text.isprintable()


@pytest.mark.parametrize(
    ("text", "strings"),
    [
        ("", ()),
        ('""', (b"",)),
        ("plain", (b"plain",)),
        ("two words", (b"two", b"words")),
        ('"a b" c', (b"a b", b"c")),
        ('"a""b"', (b"a", b"b")),
        (' \t"a"\t"b" ', (b"a", b"b")),
        (r'"say \"hi\" \\ \065"', (b'say "hi" \\ A',)),
        (r"plain\032blank\;", (b"plain blank;",)),
        ("k=v;p=(x)", (b"k=v;p=(x)",)),
        ('"é"', ("é".encode(),)),
        (r"\é", ("é".encode(),)),
        ('"line\nbreak"', (b"line\nbreak",)),
    ],
)
def test_spellings_that_providers_use_are_read(text: str, strings: tuple[bytes, ...]) -> None:
    assert unquote(text) == strings


@pytest.mark.parametrize(
    ("text", "position"),
    [
        ('"never closed', 0),
        ('a "b', 2),
        ('"a"b', 3),
        ('ab"cd"', 2),
        ("end\\", 3),
        (r"\25", 0),
        (r"x\256", 1),
        (r"\1a2", 0),
        ("\ud800", 0),
        ("\\\udfff", 1),
    ],
)
def test_a_broken_spelling_is_refused_with_its_position(text: str, position: int) -> None:
    with pytest.raises(ValueError, match=f"position {position}$|position {position} "):
        unquote(text)


@settings(deadline=None)
@given(st.text(max_size=40))
def test_hostile_text_is_read_or_refused_and_never_worse(text: str) -> None:
    try:
        strings = unquote(text)
    except ValueError as error:
        complaint = str(error)
    else:
        assert unquote(quote(strings)) == strings
        return
    assert "position" in complaint
