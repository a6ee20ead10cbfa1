"""The sandbox itself: one zone store, a name server over it, and the simulated vendors over HTTP."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route

from registrar_sync.errors import UsageError
from registrar_sync.sandbox.faults import Faults
from registrar_sync.sandbox.front import OWN_PATHS, Front
from registrar_sync.sandbox.log import RequestLog
from registrar_sync.sandbox.nameserver import Address, Mode, NameServer, bound
from registrar_sync.sandbox.seed import seed_zones
from registrar_sync.sandbox.store import Store
from registrar_sync.sandbox.switches import Switches, switches_from
from registrar_sync.sandbox.vendors import VENDORS
from registrar_sync.sandbox.web import Json
from registrar_sync.sandbox.zone import Zone
from registrar_sync.sandbox.zonefile import zone_from_text

LOOPBACK: Address = ("127.0.0.1", 0)
KEEP_ALIVE_S = 75
GRACE_S = 1


class Sandbox:
    """A registrar in a box, as a context manager. Addresses are known from the start; it answers while it is entered.

    ``zones`` by name: a ``Zone``, or master-file text (default: ``seed_zones()``). ``publish_delay_s``: from a vendor's
    publishing to the name server's serving. ``state_file``: where the zones outlive the process. ``switches``: see
    ``Switches``. ``now``: the clock of the vendors and of publishing, seconds since 1970. Raises ``UsageError``.
    """

    def __init__(
        self,
        zones: Mapping[str, Zone | str] | None = None,
        *,
        api: Address = LOOPBACK,
        dns: Address = LOOPBACK,
        publish_delay_s: float = 0.0,
        state_file: Path | None = None,
        switches: Mapping[str, object] | None = None,
        now: Callable[[], float] = time.time,
    ) -> None:
        self.switches: Switches = switches_from(switches or {})
        ready = {name: _zone(name, zone) for name, zone in (seed_zones() if zones is None else zones).items()}
        self.store = Store(ready, now=now, publish_delay_s=publish_delay_s, state_file=state_file)
        self.faults = Faults()
        self.fail_next = self.faults.fail_next
        self.hook = self.faults.hook
        self._log = RequestLog()
        self._running = False
        self._nameservers: list[NameServer] = []
        self._api = _ApiServer(Front(self._app(), self._log, self.faults), api)
        try:
            self._nameservers.append(NameServer(self.store, self.switches, dns))
        except UsageError:
            self.stop()
            raise

    def _app(self) -> Starlette:
        async def requests(_: Request) -> Response:
            return Json(self.requests)

        vendors = [Mount(path, app(self.store, self.switches)) for path, app in VENDORS.values()]
        app = Starlette(routes=[Route(OWN_PATHS + "requests", requests), *vendors])
        app.router.redirect_slashes = False
        return app

    # --- life --------------------------------------------------------------------------------------------------------
    def start(self) -> Self:
        """Answer from now on."""
        for nameserver in self._nameservers:
            nameserver.start()
        self._api.start()
        self._running = True
        return self

    def stop(self) -> None:
        """Close every socket and end every thread, also of a sandbox that was never started. Twice is once."""
        self._running = False
        self._api.stop()
        for nameserver in self._nameservers:
            nameserver.stop()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()

    # --- where it is -------------------------------------------------------------------------------------------------
    @property
    def api_url(self) -> str:
        """``http://127.0.0.1:PORT``."""
        return f"http://{_shown(self._api.address)}"

    @property
    def dns_address(self) -> Address:
        """Host and port of the name server, UDP and TCP."""
        return self._nameservers[0].address

    @property
    def vendors(self) -> dict[str, str]:
        """Each simulated vendor's endpoint."""
        return {name: self.api_url + path for name, (path, _) in VENDORS.items()}

    def announcement(self) -> dict[str, Any]:
        """The addresses, as ``sandbox serve`` prints them."""
        return {"api": self.api_url, "dns": _shown(self.dns_address), "vendors": self.vendors}

    # --- for tests ---------------------------------------------------------------------------------------------------
    @property
    def requests(self) -> list[dict[str, str | int]]:
        """``{method, path, status}`` of every request so far."""
        return self._log.entries()

    def clear_requests(self) -> None:
        """Empty the request log."""
        self._log.clear()

    def add_nameserver(self, *, lag_s: float = 0.0, mode: Mode = "lag") -> Address:
        """One more name server over the same zones, at an address of its own, behaving as ``mode`` says."""
        nameserver = NameServer(self.store, self.switches, (self.dns_address[0], 0), mode=mode, lag_s=lag_s)
        self._nameservers.append(nameserver)
        if self._running:
            nameserver.start()
        return nameserver.address


class _ApiServer(uvicorn.Server):
    """uvicorn in a thread, on a socket bound beforehand; without its log and its signal handlers."""

    def __init__(self, app: Front, address: Address) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                http="h11",
                ws="none",
                lifespan="off",
                log_config=None,
                log_level="error",
                access_log=False,
                server_header=False,
                timeout_keep_alive=KEEP_ALIVE_S,
                timeout_graceful_shutdown=GRACE_S,
            )
        )
        family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        self._socket = bound(address, family, socket.SOCK_STREAM)
        self.address: Address = self._socket.getsockname()[:2]
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, name="sandbox-api", daemon=True)

    def _run(self) -> None:
        try:
            self.run([self._socket])
        finally:
            self._ready.set()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Tell ``start`` that the server takes requests."""
        await super().startup(sockets)
        self._ready.set()

    def start(self) -> None:
        """Take requests from now on."""
        self._thread.start()
        self._ready.wait()

    def stop(self) -> None:
        """Finish what is being answered, for at most a second, and end the thread."""
        self.should_exit = True
        if self._thread.ident:
            self._thread.join()
        self._socket.close()


def _zone(name: str, zone: Zone | str) -> Zone:
    return zone_from_text(name, zone) if isinstance(zone, str) else zone


def _shown(address: Address) -> str:
    return f"[{address[0]}]:{address[1]}" if ":" in address[0] else f"{address[0]}:{address[1]}"
