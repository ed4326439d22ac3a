import pytest
from litestar import Litestar, get

from internal.infrastructure.http.access import ANYONE, access, require_declarations


@get("/declared", opt=access(ANYONE), sync_to_thread=False)
def declared() -> None: ...


@get("/open-by-mistake", sync_to_thread=False)
def undeclared() -> None: ...


def test_a_route_that_does_not_declare_its_access_fails_the_start() -> None:
    require_declarations(Litestar([declared], openapi_config=None))

    with pytest.raises(TypeError, match="/open-by-mistake does not declare its access"):
        require_declarations(Litestar([declared, undeclared], openapi_config=None))
