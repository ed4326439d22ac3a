from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Failed:
    """Why the dashboard ended: an error that it did not expect."""

    error: Exception
