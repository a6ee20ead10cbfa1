"""lexicon's own adapters, driven over loopback HTTP: the dynamic subclass is lexicon's, and what is declared holds for it."""

from __future__ import annotations

import importlib.util
import json
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
import requests
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from registrar_sync.core.model import Mx, Record, RRset, RRsetChange, Txt, ZoneView
from registrar_sync.errors import (
    ConfigInvalid,
    CredentialsRejected,
    ProviderRefused,
    ProviderUnavailable,
    RegistrarSyncError,
    ZoneNotFound,
)
from registrar_sync.providers import verbs_lexicon
from registrar_sync.providers.catalog import AccountSettings, load_catalog
from registrar_sync.providers.lexicon_zone import LexiconZone
from registrar_sync.providers.transport import Transport
from registrar_sync.providers.wire import Lost
from tests.contract.fake_world import credentials_of
from tests.integration.verbs_servers import MAKERS, TOKEN, Json, Vendor, serving
from tests.unit.loopback import FakeClock

OWNER = "example.com."
CATALOG = load_catalog()
ON_VERBS = [spec for spec in CATALOG.providers.values() if spec.shape == "verbs" and spec.transport == "requests"]


def is_installed(extra: str | None) -> bool:
    """Whether the package of one of dns-lexicon's extras is there: CI does not install all of them."""
    return extra is None or importlib.util.find_spec(extra) is not None


def _keys() -> dict[tuple[str, str], str]:
    """Credentials that are looked at while an adapter is made."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    account = {"client_email": "x@example.net", "private_key": pem.decode(), "private_key_id": "1", "project_id": "p"}
    return {
        ("transip", "auth_api_key"): "base64::" + b64encode(pem).decode(),
        ("googleclouddns", "auth_service_account_info"): "base64::" + b64encode(json.dumps(account).encode()).decode(),
        ("hover", "auth_totp_secret"): "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP",
    }


KEYS = _keys()

vendors = pytest.mark.parametrize("name", sorted(MAKERS))


@contextmanager
def opened(name: str, vendor: Vendor, *, token: str = TOKEN, owner: str = OWNER) -> Iterator[LexiconZone]:
    spec = CATALOG.provider(name)
    with serving(vendor) as url:
        credentials = dict.fromkeys(spec.credentials, token)
        zone = LexiconZone(spec, AccountSettings(name=name, credentials=credentials, endpoint=url), FakeClock())
        try:
            zone.open(owner)
            yield zone
        finally:
            zone.close()


def kept(vendor: Vendor) -> list[Json]:
    """The records without the ids, and without what a vendor fills in."""
    return sorted(({key: one[key] for key in one if key != "id"} for one in vendor.records), key=repr)


def changed(view: ZoneView, spf: bytes, *mx: Mx, gone: Mx | None = None) -> list[RRsetChange]:
    txt, old_mx = view.rrset("TXT"), view.rrset("MX")
    assert txt
    assert old_mx
    rows = [replace(row, rdata=Txt((spf,))) if str(row.rdata).startswith("v=spf1") else row for row in txt.records]
    new = [Record(rdata=value, ttl=old_mx.ttl) for value in mx]
    stays = [row for row in old_mx.records if row.rdata != gone]
    after = RRset(owner=OWNER, rtype="MX", records=(*stays, *new))
    return [
        RRsetChange(owner=OWNER, rtype="TXT", before=txt, after=txt.with_records(rows)),
        RRsetChange(owner=OWNER, rtype="MX", before=old_mx, after=after),
    ]


def values(view: ZoneView, rtype: str) -> set[str]:
    rrset = view.rrset(rtype)
    return {str(value) for value in rrset.values} if rrset else set()


def do_nothing() -> None:
    pass


@vendors
def test_read_write_and_back(name: str) -> None:
    """SPF changed, two MX added, one with the preference 0 removed; then all of it back: the vendor's records are the same."""
    vendor = MAKERS[name]()
    start = kept(vendor)
    with opened(name, vendor) as zone:
        view = zone.read(OWNER)
        assert values(view, "MX") == {"5 mailgate.example.com.", "40 smtp.isp.net.", "0 zero.isp.net."}
        assert "v=spf1 mx ~all" in values(view, "TXT")
        changes = changed(
            view, b"v=spf1 mx include:x.example ~all", Mx(3, "a.example."), Mx(4, "b.example."), gone=Mx(0, "zero.isp.net.")
        )
        renewed: list[int] = []
        zone.write(changes, before_call=lambda: renewed.append(1))
        assert len(renewed) >= 4
        now = zone.read(OWNER)
        assert values(now, "MX") == {"5 mailgate.example.com.", "40 smtp.isp.net.", "3 a.example.", "4 b.example."}
        assert "v=spf1 mx include:x.example ~all" in values(now, "TXT")
        assert "v=spf1 mx ~all" in values(zone.read("sub.example.com."), "TXT")
        back = [RRsetChange(owner=OWNER, rtype=one.rtype, before=now.rrset(one.rtype), after=one.before) for one in changes[::-1]]
        zone.write(back, before_call=do_nothing)
        assert (values(zone.read(OWNER), "MX"), values(zone.read(OWNER), "TXT")) == (values(view, "MX"), values(view, "TXT"))
    assert without_types(kept(vendor)) == without_types(start)


def without_types(records: list[Json]) -> list[Json]:
    """Numbers as texts, and nothing said for nothing: "0" and 0, null and a missing field."""
    told = [{key: str(value) for key, value in one.items() if value is not None} for one in records]
    return sorted(told, key=lambda one: sorted(one.items()))


@vendors
def test_the_preference_is_written_where_the_vendor_keeps_it(name: str) -> None:
    vendor = MAKERS[name]()
    with opened(name, vendor) as zone:
        view = zone.read(OWNER)
        zone.write(changed(view, b"v=spf1 mx -all", Mx(3, "a.example.")), before_call=do_nothing)
    (added,) = [one for one in vendor.records if "a.example" in str(one.get("content", one.get("data")))]
    assert (
        "3" in {str(value) for key, value in added.items() if key in ("priority", "prio")} or added["content"] == "3 a.example."
    )
    assert str(added["ttl"]) in ("300", "600")
    txt = [one for one in vendor.records if one["type"] == "TXT"]
    assert all(str(one.get("priority", one.get("prio"))) in ("None", "0") for one in txt), "a preference was sent with a TXT"


@vendors
def test_an_unknown_zone_and_wrong_credentials(name: str) -> None:
    vendor = MAKERS[name]()
    with pytest.raises(ZoneNotFound), opened(name, vendor, owner="example.org."):
        pass
    if name != "luadns":  # whose password this server does not look at
        with pytest.raises((CredentialsRejected, ProviderUnavailable)) as caught, opened(name, vendor, token="not-the-token"):
            pass
        assert "not-the-token" not in f"{caught.value.message} {caught.value.hint}"
    assert not any(one.startswith(("PUT", "PATCH", "DELETE")) or "create" in one for one in vendor.asked)


@vendors
def test_the_zone_of_a_name_below_it_is_found(name: str) -> None:
    with opened(name, MAKERS[name](), owner="a.sub.example.com.") as zone:
        assert "v=spf1 mx ~all" in values(zone.read("sub.example.com."), "TXT")


@vendors
def test_a_refused_write_is_a_refusal_and_a_lost_row_is_no_error(name: str) -> None:
    vendor = MAKERS[name]()
    with opened(name, vendor) as zone:
        view = zone.read(OWNER)
        (txt, mx) = changed(view, b"v=spf1 mx -all", gone=Mx(40, "smtp.isp.net."))
        vendor.records = [one for one in vendor.records if "smtp.isp.net" not in str(one)]
        if name in ("vultr", "luadns", "dnsimple"):  # these say 404
            zone.write([mx], before_call=do_nothing)
        start = kept(vendor)
        vendor.refuse = (422, {"message": "not today"})
        with pytest.raises((ProviderRefused, ProviderUnavailable)):
            zone.write([txt], before_call=do_nothing)
        assert kept(vendor) == start


@pytest.mark.parametrize("name", [spec.name for spec in ON_VERBS if is_installed(spec.extra)])
def test_the_first_request_of_every_adapter_lies_within_the_declared_bases(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """lexicon's own class, made and authenticated with made-up credentials: what it sends first is what the entry says."""
    asked: list[str] = []

    def send_once(self: Transport, prepared: requests.PreparedRequest, limit_s: float) -> Any:
        asked.append(str(prepared.url))
        raise Lost("nobody is asked in a test", sent=False)

    monkeypatch.setattr(Transport, "send_once", send_once)
    spec = CATALOG.provider(name)
    credentials = {option: KEYS.get((name, option), value) for option, value in credentials_of(spec).items()}
    zone = LexiconZone(spec, AccountSettings(name=name, credentials=credentials, call_limit_s=0.5), FakeClock())
    with pytest.raises(RegistrarSyncError) as caught:
        zone.open(OWNER)
    zone.close()
    assert "lies outside" not in str(caught.value)
    assert asked, repr(caught.value)


def test_a_package_that_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> type[Any]:
        raise ModuleNotFoundError("No module named 'oci'")

    monkeypatch.setattr(verbs_lexicon, "lexicon_class", missing)
    spec = CATALOG.provider("luadns").model_copy(update={"extra": "oci"})
    zone = LexiconZone(spec, AccountSettings(name="luadns", credentials=credentials_of(spec)), FakeClock())
    with pytest.raises(ConfigInvalid) as caught:
        zone.open(OWNER)
    assert "pip install 'dns-lexicon[oci]'" in caught.value.hint
    zone.close()
