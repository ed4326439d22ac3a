import time
from asyncio import CancelledError
from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import partial
from typing import Any, TypeAlias

import grpc
import grpc.aio
import structlog

from internal.domain.caller import Caller
from internal.infrastructure.grpc.access import ACCESS, AccessGuard
from internal.infrastructure.grpc.callers import Callers
from internal.infrastructure.grpc.current_call import Call, begin_call
from internal.infrastructure.grpc.deadline import ended_within
from internal.infrastructure.grpc.errors import Failure, failure_of
from internal.infrastructure.grpc.metadata import ServicerContext, values_of
from internal.infrastructure.grpc.running_calls import RunningCalls

log = structlog.get_logger(__name__)

# The class takes no parameters when the program runs.
Handler: TypeAlias = "grpc.RpcMethodHandler[Any, Any] | None"
Metadata = tuple[tuple[str, str | bytes], ...]


class CallInterceptor(grpc.aio.ServerInterceptor):
    """Surrounds every call: request id, log line, limits, access, and errors as statuses.

    It leaves calls for health and reflection alone.
    """

    def __init__(
        self, *, callers: Callers, guard: AccessGuard, running: RunningCalls, within: timedelta
    ) -> None:
        self._callers = callers
        self._guard = guard
        self._running = running
        self._within = within

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[Handler]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> Handler:
        handler = await continuation(handler_call_details)
        method = handler_call_details.method
        if handler is None:
            log.info("grpc.request", method="(unknown)", status="UNIMPLEMENTED")
            return None
        if method not in ACCESS:
            return handler
        # Without a deserializer: the message is read only once the caller may call.
        return grpc.unary_unary_rpc_method_handler(
            partial(self._answer, method, handler), response_serializer=handler.response_serializer
        )

    # The types of a handler are those of servers without asyncio.
    async def _answer(self, method: str, handler: Any, body: bytes, context: ServicerContext) -> Any:
        caller = self._callers.caller_of(context)
        started = time.perf_counter()
        status = "OK"
        with structlog.contextvars.bound_contextvars(request_id=caller.request_id):
            try:
                answer = await self._call(method, handler, body, context=context, caller=caller)
            except CancelledError:
                status = "DEADLINE_EXCEEDED" if context.time_remaining() == 0 else "CANCELLED"
                raise
            except Exception as error:  # noqa: BLE001 - a process boundary
                failure = failure_of(error)
                status = failure.status.name
                await _abort(context, failure, _trailer(caller))
            else:
                context.set_trailing_metadata(_trailer(caller))
                return answer
            finally:
                duration = round((time.perf_counter() - started) * 1000, 1)
                log.info("grpc.request", method=method, status=status, milliseconds=duration)

    async def _call(
        self, method: str, handler: Any, body: bytes, *, context: ServicerContext, caller: Caller
    ) -> Any:
        with self._running.one_more():
            async with ended_within(self._within):
                principal = await self._guard(
                    method, authorization=values_of(context, "authorization"), caller=caller
                )
                begin_call(Call(caller=caller, principal=principal))
                return await handler.unary_unary(handler.request_deserializer(body), context)


async def _abort(context: ServicerContext, failure: Failure, trailer: Metadata) -> None:
    # A client reads the details under this name: https://grpc.io/docs/guides/error
    details = ("grpc-status-details-bin", failure.encoded())
    await context.abort(failure.status, failure.text, (*trailer, details))


def _trailer(caller: Caller) -> Metadata:
    return (("x-request-id", caller.request_id or ""),)
