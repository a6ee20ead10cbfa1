"""Domain names: what people type becomes one absolute A-label form, or is refused with the reason."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from registrar_sync.core.names import absolute, ancestors, display, is_within, parse_domain, relative
from registrar_sync.errors import InvalidDomain


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("example.com", "example.com."),
        ("Example.COM.", "example.com."),
        ("a-b.example", "a-b.example."),
        ("exämple.com", "xn--exmple-cua.com."),
        ("straße.de", "xn--strae-oqa.de."),
        ("XN--Exmple-CUA.com", "xn--exmple-cua.com."),
        ("例え。テスト", "xn--r8jz45g.xn--zckzah."),
        ("4.example", "4.example."),
        ("a." * 126 + "a", "a." * 126 + "a."),
        ("x" * 63 + ".example", "x" * 63 + ".example."),
    ],
)
def test_a_domain_becomes_absolute_lower_case_and_a_label(text: str, name: str) -> None:
    assert parse_domain(text) == name
    assert parse_domain(name) == name


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "it is empty"),
        (".", "it is empty"),
        ("exa mple.com", "letters, digits and inner hyphens"),
        (" example.com", "letters, digits and inner hyphens"),
        ("-a.com", "letters, digits and inner hyphens"),
        ("a-.com", "letters, digits and inner hyphens"),
        ("_dmarc.example.com", "letters, digits and inner hyphens"),
        ("../x", "empty label"),
        ("example..com", "empty label"),
        ("example.com..", "empty label"),
        ("exa/mple.com", "letters, digits and inner hyphens"),
        ("example.com\n", "letters, digits and inner hyphens"),
        ("example.com\x00", "letters, digits and inner hyphens"),
        ("*.example.com", "letters, digits and inner hyphens"),
        ("localhost", "at least two labels"),
        ("192.0.2.1", "IP address"),
        ("2001:db8::1", "IP address"),
        ("[192.0.2.1]", "IP address"),
        ("example.123", "its last label is a number"),
        ("💩.example", "IDNA refuses it"),
        ("xn--a.example", "no valid A-label"),
        ("x" * 64 + ".example", "longer than 63"),
        ("a." * 127 + "a", "longer than 253"),
    ],
)
def test_what_is_no_domain_is_refused_with_the_reason(text: str, why: str) -> None:
    with pytest.raises(InvalidDomain) as caught:
        parse_domain(text)
    assert why in caught.value.message
    assert "Nothing was changed" in caught.value.message
    assert caught.value.hint


@settings(deadline=None)
@given(st.text(max_size=80))
def test_any_text_is_a_domain_or_refused(text: str) -> None:
    try:
        name = parse_domain(text)
    except InvalidDomain:
        return
    assert parse_domain(name) == name
    assert name == name.lower()
    assert name.isascii()
    assert set(name) <= set("abcdefghijklmnopqrstuvwxyz0123456789-.")


def test_names_stand_within_a_zone_on_a_label_boundary_only() -> None:
    assert is_within("example.com.", "example.com.")
    assert is_within("a.b.example.com.", "example.com.")
    assert not is_within("badexample.com.", "example.com.")
    assert not is_within("com.", "example.com.")


def test_a_name_relative_to_its_zone_is_empty_at_the_apex() -> None:
    assert relative("example.com.", "example.com.") == ""
    assert relative("www.a.example.com.", "example.com.") == "www.a"


def test_zones_are_sought_from_the_name_upwards_down_to_two_labels() -> None:
    assert ancestors("a.b.example.com.") == ["a.b.example.com.", "b.example.com.", "example.com."]
    assert ancestors("example.com.") == ["example.com."]


def test_names_from_apis_become_absolute_and_are_shown_without_the_final_dot() -> None:
    assert absolute("Mail.Example.COM") == absolute("mail.example.com.") == "mail.example.com."
    assert absolute(".") == "."
    assert display("mail.example.com.") == "mail.example.com"
    assert display(".") == "."


def test_the_name_of_an_include_may_hold_underscores_and_a_domain_may_not() -> None:
    assert parse_domain("_spf.Filter.example", scoped=True) == "_spf.filter.example."
    with pytest.raises(InvalidDomain, match="letters, digits and inner hyphens"):
        parse_domain("_spf.filter.example")
