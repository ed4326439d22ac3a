import time
import warnings
from collections.abc import Callable, Container, Sequence
from typing import Any
from uuid import uuid4

import redis
from dramatiq import Broker, Message
from dramatiq.actor import Actor
from dramatiq.asyncio import async_to_sync
from dramatiq.broker import Consumer
from dramatiq.errors import ConnectionClosed, QueueJoinTimeout, QueueNotFound
from dramatiq.middleware import Middleware, MiddlewareError
from redis.exceptions import RedisError

from internal.infrastructure.taskqueue.broker.consumer import QueueConsumer
from internal.infrastructure.taskqueue.broker.lease_keeper import LeaseKeeper
from internal.infrastructure.taskqueue.broker.loop_safety import Check, checks, overrides
from internal.infrastructure.taskqueue.broker.message_rules import encode, require_options
from internal.infrastructure.taskqueue.broker.middleware import default_middleware, replace_stock
from internal.infrastructure.taskqueue.broker.run_marks import ENDS, note_end, note_start
from internal.infrastructure.taskqueue.connections.connection import connect_blocking, connect_blocking_to
from internal.infrastructure.taskqueue.connections.redis_errors import is_temporary
from internal.infrastructure.taskqueue.delivery.delivery import Delivery
from internal.infrastructure.taskqueue.protocol import scripts
from internal.infrastructure.taskqueue.protocol.namespace import NAMESPACE, hash_tag
from internal.infrastructure.taskqueue.protocol.stored_message import NO_DEADLINE
from internal.infrastructure.taskqueue.protocol.timing import MOST_BYTES, Timing
from internal.infrastructure.telemetry.failure_log import report

CoroutineFunction = Callable[..., Any]


async def _nothing() -> None:
    pass


# Dramatiq wraps coroutine functions of actors. This code object identifies the wrapper.
_WRAPPER = async_to_sync(_nothing).__code__


class RedisBroker(Broker):
    """A Dramatiq broker on the engine's Redis layout.

    Actors, messages and middleware are Dramatiq's. A message is stored once, in one state, until it is
    settled; see docs/task-engine.md.

    The arguments are those of Dramatiq's RedisBroker and three more. `most_bytes` limits the size of a
    message. `payload_keys` has the ids of the keys that decrypt payloads. `timing` holds all durations.
    `heartbeat_timeout` (how long a worker may be silent) and `dead_message_ttl` (how long archived tasks are
    kept) override it, in milliseconds. Without `url` and `client`, `parameters` go to redis.Redis.
    """

    def __init__(  # noqa: PLR0913 - the arguments of Dramatiq's RedisBroker and three more
        self,
        *,
        url: str | None = None,
        middleware: Sequence[Middleware] | None = None,
        namespace: str = NAMESPACE,
        maintenance_chance: int | None = None,
        heartbeat_timeout: int | None = None,
        dead_message_ttl: int | None = None,
        client: redis.Redis | None = None,
        timing: Timing | None = None,
        most_bytes: int = MOST_BYTES,
        payload_keys: Container[str] = (),
        **parameters: Any,
    ) -> None:
        if maintenance_chance is not None:
            unused = "maintenance_chance has no effect: every fetch does the maintenance"
            warnings.warn(unused, RuntimeWarning, stacklevel=2)
        self._forget_hooks()
        self._coroutines: dict[str, CoroutineFunction] = {}
        super().__init__(middleware=default_middleware() if middleware is None else replace_stock(middleware))
        self.queues: set[str] = set()
        self.client = client or (connect_blocking(url) if url else connect_blocking_to(**parameters))
        self.namespace = hash_tag(namespace)
        self.timing = (timing or Timing()).adjusted(lease=heartbeat_timeout, archive_for=dead_message_ttl)
        self.most_bytes = most_bytes
        self.payload_keys = payload_keys
        self._keeper = LeaseKeeper(self.call, timing=self.timing)

    def add_middleware(
        self,
        middleware: Middleware,
        *,
        before: type[Middleware] | None = None,
        after: type[Middleware] | None = None,
    ) -> None:
        [middleware] = replace_stock([middleware])
        super().add_middleware(middleware, before=before, after=after)
        self._forget_hooks()

    def remove_middleware(self, middleware: Middleware) -> None:
        """Undo `add_middleware`. Dramatiq has no method for it."""
        self.middleware = [item for item in self.middleware if item is not middleware]
        self._forget_hooks()

    def _forget_hooks(self) -> None:
        self._hooks: dict[str, list[Callable[..., None]]] = {}
        self._has_hooks: dict[tuple[str, ...], bool] = {}
        self._checks: list[Check] | None = None

    def emit_before(self, signal: str, *args: Any, **kwargs: Any) -> None:
        name = f"before_{signal}"
        if signal == "process_message":
            note_start(*args)
        for hook in self._hooks_of(name):
            try:
                hook(self, *args, **kwargs)
            except MiddlewareError:
                raise
            except Exception:  # noqa: BLE001 - logged and swallowed, as in Dramatiq
                report("broker.hook_failed", hook=getattr(hook, "__qualname__", name))

    def emit_after(self, signal: str, *args: Any, **kwargs: Any) -> None:
        name = f"after_{signal}"
        ends_task = signal in ENDS
        if ends_task:
            note_end(*args, exception=kwargs.get("exception"))
        for hook in self._hooks_of(name):
            try:
                hook(self, *args, **kwargs)
            except BaseException as error:
                if not (ends_task or isinstance(error, Exception)):
                    raise
                report("broker.hook_failed", hook=getattr(hook, "__qualname__", name))

    def has_hooks(self, *names: str) -> bool:
        """Whether any middleware overrides one of these hooks, for example `before_ack`."""
        known = self._has_hooks.get(names)
        if known is None:
            known = self._has_hooks[names] = any(map(self._hooks_of, names))
        return known

    def _hooks_of(self, name: str) -> list[Callable[..., None]]:
        """The hooks that middleware overrides. Stock Dramatiq spends a seventh of its time on empty hooks."""
        hooks = self._hooks.get(name)
        if hooks is None:
            order = self.middleware if name.startswith("before_") else reversed(self.middleware)
            hooks = self._hooks[name] = [getattr(item, name) for item in order if overrides(item, name)]
        return hooks

    def declare_actor(self, actor: Actor[..., Any]) -> None:
        """Raise ValueError for an option that the engine would misread."""
        require_options(actor.options)
        super().declare_actor(actor)
        if getattr(actor.fn, "__code__", None) is _WRAPPER:
            self._coroutines[actor.actor_name] = actor.fn.__wrapped__  # type: ignore[attr-defined]  # see _WRAPPER
        else:
            self._coroutines.pop(actor.actor_name, None)

    def coroutine_function(self, actor_name: str) -> CoroutineFunction | None:
        """The coroutine function of an async actor, or None for a blocking actor."""
        return self._coroutines.get(actor_name)

    def native(self, delivery: Delivery) -> CoroutineFunction | None:
        """The coroutine function to run on the loop, or None for a task that needs a thread."""
        function = self.coroutine_function(delivery.actor_name)
        return function if function and self.is_loop_safe(delivery) else None

    def is_loop_safe(self, delivery: Delivery) -> bool:
        """Whether no middleware blocks during this delivery."""
        if self._checks is None:
            self._checks = checks(self.middleware)
        actor = self.actors.get(delivery.actor_name)
        return actor is not None and all(check(actor, delivery) for check in self._checks)

    def declare_queue(self, queue_name: str) -> None:
        if queue_name not in self.queues:
            self.emit_before("declare_queue", queue_name)
            self.queues.add(queue_name)
            self.emit_after("declare_queue", queue_name)

    def get_declared_queues(self) -> set[str]:
        return self.queues.copy()

    def enqueue(self, message: Message[Any], *, delay: int | None = None) -> Message[Any]:
        """Store a message. `delay` is in milliseconds, without a limit.

        Raises:
            ValueError: the message would arrive changed, is too large, or has an invalid option.
            ConnectionClosed: Redis cannot be reached, or is full.
        """
        message = message.copy(options={"redis_message_id": str(uuid4())})
        self.emit_before("enqueue", message, delay)
        data = scripts.text(encode(message, delay=delay, most_bytes=self.most_bytes))
        place = (message.queue_name, message.options["redis_message_id"], data)
        if delay:
            self.call(scripts.PUBLISH, [(*place, delay, NO_DEADLINE, {})])
        else:
            self.call(scripts.SEND, place)
        self.emit_after("enqueue", message, delay)
        return message

    def consume(self, queue_name: str, prefetch: int = 1, timeout: int = 30_000) -> Consumer:
        """A consumer for Dramatiq's own Worker. The engine's Worker does not use it."""
        if queue_name not in self.queues:
            raise QueueNotFound(queue_name)
        return QueueConsumer(
            self,
            queue_name,
            call=self.call,
            keeper=self._keeper,
            timing=self.timing,
            payload_keys=self.payload_keys,
            prefetch=prefetch,
            timeout=timeout,
        )

    def call(self, script: scripts.Script, request: Any) -> Any:
        """Run a script. Raise Dramatiq's ConnectionClosed for an outage."""
        try:
            return script.call_blocking(self.client, self.namespace, request)
        except RedisError as error:
            if is_temporary(error):
                raise ConnectionClosed(error) from error
            raise

    def qsize(self, queue_name: str) -> int:
        """The number of tasks that have not ended, in all states."""
        return int(self.call(scripts.SIZE, [queue_name]))

    def pause(self, queue_name: str) -> None:
        """Stop all workers from starting tasks of a queue."""
        self.call(scripts.PAUSE, [queue_name, 1])

    def resume(self, queue_name: str) -> None:
        self.call(scripts.PAUSE, [queue_name, 0])

    def flush(self, queue_name: str) -> None:
        """Delete all tasks of a queue, except running ones."""
        while self.call(scripts.FLUSH, [queue_name]):
            pass

    def flush_all(self) -> None:
        for queue in self.queues:
            self.flush(queue)

    def join(self, queue_name: str, *, interval: int = 100, timeout: int | None = None) -> None:
        """Wait until a queue has no open tasks. Raise QueueJoinTimeout after `timeout` ms. For tests."""
        deadline = None if timeout is None else time.monotonic() + timeout / 1000
        while self.qsize(queue_name):
            if deadline is not None and time.monotonic() >= deadline:
                raise QueueJoinTimeout(queue_name)
            time.sleep(interval / 1000)

    def close(self) -> None:
        self._keeper.close()
        self.client.close()
