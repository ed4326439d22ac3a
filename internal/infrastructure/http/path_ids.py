from typing import Annotated

from litestar.params import PathParameter

_UUID = {"format": "uuid"}
UserId = Annotated[str, PathParameter(description="The id of the user", schema_extra=_UUID)]
SessionId = Annotated[str, PathParameter(description="The id of the session", schema_extra=_UUID)]
