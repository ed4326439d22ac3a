import socket
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from litestar.types import ASGIApp

from internal.infrastructure.bootstrap.server.draining_server import DrainingServer


def no_app(line: socket.socket) -> ASGIApp:
    raise NotImplementedError


@pytest.fixture
def server() -> Iterator[DrainingServer]:
    with socket.socket() as private:
        yield DrainingServer("nowhere:app", build_app=no_app, private=private, drain_time=timedelta(0))


def test_a_signal_waits_for_nothing_that_the_code_it_interrupts_may_hold(
    server: DrainingServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    stopping, released = server.main_loop_interrupt, threading.Event()
    set_event = stopping.set
    monkeypatch.setattr(stopping, "set", lambda: released.wait(20) and set_event())
    handler = threading.Thread(target=server.signal_handler_interrupt, daemon=True)

    handler.start()
    handler.join(5)
    returned = not handler.is_alive()
    released.set()

    assert returned
    assert stopping.wait(5)


def order(server: DrainingServer) -> None:
    server.signal_handler_interrupt()
    assert server.main_loop_interrupt.wait(5)


def death(server: DrainingServer) -> None:
    server.interrupt_children.append(1)
    server.main_loop_interrupt.set()


@pytest.mark.parametrize("event", [order, death])
def test_an_event_just_before_granian_replaces_a_process_still_counts(
    server: DrainingServer, event: Callable[[DrainingServer], None]
) -> None:
    event(server)
    server.main_loop_interrupt.clear()  # as Granian does then

    waiting = threading.Thread(target=server.main_loop_interrupt.wait, daemon=True)
    waiting.start()
    waiting.join(5)

    assert not waiting.is_alive()
