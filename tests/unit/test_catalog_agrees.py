"""The whole catalog against the installed lexicon: what an entry says of an adapter is what that adapter's source says."""

from __future__ import annotations

import ast
import base64
import inspect
import json
import pkgutil
import re
import socket
from argparse import ArgumentParser
from importlib import import_module
from importlib.metadata import distributions, metadata, requires
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from lexicon._private import providers as adapters

from registrar_sync.providers.catalog import AccountSettings, load_catalog
from registrar_sync.providers.catalog_model import ProviderSpec
from registrar_sync.providers.lexicon_zone import _lexicon_config

ADAPTERS = sorted({module.name for module in pkgutil.iter_modules(adapters.__path__)} - {"auto", "base"})
SPECS = list(load_catalog().providers.values())
WORKING = [spec for spec in SPECS if spec.tier != "manual"]
ON_VERBS = [spec for spec in WORKING if spec.adapter is None]
PARTLY = [spec for spec in SPECS if spec.tier in ("manual", "spf-only")]
EXTRAS = {name for name in metadata("dns-lexicon").get_all("Provides-Extra") or () if name != "full"}

# Options that an adapter's command line does not offer, but that its code reads (or that belong to our own adapter), and why.
OPTIONS_OF_OUR_OWN = {
    ("dreamhost", "retry_wait_time"): "its pause after a removal, which our own pacing makes needless",
}
# Suffixes that lexicon does not know, and where they are from.
NAMESERVERS_OF_OUR_OWN = {
    ("arvancloud", "arvancdn.ir"): "ns_keys in lexicon's recorded traffic (2024)",
    ("dnsmadeeasy", "dnsmadeeasy.com"): "lexicon has the bare word, which is the end of no name",
    ("dnspod", "dnspod.net"): "NS records in lexicon's recorded traffic (2016)",
    ("glesys", "namesystem.se"): "NS records in lexicon's recorded traffic (2017)",
    ("hetzner", "ns.hetzner.de"): "helium.ns.hetzner.de, the third server that the Cloud API assigns (traffic recorded in 2026)",
    ("infomaniak", "infomaniak.ch"): "ns11.infomaniak.ch in the tests of libdns/infomaniak",
    ("luadns", "luadns.net"): "NS records in lexicon's recorded traffic (2018)",
    ("rackspace", "stabletransit.com"): "NS records in lexicon's recorded traffic (2018)",
    ("rage4", "r4ns.com"): "default_ns1 in lexicon's recorded traffic (2018)",
    ("rage4", "r4ns.net"): "default_ns2 in lexicon's recorded traffic (2018)",
    ("route53", "awsdns-*.co.uk"): "a quarter of the name servers; lexicon's pattern lets them slip",
}
# URLs in an adapter's source that it does not call.
URLS_NOT_CALLED = {
    ("dynu", "https://www.dynu.com/en-US/Membership"): "shown in a message",
    ("googleclouddns", "https://www.googleapis.com/auth/ndev.clouddns.readwrite"): "the name of an OAuth scope",
}
# Bases that no constant of the source holds.
BASES_OF_OUR_OWN = {
    ("infoblox", "https://{ib_host}/wapi/v2.6.1"): "put together from the host and the version",
}


def ids(specs: list[ProviderSpec]) -> list[str]:
    return [spec.name for spec in specs]


def provider_class(spec: ProviderSpec) -> type[Any]:
    found: type[Any] = import_module(f"lexicon._private.providers.{spec.lexicon_name}").Provider
    return found


def sources_of(spec: ProviderSpec) -> list[str]:
    """The adapter's source, and that of the adapters which it stands on (linode4, zeit)."""
    classes = [c for c in provider_class(spec).__mro__ if c.__module__.startswith("lexicon._private.providers.")]
    return [inspect.getsource(import_module(c.__module__)) for c in classes]


def urls_of(spec: ProviderSpec) -> set[str]:
    """The constants of the source that are URLs, or the beginnings of some."""
    trees = [ast.walk(ast.parse(source)) for source in sources_of(spec)]
    texts = {node.value for tree in trees for node in tree if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    return {text for text in texts if re.match(r"https?://[^/\s]", text)}


def options_of(spec: ProviderSpec) -> set[str]:
    parser = ArgumentParser(add_help=False)
    provider_class(spec).configure_parser(parser)
    return {action.dest for action in parser._actions}


class TestEveryAdapter:
    def test_each_has_exactly_one_entry_and_each_entry_one_adapter(self) -> None:
        assert sorted(spec.lexicon_name for spec in SPECS) == ADAPTERS

    def test_none_is_left_to_be_looked_at(self) -> None:
        assert [spec.name for spec in SPECS if "not yet" in spec.reason] == []

    @pytest.mark.parametrize("spec", SPECS, ids=ids(SPECS))
    def test_its_credentials_are_options_of_the_adapter(self, spec: ProviderSpec) -> None:
        unknown = set(spec.credentials) - options_of(spec)
        assert {(spec.name, option) for option in unknown} <= set(OPTIONS_OF_OUR_OWN)

    @pytest.mark.parametrize("spec", SPECS, ids=ids(SPECS))
    def test_its_name_servers_are_those_that_lexicon_knows(self, spec: ProviderSpec) -> None:
        known = provider_class(spec).get_nameservers()
        strange = {(spec.name, suffix) for suffix in spec.nameservers if not any(_agrees(suffix, one) for one in known)}
        assert strange <= set(NAMESERVERS_OF_OUR_OWN)

    @pytest.mark.parametrize("spec", SPECS, ids=ids(SPECS))
    def test_its_extra_is_one_of_lexicons(self, spec: ProviderSpec) -> None:
        if spec.extra is not None:
            assert spec.extra in EXTRAS
        if spec.lexicon_name in EXTRAS and spec in ON_VERBS:
            assert spec.extra == spec.lexicon_name

    def test_what_is_declared_as_our_own_is_still_needed(self) -> None:
        by_name = {spec.name: spec for spec in SPECS}
        for name, option in OPTIONS_OF_OUR_OWN:
            assert option in by_name[name].credentials
            assert option not in options_of(by_name[name])
        for name, suffix in NAMESERVERS_OF_OUR_OWN:
            assert suffix in by_name[name].nameservers
        for name, url in URLS_NOT_CALLED:
            assert url in urls_of(by_name[name])


def _lies_at(url: str, base: str) -> bool:
    """Whether a URL of a source lies below a base, or is the beginning of one; ``{...}`` stands for an option's value."""
    one, other = (re.sub(r"\{\w*\}", "{}", text).rstrip("/") for text in (url, base))
    return one.startswith(other) or other.startswith(one)


def _agrees(suffix: str, known: Any) -> bool:
    """Whether a suffix is one of lexicon's, or lies below it; lexicon also has patterns of registered names."""
    if not isinstance(known, str):
        return known.match(suffix.replace("*", "1")) is not None
    name = known.rstrip(".").lower()
    return suffix == name or suffix.endswith(f".{name}")


@pytest.mark.parametrize("spec", PARTLY, ids=ids(PARTLY))
class TestWhatCannotBeDone:
    def test_its_reason_is_one_sentence_that_fits_into_a_message(self, spec: ProviderSpec) -> None:
        assert len(spec.reason.split()) >= 4
        assert len(spec.reason) <= 220
        assert not spec.reason.endswith(".")  # the message that it stands in has its own
        assert re.search(r"[.!?] +[A-Z]", spec.reason) is None

    def test_a_manual_entry_declares_nothing_that_is_never_used(self, spec: ProviderSpec) -> None:
        if spec.tier == "manual":
            assert (spec.shape, spec.adapter, spec.verbs, spec.bases, spec.verified) == (None, None, None, [], None)


@pytest.mark.parametrize("spec", WORKING, ids=ids(WORKING))
class TestWhatCanBeDone:
    def test_it_says_where_its_facts_are_from(self, spec: ProviderSpec) -> None:
        assert spec.shape is not None
        assert spec.api.startswith("https://")
        assert spec.budget_source
        assert spec.verified is not None

    def test_its_credentials_are_explained(self, spec: ProviderSpec) -> None:
        assert spec.credentials
        assert all(len(credential.help.split()) > 2 for credential in spec.credentials.values())


@pytest.mark.parametrize("spec", ON_VERBS, ids=ids(ON_VERBS))
class TestOnVerbs:
    def test_with_what_it_asks_for_the_adapter_comes_as_far_as_its_first_call(
        self, spec: ProviderSpec, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        if missing := _missing_packages(spec):
            pytest.skip(f"{', '.join(missing)} of dns-lexicon[{spec.extra}] is not installed")
        for name in ("getaddrinfo", "create_connection"):
            monkeypatch.setattr(socket, name, _reached)
        monkeypatch.setattr(socket.socket, "connect", _reached)
        given = {option: _specimen(option) for option, c in spec.credentials.items() if c.required and c.default is None}
        config = _lexicon_config(
            spec, AccountSettings(name=spec.name, credentials={**given, **ONE_OF.get(spec.name, {})}), "example.com"
        )
        with pytest.raises(Reached):
            provider_class(spec)(config).authenticate()

    def test_every_url_of_the_source_lies_below_its_bases(self, spec: ProviderSpec) -> None:
        outside = {url for url in urls_of(spec) if not any(_lies_at(url, base) for base in spec.bases)}
        if spec.transport == "requests":
            assert {(spec.name, url) for url in outside} <= set(URLS_NOT_CALLED)

    def test_its_bases_are_in_the_source(self, spec: ProviderSpec) -> None:
        assert spec.bases or spec.transport != "requests"
        for base in spec.bases:
            assert set(re.findall(r"\{(\w+)\}", base)) <= set(spec.credentials)
            assert (
                base.startswith("{") or any(_lies_at(url, base) for url in urls_of(spec)) or (spec.name, base) in BASES_OF_OUR_OWN
            )

    def test_it_does_not_claim_to_have_been_tried_on_the_vendor(self, spec: ProviderSpec) -> None:
        assert spec.verified is not None
        assert "never the live API" in spec.verified.against

    def test_what_it_says_of_mx_hangs_together(self, spec: ProviderSpec) -> None:
        verbs = spec.verbs
        assert verbs is not None
        if spec.tier == "spf-only":
            return
        assert verbs.preference_listed != "lost"
        assert (spec.dialect.preference == "content") == (verbs.preference == "content") == (verbs.preference_listed == "content")
        assert ("field" in (verbs.preference, verbs.preference_listed)) == (verbs.mx_field is not None)
        assert verbs.mx_field is None or verbs.mx_field.source
        assert "MX" in verbs.list_types

    def test_one_ttl_is_one(self, spec: ProviderSpec) -> None:
        assert spec.verbs is not None
        if spec.verbs.ttl == "none":
            assert spec.ttl.min == spec.ttl.max


# Where one of several credentials is enough.
ONE_OF = {"cloudns": {"auth_id": "1"}}


class Reached(BaseException):
    """The adapter wants to talk to its vendor. No adapter catches it."""


def _reached(*_: object, **__: object) -> None:
    raise Reached


def _missing_packages(spec: ProviderSpec) -> list[str]:
    """Those that the adapter's extra of dns-lexicon stands for, and that are not there."""
    wanted = [line for line in requires("dns-lexicon") or () if re.search(rf"extra == .{spec.extra}.", line)]
    names = [re.split(r"[^A-Za-z0-9._-]", line)[0] for line in wanted]
    return [name for name in names if not any(distributions(name=name))]


def _specimen(option: str) -> str:
    """A value of the form that an adapter reads before it calls."""
    if option == "auth_service_account_info":
        info = {"client_email": "sandbox", "project_id": "sandbox", "private_key": _private_key()}
        return "base64::" + base64.b64encode(json.dumps(info).encode()).decode()
    if option == "auth_api_key":
        return "base64::" + base64.b64encode(_private_key().encode()).decode()
    if option == "auth_totp_secret":
        return base64.b32encode(bytes(20)).decode()
    if option in ("endpoint", "pdns_server", "plesk_server", "auth_server"):
        return "https://panel.example.com:2222"
    return "sandbox"


def _private_key() -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = serialization.PrivateFormat.PKCS8
    return key.private_bytes(serialization.Encoding.PEM, pem, serialization.NoEncryption()).decode()
