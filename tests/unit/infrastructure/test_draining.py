import signal
import threading
from collections.abc import Iterator
from datetime import timedelta

import pytest

from internal.infrastructure.bootstrap.draining import DRAIN, DrainingServer


@pytest.fixture
def server() -> Iterator[DrainingServer]:
    before = signal.getsignal(DRAIN)
    yield DrainingServer("nowhere:app", drain_time=timedelta(0))
    signal.signal(DRAIN, before)


def test_a_signal_waits_for_nothing_that_the_code_it_interrupts_may_hold(server: DrainingServer) -> None:
    stopping = server.main_loop_interrupt
    handler = threading.Thread(target=server.signal_handler_interrupt, daemon=True)

    with stopping._cond:  # type: ignore[attr-defined]  # noqa: SLF001 - as the interrupted code has it, in wait() or set()
        handler.start()
        handler.join(5)
        returned = not handler.is_alive()

    assert returned
    assert stopping.wait(5)
