from litestar import get
from litestar.di import NamedDependency
from litestar.response import Template

from internal.infrastructure.http.dashboard.page import Frame
from internal.infrastructure.monitoring.health import problems_of


@get("/", sync_to_thread=False)
def overview(frame: NamedDependency[Frame]) -> Template:
    return frame.page("overview.html", problems=problems_of(frame.snapshot))
