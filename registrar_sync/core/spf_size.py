"""How large a TXT answer is, against what always fits into UDP (rules A7)."""

from __future__ import annotations

from dataclasses import dataclass

from registrar_sync.core.model import RRset, Txt
from registrar_sync.core.names import display

GUIDELINE, UDP_LIMIT = 450, 512  # octets, RFC 7208 section 3.4


@dataclass(frozen=True, slots=True, kw_only=True)
class TxtSize:
    """All TXT values of an owner. ``values``: how many; ``text``: octets of the name and of every value, what the guideline
    is about; ``answer``: octets of the whole DNS answer."""

    values: int
    text: int
    answer: int

    @property
    def is_over(self) -> bool:
        """Whether it is over the guideline or over what always fits into UDP."""
        return self.text > GUIDELINE or self.is_over_udp

    @property
    def is_over_udp(self) -> bool:
        """Whether the answer is over what always fits into UDP."""
        return self.answer > UDP_LIMIT


def measure_txt(owner: str, rrset: RRset | None) -> TxtSize:
    """The size of the served TXT values (RFC 7208 section 3.4)."""
    values = [value for value in rrset.values if isinstance(value, Txt)] if rrset else []
    # header 12; question: name, its root, type and class; each record: name pointer 2, fixed part 10, a length for each string
    question = len(owner) + 1 + 4
    return TxtSize(
        values=len(values),
        text=len(display(owner)) + sum(len(value.joined) for value in values),
        answer=12 + question + sum(12 + len(value.joined) + len(value.strings) for value in values),
    )
