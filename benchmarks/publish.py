"""Tasks published per second, one at a time and in batches, beside stock Dramatiq's `send()`.

`python -m benchmarks.publish` goes through the TaskPublisher port and through `actor.send()` on this engine's
broker. No worker runs.
"""

import os
import time
from collections.abc import Callable

import dramatiq
import redis

from benchmarks.contenders import engine, stock_sync
from benchmarks.engine import Engine
from benchmarks.peers import Stock
from benchmarks.report import ROUNDS, Figure, Target, arguments, conclude, ratios
from benchmarks.services import running_services
from benchmarks.tasks import PAYLOAD, Noop
from internal.infrastructure.taskqueue.broker.broker import RedisBroker
from internal.infrastructure.taskqueue.protocol.encoder import JSONEncoder

TASKS = 2_000  # one at a time
BATCHED = 10  # times as many in batches
ONE_BY_ONE, IN_BATCHES = 1.2, 20  # times stock

Way = Callable[[int], None]


def ways(ours: Engine, stock: Stock) -> dict[str, Way]:
    return {
        "port, one at a time": lambda count: ours.run(_one_by_one(ours, count)),
        "actor.send()": _actor_send(os.environ["REDIS_URL"]),
        "port, batches of 500": lambda count: ours.publish(count * BATCHED),
        "stock send()": stock.publish,
    }


async def _one_by_one(ours: Engine, count: int) -> None:
    for _ in range(count):
        await ours.publisher.publish(Noop())


def _actor_send(url: str) -> Way:
    broker = RedisBroker(url=url)

    @dramatiq.actor(broker=broker)
    async def noop(user_id: str, email: str, name: str) -> None:
        pass

    def send(count: int) -> None:
        stock_encoder = dramatiq.get_encoder()
        dramatiq.set_encoder(JSONEncoder())  # as server and worker do
        try:
            for _ in range(count):
                noop.send(**PAYLOAD)
        finally:
            dramatiq.set_encoder(stock_encoder)

    return send


def main() -> None:
    options = arguments(__doc__, rounds=2 * ROUNDS, tasks=TASKS)
    with running_services():
        client = redis.Redis.from_url(os.environ["REDIS_URL"])
        candidates = ways(engine(), stock_sync())
        rates: dict[str, list[float]] = {name: [] for name in candidates}
        for _ in range(options.rounds):
            for name, way in candidates.items():
                client.flushdb()
                started = time.monotonic()
                way(options.tasks)
                count = options.tasks * (BATCHED if "batches" in name else 1)
                rates[name].append(count / (time.monotonic() - started))
    conclude(_figures(rates))


def _figures(rates: dict[str, list[float]]) -> list[Figure]:
    stock = rates.pop("stock send()")
    return [
        *(Figure(name, samples, "tasks/s") for name, samples in rates.items()),
        Figure("stock send()", stock, "tasks/s"),
        *(
            Figure(f"{name} : stock", ratios(samples, stock), "times", Target(_least(name), at_least=True))
            for name, samples in rates.items()
        ),
    ]


def _least(name: str) -> float:
    return IN_BATCHES if "batches" in name else ONE_BY_ONE


if __name__ == "__main__":
    main()
