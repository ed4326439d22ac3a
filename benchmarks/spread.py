"""Two workers of ten slots each share twenty tasks of one second; neither may hoard.

`python -m benchmarks.spread` measures from the first publication to the end of the last task.
"""

import time

from benchmarks import notes
from benchmarks.contenders import engine
from benchmarks.engine import Engine
from benchmarks.fleet import start_afresh, working
from benchmarks.report import ROUNDS, Figure, Target, arguments, conclude
from benchmarks.services import running_services
from benchmarks.tasks import Sleep

TASKS = 20
LONGEST = 1.3  # seconds
PAUSE = 0.5  # seconds between two rounds, so that both are idle again


def seconds(ours: Engine) -> float:
    time.sleep(PAUSE)
    notes.clear()
    started = time.monotonic()
    ours.publish_all([Sleep(label=str(number), seconds=1) for number in range(TASKS)])
    return max(note.at for note in notes.await_notes(TASKS, within=60)) - started


def main() -> None:
    options = arguments(__doc__, rounds=2 * ROUNDS)
    with running_services() as services:
        ours = engine()
        start_afresh()
        with working(ours, services, processes=2):
            measured = [seconds(ours) for _ in range(options.rounds)]
    conclude([Figure("20 tasks of 1 s, all done", measured, "s", Target(LONGEST), value=max(measured))])


if __name__ == "__main__":
    main()
