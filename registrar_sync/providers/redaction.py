"""What a vendor or a library said, made fit for a message or a log: no secret, no control character, not too long."""

from __future__ import annotations

import html
import logging
import re
import unicodedata
from collections.abc import Iterator

from registrar_sync.core import redaction

_SHOWN = 300  # characters of foreign text in one message
_WHOLE = 4000  # characters of an answer in a log
_CAP = 65536  # characters that are looked through for secrets
# What a vendor itself calls a secret, such as the session that a login answers: it is none of the account's, and no log's.
_CALLED_SECRET = re.compile(
    r"""((?:token|secret|passw|session|api_?key)[\w-]{0,40}["']?\s{0,8}[:=>]\s{0,8}["']?)[^"'\s,}<&]{4,}""", re.I
)
_TELLING_KEYS = ("errorCode", "class", "code", "message", "error", "description", "error_description", "object", "path")
_XML_ROOT = re.compile(r"\s*(?:<\?xml[^>]{0,200}\?>\s*)?<([A-Za-z]\w{0,63})[\s>]")


class Redactor(redaction.Redactor):
    """Takes the account's secrets out of texts, and makes a stranger's text fit to be shown."""

    def foreign(self, text: str, longest: int = _SHOWN) -> str:
        """``text`` of a stranger: redacted, on one line, without control or invisible characters, shortened."""
        clean = self.clean(text)
        usual = clean.isascii() and clean.isprintable()  # nearly always: not looked at one by one
        plain = clean if usual else "".join(map(_visible, clean))
        line = " ".join(plain.split())
        return line if len(line) <= longest else line[: longest - 1] + "…"

    def answer(self, body: bytes) -> str:
        """A vendor's answer for a log: the beginning, with what is called a secret in it gone as well."""
        text = body[:_CAP].decode("utf-8", "replace")
        return self.foreign(_CALLED_SECRET.sub(r"\1***", self.clean(text)), _WHOLE)

    def filter(self, record: logging.LogRecord) -> bool:
        """For ``logging``: rewrite a record in place."""
        record.msg, record.args = self.clean(_message(record)), None
        record.exc_info = record.exc_text = None
        return True


def _visible(char: str) -> str:
    return " " if unicodedata.category(char).startswith(("C", "Z")) else char


def _message(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except (TypeError, ValueError, KeyError):
        # a faulty log call must not stop a write half-way
        return f"{record.msg!s} {record.args!r}"


def vendor_words(answer: object, body: str) -> str:
    """The vendor's own explanation: its codes and messages where the answer is JSON, else the body's text.

    Known shapes: OVH ``{"errorCode", "message"}`` and ``{"class", "message"}``; Gandi ``{"message", "object"}`` and
    ``{"errors": [{"name", "description"}]}``; IONOS ``[{"code", "message"}]``; PowerDNS ``{"error"}``; Cloudflare
    ``{"errors": [{"code", "message", "error_chain": [...]}]}``; Hetzner ``{"error": {"code", "message"}}``;
    GoDaddy ``{"code", "message", "fields": [{"code", "message", "path"}]}``; OAuth ``{"error", "error_description"}``.
    """
    words = list(dict.fromkeys(_telling(answer, depth=0)))
    return ": ".join(words) if words else body


def told_in_xml(body: str) -> dict[str, object] | None:
    """What an XML error says, in the shape of the JSON ones; None where the body is none. Only its texts are looked for.

    Known shapes: AWS ``<ErrorResponse><Error><Code/><Message/>``, and ``<InvalidChangeBatch><Messages><Message/>``, where the
    outermost element is the code (API reference of ChangeResourceRecordSets).
    """
    root = _XML_ROOT.match(body)
    if root is None or root[1].lower() in ("html", "body"):
        return None
    texts = {tag: [html.unescape(text) for text in _xml_texts(tag, body)] for tag in ("Code", "Message")}
    if not texts["Code"] and not texts["Message"]:
        return None
    return {"code": next(iter(texts["Code"]), root[1]), "errors": [{"message": text} for text in texts["Message"]]}


def _xml_texts(tag: str, body: str) -> list[str]:
    return re.findall(rf"<{tag}>([^<]{{1,2000}})</{tag}>", body)


def vendor_codes(answer: object) -> frozenset[str]:
    """Every short word or number by which the vendor may have named the error (Cloudflare's are numbers)."""
    return frozenset(_telling(answer, depth=0, numbers=True))


def _telling(answer: object, *, depth: int, numbers: bool = False) -> Iterator[str]:
    if depth > 4:
        return
    if isinstance(answer, list):
        for item in answer[:10]:
            yield from _telling(item, depth=depth + 1, numbers=numbers)
    elif isinstance(answer, dict):
        for key in _TELLING_KEYS:
            if isinstance(answer.get(key), str) or (numbers and type(answer.get(key)) is int):
                yield str(answer[key])
        for key in ("error", "errors", "error_chain", "fields"):
            yield from _telling(answer.get(key), depth=depth + 1, numbers=numbers)
