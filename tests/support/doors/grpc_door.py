"""The gRPC door with the generated client: messages become the words of the application, and back."""

import pkgutil
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC
from importlib import import_module
from typing import Any, cast

import grpc
from google.protobuf.descriptor import EnumDescriptor, MethodDescriptor
from google.protobuf.json_format import ParseDict
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from google.protobuf.timestamp_pb2 import Timestamp
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
from tests.support.doors.operations import GRPC_NAMES, Operation

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
        descriptor, call = self._methods[operation.rpc]
        request = ParseDict(_in_message(fields, descriptor), GetMessageClass(descriptor.input_type)())
        return _in_words(_answer(call, request, headers))

    def ask_with_bytes(self, operation: Operation, headers: Headers, fields: Mapping[str, bytes]) -> None:
        descriptor, _ = self._methods[operation.rpc]
        numbers = {name: field.number for name, field in descriptor.input_type.fields_by_name.items()}
        request = b"".join(_encoded(numbers[name], value) for name, value in fields.items())
        _answer(self._channel.unary_unary(f"/{operation.rpc}"), request, headers)


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
    named = {GRPC_NAMES.get(name, name): value for name, value in fields.items()}
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
    fields = _fields_of(answer)
    lists = [field.name for field in answer.DESCRIPTOR.fields if field.is_repeated]
    if len(lists) == 1:
        fields["entries"] = fields.pop(lists[0])
    if fields.get("page") == 0:
        # A page by cursor is not counted.
        del fields["total"]
    # An answer that may get more fields has what it is about in one of its own.
    first = next(iter(fields.values()), None)
    return first if isinstance(first, dict) and len(fields) == 1 else fields


def _fields_of(message: Message) -> dict[str, Any]:
    """The fields in the words of the application. An absent time and an empty text are left out."""
    fields: dict[str, Any] = {}
    for field in message.DESCRIPTOR.fields:
        value = getattr(message, field.name)
        if field.message_type and field.message_type.GetOptions().map_entry:
            fields[field.name] = dict(value)
        elif field.is_repeated:
            fields[field.name] = [_value(each, field.enum_type) for each in value]
        elif value != "" and (not field.message_type or message.HasField(field.name)):
            fields[field.name] = _value(value, field.enum_type)
    return fields


def _value(value: Any, enum: Any) -> Any:
    if isinstance(value, Timestamp):
        return value.ToDatetime(tzinfo=UTC)
    if isinstance(value, Message):
        return _fields_of(value)
    return _word(enum.values_by_number[value].name, enum) if enum else value


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
