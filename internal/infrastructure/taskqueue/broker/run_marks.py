"""Marks at the beginning and the end of a run, by the engine's runner or by Dramatiq's Worker."""

from internal.infrastructure.taskqueue.delivery.delivery import Delivery

# After these signals a task has ended, no matter what hooks do.
ENDS = frozenset({"process_message", "skip_message"})


def note_start(message: object) -> None:
    if isinstance(message, Delivery):
        message.attempt.is_undecided = True


def note_end(message: object, *, exception: BaseException | None) -> None:
    """Count the run as done only if it ended without an exception. From here on nothing interrupts it."""
    if isinstance(message, Delivery):
        message.attempt.drop_interrupt()
        message.attempt.is_undecided = exception is not None
