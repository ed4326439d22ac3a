from collections.abc import Sequence
from typing import Any

from litestar import Request, get
from litestar.di import NamedDependency
from litestar.params import SkipValidation
from litestar.response import Template

from internal.infrastructure.http.dashboard.failure_view import FailureView, failing_now_first
from internal.infrastructure.http.dashboard.page import Frame
from internal.infrastructure.http.dashboard.task_query import LONGEST_TEXT
from internal.infrastructure.monitoring.shared import Shared
from internal.ports.task_failures import WITH_ERRORS, FailureGroups

# None: Redis does not answer.
SharedFailures = Shared[FailureGroups | None]


@get("/failures")
async def failure_list(
    request: Request[Any, Any, Any],
    frame: NamedDependency[Frame],
    failures: SkipValidation[NamedDependency[SharedFailures]],
) -> Template:
    """The largest groups, of all tasks or of those with one name. Groups that fail now come first."""
    name = request.query_params.get("task", "").strip()[:LONGEST_TEXT]
    found = await failures.newest()
    views = [view for view in views_of(found, frame) if not name or view.group.failure.task_name == name]
    return frame.page(
        "failures.html",
        found=found,
        views=failing_now_first(views[:WITH_ERRORS]),
        others=len(views[WITH_ERRORS:]),
        name=name,
    )


def views_of(found: FailureGroups | None, frame: Frame) -> Sequence[FailureView]:
    return [FailureView(group, frame.snapshot.at) for group in found.groups] if found else []
