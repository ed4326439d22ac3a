"""What tasks did before the site started: ninety days, and the last hour by the minute."""

import time
from collections.abc import Iterator, Mapping
from math import sin

import msgspec
import redis

from internal.infrastructure.taskqueue.protocol.histogram import Row, empty_row, sum_of
from internal.ports.task_statistics import Figures
from tests.support.taskqueue.counted import row_of
from tests.support.taskqueue.engine import PREFIX

_MINUTES_A_DAY = 24 * 60
_MINUTE, _DAY = 60, 86_400  # seconds
# When mails began to fail, if they do, in minutes.
_FAILING_FOR = 22
# The busy minutes of a day.
_BUSY = 700

# By queue and task name.
_Rows = Mapping[tuple[str, str], Row]


def remember(redis_url: str, *, is_failing: bool) -> None:
    """Some minutes of the future too, so that the figures stay the same while somebody looks at them."""
    now = int(time.time())
    with redis.Redis.from_url(redis_url) as client:
        for ago in range(-10, 60):
            _write(client, f"minute:{now // _MINUTE - ago}", _minute(ago, is_failing=is_failing))
        so_far = now % _DAY // _MINUTE / _MINUTES_A_DAY
        for ago in range(90):
            rows = _day(ago, share=1 if ago else so_far, is_failing=is_failing and not ago)
            _write(client, f"day:{now // _DAY - ago}", rows)
            _count(client, now // _DAY - ago, rows)


def _write(client: redis.Redis, period: str, rows: _Rows) -> None:
    total, by_queue = empty_row(), dict[str, dict[str, Row]]()
    for (queue, name), row in rows.items():
        by_queue.setdefault(queue, {})[name] = row
        total = sum_of(total, row)
    packed = {"rows": msgspec.msgpack.encode(by_queue), "total": msgspec.msgpack.encode(total)}
    client.hset(f"{PREFIX}:statistics:{period}", mapping=packed)  # type: ignore[arg-type]  # its dict is invariant


def _count(client: redis.Redis, day: int, rows: _Rows) -> None:
    for (queue, _), (succeeded, retried, archived, *_) in rows.items():
        key = f"{PREFIX}:{queue}:stats:{day}"
        client.hincrby(key, "processed", succeeded)
        client.hincrby(key, "failed", retried + archived)


def _minute(ago: int, *, is_failing: bool) -> _Rows:
    """The mail server stops to answer: attempts take ten seconds, fail, and keep others waiting."""
    number = 44 + round(9 * sin(ago / 9)) + ago * 37 % 11
    down = min(8, max(0, _FAILING_FOR - ago)) / 10 if is_failing else 0
    return dict(_rows(number, down=down, archived=int(ago % 50 == 25), jitter=_jitter(ago)))


def _day(ago: int, *, share: float, is_failing: bool) -> _Rows:
    """`share` of a day that is quieter at weekends and grows from month to month."""
    weekend = 0.45 if (time.gmtime().tm_wday - ago) % 7 in {5, 6} else 1
    number = 48 * _BUSY * weekend * (1 - ago / 250) * (1 + ago * 37 % 11 / 80)
    down = 0.3 if ago == 37 else 0.04 * is_failing
    return dict(_rows(round(number * share), down=down, archived=(ago * 7 + 1) % 5 * 3, jitter=_jitter(ago)))


def _jitter(ago: int) -> float:
    return 1.2 + 0.3 * sin(ago / 7) + ago * 29 % 13 / 40 + ago * 17 % 5 / 30


def _rows(number: int, *, down: float, archived: int, jitter: float) -> Iterator[tuple[tuple[str, str], Row]]:
    wait, run = 0.012 * jitter + 9 * down, 0.09 * jitter
    longest = 10 if down else 2.2 * run
    for queue, name, part, is_mail in (
        ("default", "email:welcome", 1.0, True),
        ("default", "email:verification", 0.4, True),
        ("critical", "email:password-reset", 0.12, True),
        ("low", "requests:purge", 0.02, False),
    ):
        attempts = max(1, round(number * part))
        retried = round(attempts * down) if is_mail else 0
        ended = archived if name == "email:welcome" else 0
        figures = Figures(succeeded=max(0, attempts - retried - ended), retried=retried, archived=ended)
        times = [(wait, run), (wait * 1.6, longest)] if is_mail else [(wait, 0.006)]
        yield (queue, name), row_of(*times * 10, figures=figures)
