"""The ports that handlers of the dashboard act with. The audit has each action, with the viewer."""

from collections.abc import Callable, Mapping
from typing import Any

from litestar.di import NamedDependency, Provide
from litestar.params import SkipValidation

from internal.application.audit import Audit
from internal.application.audited_outbox_inspector import AuditedOutboxInspector
from internal.application.audited_task_inspector import AuditedTaskInspector
from internal.application.auth.authenticate import Principal
from internal.domain.caller import Caller
from internal.ports.outbox_inspector import OutboxInspector
from internal.ports.task_inspector import TaskInspector


def acting_dependencies(providers: Mapping[str, Callable[[], Any]]) -> dict[str, Provide]:
    """Replace `tasks` and `outbox` by audited ones. `audit` is for what handlers do by other means."""

    async def provide_audit(principal: NamedDependency[Principal], caller: NamedDependency[Caller]) -> Audit:
        return Audit(trail=providers["audit_trail"](), actor=principal.user, caller=caller)

    async def provide_tasks(audit: SkipValidation[NamedDependency[Audit]]) -> TaskInspector:
        return AuditedTaskInspector(providers["tasks"](), audit=audit)

    async def provide_outbox(audit: SkipValidation[NamedDependency[Audit]]) -> OutboxInspector:
        return AuditedOutboxInspector(providers["outbox"](), audit=audit)

    return {
        "audit": Provide(provide_audit),
        "tasks": Provide(provide_tasks),
        "outbox": Provide(provide_outbox),
    }
