import subprocess
import sys

from internal.infrastructure.taskqueue.worker.watchdog import STUCK

PROGRAM = """
import asyncio, sys, threading, time
from datetime import timedelta
from internal.infrastructure.taskqueue.worker.watchdog import LoopWatchdog

loop = asyncio.new_event_loop()
threading.Thread(target=loop.run_forever, daemon=True).start()
LoopWatchdog(loop, silence=timedelta(milliseconds=300)).start()
time.sleep(1)
print("alive", flush=True)
if sys.argv[1] == "stuck":
    def block_the_loop():
        time.sleep(60)
    loop.call_soon_threadsafe(block_the_loop)
    time.sleep(10)
"""


def run(how: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", PROGRAM, how], capture_output=True, text=True, timeout=20, check=False
    )


def test_a_loop_that_turns_is_left_alone() -> None:
    ended = run("turning")

    assert (ended.returncode, ended.stdout) == (0, "alive\n")


def test_a_process_whose_loop_is_stuck_ends_and_says_where() -> None:
    ended = run("stuck")

    assert ended.returncode == STUCK == 70
    assert ended.stdout.startswith("alive\n")
    assert "worker.loop_stuck" in ended.stdout + ended.stderr
    assert "block_the_loop" in ended.stdout + ended.stderr
