import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import grpc
import structlog

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsFiles:
    """PEM files. With `client_ca`, a client needs a certificate of one of its authorities."""

    certificate: Path
    key: Path
    client_ca: Path | None

    def require_usable(self) -> None:
        """Raise OSError if a file cannot be read, is not PEM, or does not belong to the others."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate, self.key)
        if self.client_ca:
            context.load_verify_locations(self.client_ca)

    def read(self) -> grpc.ServerCertificateConfiguration:
        return grpc.ssl_server_certificate_configuration(
            [(self.key.read_bytes(), self.certificate.read_bytes())],
            root_certificates=self.client_ca.read_bytes() if self.client_ca else None,
        )

    def changed_at(self) -> Mapping[Path, int]:
        files = (self.certificate, self.key, self.client_ca)
        return {file: file.stat().st_mtime_ns for file in files if file}


def server_credentials(files: TlsFiles) -> grpc.ServerCredentials:
    """TLS with these files. New connections use what they contain by then.

    Raises:
        OSError: the files cannot be used.
    """
    files.require_usable()
    return grpc.dynamic_ssl_server_credentials(
        files.read(),
        _Renewal(files),  # type: ignore[arg-type]  # it may return None: see its docstring
        require_client_authentication=files.client_ca is not None,
    )


class _Renewal:
    """Reads the files again once they have changed. gRPC calls it at each handshake, in another thread."""

    def __init__(self, files: TlsFiles) -> None:
        self._files = files
        self._read = files.changed_at()

    def __call__(self) -> grpc.ServerCertificateConfiguration | None:
        """Return None to go on with what was read before, for example while one file is still the old one."""
        try:
            changed = self._files.changed_at()
            if changed == self._read:
                return None
            self._files.require_usable()
            renewed = self._files.read()
        except OSError as error:
            log.warning("grpc.certificate_not_renewed", reason=type(error).__name__)
            return None
        self._read = changed
        log.info("grpc.certificate_renewed")
        return renewed
