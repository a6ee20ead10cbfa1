"""The order of calls on lexicon's verbs: whatever changes, never two SPF records, never an empty MX set, and the end is right."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registrar_sync.core.model import Mx, Rdata, Txt, is_spf
from registrar_sync.errors import ProviderRefused
from registrar_sync.providers.catalog_model import Dialect, ProviderSpec
from registrar_sync.providers.rows import Row
from registrar_sync.providers.verbs_model import Verbs
from registrar_sync.providers.verbs_rows import VerbRows
from registrar_sync.providers.verbs_steps import Edit, Step, Valued, steps_of

SPF, SPF2, OTHER = (Txt((text,)) for text in (b"v=spf1 mx ~all", b"v=spf1 mx include:x.example ~all", b"abc=1"))


def table(**verbs: Any) -> VerbRows:
    declared = Verbs(**verbs)
    preference: Literal["content", "field"] = "content" if declared.preference_listed == "content" else "field"
    spec = ProviderSpec(name="p", tier="dialect", shape="verbs", verbs=declared, dialect=Dialect(preference=preference))
    return VerbRows(spec, "example.com")


def valued(rdata: Rdata, ttl: int = 300) -> Valued:
    rtype = "MX" if isinstance(rdata, Mx) else "TXT"
    return Valued(row=Row(rtype=rtype, content=str(rdata), ttl=ttl, native={"id": str(rdata)}), rdata=rdata)


def edit(before: Rdata | None, after: Rdata | None, *, ttls: tuple[int, int] = (300, 300)) -> Edit:
    old = None if before is None else valued(before, ttls[0])
    new = None if after is None else valued(after, ttls[1])
    return Edit(before=old, after=new, keeps=before == after and ttls[0] == ttls[1])


def kinds(steps: Sequence[Step]) -> list[str]:
    return [f"{step.kind} {step.new.rdata if step.kind == 'add' and step.new else ''}".strip() for step in steps]


CONTENT: dict[str, Any] = {}
HOST: dict[str, Any] = {"preference": "option-int", "preference_listed": "priority"}


class TestSpf:
    def test_in_place_where_a_row_can_be_changed(self) -> None:
        assert kinds(steps_of(table(update="by-id", delete="by-id"), "TXT", [edit(OTHER, OTHER), edit(SPF, SPF2)])) == ["change"]

    def test_else_removed_looked_for_and_added(self) -> None:
        steps = steps_of(table(), "TXT", [edit(SPF, SPF2), edit(OTHER, OTHER)])
        assert kinds(steps) == ["remove", "look", f"add {SPF2}", "look"]
        assert [step.leaves_a_gap for step in steps] == [True, True, False, False]

    def test_added_or_removed_alone(self) -> None:
        assert kinds(steps_of(table(), "TXT", [edit(None, SPF)])) == [f"add {SPF}"]
        assert kinds(steps_of(table(), "TXT", [edit(SPF, None)])) == ["remove"]

    def test_two_become_one_without_a_moment_with_both_and_the_new_one(self) -> None:
        twin = Txt((b"v=spf1 a ~all",))
        steps = steps_of(table(delete="by-id"), "TXT", [edit(SPF, SPF2), edit(twin, None)])
        assert kinds(steps) == ["remove", "remove", "look", f"add {SPF2}", "look"]


class TestMx:
    def test_rows_come_before_rows_go(self) -> None:
        edits = [edit(None, Mx(3, "a.example.")), edit(Mx(5, "old.example."), None)]
        assert kinds(steps_of(table(), "MX", edits)) == ["add 3 a.example.", "look", "remove"]

    def test_another_preference_in_the_content_comes_before_the_old_one_goes(self) -> None:
        edits = [edit(Mx(3, "a.example."), Mx(50, "a.example.")), edit(Mx(5, "old.example."), None)]
        steps = kinds(steps_of(table(), "MX", edits))
        assert steps == ["add 50 a.example.", "look", "remove", "remove"]

    def test_an_exchange_that_alone_names_its_rows_goes_before_it_comes_back(self) -> None:
        edits = [edit(Mx(3, "a.example."), Mx(50, "a.example.")), edit(Mx(5, "b.example."), Mx(5, "b.example."))]
        assert kinds(steps_of(table(**HOST), "MX", edits)) == ["remove", "look", "add 50 a.example.", "look"]

    def test_what_goes_with_it_comes_back_with_it(self) -> None:
        """Deleting by content takes both rows of the exchange: the one that stays is added again."""
        stays, goes, other = Mx(5, "a.example."), Mx(9, "a.example."), Mx(1, "b.example.")
        edits = [edit(stays, stays), edit(goes, None), edit(other, other)]
        steps = steps_of(table(**HOST), "MX", edits)
        assert kinds(steps) == ["remove", "look", f"add {stays}", "look"]
        assert len(steps[0].gone) == 2

    def test_the_only_mx_is_not_taken_out_for_a_moment(self) -> None:
        with pytest.raises(ProviderRefused, match="only MX would be gone for a moment") as refused:
            steps_of(table(**HOST), "MX", [edit(Mx(3, "a.example."), Mx(50, "a.example."))])
        assert "Nothing was sent" in refused.value.message

    def test_the_last_one_goes_where_none_is_to_stand(self) -> None:
        assert kinds(steps_of(table(), "MX", [edit(Mx(3, "a.example."), None)])) == ["remove"]


class TestRefusedBeforeAnythingIsSent:
    @pytest.mark.parametrize(
        ("verbs", "rtype", "edits", "why"),
        [
            ({}, "TXT", [edit(SPF, Txt((b"v=spf1 " + b"a" * 300,)))], "307 octets"),
            ({}, "TXT", [edit(Txt((b"v=spf1 " + b"a" * 300,)), SPF)], "307 octets"),  # it could not be brought back
            ({}, "TXT", [edit(Txt((b'say "hi"',)), Txt((b'say "hi"',)), ttls=(600, 300))], "quotes"),
            ({}, "TXT", [edit(Txt((b"a ", b"b")), Txt((b"a ", b"b")), ttls=(600, 300))], "cut anew"),
            ({"ttl": "none"}, "TXT", [edit(SPF, SPF, ttls=(600, 300))], "one TTL"),
            ({**HOST, "preference_zero": "refused"}, "MX", [edit(Mx(0, "a.example."), None)], "preference of 0"),
            ({"preference_listed": "lost"}, "MX", [edit(None, Mx(3, "a.example."))], "cannot be written"),
            ({"whole_set": True}, "TXT", [edit(None, SPF), edit(Txt((b'say "hi"',)), Txt((b'say "hi"',)))], "would be damaged"),
            ({"whole_set": True}, "TXT", [edit(None, SPF), edit(Txt((b"a", b"b")), Txt((b"a", b"b")))], "would be damaged"),
            ({"whole_set": True}, "TXT", [edit(None, SPF), edit(Txt((b"\xe9",)), Txt((b"\xe9",)))], "would be damaged"),
        ],
    )
    def test_why(self, verbs: dict[str, Any], rtype: str, edits: list[Edit], why: str) -> None:
        with pytest.raises(ProviderRefused, match=why):
            steps_of(table(**verbs), rtype, edits)

    def test_a_long_value_where_it_is_known_to_go_through(self) -> None:
        edits = [edit(SPF, Txt((b"v=spf1 " + b"a" * 248, b"b" * 50)))]
        for way in ("one", "split", "inner"):
            assert steps_of(table(txt_long=way), "TXT", edits)


hosts = st.sampled_from(["a.example.", "b.example.", "c.example."])
mx_sets = st.frozensets(st.builds(Mx, st.integers(0, 3), hosts), max_size=5)
ways = st.fixed_dictionaries(
    {"update": st.sampled_from(["by-id", "none"]), "delete": st.sampled_from(["by-id", "by-content"]), "host": st.booleans()}
)


@given(before=mx_sets, after=mx_sets, way=ways)
def test_no_mx_set_is_ever_empty_and_all_end_right(before: frozenset[Mx], after: frozenset[Mx], way: dict[str, Any]) -> None:
    """Carried out on a vendor that does what is declared and no more: a content takes all rows that it names."""
    named = HOST if way.pop("host") else CONTENT
    edits = _paired(before, after)
    try:
        steps = steps_of(table(**way, **named), "MX", edits)
    except ProviderRefused:
        assert way["update"] == "none" or way["delete"] == "by-content"
        return
    by_host = bool(named) and way["delete"] == "by-content"
    states = list(_carried_out(Counter(before), steps, by_host=by_host))
    assert states[-1] == Counter(after)
    if before and after:
        assert all(state.total() for state in states)


def _paired(before: frozenset[Mx], after: frozenset[Mx]) -> list[Edit]:
    old, edits = sorted(before), []
    for new in sorted(after):
        found = next((one for one in old if one == new), None) or next(
            (one for one in old if one.exchange == new.exchange and one not in after), None
        )
        old = [one for one in old if one != found]
        edits.append(edit(found, new))
    return edits + [edit(one, None) for one in old]


def _carried_out(state: Counter[Rdata], steps: Sequence[Step], *, by_host: bool) -> Any:
    yield +state
    for step in steps:
        if step.kind == "remove" and by_host:
            host = step.gone[0].rdata.exchange if isinstance(step.gone[0].rdata, Mx) else ""
            state = Counter({one: count for one, count in state.items() if not (isinstance(one, Mx) and one.exchange == host)})
        else:
            state = state - Counter(one.rdata for one in step.gone)
        state = state + Counter([step.new.rdata] if step.new else [])
        yield +state


texts = st.sampled_from([SPF, SPF2, OTHER, Txt((b"def=2",))])


@given(before=st.frozensets(texts, max_size=4), after=st.frozensets(texts, max_size=4), way=ways)
def test_there_are_never_more_spf_records_than_there_were_or_shall_be(
    before: frozenset[Txt], after: frozenset[Txt], way: dict[str, Any]
) -> None:
    way.pop("host")
    spf_before, spf_after = ([one for one in values if is_spf(one)] for values in (before, after))
    edits = [edit(one, one) for one in before & after]
    old, new = sorted(before - after, key=str), sorted(after - before, key=str)
    old_spf, new_spf = ([one for one in values if is_spf(one)] for values in (old, new))
    edits += [edit(*pair) for pair in zip(old_spf, new_spf, strict=False)]
    count = min(len(old_spf), len(new_spf))
    edits += [edit(one, None) for one in (*old_spf[count:], *(one for one in old if not is_spf(one)))]
    edits += [edit(None, one) for one in (*new_spf[count:], *(one for one in new if not is_spf(one)))]
    states = list(_carried_out(Counter(before), steps_of(table(**way), "TXT", edits), by_host=False))
    assert states[-1] == Counter(after)
    most = max(len(spf_before), len(spf_after), 1)
    assert all(sum(count for one, count in state.items() if is_spf(one)) <= most for state in states)
