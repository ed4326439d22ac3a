from litestar import get
from litestar.di import NamedDependency
from litestar.response import Template

from internal.infrastructure.http.dashboard.page import Frame


@get("/workers", sync_to_thread=False)
def workers(frame: NamedDependency[Frame]) -> Template:
    return frame.page("workers.html")
