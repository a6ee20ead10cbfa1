"""botocore's client for one service, told everything by us: no file, no variable of AWS's own, and HTTP through our transport.

botocore signs a request and reads the answer; the event ``before-send`` takes the place of its HTTP, so that the time limit,
the repeats, the count, the redaction and the confinement of every other provider hold for it too.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from registrar_sync.errors import ConfigInvalid
from registrar_sync.providers.rows import UnusableAnswer
from registrar_sync.providers.seam import carrier, redact_logs_of

_NO_FILES = {
    "profile": (None, None, None, None),
    "config_file": (None, None, os.devnull, None),
    "credentials_file": (None, None, os.devnull, None),
}
_MOST_PAGES = 1000
_LOCK = threading.Lock()  # a session makes one client at a time


def aws_client(service: str, endpoint: str, access_key: str, secret: str) -> Any:
    """A client. Raises ``ConfigInvalid`` where botocore is not installed."""
    try:
        from botocore.config import Config  # noqa: PLC0415 - it need not be installed, and is slow to load
    except ImportError:
        raise ConfigInvalid(
            "This provider needs boto3, which is not installed. Nothing was changed.",
            hint="pip install 'dns-lexicon[route53]'",
        ) from None
    with _LOCK:
        client = _session().create_client(
            service,
            region_name="us-east-1",  # of the partition "aws", for a service that has no regions
            endpoint_url=endpoint,
            aws_access_key_id=access_key,
            aws_secret_access_key=secret,
            config=Config(retries={"total_max_attempts": 1, "mode": "standard"}),
        )
    client.meta.events.register(f"before-send.{service}", _send)
    redact_logs_of("botocore", "boto3")
    return client


@lru_cache(maxsize=1)
def _session() -> Any:
    from botocore.session import Session  # noqa: PLC0415 - see above

    return Session(session_vars=_NO_FILES)


def called(operation: Any, **parameters: Any) -> Any:
    """Call one operation of a client. Raises ``UnusableAnswer``, and what the transport raises."""
    from botocore.exceptions import BotoCoreError  # noqa: PLC0415 - see above
    from botocore.parsers import ResponseParserError  # noqa: PLC0415 - see above

    try:
        return operation(**parameters)
    except (ResponseParserError, BotoCoreError) as error:
        raise UnusableAnswer(f"{type(error).__name__}: it is not the XML that was expected") from None


def paged(
    operation: Any, rest: Callable[[Any], Mapping[str, str] | None], *, unsaid: bool | None = None, **start: Any
) -> list[Any]:
    """All pages of a listing. ``rest``: the place at which the page after one begins, or None where no more is wanted.

    ``unsaid``: whether a page that does not say so is truncated (None: it is no answer).
    """
    pages: list[Any] = []
    place: Mapping[str, str] | None = {}
    while place is not None:
        page = called(operation, **{**start, **place})
        pages.append(page)
        truncated = page.get("IsTruncated", unsaid)
        if not isinstance(truncated, bool):
            raise UnusableAnswer("IsTruncated is missing")
        came_from, place = place, rest(page) if truncated else None
        if place is not None and (place == came_from or len(pages) >= _MOST_PAGES):
            raise UnusableAnswer(f"the listing does not go on after page {len(pages)}")
    return pages


def _send(request: Any, **_: Any) -> Any:
    """Carry a signed request, and give its answer in botocore's form."""
    from botocore.awsrequest import AWSResponse  # noqa: PLC0415 - see above

    headers = {name: value.decode("latin-1") if isinstance(value, bytes) else value for name, value in request.headers.items()}
    answer = carrier().request(request.method, request.url, data=request.body, headers=headers)
    given = AWSResponse(request.url, answer.status_code, answer.headers, None)
    given._content = answer.content  # where botocore keeps what it has read
    return given
