from datetime import UTC, datetime

from google.protobuf.timestamp_pb2 import Timestamp

from internal.domain.errors import InvalidInput


def timestamp(time: datetime) -> Timestamp:
    message = Timestamp()
    message.FromDatetime(time)
    return message


def optional_timestamp(time: datetime | None) -> Timestamp | None:
    return timestamp(time) if time else None


def parse_timestamp(field: str, given: Timestamp) -> datetime:
    """Raises InvalidInput: a message may have times that a datetime cannot have."""
    try:
        return given.ToDatetime(tzinfo=UTC)
    except (ValueError, OverflowError) as error:
        raise InvalidInput({field: ["is invalid"]}) from error
