"""A real name server for the benchmark: Knot DNS at two loopback addresses, in a folder of its own, on a free port."""

from __future__ import annotations

import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

from benchmarks.dns.estate import SERVED, Estate
from benchmarks.dns.machine import program
from registrar_sync.resolver.packet import Question

ADDRESSES = ("127.0.0.1", "127.0.0.2")
Place = tuple[str, int]

_READY_S = 120.0
_CONFIG = """\
server:
  listen: [ {listen} ]
  rundir: {folder}
  udp-workers: 1
log:
  - target: {folder}/knot.log
    any: warning
database:
  storage: {folder}
template:
  - id: default
    storage: {folder}
    file: good.zone
    zonefile-sync: -1
    journal-content: none
zone:
"""


class Knot:
    """``places``: the two addresses it answers at. One thread of it answers UDP, so that one core of two is the client's."""

    def __init__(self, folder: Path, estate: Estate) -> None:
        self._folder = folder
        self._estate = estate
        self.places: tuple[Place, ...] = _free_places()
        listen = ", ".join(f"{address}@{port}" for address, port in self.places)
        lines = [_CONFIG.format(listen=listen, folder=folder)]
        for name, kind in estate.names():
            lines.append(f"  - domain: {name}\n" + (f"    file: {kind}.zone\n" if estate.kinds else ""))
        (folder / "knot.conf").write_text("".join(lines))
        self.serve({kind: kind for kind in SERVED}, serial=1)

    def serve(self, files: Mapping[str, str], *, serial: int) -> None:
        """Write each zone file (by kind) with the data of another kind."""
        for kind, data in files.items():
            (self._folder / f"{kind}.zone").write_text(SERVED[data].zone_text(serial))

    def reload(self) -> None:
        """Serve the zone files as they are now."""
        subprocess.run([program("knotc"), "-s", str(self._folder / "knot.sock"), "reload"], check=True, capture_output=True)

    @contextmanager
    def running(self) -> Iterator[None]:
        """Serve every zone within this."""
        command = [program("knotd"), "-c", str(self._folder / "knot.conf")]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
            try:
                self._wait_for_all(process)
                yield
            finally:
                process.terminate()

    def _wait_for_all(self, process: subprocess.Popen[bytes]) -> None:
        ends = time.monotonic() + _READY_S
        for name, _ in self._estate.names():
            while not _answers(self.places[-1], name):
                if process.poll() is not None or time.monotonic() > ends:
                    raise RuntimeError(f"Knot does not serve {name}: {(self._folder / 'knot.log').read_text()}")
                time.sleep(0.05)


def _answers(place: Place, name: str) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        asking.settimeout(1.0)
        asking.connect(place)
        try:
            asking.send(b"\x00\x07" + Question(name, "SOA").body)
            return asking.recv(4096)[3] & 0x0F == 0
        except OSError:
            return False


def _free_places() -> tuple[Place, ...]:
    """One port that is free at both addresses, UDP and TCP."""
    for _ in range(50):
        with ExitStack() as stack:
            port = 0
            try:
                for address in ADDRESSES:
                    for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
                        one = stack.enter_context(socket.socket(socket.AF_INET, kind))
                        one.bind((address, port))
                        port = one.getsockname()[1]
            except OSError:
                continue
            return tuple((address, port) for address in ADDRESSES)
    raise RuntimeError("no port is free at both loopback addresses")
