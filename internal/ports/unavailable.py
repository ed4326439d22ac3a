class Unavailable(Exception):
    """An external service cannot be reached now; the same call may work later."""


class DatabaseUnreachable(Unavailable):
    """The process cannot reach the database; its statement is not the cause."""
