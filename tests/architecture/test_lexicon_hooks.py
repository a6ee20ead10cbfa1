"""We stand on lexicon's inside: each hook that we use, so that a release that moves one fails here, not at a customer's."""

from __future__ import annotations

import inspect
import pkgutil
from argparse import ArgumentParser
from importlib import import_module
from types import ModuleType
from typing import Any

import pytest
import requests
from lexicon._private import providers
from lexicon.config import ConfigResolver
from lexicon.exceptions import AuthenticationError
from lexicon.interfaces import Provider as BaseProvider

from registrar_sync.providers.catalog import load_catalog
from registrar_sync.providers.seam import bound_module

CATALOG = load_catalog()
OURS = [spec for spec in CATALOG.providers.values() if spec.adapter]
ADAPTERS = sorted({module.name for module in pkgutil.iter_modules(providers.__path__)} - {"auto", "base"})


def module_of(name: str) -> ModuleType:
    return import_module(f"lexicon._private.providers.{name}")


def parameters(function: Any) -> list[str]:
    return list(inspect.signature(function).parameters)


def options_of(name: str) -> set[str]:
    parser = ArgumentParser(add_help=False)
    module_of(name).Provider.configure_parser(parser)
    return {action.dest for action in parser._actions}


def made(name: str, **options: str) -> Any:
    config = ConfigResolver().with_dict({"provider_name": name, "domain": "example.com", name: options})
    return module_of(name).Provider(config)


@pytest.mark.parametrize("name", ADAPTERS)
def test_every_adapter_of_the_installed_lexicon_has_an_entry(name: str) -> None:
    assert CATALOG.provider(name).lexicon_name == name


@pytest.mark.parametrize("spec", OURS, ids=lambda spec: spec.name)
class TestOurs:
    def test_every_credential_in_the_catalog_is_an_option_of_the_adapter(self, spec: Any) -> None:
        assert set(spec.credentials) <= options_of(spec.lexicon_name)

    def test_every_option_of_the_adapter_is_in_the_catalog(self, spec: Any) -> None:
        assert options_of(spec.lexicon_name) <= set(spec.credentials)

    def test_its_module_binds_requests_once_by_name(self, spec: Any) -> None:
        module = bound_module(spec.lexicon_name)
        if spec.transport != "requests":
            assert "requests" not in vars(module)
            return
        assert vars(module)["requests"] is not requests
        assert vars(module)["requests"].exceptions is requests.exceptions
        source = inspect.getsource(module)
        assert source.splitlines().count("import requests") == 1
        # godaddy: what it mounts on its session is never asked
        assert "from requests" not in source.replace("from requests.adapters import HTTPAdapter", "")

    def test_requests_itself_is_untouched(self, spec: Any) -> None:
        bound_module(spec.lexicon_name)
        assert requests.request.__module__ == "requests.api"
        assert requests.Session.__module__ == "requests.sessions"

    def test_without_an_opened_zone_the_stand_in_is_requests(self, spec: Any) -> None:
        if spec.transport != "requests":
            return
        stand_in = vars(bound_module(spec.lexicon_name))["requests"]
        with stand_in.Session() as session:
            assert isinstance(session, requests.Session)

    def test_our_adapter_is_lexicons_with_lexicons_authenticate_below_it(self, spec: Any) -> None:
        module_name, _, class_name = spec.adapter.partition(":")
        ours = getattr(import_module(module_name), class_name)
        assert issubclass(ours, BaseProvider)
        assert module_of(spec.lexicon_name).Provider in ours.__mro__
        assert not inspect.isabstract(ours)

    def test_request_and_the_verbs_take_what_we_give_them(self, spec: Any) -> None:
        provider = module_of(spec.lexicon_name).Provider
        assert parameters(provider._request) == ["self", "action", "url", "data", "query_params"]
        assert parameters(provider._get) == ["self", "url", "query_params"]
        for verb in ("_post", "_put", "_patch"):
            assert parameters(getattr(provider, verb)) == ["self", "url", "data", "query_params"]
        assert parameters(provider._delete) == ["self", "url", "query_params"]
        assert parameters(provider.authenticate) == ["self"]


def test_a_resolver_with_one_dict_reads_neither_environment_nor_files(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEXICON_IONOS_API_KEY", "from-the-environment")
    assert made("ionos")._get_provider_option("api_key") is None
    assert made("ionos", api_key="given")._get_provider_option("api_key") == "given"


def test_a_resolver_asks_its_first_source_first_at_every_call_and_takes_another_resolver_as_one() -> None:
    """The shape ``verbs`` gives options call by call, a 0 among them, over the account's own resolver."""
    options: dict[str, Any] = {"domain": "sub.example.com"}
    account = ConfigResolver().with_dict({"domain": "example.com", "luadns": {"auth_token": "t"}})
    provider = module_of("luadns").Provider(ConfigResolver().with_dict(options).with_config_source(account))
    provider.provider_name = "luadns"
    assert provider.domain == "sub.example.com"
    assert provider._get_lexicon_option("ttl") == 3600
    options.update(ttl=0, priority=0)
    assert (provider._get_lexicon_option("ttl"), provider._get_lexicon_option("priority")) == (0, 0)
    assert provider._get_provider_option("auth_token") == "t"


def test_the_domain_is_an_attribute_that_requests_are_made_with() -> None:
    provider = made("gandi", auth_token="x", api_protocol="rest")
    assert provider.domain == "example.com"
    assert "self.domain" in inspect.getsource(type(provider).authenticate)


class TestOvh:
    def test_endpoints_session_clock_and_errors(self) -> None:
        keys = ("auth_application_key", "auth_application_secret", "auth_consumer_key")
        provider = made("ovh", auth_entrypoint="ovh-eu", **dict.fromkeys(keys, "x"))
        assert provider.endpoint_api == "https://eu.api.ovh.com/1.0"
        assert provider.session is None
        source = inspect.getsource(module_of("ovh").Provider.authenticate)
        for hook in ('self._get("/domain/zone/")', "/status", "requests.Session()", "raise AuthenticationError", "time_delta"):
            assert hook in source
        assert module_of("ovh").AuthenticationError is AuthenticationError
        assert set(CATALOG.provider("ovh").credentials["auth_entrypoint"].choices) == set(module_of("ovh").ENDPOINTS)


class TestGandi:
    def test_endpoint_and_protocol(self) -> None:
        provider = made("gandi", auth_token="x", api_protocol="rest")
        assert provider.api_endpoint == "https://api.gandi.net/v5/livedns"
        assert "/domains/{self.domain}" in inspect.getsource(type(provider).authenticate)


class TestIonos:
    def test_the_urls_are_built_from_one_base(self) -> None:
        assert module_of("ionos")._ZONES_API == "https://api.hosting.ionos.com/dns/v1/zones"
        source = inspect.getsource(module_of("ionos").Provider.authenticate)
        assert "self._get(_ZONES_API)" in source
        assert 'zone["name"] == self.domain' in source


class TestPowerDns:
    def test_endpoint_zone_copy_and_notify(self) -> None:
        provider = made("powerdns", auth_token="x", pdns_server="http://127.0.0.1:8081", **{"pdns-disable-notify": "1"})
        assert provider.api_endpoint == "http://127.0.0.1:8081/api/v1/servers/localhost"
        assert provider.disable_slave_notify == "1"
        assert provider._zone_data is None
        assert provider._ensure_dot("example.com") == "example.com."
        assert provider.notify_slaves() is False
        assert 'zone_data()["kind"] == "Master"' in inspect.getsource(type(provider).notify_slaves)
        assert "_may_monkeypatch_request" in inspect.getsource(type(provider)._request)


class TestRoute53:
    def test_the_options_and_the_bases_that_we_go_past_its_constructor_for(self) -> None:
        provider = module_of("route53").Provider
        assert provider.__mro__[1] is BaseProvider
        source = inspect.getsource(provider.__init__)
        assert [line.split(" = ")[0].strip() for line in source.splitlines() if line.strip().startswith("self.")] == [
            "self.domain_id",
            "self.private_zone",
            "self.r53_client",
        ]


class TestDdns:
    def test_the_key_and_the_server(self) -> None:
        provider = made("ddns", auth_token="hmac-sha256:name:c2VjcmV0", ddns_server="192.0.2.1:53")
        assert provider.endpoint == "192.0.2.1:53"
        (name,) = provider.keyring
        assert str(name) == "name."


class TestHetzner:
    def test_the_token_chooses_the_api_and_the_urls_are_built_from_one_base(self) -> None:
        module = module_of("hetzner")
        cloud = made("hetzner", auth_token="x")._hetzner_impl
        assert isinstance(cloud, module.HetznerCloud)
        assert isinstance(made("hetzner", auth_token="x" * 32)._hetzner_impl, module.HetznerDns)
        assert cloud.API_ENDPOINT == "https://api.hetzner.cloud/v1/zones"
        assert "self.API_ENDPOINT + url" in inspect.getsource(module.HetznerCloud._request)


class TestScaleway:
    def test_endpoint_and_records_url(self) -> None:
        provider = made("scaleway", auth_secret_key="x")
        assert provider.endpoint == "https://api.scaleway.com/domain/v2beta1"
        provider.domain_id = "example.com"
        assert provider._records_url() == "/dns-zones/example.com/records"
        assert "self.endpoint + url" in inspect.getsource(type(provider)._request)
