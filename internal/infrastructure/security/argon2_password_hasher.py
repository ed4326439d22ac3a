import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import TypeVar

from pwdlib.hashers.argon2 import Argon2Hasher

from internal.ports.unavailable import Unavailable

R = TypeVar("R")

# As patient as with Postgres. Who has waited for longer may have left, and holds up those who came later.
WAIT_AT_MOST = timedelta(seconds=5)
_NOBODYS_PASSWORD = "the hash of this is compared where there is no account"  # noqa: S105 - opens nothing


class Argon2PasswordHasher:
    """Argon2id off the event loop, in a pool of its own.

    The pool bounds memory as well as cores: at most `threads` times `memory` KiB are in use. Who has not got
    one of its threads after `patience` is told Unavailable.
    """

    def __init__(
        self,
        *,
        memory: int,
        time: int,
        parallelism: int,
        threads: int,
        patience: timedelta = WAIT_AT_MOST,
    ) -> None:
        self._hasher = Argon2Hasher(time_cost=time, memory_cost=memory, parallelism=parallelism)
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="argon2")
        self._free = asyncio.Semaphore(threads)
        self._patience = patience
        self._dummy: str | None = None

    async def hash(self, password: str) -> str:
        return await self._in_thread(self._hasher.hash, password)

    async def verify(self, password: str, password_hash: str | None) -> bool:
        if password_hash is None:
            await self._verify(password, await self._dummy_hash())
            return False
        return await self._verify(password, password_hash)

    async def _verify(self, password: str, password_hash: str) -> bool:
        return await self._in_thread(self._hasher.verify, password, password_hash)

    async def _dummy_hash(self) -> str:
        if self._dummy is None:
            self._dummy = await self.hash(_NOBODYS_PASSWORD)
        return self._dummy

    async def _in_thread(self, function: Callable[..., R], *args: str) -> R:
        try:
            async with asyncio.timeout(self._patience.total_seconds()):
                await self._free.acquire()
        except TimeoutError:
            raise Unavailable("no thread became free for a password") from None
        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, function, *args)
        finally:
            self._free.release()
