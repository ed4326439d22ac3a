"""What the tasks of these tests write down: a file, for Redis is what goes wrong here."""

import json
import os
import time
from dataclasses import asdict, dataclass
from pathlib import Path

VARIABLE = "FAULTS_JOURNAL"
START, END, FAIL = "start", "end", "fail"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """`at` is on the machine's monotonic clock, which all processes share."""

    key: str
    event: str
    pid: int
    at: float


class Journal:
    def __init__(self, file: Path) -> None:
        self._file = file

    @classmethod
    def of_this_process(cls) -> "Journal":
        return cls(Path(os.environ[VARIABLE]))

    def write(self, key: str, event: str) -> None:
        entry = Entry(key=key, event=event, pid=os.getpid(), at=time.monotonic())
        with self._file.open("a") as stream:  # appended as a whole: many processes write
            stream.write(json.dumps(asdict(entry)) + "\n")

    def entries(self, event: str | None = None, *, key: str | None = None) -> list[Entry]:
        """In the order in which they were written."""
        if not self._file.exists():
            return []
        lines = self._file.read_text().splitlines(keepends=True)
        found = [Entry(**json.loads(line)) for line in lines if line.endswith("\n")]
        return [
            entry for entry in found if event in {None, entry.event} and (key is None or key == entry.key)
        ]

    def keys(self, event: str) -> list[str]:
        return [entry.key for entry in self.entries(event)]
