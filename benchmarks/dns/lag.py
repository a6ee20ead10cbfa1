"""How long after the truth an enrolment says so: from the name server's first new answer to the return of ``enroll``.

A real enrolment each time, through the sandbox's simulated OVH. The truth is what a process of its own sees beside it; of the few
milliseconds in which it may lie the earliest counts, and of the verdict the latest moment, so that the lag is never understated.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import yaml

from benchmarks.dns.child import ROOT, python
from benchmarks.dns.report import Report, Target
from registrar_sync import Client
from registrar_sync.core.pace import next_wait
from registrar_sync.sandbox.seed import seed_zones
from registrar_sync.sandbox.server import Sandbox
from registrar_sync.sandbox.zone import Zone
from registrar_sync.sandbox.zonefile import zone_from_text

MOST_S, MOST_SHARE = 0.3, 0.02
SLOW_FROM_S = MOST_S / MOST_SHARE

_VENDOR = "ovh"
_CREDENTIALS = ("auth_application_key", "auth_application_secret", "auth_consumer_key")
_BUDGET_S = 900.0
_ZONE = """\
$ORIGIN {domain}
$TTL 3600
@ SOA ns1 hostmaster 1 7200 900 1209600 600
@ NS ns1
ns1 A 127.0.0.1
mailgate A 192.0.2.12
@ 600 TXT "v=spf1 mx a:mailgate.{domain} ~all"
@ 300 MX 5 mailgate
"""
_HEAD = ("publish delay", "enrolments", "median lag s", "max lag s", "allowed s", "worst share of the wait", "truth known to ms")


@dataclass(frozen=True, slots=True, kw_only=True)
class Lag:
    """One enrolment. ``delay_s``: from publishing to serving; ``lag_s``: from the truth to the verdict; ``blur_s``: how exactly
    the truth is known."""

    delay_s: float
    lag_s: float
    blur_s: float

    @property
    def allowed_s(self) -> float:
        """What the issue allows: 0.3 s while quick, 2 % of the wait when slow."""
        return max(MOST_S, MOST_SHARE * self.delay_s)


def measure(folder: Path, *, delays: Sequence[float], repetitions: Mapping[float, int]) -> Report:
    """``repetitions`` by delay. A delay grows from one to the next by a share of the pause between two questions, so that the
    truth comes at all times between them."""
    rows, targets = [], []
    with _world(folder, [_name(delay, number) for delay in delays for number in range(repetitions[delay])]) as (sandbox, client):
        for delay in delays:
            lags = [_enrol(sandbox, client, delay, number, repetitions[delay]) for number in range(repetitions[delay])]
            rows.append(_row(delay, lags))
            targets.append(_target(delay, lags))
    notes = (
        "Lag: from the name server's first new answer to the return of `enroll`, which has then also asked again to confirm it.",
        "The delay is stretched from one enrolment to the next, so that the truth comes at all times between two questions.",
    )
    return Report(title="Detection lag: truth to verdict", head=_HEAD, rows=rows, notes=notes, targets=targets)


def _name(delay: float, number: int) -> str:
    return f"delay-{delay * 1000:.0f}-{number}.example"


@contextmanager
def _world(folder: Path, domains: Sequence[str]) -> Iterator[tuple[Sandbox, Client]]:
    """A registrar that hosts the domains, and a client with an account there."""
    zones: dict[str, Zone] = seed_zones()
    for name in domains:
        zones[f"{name}."] = zone_from_text(name, _ZONE.format(domain=f"{name}."), hosted=True)
    with Sandbox(zones) as sandbox:
        dns = "{}:{}".format(*sandbox.dns_address)
        account = {
            "provider": _VENDOR,
            "endpoint": sandbox.vendors[_VENDOR],
            "credentials": dict.fromkeys(_CREDENTIALS, "env:SANDBOX"),
            "nameservers": [dns],
            "resolvers": [dns],
            "budget_s": _BUDGET_S,
        }
        config = folder / "providers.yaml"
        config.write_text(yaml.safe_dump({"accounts": {"measured": account}}))
        environ = {"SANDBOX": "sandbox", "REGISTRAR_SYNC_CONFIG": str(config)}
        with Client(journal=str(folder / "journal.sqlite"), environ=environ) as client:
            yield sandbox, client


def _enrol(sandbox: Sandbox, client: Client, delay: float, number: int, of: int) -> Lag:
    domain = _name(delay, number)
    stretched = delay + next_wait(delay, _BUDGET_S, budget_s=_BUDGET_S) * number / of if delay else 0.0
    sandbox.store.publish_delay_s = stretched
    address, port = sandbox.dns_address
    command = python("benchmarks.dns.poller", address, str(port), f"{domain}.")
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as poller:
        assert poller.stdout
        try:
            poller.stdout.readline()
            result = client.enroll(domain, account="measured")
            said_at = time.monotonic()
            if result.state != "authoritative":
                raise RuntimeError(f"{domain} is {result.state}: {result.message}")
            truth = json.loads(poller.stdout.readline())
        finally:
            poller.terminate()
    lag = Lag(delay_s=stretched, lag_s=said_at - truth["old_at"], blur_s=truth["new_at"] - truth["old_at"])
    print(f"delay {stretched:.2f} s: lag {lag.lag_s:.3f} s", file=sys.stderr, flush=True)
    return lag


def _row(delay: float, lags: Sequence[Lag]) -> list[str]:
    slow = [lag for lag in lags if lag.allowed_s > MOST_S]
    return [
        f"{delay:g} s",
        str(len(lags)),
        f"{statistics.median(lag.lag_s for lag in lags):.3f}",
        f"{max(lag.lag_s for lag in lags):.3f}",
        f"{min(lag.allowed_s for lag in lags):.2f}",
        f"{max(lag.lag_s / lag.delay_s for lag in slow):.1%}" if slow else "quick",
        f"{max(lag.blur_s for lag in lags) * 1000:.0f}",
    ]


def _target(delay: float, lags: Sequence[Lag]) -> Target:
    worst = max(lags, key=lambda lag: lag.lag_s - lag.allowed_s)
    wanted = f"delay {delay:g} s: at most {worst.allowed_s:.2f} s behind the truth"
    return Target(wanted=wanted, found=f"{worst.lag_s:.3f} s", met=worst.lag_s <= worst.allowed_s)
