"""What each kind of process imports: memory and the time to start are mostly imports."""

import subprocess
import sys

import pytest

from tests.support.access_tokens import PRIVATE_KEY
from tests.support.payload_keys import setting

# As an entry point does it.
PLAIN = "from internal.infrastructure.telemetry.plain_structlog import import_structlog; import_structlog();"


def importing(*modules: str) -> str:
    return "import " + ", ".join(f"internal.infrastructure.bootstrap.{module}" for module in modules)


PROGRAMS = {
    "a worker": f"{PLAIN} {importing('services.service_discovery', 'worker.run_worker')}",
    "its supervisor": f"import cmd.worker; {importing('worker.supervisor')}",
    "the main process of a server": f"{PLAIN} {importing('process.entrypoint', 'server.serve')}",
    "a process that serves": (
        f"{PLAIN} {importing('services.service_discovery', 'server.serve', 'server.http_application')}"
    ),
    "a gRPC server": f"{PLAIN} {importing('services.service_discovery', 'grpc.serve')}",
    "admin --help": (
        "import runpy; sys.argv = ['admin', '--help']; runpy.run_module('cmd.admin', run_name='__main__')"
    ),
    "admin worker ping": importing("admin.run_admin", "admin.redis_from_environment", "worker.live_workers"),
}
FORBIDDEN = {
    "a worker": (
        "alembic mako rich pygments litestar granian typer jwt cryptography.x509 argon2 jinja2 limits"
    ),
    "the main process of a server": "alembic rich litestar sqlalchemy dramatiq jwt argon2 pydantic redis",
    "a process that serves": "alembic mako rich pygments typer aiosmtplib",
    "a gRPC server": "alembic mako rich pygments typer aiosmtplib litestar granian jinja2",
    "admin --help": "pydantic structlog sqlalchemy redis dramatiq argon2 jinja2 asyncio",
    "admin worker ping": "pydantic structlog sqlalchemy dramatiq argon2 jinja2 rich.console",
}


def imported_by(program: str) -> set[str]:
    """The modules that the program has imported, without those that Python itself starts with."""
    # The command line ends its process, so the answer is given on the way out.
    answer = "lambda: print(*set(sys.modules) - first, file=sys.stderr)"
    script = f"import atexit, sys; first = set(sys.modules); atexit.register({answer})\n{program}"
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return set(result.stderr.split())


TOKENS = """
from internal.infrastructure.bootstrap.container import Container
from internal.infrastructure.config.settings import Settings
container = Container(settings=Settings({given}))
tokens, new_id = container.security().token_issuer(), container.new_id()
tokens.verify(tokens.issue(new_id(), session_id=new_id()))
"""


@pytest.mark.parametrize(
    ("given", "imports"),
    [("", False), (f"jwt_algorithm='EdDSA,HS256', jwt_private_key={PRIVATE_KEY!r}", True)],
    ids=["HS256", "EdDSA"],
)
def test_only_eddsa_imports_cryptography(given: str, imports: bool) -> None:  # noqa: FBT001 - a parameter of the test
    imported = imported_by(TOKENS.format(given=given))

    assert "jwt" in imported
    assert ("cryptography.hazmat.primitives.asymmetric.ed25519" in imported) is imports


TASKS = """
from internal.infrastructure.bootstrap.container import Container
from internal.infrastructure.config.settings import Settings
container = Container(settings=Settings(task_payload_keys={keys!r}))
container.taskqueue.codec(), container.worker.broker(), container.inspection.outbox()
"""


@pytest.mark.parametrize("keys", ["", setting("new")], ids=["without keys", "with keys"])
def test_only_payload_keys_import_cryptography(keys: str) -> None:
    imported = imported_by(TASKS.format(keys=keys))

    assert ("cryptography.hazmat.primitives.ciphers.aead" in imported) is bool(keys)


# A process that serves imports them for the first new password, and for a list of breached ones.
PASSWORD_CHECKS = {"zxcvbn_rs_py", "httpx"}


@pytest.mark.parametrize("process", FORBIDDEN)
def test_imports_nothing_that_it_does_not_need(process: str) -> None:
    imported = imported_by(PROGRAMS[process])

    assert imported
    assert sorted(imported & {*FORBIDDEN[process].split(), *PASSWORD_CHECKS}) == []


def test_a_supervisor_imports_nothing_but_the_standard_library() -> None:
    imported = imported_by(PROGRAMS["its supervisor"])

    packages = {name.partition(".")[0] for name in imported}
    assert packages - sys.stdlib_module_names == {"internal"}  # the standard library has a `cmd`, too
    assert not imported & {"asyncio", "logging", "email", "ssl"}
