"""A test's knowledge of combined features: the expected tasks, and their outcomes."""

from collections import Counter
from collections.abc import Iterable

from hypothesis.stateful import RuleBasedStateMachine

from internal.ports.tasks import Publication, TaskOptions
from tests.support.queue_contents import Queued
from tests.support.taskqueue.feature_site import AT_ONCE, Site, Step

UNFINISHED = {"pending", "suspects", "active", "scheduled", "retry"}


class WhatIsKnown(RuleBasedStateMachine):
    """Chain `c1` has the steps `c1.0`, `c1.1` and so on, and `c1.failed`.

    Group `g2` has the members `g2.0` and `g2.1`, `g2.then` and `g2.failed`.
    """

    redis_url: str

    def __init__(self) -> None:
        super().__init__()
        self.site = Site(self.redis_url)
        self.is_about_the_limit = False
        self.options: dict[str, TaskOptions] = {}
        self.chains: dict[str, int] = {}
        self.groups: dict[str, set[str]] = {}  # those of its members that are done
        self.failed_groups: set[str] = set()
        self.crashes: Counter[str] = Counter()
        self.suspects: set[str] = set()
        self.cancelled: set[str] = set()
        self.waits_on_purpose: set[str] = set()
        self.paused: set[str] = set()

    def teardown(self) -> None:
        self.site.close()

    def new(self, name: str, options: TaskOptions) -> Publication:
        self.options[name] = options
        return Step(name=name), options

    def begin(self, name: str) -> None:
        """It is new, perhaps again: `on_failure` can follow several steps."""
        self.crashes[name] = 0
        self.suspects.discard(name)
        self.cancelled.discard(name)
        (self.waits_on_purpose.add if self.options[name].delay else self.waits_on_purpose.discard)(name)

    def holders(self, queue: str, tasks: dict[str, Queued]) -> list[str]:
        """Which tasks keep equal ones out of a queue."""
        return [
            name
            for name, task in tasks.items()
            if task.queue == queue and task.state in UNFINISHED and self.options[name].unique_key
        ]

    def is_locked_out(self, name: str, tasks: dict[str, Queued], *, but: str = "") -> bool:
        options = self.options[name]
        return bool(options.unique_key and set(self.holders(options.queue, tasks)) - {but, name})

    def check_followers(self, before: dict[str, Queued], expected: Iterable[str]) -> None:
        after = self.site.tasks()
        assert after.keys() - before.keys() == set(expected) - before.keys()
        for name in after.keys() - before.keys():
            self.begin(name)

    def failure_of(self, name: str) -> list[str]:
        whole = name.partition(".")[0]
        if name.endswith((".failed", ".then")) or whole not in self.chains | self.groups:
            return []
        if whole in self.groups:
            if whole in self.failed_groups:
                return []
            self.failed_groups.add(whole)
        return [f"{whole}.failed"]

    def success_of(self, name: str, tasks: dict[str, Queued]) -> list[str]:
        """Return the followers of a done task; a refused one fails the whole."""
        whole, _, part = name.partition(".")
        follower = ""
        if whole in self.chains and part.isdigit() and int(part) + 1 < self.chains[whole]:
            follower = f"{whole}.{int(part) + 1}"
        elif whole in self.groups and part.isdigit():
            self.groups[whole].add(name)
            follower = f"{whole}.then" if len(self.groups[whole]) == AT_ONCE else ""
        if not follower:
            return []
        return self.failure_of(name) if self.is_locked_out(follower, tasks, but=name) else [follower]

    def running(self, tasks: dict[str, Queued]) -> int:
        """How many tasks have a place of the limit."""
        active = [name for name, task in tasks.items() if task.state == "active"]
        return sum(self.options[name].limit_key is not None for name in active)
