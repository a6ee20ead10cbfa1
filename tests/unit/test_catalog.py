"""providers.yaml: what it says, and how its faults are told."""

from __future__ import annotations

import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest

from registrar_sync.core.service import ServiceExchange
from registrar_sync.errors import ConfigInvalid, UnknownName
from registrar_sync.providers.catalog import Catalog, json_schema, load_catalog, shipped_file


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

    def test_four_are_certified_and_no_other_is_tried(self, shipped: Catalog) -> None:
        certified = {spec.name for spec in shipped.providers.values() if spec.tier == "certified"}
        assert certified == {"powerdns", "ovh", "gandi", "ionos"}
        rest = [spec for spec in shipped.providers.values() if spec.name not in certified]
        assert {(spec.tier, spec.reason) for spec in rest} == {("manual", "not yet verified")}

    def test_a_certified_provider_says_what_it_was_verified_against_and_what_cannot_be_tested(self, shipped: Catalog) -> None:
        for name in ("powerdns", "ovh", "gandi", "ionos"):
            spec = shipped.provider(name)
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
        assert set(json_schema()["properties"]) == {"providers", "accounts", "services"}


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
