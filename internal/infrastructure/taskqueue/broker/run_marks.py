"""What is noted on a delivery as its run begins and ends, whoever runs it."""

from internal.infrastructure.taskqueue.delivery.delivery import Delivery

# After these signals a task has ended, whatever the other hooks do.
ENDS = frozenset({"process_message", "skip_message"})


def note_start(message: object) -> None:
    if isinstance(message, Delivery):
        message.is_undecided = True


def note_end(message: object, *, exception: BaseException | None) -> None:
    """Only what ended without an exception counts as done; from here on nothing interrupts it."""
    if isinstance(message, Delivery):
        message.drop_interrupt()
        message.is_undecided = exception is not None
