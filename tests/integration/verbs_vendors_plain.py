"""More of verbs_vendors.py: records with ids, over REST."""

from __future__ import annotations

from typing import Any

from tests.integration.verbs_vendors import ZONE, Answer, Ask, Row, Vendor, apart, one_field, quoted, relative


class LuaDns(Vendor):
    provider = "luadns"

    def _shown(self, row: Row) -> dict[str, Any]:
        return {"id": row.id, "name": f"{row.fqdn}.", "type": row.rtype, "content": one_field(row), "ttl": row.ttl, "zone_id": 1}

    def answer(self, ask: Ask) -> Answer:
        match [ask.method, *ask.parts]:
            case ["GET", "zones"]:
                return 200, [{"id": 1, "name": ZONE}]
            case ["GET", "zones", "1", "records"]:
                return 200, [self._shown(row) for row in self.rows]
            case ["POST", "zones", "1", "records"]:
                content, preference = apart(ask.json["type"], ask.json["content"])
                row = self.add(relative(ask.json["name"]), ask.json["type"], content, ask.json["ttl"], preference)
                return 200, self._shown(row)
            case ["PUT", "zones", "1", "records", id_]:
                row = self.row(id_)
                row.content, row.preference = apart(row.rtype, ask.json["content"])
                row.ttl = ask.json["ttl"]
                return 200, self._shown(row)
            case ["DELETE", "zones", "1", "records", id_]:
                return 200, self._shown(self.drop(id_))
        raise LookupError


class Linode(Vendor):
    provider = "linode"
    no_zone = (200, {"data": [], "page": 1, "pages": 1})
    moved = ("https://api.linode.com/v4",)

    def _shown(self, row: Row) -> dict[str, Any]:
        plain = {"id": row.id, "type": row.rtype, "name": row.name, "target": row.content, "ttl_sec": row.ttl}
        return {**plain, "priority": row.preference or 0, "weight": 0, "port": 0}

    def answer(self, ask: Ask) -> Answer:
        match [ask.method, *ask.parts]:
            case ["GET", "domains"]:
                return 200, {"data": [{"id": 1, "domain": ZONE}], "page": 1, "pages": 1}
            case ["GET", "domains", "1", "records"]:
                return 200, {"data": [self._shown(row) for row in self.rows], "page": 1, "pages": 1}
            case ["POST", "domains", "1", "records"]:
                got = ask.json
                assert got["ttl_sec"] in (300, 3600, 7200, 14400)
                return 200, self._shown(self.add(got["name"], got["type"], got["target"], got["ttl_sec"], got.get("priority")))
            case ["DELETE", "domains", "1", "records", id_]:
                self.drop(id_)
                return 200, {}
        raise LookupError


class Linode4(Linode):
    provider = "linode4"


class NameCom(Vendor):
    provider = "namecom"

    def _shown(self, row: Row) -> dict[str, Any]:
        plain = {"id": row.id, "host": row.name, "fqdn": f"{row.fqdn}.", "type": row.rtype, "answer": row.content, "ttl": row.ttl}
        return {**plain, **({"priority": row.preference} if row.preference else {})}  # 0 is left out

    def answer(self, ask: Ask) -> Answer:
        match [ask.method, *ask.parts]:
            case ["GET", "domains"]:
                return 200, {"domains": [{"domainName": ZONE}]}
            case ["GET", "domains", "example.com", "records"]:
                return 200, {"records": [self._shown(row) for row in self.rows]}
            case ["POST", "domains", "example.com", "records"]:
                got = ask.json
                return 200, self._shown(self.add(got["host"], got["type"], got["answer"], got["ttl"], got.get("priority")))
            case ["PUT", "domains", "example.com", "records", id_]:
                row, got = self.row(id_), ask.json
                row.content, row.ttl = got["answer"], got["ttl"]
                row.preference = got.get("priority", None if row.preference is None else 0)
                return 200, self._shown(row)
            case ["DELETE", "domains", "example.com", "records", id_]:
                self.drop(id_)
                return 200, {}
        raise LookupError


class PointHq(Vendor):
    provider = "pointhq"

    def _shown(self, row: Row) -> dict[str, Any]:
        aux = None if row.preference is None else str(row.preference)
        plain = {"name": f"{row.fqdn}.", "data": quoted(row.content, row.rtype), "id": row.id, "aux": aux}
        return {"zone_record": {**plain, "record_type": row.rtype, "ttl": row.ttl, "zone_id": 1}}

    def answer(self, ask: Ask) -> Answer:
        match [ask.method, *ask.parts]:
            case ["GET", "zones", "example.com"]:
                return 200, {"zone": {"id": 1, "name": ZONE, "ttl": 3600}}
            case ["GET", "zones", "1", "records"]:
                return 200, [self._shown(row) for row in self.rows]
            case ["POST", "zones", "1", "records"]:
                got = ask.json["zone_record"]
                preference = int(got["aux"]) if "aux" in got else None
                row = self.add(relative(got["name"]), got["record_type"], got["data"], got.get("ttl", 1), preference)
                return 201, self._shown(row)
            case ["PUT", "zones", "1", "records", id_]:
                row, got = self.row(id_), ask.json["zone_record"]
                row.content, row.ttl = got["data"], got.get("ttl", row.ttl)
                row.preference = int(got["aux"]) if "aux" in got else row.preference
                return 202, self._shown(row)
            case ["DELETE", "zones", "1", "records", id_]:
                self.drop(id_)
                return 202, {"zone_record": {"status": "OK"}}
        raise LookupError
