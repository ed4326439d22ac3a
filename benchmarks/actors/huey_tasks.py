"""Huey with its defaults: `huey_consumer benchmarks.actors.huey_tasks.huey`."""

import os

from huey import RedisHuey

from benchmarks import notes

huey = RedisHuey(url=os.environ["REDIS_URL"])


@huey.task()  # type: ignore[untyped-decorator]  # Huey has no type information
def noop(user_id: str, email: str, name: str) -> None:
    pass


@huey.task()  # type: ignore[untyped-decorator]  # Huey has no type information
def mark(label: str) -> None:
    notes.write(label)
