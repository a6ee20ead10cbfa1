"""OVH's request signature and the refusals that go with it (python-ovh 1.2.0, ovh/client.py ``raw_call``)."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Callable
from http import HTTPStatus

from starlette.responses import Response

from registrar_sync.sandbox.switches import Switches
from registrar_sync.sandbox.web import Call, Json, Refusal, empty

SECRET = "sandbox"  # noqa: S105  # the sandbox's published credential, for every field
QUERY_ID = "X-OVH-QUERYID"


def reply(content: object, status: int = 200) -> Response:
    """A JSON answer with OVH's query id, which every reply carried when recorded (2018)."""
    return with_query_id(Json(content, status))


def with_query_id(response: Response) -> Response:
    """The same answer, numbered."""
    response.headers[QUERY_ID] = f"EU.ext-1.sandbox.{secrets.token_hex(8)}"
    return response


def done(form: str) -> Response:
    """The answer of a call that returns nothing: ``204`` empty or ``200-null``."""
    return with_query_id(empty(204)) if form == "204" else reply(None)


def login_refusal(status: int, code: str, message: str) -> Refusal:
    """A refusal of the shape ``{"errorCode", "httpCode", "message"}``."""
    phrase = f"{status} {HTTPStatus(status).phrase}"
    return Refusal(reply({"errorCode": code, "httpCode": phrase, "message": message}, status))


def refusal(status: int, kind: str, message: str) -> Refusal:
    """A refusal of the shape ``{"class", "message"}``."""
    return Refusal(reply({"class": f"Client::{kind}", "message": message}, status))


class Login:
    """Checks the four headers of a signed call. ``now``: the server's clock, seconds since 1970."""

    def __init__(self, switches: Switches, now: Callable[[], float]) -> None:
        self._switches = switches
        self._now = now

    def check(self, call: Call) -> None:
        """Raise ``Refusal`` unless the call is signed as the sandbox's own key would sign it, and in time."""
        application, consumer = call.headers.get("x-ovh-application"), call.headers.get("x-ovh-consumer")
        if not application or not consumer:
            raise login_refusal(403, "NOT_CREDENTIAL", "This credential does not exist")
        if application != SECRET:
            raise login_refusal(403, "INVALID_KEY", "This application key is invalid")
        if consumer != SECRET:
            raise login_refusal(403, "INVALID_CREDENTIAL", "This credential is not valid")
        stamp = call.headers.get("x-ovh-timestamp", "")
        if not self._in_time(stamp):
            raise login_refusal(400, "QUERY_TIME_OUT", "Query out of time")
        if not hmac.compare_digest(call.headers.get("x-ovh-signature", "").encode(), signature(call, stamp).encode()):
            raise login_refusal(400, "INVALID_SIGNATURE", "Invalid signature")

    def check_refresh(self, call: Call) -> None:
        """As ``check``, and the right to refresh, which a key can lack (terraform-provider-ovh#292, #1410)."""
        self.check(call)
        if not self._switches.ovh_may_refresh:
            raise login_refusal(403, self._switches.ovh_denial_code, "This call has not been granted")

    def _in_time(self, stamp: str) -> bool:
        return stamp.isascii() and stamp.isdigit() and abs(int(stamp[:18]) - self._now()) <= self._switches.ovh_clock_window_s


def signature(call: Call, stamp: str) -> str:
    """The signature over the bytes as asked: the URL undecoded, the body unparsed."""
    parts = (
        SECRET.encode(),
        SECRET.encode(),
        call.method.upper().encode(),
        call.url.encode("latin-1"),
        call.body,
        stamp.encode(),
    )
    return "$1$" + hashlib.sha1(b"+".join(parts)).hexdigest()  # noqa: S324  # the vendor's choice of hash
