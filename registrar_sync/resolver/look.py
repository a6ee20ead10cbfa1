"""One owner looked at on all its servers at once: each is asked for itself, and the observations are told when the last is in."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from registrar_sync.core.observation import Answer, Observation, Server
from registrar_sync.ports import Hoped
from registrar_sync.resolver.answers import judge, soa_of
from registrar_sync.resolver.asked import Asked
from registrar_sync.resolver.dispatch import CLOSED
from registrar_sync.resolver.loop import EngineLoop
from registrar_sync.resolver.packet import Question
from registrar_sync.resolver.plain import expected_of, plain_answer, read_message
from registrar_sync.resolver.skim import skim_soa

UNRESOLVED = "its name does not resolve"

Told = Callable[[list[Observation]], object]

_NOT_YET = Answer(status="unreachable")


class Look:
    """``rtypes`` at ``owner``, by address, RD=0; where ``zone`` is given its SOA first, so that the serial is never newer than
    the data beside it, and a server that is silent on the SOA is not asked further. ``expected`` as for ``Resolver.observe``.

    ``told`` is called once, in the engine's loop. There may be ten thousands of looks at once: they are kept small.
    """

    __slots__ = (
        "answers", "expected", "left", "loop", "negative_ttls", "owner", "questions", "rtypes", "seen", "serials", "servers",
        "soa", "told",
    )  # fmt: skip

    def __init__(
        self,
        loop: EngineLoop,
        servers: Sequence[Server],
        owner: str,
        rtypes: Sequence[str],
        told: Told | None = None,
        *,
        zone: str | None,
        expected: Hoped,
    ) -> None:
        self.loop = loop
        self.servers = tuple(servers)
        self.owner = owner
        self.rtypes = tuple(dict.fromkeys(rtypes))
        self.told = told
        self.soa = Question(zone, "SOA") if zone else None
        self.questions = [Question(owner, rtype) for rtype in self.rtypes]
        self.expected = (
            [expected_of(expected[rtype]) if rtype in expected else None for rtype in self.rtypes] if expected else None
        )
        self.seen: list[tuple[bytes, Answer] | None] = [None] * len(self.rtypes)
        self.answers = [_NOT_YET] * (len(self.servers) * len(self.rtypes))
        self.left = len(self.answers) + (len(self.servers) if zone else 0)
        self.serials: dict[int, int] = {}  # by the server's number, as the other
        self.negative_ttls: dict[int, int] = {}

    # --- asking -------------------------------------------------------------------------------------------------------
    def start(self) -> None:
        """Ask, in the loop's thread."""
        if not self.left:
            self._tell()
            return
        for number, server in enumerate(self.servers):
            if not server.address:
                self.give_up(number, UNRESOLVED)
            elif self.soa is not None:
                self.loop.engine.ask(_Soa(self, number, server, self.soa))
            else:
                self._ask(number, server)

    def _ask(self, number: int, server: Server) -> None:
        ask = self.loop.engine.ask
        for at, question in enumerate(self.questions):
            ask(_Sought(self, number, at, server, question))

    async def finish(self) -> list[Observation]:
        """Ask, and return what would be told."""
        seen: asyncio.Future[list[Observation]] = asyncio.get_running_loop().create_future()
        self.told = lambda observations: None if seen.done() else seen.set_result(observations)
        self.start()
        return await seen

    def closed(self) -> list[Observation]:
        """That nothing can be asked any more."""
        self.answers = [Answer(status="unreachable", detail=CLOSED)] * len(self.answers)
        return self._observations()

    # --- answers ------------------------------------------------------------------------------------------------------
    def told_soa(self, number: int, serial: int | None, negative_ttl: int | None) -> None:
        """A server has answered the first question, and is asked the others."""
        if serial is not None:
            self.serials[number] = serial
        if negative_ttl is not None:
            self.negative_ttls[number] = negative_ttl
        self._ask(number, self.servers[number])
        self._one_less(1)

    def read(self, wire: bytes, at: int) -> Answer | None:
        """What a response to a question says; None: it is garbled."""
        rest = wire[2:]  # servers of one zone mostly send the same octets, the id apart
        before = self.seen[at]
        if before is not None and before[0] == rest:
            return before[1]
        rtype = self.rtypes[at]
        answer = plain_answer(wire, self.questions[at].octets, rtype, self.expected[at] if self.expected else None)
        if answer is None:
            message = read_message(wire)
            if message is None:
                return None
            answer = judge(message, self.owner, rtype)
        self.seen[at] = (rest, answer)
        return answer

    def answered(self, number: int, at: int, answer: Answer) -> None:
        """What a server says, or that it says nothing."""
        self.answers[number * len(self.rtypes) + at] = answer
        self._one_less(1)

    def give_up(self, number: int, why: str) -> None:
        """A server is not asked further."""
        count = len(self.rtypes)
        self.answers[number * count : (number + 1) * count] = [Answer(status="unreachable", detail=why)] * count
        self._one_less(count + (self.soa is not None))

    # --- the end ------------------------------------------------------------------------------------------------------
    def _one_less(self, count: int) -> None:
        self.left -= count
        if not self.left:
            self._tell()

    def _tell(self) -> None:
        """Not from within the engine's own work, which must not end where ``told`` fails."""
        assert self.told is not None
        self.loop.engine.call_soon(self.told, self._observations())

    def _observations(self) -> list[Observation]:
        count = len(self.rtypes)
        return [
            self._observation(number, server, self.answers[number * count : (number + 1) * count])
            for number, server in enumerate(self.servers)
        ]

    def _observation(self, number: int, server: Server, told: Sequence[Answer]) -> Observation:
        negative_ttl = self.negative_ttls.get(number)
        for answer in told:
            if negative_ttl is None and answer.status == "absent":
                negative_ttl = answer.ttl
        answers = dict(zip(self.rtypes, told, strict=True))
        return Observation(server=server, answers=answers, serial=self.serials.get(number), negative_ttl=negative_ttl)


class _Soa(Asked):
    """The question that comes first."""

    __slots__ = ("look", "number")

    def __init__(self, look: Look, number: int, server: Server, question: Question) -> None:
        super().__init__(server.address, server.port, question)
        self.look = look
        self.number = number

    def take(self, wire: bytes) -> bool:
        """See ``Asked``."""
        if plain := skim_soa(wire, self.question.octets):
            self.look.told_soa(self.number, *plain)
            return True
        message = read_message(wire)
        if message is None:
            return False
        soa, negative_ttl = soa_of(message)
        self.look.told_soa(self.number, soa.serial if soa else None, negative_ttl)
        return True

    def fail(self, why: str) -> None:
        """See ``Asked``."""
        self.look.give_up(self.number, why)


class _Sought(Asked):
    """A question for a type at the owner."""

    __slots__ = ("at", "look", "number")

    def __init__(self, look: Look, number: int, at: int, server: Server, question: Question) -> None:
        super().__init__(server.address, server.port, question)
        self.look = look
        self.number = number
        self.at = at

    def take(self, wire: bytes) -> bool:
        """See ``Asked``."""
        answer = self.look.read(wire, self.at)
        if answer is None:
            return False
        self.look.answered(self.number, self.at, answer)
        return True

    def fail(self, why: str) -> None:
        """See ``Asked``."""
        self.look.answered(self.number, self.at, Answer(status="unreachable", detail=why))
