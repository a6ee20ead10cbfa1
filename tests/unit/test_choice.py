"""Which provider serves a domain, by the name servers that it is delegated to: one, or an error that says why not."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from registrar_sync.choice import Choice, choose, refuse_manual
from registrar_sync.core.observation import Delegation, Server
from registrar_sync.core.serving import behind, group_servers, is_under
from registrar_sync.errors import LookupFailed, ProviderManual, UnknownName, UsageError
from registrar_sync.ports import Resolver
from registrar_sync.providers.catalog import Catalog, load_catalog
from tests.unit.stage import SERVICE, JumpingClock, MemoryDns
from tests.unit.stage import Stage as _Stage

SUFFIXES = {
    "wide": ["example.net"],
    "narrow": ["dns.example.net"],
    "twin": ["dns.example.net"],
    "cloud": ["awsdns-*.co.uk", "awsdns-*.com"],
}


# --- names against suffixes ---------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("server", "suffix", "fits"),
    [
        ("ns1.ovh.net.", "ovh.net", True),
        ("NS1.OVH.NET.", "ovh.net", True),
        ("ovh.net.", "ovh.net", True),
        ("ns1.notovh.net.", "ovh.net", False),
        ("ns1.ovh.net.example.com.", "ovh.net", False),
        ("net.", "ovh.net", False),
        ("ns-1.awsdns-07.co.uk.", "awsdns-*.co.uk", True),
        ("ns-1.awsdns-07.evil.co.uk.", "awsdns-*.co.uk", False),
    ],
)
def test_a_suffix_fits_whole_labels_in_any_case(server: str, suffix: str, fits: bool) -> None:
    assert is_under(server, suffix) is fits


@pytest.mark.parametrize(
    ("server", "providers"),
    [
        ("ns.example.net.", ("wide",)),
        ("ns.dns.example.net.", ("narrow", "twin")),
        ("ns-1.awsdns-07.com.", ("cloud",)),
        ("ns.example.org.", ()),
    ],
)
def test_the_longest_suffix_wins_and_equals_do_not(server: str, providers: tuple[str, ...]) -> None:
    assert behind(server, SUFFIXES) == providers


def test_servers_are_grouped_by_whose_they_may_be() -> None:
    groups = group_servers(["a.example.net.", "b.example.net.", "a.example.net.", "c.example.org."], SUFFIXES)
    assert groups == {("wide",): ("a.example.net.", "b.example.net."), (): ("c.example.org.",)}


# --- the catalog's providers and the operator's accounts ----------------------------------------------------------------
class Delegating(MemoryDns):
    """Says who serves the zone ``example.com``, for every name in it."""

    told: Delegation | None = None
    asked: int = 0

    def delegation(self, owner: str) -> Delegation:
        self.asked += 1
        if self.told is None:
            raise LookupFailed("The name servers could not be looked up.")
        return self.told


@pytest.fixture
def dns(tmp_path: Path) -> Delegating:
    return Delegating(_Stage(tmp_path).provider, JumpingClock())


def served_by(dns: Delegating, *names: str) -> Delegating:
    dns.told = Delegation(zone="example.com.", servers=tuple(Server(name=name, address="192.0.2.1") for name in names))
    return dns


def catalog(folder: Path, **accounts: str) -> Catalog:
    file = folder / "providers.yaml"
    file.write_text(yaml.safe_dump({"accounts": {name: {"provider": provider} for name, provider in accounts.items()}}))
    return load_catalog(file)


def detected(known: Catalog, dns: Resolver, domain: str = "www.example.com.") -> Choice:
    return choose(known, "auto", None, domain=domain, resolver=lambda: dns)


def test_one_provider_without_a_declared_account_is_the_one_of_its_own_name(tmp_path: Path, dns: Delegating) -> None:
    found = detected(catalog(tmp_path), served_by(dns, "ns1.ovh.net.", "dns1.anycast.me."))
    assert (found.account.name, found.account.sandbox) == ("ovh", False)
    assert found.how == "example.com is served by dns1.anycast.me, ns1.ovh.net: provider ovh"


def test_its_one_declared_account_is_taken(tmp_path: Path, dns: Delegating) -> None:
    found = detected(catalog(tmp_path, customers="ovh", other="gandi"), served_by(dns, "DNS7.ovh.net."))
    assert found.account.name == "customers"
    assert found.how.endswith("provider ovh, account customers")


def refusal(known: Catalog, dns: Resolver) -> UsageError:
    with pytest.raises(UsageError) as caught:
        detected(known, dns)
    assert "Nothing was changed" in caught.value.message
    return caught.value


def test_two_declared_accounts_are_not_chosen_between(tmp_path: Path, dns: Delegating) -> None:
    error = refusal(catalog(tmp_path, one="ovh", two="ovh"), served_by(dns, "ns1.ovh.net."))
    assert "--account one or --account two" in error.hint


@pytest.mark.parametrize(
    ("names", "told"),
    [
        (("ns1.ovh.net.", "ns-1.gandi.net."), ("--provider gandi", "--provider ovh")),
        (("ns1.ovh.net.", "ns1.example.com."), ("--provider ovh", "nobody known here")),
    ],
)
def test_servers_of_several_hands_are_not_chosen_between(
    tmp_path: Path, dns: Delegating, names: tuple[str, ...], told: tuple[str, ...]
) -> None:
    error = refusal(catalog(tmp_path), served_by(dns, *names))
    assert all(one in error.message + error.hint for one in told)


def test_two_providers_with_the_same_servers_are_not_chosen_between(tmp_path: Path, dns: Delegating) -> None:
    known = catalog(tmp_path)
    twins = {name: spec.model_copy(update={"nameservers": ["twins.example"]}) for name, spec in known.providers.items()}
    both = Catalog({name: twins[name] for name in ("ovh", "gandi")}, {}, {})
    assert "gandi or --provider ovh" in refusal(both, served_by(dns, "ns.twins.example.")).hint


def test_servers_of_nobody_are_named_and_the_list_is_pointed_to(tmp_path: Path, dns: Delegating) -> None:
    error = refusal(catalog(tmp_path), served_by(dns, "ns1.example.com.", "ns2.example.com."))
    assert "ns1.example.com, ns2.example.com" in error.message
    assert "registrar-sync providers list" in error.hint


def test_a_domain_that_nobody_delegates(tmp_path: Path, dns: Delegating) -> None:
    dns.told = Delegation(zone=None, servers=())
    assert "knows no name servers" in refusal(catalog(tmp_path), dns).message


def test_servers_that_the_operator_named_tell_no_provider(tmp_path: Path, dns: Delegating) -> None:
    dns.told = Delegation(zone=None, servers=(Server(name="127.0.0.1", address="127.0.0.1"),), source="operator")
    assert "--provider NAME" in refusal(catalog(tmp_path), dns).hint


def test_a_delegation_that_cannot_be_found_out_is_no_provider(tmp_path: Path, dns: Delegating) -> None:
    with pytest.raises(LookupFailed):
        detected(catalog(tmp_path), dns)


# --- what was named -----------------------------------------------------------------------------------------------------
def test_nobody_is_asked_where_a_provider_or_an_account_is_named(tmp_path: Path, dns: Delegating) -> None:
    known = catalog(tmp_path, customers="ovh")
    for provider, account, name in (
        ("gandi", None, "gandi"),
        (None, "customers", "customers"),
        ("auto", "customers", "customers"),
    ):
        assert choose(known, provider, account, domain="example.com.", resolver=lambda: dns).account.name == name
    assert dns.asked == 0


def test_nothing_named_and_a_name_that_does_not_fit_are_wrong_usage(tmp_path: Path, dns: Delegating) -> None:
    known = catalog(tmp_path, customers="ovh")
    with pytest.raises(UsageError, match="No provider was named"):
        choose(known, None, None, domain="example.com.", resolver=lambda: dns)
    with pytest.raises(UnknownName, match="belongs to ovh"):
        choose(known, "gandi", "customers", domain="example.com.", resolver=lambda: dns)


def test_many_domains_have_no_one_provider(tmp_path: Path, dns: Delegating) -> None:
    with pytest.raises(UsageError, match="one domain"):
        choose(catalog(tmp_path), "auto", None, domain=None, resolver=lambda: dns)


def test_what_cannot_be_written_to_is_refused_with_what_to_enter_by_hand() -> None:
    (spec, *_) = (spec for spec in load_catalog().providers.values() if spec.tier == "manual")
    with pytest.raises(ProviderManual, match=spec.name) as caught:
        refuse_manual(spec, SERVICE, "example.com.")
    assert "registrar-sync spf example.com" in caught.value.hint
    assert "3 france.security-mail.net, 4 europe.security-mail.net" in caught.value.hint
    assert "registrar-sync check example.com" in caught.value.hint
