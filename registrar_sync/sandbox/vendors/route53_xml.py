"""Route 53's XML: answers and errors in the vendor's namespace, and a change batch read from its document."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterable
from typing import NamedTuple
from xml.sax.saxutils import escape

from starlette.responses import Response

from registrar_sync.sandbox.web import Refusal

NAMESPACE = "https://route53.amazonaws.com/doc/2013-04-01/"
REQUEST_ID = "00000000-0000-4000-8000-000000000000"


class Wanted(NamedTuple):
    """One change of a batch, as sent."""

    action: str
    name: str
    rtype: str
    ttl: str | None
    values: tuple[str, ...]
    others: frozenset[str]


def tag(name: str, *content: str) -> str:
    """An element around what is XML already."""
    return f"<{name}>{''.join(content)}</{name}>"


def leaf(name: str, text: object) -> str:
    """An element around a text."""
    shown = str(text).lower() if isinstance(text, bool) else str(text)
    return tag(name, escape(shown, {'"': "&quot;"}))


def answer(name: str, *content: str, status: int = 200) -> Response:
    """A document."""
    body = f'<?xml version="1.0"?>\n<{name} xmlns="{NAMESPACE}">{"".join(content)}</{name}>'
    return Response(body.encode(), status, media_type="text/xml", headers={"x-amzn-RequestId": REQUEST_ID})


def refusal(status: int, code: str, message: str) -> Refusal:
    """An error in the shape that was recorded."""
    told = tag("Error", leaf("Type", "Sender"), leaf("Code", code), leaf("Message", message))
    return Refusal(answer("ErrorResponse", told, leaf("RequestId", REQUEST_ID), status=status))


def batch_refusal(messages: Iterable[str], shape: str) -> Refusal:
    """A batch that is refused as a whole."""
    if shape == "ErrorResponse":
        return refusal(400, "InvalidChangeBatch", f"[{', '.join(messages)}]")
    told = tag("Messages", *(leaf("Message", message) for message in messages))
    return Refusal(answer("InvalidChangeBatch", told, leaf("RequestId", REQUEST_ID), status=400))


def batch_of(body: bytes) -> list[Wanted]:
    """The changes of a request. Raises ``Refusal``."""
    try:
        root = ET.fromstring(body)  # noqa: S314 - of whoever runs the sandbox
    except ET.ParseError as error:
        raise refusal(400, "InvalidInput", f"Invalid XML ; javax.xml.stream.XMLStreamException: {error}") from None
    changes = root.findall(_path("ChangeBatch/Changes/Change"))
    if root.tag != f"{{{NAMESPACE}}}ChangeResourceRecordSetsRequest" or not changes:
        raise refusal(400, "InvalidInput", "Invalid XML ; the content of element 'Changes' is not complete.")
    return [_wanted(change) for change in changes]


def _wanted(change: ET.Element) -> Wanted:
    action, name, rtype = (
        change.findtext(_path(path)) for path in ("Action", "ResourceRecordSet/Name", "ResourceRecordSet/Type")
    )
    if action not in ("CREATE", "DELETE", "UPSERT") or not name or not rtype:
        raise refusal(400, "InvalidInput", f"Invalid XML ; Value '{action}' is not valid: CREATE, DELETE or UPSERT is expected.")
    values = [value.text or "" for value in change.findall(_path("ResourceRecordSet/ResourceRecords/ResourceRecord/Value"))]
    parts = {re.sub(r"^\{.*\}", "", part.tag) for part in change.find(_path("ResourceRecordSet")) or ()}
    known = {"Name", "Type", "TTL", "ResourceRecords"}
    return Wanted(action, name, rtype, change.findtext(_path("ResourceRecordSet/TTL")), tuple(values), frozenset(parts - known))


def _path(path: str) -> str:
    return "/".join(f"{{{NAMESPACE}}}{step}" for step in path.split("/"))
