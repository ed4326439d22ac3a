from dataclasses import dataclass, field
from datetime import timedelta
from typing import Protocol


class UnknownIdempotencyKey(LookupError):
    """No task with this id was published through a unit of work."""


@dataclass(frozen=True, slots=True)
class Claim:
    """The caller may cause the effect until the lease ends.

    age: how long ago the task was first due.
    """

    age: timedelta = field(default=timedelta(0), compare=False)


@dataclass(frozen=True, slots=True)
class Done:
    """The effect has already happened."""


@dataclass(frozen=True, slots=True)
class Busy:
    """An attempt that runs, or that was cut off, holds the claim. The claim lapses after `remaining`."""

    remaining: timedelta


class Idempotency(Protocol):
    """Makes an external effect happen once per key, although its task is delivered at least once.

    A key is the id of a task that was published through `uow.tasks`.
    """

    async def claim(self, key: str, lease: timedelta) -> Claim | Done | Busy:
        """Claim the effect for `lease`, unless it has happened or another attempt holds the claim.

        Renew the claim of an effect that may take longer: an effect that outlives its claim may happen twice.

        Raises:
            UnknownIdempotencyKey: no task with this id was published through a unit of work.
        """
        ...

    async def renew(self, key: str, lease: timedelta) -> None:
        """Make the claim last for `lease` from now. Completed effects stay completed.

        Call it only while causing the effect. A lapsed claim is taken again. A claim that another attempt has
        taken since is extended: no third attempt begins as long as one of the two is alive.
        """
        ...

    async def complete(self, key: str) -> None:
        """Record that the effect has happened; every later claim returns Done."""
        ...
