"""More of verbs_vendors.py: vendors whose adapters stand on an SDK, which need not be installed: what they call of it is here."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

from requests.auth import AuthBase

from tests.integration.verbs_vendors import ZONE, Answer, Ask, Row, Vendor, apart, one_field, quoted, relative, unquoted


class Oci(Vendor):
    """OCI's own HTTP; only the signing is the SDK's."""

    provider = "oci"

    def stubs(self) -> dict[str, Any]:
        class Unsigned(AuthBase):
            def __call__(self, request: Any) -> Any:
                return request

        faults = ("ConfigFileNotFound", "ProfileNotFound", "InvalidConfig", "ConnectTimeout")
        signer = SimpleNamespace(from_config=lambda _: Unsigned())
        return {"from_file": lambda **_: {}, "Signer": signer, **{name: type(name, (Exception,), {}) for name in faults}}

    def _shown(self, row: Row) -> dict[str, Any]:
        plain = {"domain": row.fqdn, "rtype": row.rtype, "rdata": quoted(one_field(row), row.rtype), "ttl": row.ttl}
        return {**plain, "recordHash": f"hash{row.id}", "isProtected": False}

    def answer(self, ask: Ask) -> Answer:
        match [ask.method, *ask.parts]:
            case ["GET", "zones", "example.com"]:
                return 200, {"id": "ocid1.dns-zone", "name": ZONE}
            case ["GET", "zones", "example.com", "records", name]:
                found = [row for row in self.rows if (row.fqdn, row.rtype) == (name, ask.query["rtype"])]
                return 200, {"items": [self._shown(row) for row in found]}
            case ["PATCH", "zones", "example.com", "records", *name]:
                for item in ask.json["items"]:
                    self._patch(name, item)
                return 200, {"items": []}
        raise LookupError

    def _patch(self, name: list[str], item: dict[str, Any]) -> None:
        if item["operation"] == "REMOVE":
            self.drop(item["recordHash"].removeprefix("hash"))
            return
        assert item["rtype"] != "TXT" or item["rdata"].startswith('"')
        content, preference = apart(item["rtype"], unquoted(item["rdata"]))
        self.add(relative(name[0]), item["rtype"], content, item["ttl"], preference)


class SoftLayer(Vendor):
    provider = "softlayer"

    def stubs(self) -> dict[str, Any]:
        dns = SimpleNamespace(DNSManager=lambda _: self)
        sdk = SimpleNamespace(create_client_from_env=lambda **_: None, managers=SimpleNamespace(dns=dns))
        return {"SoftLayer": sdk}

    def resolve_ids(self, domain: str) -> list[int]:
        return [1] if domain == ZONE else []

    def get_records(self, zone_id: int, ttl: object, data: object, host: object, rtype: object) -> list[dict[str, Any]]:
        assert (zone_id, ttl, data, host, rtype) == (1, None, None, None, None)
        plain = [(row, {"id": row.id, "type": row.rtype.lower(), "host": row.name or "@"}) for row in self.rows]
        return [{**one, "data": row.content, "ttl": row.ttl} for row, one in plain]

    def create_record(self, zone_id: int, record: str, record_type: str, data: str, ttl: int) -> dict[str, Any]:
        assert zone_id == 1
        return {"id": self.add(relative(record), record_type, data, ttl).id}

    def edit_record(self, record: dict[str, Any]) -> None:
        row = self.row(record["id"])
        row.content, row.ttl = record["data"], record["ttl"]

    def delete_record(self, record_id: int) -> None:
        self.drop(record_id)


class QCloud(Vendor):
    provider = "qcloud"

    def stubs(self) -> dict[str, Any]:
        class Request(dict[str, Any]):
            def from_json_string(self, text: str) -> None:
                self.update(json.loads(text))

            def to_json_string(self) -> str:
                return json.dumps(self)

        calls = ("DescribeDomainList", "DescribeRecordList", "CreateRecord", "ModifyRecord", "DeleteRecordBatch")
        models = SimpleNamespace(**{f"{call}Request": Request for call in calls})
        client = SimpleNamespace(**{call: getattr(self, f"_{call}") for call in calls})
        credential = SimpleNamespace(Credential=lambda *_: None)
        return {"models": models, "credential": credential, "dnspod_client": SimpleNamespace(DnspodClient=lambda *_: client)}

    def _DescribeDomainList(self, asked: dict[str, Any]) -> Any:  # noqa: N802 - the SDK's names
        return SimpleNamespace(DomainList=[SimpleNamespace(DomainId=1)] if asked["Keyword"] == ZONE else [])

    def _DescribeRecordList(self, asked: dict[str, Any]) -> Any:  # noqa: N802
        assert asked["Domain"] == ZONE
        told = [
            SimpleNamespace(Type=row.rtype, Name=row.name or "@", TTL=row.ttl, Value=row.content, RecordId=row.id)
            for row in self.rows
        ]
        return _told(RecordList=told)

    def _CreateRecord(self, asked: dict[str, Any]) -> Any:  # noqa: N802
        return _told(RecordId=self.add(relative(asked["SubDomain"]), asked["RecordType"], asked["Value"], asked["TTL"]).id)

    def _ModifyRecord(self, asked: dict[str, Any]) -> Any:  # noqa: N802
        row = self.row(asked["RecordId"])
        assert (relative(asked["SubDomain"]), asked["RecordType"]) == (row.name, row.rtype)
        row.content, row.ttl = asked["Value"], asked["TTL"]
        return _told()

    def _DeleteRecordBatch(self, asked: dict[str, Any]) -> Any:  # noqa: N802
        for id_ in asked["RecordIdList"]:
            self.drop(id_)
        return _told()


def _told(**content: Any) -> Any:
    return SimpleNamespace(to_json_string=lambda: "{}", **content)
