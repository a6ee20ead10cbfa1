"""Real servers as processes of a test: found, started, told things, and gone when the test run is gone, however it ended."""

from __future__ import annotations

import os
import random
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import dns.message
import dns.rdatatype

START_LIMIT_S = 20.0
_POLL_S = 0.003
_ENDED = "Z"  # and only not yet taken notice of by its parent
_APPARMOR = Path("/etc/apparmor.d")
# Reads a process group a line; at the end of its input, that is when the tests are over or dead, ends them and tidies up.
_REAPER = 'groups=; while read -r group; do groups="$groups -$group"; done; [ -z "$groups" ] || kill -9 $groups; rm -rf "$1"'


class Processes:
    """Servers started in a folder, each a process group of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._started: list[tuple[subprocess.Popen[bytes], Path]] = []
        self._reaper = subprocess.Popen(
            ["/bin/sh", "-c", _REAPER, "reaper", folder],
            stdin=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def start(self, arguments: Sequence[str | Path], log: Path) -> int:
        """Start a server that stays in the foreground. Its process id is its process group's too."""
        with log.open("ab") as output:
            process = subprocess.Popen(arguments, stdout=output, stderr=output, stdin=subprocess.DEVNULL, process_group=0)
        assert self._reaper.stdin is not None
        self._reaper.stdin.write(b"%d\n" % process.pid)
        self._reaper.stdin.flush()
        self._started.append((process, log))
        return process.pid

    def check(self) -> None:
        """Raise if a server has ended, with what it said."""
        for process, log in self._started:
            assert process.poll() is None, f"{process.args!r} ended:\n{log.read_text()}"

    def close(self) -> None:
        """End them all and remove the folder."""
        assert self._reaper.stdin is not None
        self._reaper.stdin.close()
        self._reaper.wait(timeout=10)
        for process, _ in self._started:
            process.wait(timeout=10)


@contextmanager
def paused(process_group: int) -> Iterator[None]:
    """Processes that take questions and answer nothing, until the block ends."""
    os.killpg(process_group, signal.SIGSTOP)
    try:
        deadline = time.monotonic() + START_LIMIT_S
        while not all(state == "T" for state in _states_of(process_group)):  # a thread may go on for a moment yet
            assert time.monotonic() < deadline, f"not stopped: process group {process_group}"
            time.sleep(_POLL_S)
        yield
    finally:
        os.killpg(process_group, signal.SIGCONT)


def childless(process_group: int) -> set[str]:
    """The processes of a group that have no children there: of a server that forks, those that answer."""
    found = _parents(process_group)
    return found.keys() - set(found.values())


def _states_of(process_group: int) -> list[str]:
    """The state of every thread of a process group: T is stopped."""
    found = [state for pid in _parents(process_group) for _, (state, *_) in _stats(f"{pid}/task/*/stat")]
    return [state for state in found if state != _ENDED]


def _parents(process_group: int) -> dict[str, str]:
    stats = _stats("[0-9]*/stat")
    return {stat.parent.name: parent for stat, (state, parent, group) in stats if group == str(process_group) and state != _ENDED}


def _stats(pattern: str) -> Iterator[tuple[Path, list[str]]]:
    """State, parent and process group of each, as Linux tells (proc(5)); one that ends meanwhile is left out."""
    for stat in Path("/proc").glob(pattern):
        with suppress(OSError):
            yield stat, stat.read_text().rpartition(")")[2].split()[:3]


def find_program(name: str, folder: Path) -> Path:
    """The program: from PATH or where Debian puts servers. A copy in ``folder`` where AppArmor confines the original to /etc."""
    found = shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/local/sbin:/sbin")
    assert found, f"{name} is not installed: make test installs it (tests/install-servers.sh)"
    if not (_APPARMOR / found.lstrip("/").replace("/", ".")).exists():
        return Path(found)
    copy = folder / name
    return copy if copy.exists() else Path(shutil.copy(found, copy))


def until(done: Callable[[], bool], processes: Processes, what: str) -> None:
    """Poll until it is so; raise when a server ends meanwhile, or it takes too long."""
    deadline = time.monotonic() + START_LIMIT_S
    while not done():
        processes.check()
        assert time.monotonic() < deadline, f"{what}: not within {START_LIMIT_S} s; see {processes.folder}"
        time.sleep(_POLL_S)


def texts_at(address: str, port: int, name: str) -> list[str]:
    """The TXT values that a server gives at a name; none if it does not answer at once."""
    query = dns.message.make_query(name, "TXT")
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as client:
        client.settimeout(1.0)
        client.connect((address, port))
        try:
            client.send(query.to_wire())
            response = dns.message.from_wire(client.recv(65535))
        except (ConnectionError, TimeoutError):
            return []
    return [str(rdata) for rrset in response.answer if rrset.rdtype == dns.rdatatype.TXT for rdata in rrset]


def command(control: Path, line: str) -> str:
    """Say a line to a server's control socket (NSD's and Unbound's are alike); what it replies."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
        client.settimeout(10.0)
        client.connect(str(control))
        client.sendall(line.encode() + b"\n")
        return b"".join(iter(lambda: client.recv(65536), b"")).decode()


def free_port(*, ipv6: bool) -> int:
    """A port that is free for UDP and TCP at every address, below those that the system gives out by itself."""
    for _ in range(200):
        port = random.randrange(10240, 32000)
        if _is_free(socket.AF_INET, "0.0.0.0", port) and (not ipv6 or _is_free(socket.AF_INET6, "::", port)):
            return port
    raise AssertionError("no port is free for both UDP and TCP")


def has_ipv6() -> bool:
    """Whether ``::1`` is there."""
    return socket.has_ipv6 and _is_free(socket.AF_INET6, "::1", 0)


def _is_free(family: socket.AddressFamily, address: str, port: int) -> bool:
    try:
        for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
            with socket.socket(family, kind) as trial:
                if family == socket.AF_INET6:
                    trial.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
                trial.bind((address, port))
    except OSError:
        return False
    return True
