"""The hooks of middleware that Dramatiq's own worker calls as a task is settled."""

from collections.abc import Sequence
from typing import Any

from dramatiq import Broker

from internal.infrastructure.taskqueue.delivery.delivery import Delivery
from internal.infrastructure.taskqueue.delivery.outcomes import Kind, Outcome
from internal.infrastructure.telemetry.failure_log import report

# Its name, and the arguments of its hooks after the broker.
Signal = tuple[str, tuple[Any, ...]]


def signals_of(delivery: Delivery, outcome: Outcome) -> list[Signal]:
    if outcome.kind in {Kind.RELEASED, Kind.PROGRESS}:
        return []
    settled: Signal = ("nack" if delivery.failed else "ack", (delivery,))
    # A retry puts the message on its queue again.
    if outcome.kind is Kind.RETRY:
        message = delivery._message  # noqa: SLF001 - a hook expects a message, not its proxy
        return [("enqueue", (message, outcome.number)), settled]
    return [settled]


def emit(broker: Broker, moment: str, signals: Sequence[Signal]) -> None:
    """Fire the hooks; an error in one of them does not keep a task from being settled."""
    for name, arguments in signals:
        try:
            (broker.emit_before if moment == "before" else broker.emit_after)(name, *arguments)
        except BaseException:  # noqa: BLE001 - not even SystemExit may do that
            report("task.hook_failed", hook=f"{moment}_{name}")
