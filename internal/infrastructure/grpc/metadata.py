from typing import Any

import grpc.aio

ServicerContext = grpc.aio.ServicerContext[Any, Any]


def values_of(context: ServicerContext, key: str) -> list[str]:
    """All values of a key in the metadata of a call."""
    given = context.invocation_metadata() or ()
    return [value for name, value in given if name == key and isinstance(value, str)]
