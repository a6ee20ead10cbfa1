"""``python -m benchmarks.dns.poller ADDRESS PORT DOMAIN``: when does a name server first answer the new data?

Asks in a tight loop, in a process of its own, by bare UDP. It prints ``ready`` after the first answer, and in the end one line
of JSON: ``old_at``, when the last question was sent that got old data, and ``new_at``, when the first was that got the new. The
truth is between the two. Times are those of ``time.monotonic``, which is one for all processes of a machine (Linux).
"""

from __future__ import annotations

import json
import socket
import sys
import time

from registrar_sync.resolver.packet import Question

PAUSE_S = 0.003

_SIGNS = {"TXT": b"include:includespf.security-mail.net", "MX": b"\x06france"}
"""What only the new data has. Served in this order where a provider publishes each by itself."""


def watch(place: tuple[str, int], domain: str) -> dict[str, float]:
    """Ask until both types are new."""
    old_at = new_at = 0.0
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        asking.connect(place)
        asking.settimeout(1.0)
        for rtype, sign in _SIGNS.items():
            message = b"\x00\x07" + Question(domain, rtype).body
            while True:
                sent_at = time.monotonic()
                if sign in _answer(asking, message):
                    new_at = max(new_at, sent_at)
                    break
                if not old_at:
                    print("ready", flush=True)
                old_at = sent_at
                time.sleep(PAUSE_S)
    return {"old_at": old_at, "new_at": new_at}


def _answer(asking: socket.socket, message: bytes) -> bytes:
    try:
        asking.send(message)
        return asking.recv(4096)
    except TimeoutError:
        return b""


if __name__ == "__main__":
    print(json.dumps(watch((sys.argv[1], int(sys.argv[2])), sys.argv[3])))
