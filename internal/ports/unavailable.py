class Unavailable(Exception):
    """Something that we need from outside cannot be reached just now; the same call may work later."""
