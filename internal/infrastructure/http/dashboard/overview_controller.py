from collections import Counter
from typing import Any

from litestar import Request, get
from litestar.di import NamedDependency
from litestar.params import SkipValidation
from litestar.response import Template

from internal.infrastructure.http.dashboard.failures_controller import SharedFailures, views_of
from internal.infrastructure.http.dashboard.page import Frame
from internal.infrastructure.http.dashboard.trends import Trends
from internal.infrastructure.monitoring.health import problems_of
from internal.infrastructure.monitoring.snapshot import Snapshot
from internal.ports.task_statistics import Span

MOST_FAILURES = 5


@get("/")
async def overview(
    request: Request[Any, Any, Any],
    frame: NamedDependency[Frame],
    trends: SkipValidation[NamedDependency[Trends]],
    failures: SkipValidation[NamedDependency[SharedFailures]],
) -> Template:
    found = await failures.newest()
    query = request.query_params
    span = _span_of(query.get("range", ""))
    return frame.page(
        "overview.html",
        problems=problems_of(frame.snapshot, await trends.hour()),
        trend=await trends.of(span),
        span=span,
        spans=Span,
        as_table=query.get("view") == "table",
        running=_running(frame.snapshot),
        failures=views_of(found, frame)[:MOST_FAILURES],
        failures_found=found,
    )


def _span_of(text: str) -> Span:
    """An unknown range is the last hour: somebody has edited the address."""
    return Span(text) if text in set(Span) else Span.HOUR


def _running(snapshot: Snapshot) -> Counter[tuple[str, str]]:
    """The number of running tasks by queue and name."""
    return Counter((task.queue, task.name) for worker in snapshot.workers or () for task in worker.running)
