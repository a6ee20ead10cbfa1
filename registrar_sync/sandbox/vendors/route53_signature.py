"""AWS Signature Version 4, checked as the vendor does (docs.aws.amazon.com, "Create a signed AWS API request")."""

from __future__ import annotations

import hashlib
import hmac
import re
from datetime import UTC, datetime
from functools import reduce
from urllib.parse import quote, urlsplit

from registrar_sync.sandbox.vendors.route53_xml import refusal
from registrar_sync.sandbox.web import Call

ACCESS_KEY = SECRET = "sandbox"  # noqa: S105 - the sandbox's
_SCOPE = ("us-east-1", "route53", "aws4_request")
_AUTHORIZATION = re.compile(r"AWS4-HMAC-SHA256 Credential=(\S+), ?SignedHeaders=(\S+), ?Signature=([0-9a-f]{64})")


def check_signature(call: Call, now: float, window_s: float) -> None:
    """Raises ``Refusal`` where the request is not signed with the sandbox's key."""
    header = call.headers.get("authorization", "")
    if not header:
        raise refusal(403, "MissingAuthenticationToken", "Missing Authentication Token")
    found = _AUTHORIZATION.fullmatch(header)
    credential = found[1].split("/") if found else []
    if found is None or len(credential) != 5:
        raise refusal(400, "IncompleteSignature", "Authorization header requires 'Credential', 'SignedHeaders' and 'Signature'.")
    if credential[0] != ACCESS_KEY:
        raise refusal(403, "InvalidClientTokenId", "The security token included in the request is invalid.")
    if tuple(credential[2:]) != _SCOPE:
        raise refusal(403, "SignatureDoesNotMatch", f"Credential should be scoped to a valid region, not '{credential[2]}'.")
    _check_time(call, now, window_s)
    if not hmac.compare_digest(found[3], _signature(call, credential[1], found[2].split(";"))):
        said = "The request signature we calculated does not match the signature you provided."
        raise refusal(403, "SignatureDoesNotMatch", f"{said} Check your AWS Secret Access Key and signing method.")


def _check_time(call: Call, now: float, window_s: float) -> None:
    sent = call.headers.get("x-amz-date", "")
    try:
        at = datetime.strptime(sent, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC).timestamp()
    except ValueError:
        raise refusal(400, "IncompleteSignature", "Authorization header requires existence of a 'X-Amz-Date' header.") from None
    if abs(now - at) > window_s:
        raise refusal(403, "SignatureDoesNotMatch", f"Signature expired: {sent} is now earlier than the clock allows.")


def _signature(call: Call, day: str, signed: list[str]) -> str:
    sent = call.headers["x-amz-date"]
    text = "\n".join(["AWS4-HMAC-SHA256", sent, "/".join([day, *_SCOPE]), _sha256(_canonical(call, signed).encode())])
    key = reduce(_hmac, [day, *_SCOPE], f"AWS4{SECRET}".encode())
    return _hmac(key, text).hex()


def _canonical(call: Call, signed: list[str]) -> str:
    parts = urlsplit(call.url)
    query = "&".join(sorted(parts.query.split("&"))) if parts.query else ""
    headers = "".join(f"{name}:{' '.join(call.headers.get(name, '').split())}\n" for name in signed)
    path = quote(parts.path, safe="/~")  # once more: services other than S3 sign the encoded path encoded
    return "\n".join([call.method, path, query, headers, ";".join(signed), _sha256(call.body)])


def _hmac(key: bytes, text: str) -> bytes:
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


def _sha256(octets: bytes) -> str:
    return hashlib.sha256(octets).hexdigest()
