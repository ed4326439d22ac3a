"""A master, a replica and three sentinels that watch them, each with a password of its own."""

import os
import signal
import subprocess
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import redis

from internal.infrastructure.embedded.process import free_port, stop
from tests.support.configured_redis import spawn_redis
from tests.support.polling import eventually

NAME = "tasks"
LOGIN, SENTINEL_LOGIN = ("app", "p@ss/word"), ("observer", "s:cret?")
# The first is a setting of its own in a URL, and the second is percent-encoded there.
_LOGIN_IN_URL, _SENTINEL_PASSWORD_IN_URL = "app:p%40ss%2Fword", "s%3Acret%3F"
DATABASE = 2
SENTINELS = 3
STARTS_WITHIN = 20  # seconds


class ReplicatedRedis:
    """Sentinels take a master that is silent for a second for dead."""

    def __init__(self, directory: Path, *, program: Path | None) -> None:
        self._directory = directory
        self._program = program
        self._processes: dict[int, subprocess.Popen[bytes]] = {}
        self.ports = (free_port(), free_port())
        self.sentinel_ports = tuple(free_port() for _ in range(SENTINELS))

    @property
    def url(self) -> str:
        hosts = ",".join(f"127.0.0.1:{port}" for port in self.sentinel_ports)
        login = f"sentinel_username=observer&sentinel_password={_SENTINEL_PASSWORD_IN_URL}"
        return f"redis+sentinel://{_LOGIN_IN_URL}@{hosts}/{NAME}/{DATABASE}?{login}"

    @property
    def master_url(self) -> str:
        """The port of the current master."""
        return self.url_of(self.master)

    @staticmethod
    def url_of(port: int) -> str:
        return f"redis://{_LOGIN_IN_URL}@127.0.0.1:{port}/{DATABASE}"

    @property
    def master(self) -> int:
        """The port."""
        with self._sentinel() as sentinel:
            _, port = sentinel.execute_command("SENTINEL GET-MASTER-ADDR-BY-NAME", NAME)
        return int(port)

    def start(self) -> None:
        master, replica = self.ports
        self._start(master, *self._server(master))
        self._start(replica, *self._server(replica), f"replicaof 127.0.0.1 {master}")
        eventually(lambda: self._is_replicated(master), within=STARTS_WITHIN)
        for port in self.sentinel_ports:
            self._start(port, *self._watch(port, master), arguments=("--sentinel",))
        eventually(self.can_fail_over, within=STARTS_WITHIN)

    def fail_over(self) -> None:
        """Have the replica promoted, as for maintenance. It returns at once."""
        with self._sentinel() as sentinel:
            sentinel.execute_command("SENTINEL", "FAILOVER", NAME)

    def settle(self) -> None:
        """Have the other one follow the master at once: the sentinels leave it alone for ten seconds."""
        eventually(lambda: self._agree_on(self.master), within=STARTS_WITHIN)
        [other] = set(self.ports) - {self.master}
        with redis.Redis.from_url(self.url_of(other)) as client:
            client.replicaof("127.0.0.1", self.master)
        eventually(self.can_fail_over, within=STARTS_WITHIN)

    def kill(self, port: int) -> None:
        os.kill(self._processes[port].pid, signal.SIGKILL)
        self._processes[port].wait()

    @contextmanager
    def silent(self, port: int) -> Generator[None]:
        """One of the servers or sentinels takes connections and says nothing."""
        os.kill(self._processes[port].pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(self._processes[port].pid, signal.SIGCONT)

    def stop(self) -> None:
        for process in self._processes.values():
            stop(process, signal.SIGKILL)  # nothing here is to be kept

    def can_fail_over(self) -> bool:
        try:
            with self._sentinel() as sentinel:
                state = sentinel.sentinel_masters()[NAME]
        except redis.ConnectionError:
            return False
        is_watched = state["num-slaves"] == 1 and state["num-other-sentinels"] == SENTINELS - 1
        return is_watched and self._is_replicated(self.master)

    def _agree_on(self, master: int) -> bool:
        asked = []
        for port in self.sentinel_ports:
            with self._sentinel(port) as sentinel:
                asked.append(sentinel.sentinel_masters()[NAME]["port"])
        return set(asked) == {master}

    def _sentinel(self, port: int = 0) -> redis.Redis:
        username, password = SENTINEL_LOGIN
        return redis.Redis(port=port or self.sentinel_ports[-1], username=username, password=password)

    def _is_replicated(self, port: int) -> bool:
        try:
            with redis.Redis.from_url(self.url_of(port)) as client:
                return bool(client.info("replication").get("slave0", {}).get("state") == "online")
        except redis.ConnectionError:
            return False

    def _start(self, port: int, *directives: str, arguments: tuple[str, ...] = ()) -> None:
        self._processes[port] = spawn_redis(
            self._directory / str(port),
            f"port {port}",
            *directives,
            program=self._program,
            arguments=arguments,
        )

    @staticmethod
    def _server(port: int) -> list[str]:
        username, password = LOGIN
        return [
            "user default off",
            f"user {username} on >{password} ~* &* +@all",
            f"masteruser {username}",
            f"masterauth {password}",
            "repl-diskless-sync-delay 0",
            f"replica-announce-port {port}",
        ]

    @staticmethod
    def _watch(port: int, master: int) -> list[str]:
        (username, password), (observer, secret) = LOGIN, SENTINEL_LOGIN
        return [
            "user default off",
            f"user {observer} on >{secret} ~* &* +@all",
            f"sentinel sentinel-user {observer}",
            f"sentinel sentinel-pass {secret}",
            f"sentinel announce-port {port}",
            f"sentinel monitor {NAME} 127.0.0.1 {master} 2",
            f"sentinel auth-user {NAME} {username}",
            f"sentinel auth-pass {NAME} {password}",
            f"sentinel down-after-milliseconds {NAME} 1000",
            f"sentinel failover-timeout {NAME} 5000",
        ]


@contextmanager
def replicated_redis(directory: Path, *, program: Path | None) -> Generator[ReplicatedRedis]:
    servers = ReplicatedRedis(directory, program=program)
    try:
        servers.start()
        yield servers
    finally:
        servers.stop()
