"""One spelling of a value, whichever way an API spells it, and of a relative name the zone's own."""

from __future__ import annotations

import dns.name
import dns.rdata
import pytest

from registrar_sync.core.canonical import other_from_text, other_of


@pytest.mark.parametrize("origin", ["example.com.", "example.net."])
@pytest.mark.parametrize(
    ("rtype", "text"),
    [
        ("A", "192.0.2.1"),
        ("AAAA", "2001:DB8:0::1"),
        ("CAA", '0 issue "letsencrypt.org"'),
        ("NS", "NS1.Example.org."),
        ("NS", "ns1"),
        ("CNAME", "@"),
        ("CNAME", "www.example"),
        ("PTR", r"odd\."),
        ("SRV", "0 5 443 Host.example.org."),
        ("SRV", "0 5 443 host"),
        ("NAPTR", '100 10 "u" "E2U+sip" "!^.*$!sip:a@b.c!" .'),
        ("RP", "mail txt.example.org."),
    ],
)
def test_it_is_as_the_zone_itself_would_read_it(rtype: str, text: str, origin: str) -> None:
    parsed = dns.rdata.from_text("IN", rtype, text, origin=dns.name.from_text(origin), relativize=False)
    assert other_from_text(rtype, text, origin) == other_of(parsed)


@pytest.mark.parametrize(("rtype", "text"), [("A", "no address"), ("NS", "two names."), ("ALIAS", "x  y."), ("CNAME", "a..b.")])
def test_what_no_parser_takes_stays_as_it_is(rtype: str, text: str) -> None:
    assert other_from_text(rtype, text, "example.com.").text == " ".join(text.split())
