"""The settings of `cmd.grpc`. It reads the others as well."""

from pydantic import Field
from pydantic_settings import BaseSettings

from internal.infrastructure.config.setting_values import AtOnce, File, Port, Seconds


class GrpcSettings(BaseSettings):
    grpc_host: str = "127.0.0.1"
    grpc_port: Port = 50051
    grpc_max_calls: AtOnce = 1000
    grpc_max_message_bytes: int = Field(default=10 * 1024 * 1024, ge=1024, le=64 * 1024 * 1024)
    grpc_call_timeout: Seconds = 15  # seconds, like the next two
    grpc_drain_time: float = Field(default=1, ge=0, le=3600)
    grpc_shutdown_timeout: int = Field(default=8, ge=1, le=3600)
    grpc_reflection: bool | None = None
    grpc_tls_cert: File | None = None
    grpc_tls_key: File | None = None
    grpc_tls_client_ca: File | None = None

    @property
    def grpc_tls_problems(self) -> dict[str, str]:
        """The settings that lack another one, with the reason."""
        problems = {}
        if self.grpc_tls_key and not self.grpc_tls_cert:
            problems["grpc_tls_cert"] = "must be given with GRPC_TLS_KEY"
        if self.grpc_tls_cert and not self.grpc_tls_key:
            problems["grpc_tls_key"] = "must be given with GRPC_TLS_CERT"
        if self.grpc_tls_client_ca and not self.grpc_tls_cert:
            problems["grpc_tls_cert"] = "must be given with GRPC_TLS_CLIENT_CA"
        return problems
