"""``python -m benchmarks.bulk.floor API COUNT THREADS``: the job by hand, in two calls a zone, with nothing proved.

The least that the job can cost at PowerDNS: the zone is read, and both RRsets are written in one PATCH. No journal, no look at
the DNS, no check of the service, no read-back, no retry.
"""

from __future__ import annotations

import os
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import requests

from benchmarks.bulk.estate import SERVICE_MX, Estate, merged

KEY_VARIABLE = "POWERDNS_KEY"
_own = threading.local()


def _session() -> requests.Session:
    """One connection a thread."""
    if not hasattr(_own, "session"):
        _own.session = requests.Session()
        _own.session.trust_env = False
        _own.session.headers["X-API-Key"] = os.environ[KEY_VARIABLE]
    session: requests.Session = _own.session
    return session


def enrol(api: str, name: str) -> None:
    """GET and PATCH."""
    url = f"{api}/api/v1/servers/localhost/zones/{name}"
    answer = _session().get(url, timeout=30)
    answer.raise_for_status()
    sets = {rrset["type"]: rrset for rrset in answer.json()["rrsets"] if rrset["name"] == name}
    texts = [{**record, "content": merged(record["content"])} for record in sets["TXT"]["records"]]
    hosts = [*({"content": text, "disabled": False} for text in SERVICE_MX), *sets["MX"]["records"]]
    body = {"rrsets": [_replaced(sets["TXT"], texts), _replaced(sets["MX"], hosts)]}
    _session().patch(url, json=body, timeout=30).raise_for_status()


def _replaced(rrset: dict[str, Any], records: list[dict[str, Any]]) -> dict[str, Any]:
    return {"name": rrset["name"], "type": rrset["type"], "ttl": rrset["ttl"], "changetype": "REPLACE", "records": records}


def main(api: str, count: int, threads: int) -> None:
    """Every zone of the estate."""
    with ThreadPoolExecutor(threads) as pool:
        for _ in pool.map(lambda name: enrol(api, name), Estate(count).names):
            pass


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
