"""What a contestant has left in the zones, against what must be there: every record, every TTL, every character-string."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from benchmarks.bulk.estate import Estate, Key, RRset, Value, Zone

_STRING = re.compile(r'"((?:[^"\\]|\\.)*)"')
_ESCAPED = re.compile(r"\\(\d{3}|.)")
_MOST_EXAMPLES = 4


@dataclass(slots=True)
class Verdict:
    """How many zones are as they must be, what differs by kind of difference and in how many zones, and an example of each."""

    zones: int = 0
    right: int = 0
    untouched: int = 0
    differences: Counter[str] = field(default_factory=Counter)
    examples: dict[str, str] = field(default_factory=dict)

    @property
    def data_right(self) -> int:
        """Zones whose data is what it must be, TTLs and the borders of character-strings aside."""
        return self._data_right

    _data_right: int = 0

    def add(self, name: str, found: Iterable[tuple[str, str]], *, untouched: bool) -> None:
        """A zone, with its differences: kind and words."""
        told = dict(found)
        self.zones += 1
        self.right += not told
        self.untouched += untouched
        self._data_right += not set(told) - {"TTL", "strings"}
        for kind, words in told.items():
            self.differences[kind] += 1
            self.examples.setdefault(kind, f"{name} {words}")

    def __str__(self) -> str:
        counted = ", ".join(f"{kind} in {count}" for kind, count in self.differences.most_common())
        return f"{self.right} of {self.zones}" + (f" ({counted})" if counted else "")


def judge(estate: Estate, found: Mapping[str, Zone]) -> Verdict:
    """Compare every zone of the estate."""
    verdict = Verdict()
    for (name, before), (_, wanted) in zip(estate.before(), estate.after(), strict=True):
        now = found.get(name, {})
        verdict.add(name, _differences(wanted, now), untouched=not any(_of_set(before, now, key) for key in {*before, *now}))
    return verdict


def _differences(wanted: Zone, found: Zone) -> Iterator[tuple[str, str]]:
    for key in sorted({*wanted, *found}):
        for kind, words in _of_set(wanted, found, key):
            yield kind, f"{key[0]} {key[1]}: {words}"


def _of_set(wanted: Zone, found: Zone, key: Key) -> list[tuple[str, str]]:
    one, other = wanted.get(key, RRset(0, ())), found.get(key, RRset(0, ()))
    told = []
    if one.values and other.values and one.ttl != other.ttl:
        told.append(("TTL", f"{one.ttl} wanted, {other.ttl} found"))
    data, data_found = ({_meaning(key, value) for value in rrset.values} for rrset in (one, other))
    if data != data_found:
        told += _of_data(data, data_found)
    elif Counter(_exact(key, value) for value in one.values) != Counter(_exact(key, value) for value in other.values):
        told.append(("strings", "another cut into character-strings, or a value twice"))
    return told


def _of_data(wanted: set[Value], found: set[Value]) -> Iterator[tuple[str, str]]:
    active = {value.text for value in wanted if not value.disabled}
    switched = [value for value in wanted - found if value.disabled and Value(value.text) in found]
    if switched:
        yield "switched on", switched[0].text
    if sum(value.text.startswith("v=spf1 ") and not value.disabled for value in found) > 1:
        yield "two SPF records", " and ".join(sorted(value.text for value in found if value.text.startswith("v=spf1 ")))
    elif any(text.startswith("v=spf1 ") for text in active) and not any(v.text.startswith("v=spf1 ") for v in found):
        yield "no SPF record", ""
    for value in sorted(wanted - found - set(switched), key=lambda value: value.text)[:1]:
        yield "missing", value.text
    for value in sorted(found - wanted - {Value(one.text) for one in switched}, key=lambda value: value.text)[:1]:
        yield "too much", value.text


def _meaning(key: Key, value: Value) -> Value:
    """The value without its cut into character-strings."""
    return Value("".join(_strings(value.text)), value.disabled) if key[1] == "TXT" else value


def _exact(key: Key, value: Value) -> tuple[tuple[str, ...], bool]:
    return (tuple(_strings(value.text)) if key[1] == "TXT" else (value.text,)), value.disabled


def _strings(text: str) -> list[str]:
    """The character-strings of a TXT value, escapes resolved (RFC 1035, 5.1)."""
    return [_ESCAPED.sub(_character, string) for string in _STRING.findall(text)]


def _character(found: re.Match[str]) -> str:
    escaped = found[1]
    return chr(int(escaped)) if len(escaped) == 3 else escaped
