import sys


def import_jwt() -> None:
    """Import PyJWT without cryptography, for a program that needs only HS256.

    PyJWT imports all of cryptography where it is installed. That takes 8 MB.
    """
    if "jwt" in sys.modules or "cryptography.x509" in sys.modules:
        return
    # The first module that PyJWT asks for. None is Python's way to say "cannot be imported".
    sys.modules["cryptography.x509"] = None  # type: ignore[assignment]  # see above
    try:
        import jwt  # noqa: F401, PLC0415 - the import itself is the point
    finally:
        del sys.modules["cryptography.x509"]
