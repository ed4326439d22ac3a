from dataclasses import dataclass, field
from datetime import timedelta
from typing import Protocol


class UnknownIdempotencyKey(LookupError):
    """The key is not that of a task published through a unit of work."""


@dataclass(frozen=True, slots=True)
class Claim:
    """The effect is ours to make until the lease ends. `age`: since its task was first to run."""

    age: timedelta = field(default=timedelta(0), compare=False)


@dataclass(frozen=True, slots=True)
class Done:
    """The effect was made before."""


@dataclass(frozen=True, slots=True)
class Busy:
    """An attempt holds the claim: one under way, or one cut off. It lapses after `remaining`."""

    remaining: timedelta


class Idempotency(Protocol):
    """Makes an outside effect happen once per key, although its task is delivered at least once.

    A key is the id of a task that was published through `uow.tasks`.
    """

    async def claim(self, key: str, lease: timedelta) -> Claim | Done | Busy:
        """Take the right to make the effect for `lease`, unless it was made or somebody else has it.

        An effect that may take longer needs its claim renewed: one that outlives its claim may be made twice.

        Raises:
            UnknownIdempotencyKey: no task with this id was published through a unit of work.
        """
        ...

    async def renew(self, key: str, lease: timedelta) -> None:
        """Have the claim last for `lease` from now. What is done stays done.

        Only for who is at the effect this moment. A claim that has lapsed is taken again, and one that
        somebody else has taken since is prolonged: as long as one of the two is alive, no third begins.
        """
        ...

    async def complete(self, key: str) -> None:
        """Record that the effect was made; every later claim answers Done."""
        ...
