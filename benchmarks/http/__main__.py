"""Requests per second of the HTTP API, beside a plain FastAPI application on the same database.

`python -m benchmarks.http` runs one serving process of each. They take turns within every round. The users
are read in random order, and both programs read the session at every request, so an ended session counts at
once. The passwords are hashed at the lowest cost, because the hash would hide the rest; one measure has the
usual cost. The peer sends the task of a mail after its commit, and may lose it.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence

from benchmarks.http.accounts import Account, our_token, store_accounts, token_of_peer
from benchmarks.http.ceiling import most_requests_per_second
from benchmarks.http.load import requests_in
from benchmarks.http.prepared import Requests, list_of_users, log_ins, own_user, sign_ups
from benchmarks.http.sides import Server, Side, both_sides
from benchmarks.report import ROUNDS, Figure, Target, arguments, conclude, ratios
from benchmarks.services import running_services

USERS = 10_000
SECONDS = 4  # of each measure
CLIENTS = 16
GET, LOG_IN, LIST, SIGN_UP = "GET of your own user", "log-in", "list of users", "sign-up"
WITH_HASH = "sign-up with the usual hash"
SERVER_CPU, WORKER_CPU = "CPU of the server per sign-up", "CPU of the worker per sign-up"
# Noise must not fail a run, so the limits are below what docs/benchmarks.md aims at.
LIMITS = {GET: 1.1, LOG_IN: 0.5, LIST: 0.6, SIGN_UP: 0.6, WITH_HASH: 0.6}
MOST_CPU = {SERVER_CPU: 1.5, WORKER_CPU: 3.0}  # times the CPU of the peer: other programs slow both

Samples = dict[str, list[float]]


class Measuring:
    """One side: its prepared requests, and what was measured so far."""

    def __init__(self, side: Side, requests: dict[str, Requests], *, seconds: float) -> None:
        self.samples: Samples = defaultdict(list)
        self._side = side
        self._requests = requests
        self._seconds = seconds
        self._mails = 0

    @property
    def name(self) -> str:
        return self._side.name

    def measure(self, what: str) -> None:
        self.samples[what].append(self._rate(self._side.cheap, self._requests[what])[1])

    def measure_sign_ups(self) -> None:
        server, worker = self._side.cheap.processes, self._side.worker
        before = server.cpu, worker.cpu
        count, rate = self._rate(self._side.cheap, self._requests[SIGN_UP])
        self._await_mails(count)
        self.samples[SIGN_UP].append(rate)
        for name, now, then in zip((SERVER_CPU, WORKER_CPU), (server.cpu, worker.cpu), before, strict=True):
            self.samples[name].append((now - then) / count * 1000)

    def measure_with_hash(self) -> None:
        count, rate = self._rate(self._side.usual, self._requests[SIGN_UP])
        self._await_mails(count)
        self.samples[WITH_HASH].append(rate)

    def _rate(self, server: Server, requests: Requests) -> tuple[int, float]:
        count, took = requests_in(self._seconds, requests, port=server.port, clients=CLIENTS)
        return count, count / took

    def _await_mails(self, count: int) -> None:
        self._mails += count
        self._side.await_mails(self._mails)


def main() -> None:
    options = arguments(__doc__, rounds=ROUNDS, seconds=SECONDS, users=USERS)
    with running_services() as services:
        accounts = store_accounts(options.users)
        with both_sides(services) as (ours, peer):
            sides = [
                Measuring(side, _prepared(accounts, token_of), seconds=options.seconds)
                for side, token_of in ((ours, our_token), (peer, token_of_peer))
            ]
            ceiling = most_requests_per_second(sign_ups(), seconds=options.seconds, clients=CLIENTS)
            for number in range(options.rounds + 1):
                _round(sides)
                if not number:  # the warm-up
                    for each in sides:
                        each.samples.clear()
    _report(sides[0].samples, sides[1].samples, ceiling=ceiling)


def _prepared(accounts: Sequence[Account], token_of: Callable[[Account], str]) -> dict[str, Requests]:
    tokens = {account: token_of(account) for account in accounts}
    return {
        GET: own_user(accounts, tokens),
        LIST: list_of_users(accounts, tokens),
        LOG_IN: log_ins(accounts),
        SIGN_UP: sign_ups(),
    }


def _round(sides: Sequence[Measuring]) -> None:
    for what in (GET, LOG_IN, LIST):
        for side in sides:
            side.measure(what)
    for side in sides:
        side.measure_sign_ups()
    for side in sides:
        side.measure_with_hash()
    print("  ".join(f"{side.name}: {side.samples[GET][-1]:.0f} GETs/s" for side in sides), flush=True)


def _report(ours: Samples, peers: Samples, *, ceiling: float) -> None:
    figures = [
        Figure(f"{what} : peer", ratios(ours[what], peers[what]), "", Target(limit, at_least=True))
        for what, limit in LIMITS.items()
    ]
    for what in LIMITS:
        figures += [
            Figure(f"{what}: {name}", samples[what], "a second")
            for name, samples in (("ours", ours), ("peer", peers))
        ]
    for what, limit in MOST_CPU.items():
        figures += [
            Figure(f"{what} : peer", ratios(ours[what], peers[what]), "", Target(limit)),
            Figure(f"{what}: ours", ours[what], "ms"),
            Figure(f"{what}: peer", peers[what], "ms"),
        ]
    conclude([*figures, Figure("what the load generator could do", [ceiling], "a second")])


if __name__ == "__main__":
    main()
