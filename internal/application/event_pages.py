from internal.domain.errors import InvalidInput

LARGEST_PAGE = 100


def require_page_size(size: int) -> None:
    """Raise InvalidInput unless a client may ask for this number of events at once."""
    if not 1 <= size <= LARGEST_PAGE:
        raise InvalidInput({"limit": [f"must be between 1 and {LARGEST_PAGE}"]})
