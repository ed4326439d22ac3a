"""The rule for the time after a fault: everyone with a 2xx has one welcome email, and nobody else has one."""

import time
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import psycopg
import redis

from internal.infrastructure.bootstrap.containers.taskqueue import QUEUES
from internal.infrastructure.taskqueue.protocol.namespace import NAMESPACE, hash_tag
from tests.support.faults.sink import Arrival, Sink
from tests.support.faults.traffic import NONE, Answer
from tests.support.polling import eventually

UNDER_WAY = ("pending", "suspects", "active", "scheduled", "retry")
ONE_TOO_MANY_WITHIN = 0.5  # seconds after everything has finished
# Who hears one of these cannot know whether the commit was the last thing that worked.
UNCERTAIN = {NONE, 503}


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """`last_at` is when the last email came; `untold` signed up, but did not get to know it."""

    last_at: float
    repeats: int
    untold: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Oracle:
    database_url: str
    redis_url: str
    sink: Sink

    def verdict(
        self,
        answers: Sequence[Answer],
        *,
        within: float,
        refused: Collection[str] = (),
        most_repeats: int = 0,
    ) -> Verdict:
        """Wait until everything has finished, and check these people.

        The mail server refuses the addresses in `refused`: they get no email, and their tasks are archived.
        """
        self._wait_for_rest(within=within)
        time.sleep(ONE_TOO_MANY_WITHIN)
        told = {answer.email for answer in answers if answer.status == 201}
        users = self._users({answer.email for answer in answers})
        mails = self._mails(answers)

        assert told <= users, f"a 201, but no user: {told - users}"
        assert users - told <= {answer.email for answer in answers if answer.status in UNCERTAIN}
        assert set(mails) == users - set(refused), "a user without an email, or an email without a user"
        assert {mail.kind for mail in self.sink.arrivals} <= {"welcome"}
        for recipient, arrivals in mails.items():
            assert len({mail.message_id for mail in arrivals}) == 1, f"two emails for {recipient}"
        repeats = sum(len(arrivals) - 1 for arrivals in mails.values())
        assert repeats <= most_repeats, f"{repeats} emails came again"
        last_at = max((mail.at for arrivals in mails.values() for mail in arrivals), default=0.0)
        return Verdict(last_at=last_at, repeats=repeats, untold=sorted(users - told))

    def _wait_for_rest(self, *, within: float) -> None:
        try:
            eventually(self.is_at_rest, within=within)
        except AssertionError as error:
            left = {state: self.under_way(state) for state in UNDER_WAY}
            raise AssertionError(f"{error}: {left}, {self.open_rows()} open rows") from None

    def is_at_rest(self) -> bool:
        return self.under_way() == 0 and self.open_rows() == 0

    def under_way(self, *states: str) -> int:
        """Tasks in Redis that are in one of these states, or in any but the final ones."""
        with redis.Redis.from_url(self.redis_url) as client, client.pipeline() as at_once:
            for queue in QUEUES:
                for state in states or UNDER_WAY:
                    at_once.zcard(f"{hash_tag(NAMESPACE)}:{queue}:{state}")
            return sum(at_once.execute())

    def give_up_what_is_left(self) -> None:
        """After a test that failed: what it leaves behind is not the next one's."""
        if self.is_at_rest():
            return
        with redis.Redis.from_url(self.redis_url) as client:
            client.flushdb()
        with psycopg.connect(self.database_url) as connection:
            connection.execute("UPDATE outbox SET closed_at = now() WHERE closed_at IS NULL")

    def open_rows(self) -> int:
        with psycopg.connect(self.database_url) as connection:
            [(count,)] = connection.execute("SELECT count(*) FROM outbox WHERE closed_at IS NULL")
        assert isinstance(count, int)
        return count

    def _users(self, emails: Collection[str]) -> set[str]:
        with psycopg.connect(self.database_url) as connection:
            found = connection.execute("SELECT email FROM users WHERE email = ANY(%s)", [list(emails)])
            return {email for (email,) in found}

    def _mails(self, answers: Sequence[Answer]) -> dict[str, list[Arrival]]:
        asked = {answer.email for answer in answers}
        mails = defaultdict(list)
        for arrival in self.sink.arrivals:
            if arrival.recipient in asked:
                mails[arrival.recipient].append(arrival)
        return mails
