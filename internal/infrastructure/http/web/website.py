from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Website:
    """What the pages know of this installation. Only development has the pages for developers."""

    name: str
    shortest_password: int
    is_development: bool
    has_dashboard: bool
