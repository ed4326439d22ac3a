"""The operator's dashboard. What it shows and does goes through the same ports as the command line."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from litestar import Router
from litestar.di import Provide
from litestar.types import ControllerRouterHandler

from internal.domain.role import Permission
from internal.infrastructure.http.access import access
from internal.infrastructure.http.caller import Callers
from internal.infrastructure.http.dashboard.acting import acting_dependencies
from internal.infrastructure.http.dashboard.audit_controller import AuditController
from internal.infrastructure.http.dashboard.bulk_controller import BulkController
from internal.infrastructure.http.dashboard.enqueue_controller import EnqueueController
from internal.infrastructure.http.dashboard.failure_controller import FailureController
from internal.infrastructure.http.dashboard.failures_controller import failure_list
from internal.infrastructure.http.dashboard.outbox_controller import OutboxController
from internal.infrastructure.http.dashboard.overview_controller import overview
from internal.infrastructure.http.dashboard.page import provide_frame
from internal.infrastructure.http.dashboard.queue_controller import QueueController
from internal.infrastructure.http.dashboard.read_only import refuse_actions
from internal.infrastructure.http.dashboard.request_limit import request_limit
from internal.infrastructure.http.dashboard.schedules_controller import SchedulesController
from internal.infrastructure.http.dashboard.services_controller import service_page
from internal.infrastructure.http.dashboard.task_actions_controller import act_on_tasks
from internal.infrastructure.http.dashboard.task_controller import TaskController
from internal.infrastructure.http.dashboard.tasks_controller import task_list
from internal.infrastructure.http.dashboard.workers_controller import WorkersController
from internal.infrastructure.http.web.page_router import page_router

_PAGES: Sequence[ControllerRouterHandler] = (
    AuditController,
    overview,
    QueueController,
    task_list,
    act_on_tasks,
    BulkController,
    TaskController,
    WorkersController,
    OutboxController,
    EnqueueController,
    SchedulesController,
    failure_list,
    FailureController,
    service_page,
)


def dashboard_router(
    *, providers: Mapping[str, Callable[[], Any]], callers: Callers, is_read_only: bool
) -> Router:
    limit = request_limit(rate_limiter=providers["rate_limiter"], callers=callers)
    return page_router(
        "/dashboard",
        _PAGES,
        providers=providers,
        callers=callers,
        guards=[limit, *([refuse_actions] if is_read_only else [])],
        # An action declares more.
        opt=access(Permission.VIEW_TASKS),
        dependencies={"frame": Provide(provide_frame), **acting_dependencies(providers)},
    )
