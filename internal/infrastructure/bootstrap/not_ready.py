class NotReady(Exception):
    """The process cannot start or continue. The text says why in one line."""
