"""No secret in any text, whatever its spelling; a log line is cleaned whole."""

from __future__ import annotations

import json
import logging
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registrar_sync.core.redaction import Redactor
from registrar_sync.providers import redaction

SECRET = 'pä/ss "w\\rd"&=%'


@pytest.mark.parametrize(
    "spelling",
    [
        SECRET,
        quote(SECRET),
        quote(SECRET, safe=""),
        quote(SECRET, safe="").replace("%2F", "%2f").replace("%C3%A4", "%c3%A4"),
        quote_plus(SECRET),
        json.dumps(SECRET),
        json.dumps(SECRET, ensure_ascii=False),
        json.dumps(SECRET).replace("/", "\\/"),
        json.dumps(SECRET).replace("\\u00e4", "\\u00E4"),
        repr(SECRET),
        repr({"password": SECRET}),
    ],
)
def test_every_spelling_of_a_secret_is_taken_out(spelling: str) -> None:
    cleaned = Redactor([SECRET]).clean(f"before {spelling} after")
    assert cleaned.startswith("before ")
    assert cleaned.endswith(" after")
    assert "***" in cleaned
    assert "rd" not in cleaned.replace("password", "")


def test_short_words_are_left_alone() -> None:
    assert Redactor(["abc", "", "x"]).clean("abc x") == "abc x"
    assert Redactor(["abcd"]).clean("abcd") == "***"


def test_overlapping_secrets_leave_no_tail() -> None:
    assert Redactor(["abcd", "cdefgh"]).clean("-abcdefgh-") == "-***-"
    assert Redactor(["abcd", "abcdefgh"]).clean("-abcdefgh-") == "-***-"


plain = st.characters(exclude_characters="*", exclude_categories=["Cs"])


@given(st.lists(st.text(plain, min_size=4, max_size=12), max_size=4), st.lists(st.text(plain, max_size=10), max_size=4))
def test_no_secret_is_left_in_any_text(secrets: list[str], between: list[str]) -> None:
    text = "".join(piece for pair in zip(between, secrets, strict=False) for piece in pair) + "".join(secrets)
    cleaned = Redactor(secrets).clean(text)
    assert not [secret for secret in secrets if secret in cleaned]


@given(st.text())
def test_without_secrets_a_text_stays_as_it_is(text: str) -> None:
    assert Redactor([]).clean(text) == text


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.handler.addFilter(redaction.Redactor(["hunter2-secret"]).filter)
    caplog.set_level(logging.DEBUG)
    return caplog


def test_a_log_holds_no_secret_in_message_arguments_or_traceback(log: pytest.LogCaptureFixture) -> None:
    logger = logging.getLogger("tests.redaction.child")
    logger.info("sent %s with %d records", {"X-Api-Key": "hunter2-secret"}, 2)
    try:
        int("hunter2-secret")
    except ValueError:
        logger.exception("failed")
    assert "hunter2-secret" not in log.text
    assert "sent {'X-Api-Key': '***'} with 2 records" in log.text


def test_a_faulty_log_call_is_still_logged_and_redacted(log: pytest.LogCaptureFixture) -> None:
    logging.getLogger("tests.redaction").info("two %s %s", "hunter2-secret")  # noqa: PLE1206 - the fault is the test
    assert "two %s %s" in log.text
    assert "hunter2-secret" not in log.text


# --- a whole answer, for the log ----------------------------------------------------------------------------------------
def test_an_answer_is_logged_without_what_the_vendor_itself_calls_a_secret() -> None:
    body = b'{"apisessionid": "f00f-cafe-1234", "access_token":"abcd1234", "zone": "example.com", "note": "sandbox-key"}'
    told = redaction.Redactor(["sandbox-key"]).answer(body)
    assert not any(secret in told for secret in ("f00f", "cafe", "abcd1234", "sandbox-key"))
    assert '"zone": "example.com"' in told


def test_an_answer_is_logged_on_one_line_and_not_without_end() -> None:
    told = redaction.Redactor(["s3cret"]).answer(b"<p>\n\x1b[31m" + b"token" * 200_000 + b"s3cret")
    assert len(told) <= 4000
    assert "\n" not in told
    assert "\x1b" not in told
