"""A client of gRPC that keeps a number of connections busy."""

import asyncio
import itertools
import time
from collections.abc import Awaitable, Callable, Sequence
from uuid import uuid4

import grpc.aio
import uvloop

from benchmarks.http.accounts import PASSWORD
from internal.infrastructure.grpc.generated.account.v1.account_pb2 import GetAccountRequest
from internal.infrastructure.grpc.generated.account.v1.account_pb2_grpc import AccountServiceStub
from internal.infrastructure.grpc.generated.user.user_pb2 import CreateUserRequest
from internal.infrastructure.grpc.generated.user.user_pb2_grpc import UserServiceStub

Call = Callable[[], Awaitable[object]]
CallOn = Callable[[grpc.aio.Channel], Call]
"""Makes the calls of one connection."""


def reads(tokens: Sequence[str]) -> CallOn:
    """Reads the account of each user in turn."""
    given = itertools.cycle([(("authorization", f"Bearer {token}"),) for token in tokens])

    def on(channel: grpc.aio.Channel) -> Call:
        account = AccountServiceStub(channel)
        return lambda: account.GetAccount(GetAccountRequest(), metadata=next(given))

    return on


def sign_ups(channel: grpc.aio.Channel) -> Call:
    users = UserServiceStub(channel)
    return lambda: users.CreateUser(
        CreateUserRequest(email=f"{uuid4().hex}@example.com", name="Ada Lovelace", password=PASSWORD)
    )


def load(call_on: CallOn, *, port: int, clients: int) -> Callable[[float], tuple[int, float]]:
    """Return a function that calls for some seconds.

    It returns how many calls were answered, and in how many seconds. A call that fails is an error.
    """
    return lambda seconds: uvloop.run(_calls_in(seconds, call_on, port=port, clients=clients))


async def _calls_in(seconds: float, call_on: CallOn, *, port: int, clients: int) -> tuple[int, float]:
    began = time.perf_counter()
    counts = await asyncio.gather(*(_call_until(began + seconds, call_on, port=port) for _ in range(clients)))
    return sum(counts), time.perf_counter() - began


async def _call_until(end: float, call_on: CallOn, *, port: int) -> int:
    # Channels of one process would share a connection.
    own = [("grpc.use_local_subchannel_pool", 1)]
    count = 0
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}", options=own) as channel:
        call = call_on(channel)
        while time.perf_counter() < end:
            await call()
            count += 1
    return count
