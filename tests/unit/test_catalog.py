"""providers.yaml: what it says, and how its faults are told."""

from __future__ import annotations

import importlib
import os
import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest

from registrar_sync.core.service import ServiceExchange
from registrar_sync.errors import ConfigInvalid, ProviderManual, UnknownName
from registrar_sync.providers.catalog import Catalog, json_schema, load_catalog, shipped_file
from registrar_sync.providers.lexicon_zone import LexiconZone
from tests.unit.loopback import FakeClock


@pytest.fixture(scope="module")
def shipped() -> Catalog:
    return load_catalog()


def written(folder: Path, text: str, mode: int = 0o600) -> Path:
    path = folder / "providers.yaml"
    path.write_bytes(text.encode())
    path.chmod(mode)
    return path


class TestShipped:
    def test_every_adapter_of_lexicon_has_an_entry_and_no_other_has(self, shipped: Catalog) -> None:
        from lexicon._private import providers

        adapters = {module.name for module in pkgutil.iter_modules(providers.__path__)} - {"auto", "base"}
        assert {spec.lexicon_name for spec in shipped.providers.values()} == adapters
        assert len(adapters) == 90

    def test_twelve_are_certified(self, shipped: Catalog) -> None:
        certified = {spec.name for spec in shipped.providers.values() if spec.tier == "certified"}
        four = {"powerdns", "ovh", "gandi", "ionos"}
        eight = {"ddns", "cloudflare", "route53", "godaddy", "digitalocean", "hetzner", "scaleway", "infomaniak"}
        assert certified == four | eight

    def test_what_each_provider_can_do(self, shipped: Catalog) -> None:
        """Issue 5: at least 38 with SPF and MX, at least 70 with SPF, and a reason for each of the others."""
        writes = [spec.writes for spec in shipped.providers.values()]
        assert sum("MX" in types for types in writes) >= 38
        assert sum("TXT" in types for types in writes) >= 70
        for spec in shipped.providers.values():
            assert spec.reason or set(spec.writes) == {"TXT", "MX"}, spec.name

    def test_a_certified_provider_says_what_it_was_verified_against_and_what_cannot_be_tested(self, shipped: Catalog) -> None:
        for spec in (spec for spec in shipped.providers.values() if spec.tier == "certified"):
            assert spec.verified
            assert spec.untestable
            assert spec.budget_source
            assert all(credential.help for credential in spec.credentials.values())

    @pytest.mark.parametrize("alias", ["1and1", "1&1", "IONOS", "1AND1"])
    def test_ionos_answers_to_the_name_it_had(self, shipped: Catalog, alias: str) -> None:
        assert shipped.provider(alias).name == "ionos"
        assert shipped.account(alias).name == "ionos"

    def test_the_service_of_the_seed_document(self, shipped: Catalog) -> None:
        service = shipped.service("security-mail")
        assert service.include == "includespf.security-mail.net."
        assert (service.all_qualifier, service.ttl, service.equal_preferences) == ("~", 10800, False)
        assert service.exchanges == (
            ServiceExchange(exchange="france.security-mail.net.", below=3, replace=50),
            ServiceExchange(exchange="europe.security-mail.net.", below=4, replace=10),
        )

    def test_the_sandbox_is_an_account_that_speaks_as_ovh(self, shipped: Catalog) -> None:
        account = shipped.account("sandbox")
        assert account.sandbox
        assert account.provider.name == "ovh"

    @pytest.mark.parametrize(
        ("wrong", "near"), [("gandy", "gandi"), ("powerdsn", "powerdns"), ("ov", "ovh"), ("sandbxo", "sandbox")]
    )
    def test_a_name_that_does_not_exist_brings_the_nearest(self, shipped: Catalog, wrong: str, near: str) -> None:
        with pytest.raises(UnknownName) as raised:
            shipped.account(wrong)
        assert near in raised.value.hint

    def test_an_unknown_provider_and_service(self, shipped: Catalog) -> None:
        with pytest.raises(UnknownName, match="no provider called 'nobody-at-all'"):
            shipped.provider("nobody-at-all")
        with pytest.raises(UnknownName, match="no service called 'security-male'") as raised:
            shipped.service("security-male")
        assert "security-mail" in raised.value.hint

    def test_a_provider_is_an_account_of_its_own_name_with_lexicons_variables(self, shipped: Catalog) -> None:
        account = shipped.account("ovh")
        assert account.references == {}  # nothing of its own: credentials come from LEXICON_OVH_...
        settings = account.settings({"auth_application_key": "k", "auth_consumer_key": ""})
        assert settings.credentials == {"auth_application_key": "k"}
        assert "'k'" not in repr(settings)

    def test_reading_it_imports_neither_lexicon_nor_requests_nor_sqlalchemy(self) -> None:
        program = (
            "import sys; from registrar_sync.providers.catalog import load_catalog; load_catalog();"
            "print(sorted({name.split('.')[0] for name in sys.modules} & {'lexicon', 'requests', 'sqlalchemy', 'dns'}))"
        )
        done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
        assert done.stdout.strip() == "[]"

    def test_the_schema_names_every_part(self) -> None:
        assert set(json_schema()["properties"]) == {"providers", "accounts", "services", "recursives", "doh"}


class TestOperatorsFile:
    def test_an_account_and_a_service_are_added_and_a_provider_is_changed_key_by_key(self, tmp_path: Path) -> None:
        file = written(
            tmp_path,
            """
providers:
  gandi: {budget_s: 60, rate: {calls: 10, per_s: 1}}
accounts:
  mine:
    provider: gandi
    credentials: {auth_token: env:MY_TOKEN}
    endpoint: https://api.sandbox.gandi.net/v5/livedns
    resolvers: ["192.0.2.53"]
    concurrency: 2
    call_limit_s: 30
services:
  other:
    include: spf.example.net
    exchanges: [{exchange: mx.example.net, below: 1, replace: 10}]
""",
        )
        catalog = load_catalog(file)
        account = catalog.account("mine")
        assert (account.budget_s, account.concurrency, account.call_limit_s, account.read_back_s) == (60, 2, 30, 10)
        assert account.rate is not None
        assert account.rate.calls == 10
        assert account.resolvers == ("192.0.2.53",)
        assert account.references == {"auth_token": "env:MY_TOKEN"}
        assert account.settings({"auth_token": "t"}).endpoint == "https://api.sandbox.gandi.net/v5/livedns"
        assert account.provider.adapter == load_catalog().provider("gandi").adapter
        assert catalog.service("other").include == "spf.example.net."
        assert catalog.service("security-mail").ttl == 10800

    def test_an_endpoint_that_the_adapter_takes_as_an_option_is_one_of_the_credentials(self, tmp_path: Path) -> None:
        file = written(tmp_path, "accounts: {ns: {provider: powerdns, endpoint: 'https://ns.example.net:8443'}}")
        assert load_catalog(file).account("ns").references == {
            "auth_token": "env:LEXICON_POWERDNS_AUTH_TOKEN",
            "pdns_server": "https://ns.example.net:8443",
        }

    def test_an_account_of_a_providers_name_holds_for_its_aliases_too(self, tmp_path: Path) -> None:
        file = written(tmp_path, "accounts: {ionos: {provider: 1and1, credentials: {api_key: 'env:KEY'}}}")
        assert load_catalog(file).account("1&1").references == {"api_key": "env:KEY"}

    @pytest.mark.parametrize("text", ["", "# nothing\n", "accounts:\nservices:\n"])
    def test_a_file_that_says_nothing_is_fine(self, tmp_path: Path, text: str) -> None:
        assert load_catalog(written(tmp_path, text)).accounts() == ["sandbox"]

    def test_a_secret_written_out_is_taken_with_a_warning_from_a_file_that_only_its_owner_reads(self, tmp_path: Path) -> None:
        text = "accounts:\n  mine:\n    provider: gandi\n    credentials:\n      auth_token: hunter2hunter2\n"
        catalog = load_catalog(written(tmp_path, text))
        assert catalog.account("mine").references == {"auth_token": "hunter2hunter2"}
        assert "line 5" in catalog.warnings[0]
        assert not [shown for shown in (*catalog.warnings, repr(catalog.account("mine"))) if "hunter2" in shown]

    @pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644])
    def test_a_secret_written_out_where_others_can_read_it_is_refused(self, tmp_path: Path, mode: int) -> None:
        text = "accounts:\n  mine:\n    provider: gandi\n    credentials:\n      auth_token: hunter2hunter2\n"
        with pytest.raises(ConfigInvalid) as raised:
            load_catalog(written(tmp_path, text, mode))
        assert "line 5, key accounts.mine.credentials.auth_token" in raised.value.message
        assert "chmod 600" in raised.value.message
        assert "hunter2" not in raised.value.message

    def test_what_is_no_secret_may_be_read_by_others(self, tmp_path: Path) -> None:
        text = "accounts: {mine: {provider: ovh, credentials: {auth_entrypoint: ovh-ca, auth_consumer_key: env:C}}}"
        assert load_catalog(written(tmp_path, text, 0o644)).warnings == ()


def refused(file: Path) -> ConfigInvalid:
    with pytest.raises(ConfigInvalid) as raised:
        load_catalog(file)
    return raised.value


class TestWhoMayWriteTheOperatorsFile:
    HARMLESS = "accounts: {mine: {provider: ovh, endpoint: 'https://elsewhere.example/1.0'}}"

    @pytest.mark.parametrize("mode", [0o620, 0o602, 0o666, 0o664])
    def test_a_file_that_others_can_write_decides_nothing(self, tmp_path: Path, mode: int) -> None:
        file = written(tmp_path, self.HARMLESS, mode)
        fault = refused(file)
        assert str(file) in fault.message
        assert "decides where credentials go" in fault.message
        assert f"chmod 600 {file}" in fault.hint

    def test_of_a_symbolic_link_the_target_counts(self, tmp_path: Path) -> None:
        target = written(tmp_path, self.HARMLESS)
        link = tmp_path / "link.yaml"
        link.symlink_to(target)
        assert load_catalog(link).account("mine").endpoint == "https://elsewhere.example/1.0"
        target.chmod(0o646)
        assert "decides where credentials go" in refused(link).message

    @pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
    def test_a_file_of_another_user_decides_nothing(self, tmp_path: Path) -> None:
        file = written(tmp_path, self.HARMLESS)
        os.chown(file, 12345, 12345)
        assert "another user (uid 12345)" in refused(file).message

    def test_neither_root_nor_the_user_is_another_user(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        file = written(tmp_path, self.HARMLESS)
        owner = file.stat().st_uid
        monkeypatch.setattr(os, "geteuid", lambda: owner + 1)
        if owner == 0:
            load_catalog(file)
        else:
            assert f"another user (uid {owner})" in refused(file).message


class TestWhatIsFixed:
    @pytest.mark.parametrize(
        ("key", "value"),
        [
            ("tier", "certified"),
            ("tier", "spf-only"),
            ("shape", "record"),
            ("adapter", "registrar_sync.providers.adapters.ovh:OvhZone"),
            ("lexicon", "ovh"),
            ("staged", "true"),
            ("transport", "sdk"),
            ("endpoint", "{}"),
            ("endpoint", "{option: x}"),
            ("dialect", "{ttl_words: {0: 600}}"),
            ("conditional_write", "true"),
            ("credential_errors", "[]"),
            ("http", "{busy_statuses: [500]}"),
        ],
    )
    def test_how_a_certified_provider_is_spoken_to(self, tmp_path: Path, key: str, value: str) -> None:
        file = written(tmp_path, f"providers:\n  gandi:\n    rate: {{calls: 1, per_s: 1}}\n    {key}: {value}\n")
        message = refused(file).message
        assert message.startswith(f"{file}, line 4, key providers.gandi.{key}: this is fixed for a certified provider")

    @pytest.mark.parametrize(
        ("option", "key", "value"),
        [("auth_token", "secret", "false"), ("api_protocol", "fixed", "false"), ("api_protocol", "default", "rpc")],
    )
    def test_what_is_secret_and_what_has_its_one_value(self, tmp_path: Path, option: str, key: str, value: str) -> None:
        file = written(tmp_path, f"providers: {{gandi: {{credentials: {{{option}: {{{key}: {value}}}}}}}}}")
        assert f"key providers.gandi.credentials.{option}.{key}: this is fixed" in refused(file).message

    def test_what_is_the_operators_own_affair_is_merged_key_by_key(self, tmp_path: Path) -> None:
        text = """
providers:
  ovh:
    rate: {calls: 10}
    ttl: {min: 600}
    read_back_s: 3
    budget_s: 4
    call_limit_s: 5
    nameservers: [example.net]
    aliases: [ovhcloud]
    credentials: {auth_consumer_key: {help: "In the safe."}}
    verified: {against: the live API}
"""
        before = load_catalog().provider("ovh")
        spec = load_catalog(written(tmp_path, text)).provider("ovhcloud")
        assert spec.rate is not None
        assert (spec.rate.calls, spec.rate.per_s) == (10, 60)
        assert (spec.ttl.min, spec.ttl.max) == (600, 2147483647)
        assert (spec.read_back_s, spec.budget_s, spec.call_limit_s, spec.nameservers) == (3, 4, 5, ["example.net"])
        assert list(spec.credentials) == list(before.credentials)
        assert spec.credentials["auth_consumer_key"].help == "In the safe."
        assert spec.credentials["auth_consumer_key"].secret
        assert spec.verified is not None
        assert before.verified is not None
        assert (spec.verified.against, spec.verified.when) == ("the live API", before.verified.when)
        assert (spec.dialect, spec.endpoint, spec.staged) == (before.dialect, before.endpoint, before.staged)

    @pytest.mark.parametrize("tier", ["certified", "dialect", "spf-only"])
    @pytest.mark.parametrize("name", ["gehirn", "of-my-own"])
    def test_no_tier_is_raised(self, tmp_path: Path, name: str, tier: str) -> None:
        adapter = "registrar_sync.providers.adapters.gandi:GandiZone"
        file = written(tmp_path, f"providers:\n  {name}:\n    shape: rrset\n    adapter: {adapter}\n    tier: {tier}\n")
        assert f"line 5, key providers.{name}.tier: the tier stays manual" in refused(file).message

    def test_a_provider_that_is_not_certified_stays_refused(self, tmp_path: Path) -> None:
        text = "providers: {gehirn: {shape: rrset, adapter: 'registrar_sync.providers.adapters.gandi:GandiZone'}}"
        account = load_catalog(written(tmp_path, text)).account("gehirn")
        with pytest.raises(ProviderManual):
            LexiconZone(account.provider, account.settings({}), FakeClock())

    @pytest.mark.parametrize(
        "adapter",
        [
            "os:system",
            "subprocess:Popen",
            "ovh",
            ":x",
            "nosuch.module:X",
            "antigravity:fly_module",
            "registrar_sync.providers.adapters.nosuch:X",
            "registrar_sync.providers.adapters.ovh:importlib",
            "registrar_sync.providers.adapters.ovh:OvhZone.session",
            "registrar_sync.providers.adapters.ovh:OvhZone\\n",
            "registrar_sync.providers.adapters.sub.ovh:OvhZone",
            "registrar_sync.providers.adapters.__init__:X",
            "registrar_sync.providers.adapters.:X",
            "registrar_sync.wiring:World",
        ],
    )
    @pytest.mark.parametrize("name", ["ovh", "gehirn"])
    def test_only_an_adapter_of_this_package_can_be_named(self, tmp_path: Path, adapter: str, name: str) -> None:
        file = written(tmp_path, f'providers:\n  {name}:\n    adapter: "{adapter}"\n')
        assert f"line 3, key providers.{name}.adapter: it names no adapter of this package" in refused(file).message

    def test_every_adapter_of_the_shipped_catalog_exists(self, shipped: Catalog) -> None:
        for spec in shipped.providers.values():
            if spec.adapter is not None:
                module, _, name = spec.adapter.partition(":")
                assert isinstance(getattr(importlib.import_module(module), name), type)


class TestOrderOfAServicesHosts:
    TEXT = "services:\n  s:\n    include: x.net\n    equal_preferences: {equal}\n    exchanges:\n    - {first}\n    - {second}\n"

    @pytest.mark.parametrize(
        ("equal", "first", "second", "key", "said"),
        [
            ("false", ("a.net", 5, 1), ("b.net", 4, 2), "below", "4 follows 5"),
            ("true", ("a.net", 5, 1), ("b.net", 4, 2), "below", "4 follows 5"),
            ("false", ("a.net", 5, 1), ("b.net", 5, 2), "below", "5 follows 5"),
            ("false", ("a.net", 4, 1), ("b.net", 5, 1), "replace", "1 is given twice"),
            ("false", ("a.net", 4, 1), ("A.net.", 5, 2), "exchange", "a.net. is named twice"),
            ("true", ("a.net", 4, 1), ("a.net", 4, 1), "exchange", "a.net. is named twice"),
        ],
    )
    def test_hosts_whose_order_cannot_be_kept_are_refused(
        self, tmp_path: Path, equal: str, first: tuple[str, int, int], second: tuple[str, int, int], key: str, said: str
    ) -> None:
        file = written(tmp_path, self.TEXT.format(equal=equal, first=self.entry(*first), second=self.entry(*second)))
        message = refused(file).message
        assert message.startswith(f"{file}, line 7, key services.s.exchanges.1.{key}: ")
        assert said in message

    @pytest.mark.parametrize(
        ("equal", "second"), [("true", ("b.net", 4, 9)), ("true", ("b.net", 5, 10)), ("false", ("b.net", 5, 3))]
    )
    def test_hosts_in_order_are_taken(self, tmp_path: Path, equal: str, second: tuple[str, int, int]) -> None:
        first = self.entry("a.net", 4, 9)
        file = written(tmp_path, self.TEXT.format(equal=equal, first=first, second=self.entry(*second)))
        assert len(load_catalog(file).service("s").exchanges) == 2

    @staticmethod
    def entry(exchange: str, below: int, replace: int) -> str:
        return f"{{exchange: {exchange}, below: {below}, replace: {replace}}}"


# text, line, key (as told), and a piece of what is said
FAULTS = {
    "unknown-section": ("account: {}\n", 1, "account", "no such key"),
    "unknown-key": ("accounts:\n  a:\n    provider: ovh\n    speed: 3\n", 4, "accounts.a.speed", "no such key"),
    "missing-key": ("accounts:\n  a:\n    concurrency: 3\n", 2, "accounts.a.provider", "missing"),
    "text-for-a-number": ("accounts:\n  a: {provider: ovh,\n     concurrency: many}\n", 3, "accounts.a.concurrency", "integer"),
    "number-in-quotes": ("accounts:\n  a: {provider: ovh, concurrency: '3'}\n", 2, "accounts.a.concurrency", "integer"),
    "yes-for-a-number": ("accounts:\n  a: {provider: ovh, read_back_s: yes}\n", 2, "accounts.a.read_back_s", "number"),
    "number-for-a-text": ("accounts:\n  a: {provider: 1}\n", 2, "accounts.a.provider", "string"),
    "list-for-a-mapping": ("accounts:\n- provider: ovh\n", 1, "accounts", "dictionary"),
    "out-of-range": ("accounts:\n  a:\n    provider: ovh\n    concurrency: 0\n", 4, "accounts.a.concurrency", "greater than"),
    "unknown-provider": ("accounts:\n  a:\n    provider: ovhh\n", 3, "accounts.a.provider", "'ovhh'"),
    "unknown-option": (
        "accounts:\n  a:\n    provider: ovh\n    credentials:\n      token: env:X\n",
        5,
        "accounts.a.credentials.token",
        "auth_consumer_key",
    ),
    "reference-of-a-later-version": (
        "accounts:\n  a:\n    provider: gandi\n    credentials: {auth_token: 'keyring:x/y'}\n",
        4,
        "accounts.a.credentials.auth_token",
        "env: and file:",
    ),
    "endpoint-without-tls": ("accounts:\n  a: {provider: ovh, endpoint: 'http://x.net'}\n", 2, "accounts.a.endpoint", "https"),
    "endpoint-where-there-is-one-only": (
        "accounts:\n  a:\n    provider: gehirn\n    endpoint: https://x.net\n",
        4,
        "accounts.a.endpoint",
        "gehirn takes no other endpoint",
    ),
    "service-without-hosts": ("services:\n  s: {include: x.net, exchanges: []}\n", 2, "services.s.exchanges", "at least 1"),
    "service-that-is-no-name": (
        "services:\n  s:\n    include: 'x y'\n    exchanges: [{exchange: m.net, below: 1, replace: 1}]\n",
        3,
        "services.s.include",
        "'x y' is not a domain name",
    ),
    "preference-too-large": (
        "services:\n  s:\n    include: x.net\n    exchanges:\n    - {exchange: m.net, below: 1, replace: 65536}\n",
        5,
        "services.s.exchanges.0.replace",
        "65535",
    ),
    "manual-without-a-reason": ("providers:\n  x: {tier: manual}\n", 2, "providers.x", "reason"),
    "certified-without-an-adapter": ("providers:\n  x: {tier: certified}\n", 2, "providers.x", "adapter"),
    "alias-of-another": ("providers:\n  x: {tier: manual, reason: y, aliases: [1and1]}\n", 2, "providers.x", "already names"),
    "a-key-twice": ("accounts:\n  a: {provider: ovh}\n  a: {provider: gandi}\n", 3, "accounts.a", "twice (first in line 2)"),
    "a-tab": ("accounts:\n\ta: {provider: ovh}\n", 2, "", "tab"),
    "an-open-bracket": ("accounts: {a: {provider: ovh\n", 2, "", "not valid YAML"),
    "bad-indentation": ("accounts:\n  a:\n   provider: ovh\n  credentials: x: y\n", 4, "", "not valid YAML"),
    "two-documents": ("accounts: {}\n---\naccounts: {}\n", 2, "", "not valid YAML"),
    "a-python-object": ("accounts: !!python/object/apply:os.system ['true']\n", 1, "", "not valid YAML"),
    "an-alias": ("accounts: &a {}\nservices: *a\n", 2, "services", "aliases"),
    "an-alias-in-itself": ("accounts: &a\n  b: *a\n", 2, "accounts.b", "aliases"),
    "a-list": ("- accounts\n", 1, "", "must hold keys"),
    "a-text": ("accounts\n", 1, "", "must hold keys"),
    "an-impossible-date": (
        "providers:\n  x: {tier: manual, reason: y, verified: {against: a, when: 2026-99-99}}\n",
        1,
        "",
        "month must be",
    ),
    "control-characters": ("accounts: \x07\n", 1, "", "not valid YAML"),
    "without-end": ("[" * 3000 + "]" * 3000, 1, "", "cannot be read as YAML"),
}


@pytest.mark.parametrize(("text", "line", "key", "said"), FAULTS.values(), ids=FAULTS)
def test_a_fault_is_told_with_file_line_and_key(tmp_path: Path, text: str, line: int, key: str, said: str) -> None:
    file = written(tmp_path, text)
    with pytest.raises(ConfigInvalid) as raised:
        load_catalog(file)
    where = f"{file}, line {line}" + (f", key {key}: " if key else ": ")
    assert raised.value.message.startswith(where), raised.value.message
    assert said in raised.value.message
    assert raised.value.changed == "no"


def test_a_file_that_is_not_there_or_no_text(tmp_path: Path) -> None:
    with pytest.raises(ConfigInvalid, match="No such file"):
        load_catalog(tmp_path / "nowhere.yaml")
    with pytest.raises(ConfigInvalid, match="directory"):
        load_catalog(tmp_path)
    binary = tmp_path / "binary.yaml"
    binary.write_bytes(b"accounts: \xff\xfe")
    with pytest.raises(ConfigInvalid, match="not UTF-8"):
        load_catalog(binary)


def test_a_value_in_the_wrong_place_is_not_repeated_in_the_message(tmp_path: Path) -> None:
    file = written(tmp_path, "accounts:\n  a:\n    provider: gandi\n    credentials: hunter2hunter2\n")
    with pytest.raises(ConfigInvalid) as raised:
        load_catalog(file)
    assert "hunter2" not in raised.value.message


def test_the_shipped_file_is_found_from_a_working_copy_or_beside_the_package() -> None:
    assert shipped_file().name == "providers.yaml"
    assert shipped_file().exists()
