"""The list of services, and how a server gets them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from inspect import signature
from typing import Any

import grpc.aio
from google.protobuf.descriptor import FileDescriptor

from internal.infrastructure.grpc.generated.account.v1 import (
    account_pb2,
    account_pb2_grpc,
    email_link_pb2,
    email_link_pb2_grpc,
    session_pb2,
    session_pb2_grpc,
)
from internal.infrastructure.grpc.generated.admin.v1 import admin_pb2, admin_pb2_grpc
from internal.infrastructure.grpc.generated.user import user_pb2, user_pb2_grpc
from internal.infrastructure.grpc.services.account_service import AccountService
from internal.infrastructure.grpc.services.admin_service import AdminService
from internal.infrastructure.grpc.services.email_link_service import EmailLinkService
from internal.infrastructure.grpc.services.session_service import SessionService
from internal.infrastructure.grpc.services.user_service import UserService

Providers = Mapping[str, Callable[[], Any]]


@dataclass(frozen=True, slots=True)
class _Service:
    """`add` is the function that protoc generated."""

    file: FileDescriptor
    kind: Callable[..., Any]
    add: Callable[[Any, grpc.aio.Server], None]

    @property
    def name(self) -> str:
        return str(self.file.services_by_name[self.kind.__name__].full_name)


_SERVICES: Sequence[_Service] = (
    _Service(user_pb2.DESCRIPTOR, UserService, user_pb2_grpc.add_UserServiceServicer_to_server),
    _Service(account_pb2.DESCRIPTOR, AccountService, account_pb2_grpc.add_AccountServiceServicer_to_server),
    _Service(session_pb2.DESCRIPTOR, SessionService, session_pb2_grpc.add_SessionServiceServicer_to_server),
    _Service(
        email_link_pb2.DESCRIPTOR,
        EmailLinkService,
        email_link_pb2_grpc.add_EmailLinkServiceServicer_to_server,
    ),
    _Service(admin_pb2.DESCRIPTOR, AdminService, admin_pb2_grpc.add_AdminServiceServicer_to_server),
)
NAMES: Sequence[str] = [service.name for service in _SERVICES]


def add_services(server: grpc.aio.Server, providers: Providers) -> None:
    """Each parameter of a service gets the provider of its name."""
    for service in _SERVICES:
        wanted = signature(service.kind).parameters
        service.add(service.kind(**{name: providers[name] for name in wanted}), server)
