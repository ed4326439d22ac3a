import os
import signal
import threading
from contextlib import AsyncExitStack
from types import FrameType
from typing import Any

import structlog
import uvloop
from dramatiq import Worker
from dramatiq.asyncio import EventLoopThread, set_event_loop_thread
from dramatiq.logging import get_logger

from internal.infrastructure.bootstrap.container import Container
from internal.infrastructure.bootstrap.lifespan import in_background, open_resources, require_services
from internal.infrastructure.settings import Settings
from internal.infrastructure.worker.actors import declare_actors
from internal.infrastructure.worker.routes import ROUTES
from internal.ports.tasks import Task, TaskHandler

log = structlog.get_logger(__name__)

# How long an idle consumer may sleep, and so how late a task may start, in milliseconds.
IDLE_POLL = 250


def run_worker(settings: Settings) -> None:
    """Work until SIGTERM or SIGINT, then finish what is running; a second signal ends at once.

    Raises:
        NotReady: a service cannot be reached, or the schema is not at its head.
    """
    stop = _stop_on_signals()
    container = Container(settings=settings)
    loop = start_event_loop()
    resources = AsyncExitStack()
    try:
        loop.run_coroutine(_open(container, resources))
        worker = _build_worker(container, settings)
        worker.start()
        log.info("worker.started", concurrency=settings.worker_concurrency, pid=os.getpid())
        stop.wait()
        log.info("worker.stopping", timeout=settings.worker_shutdown_timeout)
        worker.stop(timeout=settings.worker_shutdown_timeout * 1000)
        log.info("worker.stopped")
    finally:
        try:
            loop.run_coroutine(resources.aclose())
        finally:
            loop.stop()  # whatever went wrong: its thread would keep the process alive


async def _open(container: Container, resources: AsyncExitStack) -> None:
    await resources.enter_async_context(open_resources(container))
    await require_services(container)
    await resources.enter_async_context(
        in_background(container.outbox_relay().run(), container.worker_heartbeat().run())
    )


def _build_worker(container: Container, settings: Settings) -> Worker:
    broker = container.consuming_broker()

    def resolve(task_type: type[Task]) -> TaskHandler[Any]:
        handler: TaskHandler[Any] = container.providers[ROUTES[task_type]]()
        return handler

    declare_actors(broker, codec=container.task_codec(), task_types=ROUTES, resolve=resolve)
    broker.emit_after("process_boot")
    return Worker(broker, worker_threads=settings.worker_concurrency, worker_timeout=IDLE_POLL)


def start_event_loop() -> EventLoopThread:
    """The loop that handlers run on. Dramatiq's async actors find it through `set_event_loop_thread`."""
    thread = EventLoopThread(get_logger(__name__))
    thread.daemon = True
    thread.loop.close()
    thread.loop = uvloop.new_event_loop()
    thread.start(timeout=1.0)
    set_event_loop_thread(thread)
    return thread


def _stop_on_signals() -> threading.Event:
    stop = threading.Event()

    def handle(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 - the signal module's signature
        if stop.is_set():
            os._exit(1)
        stop.set()

    signal.signal(signal.SIGTERM, handle)
    signal.signal(signal.SIGINT, handle)
    return stop
