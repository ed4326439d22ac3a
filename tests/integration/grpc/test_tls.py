"""TLS, and certificates of clients."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import grpc
import grpc.aio
import pytest
import trustme
from structlog.testing import capture_logs

from internal.infrastructure.bootstrap.container import Container
from internal.infrastructure.bootstrap.grpc.serve import credentials_of, grpc_server_of
from internal.infrastructure.bootstrap.not_ready import NotReady
from internal.infrastructure.grpc.generated.user.user_pb2 import LoginRequest
from internal.infrastructure.grpc.generated.user.user_pb2_grpc import UserServiceStub

pytestmark = pytest.mark.anyio

LOG_IN = LoginRequest(email="ada@example.com", password="correct horse")
ANSWERED = grpc.StatusCode.UNAUTHENTICATED  # the call arrived: nobody has this password


class Files:
    """The files of an operator."""

    def __init__(self, directory: Path) -> None:
        self.certificate, self.key = directory / "cert.pem", directory / "key.pem"
        self.client_ca = directory / "ca.pem"

    def issue(self, authority: trustme.CA, *, host: str = "localhost") -> None:
        issued = authority.issue_cert(host)
        issued.cert_chain_pems[0].write_to_path(self.certificate)
        issued.private_key_pem.write_to_path(self.key)

    def trust(self, authority: trustme.CA) -> None:
        authority.cert_pem.write_to_path(self.client_ca)


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return Files(tmp_path)


@asynccontextmanager
async def served(container: Container, files: Files) -> AsyncIterator[str]:
    async def is_ready() -> bool:
        return True

    settings = container.settings().model_copy(
        update={
            "grpc_tls_cert": str(files.certificate),
            "grpc_tls_key": str(files.key),
            "grpc_tls_client_ca": str(files.client_ca) if files.client_ca.exists() else None,
        }
    )
    server = grpc_server_of(container, is_ready=is_ready)
    port = await server.start("127.0.0.1:0", credentials_of(settings))
    try:
        yield f"localhost:{port}"
    finally:
        await server.stop()


async def log_in(
    address: str, trusted: trustme.CA, *, client: trustme.LeafCert | None = None
) -> grpc.StatusCode:
    credentials = grpc.ssl_channel_credentials(
        root_certificates=trusted.cert_pem.bytes(),
        private_key=client.private_key_pem.bytes() if client else None,
        certificate_chain=client.cert_chain_pems[0].bytes() if client else None,
    )
    async with grpc.aio.secure_channel(address, credentials) as channel:
        return await UserServiceStub(channel).Login(LOG_IN, timeout=10).code()


async def test_encrypts_with_the_given_certificate(container: Container, files: Files) -> None:
    ours, other = trustme.CA(), trustme.CA()
    files.issue(ours)

    async with served(container, files) as address:
        assert await log_in(address, ours) is ANSWERED
        assert await log_in(address, other) is grpc.StatusCode.UNAVAILABLE


async def test_answers_nobody_without_tls(container: Container, files: Files) -> None:
    files.issue(trustme.CA())

    async with served(container, files) as address, grpc.aio.insecure_channel(address) as channel:
        assert await UserServiceStub(channel).Login(LOG_IN, timeout=10).code() is grpc.StatusCode.UNAVAILABLE


async def test_asks_clients_for_a_certificate_of_a_trusted_authority(
    container: Container, files: Files
) -> None:
    ours, partners, strangers = trustme.CA(), trustme.CA(), trustme.CA()
    files.issue(ours)
    files.trust(partners)

    async with served(container, files) as address:
        assert await log_in(address, ours, client=partners.issue_cert("client")) is ANSWERED
        assert await log_in(address, ours, client=strangers.issue_cert("x")) is grpc.StatusCode.UNAVAILABLE
        assert await log_in(address, ours) is grpc.StatusCode.UNAVAILABLE


async def test_new_connections_use_a_renewed_certificate(container: Container, files: Files) -> None:
    old, new = trustme.CA(), trustme.CA()
    files.issue(old)

    async with served(container, files) as address:
        assert await log_in(address, old) is ANSWERED
        files.issue(new)

        assert await log_in(address, new) is ANSWERED


async def test_goes_on_with_the_old_certificate_while_the_new_one_cannot_be_used(
    container: Container, files: Files
) -> None:
    old = trustme.CA()
    files.issue(old)

    async with served(container, files) as address:
        with capture_logs() as logs:
            files.key.write_text("half a ke")

            assert await log_in(address, old) is ANSWERED

    assert "grpc.certificate_not_renewed" in [entry["event"] for entry in logs]


@pytest.mark.parametrize("broken", ["no file", "no certificate", "another key"])
async def test_does_not_start_with_files_that_cannot_be_used(
    container: Container, files: Files, broken: str
) -> None:
    files.issue(trustme.CA())
    if broken == "no file":
        files.certificate.unlink()
    elif broken == "no certificate":
        files.certificate.write_text("secret")
    else:
        key = trustme.CA().issue_cert("localhost").private_key_pem
        key.write_to_path(files.key)

    with pytest.raises(NotReady, match="GRPC_TLS_CERT") as refused:
        async with served(container, files):
            pass

    assert "secret" not in str(refused.value)
