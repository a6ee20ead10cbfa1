"""More of verbs_vendors.py: records with ids, over REST."""

from __future__ import annotations

from typing import Any

from tests.integration.verbs_vendors import ZONE, Answer, Ask, Row, Vendor, dotted, quoted, relative, unquoted


class Regfish(Vendor):
    provider = "regfish"
    no_zone = (200, {"success": False, "error": "Record not found", "code": 15001})

    def _shown(self, row: Row) -> dict[str, Any]:
        plain = {"id": row.id, "name": f"{row.fqdn}.", "type": row.rtype, "data": dotted(row), "ttl": row.ttl, "active": True}
        return {**plain, **({"priority": row.preference} if row.preference is not None else {})}

    def answer(self, ask: Ask) -> Answer:
        match [ask.method, *ask.parts]:
            case ["GET", "dns", "example.com", "rr"]:
                return 200, {"success": True, "response": [self._shown(row) for row in self.rows], "code": 0}
            case ["POST", "dns", "rr"]:
                got = ask.json
                name, content = relative(got["name"]), got["data"].removesuffix(".")
                row = self.add(name, got["type"], content, got["ttl"], got.get("priority"))
                return 200, {"success": True, "response": self._shown(row), "code": 0}
            case ["PATCH", "dns", "rr", id_]:
                row, got = self.row(id_), ask.json
                row.content, row.ttl = got["data"].removesuffix("."), got["ttl"]
                row.preference = got.get("priority", row.preference)
                return 200, {"success": True, "response": self._shown(row), "code": 0}
            case ["DELETE", "dns", "rr", id_]:
                self.drop(id_)
                return 200, {"success": True, "code": 0}
        raise LookupError


class SafeDns(Vendor):
    provider = "safedns"

    def _shown(self, row: Row) -> dict[str, Any]:
        plain = {"id": row.id, "name": row.fqdn, "type": row.rtype, "content": quoted(row.content, row.rtype), "ttl": row.ttl}
        return {**plain, "updated_at": "2020-03-20T21:43:19+00:00", "priority": row.preference}

    def answer(self, ask: Ask) -> Answer:
        match [ask.method, *ask.parts]:
            case ["GET", "zones", "example.com"]:
                return 200, {"data": {"name": ZONE, "description": ""}, "meta": {}}
            case ["GET", "zones", "example.com", "records"]:
                first = (int(ask.query.get("page", 1)) - 1) * 4
                following = f"{ask.url}/zones/{ZONE}/records?page={first // 4 + 2}"
                links = {"next": following if first + 4 < len(self.rows) else None}
                page = [self._shown(row) for row in self.rows[first : first + 4]]
                return 200, {"data": page, "meta": {"pagination": {"links": links}}}
            case ["POST", "zones", "example.com", "records"]:
                got = ask.json
                content, ttl = unquoted(got["content"]), got.get("ttl", 1)
                row = self.add(relative(got["name"]), got["type"], content, ttl, got.get("priority"))
                return 201, {"data": {"id": row.id}, "meta": {}}
            case ["PATCH", "zones", "example.com", "records", id_]:
                row, got = self.row(id_), ask.json
                row.content, row.ttl = unquoted(got["content"]), got.get("ttl", row.ttl)
                row.preference = got.get("priority", row.preference)
                return 200, {"data": {"id": row.id}, "meta": {}}
            case ["DELETE", "zones", "example.com", "records", id_]:
                self.drop(id_)
                return 204, None
        raise LookupError


class Timeweb(Vendor):
    provider = "timeweb"

    def _shown(self, row: Row) -> dict[str, Any]:
        data: dict[str, Any] = {"value": row.content, **({"subdomain": row.name} if row.name else {})}
        if row.preference is not None:
            data["priority"] = row.preference
        return {"data": data, "id": row.id, "type": row.rtype, "ttl": row.ttl}

    def answer(self, ask: Ask) -> Answer:
        match [ask.method, *ask.parts]:
            case ["GET", "domains", "example.com"]:
                return 200, {"domain": {"id": 1, "fqdn": ZONE}}
            case ["GET", "domains", "example.com", "dns-records"]:
                return 200, {"meta": {"total": len(self.rows)}, "dns_records": [self._shown(row) for row in self.rows]}
            case ["POST", "domains", "example.com", "dns-records"]:
                got = ask.json
                row = self.add(got["subdomain"], got["type"], got["value"], got.get("ttl", 1), got.get("priority"))
                return 201, {"dns_record": self._shown(row)}
            case ["DELETE", "domains", "example.com", "dns-records", id_]:
                self.drop(id_)
                return 204, None
        raise LookupError


class Vercel(Vendor):
    provider = "vercel"

    def _shown(self, row: Row) -> dict[str, Any]:
        plain = {"id": f"rec_{row.id}", "name": row.name, "type": row.rtype, "value": dotted(row), "ttl": row.ttl, "creator": "u"}
        return {**plain, **({"mxPriority": row.preference} if row.preference is not None else {})}

    def answer(self, ask: Ask) -> Answer:
        match [ask.method, *ask.parts]:
            case ["GET", "v5", "domains", "example.com"]:
                return 200, {"domain": {"id": "d1", "name": ZONE}}
            case ["GET", "v4", "domains", "example.com", "records"]:
                return 200, {"records": [self._shown(row) for row in self.rows[: int(ask.query.get("limit", 2))]]}
            case ["POST", "v2", "domains", "example.com", "records"]:
                got = ask.json
                row = self.add(got["name"], got["type"], got["value"], got["ttl"], got.get("mxPriority"))
                return 200, {"uid": f"rec_{row.id}"}
            case ["DELETE", "v2", "domains", "example.com", "records", id_]:
                self.drop(id_.removeprefix("rec_"))
                return 200, {}
        raise LookupError


class Zeit(Vercel):
    provider = "zeit"


class Vultr(Vendor):
    provider = "vultr"

    def _shown(self, row: Row) -> dict[str, Any]:
        plain = {"id": f"u-{row.id}", "type": row.rtype, "name": row.name, "data": quoted(row.content, row.rtype), "ttl": row.ttl}
        return {**plain, "priority": -1 if row.preference is None else row.preference}

    def answer(self, ask: Ask) -> Answer:
        meta = {"total": 1, "links": {"next": "", "prev": ""}}
        match [ask.method, *ask.parts]:
            case ["GET", "domains"]:
                return 200, {"domains": [{"domain": ZONE}], "meta": meta}
            case ["GET", "domains", "example.com", "records"]:
                return 200, {"records": [self._shown(row) for row in self.rows], "meta": meta}
            case ["POST", "domains", "example.com", "records"]:
                got = ask.json
                preference = got["priority"] if got["type"] == "MX" else None
                row = self.add(got["name"], got["type"], unquoted(got["data"]), got["ttl"], preference)
                return 201, {"record": self._shown(row)}
            case ["DELETE", "domains", "example.com", "records", id_]:
                self.drop(id_.removeprefix("u-"))
                return 204, None
        raise LookupError


class Rackspace(Vendor):
    provider = "rackspace"
    no_zone = (200, {"domains": [], "totalEntries": 0})
    moved = ("https://identity.api.rackspacecloud.com/v2.0",)

    def _shown(self, row: Row) -> dict[str, Any]:
        plain = {"name": row.fqdn, "id": f"{row.rtype}-{row.id}", "type": row.rtype, "data": row.content, "ttl": row.ttl}
        return {**plain, **({"priority": row.preference} if row.preference is not None else {})}

    def answer(self, ask: Ask) -> Answer:
        match [ask.method, *ask.parts]:
            case ["POST", "tokens"]:
                return 200, {"access": {"token": {"id": "t", "tenant": {"id": "123"}}}}
            case ["GET", "123", "domains"]:
                return 200, {"domains": [{"id": 1, "name": ZONE}]}
            case ["GET", "123", "domains", "1", "records"]:
                wanted = ask.query["type"], ask.query["name"]
                return 200, {"records": [self._shown(row) for row in self.rows if (row.rtype, row.fqdn) == wanted]}
            case ["POST", "123", "domains", "1", "records"]:
                (got,) = ask.json["records"]
                row = self.add(relative(got["name"]), got["type"], got["data"], got["ttl"], got.get("priority"))
                return 202, {"status": "COMPLETED", "response": {"records": [self._shown(row)]}}
            case ["PUT", "123", "domains", "1", "records", id_]:
                row, got = self.row(id_.split("-")[1]), ask.json
                row.content, row.ttl, row.preference = got["data"], got["ttl"], got.get("priority", row.preference)
                return 202, {"status": "COMPLETED"}
            case ["DELETE", "123", "domains", "1", "records", id_]:
                self.drop(id_.split("-")[1])
                return 202, {"status": "COMPLETED"}
        raise LookupError


class Rage4(Vendor):
    provider = "rage4"
    no_zone = (200, {"status": False, "id": 0, "error": "Unable to fetch the item or API access not allowed"})

    def _shown(self, row: Row) -> dict[str, Any]:
        plain = {"id": row.id, "name": row.fqdn, "content": row.content, "type": row.rtype, "ttl": row.ttl}
        return {**plain, "priority": 1 if row.preference is None else row.preference, "domain_id": 1, "is_active": True}

    def answer(self, ask: Ask) -> Answer:
        match [ask.method, *filter(None, ask.parts)]:
            case ["GET", "getdomainbyname"]:
                return 200, {"id": 1, "name": ZONE}
            case ["GET", "getrecords"]:
                return 200, [self._shown(row) for row in self.rows]
            case ["POST", "createrecord"]:
                got = ask.query
                preference = int(got["priority"]) if "priority" in got else None
                row = self.add(relative(got["name"]), got["type"], got["content"], int(got["ttl"]), preference)
                return 200, {"status": True, "id": row.id, "error": ""}
            case ["POST", "deleterecord"]:
                return 200, {"status": True, "id": self.drop(ask.json["id"]).id, "error": ""}
        raise LookupError


class Zilore(Vendor):
    provider = "zilore"
    moved = ("https://api.zilore.com/dns/v1",)

    def _shown(self, row: Row) -> dict[str, Any]:
        plain = {"record_id": str(row.id), "record_name": row.fqdn, "record_type": row.rtype, "record_status": "enabled"}
        return {**plain, "record_value": quoted(row.content, row.rtype), "record_ttl": str(row.ttl)}

    def answer(self, ask: Ask) -> Answer:
        got = ask.query
        match [ask.method, *ask.parts]:
            case ["GET", "domains"]:
                return 200, {"status": "ok", "response": [{"domain_id": "1", "domain_name": ZONE}]}
            case ["GET", "domains", "example.com", "records"]:
                return 200, {"status": "ok", "response": [self._shown(row) for row in self.rows]}
            case ["POST", "domains", "example.com", "records"]:
                value, ttl = unquoted(got["record_value"]), int(got["record_ttl"])
                row = self.add(relative(got["record_name"]), got["record_type"], value, ttl)
                return 200, {"status": "ok", "response": {"record_id": row.id}}
            case ["PUT", "domains", "example.com", "records", id_]:
                row = self.row(id_)
                row.content, row.ttl = unquoted(got["record_value"]), int(got["record_ttl"])
                return 200, {"status": "ok", "response": {"record_id": row.id}}
            case ["DELETE", "domains", "example.com", "records"]:
                self.drop(got["record_id"])
                return 200, {"status": "ok", "response": {"record_status": "deleted"}}
        raise LookupError
