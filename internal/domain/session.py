from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Self
from uuid import UUID

from internal.domain.caller import Caller

# A session ends when it was not refreshed for IDLE_FOR, and in any case LASTS_FOR after the log-in. A program
# may end its sessions earlier.
IDLE_FOR = timedelta(days=7)
LASTS_FOR = timedelta(days=30)
# A log-in beyond this number ends the session of the user that was used longest ago.
MOST_SESSIONS = 100
# A client that lost the answer to a refresh may repeat it for this long.
REPEAT_FOR = timedelta(seconds=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """One log-in of a user on one device. `address` and `user_agent` are those of the log-in."""

    id: UUID
    user_id: UUID
    created_at: datetime
    last_used_at: datetime
    expires_at: datetime
    address: str | None
    user_agent: str | None

    @classmethod
    def begin(
        cls,
        *,
        session_id: UUID,
        user_id: UUID,
        caller: Caller,
        now: datetime,
        lasts_for: timedelta = LASTS_FOR,
    ) -> Self:
        return cls(
            id=session_id,
            user_id=user_id,
            created_at=now,
            last_used_at=now,
            expires_at=now + lasts_for,
            address=caller.address,
            user_agent=caller.user_agent,
        )
