"""What an XML error says: its code and its messages, whatever else a stranger puts into it."""

from __future__ import annotations

import pytest

from registrar_sync.providers.redaction import told_in_xml, vendor_codes, vendor_words

HEAD = '<?xml version="1.0"?>\n'
SPACE = ' xmlns="https://route53.amazonaws.com/doc/2013-04-01/"'
# As recorded by lexicon in 2022, and as in the API reference of ChangeResourceRecordSets.
RECORDED = (
    f"{HEAD}<ErrorResponse{SPACE}><Error><Type>Sender</Type><Code>InvalidChangeBatch</Code><Message>[Duplicate Resource Record:"
    " '&quot;token&quot;']</Message></Error><RequestId>d9642252</RequestId></ErrorResponse>"
)
DOCUMENTED = (
    f"{HEAD}<InvalidChangeBatch{SPACE}><Messages><Message>Tried to delete</Message><Message>Tried to create</Message></Messages>"
    "</InvalidChangeBatch>"
)


@pytest.mark.parametrize(
    ("body", "code", "words"),
    [
        (RECORDED, "InvalidChangeBatch", "InvalidChangeBatch: [Duplicate Resource Record: '\"token\"']"),
        (DOCUMENTED, "InvalidChangeBatch", "InvalidChangeBatch: Tried to delete: Tried to create"),
        ("<Error><Code>AccessDenied</Code></Error>", "AccessDenied", "AccessDenied"),
        ("<Throttling><Message>Rate exceeded</Message></Throttling>", "Throttling", "Throttling: Rate exceeded"),
    ],
)
def test_code_and_messages(body: str, code: str, words: str) -> None:
    told = told_in_xml(body)
    assert code in vendor_codes(told)
    assert vendor_words(told, body) == words


@pytest.mark.parametrize(
    "body",
    [
        "",
        "Bad gateway",
        "<html><body><Code>Throttling</Code></body></html>",
        "<!DOCTYPE html><html><Code>Throttling</Code></html>",
        "<R><IsTruncated>false</IsTruncated></R>",
        "<R><Code></Code></R>",
        "<R><Code>" + "x" * 5000 + "</Code></R>",
        "<R><Code><![CDATA[Throttling]]></Code></R>",
        "<" * 100_000,
        "<Code>" * 20_000,
    ],
    ids=lambda body: body[:30],
)
def test_what_is_no_error_in_xml_says_nothing(body: str) -> None:
    assert told_in_xml(body) is None
    assert vendor_codes(told_in_xml(body)) == frozenset()
