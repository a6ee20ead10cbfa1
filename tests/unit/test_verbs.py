"""Each declared key of the shape ``verbs``, against an adapter that does just what the key is for."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any
from xml.etree.ElementTree import XML

import pytest
import requests
from lexicon.config import ConfigResolver
from lexicon.exceptions import AuthenticationError
from lexicon.interfaces import Provider as BaseProvider

from registrar_sync.core.model import Mx, Rdata, Record, RRset, RRsetChange, Txt
from registrar_sync.core.spf_said import say_moment_absent
from registrar_sync.errors import (
    ConfigInvalid,
    CredentialsRejected,
    OutcomeUnknown,
    ProviderRefused,
    ProviderUnavailable,
    UsageError,
    ZoneNotFound,
)
from registrar_sync.providers import seam, verbs_lexicon
from registrar_sync.providers.catalog import AccountSettings
from registrar_sync.providers.catalog_model import Credential, Dialect, EndpointHook, ProviderSpec
from registrar_sync.providers.lexicon_zone import LexiconZone
from registrar_sync.providers.policy import HttpDenied, HttpRefused
from registrar_sync.providers.rows import Row, UnusableAnswer
from registrar_sync.providers.verbs_lexicon import AdapterFailed, LexiconAdapter
from registrar_sync.providers.verbs_model import Verbs
from registrar_sync.providers.verbs_rows import VerbRows, unambiguous
from registrar_sync.providers.verbs_wire import WireTap
from tests.unit.loopback import FakeClock

OWNER = "example.com."
PRIO = {"field": "prio", "source": "a test"}


def spec_of(**more: Any) -> ProviderSpec:
    verbs = Verbs(**more.pop("verbs", {}))
    preference = "content" if verbs.preference_listed == "content" else "field"
    dialect = Dialect(**({"preference": preference} | more.pop("dialect", {})))
    given = {"name": "p", "tier": "dialect", "shape": "verbs", "bases": ["https://api.example.net"], **more}
    return ProviderSpec(verbs=verbs, dialect=dialect, **given)


def table(dialect: dict[str, Any] | None = None, **verbs: Any) -> VerbRows:
    return VerbRows(spec_of(verbs=verbs, dialect=dialect or {}), "example.com")


class NoRaw:
    """A listing that passed nothing on the wire."""

    def field_of(self, field: Any, rtype: str, id_: object) -> Any:
        raise AssertionError("nothing was to be looked for")


def natives(rows: object, asked: str | None = None, owner: str = OWNER, of: VerbRows | None = None) -> list[dict[str, Any]]:
    return (of or table()).natives(rows, asked, owner, NoRaw())


def txt(name: str = "example.com", **more: Any) -> dict[str, Any]:
    return {"type": "TXT", "name": name, "content": "x", "ttl": 300, "id": 1, **more}


def mx(**more: Any) -> dict[str, Any]:
    return {"type": "MX", "name": "example.com", "content": "10 mail.example.com.", "ttl": 300, "id": 2, **more}


class TestNames:
    @pytest.mark.parametrize("name", ["example.com", "example.com.", ".example.com", "@.example.com", "@", "", "Example.COM"])
    def test_the_apex_in_every_spelling(self, name: str) -> None:
        assert len(natives([txt(name)])) == 1
        assert natives([txt(name)], owner="sub.example.com.") == []

    @pytest.mark.parametrize("name", ["notexample.com", "example.com.example.com", "www.example.com", "w@.example.com", "*"])
    def test_what_is_not_the_apex(self, name: str) -> None:
        assert natives([txt(name)]) == []

    @pytest.mark.parametrize("name", ["sub.example.com", "sub.example.com.", "SUB", "sub"])
    def test_a_name_below_it(self, name: str) -> None:
        assert len(natives([txt(name)], owner="sub.example.com.")) == 1

    @pytest.mark.parametrize(
        ("apex", "below", "given"),
        [
            ("full", "full", ("example.com", "a.sub.example.com")),
            ("at", "relative", ("@", "a.sub")),
            ("dot", "full-dot", (".", "a.sub.example.com.")),
            ("full-dot", "full", ("example.com.", "a.sub.example.com")),
            ("empty", "relative", ("", "a.sub")),
        ],
    )
    def test_as_the_verbs_are_given_them(self, apex: str, below: str, given: tuple[str, str]) -> None:
        rows = table(apex=apex, below=below)
        assert (rows.name_of(OWNER), rows.name_of("a.sub.example.com.")) == given


class TestListing:
    def test_a_type_that_was_not_asked_for_is_left_out(self) -> None:
        assert [row["type"] for row in natives([txt(), mx()], "MX")] == ["MX"]

    @pytest.mark.parametrize(
        "rows",
        [None, {}, "x", [None], [{}], [{"type": "TXT"}], [txt(content=None)], [txt(ttl="soon")], [txt(ttl=None)], [txt(ttl=-1)]],
    )
    def test_an_odd_row_is_no_listing(self, rows: object) -> None:
        with pytest.raises(UnusableAnswer):
            natives(rows)

    def test_an_odd_row_elsewhere_or_of_another_type_is_nobody_s_business(self) -> None:
        assert natives([txt("www.example.com", content=None)]) == []
        (row,) = natives([{"type": "SOA", "name": "example.com", "content": ["a"], "ttl": None, "id": None}])
        assert table().row(row).ttl == 0

    def test_a_list_as_long_as_the_limit_is_not_believed(self) -> None:
        assert len(natives([txt(), mx()], of=table(list_limit=3))) == 2
        with pytest.raises(UnusableAnswer, match="cut off"):
            natives([txt(), mx(), mx()], of=table(list_limit=3))

    def test_numbers_as_texts(self) -> None:
        (row,) = natives([txt(ttl="600")])
        assert table().row(row).ttl == 600

    def test_a_ttl_that_is_absent(self) -> None:
        (row,) = natives([txt(ttl=None)], of=table(ttl_absent=14400))
        assert table().row(row).ttl == 14400

    def test_one_ttl_for_all(self) -> None:
        rows = VerbRows(spec_of(verbs={"ttl": "none"}, ttl={"min": 86400, "max": 86400}), "example.com")
        assert [row["ttl"] for row in natives([txt(ttl=17), txt(ttl=None)], of=rows)] == [86400, 86400]

    def test_ids_are_needed_where_rows_are_named_by_them(self) -> None:
        assert natives([txt(id=None)])
        with pytest.raises(UnusableAnswer, match="no id"):
            natives([txt(id=None)], of=table(delete="by-id"))
        with pytest.raises(UnusableAnswer, match="same id"):
            unambiguous(natives([txt(id=1), mx(id=1)]))

    def test_the_zone_is_proved_by_a_row_of_its_own(self) -> None:
        rows = table(listing_proves=["NS", "SOA"])
        assert rows.is_proved_by([{"type": "ns", "name": "@.example.com"}])
        assert not rows.is_proved_by([{"type": "NS", "name": "sub.example.com"}, txt()])
        assert not rows.is_proved_by([])
        assert table().is_proved_by([])


class TestTxtListed:
    @pytest.mark.parametrize(
        ("listed", "content", "row"),
        [
            ("as-stored", '"a" "b"', '"a" "b"'),
            ("stripped", 'a" "b', '"a" "b"'),
            ("stripped", 'say \\"hi\\"', '"say \\"hi\\""'),
            ("unquoted", "v=spf1 mx ~all", "v=spf1 mx ~all"),
            ("unquoted", "k=" + "a" * 300, "k=" + "a" * 300),
        ],
    )
    def test_as_a_row(self, listed: str, content: str, row: str) -> None:
        assert table(txt_listed=listed).row({**txt(content=content)}).content == row

    def test_an_spf_value_whose_strings_cannot_be_told_apart(self) -> None:
        with pytest.raises(UnusableAnswer, match="where its parts meet"):
            table(txt_listed="unquoted").row(txt(content="v=spf1 " + "a" * 300))


class TestPreference:
    @pytest.mark.parametrize(
        ("where", "row", "preference"),
        [
            ("priority", mx(content="mail", priority=10), 10),
            ("priority", mx(content="mail", priority="10"), 10),
            ("options.mx.priority", mx(content="mail", options={"mx": {"priority": 0}}), 0),
            ("priority", mx(content="mail", priority=65535), 65535),
        ],
    )
    def test_under_a_key(self, where: str, row: dict[str, Any], preference: int) -> None:
        rows = table(preference_listed=where)
        (native,) = natives([row], of=rows)
        assert rows.row(native).preference == preference

    @pytest.mark.parametrize("value", [None, "", "ten", 65536, -1, 1.5, True, {"td": 10}])
    def test_an_odd_one_is_no_listing(self, value: object) -> None:
        with pytest.raises(UnusableAnswer, match="preference"):
            natives([mx(content="mail", priority=value)], of=table(preference_listed="priority"))

    def test_absent_where_that_is_declared(self) -> None:
        rows = table(preference_listed="priority", preference_absent=0)
        (native,) = natives([mx(content="mail")], of=rows)
        assert rows.row(native).preference == 0

    def test_lost_rows_are_not_read(self) -> None:
        assert natives([mx(content=None)], of=table(preference_listed="lost")) == []


def given(of: VerbRows, rdata: Rdata, **row: Any) -> Any:
    return of.given(Row(rtype="MX" if isinstance(rdata, Mx) else "TXT", content="", ttl=300, **row), rdata)


class TestGiven:
    @pytest.mark.parametrize(
        ("dialect", "verbs", "content", "options", "fields"),
        [
            ({}, {}, "10 mail.example.com.", {"ttl": 300}, {}),
            ({"exchange": "bare"}, {"ttl": "str"}, "10 mail.example.com", {"ttl": "300"}, {}),
            ({}, {"preference": "option-int"}, "mail.example.com.", {"ttl": 300, "priority": 10}, {}),
            ({}, {"preference": "option-str", "ttl": "none"}, "mail.example.com.", {"ttl": 0, "priority": "10"}, {}),
            ({}, {"preference": "field", "mx_field": PRIO}, "mail.example.com.", {"ttl": 300}, {"prio": 10}),
            ({}, {"preference": "field", "mx_field": {**PRIO, "type": "str"}}, "mail.example.com.", {"ttl": 300}, {"prio": "10"}),
            (
                {},
                {"preference": "field", "mx_field": PRIO, "ttl": "field", "ttl_field": {**PRIO, "field": "ttl_sec"}},
                "mail.example.com.",
                {"ttl": 300},
                {"prio": 10, "ttl_sec": 300},
            ),
        ],
    )
    def test_an_mx(
        self, dialect: dict[str, Any], verbs: dict[str, Any], content: str, options: dict[str, Any], fields: dict[str, Any]
    ) -> None:
        told = given(table(dialect, **verbs), Mx(10, "mail.example.com."))
        assert (told.content, dict(told.options), dict(told.fields)) == (content, options, fields)

    def test_a_preference_of_0(self) -> None:
        zero = Mx(0, "mail.example.com.")
        assert given(table(preference="option-int"), zero).options["priority"] == 0
        assert given(table(preference="option-int", preference_zero="text"), zero).options["priority"] == "0"
        assert given(table(preference="option-int", preference_zero="text"), Mx(5, "m.example.")).options["priority"] == 5

    @pytest.mark.parametrize(
        ("verbs", "text", "content"),
        [
            ({}, b"v=spf1 mx ~all", "v=spf1 mx ~all"),
            ({"txt_written": "quoted"}, b"v=spf1 mx ~all", '"v=spf1 mx ~all"'),
            ({"txt_long": "one"}, b"a" * 300, "a" * 300),
            ({"txt_long": "split"}, b"a" * 300, f'"{"a" * 255}" "{"a" * 45}"'),
            ({"txt_long": "inner"}, b"a" * 300, f'{"a" * 255}" "{"a" * 45}'),
            ({"txt_long": "one", "txt_written": "quoted"}, b"a" * 300, f'"{"a" * 300}"'),
            ({"txt_long": "split", "txt_written": "quoted"}, b"a" * 300, f'"{"a" * 255}" "{"a" * 45}"'),
        ],
    )
    def test_a_txt(self, verbs: dict[str, Any], text: bytes, content: str) -> None:
        told = given(table(**verbs), Txt((text,)))
        assert (told.content, "priority" in told.options) == (content, False)

    def test_where_strings_meet_is_kept_where_that_can_be_said(self) -> None:
        long = Txt((b"a" * 200, b"b" * 100))
        assert given(table(txt_long="split"), long).content == f'"{"a" * 200}" "{"b" * 100}"'
        assert given(table(txt_long="one"), long).content == "a" * 200 + "b" * 100

    @pytest.mark.parametrize(("found", "content"), [('"old"', '"new"'), ("old", "new"), (None, "new")])
    def test_a_txt_as_the_row_before_it_was_found(self, found: str | None, content: str) -> None:
        native = {} if found is None else {"content": found}
        assert given(table(txt_written="as-found"), Txt((b"new",)), native=native).content == content


class Tap:
    """An adapter's ``_request`` behind a tap; notes what it would send."""

    def __init__(self, answer: Any = None, **verbs: Any) -> None:
        http = verbs.pop("http", {})
        self.tap = WireTap(spec_of(verbs=verbs, http=http))
        self.sent: list[tuple[str, Any, Any]] = []
        self.given = answer

    def request(self, action: str = "GET", url: str = "/", data: Any = None, query_params: Any = None) -> Any:
        self.sent.append((action, data, query_params))
        return self.given

    def send(self, action: str, data: Any = None, query_params: Any = None) -> Any:
        return self.tap.pass_on(self.request, action, "/records", data=data, query_params=query_params)


class TestFieldsOnTheWire:
    @pytest.mark.parametrize(
        "place",
        [
            lambda record: (record, None),
            lambda record: ({"record": record}, None),
            lambda record: ({"records": [record]}, None),
            lambda record: ([record], None),
            lambda record: ({"params": {"domain": "example.com", **record}}, None),
            lambda record: (None, {"key": "k", **record}),
        ],
    )
    def test_into_the_record_however_deep(self, place: Callable[[Any], Any]) -> None:
        tap = Tap()
        data, query = place({"type": "MX", "name": "@", "content": "mail.example.com", "prio": 0})
        with tap.tap.adding("MX", "mail.example.com.", {"prio": 10}):
            tap.send("POST", data, query)
        assert "'prio': 10" in repr(tap.sent)

    def test_into_what_holds_the_content_where_the_type_is_not_sent(self) -> None:
        tap = Tap()
        with tap.tap.changing("MX", "mail.example.com", {"prio": 10}):
            tap.send("PUT", {"target": "mail.example.com"})
        assert tap.sent[0][1] == {"target": "mail.example.com", "prio": 10}

    @pytest.mark.parametrize("data", [None, {"a": "b"}, '{"type": "MX"}', [{"type": "MX"}, {"type": "MX"}]])
    def test_refused_before_it_is_sent_where_there_is_no_one_record(self, data: Any) -> None:
        tap = Tap()
        with pytest.raises(ProviderRefused, match="not sent"), tap.tap.adding("MX", "mail", {"prio": 10}):
            tap.send("POST", data)
        assert tap.sent == []

    def test_an_adapter_that_sent_nothing_did_not_add_it(self) -> None:
        tap = Tap()
        with pytest.raises(UnusableAnswer, match="no MX record that prio"), tap.tap.adding("MX", "mail", {"prio": 10}):
            tap.send("GET")

    def test_reads_by_post_pass_by(self) -> None:
        tap = Tap(http={"reads_by_post": True})
        with tap.tap.adding("MX", "mail", {"prio": 10}):
            tap.send("POST", {"login": "x"})
            tap.send("POST", {"type": "mx", "content": "mail."})
        assert tap.sent[1][1]["prio"] == 10

    def listed(self, answer: Any, id_: object = "7", **field: Any) -> Any:
        tap = Tap(answer, preference="field", preference_listed="field", mx_field={**PRIO, **field})
        with tap.tap.listing():
            tap.send("GET")
        declared = tap.tap._verbs.mx_field
        assert declared is not None
        return tap.tap.field_of(declared, "MX", id_)

    @pytest.mark.parametrize(
        ("answer", "field", "value"),
        [
            ([{"id": 7, "type": "MX", "prio": 5}, {"id": 8, "type": "MX", "prio": 6}], {}, 5),
            ({"data": {"records": [{"id": "7", "type": "mx", "prio": "5"}]}}, {}, "5"),
            ([{"record_id": 7, "rrtype": "MX", "data": {"prio": 0}}], {"id": "record_id", "listed": "data.prio"}, 0),
            ([{"id": 7, "type": "MX"}], {}, None),
            ([{"id": 7, "type": "A", "prio": 9}, {"id": 7, "type": "MX", "prio": 5}], {}, 5),
            (XML("<r><rr><id>7</id><type>MX</type><prio>5</prio></rr></r>"), {}, "5"),
            (XML('<r><rr id="7" type="MX" prio="5"/></r>'), {}, "5"),
        ],
    )
    def test_from_the_raw_listing(self, answer: Any, field: dict[str, Any], value: Any) -> None:
        assert self.listed(answer, **field) == value

    @pytest.mark.parametrize("answer", [[], None, "x", [{"id": 7, "type": "MX", "prio": 5}, {"id": 7, "type": "MX", "prio": 6}]])
    def test_none_or_two_in_the_raw_listing(self, answer: Any) -> None:
        with pytest.raises(UnusableAnswer, match="not to be found"):
            self.listed(answer)

    def test_query_parameters_of_a_listing_only(self) -> None:
        tap = Tap(list_params={"limit": 100})
        tap.send("GET", None, {"a": 1})
        with tap.tap.listing():
            tap.send("GET", None, {"limit": 20, "a": 1})
            tap.send("POST")
        assert [query for _, _, query in tap.sent] == [{"a": 1}, {"limit": 100, "a": 1}, None]


class Adapter(BaseProvider):  # type: ignore[misc]
    """A lexicon adapter that does what a test tells it; HTTP goes the way of lexicon's."""

    script: dict[str, Callable[..., Any]]

    @staticmethod
    def get_nameservers() -> list[str]:
        return []

    @staticmethod
    def configure_parser(parser: Any) -> None:
        pass

    def authenticate(self) -> Any:
        return self.script["authenticate"](self) if "authenticate" in self.script else None

    def list_records(self, rtype: Any = None, name: Any = None, content: Any = None) -> Any:
        return self.script["list"](self, rtype, name, content) if "list" in self.script else [txt()]

    def create_record(self, rtype: str, name: str, content: str) -> Any:
        return self.script["create"](self, rtype, name, content)

    def update_record(self, identifier: Any, rtype: Any = None, name: Any = None, content: Any = None) -> Any:
        return self.script["update"](self, identifier, rtype, name, content)

    def delete_record(self, identifier: Any = None, rtype: Any = None, name: Any = None, content: Any = None) -> Any:
        return self.script["delete"](self, identifier, rtype, name, content)

    def _request(self, action: str = "GET", url: str = "/", data: Any = None, query_params: Any = None) -> Any:
        return seam._STAND_IN.request(action, f"https://api.example.net{url}", data=data, params=query_params)


class Carrier:
    """In the transport's place. ``replies``: by method; an exception is raised."""

    def __init__(self, **replies: Any) -> None:
        self.replies = replies
        self.asked: list[str] = []

    def request(self, method: str, url: str, **options: Any) -> requests.Response:
        self.asked.append(f"{method} {url}")
        reply = self.replies.get(method)
        if isinstance(reply, Exception):
            raise reply
        response = requests.Response()
        response.status_code, response._content = 200, b'{"from": "the carrier"}'
        return response

    def prepare_request(self, request: requests.Request) -> requests.PreparedRequest:
        return request.prepare()

    def redact_record(self, record: Any) -> bool:
        return True

    def carry(self, shown: str, exchange: Callable[[float], Any], *, writes: bool) -> Any:
        self.asked.append(f"{shown} {'writes' if writes else 'reads'}")
        return exchange(1.0)


def adapter(monkeypatch: pytest.MonkeyPatch, spec: ProviderSpec | None = None, **script: Callable[..., Any]) -> LexiconAdapter:
    monkeypatch.setattr(verbs_lexicon, "lexicon_class", lambda name: type("P", (Adapter,), {"script": script}))
    return LexiconAdapter(spec or spec_of(), ConfigResolver().with_dict({"p": {"token": "t"}}), "example.com", None)


def create(made: LexiconAdapter, carrier: Any, **options: Any) -> None:
    with seam.carried_by(carrier):
        made.create_record("TXT", "example.com", "x", options, {})


NOT_FOUND = HttpRefused("404", status=404, answer={"why": "none yet"})


class TestAdapter:
    def test_options_are_there_for_one_call(self, monkeypatch: pytest.MonkeyPatch) -> None:
        seen: list[tuple[Any, Any, Any]] = []

        def note(self: Any, *given: Any) -> bool:
            seen.append(
                (self._get_lexicon_option("ttl"), self._get_lexicon_option("priority"), self._get_provider_option("token"))
            )
            return True

        made = adapter(monkeypatch, create=note, delete=note)
        create(made, Carrier(), ttl=300, priority=0)
        with seam.carried_by(Carrier()):
            made.delete_record(1, "TXT", "example.com", "x", {})
        assert [(ttl, priority) for ttl, priority, _ in seen] == [(300, 0), (3600, None)]

    @pytest.mark.parametrize("answer", [True, None, {"id": 1}, 17, "done"])
    def test_whatever_is_not_false_is_no_failure(self, monkeypatch: pytest.MonkeyPatch, answer: object) -> None:
        create(adapter(monkeypatch, create=lambda *given: answer), Carrier())

    def test_false_is_a_failure(self, monkeypatch: pytest.MonkeyPatch) -> None:
        with pytest.raises(AdapterFailed, match="said no"):
            create(adapter(monkeypatch, create=lambda *given: False), Carrier())

    def test_what_the_transport_refused_cannot_be_swallowed(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def swallow(self: Any, *given: Any) -> bool:
            try:
                self._post("/records")
            except Exception:
                return True
            return True

        refused = HttpRefused("HTTP 422", status=422)
        with pytest.raises(HttpRefused, match="HTTP 422"):
            create(adapter(monkeypatch, create=swallow), Carrier(POST=refused))

    def test_what_it_made_of_a_refusal_is_the_refusal(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def wrap(self: Any) -> None:
            try:
                self._get("/zones")
            except Exception as error:
                raise AuthenticationError(str(error)) from error

        made = adapter(monkeypatch, authenticate=wrap)
        with seam.carried_by(Carrier(GET=ProviderUnavailable("no answer"))), pytest.raises(ProviderUnavailable):
            made.authenticate()

    def test_a_404_is_the_adapters_while_it_writes(self, monkeypatch: pytest.MonkeyPatch) -> None:
        seen: list[Any] = []

        def ask(self: Any, *given: Any) -> Any:
            response = self._get("/rrset")
            seen.append((response.status_code, response.json()))
            return True

        create(adapter(monkeypatch, create=ask), Carrier(GET=NOT_FOUND))
        assert seen == [(404, {"why": "none yet"})]
        with seam.carried_by(Carrier(GET=NOT_FOUND)), pytest.raises(HttpRefused):
            adapter(monkeypatch, list=ask).list_records(None, None)
        with pytest.raises(HttpRefused):
            create(adapter(monkeypatch, create=lambda self, *given: self._delete("/x")), Carrier(DELETE=NOT_FOUND))

    def test_its_own_look_finds_nothing_while_it_adds(self, monkeypatch: pytest.MonkeyPatch) -> None:
        seen: list[Any] = []

        def look(self: Any, *given: Any) -> bool:
            seen.append(self.list_records("TXT"))
            return True

        for verbs in ({}, {"blind_create": False}, {"whole_set": True}):
            made = adapter(monkeypatch, spec_of(verbs=verbs), create=look)
            create(made, Carrier())
        assert seen == [[], [txt()], [txt()]]
        with seam.carried_by(Carrier()):
            assert made.list_records("TXT", None) == [txt()]

    @pytest.mark.parametrize("verb", ["update", "delete"])
    def test_while_it_adds_it_changes_nothing_else(self, monkeypatch: pytest.MonkeyPatch, verb: str) -> None:
        changed: list[Any] = []

        def other(self: Any, *given: Any) -> bool:
            try:
                getattr(self, f"{verb}_record")(1)
            except ProviderRefused:
                return True
            return True

        script: dict[str, Any] = {"create": other, verb: lambda *given: changed.append(given)}
        with pytest.raises(ProviderRefused, match="another record while adding"):
            create(adapter(monkeypatch, **script), Carrier())
        assert changed == []

    def test_urls_that_are_mended_and_urls_that_are_not_sent(self, monkeypatch: pytest.MonkeyPatch) -> None:
        spec = spec_of(verbs={"paths": {"/rrsets//": "/rrsets/@/"}, "unsent": ["?verify"]})
        answers: list[Any] = []

        def ask(self: Any, *given: Any) -> bool:
            answers.append(self._get("/rrsets//TXT/").json())
            answers.append(self._get("/records?verify").json())
            return True

        carrier = Carrier()
        create(adapter(monkeypatch, spec, create=ask), carrier)
        assert carrier.asked == ["GET https://api.example.net/rrsets/@/TXT/"]
        assert answers == [{"from": "the carrier"}, {}]

    def test_what_it_keeps_is_dropped_before_every_call(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def keep(self: Any, *given: Any) -> list[Any]:
            assert self._zone_data is None
            self._zone_data = "old"
            return []

        made = adapter(monkeypatch, spec_of(verbs={"keeps": ["_zone_data"]}), list=keep)
        with seam.carried_by(Carrier()):
            made.list_records(None, None)
            made.list_records(None, None)

    def test_an_endpoint_may_lie_deeper(self, monkeypatch: pytest.MonkeyPatch) -> None:
        script: dict[str, Any] = {}
        inner = type("Inner", (), {"endpoint": "https://api.example.net"})()
        monkeypatch.setattr(
            verbs_lexicon, "lexicon_class", lambda name: type("P", (Adapter,), {"script": script, "client": inner})
        )
        spec = spec_of(endpoint=EndpointHook(attribute="client.endpoint"))
        LexiconAdapter(spec, ConfigResolver(), "example.com", "https://other.example.net/")
        assert inner.endpoint == "https://other.example.net"

    def test_an_sdk_s_verbs_are_carried_one_by_one(self, monkeypatch: pytest.MonkeyPatch) -> None:
        made = adapter(monkeypatch, spec_of(transport="sdk"), create=lambda *given: True)
        carrier = Carrier()
        with seam.carried_by(carrier):
            made.authenticate()
            made.list_records(None, None)
        create(made, carrier)
        assert carrier.asked == ["authenticate reads", "list_records reads", "create_record writes"]


@pytest.fixture
def zone(monkeypatch: pytest.MonkeyPatch) -> Callable[..., LexiconZone]:
    def make(script: dict[str, Callable[..., Any]], **more: Any) -> LexiconZone:
        monkeypatch.setattr(verbs_lexicon, "lexicon_class", lambda name: type("P", (Adapter,), {"script": script}))
        spec = spec_of(credentials={"token": Credential(help="h")}, **more)
        return LexiconZone(spec, AccountSettings(name="p", credentials={"token": "s3cret-token"}), FakeClock())

    return make


def raising(error: Exception) -> Callable[..., Any]:
    def verb(*given: Any) -> None:
        raise error

    return verb


class TestOpening:
    def test_one_label_less_until_the_account_holds_it(self, zone: Callable[..., LexiconZone]) -> None:
        def authenticate(self: Any) -> None:
            if self.domain != "example.com":
                raise AuthenticationError("No domain found")

        assert zone({"authenticate": authenticate}).open("a.b.example.com.") == OWNER

    @pytest.mark.parametrize(
        "error",
        [AuthenticationError("Domain example.com not found"), AuthenticationError("No domain found like example.com"), NOT_FOUND],
    )
    def test_no_such_zone(self, zone: Callable[..., LexiconZone], error: Exception) -> None:
        with pytest.raises(ZoneNotFound):
            zone({"authenticate": raising(error)}).open(OWNER)

    def test_a_listing_that_is_refused_or_proves_nothing_is_no_zone(self, zone: Callable[..., LexiconZone]) -> None:
        with pytest.raises(ZoneNotFound):
            zone({"list": raising(NOT_FOUND)}).open(OWNER)
        with pytest.raises(ZoneNotFound):
            zone({}, verbs={"listing_proves": ["NS"]}).open(OWNER)

    @pytest.mark.parametrize(
        ("error", "kind"),
        [
            (AuthenticationError("Login failed for s3cret-token"), CredentialsRejected),
            (Exception("Api error 4711: bad key"), CredentialsRejected),
            (Exception("Api error 47110: something else"), ProviderUnavailable),
            (AssertionError("no form"), ProviderUnavailable),
            (Exception("Domain example.com not found"), ProviderUnavailable),
            (HttpDenied("HTTP 403 no", hint="", status=403), CredentialsRejected),
            (HttpRefused("HTTP 400 no", status=400), ProviderUnavailable),
        ],
    )
    def test_what_an_operator_sees(self, zone: Callable[..., LexiconZone], error: Exception, kind: type[Exception]) -> None:
        with pytest.raises(kind) as caught:
            zone({"authenticate": raising(error)}, credential_errors=["4711"]).open(OWNER)
        assert "s3cret-token" not in str(caught.value)

    @pytest.mark.parametrize(
        "error",
        [
            Exception("Zone MISSING here"),
            AuthenticationError("zone missing"),
            HttpRefused("HTTP 400 zone missing", status=400),
            HttpDenied("HTTP 403 zone missing", hint="", status=403),
        ],
    )
    def test_the_vendor_s_own_words(self, zone: Callable[..., LexiconZone], error: Exception) -> None:
        with pytest.raises(ZoneNotFound):
            zone({"authenticate": raising(error)}, verbs={"no_zone": ["zone missing"]}).open(OWNER)
        other = AuthenticationError("Domain not found")  # at such a vendor that is said of wrong credentials as well
        with pytest.raises(CredentialsRejected):
            zone({"authenticate": raising(other)}, verbs={"no_zone": ["zone missing"]}).open(OWNER)

    def test_a_package_that_is_not_installed(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(verbs_lexicon, "lexicon_class", raising(ImportError("No module named 'sdk'")))
        with pytest.raises(ConfigInvalid) as caught:
            LexiconZone(spec_of(extra="qcloud"), AccountSettings(name="p"), FakeClock()).open(OWNER)
        assert "dns-lexicon[qcloud]" in caught.value.hint

    def test_zones_cannot_be_listed(self, zone: Callable[..., LexiconZone]) -> None:
        with pytest.raises(UsageError) as caught:
            zone({}).zones()
        assert "providers test ACCOUNT DOMAIN" in caught.value.hint

    def test_the_listing_of_opening_is_the_first_read(self, zone: Callable[..., LexiconZone]) -> None:
        asked: list[Any] = []

        def listed(self: Any, *given: Any) -> list[Any]:
            asked.append(given)
            return [txt()]

        opened = zone({"list": listed})
        opened.open(OWNER)
        opened.read(OWNER)
        assert len(asked) == 1
        opened.read(OWNER)
        assert len(asked) == 2

    def test_what_is_asked_for(self, zone: Callable[..., LexiconZone]) -> None:
        asked: list[Any] = []

        def listed(self: Any, *given: Any) -> list[Any]:
            asked.append(given)
            return []

        for verbs in (
            {"lists": "type", "list_types": ["TXT", "MX"]},
            {"lists": "owner", "list_types": ["TXT", "MX"], "apex": "at"},
        ):
            opened = zone({"list": listed}, verbs=verbs)
            opened.open(OWNER)
            opened.read(OWNER)
        assert asked == [("TXT", None, None), ("MX", None, None), ("TXT", "@", None), ("MX", "@", None)]

    def test_bases_with_an_option_and_an_endpoint(self) -> None:
        spec = spec_of(bases=["{server}/api", "https://login.{region}.example.net"], credentials={})
        config = ConfigResolver().with_dict({"p": {"server": "https://dns.example.net/", "region": "eu"}})
        from registrar_sync.providers.verbs import VerbsZone

        assert VerbsZone(spec, config).base_urls == ("https://dns.example.net/api", "https://login.eu.example.net")
        assert VerbsZone(spec, config, "http://127.0.0.1:1").base_urls[0] == "http://127.0.0.1:1"


def _answered(answer: object, *given: object) -> object:
    return answer


def test_a_failed_read_is_never_an_empty_zone(zone: Callable[..., LexiconZone]) -> None:
    answers: list[Any] = [None, {}, "", [1], [{"type": "TXT"}]]
    for answer in answers:
        opened = zone({"list": partial(_answered, answer)})
        opened.open(OWNER)
        with pytest.raises(ProviderUnavailable, match="Nothing was changed"):
            opened.read(OWNER)


def test_an_adapter_that_gives_up_while_writing_leaves_it_open(zone: Callable[..., LexiconZone]) -> None:
    from tests.unit.test_shapes import edited
    from tests.unit.test_shapes import txt as value

    opened = zone({"create": raising(Exception("Api error: s3cret-token"))})
    opened.open(OWNER)
    before = opened.read(OWNER).rrset("TXT")
    assert before is not None
    with pytest.raises(OutcomeUnknown) as caught:
        opened.write([edited(before, *before.records, value(b"v=spf1 -all"))], before_call=lambda: None)
    assert "s3cret-token" not in str(caught.value)


class TestSeam:
    def test_an_adapter_prints_nothing_and_fetches_no_suffix_list(self, capsys: pytest.CaptureFixture[str]) -> None:
        module = seam.bound_module("namecheap")
        vars(module)["print"]("Remote: 3")
        found = vars(module)["tldextract"].extract("www.example.co.uk")  # a socket beyond loopback would fail the test
        assert (found.domain, found.suffix) == ("example", "co.uk")
        assert capsys.readouterr().out == ""

    def test_a_session_that_prepares_and_sends_stays_with_us(self) -> None:
        first, second = Carrier(), Carrier()
        with seam.carried_by(first):
            session = seam._STAND_IN.session()
        request = requests.Request("GET", "https://api.example.net/x").prepare()
        with seam.carried_by(second):
            session.send(request)
            session.get("https://api.example.net/y")
        assert (first.asked, second.asked) == ([], ["GET https://api.example.net/x", "GET https://api.example.net/y"])


class TestMomentAbsent:
    @pytest.mark.parametrize(
        ("before", "after", "told"),
        [
            (b"v=spf1 mx ~all", b"v=spf1 mx include:x ~all", True),
            (None, b"v=spf1 mx ~all", False),
            (b"v=spf1 mx ~all", None, False),
            (b"abc=1", b"abc=2", False),
            (b"v=spf1 mx ~all", b"v=spf1 mx ~all", False),
        ],
    )
    def test_only_where_an_spf_record_is_edited(self, before: bytes | None, after: bytes | None, told: bool) -> None:
        sets = [
            None if one is None else RRset(owner=OWNER, rtype="TXT", records=(Record(rdata=Txt((one,)), ttl=300),))
            for one in (before, after)
        ]
        found = say_moment_absent([RRsetChange(owner=OWNER, rtype="TXT", before=sets[0], after=sets[1])])
        assert [one.id for one in found] == ["spf-moment-absent"] * told
