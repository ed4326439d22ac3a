import sys


def import_structlog() -> None:
    """Import structlog without Rich. Call this before any module that imports structlog.

    structlog imports Rich where it is installed. That takes 5 MB and a tenth of a second, for tracebacks that
    our log lines never show.
    """
    if "structlog" in sys.modules or "rich" in sys.modules:
        return
    sys.modules["rich"] = None  # type: ignore[assignment]  # Python's way to say "cannot be imported"
    try:
        import structlog  # noqa: F401, PLC0415 - the import itself is the point
    finally:
        del sys.modules["rich"]
