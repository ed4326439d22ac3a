"""Compare the cost of a task with another commit: CPU of worker and Redis, and tasks per second.

`make bench-against COMMIT=v0.1.0` drains a backlog of no-ops with both versions in turn, in fresh processes.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.report import Figure, Target, conclude, ratios

ROOT = Path(__file__).parent.parent
ROUNDS = 7
TASKS = 40_000
MOST = 1.03

Sample = dict[str, float]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("commit", help="anything that git resolves to a commit")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help=f"default {ROUNDS}")
    parser.add_argument("--tasks", type=int, default=TASKS, help=f"default {TASKS}")
    options = parser.parse_args()
    now: list[Sample] = []
    before: list[Sample] = []
    with checkout(options.commit) as other:
        for _ in range(options.rounds):
            now.append(sample(ROOT, tasks=options.tasks))
            before.append(sample(other, tasks=options.tasks))
    conclude(
        [
            *figures("now", now),
            *figures(options.commit, before),
            Figure("CPU, now : before", ratios(cpu(now), cpu(before)), "times", Target(MOST)),
        ]
    )


def figures(label: str, samples: list[Sample]) -> list[Figure]:
    return [
        Figure(f"worker, {label}", [one["worker"] for one in samples], "us/task"),
        Figure(f"Redis, {label}", [one["redis"] for one in samples], "us/task"),
        Figure(f"rate, {label}", [one["rate"] for one in samples], "tasks/s"),
    ]


def cpu(samples: list[Sample]) -> list[float]:
    return [one["worker"] + one["redis"] for one in samples]


def sample(tree: Path, *, tasks: int) -> Sample:
    script = Path(__file__).with_name("cost_sample.py")
    # -P: modules beside the script belong to this tree, not always to the measured one.
    command = [sys.executable, "-P", str(script), str(tasks)]
    env = {**os.environ, "PYTHONPATH": str(tree)}
    done = subprocess.run(command, cwd=tree, env=env, check=True, stdout=subprocess.PIPE)
    measured: Sample = json.loads(done.stdout)
    return measured


@contextmanager
def checkout(commit: str) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="pyhexaclean-") as name:
        tree = Path(name) / "tree"
        git("worktree", "add", "--quiet", "--detach", str(tree), commit)
        try:
            yield tree
        finally:
            git("worktree", "remove", "--force", str(tree))


def git(*arguments: str) -> None:
    subprocess.run(["git", *arguments], cwd=ROOT, check=True)


if __name__ == "__main__":
    main()
