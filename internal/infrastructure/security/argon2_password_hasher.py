from collections.abc import Collection
from datetime import timedelta

from pwdlib.hashers.argon2 import Argon2Hasher

from internal.domain.normalization import nfc
from internal.domain.password_policy import MAX_LENGTH
from internal.infrastructure.security.bounded_threads import WAIT_AT_MOST, BoundedThreads
from internal.ports.password_hasher import Match

# Sixteen and thirty-two zero bytes. No known password has this digest.
_NOBODYS_SALT_AND_DIGEST = "A" * 22 + "$" + "A" * 43


class Argon2PasswordHasher:
    """Runs Argon2id in its own thread pool, off the event loop.

    The pool bounds memory and cores: at most `threads` times `memory` KiB are in use, or more if stored
    hashes need more. A caller that gets no thread within `patience` gets Unavailable.

    Passwords are hashed in NFC. If NFC changes a password, the original form is compared too. So hashes from
    before normalization still match; they are OUTDATED.

    Every NO does the same work: it hashes each form of the password at every cost, stored or configured,
    starting with the account's own. Equal work means equal times on any machine and under any load. The price
    is that a NO takes the sum of these costs while any account still has a hash at an old cost.
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
        self._cost = f"$argon2id$v=19$m={memory},t={time},p={parallelism}"
        self._threads = BoundedThreads(threads, name="password hashing", patience=patience)

    async def hash(self, password: str) -> str:
        return await self._threads.run(lambda: self._hasher.hash(nfc(password, up_to=MAX_LENGTH)))

    async def verify(
        self, password: str, password_hash: str | None, *, stored_costs: Collection[str] = ()
    ) -> Match:
        return await self._threads.run(lambda: self._verify(password, password_hash, stored_costs))

    def _verify(self, password: str, password_hash: str | None, stored_costs: Collection[str]) -> Match:
        normalized = nfc(password, up_to=MAX_LENGTH)
        forms = list(dict.fromkeys([normalized, password]))
        for form in forms:
            if password_hash is not None and self._hasher.verify(form, password_hash):
                is_current = form == normalized and not self._hasher.check_needs_rehash(password_hash)
                return Match.YES if is_current else Match.OUTDATED
        for cost in {self._cost, *stored_costs} - {cost_of(password_hash)}:
            for form in forms:
                self._hasher.verify(form, f"{cost}${_NOBODYS_SALT_AND_DIGEST}")
        return Match.NO


def cost_of(password_hash: str | None) -> str | None:
    """The part of the hash before salt and digest."""
    return password_hash.rsplit("$", 2)[0] if password_hash else None
