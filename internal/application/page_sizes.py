"""How many entries of a list a client may ask for at once: the same for every list."""

from internal.domain.errors import InvalidInput

LARGEST_PAGE = 100


def is_page_size(size: int) -> bool:
    return 1 <= size <= LARGEST_PAGE


def problem_of_size(size: int) -> str | None:
    return None if is_page_size(size) else f"must be between 1 and {LARGEST_PAGE}"


def require_page_size(size: int) -> None:
    """Raise InvalidInput unless it is within 1 and LARGEST_PAGE."""
    if problem := problem_of_size(size):
        raise InvalidInput({"limit": [problem]})
