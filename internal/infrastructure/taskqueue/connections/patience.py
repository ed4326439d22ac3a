class Patience:
    """How long to wait for an answer, in seconds: some times as long as the last one took, within bounds."""

    TIMES = 4

    def __init__(self, *, least: float, most: float) -> None:
        self._least = least
        self._most = most
        self.seconds = most

    def answered_after(self, seconds: float) -> None:
        self.seconds = min(max(self.TIMES * seconds, self._least), self._most)

    def unanswered(self) -> None:
        """Wait longer the next time: the round trip may have grown."""
        self.seconds = min(2 * self.seconds, self._most)
