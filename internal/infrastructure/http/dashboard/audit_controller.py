"""`/dashboard/audit`: who did what to which tasks."""

from litestar import Controller, get
from litestar.di import NamedDependency, Provide
from litestar.params import SkipValidation
from litestar.response import Stream, Template

from internal.application.admin.list_audit import ListAudit
from internal.application.audited_action import ACTIONS
from internal.domain.role import Permission
from internal.infrastructure.http.access import access
from internal.infrastructure.http.dashboard.audit_export import as_csv, as_json
from internal.infrastructure.http.dashboard.audit_query import AuditQuery, provide_audit_query
from internal.infrastructure.http.dashboard.page import Frame

_PATH = "/dashboard/audit"


class AuditController(Controller):
    path = "/audit"
    opt = access(Permission.VIEW_SECURITY_EVENTS)
    dependencies = {"audit_query": Provide(provide_audit_query)}  # noqa: RUF012 - as Litestar declares it

    @get()
    async def audit(
        self,
        frame: NamedDependency[Frame],
        audit_query: SkipValidation[NamedDependency[AuditQuery]],
        list_audit: NamedDependency[ListAudit],
    ) -> Template:
        listed = await list_audit(audit_query.command)
        return frame.page(
            "audit.html",
            actions=listed.actions,
            query=audit_query,
            words=ACTIONS,
            older=listed.next and audit_query.address(_PATH, cursor=listed.next),
            is_first=audit_query.command.cursor is None,
        )

    @get("/export.csv")
    async def export_csv(
        self,
        audit_query: SkipValidation[NamedDependency[AuditQuery]],
        list_audit: NamedDependency[ListAudit],
    ) -> Stream:
        return await as_csv(list_audit, audit_query.command)

    @get("/export.json")
    async def export_json(
        self,
        audit_query: SkipValidation[NamedDependency[AuditQuery]],
        list_audit: NamedDependency[ListAudit],
    ) -> Stream:
        return await as_json(list_audit, audit_query.command)
