import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def repeating(action: Callable[[int], None], *, every: float) -> Iterator[None]:
    """Call `action` in a thread with 1, 2, 3, ..., with pauses of `every` seconds, until the block ends."""
    ended = threading.Event()

    def repeat() -> None:
        number = 0
        while not ended.wait(every):
            number += 1
            action(number)

    thread = threading.Thread(target=repeat, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
