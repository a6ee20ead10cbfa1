"""More of verbs_vendors.py: calls by name (JSON, XML, forms), and record types in a list of their own."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl
from xml.etree.ElementTree import Element, SubElement, fromstring, tostring

from tests.integration.verbs_vendors import ZONE, Answer, Ask, Row, Vendor, dotted, relative

_NOT_YOURS = "Domain is not active, or does not belong to this user"
_NO_SITE = "<status>error</status><errcode>1013</errcode><errtext>Site does not exist</errtext>"


class Porkbun(Vendor):
    provider = "porkbun"
    no_zone = (400, {"status": "ERROR", "message": "Invalid domain."})

    def _shown(self, row: Row) -> dict[str, Any]:
        plain = {"id": str(row.id), "name": row.fqdn, "type": row.rtype, "content": row.content, "ttl": str(row.ttl)}
        return {**plain, "prio": str(row.preference or 0), "notes": None}

    def answer(self, ask: Ask) -> Answer:
        assert (ask.json["apikey"], ask.json["secretapikey"]) == ("x", "x")
        got, done = ask.json, {"status": "SUCCESS"}
        match [ask.method, *ask.parts]:
            case ["POST", "ping"]:
                return 200, done
            case ["POST", "dns", "retrieve", "example.com"]:
                return 200, {**done, "records": [self._shown(row) for row in self.rows]}
            case ["POST", "dns", "create", "example.com"]:
                preference = int(got["prio"]) if "prio" in got else None
                return 200, {**done, "id": self.add(got["name"], got["type"], got["content"], got["ttl"], preference).id}
            case ["POST", "dns", "edit", "example.com", id_]:
                row = self.row(id_)
                row.content, row.ttl = got["content"], got["ttl"]
                row.preference = int(got["prio"]) if "prio" in got else row.preference
                return 200, done
            case ["POST", "dns", "delete", "example.com", id_]:
                self.drop(id_)
                return 200, done
        raise LookupError


class Netcup(Vendor):
    provider = "netcup"
    no_zone = (
        200,
        {"status": "error", "statuscode": 5031, "longmessage": "Can not get DNS records for zone.  Domain not found."},
    )
    ttl = 86400

    def _shown(self, row: Row) -> dict[str, Any]:
        plain = {"id": str(row.id), "hostname": row.name or "@", "type": row.rtype, "priority": str(row.preference or 0)}
        return {**plain, "destination": row.content, "deleterecord": False, "state": "unknown"}

    def _take(self, got: dict[str, Any]) -> None:
        preference = int(got["priority"]) if got["type"] == "MX" and "priority" in got else None
        if got.get("deleterecord"):
            row = self.drop(got["id"])
            assert (row.name or "@", row.rtype, row.content) == (got["hostname"], got["type"], got["destination"])
        elif "id" in got:
            row = self.row(got["id"])
            row.content, row.preference = got["destination"], preference
        else:
            self.add(relative(got["hostname"]), got["type"], got["destination"], self.ttl, preference)

    def answer(self, ask: Ask) -> Answer:
        param = ask.json["param"]
        data: dict[str, Any] = {}
        match ask.json["action"]:
            case "login":
                data = {"apisessionid": "s"}
            case "infoDnsZone":
                data = {"name": ZONE, "ttl": str(self.ttl)}
            case "infoDnsRecords":
                data = {"dnsrecords": [self._shown(row) for row in self.rows]}
            case "updateDnsRecords":
                for got in param["dnsrecordset"]["dnsrecords"]:
                    self._take(got)
                data = {"dnsrecords": [self._shown(row) for row in self.rows]}
        return 200, {"status": "success", "statuscode": 2000, "longmessage": "", "responsedata": data}


class Njalla(Vendor):
    provider = "njalla"
    no_zone = (200, {"error": {"code": 403, "message": "permission denied"}, "jsonrpc": "2.0"})

    def _shown(self, row: Row) -> dict[str, Any]:
        plain = {"id": row.id, "name": row.name or "@", "type": row.rtype, "content": row.content, "ttl": row.ttl}
        return {**plain, **({"prio": row.preference} if row.preference is not None else {})}

    def answer(self, ask: Ask) -> Answer:
        got = ask.json["params"]
        assert got["domain"] == ZONE
        result: dict[str, Any] = {}
        match ask.json["method"]:
            case "get-domain":
                result = {"name": ZONE}
            case "list-records":
                result = {"records": [self._shown(row) for row in self.rows]}
            case "add-record":
                result = self._shown(self.add(relative(got["name"]), got["type"], got["content"], got["ttl"]))
            case "edit-record":
                self.row(got["id"]).content = got["content"]
            case "remove-record":
                self.drop(got["id"])
        return 200, {"jsonrpc": "2.0", "result": result}


class NameSilo(Vendor):
    provider = "namesilo"
    no_zone = (200, f"<namesilo><reply><code>200</code><detail>{_NOT_YOURS}</detail></reply></namesilo>")

    def _reply(self, ask: Ask, **told: str) -> Element:
        root = Element("namesilo")
        SubElement(SubElement(root, "request"), "operation").text = ask.parts[-1]
        reply = SubElement(root, "reply")
        for key, text in {"code": "300", "detail": "success", **told}.items():
            SubElement(reply, key).text = text
        return root

    def _list(self, reply: Element) -> None:
        for row in self.rows:
            record = SubElement(reply, "resource_record")
            told = {"record_id": f"h{row.id}", "type": row.rtype, "host": row.fqdn, "value": row.content, "ttl": str(row.ttl)}
            for key, text in {**told, "distance": str(row.preference or 0)}.items():
                SubElement(record, key).text = text

    def answer(self, ask: Ask) -> Answer:
        got, root = ask.query, self._reply(ask)
        assert got["key"] == "x"
        preference = int(got["rrdistance"]) if "rrdistance" in got else None
        match ask.parts[-1]:
            case "getDomainInfo":
                pass
            case "dnsListRecords":
                self._list(root[1])
            case "dnsAddRecord":
                self.add(got.get("rrhost", ""), got["rrtype"], got["rrvalue"], int(got["rrttl"]), preference)
            case "dnsUpdateRecord":
                row = self.row(got["rrid"].removeprefix("h"))
                row.content, row.ttl = got["rrvalue"], int(got["rrttl"])
                row.preference = row.preference if preference is None else preference
            case "dnsDeleteRecord":
                self.drop(got["rrid"].removeprefix("h"))
            case _:
                raise LookupError
        return 200, tostring(root, encoding="unicode")


class Nfsn(Vendor):
    provider = "nfsn"

    def _shown(self, row: Row) -> dict[str, Any]:
        return {"name": row.name, "type": row.rtype, "data": row.content, "ttl": row.ttl, "scope": "member"}

    def answer(self, ask: Ask) -> Answer:
        got = dict(parse_qsl(ask.text, keep_blank_values=True))
        assert (ask.method, *ask.parts[:2]) == ("POST", "dns", ZONE)
        match ask.parts[2]:
            case "listRRs":
                shown = [self._shown(row) for row in self.rows]
                return 200, [row for row in shown if all(row[key] == value for key, value in got.items() if value)]
            case "addRR":
                self.add(got["name"], got["type"], got["data"], int(got["ttl"]))
            case "removeRR":
                gone = (got["name"], got["type"], got["data"])
                self.drop(next(row.id for row in self.rows if (row.name, row.rtype, row.content) == gone))
            case _:
                raise LookupError
        return 200, None


class OnApp(Vendor):
    provider = "onapp"

    def _shown(self, row: Row) -> dict[str, Any]:
        plain: dict[str, Any] = {"id": row.id, "name": row.name or "@", "ttl": row.ttl, "type": row.rtype}
        if row.rtype == "MX":
            return {"dns_record": {**plain, "hostname": row.content, "priority": row.preference}}
        return {"dns_record": {**plain, {"TXT": "txt", "A": "ip"}[row.rtype]: row.content}}

    def answer(self, ask: Ask) -> Answer:
        match [ask.method, *ask.parts]:
            case ["GET", "dns_zones.json"]:
                return 200, [{"dns_zone": {"id": 1, "name": ZONE}}]
            case ["GET", "dns_zones", "1", "records.json"]:
                kinds = {row.rtype: [self._shown(one) for one in self.rows if one.rtype == row.rtype] for row in self.rows}
                return 200, {"dns_zone": {"id": 1, "records": kinds}}
            case ["POST", "dns_zones", "1", "records.json"]:
                got = ask.json["dns_record"]
                return 201, self._shown(self.add(relative(got["name"]), got["type"], got["txt"], int(got["ttl"])))
            case ["PUT", "dns_zones", "1", "records", file]:
                row, got = self.row(file.removesuffix(".json")), ask.json["dns_record"]
                row.content, row.ttl = got["txt"], int(got["ttl"])
                return 204, None
            case ["DELETE", "dns_zones", "1", "records", file]:
                self.drop(file.removesuffix(".json"))
                return 204, None
        raise LookupError


class Plesk(Vendor):
    provider = "plesk"
    no_zone = (200, f"<packet><site><get><result>{_NO_SITE}</result></get></site></packet>")
    ttl = 86400

    def answer(self, ask: Ask) -> Answer:
        assert [ask.method, *ask.parts] == ["POST", "enterprise", "control", "agent.php"]
        (area,) = fromstring(ask.text)
        packet = Element("packet")
        told = SubElement(packet, area.tag)
        for call in area:
            self._carry_out(f"{area.tag} {call.tag}", call, SubElement(told, call.tag))
        return 200, tostring(packet, encoding="unicode")

    def _carry_out(self, name: str, call: Element, told: Element) -> None:
        match name:
            case "site get":
                _result(told, 1)
            case "dns get_rec":
                for row in self.rows:
                    self._show(row, SubElement(_result(told, row.id), "data"))
            case "dns add_rec":
                got = {child.tag: child.text or "" for child in call}
                _result(told, self.add(got["host"], got["type"], got["value"], self.ttl).id)
            case "dns del_rec":
                _result(told, self.drop(call.findtext("filter/id")).id)
            case _:
                raise LookupError

    def _show(self, row: Row, data: Element) -> None:
        opt = "" if row.preference is None else str(row.preference)
        for key, text in {"type": row.rtype, "host": f"{row.fqdn}.", "value": dotted(row), "opt": opt}.items():
            SubElement(data, key).text = text


def _result(told: Element, id_: int) -> Element:
    result = SubElement(told, "result")
    SubElement(result, "status").text = "ok"
    SubElement(result, "id").text = str(id_)
    return result
