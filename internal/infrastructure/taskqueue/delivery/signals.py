"""What Dramatiq's own worker tells middleware of the end of a task."""

from collections.abc import Sequence
from typing import Any

from dramatiq import Broker

from internal.infrastructure.taskqueue.delivery.exchange import Settlement
from internal.infrastructure.taskqueue.delivery.outcomes import Kind
from internal.infrastructure.telemetry.failure_log import report

Signal = tuple[str, tuple[Any, ...]]  # its name, and what hooks are given besides the broker


def signals_of(settlement: Settlement) -> list[Signal]:
    delivery, outcome = settlement.delivery, settlement.outcome
    if delivery is None or outcome.kind in {Kind.RELEASED, Kind.PROGRESS}:
        return []
    settled: Signal = ("nack" if delivery.failed else "ack", (delivery,))
    if outcome.kind is Kind.RETRY:  # there the message is put on its queue again
        message = delivery._message  # noqa: SLF001 - a hook expects a message, not its proxy
        return [("enqueue", (message, outcome.number)), settled]
    return [settled]


def emit(broker: Broker, moment: str, signals: Sequence[Signal]) -> None:
    """Fire the hooks; what one of them raises does not keep a task from being settled."""
    for name, arguments in signals:
        try:
            (broker.emit_before if moment == "before" else broker.emit_after)(name, *arguments)
        except BaseException:  # noqa: BLE001 - not even SystemExit may do that
            report("task.hook_failed", hook=f"{moment}_{name}")
