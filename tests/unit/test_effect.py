"""By effect: what servers' data mean for the service, whoever wrote them."""

from __future__ import annotations

import pytest

from registrar_sync.core.effect import judge_effects, judge_enrolment
from registrar_sync.core.known import DnsQuestion, Known
from registrar_sync.core.model import Mx, Txt
from registrar_sync.core.observation import Answer, Observation, Server
from registrar_sync.core.visibility import ServerVerdict
from tests.unit.stage import OWNER, SERVICE, data

NS1 = Server(name="ns1.example.net.", address="192.0.2.1")
NS2 = Server(name="ns2.example.net.", address="192.0.2.2")
FILTER = "include:includespf.security-mail.net"
OTHER_TXT = "google-site-verification=abc"
OLD_SPF, NEW_SPF = "v=spf1 mx ~all", f"v=spf1 mx {FILTER} ~all"
FRANCE, EUROPE = "france.security-mail.net.", "europe.security-mail.net."
OLD_MX = (Mx(5, "mailgate.example.com."),)
NEW_MX = (Mx(3, FRANCE), Mx(4, EUROPE), *OLD_MX)
NULL_MX = (Mx(0, "."),)


def txt(*texts: str) -> Answer:
    return data(*(Txt((text.encode(),)) for text in texts)) if texts else Answer(status="absent")


def seen(texts: tuple[str, ...] = (), mx: tuple[Mx, ...] = (), *, server: Server = NS1, **answers: Answer) -> Observation:
    both = {"TXT": txt(*texts), "MX": data(*mx) if mx else Answer(status="absent")}
    return Observation(server=server, answers={**both, **answers})


def knowing(**records: str) -> Known:
    """A world where these SPF records stand at NAME.example."""
    return Known({DnsQuestion(f"{name}.example.", "TXT"): txt(text) for name, text in records.items()})


def judged(*observations: Observation, known: Known | None = None) -> list[ServerVerdict]:
    effects = judge_effects(OWNER, observations, SERVICE, known or Known())
    return list(judge_enrolment(effects, observations))


@pytest.mark.parametrize(
    ("spf", "mx"),
    [
        (NEW_SPF, NEW_MX),
        (f"V=SPF1 +{FILTER.upper()}. -all", NEW_MX),
        (f"v=spf1 {FILTER}", (Mx(0, FRANCE), Mx(1, EUROPE), Mx(2, "mx.example."))),
        (NEW_SPF, (Mx(50, FRANCE), Mx(10, EUROPE))),
    ],
)
def test_an_enrolment_shows_whoever_made_it_and_whatever_the_numbers(spf: str, mx: tuple[Mx, ...]) -> None:
    assert [row.verdict for row in judged(seen((OTHER_TXT, spf), mx))] == ["new"]


@pytest.mark.parametrize(
    ("texts", "mx", "why"),
    [
        ((OLD_SPF,), NEW_MX, "does not include includespf.security-mail.net"),
        ((f"v=spf1 mx ~all {FILTER}",), NEW_MX, f"{FILTER} stands after all"),
        ((f"v=spf1 mx ?{FILTER} ~all",), NEW_MX, f"?{FILTER} does not authorise"),
        ((f"v=spf1 mx ~{FILTER} ~all",), NEW_MX, f"~{FILTER} does not authorise"),
        ((f"v=spf1 mx -{FILTER} ~all",), NEW_MX, f"-{FILTER} does not authorise"),
        ((f"v=spf1 -{FILTER} {FILTER} ~all",), NEW_MX, f"-{FILTER} does not authorise"),
        (("v=spf1 include:other.example ~all",), NEW_MX, "does not include"),
        ((NEW_SPF, OLD_SPF), NEW_MX, "2 SPF records stand there"),
        ((f"v=spf1 ipv4:192.0.2.1 {FILTER} ~all",), NEW_MX, "SPF record is invalid: unknown mechanism"),
        ((f"v=spf1 include:a.exampleinclude:b.example {FILTER} ~all",), NEW_MX, "ran together"),
        ((OTHER_TXT,), NEW_MX, "no SPF record"),
        ((NEW_SPF,), (), "no MX"),
        ((NEW_SPF,), OLD_MX, "the MX hosts lack france.security-mail.net and europe.security-mail.net"),
        ((NEW_SPF,), NEW_MX[:1], "the MX hosts lack europe.security-mail.net"),
        ((NEW_SPF,), (*NEW_MX, Mx(3, "a.example.com.")), "mail also goes to 3 a.example.com"),
        ((NEW_SPF,), (*NEW_MX, Mx(4, "a.example.com.")), "mail also goes to 4 a.example.com"),
        ((NEW_SPF,), (Mx(4, FRANCE), Mx(3, EUROPE), *OLD_MX), "not in its order"),
        ((NEW_SPF,), (Mx(3, FRANCE), Mx(3, EUROPE), *OLD_MX), "not in its order"),
        ((NEW_SPF,), NULL_MX, "null MX"),
        ((NEW_SPF,), (*NEW_MX, *NULL_MX), "null MX"),
    ],
)
def test_what_is_no_enrolment_says_what_is_missing(texts: tuple[str, ...], mx: tuple[Mx, ...], why: str) -> None:
    (row,) = judged(seen(texts, mx), known=knowing(other="v=spf1 ip4:192.0.2.1 -all"))
    assert row.verdict == "other"
    assert why in row.detail


def test_neither_spf_nor_mx_is_absent_and_silence_is_unreachable() -> None:
    silent = seen((NEW_SPF,), server=NS2, MX=Answer(status="unreachable", detail="REFUSED"))
    verdicts = judged(seen((OTHER_TXT,)), silent)
    assert [(row.verdict, row.detail) for row in verdicts] == [("absent", ""), ("unreachable", "REFUSED")]


def test_an_alias_is_no_enrolment() -> None:
    alias = Answer(status="data", detail="CNAME to host.example.net")
    (row,) = judged(seen(TXT=alias, MX=alias))
    assert (row.verdict, row.detail) == ("other", "CNAME to host.example.net")


def test_verdicts_come_in_the_order_of_the_servers_each_on_its_own_data() -> None:
    verdicts = judged(seen((OLD_SPF,), OLD_MX, server=NS2), seen((NEW_SPF,), NEW_MX))
    assert [(row.server, row.verdict) for row in verdicts] == [(NS2, "other"), (NS1, "new")]


# --- through other records ----------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "spf",
    [
        "v=spf1 include:dc.example ~all",
        "v=spf1 mx include:outer.example -all",
        "v=spf1 redirect=dc.example",
        "v=spf1 redirect=includespf.security-mail.net",
        f"v=spf1 include:dc.example ?{FILTER} ~all",
    ],
)
def test_an_include_or_redirect_that_leads_to_the_service_authorises_it(spf: str) -> None:
    known = knowing(dc=f"v=spf1 {FILTER} -all", outer="v=spf1 include:dc.example -all")
    assert [row.verdict for row in judged(seen((spf,), NEW_MX), known=known)] == ["new"]


@pytest.mark.parametrize(
    "spf",
    [
        "v=spf1 -include:dc.example ~all",
        "v=spf1 ?include:dc.example ~all",
        "v=spf1 ~all include:dc.example",
        "v=spf1 redirect=dc.example ~all",
        "v=spf1 include:dead.example ~all",
        "v=spf1 include:forbids.example ~all",
        f"v=spf1 ?{FILTER} include:dc.example ~all",
        f"v=spf1 -{FILTER} redirect=dc.example",
        f"v=spf1 redirect=dc.example ?{FILTER}",
    ],
)
def test_what_is_dead_or_does_not_pass_on_the_way_does_not_authorise(spf: str) -> None:
    known = knowing(dc=f"v=spf1 {FILTER} -all", dead=f"v=spf1 -all {FILTER}", forbids=f"v=spf1 -{FILTER} +all")
    (row,) = judged(seen((spf,), NEW_MX), known=known)
    assert row.verdict == "other"


def test_what_stands_at_the_owner_is_never_asked_of_a_recursive_resolver() -> None:
    known = Known()
    judged(seen((f"v=spf1 include:{OWNER} include:dc.example mx ~all",), NEW_MX), known=known)
    assert known.wanted == {DnsQuestion("dc.example.", "TXT")}
