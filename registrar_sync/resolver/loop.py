"""One thread with an event loop and an engine in it, for all who ask from other threads."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import weakref
from collections import deque
from collections.abc import Callable, Coroutine, Mapping
from concurrent.futures import CancelledError, Future
from typing import Any, TypeVar

import dns.message

from registrar_sync.core.observation import Server
from registrar_sync.resolver.asked import Awaited, Told
from registrar_sync.resolver.dispatch import CLOSED
from registrar_sync.resolver.engine import Engine
from registrar_sync.resolver.exchange import Unanswered
from registrar_sync.resolver.packet import Question

Result = TypeVar("Result")
Job = Callable[[], object]

_GOODBYE_S = 5.0
_JOBS_A_TURN = 64


class EngineLoop:
    """The thread is a daemon, begun by the first question, and ended by ``close`` or when nobody holds this object any more.
    Safe from many threads. ``timeout_s`` and ``tries`` as for ``Engine``."""

    def __init__(self, *, timeout_s: float = 2.0, tries: int = 3) -> None:
        self._options = {"timeout_s": timeout_s, "tries": tries}
        self._lock = threading.Lock()
        self._running: _Running | None = None
        self._closed = False

    def ask(
        self,
        server: Server,
        name: str,
        rtype: str,
        *,
        recursive: bool = False,
        checking_disabled: bool = False,
        limit_s: float | None = None,
    ) -> dns.message.Message:
        """The matched response of ``server``, whatever its RCODE, within ``limit_s`` seconds. Raises ``Unanswered``."""
        if limit_s is not None and limit_s <= 0:
            raise Unanswered("no answer in time")
        question = Question(name, rtype, recursive=recursive, checking_disabled=checking_disabled)
        told: Future[Told] = Future()
        asked = Awaited(server.address, server.port, question, told)
        if not self.post(lambda: self.engine.ask(asked)):
            raise Unanswered(CLOSED)
        try:
            answer, why = told.result(limit_s)
        except TimeoutError:
            raise Unanswered("no answer in time") from None
        finally:
            if not told.done():
                self.post(lambda: self.engine.forget(asked))
        if answer is None:
            raise Unanswered(why)
        return answer[1]

    @property
    def engine(self) -> Engine:
        """For functions and coroutines that run in the loop's own thread, and nowhere else."""
        assert self._running is not None
        return self._running.engine

    def run(self, work: Coroutine[Any, Any, Result]) -> Result:
        """What the coroutine returns or raises, run in the loop. Raises ``Unanswered`` when the loop is closed meanwhile."""
        future = self._begin(lambda running: running.start(work))
        if future is None:
            work.close()
            raise Unanswered(CLOSED)
        try:
            return future.result()
        except CancelledError:
            raise Unanswered(CLOSED) from None
        finally:
            future.cancel()

    def post(self, job: Job) -> bool:
        """Call ``job`` in the loop's thread, soon, after all that was posted before. False: the loop is closed."""
        return self._begin(lambda running: running.post(job)) is not None

    def close(self) -> None:
        """End the thread and give its sockets back. What is still under way is told that it gets no answer. Twice is once."""
        with self._lock:
            self._closed = True
            running = self._running
        if running is not None:
            running.stop()
            if threading.current_thread() is not running.thread:
                running.thread.join(_GOODBYE_S)

    def _begin(self, start: Callable[[_Running], Result]) -> Result | None:
        """None: the loop is closed. Nothing is started behind the stop: it would wait for ever."""
        with self._lock:
            if self._closed:
                return None
            if self._running is None:
                self._running = _Running(self._options)
                weakref.finalize(self, self._running.stop)
            return start(self._running)


class _Running:
    """The thread. It holds nothing that holds the ``EngineLoop``."""

    def __init__(self, options: Mapping[str, Any]) -> None:
        self._jobs: deque[Job] = deque()
        ready: Future[None] = Future()
        self.thread = threading.Thread(target=self._serve, args=(options, ready), name="dns-engine", daemon=True)
        self.thread.start()
        ready.result()

    def _serve(self, options: Mapping[str, Any], ready: Future[None]) -> None:
        try:
            with asyncio.Runner() as runner:
                runner.run(self._live(options, ready))
        except OSError as error:  # no file descriptor was left for the loop's own
            ready.set_exception(error)

    async def _live(self, options: Mapping[str, Any], ready: Future[None]) -> None:
        self._loop = asyncio.get_running_loop()
        self._stopped = asyncio.Event()
        self.engine = Engine(**options)
        ready.set_result(None)
        await self._stopped.wait()
        self.engine.close()  # the runner cancels what coroutines are left

    def start(self, work: Coroutine[Any, Any, Result]) -> Future[Result]:
        """Run a coroutine."""
        assert threading.current_thread() is not self.thread, "the loop cannot wait for itself"
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    def post(self, job: Job) -> bool:
        """One call wakes the loop for all jobs that come before it looks."""
        self._jobs.append(job)
        if len(self._jobs) == 1:
            self._loop.call_soon_threadsafe(self._work)
        return True

    def _work(self) -> None:
        """A share of the jobs; answers come in between."""
        try:
            for _ in range(min(_JOBS_A_TURN, len(self._jobs))):
                self._jobs.popleft()()
        finally:
            if self._jobs:
                self._loop.call_soon(self._work)

    def stop(self) -> None:
        """Let the thread end. From any thread, at any time."""
        with contextlib.suppress(RuntimeError):  # it has ended
            self._loop.call_soon_threadsafe(self._stop_soon)

    def _stop_soon(self) -> None:
        """What was posted before is begun first."""
        if self._jobs:
            self._loop.call_soon(self._stop_soon)
        else:
            self._stopped.set()
