"""What the signals do to a supervised worker, as docs/operations.md describes it."""

import signal
import subprocess

import pytest

from tests.support.polling import eventually
from tests.support.smtp_server import SmtpServer
from tests.support.system import System

pytestmark = pytest.mark.long


def test_a_drained_worker_takes_nothing_until_it_is_told_to_go_on(
    system: System, smtp_server: SmtpServer
) -> None:
    system.start_server()
    worker = system.start_worker()
    worker.send_signal(signal.SIGTSTP)
    eventually(lambda: "worker.draining" in system.log("cmd.worker"), within=5)
    system.sign_up("ada@example.com")

    with pytest.raises(AssertionError):
        eventually(lambda: len(smtp_server.messages()) == 1, within=1)
    worker.send_signal(signal.SIGCONT)

    eventually(lambda: len(smtp_server.messages()) == 1, within=5)
    assert worker.poll() is None


def test_a_second_order_to_end_ends_at_once_and_with_1(system: System, smtp_server: SmtpServer) -> None:
    system.start_server()
    worker = system.start_worker()
    smtp_server.hangs_at = "."
    system.sign_up("ada@example.com")
    eventually(lambda: len(smtp_server.handed_over) == 1, within=10)

    eventually(lambda: told_again(worker), within=2)

    assert worker.returncode == 1


def told_again(worker: "subprocess.Popen[bytes]") -> bool:
    """A signal that is repeated at the same moment is one order."""
    worker.send_signal(signal.SIGTERM)
    return worker.poll() is not None
