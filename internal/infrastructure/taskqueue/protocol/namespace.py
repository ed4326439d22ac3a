NAMESPACE = "pyhexaclean"


def hash_tag(namespace: str) -> str:
    """The namespace as the part of a key by which a cluster would choose the node; none is supported yet."""
    return f"{{{namespace}}}"
