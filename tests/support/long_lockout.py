from dataclasses import replace
from datetime import timedelta
from typing import Any

from internal.infrastructure.config.settings import Settings
from internal.ports.password_attempts import LockoutPolicy

FIRST_WAIT = timedelta(seconds=30)


class _LongLockout(Settings):
    @property
    def lockout_policy(self) -> LockoutPolicy:
        return replace(super().lockout_policy, first_wait=FIRST_WAIT)


def with_long_lockout(settings: Settings, **changes: Any) -> Settings:
    """Settings whose lock-out begins with 30 s: on a busy machine, a request may take longer than 1 s."""
    values = settings.model_copy(update=changes)
    return _LongLockout.model_construct(_fields_set=values.model_fields_set, **dict(values))
