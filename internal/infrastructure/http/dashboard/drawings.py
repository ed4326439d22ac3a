from collections.abc import Callable, Hashable


class Drawings:
    """Parts of pages that do not depend on the viewer: drawn once for all viewers of a process."""

    def __init__(self) -> None:
        self._parts: dict[Hashable, tuple[object, str]] = {}

    def once(self, source: object, *part: Hashable, caller: Callable[[], str]) -> str:
        """The content of a template's `call` block, as it was first drawn from this source.

        A new source replaces the drawing of the same part. `part` names everything else that the block shows.
        """
        kept = self._parts.get(part)
        if kept is None or kept[0] is not source:
            kept = self._parts[part] = source, caller()
        return kept[1]
