"""Sign-ups and reads through gRPC, next to those through HTTP.

`python -m benchmarks.grpc` runs one process of each server on the same database, and one worker. The servers
take turns within every round. The passwords are hashed at the lowest cost, because the hash would hide the
rest. The client of gRPC is grpcio itself, which uses more CPU than the prepared bytes of the client of HTTP.
So the CPU of the servers says more than the rates.
"""

import os
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from benchmarks.http import load as http_load
from benchmarks.http import prepared
from benchmarks.http.accounts import CHEAPEST_MEMORY, CHEAPEST_TIME, Account, our_token, store_accounts
from benchmarks.processes import Workers, await_quiet, running
from benchmarks.report import ROUNDS, Figure, arguments, conclude, ratios
from benchmarks.services import Services, running_services
from internal.infrastructure.config.rate_limit_settings import RateLimitSettings
from internal.infrastructure.embedded.process import free_port

USERS = 10_000
SECONDS = 4  # of each measure
CLIENTS = 16
READ, SIGN_UP = "read of your own account", "sign-up"
GRPC, HTTP = "gRPC", "HTTP"

Load = Callable[[float], tuple[int, float]]
Samples = dict[tuple[str, str], list[float]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """A server, and what its clients do for some seconds: the calls answered, and the time taken."""

    name: str
    server: Workers
    loads: dict[str, Load]


def main() -> None:
    options = arguments(__doc__, rounds=ROUNDS, seconds=SECONDS, users=USERS)
    rates: Samples = defaultdict(list)
    costs: Samples = defaultdict(list)
    with running_services() as services:
        accounts = store_accounts(options.users)
        with _both_doors(services, accounts) as (doors, worker):
            for number in range(options.rounds + 1):
                if number == 1:  # before, it was the warm-up
                    rates.clear()
                    costs.clear()
                for what in (READ, SIGN_UP):
                    for door in doors:
                        _measure(door, what, seconds=options.seconds, rates=rates, costs=costs)
                        await_quiet(worker)
    conclude([figure for what in (READ, SIGN_UP) for figure in _figures(what, rates, costs)])


def _measure(door: Door, what: str, *, seconds: float, rates: Samples, costs: Samples) -> None:
    before = door.server.cpu
    count, took = door.loads[what](seconds)
    rates[what, door.name].append(count / took)
    costs[what, door.name].append((door.server.cpu - before) / count * 1000)
    print(f"{what}, {door.name}: {count / took:.0f} a second", flush=True)


def _figures(what: str, rates: Samples, costs: Samples) -> Iterator[Figure]:
    for name, samples, unit in (("calls", rates, "a second"), ("CPU of the server", costs, "ms a call")):
        yield Figure(f"{what}, {name}, gRPC : HTTP", ratios(samples[what, GRPC], samples[what, HTTP]))
        for door in (GRPC, HTTP):
            yield Figure(f"{what}, {name}, {door}", samples[what, door], unit)


@contextmanager
def _both_doors(services: Services, accounts: Sequence[Account]) -> Iterator[tuple[Sequence[Door], Workers]]:
    unlimited = [name.upper() for name in RateLimitSettings.model_fields if name.startswith("rate_limit_")]
    http_port, grpc_port = free_port(), free_port()
    os.environ |= {
        **dict.fromkeys(unlimited, "999999999/second"),
        "PASSWORD_HASH_MEMORY": str(CHEAPEST_MEMORY),
        "PASSWORD_HASH_TIME": str(CHEAPEST_TIME),
        "HTTP_PORT": str(http_port),
        "GRPC_PORT": str(grpc_port),
    }
    tokens = {account: our_token(account) for account in accounts}
    with (
        _started(services, "server") as http,
        _started(services, "grpc") as grpc,
        _started(services, "worker") as worker,
    ):
        # Imported here, because its handlers of forks can hang a process that is being started.
        from benchmarks import grpc_load  # noqa: PLC0415 - see above

        over_http = {
            READ: _over_http(prepared.own_user(accounts, tokens), http_port),
            SIGN_UP: _over_http(prepared.sign_ups(), http_port),
        }
        over_grpc = {
            READ: grpc_load.load(grpc_load.reads([*tokens.values()]), port=grpc_port, clients=CLIENTS),
            SIGN_UP: grpc_load.load(grpc_load.sign_ups, port=grpc_port, clients=CLIENTS),
        }
        doors = [Door(name=HTTP, server=http, loads=over_http), Door(name=GRPC, server=grpc, loads=over_grpc)]
        yield doors, worker


@contextmanager
def _started(services: Services, name: str) -> Iterator[Workers]:
    command = [sys.executable, "-m", f"cmd.{name}"]
    with running(command, log=services.directory / f"{name}.log") as processes:
        await_quiet(processes)
        yield processes


def _over_http(requests: prepared.Requests, port: int) -> Load:
    return lambda seconds: http_load.requests_in(seconds, requests, port=port, clients=CLIENTS)


if __name__ == "__main__":
    main()
