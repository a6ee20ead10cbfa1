"""More of verbs_vendors.py: vendors without ids of their own: whole sets, whole zones, rows named by what they hold."""

from __future__ import annotations

from typing import Any

from tests.integration.verbs_vendors import ZONE, Answer, Ask, Row, Vendor, apart, dotted, one_field, quoted, relative, unquoted


class _Sets(Vendor):
    """Rows as sets of one name and type."""

    def members(self, name: str, rtype: str) -> list[Row]:
        """The rows of a set."""
        return [row for row in self.rows if (row.name, row.rtype) == (name, rtype)]

    def sets(self) -> list[tuple[str, str, list[Row]]]:
        """All sets."""
        keys = dict.fromkeys((row.name, row.rtype) for row in self.rows)
        return [(*key, self.members(*key)) for key in keys]

    def put(self, name: str, rtype: str, values: list[str], ttl: int) -> None:
        """A set as it is to be, in the vendor's spelling."""
        for row in self.members(name, rtype):
            self.rows.remove(row)
        for value in values:
            content, preference = apart(rtype, value)
            self.add(name, rtype, content, ttl, preference)


class RcodeZero(_Sets):
    provider = "rcodezero"

    def answer(self, ask: Ask) -> Answer:
        match [ask.method, *ask.parts]:
            case ["GET", "zones", "example.com"]:
                return 200, {"id": 1, "domain": ZONE, "type": "MASTER"}
            case ["GET", "zones", "example.com", "rrsets"]:
                return 200, {"current_page": 1, "data": [self._shown(*one) for one in self.sets()]}
            case ["PATCH", "zones", "example.com", "rrsets"]:
                for got in ask.json:
                    values = [one["content"] for one in got["records"]]
                    assert all(value.startswith('"') == (got["type"] == "TXT") for value in values)
                    self.put(relative(got["name"]), got["type"], [unquoted(value) for value in values], got["ttl"])
                return 200, {"status": "ok", "message": "RRsets updated"}
        raise LookupError

    def _shown(self, name: str, rtype: str, rows: list[Row]) -> dict[str, Any]:
        records = [{"content": quoted(one_field(row), rtype), "disabled": False} for row in rows]
        return {"name": f"{rows[0].fqdn}.", "type": rtype, "ttl": rows[0].ttl, "records": records}


class Misaka(_Sets):
    provider = "misaka"

    def answer(self, ask: Ask) -> Answer:
        match [ask.method, *ask.parts]:
            case ["GET", "zones", "example.com", "settings"]:
                return 200, {"id": 1, "name": ZONE}
            case ["GET", "zones", "example.com", "recordsets"]:
                return 200, {"count": 5, "next": None, "results": [self._shown(*one) for one in self.sets()]}
            case ["GET", "zones", "example.com", "recordsets", name, rtype]:
                rows = self.members(relative(name), rtype)
                return (200, self._shown(relative(name), rtype, rows)) if rows else (404, {"detail": "Not found."})
            case ["PUT" | "POST", "zones", "example.com", "recordsets", name, rtype]:
                self.put(relative(name), rtype, [one["value"] for one in ask.json["records"]], ask.json["ttl"])
                return 200, {}
            case ["DELETE", "zones", "example.com", "recordsets", name, rtype]:
                self.put(relative(name), rtype, [], 1)
                return 204, None
        raise LookupError

    def _shown(self, name: str, rtype: str, rows: list[Row]) -> dict[str, Any]:
        records = [{"value": one_field(row)} for row in rows]
        return {"name": name or "@", "type": rtype, "ttl": rows[0].ttl, "enabled": True, "records": records, "filters": []}


class NsOne(_Sets):
    provider = "nsone"

    def answer(self, ask: Ask) -> Answer:
        match [ask.method, *ask.parts]:
            case ["GET", "zones", "example.com"]:
                return 200, {"id": "z1", "records": [self._short(*one) for one in self.sets()]}
            case ["GET", "zones", "example.com", name, rtype]:
                rows = self.members(relative(name), rtype)
                return (200, self._whole(rows)) if rows else (404, {"message": "record not found"})
            case ["PUT" | "POST", "zones", "example.com", name, rtype]:
                values = [" ".join(one["answer"]) for one in ask.json["answers"]]
                self.put(relative(name), rtype, values, ask.json["ttl"])
                return 200, {"id": "r1"}
            case ["DELETE", "zones", "example.com", name, rtype]:
                self.put(relative(name), rtype, [], 1)
                return 200, {}
        raise LookupError

    def _short(self, name: str, rtype: str, rows: list[Row]) -> dict[str, Any]:
        plain = {"domain": rows[0].fqdn, "type": rtype, "ttl": rows[0].ttl, "link": None}
        return {**plain, "short_answers": [one_field(row) for row in rows]}

    def _whole(self, rows: list[Row]) -> dict[str, Any]:
        plain = {"domain": rows[0].fqdn, "type": rows[0].rtype, "ttl": rows[0].ttl, "zone": ZONE}
        return {**plain, "answers": [{"answer": [one_field(row)], "id": str(row.id)} for row in rows]}


class UltraDns(_Sets):
    provider = "ultradns"
    moved = ("https://restapi.ultradns.com/v2",)

    def answer(self, ask: Ask) -> Answer:
        match [ask.method, *ask.parts]:
            case ["POST", "authorization", "token"]:
                return 200, {"accessToken": "t", "tokenType": "Bearer", "expiresIn": "3600"}
            case ["GET", "zones", "example.com.", "rrsets"]:
                return 200, {"zoneName": f"{ZONE}.", "rrSets": [self._shown(*one) for one in self.sets()]}
            case ["PUT" | "POST", "zones", "example.com.", "rrsets", rtype, name]:
                assert (ask.method == "PUT") == bool(self.members(relative(name), rtype))
                self.put(relative(name), rtype, ask.json["rdata"], ask.json["ttl"])
                return 200, {"message": "Successful"}
            case ["DELETE", "zones", "example.com.", "rrsets", rtype, name]:
                self.put(relative(name), rtype, [], 1)
                return 204, None
        raise LookupError

    def _shown(self, name: str, rtype: str, rows: list[Row]) -> dict[str, Any]:
        number = {"A": 1, "MX": 15, "TXT": 16}[rtype]
        plain = {"ownerName": f"{rows[0].fqdn}.", "rrtype": f"{rtype} ({number})", "ttl": rows[0].ttl}
        return {**plain, "rdata": [one_field(row) for row in rows]}


class SakuraCloud(Vendor):
    provider = "sakuracloud"
    no_zone = (200, {"CommonServiceItems": [], "is_ok": True})

    def answer(self, ask: Ask) -> Answer:
        match [ask.method, *ask.parts]:
            case ["GET", "commonserviceitem"]:
                items = [{"ID": "1", "Status": {"Zone": ZONE}}]
                return 200, {"CommonServiceItems": items, "is_ok": True}
            case ["GET", "commonserviceitem", "1"]:
                return 200, self._item()
            case ["PUT", "commonserviceitem", "1"]:
                self.rows.clear()
                for got in ask.json["CommonServiceItem"]["Settings"]["DNS"]["ResourceRecordSets"]:
                    content, preference = apart(got["Type"], got["RData"])
                    self.add(relative(got["Name"]), got["Type"], content, got["TTL"], preference)
                return 200, {**self._item(), "Success": True, "is_ok": True}
        raise LookupError

    def _item(self) -> dict[str, Any]:
        sets = [{"Name": row.name or "@", "Type": row.rtype, "RData": one_field(row), "TTL": row.ttl} for row in self.rows]
        return {"CommonServiceItem": {"ID": "1", "Name": ZONE, "Settings": {"DNS": {"ResourceRecordSets": sets}}}}


class TransIp(Vendor):
    provider = "transip"
    moved = ("https://api.transip.nl/v6",)

    def _shown(self, row: Row) -> dict[str, Any]:
        return {"name": row.name or "@", "expire": row.ttl, "type": row.rtype, "content": one_field(row)}

    def answer(self, ask: Ask) -> Answer:
        match [ask.method, *ask.parts]:
            case ["POST", "auth"]:
                return 201, {"token": "t"}
            case ["GET", "domains", "example.com"]:
                return 200, {"domain": {"name": ZONE, "authCode": "a"}}
            case ["GET", "domains", "example.com", "dns"]:
                return 200, {"dnsEntries": [self._shown(row) for row in self.rows]}
            case ["POST", "domains", "example.com", "dns"]:
                got = ask.json["dnsEntry"]
                content, preference = apart(got["type"], got["content"])
                self.add(relative(got["name"]), got["type"], content, got["expire"], preference)
                return 201, None
            case ["DELETE", "domains", "example.com", "dns"]:
                got = {**ask.json["dnsEntry"], "name": relative(ask.json["dnsEntry"]["name"]) or "@"}
                self.drop(next(row.id for row in self.rows if self._shown(row) == got))
                return 204, None
        raise LookupError


class MythicBeasts(Vendor):
    provider = "mythicbeasts"
    moved = ("https://auth.mythic-beasts.com",)

    def _shown(self, row: Row) -> dict[str, Any]:
        plain = {"host": row.name or "@", "type": row.rtype, "data": dotted(row), "ttl": row.ttl}
        return {**plain, **({"mx_priority": row.preference} if row.preference is not None else {})}

    def answer(self, ask: Ask) -> Answer:
        match [ask.method, *ask.parts]:
            case ["POST", "login"]:
                return 200, {"access_token": "t", "expires_in": 300, "token_type": "bearer"}
            case ["GET", "zones"]:
                return 200, {"zones": [ZONE]}
            case ["GET", "zones", "example.com", "records"]:
                return 200, {"records": [row for row in map(self._shown, self.rows) if _holds(row, ask.query)]}
            case ["POST", "zones", "example.com", "records"]:
                for got in ask.json["records"]:
                    content = got["data"].removesuffix(".")
                    self.add(relative(got["host"]), got["type"], content, got["ttl"], got.get("mx_priority"))
                return 200, {"message": "1 records added", "records_added": 1}
            case ["DELETE", "zones", "example.com", "records", host, rtype]:
                wanted = {"host": host, "type": rtype, **ask.query}
                gone = [row for row in self.rows if _holds(self._shown(row), wanted)]
                self.rows = [row for row in self.rows if row not in gone]
                return 200, {"message": f"{len(gone)} records removed", "records_removed": len(gone)}
        raise LookupError


def _holds(shown: dict[str, Any], wanted: dict[str, str]) -> bool:
    return all(shown[key] == value for key, value in wanted.items())
