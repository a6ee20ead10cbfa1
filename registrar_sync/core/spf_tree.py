"""The tree of records that an SPF record includes, weighed: what each branch costs, what is broken, what is not known."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

LOOKUP_LIMIT, VOID_LIMIT = 10, 2  # RFC 7208 section 4.6.4
MX_HOST_LIMIT = 10  # of one mx: the same section


@dataclass(frozen=True, slots=True, kw_only=True)
class Branch:
    """One term that costs a look-up, and all beneath it.

    ``term`` its text; ``kind`` its name; ``target`` the name asked for (absolute; empty where a macro hides it); ``record``
    the SPF text that stands there. ``own`` look-ups of the term itself, ``own_voids`` those of them that come back empty.
    ``fault``: why it makes the whole record a permerror; ``unknown``: why it cannot be measured; ``note``: what hangs on the
    sender.
    """

    term: str
    kind: str
    target: str = ""
    record: str = ""
    own: int = 1
    own_voids: int = 0
    children: tuple[Branch, ...] = ()
    fault: str = ""
    unknown: str = ""
    note: str = ""

    @property
    def lookups(self) -> int:
        """Its own and all beneath."""
        return self.own + sum([child.lookups for child in self.children]) if self.children else self.own

    @property
    def voids(self) -> int:
        """Its own and all beneath."""
        return self.own_voids + sum([child.voids for child in self.children]) if self.children else self.own_voids

    @property
    def measured(self) -> bool:
        """Whether nothing of it or beneath it is unknown."""
        return not self.unknown and all(child.measured for child in self.children)

    @property
    def sound(self) -> bool:
        """Whether nothing of it or beneath it is unknown or broken."""
        return not self.unknown and not self.fault and all(child.sound for child in self.children)


@dataclass(frozen=True, slots=True)
class Remark:
    """Something about one branch: the ``chain`` of terms that leads to it, itself the last, and the text."""

    chain: tuple[str, ...]
    text: str

    def __str__(self) -> str:
        return f"{' > '.join(self.chain)}: {self.text}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """What the record of ``owner`` costs, at the least: exactly where ``measured``."""

    owner: str
    record: str
    branches: tuple[Branch, ...]

    @property
    def lookups(self) -> int:
        """Terms that cost a look-up, over the whole tree."""
        return sum([branch.lookups for branch in self.branches])

    @property
    def voids(self) -> int:
        """Look-ups that come back empty for every sender."""
        return sum([branch.voids for branch in self.branches])

    @property
    def faults(self) -> tuple[Remark, ...]:
        """What makes the record a permerror, limits aside."""
        return tuple(remark for branch in self.branches for remark in faults_of(branch))

    @property
    def is_quiet(self) -> bool:
        """Whether there is nothing to say of it: all of it is known and sound, and within the limits, with a look-up left."""
        return self.lookups < LOOKUP_LIMIT and self.voids <= VOID_LIMIT and all(branch.sound for branch in self.branches)

    @property
    def is_permerror(self) -> bool:
        """Whether a limit is passed or something is broken: for some senders at the least, the record has no result at all."""
        if self.is_quiet:
            return False
        return self.lookups > LOOKUP_LIMIT or self.voids > VOID_LIMIT or bool(self.faults)

    @property
    def unknowns(self) -> tuple[Remark, ...]:
        """What could not be measured."""
        return tuple(Remark(chain, branch.unknown) for chain, branch in self.walk() if branch.unknown)

    @property
    def empty(self) -> tuple[str, ...]:
        """The chains that end in a look-up without an answer."""
        return tuple(" > ".join(chain) for chain, branch in self.walk() if branch.own_voids)

    @property
    def measured(self) -> bool:
        """Whether nothing is unknown."""
        return all(branch.measured for branch in self.branches)

    @property
    def dearest(self) -> tuple[Branch, ...]:
        """The includes and the redirect, the dearest first."""
        nested = (branch for branch in self.branches if branch.kind in ("include", "redirect"))
        return tuple(sorted(nested, key=lambda branch: -branch.lookups))

    @property
    def number(self) -> str:
        """The look-ups in words: "at least" where something is unknown."""
        return str(self.lookups) if self.measured else f"at least {self.lookups}"

    def walk(self) -> Iterator[tuple[tuple[str, ...], Branch]]:
        """Every branch with the chain of terms that leads to it, itself the last."""
        return _walk((), self.branches)


def faults_of(branch: Branch) -> tuple[Remark, ...]:
    """What is broken in one branch."""
    return tuple(Remark(chain, one.fault) for chain, one in _walk((), (branch,)) if one.fault)


def _walk(chain: tuple[str, ...], branches: tuple[Branch, ...]) -> Iterator[tuple[tuple[str, ...], Branch]]:
    for branch in branches:
        here = (*chain, branch.term)
        yield here, branch
        yield from _walk(here, branch.children)
