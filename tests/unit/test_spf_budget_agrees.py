"""The budget against an independent evaluator: pyspf calls permerror exactly what we call a broken limit or a broken tree."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
import spf  # type: ignore[import-untyped]
from hypothesis import event, given, settings
from hypothesis import strategies as st

from registrar_sync.core.known import DnsQuestion, Known
from registrar_sync.core.model import Mx, Txt
from registrar_sync.core.observation import Answer
from registrar_sync.core.spf import parse_spf
from registrar_sync.core.spf_budget import LOOKUP_LIMIT, VOID_LIMIT, weigh
from tests.unit.worlds import ABSENT, SoundWorld, data, spf_answer

SENDER, OWNER = "203.0.113.200", "owner.example."  # a sender whom nothing matches: all is evaluated
LABELS = st.sampled_from(["a", "b", "c", "d", "e", "f"])
NESTED = st.builds("include:{}.example".format, LABELS)
TERMS = st.one_of(
    NESTED,
    NESTED,
    st.builds("{}{}:{}.example".format, st.sampled_from(["", "?", "-"]), st.sampled_from(["a", "mx"]), LABELS),
    st.sampled_from(["a", "mx", "ptr", "ip4:192.0.2.0/24", "exists:nothing.example"]),
)
ENDS = st.one_of(
    st.sampled_from(["~all", "-all", "", "exp=e.example ~all a:f.example mx include:nothing.example"]),
    st.builds("redirect={}.example".format, LABELS),
)
TEXTS = st.tuples(st.lists(TERMS, max_size=5), ENDS).map(lambda parts: " ".join(["v=spf1", *parts[0], parts[1]]).strip())
LEAVES = st.sampled_from(["v=spf1 -all", "v=spf1 ip4:192.0.2.1 ~all", "v=spf1 a -all"])
RECORDS = st.one_of(LEAVES.map(spf_answer), TEXTS.map(spf_answer), st.sampled_from([ABSENT, spf_answer("v=spf1 oops")]))
HOSTS = st.integers(0, 11).map(
    lambda count: data(*(Mx(1, f"{'abcdefghijk'[n]}.example.") for n in range(count))) if count else ABSENT
)
ADDRESSES = st.sampled_from([data("192.0.2.1"), data("192.0.2.1"), ABSENT])
BY_LABEL = st.dictionaries(LABELS, st.tuples(RECORDS, ADDRESSES, HOSTS), min_size=2)


def told(by_label: Mapping[str, tuple[Answer, Answer, Answer]]) -> dict[tuple[str, str], Answer]:
    """The world's answers by name and type."""
    answers = {("nothing.example.", "A"): ABSENT}
    for label, (txt, address, mx) in by_label.items():
        answers |= {(f"{label}.example.", rtype): one for rtype, one in (("TXT", txt), ("A", address), ("MX", mx))}
    return answers


def evaluated(text: str, world: SoundWorld) -> str:
    """The result that pyspf gives a sender whom nothing matches."""

    def look_up(name: str, rtype: str, *_: object) -> list[tuple[tuple[str, str], object]]:
        if rtype == "PTR":
            return [((name, rtype), "sender.example")]
        if name + "." == OWNER and rtype == "TXT":
            return [((name, rtype), (text.encode(),))]
        answer = world[DnsQuestion(name + ".", rtype)]
        assert isinstance(answer, Answer)
        return [((name, rtype), _as_pyspf(value)) for value in answer.values]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(spf, "DNSLookup", look_up)
        result, _, _ = spf.query(i=SENDER, s=f"someone@{OWNER[:-1]}", h="helo.example", querytime=0).check()
    return str(result)


def _as_pyspf(value: object) -> object:
    if isinstance(value, Txt):
        return value.strings
    return (value.preference, value.exchange.removesuffix(".")) if isinstance(value, Mx) else str(value)


@settings(max_examples=400)
@given(text=TEXTS, by_label=BY_LABEL)
def test_pyspf_calls_permerror_what_breaks_a_limit_or_the_tree(
    text: str, by_label: Mapping[str, tuple[Answer, Answer, Answer]]
) -> None:
    world = SoundWorld(told(by_label))
    budget = weigh(OWNER, parse_spf(text.encode()), Known(world))
    broken = budget.lookups > LOOKUP_LIMIT or budget.voids > VOID_LIMIT or bool(budget.faults)
    result = evaluated(text, world)
    event(f"{result}, {min(budget.lookups, 11)} look-ups")
    assert (result == "permerror") == broken, (budget.lookups, budget.voids, budget.faults)
