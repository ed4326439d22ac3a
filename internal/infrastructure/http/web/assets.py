"""Style sheets, scripts and images of our pages. Browsers keep them for a year: the names have a hash."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.exceptions import NotFoundException
from litestar.params import FromPath, SkipValidation

from internal.infrastructure.http.access import ANYONE, access

_HTTP = Path(__file__).parents[1]
_FILES = ("web/assets/*", "dashboard/assets/*", "static/htmx/*.js")
_MEDIA_TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
_HEADERS = {"Cache-Control": "public, max-age=31536000, immutable"}
_PATH = "/assets"


@dataclass(frozen=True, slots=True)
class _Asset:
    content: bytes
    media_type: str


class Assets:
    """The files by their hashed names."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        hashed = {name: _hashed(name, content) for name, content in files.items()}
        self._urls = {name: f"{_PATH}/{path}" for name, path in hashed.items()}
        self._assets = {
            path: _Asset(files[name], _MEDIA_TYPES[Path(name).suffix]) for name, path in hashed.items()
        }

    @classmethod
    def read(cls) -> Self:
        """Read the files of the program."""
        return cls({path.name: path.read_bytes() for pattern in _FILES for path in _HTTP.glob(pattern)})

    def url_of(self, name: str) -> str:
        """The path of a file. Raises KeyError if there is no such file."""
        return self._urls[name]

    def get(self, hashed_name: str) -> _Asset | None:
        return self._assets.get(hashed_name)


@get(f"{_PATH}/{{name:str}}", opt=access(ANYONE), include_in_schema=False, sync_to_thread=False)
def asset(name: FromPath[str], assets: SkipValidation[NamedDependency[Assets]]) -> Response[bytes]:
    found = assets.get(name)
    if found is None:
        raise NotFoundException
    return Response(found.content, media_type=found.media_type, headers=_HEADERS)


def _hashed(name: str, content: bytes) -> str:
    stem, suffix = name.rsplit(".", 1)
    return f"{stem}.{hashlib.sha256(content).hexdigest()[:12]}.{suffix}"
