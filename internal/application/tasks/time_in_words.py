from datetime import UTC, datetime


def time_in_words(time: datetime) -> str:
    utc = time.astimezone(UTC)
    return f"{utc.day} {utc:%B %Y at %H:%M} UTC"
