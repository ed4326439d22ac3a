"""The .proto files: what clients of gohexaclean rely on, and who may call each method."""

from collections.abc import Iterator

import pytest
from google.protobuf.descriptor import FileDescriptor

from internal.infrastructure.grpc.access import ACCESS
from internal.infrastructure.grpc.generated.account.v1 import account_pb2, email_link_pb2, session_pb2
from internal.infrastructure.grpc.generated.admin.v1 import admin_pb2
from internal.infrastructure.grpc.generated.user import user_pb2

FILES: list[FileDescriptor] = [
    user_pb2.DESCRIPTOR,
    account_pb2.DESCRIPTOR,
    session_pb2.DESCRIPTOR,
    email_link_pb2.DESCRIPTOR,
    admin_pb2.DESCRIPTOR,
]
USER = "id=1 email=2 name=3 is_active=4 created_at=5 updated_at=6"
MIRRORED = {
    "CreateUser": ("email=1 name=2 password=3", "token=1 user=2"),
    "GetUser": ("id=1", USER),
    "UpdateUser": ("id=1 name=2", USER),
    "DeleteUser": ("id=1", "success=1 message=2"),
    "ListUsers": ("page=1 limit=2", "users=1 total=2 page=3 limit=4"),
    "Login": ("email=1 password=2", "token=1 user=2"),
}


def methods() -> Iterator[str]:
    for file in FILES:
        for service in file.services_by_name.values():
            yield from (f"/{service.full_name}/{method}" for method in service.methods_by_name)


@pytest.mark.parametrize("method", MIRRORED)
def test_a_mirrored_method_begins_with_the_mirrored_fields(method: str) -> None:
    found = user_pb2.DESCRIPTOR.services_by_name["UserService"].methods_by_name[method]

    fields = [
        " ".join(f"{field.name}={field.number}" for field in message.fields)
        for message in (found.input_type, found.output_type)
    ]

    for given, mirrored in zip(fields, MIRRORED[method], strict=True):
        assert f"{given} ".startswith(f"{mirrored} ")


def test_the_package_and_the_service_have_the_mirrored_names() -> None:
    assert user_pb2.DESCRIPTOR.package == "user"
    assert "/user.UserService/CreateUser" in set(methods())


def test_the_table_of_access_has_every_method_and_no_other() -> None:
    assert sorted(ACCESS) == sorted(methods())
