"""Turn the errors of an entry point into one clear line and an exit code."""

import sys
from collections.abc import Generator
from contextlib import contextmanager

from internal.infrastructure.bootstrap.not_ready import NotReady
from internal.infrastructure.bootstrap.process.exiting import CANNOT_START, WRONG_SETTINGS
from internal.infrastructure.config.invalid_settings import InvalidSettings
from internal.infrastructure.embedded.process import ServiceFailed
from internal.ports.unavailable import Unavailable


@contextmanager
def entry_point(name: str) -> Generator[None]:
    try:
        yield
    except InvalidSettings as error:
        for problem in [*error.problems, *_misspelt()]:
            print(f"{name}: {problem}", file=sys.stderr)  # noqa: T201 - logging needs the settings
        raise SystemExit(WRONG_SETTINGS) from None
    except (NotReady, ServiceFailed, Unavailable) as error:
        print(f"{name}: {error}", file=sys.stderr)  # noqa: T201 - for the person who started it
        raise SystemExit(CANNOT_START) from None


def _misspelt() -> list[str]:
    """Misspelled names, which may explain a missing setting."""
    # `admin --help` reads no settings, so importing them at the top would only slow it down.
    from internal.infrastructure.config.misspelled_names import misspelling  # noqa: PLC0415 - see above
    from internal.infrastructure.config.settings import misspelt_settings  # noqa: PLC0415 - see above

    try:
        return [misspelling(name, meant) for name, meant in misspelt_settings().items()]
    except InvalidSettings:  # the file cannot be read, and the error already says so
        return []
