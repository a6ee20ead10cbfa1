"""Where the service's hosts go: order is judged, numbers only serve it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from registrar_sync.core.known_filters import FILTERS, filter_behind
from registrar_sync.core.model import Mx
from registrar_sync.core.mx import is_enrolled_order, place_below, place_instead
from registrar_sync.core.service import MailService
from tests.unit.zones import EUROPE, FRANCE, SEED, VENDOR, mx, service

EQUALS = service(equal_preferences=True)
HOSTS = ["a.example.", "b.example.", "c.example.", FRANCE, EUROPE, "."]
PREFERENCES = st.one_of(st.integers(0, 6), st.integers(0, 65535), st.sampled_from([65534, 65535]))
SETS = st.frozensets(st.builds(Mx, PREFERENCES, st.sampled_from(HOSTS)), max_size=6)
SERVICES = st.sampled_from([SEED, VENDOR, EQUALS])


def theirs(values: frozenset[Mx]) -> frozenset[Mx]:
    return frozenset(value for value in values if value.exchange not in {FRANCE, EUROPE, "."})


@settings(deadline=None)
@given(SETS, SERVICES)
def test_below_keeps_every_customer_value_and_puts_ours_in_order_before_them(before: frozenset[Mx], wanted: MailService) -> None:
    placement = place_below(before, wanted)
    if placement.refusal:
        assert placement.values == before
        assert placement.options == ("--renumber", "--renumber-compact")[max(theirs(before)).preference > 65533 :]
        assert min(theirs(before)).preference < 2
    else:
        assert theirs(placement.values) == theirs(before)
        assert is_enrolled_order(placement.values, wanted)
        assert all(0 <= value.preference <= 65535 for value in placement.values)
        assert place_below(placement.values, wanted).values == placement.values


@settings(deadline=None)
@given(SETS, SERVICES)
def test_instead_leaves_our_hosts_alone_in_order(before: frozenset[Mx], wanted: MailService) -> None:
    values = place_instead(before, wanted).values
    assert {value.exchange for value in values} == {FRANCE, EUROPE}
    assert len(values) == 2
    assert is_enrolled_order(values, wanted)
    assert place_instead(values, wanted).values == values


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ([], ["3 france", "4 europe"]),
        (["3 a"], ["1 france", "2 europe", "3 a"]),
        (["4 a"], ["2 france", "3 europe", "4 a"]),  # the service's 4 would tie
        (["1 france", "5 a"], ["1 france", "4 europe", "5 a"]),  # ours stays, the missing one fits in
        (["10 france", "20 a"], ["10 france", "11 europe", "20 a"]),
        (["2 europe", "5 a"], ["0 france", "2 europe", "5 a"]),
        (["4 france", "5 a"], ["3 france", "4 europe", "5 a"]),  # no gap behind france: placed anew
        (["4 europe", "3 france", "10 france", "5 a"], ["3 france", "4 europe", "5 a"]),  # a stray second row of ours goes
        (["3 europe", "4 france", "5 a"], ["3 france", "4 europe", "5 a"]),  # ours, in the wrong order
        (["3 france", "3 europe", "5 a"], ["3 france", "4 europe", "5 a"]),  # a tie is no order
        (["10 europe", "50 france"], ["10 europe", "50 france"]),  # alone, enrolled by replace: nothing to do
        (["0 .", "5 a"], ["3 france", "4 europe", "5 a"]),
        (["3 france", "4 europe", "40 ."], ["3 france", "4 europe"]),
        (["10 europe", "50 france", "60 ."], ["10 europe", "50 france"]),
        (["7 france", "8 europe", "9 a", "40 ."], ["7 france", "8 europe", "9 a"]),
    ],
)
def test_below(before: list[str], after: list[str]) -> None:
    assert place_below(mx(*before), SEED).values == mx(*after)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (["5 a", "3 france", "4 europe"], ["10 europe", "50 france"]),  # in replace's order europe comes first
        (["5 a", "10 europe"], ["10 europe", "50 france"]),
        (["5 a", "20 europe", "60 france"], ["20 europe", "60 france"]),
        (["3 france", "4 europe"], ["3 france", "4 europe"]),  # alone already: nothing to replace
        (["3 france", "4 europe", "40 ."], ["3 france", "4 europe"]),
        (["0 ."], ["10 europe", "50 france"]),
        ([], ["10 europe", "50 france"]),
    ],
)
def test_instead(before: list[str], after: list[str]) -> None:
    assert place_instead(mx(*before), SEED).values == mx(*after)


@pytest.mark.parametrize(
    ("values", "enrolled"),
    [
        (["3 france", "4 europe", "5 a"], True),
        (["0 france", "900 europe", "901 a"], True),
        (["3 france", "4 europe"], True),
        (["10 europe", "50 france"], True),
        (["10 europe", "50 france", "60 a"], False),
        (["3 france", "5 europe", "5 a"], False),
        (["3 france", "3 europe", "5 a"], False),
        (["3 france", "5 a"], False),
        (["3 france", "4 europe", "9 europe", "5 a"], False),
        (["3 france", "4 europe", "0 ."], False),
        (["3 france", "4 europe", "40 ."], False),
        (["3 france", "4 europe", "5 a", "40 ."], False),
        ([], False),
    ],
)
def test_enrolled_means_all_of_ours_before_every_other_and_in_order(values: list[str], enrolled: bool) -> None:
    assert is_enrolled_order(mx(*values), SEED) is enrolled


def test_a_tie_among_ours_counts_as_order_only_where_the_service_allows_it() -> None:
    values = mx("0 france", "0 europe", "1 a")
    assert is_enrolled_order(values, EQUALS)
    assert not is_enrolled_order(values, SEED)


def test_a_refusal_says_what_is_in_the_way_and_which_options_would_make_room() -> None:
    assert place_below(mx("0 a"), SEED).refusal == "no preference is left below 0 a.example.com"
    assert "does not allow equal preferences" in place_below(mx("1 a"), SEED).refusal
    assert place_below(mx("0 a", "65533 b"), SEED).options == ("--renumber", "--renumber-compact")
    assert place_below(mx("0 a", "65534 b"), SEED).options == ("--renumber-compact",)
    assert "moved up by 2, 65534 b.example.com would pass 65535" in place_below(mx("0 a", "65534 b"), SEED, "shift").refusal


def test_a_set_that_holds_every_preference_is_refused_even_compact() -> None:
    everything = frozenset(Mx(number, f"h{number}.example.") for number in range(65535))
    placement = place_below(everything, SEED, "compact")
    assert "nothing is free up to 65535" in placement.refusal
    assert placement.options == ()
    assert placement.values == everything


def test_a_service_without_hosts_moves_nothing() -> None:
    hostless = MailService(name="spf only", include="x.example.", all_qualifier="~", exchanges=())
    assert place_below(mx("5 a"), hostless).values == mx("5 a")
    assert place_instead(mx("5 a"), hostless).values == mx("5 a")
    assert place_below(mx("0 ."), hostless).values == place_instead(mx("0 ."), hostless).values == mx("0 .")


def test_a_filter_is_known_by_its_name_on_a_label_boundary() -> None:
    assert filter_behind("mx0a-001.pphosted.com.") == "Proofpoint"
    assert filter_behind("iphmx.com.") == "Cisco Secure Email"
    assert filter_behind("notiphmx.com.") == ""
    assert filter_behind(".") == ""
    assert all(name == name.lower() and not name.endswith(".") for name in FILTERS)
