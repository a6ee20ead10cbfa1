"""The lines that go into a ticket: what nslookup would print."""

from __future__ import annotations

from registrar_sync.core.model import Mx, Txt
from registrar_sync.core.names import display
from registrar_sync.core.observation import Answer, Observation
from registrar_sync.core.txt import quote

_NOT_ASKED = Answer(status="unreachable")


def nslookup_lines(owner: str, observation: Observation) -> list[str]:
    """What ``nslookup -type=txt`` and ``-type=mx`` (BIND's) print of these answers, ready for a ticket.

    TXT in the order of the text, MX by preference. For a type without any record nslookup's own line says so; a type that
    was not answered gives no line.
    """
    txt = observation.answers.get("TXT", _NOT_ASKED)
    mx = observation.answers.get("MX", _NOT_ASKED)
    texts = sorted((value for value in txt.values if isinstance(value, Txt)), key=lambda value: value.joined)
    name = display(owner)
    lines = [f"{name}\ttext = {quote(value.strings)}" for value in texts] or _nothing(name, txt)
    exchanges = [f"{name}\tmail exchanger = {value}" for value in sorted(v for v in mx.values if isinstance(v, Mx))]
    return lines + (exchanges or _nothing(name, mx))


def _nothing(name: str, answer: Answer) -> list[str]:
    return [f"*** Can't find {name}: No answer"] if answer.status == "absent" else []
