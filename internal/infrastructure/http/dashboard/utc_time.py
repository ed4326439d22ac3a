from datetime import UTC, datetime


def utc_time(text: str) -> datetime:
    """Read an ISO 8601 time. Without a zone, as browsers send it, it is in UTC. Raises ValueError."""
    time = datetime.fromisoformat(text)
    try:
        return (time if time.tzinfo else time.replace(tzinfo=UTC)).astimezone(UTC)
    except OverflowError as error:
        raise ValueError(f"{text!r} is out of range in UTC") from error
