"""``python -m benchmarks.bulk.lexicons API COUNT THREADS [update]``: the job with lexicon as a library.

As ``lexicon.client.Client`` shows it, one a domain: list, create the new SPF and the hosts, delete the old SPF. The new one
first: with it last, a failure between the two leaves a domain without SPF. ``update``: by lexicon's own ``update_record``, which
deletes first.
"""

from __future__ import annotations

import os
import sys
from concurrent.futures import ThreadPoolExecutor

from lexicon.client import Client
from lexicon.config import ConfigResolver

from benchmarks.bulk.estate import SERVICE_MX, Estate, merged
from benchmarks.bulk.floor import KEY_VARIABLE

_MARKER = "v=spf1 "


def _opened(api: str, domain: str) -> Client:
    options = {"provider_name": "powerdns", "domain": domain, "delegated": domain}  # the latter: it is below example.com
    credentials = {"pdns_server": api, "auth_token": os.environ[KEY_VARIABLE]}
    return Client(ConfigResolver().with_dict({**options, "powerdns": credentials}))


def enrol(api: str, name: str, *, by_update: bool) -> None:
    """List, create, delete, create, create; or with lexicon's own ``update_record`` for the second and third."""
    domain = name.removesuffix(".")
    with _opened(api, domain) as zone:
        old = next(one for one in zone.list_records("TXT", domain) if one["content"].startswith(_MARKER))
        new = merged(f'"{old["content"]}"').strip('"')
        if by_update:
            zone.update_record(old["id"], "TXT", domain, new)
        else:
            zone.create_record("TXT", domain, new)
            zone.delete_record(rtype="TXT", name=domain, content=old["content"])
        for host in SERVICE_MX:
            zone.create_record("MX", domain, host)


def main(api: str, count: int, threads: int, *, by_update: bool) -> None:
    """Every zone of the estate."""
    with ThreadPoolExecutor(threads) as pool:
        for _ in pool.map(lambda name: enrol(api, name, by_update=by_update), Estate(count).names):
            pass


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), by_update="update" in sys.argv[4:])
