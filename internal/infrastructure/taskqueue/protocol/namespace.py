NAMESPACE = "pyhexaclean"


def hash_tag(namespace: str) -> str:
    """Return the namespace as a hash tag, which keeps all keys on one node of a cluster."""
    return f"{{{namespace}}}"
