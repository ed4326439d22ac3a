import uuid
from typing import NamedTuple


class Call(NamedTuple):
    """The caller and the token of one call of `settle_and_fetch.lua`."""

    worker: str
    epoch: int
    token: str


class Session:
    """Identity of one worker in its calls to Redis."""

    def __init__(self) -> None:
        self.worker_id = str(uuid.uuid4())
        self.epoch = 0
        self._calls = 0

    def next_call(self) -> Call:
        """A call with a new token, which the tasks that it fetches are held by."""
        self._calls += 1
        return Call(self.worker_id, self.epoch, f"{self.worker_id}:{self._calls}")

    def begin_epoch(self) -> None:
        """Once Redis knows the new epoch, delayed calls of earlier ones fetch nothing."""
        self.epoch += 1
