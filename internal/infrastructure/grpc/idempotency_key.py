from internal.domain.errors import InvalidInput
from internal.infrastructure.grpc.metadata import ServicerContext, values_of
from internal.infrastructure.inbound.idempotency_keys import parse_key

_NAME = "idempotency-key"


def idempotency_key_of(context: ServicerContext) -> str | None:
    """The key in the metadata of a call. Raises InvalidInput if it is malformed or there are several."""
    given = values_of(context, _NAME)
    if not given:
        return None
    if len(given) > 1 or not (key := parse_key(given[0])):
        raise InvalidInput({_NAME: ["cannot be used"]})
    return key
