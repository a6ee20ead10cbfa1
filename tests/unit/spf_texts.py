"""SPF records made at random, from the grammar (RFC 7208 section 12)."""

from __future__ import annotations

import string

from hypothesis import strategies as st

LABEL = st.text(string.ascii_letters + string.digits, min_size=1, max_size=8)
DOMAINS = st.builds(lambda first, tld: f"{first}.{tld}", LABEL, st.sampled_from(["example", "Example", "com.", "x-1.net"]))
SPECS = st.one_of(DOMAINS, st.sampled_from(["%{i}._ip.%{h}._spf.%{d}", "%{ir}.%{v}.%{d2r-}", "a%%b.example", "%{L+-=}"]))
QUALIFIERS = st.sampled_from(["", "+", "-", "~", "?"])
MECHANISMS = st.one_of(
    st.builds("{}include:{}".format, QUALIFIERS, SPECS),
    st.builds("{}{}:{}{}".format, QUALIFIERS, st.sampled_from(["a", "MX"]), SPECS, st.sampled_from(["", "/24", "/0//64"])),
    st.builds("{}{}{}".format, QUALIFIERS, st.sampled_from(["a", "mx", "A"]), st.sampled_from(["", "/32", "//128"])),
    st.builds("{}exists:{}".format, QUALIFIERS, SPECS),
    st.builds("{}ip4:{}{}".format, QUALIFIERS, st.ip_addresses(v=4), st.sampled_from(["", "/0", "/32"])),
    st.builds("{}IP6:{}{}".format, QUALIFIERS, st.ip_addresses(v=6), st.sampled_from(["", "/48"])),
    st.sampled_from(["ptr", "~ptr:x.example"]),
)
UNKNOWN_MODIFIERS = st.builds("x{}={}".format, LABEL, st.sampled_from(["", "a:b/c,d", "%{c}%-", "v=1"]))
ALLS = st.builds("{}{}".format, QUALIFIERS, st.sampled_from(["all", "ALL"]))


@st.composite
def records(draw: st.DrawFn) -> str:
    """A valid record: terms in any order, one ``redirect`` and ``exp`` at most, runs of spaces."""
    terms = draw(st.lists(st.one_of(MECHANISMS, UNKNOWN_MODIFIERS, ALLS), max_size=8))
    for modifier in draw(st.sets(st.sampled_from(["redirect=_spf.example.net", "exp=why.example"]))):
        terms.insert(draw(st.integers(0, len(terms))), modifier)
    gaps = draw(st.lists(st.sampled_from([" ", "  "]), min_size=len(terms), max_size=len(terms)))
    version = draw(st.sampled_from(["v=spf1", "V=SPF1"]))
    return version + "".join(gap + term for gap, term in zip(gaps, terms, strict=True)) + draw(st.sampled_from(["", " "]))
