"""The gRPC door with the generated client: messages become the words of the application, and back."""

import pkgutil
import re
from collections.abc import Callable, Iterator, Mapping
from importlib import import_module
from typing import Any, cast

import grpc
import pytest
from google.protobuf.descriptor import EnumDescriptor, MethodDescriptor
from google.protobuf.json_format import MessageToDict, ParseDict
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo, RetryInfo
from grpc_status import rpc_status

from internal.domain.errors import (
    Conflict,
    InvalidInput,
    NotAuthenticated,
    NotFound,
    NotPermitted,
    RateLimited,
)
from internal.infrastructure.grpc import generated
from tests.support.doors.door import Headers, Kind, Refusal, Refused
from tests.support.doors.operations import Operation

_WITHIN = 30  # seconds
_KINDS: Mapping[grpc.StatusCode, Kind] = {
    grpc.StatusCode.INVALID_ARGUMENT: InvalidInput,
    grpc.StatusCode.UNAUTHENTICATED: NotAuthenticated,
    grpc.StatusCode.PERMISSION_DENIED: NotPermitted,
    grpc.StatusCode.NOT_FOUND: NotFound,
    grpc.StatusCode.ALREADY_EXISTS: Conflict,
    grpc.StatusCode.FAILED_PRECONDITION: Conflict,
    grpc.StatusCode.ABORTED: Conflict,
    grpc.StatusCode.RESOURCE_EXHAUSTED: RateLimited,
}
# Ids have shorter names here.
_NAMES = {"user_id": "id"}
# What a method takes and returns, and how the client calls it.
Method = tuple[MethodDescriptor, Callable[..., Any]]
_NO_SUCH_NUMBER = 99
_ORDERS = {
    "created_at": "oldest_first",
    "-created_at": "newest_first",
    "email": "by_email",
    "-email": "by_email_backwards",
    "name": "by_name",
    "-name": "by_name_backwards",
}


class GrpcDoor:
    def __init__(self, channel: grpc.Channel) -> None:
        self._channel = channel
        self._methods = dict(_methods(channel))

    def ask(self, operation: Operation, headers: Headers, fields: Mapping[str, Any]) -> dict[str, Any]:
        descriptor, call = self._method(operation)
        request = ParseDict(_in_message(fields, descriptor), GetMessageClass(descriptor.input_type)())
        return _in_words(_answer(call, request, headers))

    def ask_with_bytes(self, operation: Operation, headers: Headers, fields: Mapping[str, bytes]) -> None:
        descriptor, _ = self._method(operation)
        numbers = {name: field.number for name, field in descriptor.input_type.fields_by_name.items()}
        request = b"".join(_encoded(numbers[name], value) for name, value in fields.items())
        _answer(self._channel.unary_unary(f"/{operation.rpc}"), request, headers)

    def _method(self, operation: Operation) -> Method:
        if not operation.rpc:
            pytest.skip(f"gRPC does not offer {operation.route} yet")
        return self._methods[operation.rpc]


def _methods(channel: grpc.Channel) -> Iterator[tuple[str, Method]]:
    """The methods of every service that was generated, as paths without the first slash."""
    for found in pkgutil.walk_packages(generated.__path__, f"{generated.__name__}."):
        if found.name.endswith("_pb2"):
            messages, clients = import_module(found.name), import_module(f"{found.name}_grpc")
            for service in messages.DESCRIPTOR.services_by_name.values():
                stub = getattr(clients, f"{service.name}Stub")(channel)
                for method in service.methods:
                    yield f"{service.full_name}/{method.name}", (method, getattr(stub, method.name))


def _answer(call: Callable[..., Any], request: object, headers: Headers) -> Any:
    try:
        return call(request, metadata=headers, timeout=_WITHIN)
    except grpc.RpcError as error:
        raise Refused(_refusal(error)) from error


def _in_message(fields: Mapping[str, Any], method: MethodDescriptor) -> dict[str, Any]:
    """The fields as the JSON of protobuf."""
    described = method.input_type.fields_by_name
    named = {_NAMES.get(name, name): value for name, value in fields.items()}
    return {
        name: _number(value, enum) if (enum := described[name].enum_type) else value
        for name, value in named.items()
    }


def _number(word: str, enum: EnumDescriptor) -> int:
    """The number of a value, or one that no value has."""
    numbers = {_word(value.name, enum): value.number for value in enum.values}
    return numbers.get(_ORDERS.get(word, word), _NO_SUCH_NUMBER)


def _word(value: str, enum: EnumDescriptor) -> str:
    """`viewer` for ROLE_VIEWER of Role. The first value is the empty word."""
    prefix = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", enum.name).upper()
    word = value.removeprefix(f"{prefix}_").lower()
    return "" if word == "unspecified" else word


def _in_words(answer: Message) -> dict[str, Any]:
    fields = MessageToDict(
        answer, preserving_proto_field_name=True, always_print_fields_with_no_presence=True
    )
    lists = [field.name for field in answer.DESCRIPTOR.fields if field.is_repeated]
    worded: dict[str, Any] = _worded(fields)
    if lists:
        worded["entries"] = worded.pop(lists[0])
    if worded.get("page") == 0:
        # A page by cursor is not counted.
        del worded["total"]
    return worded


def _worded(value: Any) -> Any:
    """Messages have no null, but empty texts. A role is its name."""
    if isinstance(value, list):
        return [_worded(each) for each in value]
    if not isinstance(value, dict):
        return value
    given = {name: _worded(each) for name, each in value.items() if each != ""}
    return given | ({"role": given["role"].removeprefix("ROLE_").lower()} if "role" in given else {})


def _encoded(number: int, value: bytes) -> bytes:
    """A field of a message: its tag, its length, and text that need not be UTF-8."""
    return bytes([number << 3 | 2, len(value)]) + value


def _refusal(error: grpc.RpcError) -> Refusal:
    call = cast("grpc.Call", error)
    status = rpc_status.from_call(call)
    assert status, error
    info, bad_request, retry_info = ErrorInfo(), BadRequest(), RetryInfo()
    for detail in status.details:
        assert any(detail.Unpack(kind) for kind in (info, bad_request, retry_info)), detail
    errors: dict[str, list[str]] = {}
    for violation in bad_request.field_violations:
        errors.setdefault(violation.field, []).append(violation.description)
    return Refusal(
        kind=_KINDS[call.code()],
        code=info.reason,
        message=status.message,
        errors=errors,
        retry_after=retry_info.retry_delay.ToTimedelta() if retry_info.HasField("retry_delay") else None,
    )
