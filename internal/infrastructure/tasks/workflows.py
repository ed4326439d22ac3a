"""Chains and groups as encoded tasks that know what follows them, and what every publisher does with them."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Unpack
from uuid import UUID

from internal.infrastructure.tasks.codec import TaskCodec
from internal.infrastructure.tasks.encoded_task import EncodedTask, Followers
from internal.ports.tasks import (
    MOST_MEMBERS,
    MOST_STEPS,
    Publication,
    Task,
    TaskOptions,
    TaskOverrides,
    TaskReceipt,
    with_options,
)

Encode = Callable[[Task, TaskOptions], EncodedTask]


def chain(
    steps: Sequence[Publication],
    *,
    on_failure: Publication | None,
    encode_first: Encode,
    encode_follower: Encode,
) -> EncodedTask:
    """The first step, with the others in it.

    Raises:
        ValueError: see TaskPublisher.publish_chain.
    """
    if not 1 <= len(steps) <= MOST_STEPS:
        raise ValueError(f"a chain needs at least one step and has {MOST_STEPS} at most, not {len(steps)}")
    (first, options), *later = with_options(steps)
    failed = _follower(on_failure, encode_follower)
    following: tuple[EncodedTask, ...] = ()
    for step in reversed(later):
        [encoded] = _follower(step, encode_follower)
        following = (_followed(encoded, Followers(on_success=following, on_failure=failed)),)
    return _followed(encode_first(first, options), Followers(on_success=following, on_failure=failed))


def group(
    tasks: Sequence[Publication],
    *,
    then: Publication | None,
    on_failure: Publication | None,
    group_id: str,
    encode_member: Encode,
    encode_follower: Encode,
) -> list[EncodedTask]:
    """The members, each with what follows all of them.

    Raises:
        ValueError: see TaskPublisher.publish_group.
    """
    if not 1 <= len(tasks) <= MOST_MEMBERS:
        raise ValueError(f"a group needs at least one task and has {MOST_MEMBERS} at most, not {len(tasks)}")
    pairs = with_options(tasks)
    if any(options.task_id is not None or options.unique_for is not None for _, options in pairs):
        raise ValueError("a task of a group has neither task_id nor unique_for: a duplicate is never done")
    followers = Followers(
        on_success=_follower(then, encode_follower),
        on_failure=_follower(on_failure, encode_follower),
        group=group_id,
        size=len(pairs),
    )
    return [_followed(encode_member(task, options), followers) for task, options in pairs]


def _follower(publication: Publication | None, encode: Encode) -> tuple[EncodedTask, ...]:
    if publication is None:
        return ()
    [(task, options)] = with_options([publication])
    if options.process_at is not None or options.deadline is not None:
        raise ValueError(
            "a task that follows others has no process_at and no deadline: use delay and timeout"
        )
    return (encode(task, options),)


def _followed(task: EncodedTask, followers: Followers) -> EncodedTask:
    has_any = followers.on_success or followers.on_failure
    return replace(task, followers=followers) if has_any else task


class EncodingTaskPublisher(ABC):
    """A TaskPublisher for classes that store encoded tasks."""

    def __init__(self, *, codec: TaskCodec, new_id: Callable[[], UUID]) -> None:
        self._codec = codec
        self._new_id = new_id

    async def publish(self, task: Task, **overrides: Unpack[TaskOverrides]) -> TaskReceipt:
        [receipt] = await self.publish_many([(task, task.task_options.override(overrides))])
        return receipt

    async def publish_many(self, tasks: Sequence[Publication]) -> list[TaskReceipt]:
        return await self._publish([self._encode(task, options) for task, options in with_options(tasks)])

    async def publish_chain(
        self, steps: Sequence[Publication], *, on_failure: Publication | None = None
    ) -> TaskReceipt:
        first = chain(
            steps, on_failure=on_failure, encode_first=self._encode, encode_follower=self._encode_follower
        )
        [receipt] = await self._publish([first])
        return receipt

    async def publish_group(
        self,
        tasks: Sequence[Publication],
        *,
        then: Publication | None = None,
        on_failure: Publication | None = None,
    ) -> list[TaskReceipt]:
        members = group(
            tasks,
            then=then,
            on_failure=on_failure,
            group_id=str(self._new_id()),
            encode_member=self._encode,
            encode_follower=self._encode_follower,
        )
        return await self._publish(members)

    @abstractmethod
    async def _publish(self, tasks: Sequence[EncodedTask]) -> list[TaskReceipt]:
        """Store all of them. Raise ValueError, and store none, if one of them cannot be sent."""

    def _encode(self, task: Task, options: TaskOptions) -> EncodedTask:
        """As it is published now; one that is published later is not encoded for that."""
        return self._encode_follower(task, options)

    def _encode_follower(self, task: Task, options: TaskOptions) -> EncodedTask:
        return self._codec.encode(task, task_id=options.task_id or str(self._new_id()), options=options)
