"""The door in front of every simulated vendor: it logs each request, and lets faults and hooks act."""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from registrar_sync.sandbox.faults import CONNECTION_BROKEN, Fault, Faults, Hook, Moment
from registrar_sync.sandbox.log import RequestLog

OWN_PATHS = "/_sandbox/"


class Front:
    """ASGI middleware around the vendors."""

    def __init__(self, app: ASGIApp, log: RequestLog, faults: Faults) -> None:
        self._app = app
        self._log = log
        self._faults = faults

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http" or scope["path"].startswith(OWN_PATHS):
            await self._app(scope, receive, send)
            return
        method, path = scope["method"], path_as_asked(scope)
        fault = self._faults.fault_for(method, path)
        try:
            answer = await self._take_effect(scope, receive, fault)
        except Exception:
            self._log.add(method, path, 500)
            raise
        self._log.add(method, path, fault.status if fault else answer[0]["status"])
        await (_fail(fault, scope, receive, send) if fault else _send_all(answer, send))

    async def _take_effect(self, scope: Scope, receive: Receive, fault: Fault | None) -> list[Message]:
        hooks = self._faults.actions_for(scope["method"], path_as_asked(scope))
        answer: list[Message] = []
        await _run(hooks, "before")
        if not (fault and fault.before_effect):
            await self._app(scope, receive, _collector(answer))
        await _run(hooks, "after")
        return answer


def path_as_asked(scope: Scope) -> str:
    """The path and query as the client spelled them."""
    query = scope["query_string"].decode("latin-1")
    raw: bytes = scope["raw_path"]
    return raw.decode("latin-1") + (f"?{query}" if query else "")


def _collector(answer: list[Message]) -> Send:
    async def collect(message: Message) -> None:
        answer.append(message)

    return collect


async def _run(hooks: list[Hook], when: Moment) -> None:
    for hook in hooks:
        if hook.when == when:
            await run_in_threadpool(hook.act)


async def _send_all(answer: list[Message], send: Send) -> None:
    for message in answer:
        await send(message)


async def _fail(fault: Fault, scope: Scope, receive: Receive, send: Send) -> None:
    if fault.status != CONNECTION_BROKEN:
        await Response(fault.body, fault.status, dict(fault.headers))(scope, receive, send)
        return
    # A body promised and not sent: the server closes the connection, and the client cannot know what took effect.
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"1")]})
