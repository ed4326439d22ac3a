class NotReady(Exception):
    """The process cannot start, or cannot go on; the text says why, in one line."""
