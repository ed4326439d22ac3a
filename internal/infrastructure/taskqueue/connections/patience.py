class Patience:
    """Seconds to wait for an answer: a multiple of the time of the last answer, within limits."""

    FACTOR = 4

    def __init__(self, *, least: float, most: float) -> None:
        self._least = least
        self._most = most
        self.seconds = most

    def answered_after(self, seconds: float) -> None:
        self.seconds = min(max(self.FACTOR * seconds, self._least), self._most)

    def unanswered(self) -> None:
        """Wait longer next time, because the network may have become slower."""
        self.seconds = min(2 * self.seconds, self._most)
