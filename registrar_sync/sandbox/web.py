"""HTTP plumbing of the simulated vendors, and nothing else that they share but the zone store."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers, QueryParams
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from registrar_sync.sandbox.front import path_as_asked


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request. ``base``: scheme, host and port as the client named them; ``url``: all of what it asked for, undecoded."""

    method: str
    base: str
    url: str
    query: QueryParams
    headers: Headers
    body: bytes
    params: Mapping[str, str]

    def json(self) -> Any:
        """The body's JSON value. Raises ``ValueError`` where it is none, or holds text that no encoding can carry."""
        try:
            value = json.loads(self.body)
            json.dumps(value, ensure_ascii=False, allow_nan=False).encode()
        except RecursionError as error:
            raise ValueError("nested too deeply") from error
        return value


class Refusal(Exception):
    """An answer that ends the handling of a call: raised where the fault is found, in the vendor's own shape."""

    def __init__(self, response: Response) -> None:
        super().__init__(response.status_code)
        self.response = response


class Json(Response):
    """A JSON answer, ASCII only."""

    media_type = "application/json"

    def render(self, content: Any) -> bytes:
        """The body."""
        return json.dumps(content, separators=(",", ":")).encode()


def empty(status: int) -> Response:
    """An answer without a body."""
    return Response(b"", status)


Action = Callable[[Call], Response]
Guard = Callable[[Call], None]


def route(method: str, path: str, action: Action, guard: Guard | None = None) -> Route:
    """One endpoint; ``guard`` is called first and raises ``Refusal``."""

    async def endpoint(request: Request) -> Response:
        try:
            call = _call(request, await request.body())
        except ClientDisconnect:
            return empty(400)
        return await run_in_threadpool(_answer, call, action, guard)

    return Route(path, endpoint, methods=[method])


def _answer(call: Call, action: Action, guard: Guard | None) -> Response:
    try:
        if guard:
            guard(call)
        return action(call)
    except Refusal as refusal:
        return refusal.response


def _call(request: Request, body: bytes) -> Call:
    base = f"{request.scope['scheme']}://{request.headers.get('host', '')}"
    return Call(
        method=request.method,
        base=base,
        url=base + path_as_asked(request.scope),
        query=request.query_params,
        headers=request.headers,
        body=body,
        params={name: str(value) for name, value in request.path_params.items()},
    )


def vendor_app(routes: Iterable[Route], refusal: Callable[[int], Response]) -> Starlette:
    """A vendor's endpoints; ``refusal`` gives the vendor's own answer to what no endpoint takes (404, 405)."""

    async def refuse(_: Request, error: Exception) -> Response:
        return refusal(error.status_code if isinstance(error, HTTPException) else 500)

    app = Starlette(routes=list(routes), exception_handlers={HTTPException: refuse})
    app.router.redirect_slashes = False
    return app
