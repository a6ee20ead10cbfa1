"""lexicon's real adapters, called as the catalog declares, against servers shaped after recorded traffic.

What is shown: one SPF record and the MX hosts are placed, listed and taken back with the right values on the wire, and nothing
beside them is touched. What is not: that the vendors answer so today.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from registrar_sync.core.model import Mx, Rdata, Record, RRset, RRsetChange, Txt, ZoneView, data_of, is_spf
from registrar_sync.errors import ProviderRefused
from registrar_sync.providers import seam
from registrar_sync.providers.catalog import load_catalog
from registrar_sync.providers.catalog_model import ProviderSpec
from registrar_sync.providers.lexicon_zone import LexiconZone
from tests.integration import verbs_vendors_plain, verbs_vendors_rest, verbs_vendors_rpc, verbs_vendors_sdk, verbs_vendors_sets
from tests.integration.verbs_vendors import ZONE, Vendor, served
from tests.unit.loopback import FakeClock

CATALOG = load_catalog()
OWNER = f"{ZONE}."
NEW_SPF = Txt((b"v=spf1 include:includespf.security-mail.net mx ~all",))
FRANCE, EUROPE = "france.security-mail.net.", "europe.security-mail.net."

_MODULES = (verbs_vendors_plain, verbs_vendors_rest, verbs_vendors_rpc, verbs_vendors_sdk, verbs_vendors_sets)
_KINDS = [kind for module in _MODULES for kind in vars(module).values() if isinstance(kind, type) and issubclass(kind, Vendor)]
VENDORS = {kind.provider: kind for kind in _KINDS if hasattr(kind, "provider")}
WITH_MX = [name for name in VENDORS if CATALOG.provider(name).tier == "dialect"]


@dataclass
class Opened:
    """A zone at a vendor, and the vendor."""

    zone: LexiconZone
    vendor: Vendor
    spec: ProviderSpec

    def view(self) -> ZoneView:
        """What is read now."""
        return self.zone.read(OWNER)

    def write(self, *changes: RRsetChange) -> None:
        """Carry the changes out."""
        self.zone.write(changes, before_call=lambda: None)


class Moved:
    """The module that an adapter sends through, for URLs that it knows by heart."""

    def __init__(self, module: Any, prefixes: tuple[str, ...], url: str) -> None:
        self._module, self._prefixes, self._url = module, prefixes, url

    def request(self, method: str, url: str, **options: Any) -> Any:
        for prefix in self._prefixes:
            url = url.replace(prefix, self._url)
        return self._module.request(method, url, **options)

    def post(self, url: str, **options: Any) -> Any:
        return self.request("POST", url, **options)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._module, name)


def _private_key() -> str:
    pem = rsa.generate_private_key(65537, 2048).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return f"base64::{base64.b64encode(pem).decode()}"


@pytest.fixture
def opened(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Opened]:
    """A zone at the vendor that the test is for, as ``verbs_vendors.start`` has it."""
    vendor: Vendor = VENDORS[request.param]()
    spec = CATALOG.provider(request.param)
    credentials = {option: credential.default or "x" for option, credential in spec.credentials.items()}
    if request.param == "transip":
        credentials["auth_api_key"] = _private_key()
    with served(vendor) as url:
        if vendor.moved:
            sends = seam.bound_module("linode" if spec.lexicon_name == "linode4" else spec.lexicon_name)
            monkeypatch.setattr(sends, "requests", Moved(sends.requests, vendor.moved, url))
        for name, stub in vendor.stubs().items():
            monkeypatch.setattr(seam.bound_module(spec.lexicon_name), name, stub, raising=False)
        zone = LexiconZone(spec, CATALOG.account(request.param).settings(credentials, endpoint=url), FakeClock())
        try:
            assert zone.open(OWNER) == OWNER
            yield Opened(zone, vendor, spec)
        finally:
            zone.close()


def changed(view: ZoneView, rtype: str, values: list[Rdata], ttl: int) -> RRsetChange:
    """The RRset as it stands, to these values."""
    before = view.rrset(rtype)
    known = {record.rdata: record for record in (before.records if before else ())}
    after = tuple(known.get(value) or Record(rdata=value, ttl=ttl) for value in values)
    rrset = RRset(owner=OWNER, rtype=rtype, records=after) if after else None
    return RRsetChange(owner=OWNER, rtype=rtype, before=before, after=rrset)


def with_spf(view: ZoneView, spf: Txt, ttl: int) -> RRsetChange:
    """The TXT set with another SPF value."""
    txt = view.rrset("TXT")
    assert txt is not None
    return changed(view, "TXT", [spf if is_spf(record.rdata) else record.rdata for record in txt.records], ttl)


def taken_back(view: ZoneView, done: RRsetChange) -> RRsetChange:
    """The way back, from what stands now."""
    return replace(done.inverse, before=view.rrset(done.rtype))


def at_apex(opened: Opened, rtype: str) -> set[tuple[int | None, str]]:
    """What the vendor keeps at the apex."""
    return {(row.preference, row.content) for row in opened.vendor.rows if (row.name, row.rtype) == ("", rtype)}


def beside(opened: Opened) -> list[Any]:
    """What the vendor keeps that is none of our business."""
    rows = opened.vendor.rows
    return sorted(r.meaning for r in rows if r.name or r.rtype == "A" or r.content.startswith("google-site"))


every_vendor = pytest.mark.parametrize("opened", list(VENDORS), indirect=True)
every_vendor_with_mx = pytest.mark.parametrize("opened", WITH_MX, indirect=True)


@every_vendor
def test_what_stands_at_the_apex_is_read_and_nothing_else(opened: Opened) -> None:
    view, ttl = opened.view(), opened.vendor.ttl
    txt = {Txt((b"google-site-verification=abc",)), Txt((b"v=spf1 mx ~all",))}
    assert data_of(view.rrset("TXT")) == {(value, ttl) for value in txt}
    if opened.spec.tier == "dialect":
        mx = {Mx(5, "mailgate.example.com."), Mx(40, "smtp.isp.net.")}
        assert data_of(view.rrset("MX")) == {(value, ttl) for value in mx}


@every_vendor
def test_an_spf_record_is_changed_and_changed_back(opened: Opened) -> None:
    before, neighbours = opened.vendor.zone, beside(opened)
    change = with_spf(opened.view(), NEW_SPF, opened.vendor.ttl)
    opened.write(change)
    assert at_apex(opened, "TXT") == {(None, "google-site-verification=abc"), (None, str(NEW_SPF))}
    assert beside(opened) == neighbours
    view = opened.view()
    assert data_of(view.rrset("TXT")) == data_of(change.after)
    opened.write(taken_back(view, change))
    assert opened.vendor.zone == before


@every_vendor
def test_an_spf_record_is_made_where_there_is_no_txt_and_removed_again(opened: Opened) -> None:
    opened.view()  # what opening has read counts once
    opened.vendor.rows = [row for row in opened.vendor.rows if (row.name, row.rtype) != ("", "TXT")]
    before, view = opened.vendor.zone, opened.view()
    assert view.rrset("TXT") is None
    change = changed(view, "TXT", [NEW_SPF], opened.vendor.ttl)
    opened.write(change)
    assert at_apex(opened, "TXT") == {(None, str(NEW_SPF))}
    view = opened.view()
    opened.write(taken_back(view, change))
    assert opened.vendor.zone == before


@every_vendor
def test_an_spf_record_over_255_octets_is_exact_or_refused(opened: Opened) -> None:
    before = opened.vendor.zone
    long = Txt((b"v=spf1 " + b" ".join(b"ip4:192.0.2.%d" % n for n in range(20)) + b" ~all",))
    change = with_spf(opened.view(), long, opened.vendor.ttl)
    if opened.spec.verbs and opened.spec.verbs.txt_long == "refused":
        with pytest.raises(ProviderRefused, match="over 255"):
            opened.write(change)
    else:
        opened.write(change)
        assert str(long) in {text.replace('" "', "") for _, text in at_apex(opened, "TXT")}
        view = opened.view()
        assert data_of(view.rrset("TXT")) == data_of(change.after)
        opened.write(taken_back(view, change))
    assert opened.vendor.zone == before


@every_vendor
def test_the_zone_of_a_name_below_it_is_found(opened: Opened) -> None:
    assert opened.zone.open(f"www.{OWNER}") == OWNER


@every_vendor_with_mx
def test_hosts_are_placed_before_the_customers_and_removed_again(opened: Opened) -> None:
    before, neighbours, view = opened.vendor.zone, beside(opened), opened.view()
    mx = view.rrset("MX")
    assert mx is not None
    change = changed(view, "MX", [Mx(3, FRANCE), Mx(4, EUROPE), *(r.rdata for r in mx.records)], opened.vendor.ttl)
    opened.write(change)
    theirs = {(5, "mailgate.example.com"), (40, "smtp.isp.net")}
    assert at_apex(opened, "MX") == {(3, FRANCE.rstrip(".")), (4, EUROPE.rstrip(".")), *theirs}
    assert beside(opened) == neighbours
    view = opened.view()
    assert data_of(view.rrset("MX")) == data_of(change.after)
    opened.write(taken_back(view, change))
    assert opened.vendor.zone == before


@every_vendor_with_mx
def test_the_customers_hosts_are_replaced_and_put_back(opened: Opened) -> None:
    before, neighbours = opened.vendor.zone, beside(opened)
    change = changed(opened.view(), "MX", [Mx(10, EUROPE), Mx(50, FRANCE)], opened.vendor.ttl)
    opened.write(change)
    assert at_apex(opened, "MX") == {(10, EUROPE.rstrip(".")), (50, FRANCE.rstrip("."))}
    assert beside(opened) == neighbours
    opened.write(taken_back(opened.view(), change))
    assert opened.vendor.zone == before


@pytest.mark.parametrize("preference", [0, 7, 65535])
@every_vendor_with_mx
def test_a_host_gets_another_preference_and_its_own_again(opened: Opened, preference: int) -> None:
    before = opened.vendor.zone
    change = changed(opened.view(), "MX", [Mx(preference, "mailgate.example.com."), Mx(40, "smtp.isp.net.")], opened.vendor.ttl)
    opened.write(change)
    assert at_apex(opened, "MX") == {(preference, "mailgate.example.com"), (40, "smtp.isp.net")}
    opened.write(taken_back(opened.view(), change))
    assert opened.vendor.zone == before


@every_vendor
def test_one_write_is_one_row_or_one_set(opened: Opened) -> None:
    """An SPF record is swapped in at most two calls that change something."""
    opened.write(with_spf(opened.view(), NEW_SPF, opened.vendor.ttl))
    assert len(opened.vendor.writes) <= 2


def test_every_dialect_from_linode_on_is_shown_here() -> None:
    names = sorted(spec.name for spec in CATALOG.providers.values() if spec.shape == "verbs" and spec.name >= "linode")
    assert names == sorted(VENDORS)
