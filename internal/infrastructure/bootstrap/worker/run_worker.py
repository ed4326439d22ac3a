import asyncio
import importlib
import os
import signal
from collections.abc import Sequence
from contextlib import AsyncExitStack
from typing import Any

import dramatiq
import structlog
import uvloop
from dramatiq.asyncio import EventLoopThread, set_event_loop_thread
from dramatiq.logging import get_logger

from internal.infrastructure import humanize
from internal.infrastructure.bootstrap.container import Container
from internal.infrastructure.bootstrap.lifespan import in_background, open_resources, require_services
from internal.infrastructure.bootstrap.not_ready import NotReady
from internal.infrastructure.bootstrap.process.process_signals import STOP_SIGNALS, SignalQueue, listen
from internal.infrastructure.bootstrap.worker.liveness import beat_in
from internal.infrastructure.config.settings import Settings
from internal.infrastructure.taskqueue.connections.redis_checks import warn_of_losses
from internal.infrastructure.taskqueue.protocol.encoder import JSONEncoder
from internal.infrastructure.taskqueue.scheduling.periodic import InvalidSchedule
from internal.infrastructure.taskqueue.scheduling.scheduler import Scheduler
from internal.infrastructure.taskqueue.worker.queue_shares import QueueLimit
from internal.infrastructure.taskqueue.worker.worker import Worker
from internal.infrastructure.worker.actors import declare_actors
from internal.infrastructure.worker.routes import ROUTES
from internal.ports.tasks import Task, TaskHandler

log = structlog.get_logger(__name__)


class Standing:
    """The state that the signals so far have set."""

    def __init__(self, signals: SignalQueue, *, is_drained: bool) -> None:
        self._signals = signals
        self.is_drained = is_drained
        self.is_ending = False

    def update(self) -> None:
        """Wait for a signal or a wake-up, and apply the signals."""
        for received in self._signals.wait():
            self.is_ending = self.is_ending or received in STOP_SIGNALS
            self.is_drained = (self.is_drained or received == signal.SIGTSTP) and received != signal.SIGCONT


def run_worker(
    settings: Settings,
    *,
    modules: Sequence[str] = (),
    is_drained: bool = False,
    is_debugged: bool = False,
) -> None:
    """Work until SIGTERM or SIGINT, then finish the running tasks. Repeated signals change nothing.

    SIGTSTP stops fetching and SIGCONT resumes it. With `is_drained` the worker starts without fetching.
    `modules` are imported first: their plain Dramatiq actors are declared on the same broker. With
    `is_debugged` the event loop may stop at a breakpoint.

    Raises:
        NotReady: an entry of the schedule is invalid, a service cannot be reached, or the schema is outdated.
            At the end: Redis is unreachable, and some tasks could not be settled.
    """
    signals = listen()
    standing = Standing(signals, is_drained=is_drained)
    container = Container(settings=settings)
    loop = start_event_loop()
    resources = AsyncExitStack()
    try:
        worker = _build_worker(container, settings, modules)
        signals.begin()
        _open_unless_told(loop, container, resources, signals=signals, standing=standing)
        if not standing.is_ending:
            worker.start(is_paused=standing.is_drained, is_debugged=is_debugged)
            loop.run_coroutine(_watch_database(container, worker, resources))
            _work(worker, settings, standing)
    finally:
        try:
            loop.run_coroutine(resources.aclose())
        finally:
            loop.stop()  # also after an error: its thread would keep the process alive


def _open_unless_told(
    loop: EventLoopThread,
    container: Container,
    resources: AsyncExitStack,
    *,
    signals: SignalQueue,
    standing: Standing,
) -> None:
    """Open the resources of the worker. A signal to stop interrupts this."""
    opening = asyncio.run_coroutine_threadsafe(_open(container, resources), loop.loop)
    opening.add_done_callback(lambda _: signals.wake())
    while not (opening.done() or standing.is_ending):
        standing.update()
    if standing.is_ending:
        opening.cancel()
    else:
        opening.result()


def _work(worker: Worker, settings: Settings, standing: Standing) -> None:
    is_drained = standing.is_drained
    log.info(
        "worker.started", concurrency=settings.worker_concurrency, pid=os.getpid(), is_drained=is_drained
    )
    while not standing.is_ending:
        if standing.is_drained != is_drained:
            is_drained = standing.is_drained
            (worker.pause if is_drained else worker.resume)()
            log.info("worker.draining" if is_drained else "worker.resuming")
        standing.update()
    log.info("worker.stopping", timeout=settings.worker_shutdown_timeout)
    unsettled = worker.stop(timeout=settings.worker_shutdown_timeout * 1000)
    log.info("worker.stopped", unsettled=unsettled)
    if unsettled:
        tasks = humanize.counted(unsettled, "task is not settled; it", "tasks are not settled; they")
        raise NotReady(f"Redis is unreachable and {tasks} will run again")


async def _open(container: Container, resources: AsyncExitStack) -> None:
    await resources.enter_async_context(open_resources(container))
    scheduler = _scheduler(container)
    await require_services(container)
    await resources.enter_async_context(
        in_background(
            container.database().outbox_relay().run(),
            scheduler.run(),
            warn_of_losses(container.taskqueue().redis()),
            beat_in(container.settings().heartbeats),
        )
    )


async def _watch_database(container: Container, worker: Worker, resources: AsyncExitStack) -> None:
    """Leave all tasks to other workers while this one cannot reach Postgres: most tasks need it."""

    def tell(is_away: bool) -> None:  # noqa: FBT001 - a callback
        if is_away:
            log.warning("worker.waiting", reason="Postgres cannot be reached")
        else:
            log.info("worker.going_on")
        worker.wait_for("Postgres" if is_away else None)

    watch = container.database().watch()
    resources.push_async_callback(watch.close)
    await resources.enter_async_context(in_background(watch.run(tell)))


def _scheduler(container: Container) -> Scheduler:
    try:
        return container.worker().scheduler()
    except InvalidSchedule as error:
        raise NotReady(str(error)) from error


def _build_worker(container: Container, settings: Settings, modules: Sequence[str]) -> Worker:
    broker, handlers = container.worker().broker(), container.tasks().providers
    dramatiq.set_broker(broker)
    dramatiq.set_encoder(JSONEncoder())

    def resolve(task_type: type[Task]) -> TaskHandler[Any]:
        handler: TaskHandler[Any] = handlers[ROUTES[task_type]]()
        return handler

    declare_actors(
        broker,
        codec=container.taskqueue().codec(),
        clock=container.clock(),
        task_types=ROUTES,
        resolve=resolve,
        explains=container.database().watch().explains,
    )
    for module in modules:
        importlib.import_module(module)
    for queue in sorted(broker.get_declared_queues() - set(settings.queue_weights)):
        log.warning("worker.queue_not_served", queue=queue)
    broker.emit_after("process_boot")
    return Worker(
        broker,
        worker_threads=settings.worker_concurrency,
        weights=settings.queue_weights,
        strict=settings.worker_strict_priority,
        limits={
            queue: QueueLimit(max_running=max_running, rate=rate)
            for queue, (max_running, rate) in settings.queue_limits.items()
        },
        completion_log=container.database().completion_log(),
    )


def start_event_loop() -> EventLoopThread:
    """Start the event loop for everything. Dramatiq's async actors find it by `set_event_loop_thread`."""
    thread = EventLoopThread(get_logger(__name__))
    thread.daemon = True
    thread.loop.close()
    thread.loop = uvloop.new_event_loop()
    thread.start(timeout=1.0)
    set_event_loop_thread(thread)
    return thread
