"""Ask about one case without waiting for the answer: who answers for it, then all of them, or one that tells enough."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from registrar_sync.core.observation import Delegation, Observation, Server
from registrar_sync.core.watching import Glance
from registrar_sync.errors import RegistrarSyncError
from registrar_sync.operations.delegations import Delegations
from registrar_sync.operations.mailbox import Mailbox
from registrar_sync.operations.observe import OURS
from registrar_sync.operations.watch_case import Case
from registrar_sync.ports import Clock

OnSeen = Callable[[Case, Glance | None, Sequence[Observation]], None]


class Looks:
    """``on_seen`` hears what servers answered, ``on_nobody`` of a case for which there is nobody to ask; both are called in the
    loop's thread, when it takes its mailbox's errands."""

    def __init__(
        self, mailbox: Mailbox, delegations: Delegations, clock: Clock, *, on_seen: OnSeen, on_nobody: Callable[[Case], None]
    ) -> None:
        self._mailbox = mailbox
        self._clock = clock
        self._on_seen = on_seen
        self._on_nobody = on_nobody
        self._delegations = delegations
        self._crowds: dict[tuple[Server, ...], tuple[int, tuple[Server, ...]]] = {}

    def begin(self, case: Case) -> None:
        """Look at a case that is due; at its end all servers are asked."""
        waiting = case.waiting
        if waiting.servers:
            self.look(case, waiting.glance if self._clock.monotonic() < waiting.deadline else None)
            return
        self._delegations.find(
            case.setting.resolver, waiting.domain, lambda told: self._mailbox.put(lambda: self._found(case, told))
        )

    def look(self, case: Case, glance: Glance | None = None) -> None:
        """Ask all servers, or the one that tells whether anything has moved."""
        waiting = case.waiting
        waiting.attempts += 1
        case.setting.resolver.observe_soon(
            (glance.server,) if glance else waiting.servers,
            waiting.zone,
            waiting.domain,
            (glance.rtype,) if glance else OURS,
            lambda seen: self._mailbox.put(lambda: self._on_seen(case, glance, seen)),
            expected=glance.expected if glance else waiting.expected,
            serial=glance is None and waiting.gate is not None,
        )

    def close(self) -> None:
        """Begin nothing more."""
        self._delegations.close()

    def _found(self, case: Case, told: Delegation | Exception) -> None:
        if isinstance(told, Exception) and not isinstance(told, RegistrarSyncError):
            raise told
        if isinstance(told, Delegation) and told.servers:
            crowd = self._crowds.setdefault(told.servers, (len(self._crowds) + 1, told.servers))
            case.waiting.crowd, case.waiting.servers = crowd
            self.look(case)
        else:
            self._on_nobody(case)
