"""Mail filters by the names that their MX hosts end in: data, to notice that another filter already stands in front.

Most are from two open tables of MX suffixes (read in excerpts, 2026-11), some from single mentions or memory, none from the
vendors' own pages. A name that is missing or wrong costs or adds a finding that can be accepted, never a wrong write.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType

FILTERS: Mapping[str, str] = MappingProxyType(
    {
        "antispamcloud.com": "SpamExperts",
        "antispameurope.com": "Hornetsecurity",
        "barracudanetworks.com": "Barracuda",
        "hornetsecurity.com": "Hornetsecurity",
        "iphmx.com": "Cisco Secure Email",
        "mailcontrol.com": "Forcepoint",
        "messagelabs.com": "Broadcom Symantec",
        "mimecast.co.za": "Mimecast",
        "mimecast.com": "Mimecast",
        "mimecast-offshore.com": "Mimecast",
        "mxthunder.com": "SpamHero",
        "pphosted.com": "Proofpoint",
        "ppe-hosted.com": "Proofpoint Essentials",
        "reflexion.net": "Sophos",
        "securence.com": "Securence",
        "sophos.com": "Sophos",
        "spamexperts.com": "SpamExperts",
        "trendmicro.com": "Trend Micro",
        "trendmicro.eu": "Trend Micro",
        "vadesecure.com": "Vade",
    }
)


@lru_cache(maxsize=1024)  # customers share their hosts, and each plan asks several times
def filter_behind(exchange: str) -> str:
    """The filter whose host this exchange (absolute, lower-case) is, or an empty text.

    >>> filter_behind("mx1-eu1.ppe-hosted.com.")
    'Proofpoint Essentials'
    """
    labels = exchange.removesuffix(".").split(".")
    suffixes = (".".join(labels[start:]) for start in range(len(labels)))
    return next((FILTERS[suffix] for suffix in suffixes if suffix in FILTERS), "")
