"""boto3 by itself, as others use it, with nothing of ours in between."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import boto3
from botocore.config import Config

Change = tuple[str, str, str, int, Sequence[str]]
"""Action, name, type, TTL, values."""


def plain_client(endpoint: str, access_key: str = "sandbox", secret: str = "sandbox") -> Any:
    """A client that tries once."""
    return boto3.client(
        "route53",
        endpoint_url=endpoint,
        region_name="us-east-1",
        aws_access_key_id=access_key,
        aws_secret_access_key=secret,
        config=Config(retries={"total_max_attempts": 1}),
    )


def change(client: Any, zone: str, *changes: Change) -> dict[str, Any]:
    """One batch."""
    batch = [
        {
            "Action": action,
            "ResourceRecordSet": {"Name": name, "Type": rtype, "TTL": ttl, "ResourceRecords": [{"Value": v} for v in values]},
        }
        for action, name, rtype, ttl, values in changes
    ]
    answer: dict[str, Any] = client.change_resource_record_sets(HostedZoneId=zone, ChangeBatch={"Changes": batch})
    return answer


def zone_id(client: Any, name: str = "example.com") -> str:
    """The id of the public zone called so."""
    named = [zone for zone in client.list_hosted_zones_by_name(DNSName=name)["HostedZones"] if zone["Name"] == name + "."]
    (found,) = [zone for zone in named if not zone["Config"]["PrivateZone"]]
    return str(found["Id"])


def record_sets(client: Any, zone: str) -> dict[tuple[str, str], tuple[int | None, list[str]]]:
    """(Name, type) -> (TTL, sorted values), through boto3's paginator; the SOA left out."""
    pages = client.get_paginator("list_resource_record_sets").paginate(HostedZoneId=zone)
    sets = [each for page in pages for each in page["ResourceRecordSets"] if each["Type"] != "SOA"]
    return {(s["Name"], s["Type"]): (s.get("TTL"), sorted(v["Value"] for v in s.get("ResourceRecords", []))) for s in sets}
