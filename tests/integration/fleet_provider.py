"""The provider of a fleet of workers: it writes down every call."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from registrar_sync.sandbox.faults import Hook
from registrar_sync.sandbox.seed import seed_zones
from registrar_sync.sandbox.server import Sandbox

_ZONE = """\
$ORIGIN {zone}
$TTL 3600
@ 3600 IN SOA ns1 hostmaster 2026112300 10800 3600 604800 300
@ 3600 IN NS ns1
ns1 3600 IN A 127.0.0.1
@ {ttl} IN MX {preference} mail
@ {ttl} IN TXT "v=spf1 mx ~all"
@ {ttl} IN TXT "kept={zone}"
mail 3600 IN A 192.0.2.25
"""


@dataclass(frozen=True, slots=True)
class Call:
    """One call, as the provider saw it; times are monotonic seconds."""

    method: str
    path: str
    began: float
    ended: float


class Provider:
    """IONOS in the sandbox: a domain's SPF and MX are written by one PATCH. ``latency_s``: how long each call takes; ``ttl``: of
    what is changed; ``at``: called "before" and "after" each call takes effect."""

    def __init__(self, domains: int, latency_s: float = 0.02, ttl: int = 3600) -> None:
        self.latency_s = latency_s
        self.calls: list[Call] = []
        self.domains = [f"d{number}.example." for number in range(domains)]
        zones: dict[str, Any] = {name: zone for name, zone in seed_zones().items() if name != "example.com."}
        for number, name in enumerate(self.domains):
            zones[name] = _ZONE.format(zone=name, preference=5 + number % 30, ttl=ttl)
        self.sandbox = Sandbox(zones)
        self.sandbox.faults.actions_for = self._seen  # type: ignore[method-assign]
        self.at: Callable[[str, str, str], object] = lambda moment, method, path: None

    def _seen(self, method: str, path: str) -> list[Hook]:
        began: list[float] = []

        def begin() -> None:
            began.append(time.monotonic())
            time.sleep(self.latency_s)
            self.at("before", method, path)

        def end() -> None:
            self.at("after", method, path)
            self.calls.append(Call(method, path, began[0], time.monotonic()))

        return [Hook(method, "", None, begin, "before"), Hook(method, "", None, end, "after")]

    @property
    def writes(self) -> Counter[str]:
        """How often each zone was written to. A request that was not read to its end, as its sender was killed, is none."""
        requests = self.sandbox.requests
        return Counter(str(one["path"]) for one in requests if one["method"] == "PATCH" and one["status"] == 200)

    @property
    def most_at_once(self) -> int:
        """The most calls that were under way at the same moment."""
        edges = sorted([(call.began, 1) for call in self.calls] + [(call.ended, -1) for call in self.calls])
        now = most = 0
        for _, step in edges:
            now += step
            most = max(most, now)
        return most

    def most_in(self, seconds: float) -> int:
        """The most calls in any window of so many seconds."""
        times = sorted(call.began for call in self.calls)
        return max((sum(1 for one in times[i:] if one < start + seconds) for i, start in enumerate(times)), default=0)

    def account(self, **more: Any) -> dict[str, Any]:
        dns = "{}:{}".format(*self.sandbox.dns_address)
        keys = {"provider": "ionos", "endpoint": self.sandbox.vendors["ionos"], "nameservers": [dns], "resolvers": [dns]}
        quick = {"call_limit_s": 3.0, "read_back_s": 2.0}  # so long a recovery waits for a call that may still land
        return {**keys, **quick, "credentials": {"api_key": "file:" + str(more.pop("secret"))}, **more}

    def is_protected(self, domain: str) -> bool:
        """Whether the service is in, and nothing else was touched."""
        text = self.sandbox.store.zone_text(domain)
        ours = ("include:includespf.security-mail.net", "france.security-mail.net", "europe.security-mail.net")
        return all(text.count(one) == 1 for one in (*ours, f"kept={domain}", "192.0.2.25"))
