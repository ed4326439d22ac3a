"""Chains and groups as encoded tasks that know what follows them."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from internal.infrastructure.task_codec import EncodedTask, Followers
from internal.ports.tasks import Publication, Task, TaskOptions, with_options

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
    if not steps:
        raise ValueError("a chain needs at least one step")
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
    if not tasks:
        raise ValueError("a group needs at least one task")
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
