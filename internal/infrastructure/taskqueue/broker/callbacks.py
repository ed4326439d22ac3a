"""Dramatiq's callbacks, pipelines and results, changed to pass on only values that can be stored."""

from typing import Any

from dramatiq import Broker, MessageProxy
from dramatiq.middleware import Callbacks as StockCallbacks
from dramatiq.middleware import Pipelines as StockPipelines
from dramatiq.results import Results as StockResults

from internal.infrastructure.telemetry import error_text


class Callbacks(StockCallbacks):
    def after_process_message(
        self,
        broker: Broker,
        message: MessageProxy,
        *,
        result: Any = None,
        exception: BaseException | None = None,
    ) -> None:
        name = "on_success" if exception is None else "on_failure"
        target = message.options.get(name) or broker.get_actor(message.actor_name).options.get(name)
        if target and exception is None:
            broker.get_actor(target).send(message.asdict(), _with_lists(result))
        elif target and exception is not None:
            failure = {"type": error_text.kind(exception), "message": error_text.text(exception)}
            broker.get_actor(target).send(message.asdict(), failure)


class Pipelines(StockPipelines):
    def after_process_message(
        self,
        broker: Broker,
        message: MessageProxy,
        *,
        result: Any = None,
        exception: BaseException | None = None,
    ) -> None:
        if message.options.get("pipe_target"):
            super().after_process_message(broker, message, result=_with_lists(result), exception=exception)


class Results(StockResults):
    @classmethod
    def like(cls, stock: StockResults) -> "Results":
        return cls(backend=stock.backend, store_results=stock.store_results, result_ttl=stock.result_ttl)

    def after_nack(self, broker: Broker, message: MessageProxy) -> None:
        store_results, ttl = self._lookup_options(broker, message)
        if store_results and message.failed:
            error = message._exception  # noqa: SLF001 - as in the stock middleware
            exception = Exception("unknown") if error is None else _storable(error)
            self.backend.store_exception(message, exception, ttl)


def _storable(error: BaseException) -> Exception:
    """An exception of the same name with a text that can be stored, as result backends require."""
    kind: type[Exception] = type(error_text.kind(error), (Exception,), {})
    return kind(error_text.text(error))


def _with_lists(value: Any) -> Any:
    """Replace tuples by lists: results may contain tuples, but messages may not."""
    if isinstance(value, list | tuple):
        return [_with_lists(item) for item in value]
    if isinstance(value, dict):
        return {key: _with_lists(item) for key, item in value.items()}
    return value
