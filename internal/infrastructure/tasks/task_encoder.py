"""Encodes tasks, chains and groups; publishers only store the result."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from uuid import UUID

from internal.infrastructure.tasks.codec import TaskCodec
from internal.infrastructure.tasks.encoded_task import EncodedTask, Followers
from internal.ports.clock import Clock
from internal.ports.tasks import (
    MOST_MEMBERS,
    MOST_STEPS,
    Publication,
    Task,
    TaskOptions,
    with_options,
)


class TaskEncoder:
    """Encodes tasks, chains and groups.

    `outbox_clock` is set for tasks that go to the outbox first: their delay counts from now, not from when
    the relay forwards them. A task that follows others has no start time yet and keeps its delay.
    """

    def __init__(
        self, *, codec: TaskCodec, new_id: Callable[[], UUID], outbox_clock: Clock | None = None
    ) -> None:
        self._codec = codec
        self._new_id = new_id
        self._outbox_clock = outbox_clock

    def encode_as(self, task: Task, *, task_id: str, options: TaskOptions) -> EncodedTask:
        """Encode a task whose id is not among its options. Raises as TaskCodec.encode."""
        return self._codec.encode(task, task_id=task_id, options=options)

    def encode_many(self, tasks: Sequence[Publication]) -> list[EncodedTask]:
        """Raises as TaskPublisher.publish_many."""
        return [self._encode_first(task, options) for task, options in with_options(tasks)]

    def encode_chain(self, steps: Sequence[Publication], *, on_failure: Publication | None) -> EncodedTask:
        """Return the first step, which holds all others. Raises as TaskPublisher.publish_chain."""
        if not 1 <= len(steps) <= MOST_STEPS:
            raise ValueError(
                f"a chain needs at least one step and has {MOST_STEPS} at most, not {len(steps)}"
            )
        (first, options), *later = with_options(steps)
        failed = self._encode_follower(on_failure)
        following: tuple[EncodedTask, ...] = ()
        for step in reversed(later):
            [encoded] = self._encode_follower(step)
            following = (_followed(encoded, Followers(on_success=following, on_failure=failed)),)
        return _followed(
            self._encode_first(first, options), Followers(on_success=following, on_failure=failed)
        )

    def encode_group(
        self, tasks: Sequence[Publication], *, then: Publication | None, on_failure: Publication | None
    ) -> list[EncodedTask]:
        """Return the members, each with its followers. Raises as TaskPublisher.publish_group."""
        group = str(self._new_id())
        if not 1 <= len(tasks) <= MOST_MEMBERS:
            raise ValueError(
                f"a group needs at least one task and has {MOST_MEMBERS} at most, not {len(tasks)}"
            )
        pairs = with_options(tasks)
        if any(options.task_id is not None or options.unique_for is not None for _, options in pairs):
            raise ValueError(
                "a task of a group has neither task_id nor unique_for: a duplicate is never done"
            )
        followers = Followers(
            on_success=self._encode_follower(then),
            on_failure=self._encode_follower(on_failure),
            group=group,
            size=len(pairs),
        )
        return [_followed(self._encode_first(task, options), followers) for task, options in pairs]

    def _encode_follower(self, publication: Publication | None) -> tuple[EncodedTask, ...]:
        if publication is None:
            return ()
        [(task, options)] = with_options([publication])
        if options.process_at is not None or options.deadline is not None:
            raise ValueError(
                "a task that follows others has no process_at and no deadline: use delay and timeout"
            )
        return (self._encode(task, options),)

    def _encode_first(self, task: Task, options: TaskOptions) -> EncodedTask:
        """Encode a task that waits for no other."""
        if self._outbox_clock is None:
            return self._encode(task, options)
        if options.delay is not None:
            start = self._outbox_clock.now() + options.delay
            options = replace(options, delay=None, process_at=start)
        return replace(self._encode(task, options), is_stored=True)

    def _encode(self, task: Task, options: TaskOptions) -> EncodedTask:
        return self._codec.encode(task, task_id=options.task_id or str(self._new_id()), options=options)


def _followed(task: EncodedTask, followers: Followers) -> EncodedTask:
    has_any = followers.on_success or followers.on_failure
    return replace(task, followers=followers) if has_any else task
