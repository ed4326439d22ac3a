NAMESPACE = "pyhexaclean"


def hash_tag(namespace: str) -> str:
    """The namespace as the part of a key by which a cluster chooses the node."""
    return f"{{{namespace}}}"
