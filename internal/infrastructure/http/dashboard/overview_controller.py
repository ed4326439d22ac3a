from litestar import get
from litestar.di import NamedDependency
from litestar.response import Template

from internal.infrastructure.http.dashboard.health import problems_of
from internal.infrastructure.http.dashboard.page import Frame


@get("/", sync_to_thread=False)
def overview(frame: NamedDependency[Frame]) -> Template:
    return frame.page("overview.html", problems=problems_of(frame.snapshot))
