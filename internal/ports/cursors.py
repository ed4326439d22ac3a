from internal.domain.errors import InvalidInput


class InvalidCursor(InvalidInput):
    """The cursor is malformed, or belongs to another list or order."""

    def __init__(self) -> None:
        super().__init__({"cursor": ["is not a cursor of this list in this order"]})
