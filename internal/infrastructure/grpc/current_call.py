"""The call that the current task answers. The generated classes leave no place for it in their methods."""

from contextvars import ContextVar
from dataclasses import dataclass

from internal.application.auth.authenticate import Principal
from internal.domain.caller import Caller


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """principal: the user and the session; None if the method is open to everybody."""

    caller: Caller
    principal: Principal | None


_CURRENT: ContextVar[Call] = ContextVar("current_call")


def begin_call(call: Call) -> None:
    """Each call runs in its own asyncio task, so nothing has to be reset."""
    _CURRENT.set(call)


def current_caller() -> Caller:
    return _CURRENT.get().caller


def current_principal() -> Principal:
    """The user and the session of the call. Raises LookupError if the method is open to everybody."""
    principal = _CURRENT.get().principal
    if principal is None:
        raise LookupError("anyone may call this method")
    return principal
