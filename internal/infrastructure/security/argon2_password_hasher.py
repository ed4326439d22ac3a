import asyncio
from concurrent.futures import ThreadPoolExecutor

from pwdlib.hashers.argon2 import Argon2Hasher

_NOBODYS_PASSWORD = "the hash of this is compared where there is no account"  # noqa: S105 - opens nothing


class Argon2PasswordHasher:
    """Argon2id off the event loop, in a pool of its own.

    The pool bounds memory as well as cores: at most `threads` times `memory` KiB are in use.
    """

    def __init__(self, *, memory: int, time: int, parallelism: int, threads: int) -> None:
        self._hasher = Argon2Hasher(time_cost=time, memory_cost=memory, parallelism=parallelism)
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="argon2")
        self._dummy: str | None = None

    async def hash(self, password: str) -> str:
        return await asyncio.get_running_loop().run_in_executor(self._pool, self._hasher.hash, password)

    async def verify(self, password: str, password_hash: str | None) -> bool:
        if password_hash is None:
            await self._verify(password, await self._dummy_hash())
            return False
        return await self._verify(password, password_hash)

    async def _verify(self, password: str, password_hash: str) -> bool:
        verify = self._hasher.verify
        return await asyncio.get_running_loop().run_in_executor(self._pool, verify, password, password_hash)

    async def _dummy_hash(self) -> str:
        if self._dummy is None:
            self._dummy = await self.hash(_NOBODYS_PASSWORD)
        return self._dummy
