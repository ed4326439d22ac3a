import time
from collections.abc import Callable
from contextlib import suppress

import httpx


def eventually(holds: Callable[[], bool], *, within: float) -> None:
    """Wait until `holds`; until then it may also fail to connect. Fail the test after `within` seconds."""
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        with suppress(httpx.TransportError):
            if holds():
                return
        time.sleep(0.02)
    raise AssertionError(f"not within {within} s")
