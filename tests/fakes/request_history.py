from itertools import islice

from tests.fakes.idempotent_requests import FakeIdempotentRequests


class FakeRequestHistory:
    """Forgets what `requests` no longer remembers."""

    def __init__(self, requests: FakeIdempotentRequests) -> None:
        self._requests = requests

    async def purge(self, *, at_most: int) -> int:
        over = list(islice(filter(self._requests.is_over, self._requests.by_key), at_most))
        for key in over:
            del self._requests.by_key[key]
        return len(over)
