class Unavailable(Exception):
    """Something that we need from outside cannot be reached just now; the same call may work later."""


class DatabaseUnreachable(Unavailable):
    """The database cannot be reached from this process; what was asked of it is not to blame."""
