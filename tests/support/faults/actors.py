"""Dramatiq actors that write each run into the journal: `cmd.worker tests.support.faults.actors`."""

import asyncio
import multiprocessing
import os
import signal
import subprocess
import time

import dramatiq
from dramatiq import Retry
from dramatiq.middleware import CurrentMessage

from tests.support.faults.journal import END, FAIL, START, Journal
from tests.support.faults.odd_errors import ERRORS

journal = Journal.of_this_process()


@dramatiq.actor
async def work(key: str, seconds: float = 0) -> None:
    journal.write(key, START)
    await asyncio.sleep(seconds)
    journal.write(key, END)


@dramatiq.actor
def block(key: str, seconds: float = 0) -> None:
    """Can be interrupted every few milliseconds."""
    journal.write(key, START)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        time.sleep(0.005)
    journal.write(key, END)


@dramatiq.actor
def ignore_interruption(key: str, seconds: float) -> None:
    journal.write(key, START)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            time.sleep(0.05)
        except BaseException:  # noqa: BLE001, S112 - this is what it is for
            continue
    journal.write(key, END)


@dramatiq.actor
async def hang_once(key: str, seconds: float = 0) -> None:
    """Never ends the first time; later runs take this time in seconds."""
    is_first = not journal.entries(START, key=key)
    journal.write(key, START)
    await asyncio.sleep(3600 if is_first else seconds)
    journal.write(key, END)


@dramatiq.actor
def fail(key: str, failures: int, retry_in: int, seconds: float = 0) -> None:
    """Fail this number of times, each after `seconds`, with a retry after `retry_in` milliseconds."""
    message = CurrentMessage.get_current_message()
    assert message is not None
    journal.write(key, START)
    time.sleep(seconds)
    if message.options.get("retries", 0) < failures:
        journal.write(key, FAIL)
        raise Retry("again", delay=retry_in)
    journal.write(key, END)


@dramatiq.actor
async def kill_own_process(key: str) -> None:
    journal.write(key, START)
    os.kill(os.getpid(), signal.SIGKILL)
    await asyncio.sleep(10)


@dramatiq.actor
def leave_process(key: str) -> None:
    journal.write(key, START)
    os._exit(3)


@dramatiq.actor
def leave_orphan(key: str) -> None:
    """Start a process whose parent ends before it does."""
    subprocess.run(["sh", "-c", "sleep 0.2 &"], check=True)
    journal.write(key, END)


@dramatiq.actor
def end_forked_process(key: str) -> None:
    process = multiprocessing.get_context("fork").Process(target=time.sleep, args=(60,))
    process.start()
    process.terminate()
    process.join()
    journal.write(key, END)


@dramatiq.actor
async def fail_oddly(key: str, error: str, seconds: float) -> None:
    journal.write(key, START)
    await asyncio.sleep(seconds)
    odd = ERRORS[error]()
    raise odd


@dramatiq.actor
def fail_oddly_in_a_thread(key: str, error: str, seconds: float) -> None:
    """Interrupts come between two steps of its loop."""
    journal.write(key, START)
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        pass
    odd = ERRORS[error]()
    raise odd
