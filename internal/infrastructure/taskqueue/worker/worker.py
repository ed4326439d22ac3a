import asyncio
import threading
import time
from collections.abc import Collection, Coroutine, Mapping
from contextlib import suppress
from contextvars import Context, copy_context
from typing import Any, TypeVar

import structlog
from dramatiq.asyncio import EventLoopThread, get_event_loop_thread, set_event_loop_thread
from dramatiq.logging import get_logger
from dramatiq.middleware import Middleware

from internal.infrastructure.taskqueue.broker.broker import RedisBroker
from internal.infrastructure.taskqueue.delivery.worker_session import Session
from internal.infrastructure.taskqueue.worker.engine import Engine, Setup
from internal.infrastructure.taskqueue.worker.on_loop import call_on
from internal.infrastructure.taskqueue.worker.queue_shares import QueueLimit, QueueShares
from internal.infrastructure.taskqueue.worker.threads import WorkerThreads
from internal.infrastructure.taskqueue.worker.watchdog import LoopWatchdog
from internal.infrastructure.tasks.completion_log import CompletionLog

log = structlog.get_logger(__name__)

R = TypeVar("R")

# Seconds.
LOOP_START = 5.0
# Seconds that a stop may take beyond the time for running tasks. Lapsing leases do what is left then.
STOPS_WITHIN = 1.7


class Worker:
    """Works a broker's queues with `worker_threads` slots, shared by coroutines and blocking tasks alike.

    The interface is that of Dramatiq's own Worker.

    weights: the queues to serve, and each one's share of the started tasks while all are backlogged.
        Without it every declared queue is served equally, also one that is declared later.

    strict: serve a queue only while all heavier ones are empty.

    limits: count over all workers, so all workers must have the same.
    """

    def __init__(
        self,
        broker: RedisBroker,
        *,
        queues: Collection[str] | None = None,
        worker_timeout: int = 1000,
        worker_threads: int = 8,
        weights: Mapping[str, int] | None = None,
        strict: bool = False,
        limits: Mapping[str, QueueLimit] | None = None,
        completion_log: CompletionLog | None = None,
    ) -> None:
        self.broker = broker
        # An attribute of Dramatiq's Worker; nothing here polls.
        self.worker_timeout = worker_timeout
        self.worker_threads = worker_threads
        self._later_queues = _LaterQueues(self)
        self._serving = threading.Lock()
        self._stopping = threading.Lock()
        self._only = queues and set(queues)
        self._weights = weights
        self._session = Session()
        self._shares = QueueShares(self._served(), strict=strict, limits=limits or {})
        self._threads = WorkerThreads(broker, size=worker_threads)
        self._completion_log = completion_log
        self._own_loop: EventLoopThread | None = None
        self._loop: EventLoopThread | None = None
        self._engine: Engine | None = None
        self._running: asyncio.Task[None] | None = None
        self._context = Context()
        self._watchdog: LoopWatchdog | None = None

    def start(self, *, is_paused: bool = False, is_debugged: bool = False) -> None:
        """Begin to work, on the event loop of async actors or on a new one; if paused, wait for `resume`.

        Every task and every hook starts in a copy of this call's context. With `is_debugged` the process
        does not end when the loop is stuck.
        """
        self._context = copy_context()
        self.broker.emit_before("worker_boot", self)
        self._loop = get_event_loop_thread() or self._start_loop()
        self._on_loop(self._start(is_paused=is_paused))
        self._watchdog = LoopWatchdog(self._loop.loop, silence=self.broker.timing.silence)
        if not is_debugged:
            self._watchdog.start()
        self.broker.add_middleware(self._later_queues)
        self.broker.emit_after("worker_boot", self)

    def pause(self) -> None:
        """Fetch nothing more; running tasks go on."""
        self._on_loop(_call(self._started.in_flight.pause))

    def resume(self) -> None:
        self._on_loop(_call(self._started.in_flight.resume))

    def wait_for(self, service: str | None) -> None:
        """Fetch nothing more until this is called with None, and show operators which service is missing.

        Running tasks go on. Any thread may call this, also the loop's.
        """
        if self._loop is None:
            raise RuntimeError("the worker has not been started")
        call_on(self._loop.loop, self._started.in_flight.wait_for, service)

    def stop(self, timeout: int = 600_000) -> int:
        """Give running tasks `timeout` milliseconds to end, and hand the rest back to their queues.

        Returns how many tasks could not be settled because Redis was away: they come back when their lease
        lapses. Returns 0 if the worker is already stopping, has stopped, or was never started.
        """
        # A signal handler may call this while this very thread is in here: it must not wait.
        if not self._stopping.acquire(blocking=False):
            return 0
        try:
            return self._end(timeout / 1000) if self._loop else 0
        finally:
            self._stopping.release()

    def _end(self, within: float) -> int:
        self.broker.emit_before("worker_shutdown", self)
        self.broker.remove_middleware(self._later_queues)
        unsettled = self._on_loop(self._stop(within))
        self._threads.stop()
        if self._watchdog:
            self._watchdog.stop()
        self.broker.emit_after("worker_shutdown", self)
        self._loop = None
        if self._own_loop:
            self._own_loop.stop()
            set_event_loop_thread(None)
        return unsettled

    def join(self) -> None:
        """Wait until this worker has nothing to do and its queues are empty. For tests."""
        while not self._started.in_flight.is_empty or any(map(self.broker.qsize, self._shares.queues)):
            time.sleep(0.01)

    def serve_declared(self) -> None:
        """Serve new queues as well. Any thread may call this, also the loop's."""
        with self._serving:
            served = self._served()
            if self._loop and set(served) != set(self._shares.queues):
                self._shares.serve(served)
                listen = self._started.listen_to_new_queues()
                self._context.copy().run(asyncio.run_coroutine_threadsafe, listen, self._loop.loop)

    def _served(self) -> Mapping[str, int]:
        weights = self._weights or dict.fromkeys(sorted(self.broker.get_declared_queues()), 1)
        return {name: weight for name, weight in weights.items() if not self._only or name in self._only}

    @property
    def _started(self) -> Engine:
        if self._engine is None:
            raise RuntimeError("the worker has not been started")
        return self._engine

    async def _start(self, *, is_paused: bool) -> None:
        self._engine = Engine(
            Setup(
                broker=self.broker,
                session=self._session,
                shares=self._shares,
                threads=self._threads,
                concurrency=self.worker_threads,
                completion_log=self._completion_log,
                context=self._context,
            )
        )
        if is_paused:
            self._engine.in_flight.pause()
        self._running = asyncio.create_task(self._engine.run())

    async def _stop(self, within: float) -> int:
        time = asyncio.get_running_loop().time
        interrupted_at = time() + within
        overdue = interrupted_at + STOPS_WITHIN
        self._started.in_flight.pause()
        with suppress(TimeoutError):
            async with asyncio.timeout_at(interrupted_at):
                await self._started.fetcher.answered()
        unsettled = await self._started.in_flight.clear(max(0.0, interrupted_at - time()))
        if self._running:
            self._running.cancel()
            await asyncio.gather(self._running, return_exceptions=True)
        with suppress(TimeoutError):
            async with asyncio.timeout_at(overdue):
                if not unsettled:
                    await self._started.lease_extender.leave()
                await self._started.close()
        return unsettled

    def _start_loop(self) -> EventLoopThread:
        self._own_loop = EventLoopThread(get_logger(__name__))
        self._own_loop.daemon = True
        self._own_loop.start(timeout=LOOP_START)
        set_event_loop_thread(self._own_loop)
        return self._own_loop

    def _on_loop(self, coroutine: Coroutine[Any, Any, R]) -> R:
        if self._loop is None:
            raise RuntimeError("the worker has not been started")
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop.loop).result()


class _LaterQueues(Middleware):
    def __init__(self, worker: Worker) -> None:
        self._worker = worker

    def after_declare_queue(self, broker: Any, queue_name: str) -> None:  # noqa: ARG002 - Dramatiq's signature
        self._worker.serve_declared()


async def _call(function: Any) -> None:
    function()
