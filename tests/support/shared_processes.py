"""With pytest-xdist, the files of a folder that shares a server run in one process, and so start it once."""

import pytest
from xdist.scheduler import LoadFileScheduling

SHARING = ("tests/e2e/doors",)


class FolderScheduling(LoadFileScheduling):  # type: ignore[misc]  # xdist has no types
    def _split_scope(self, nodeid: str) -> str:
        """The tests of one process: a file, or a folder that shares a server."""
        file: str = super()._split_scope(nodeid)
        folder = file.rpartition("/")[0]
        return folder if folder in SHARING else file


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> FolderScheduling | None:
    return FolderScheduling(config, log) if config.getvalue("dist") == "loadfile" else None
