from typing import Any
from uuid import UUID

from litestar import Controller, Request, Response, get
from litestar.di import NamedDependency

from internal.application.auth.authenticate import Principal
from internal.application.users.export_account import AccountExport, ExportAccount, ExportAccountCommand
from internal.infrastructure.http.access import SIGNED_IN, access
from internal.infrastructure.http.envelope import Envelope, Meta
from internal.infrastructure.http.openapi import BEARER, problems
from internal.infrastructure.http.users.export_schemas import AccountExportResponse

# Browsers save the answer instead of showing it.
_AS_FILE = {"Content-Disposition": 'attachment; filename="account.json"'}


class ExportController(Controller):
    path = "/api/v1/users/me/export"
    tags = ("users",)
    opt = access(SIGNED_IN)
    security = (BEARER,)

    @get(summary="Everything that we hold about you, as a file", responses=problems(401, 429, 503))
    async def export(
        self,
        request: Request[Any, Any, Any],
        principal: NamedDependency[Principal],
        export_account: NamedDependency[ExportAccount],
    ) -> Response[Envelope[AccountExportResponse]]:
        exported = await export_account(ExportAccountCommand(user=principal.user))
        return export_answer(request, exported, current_id=principal.session_id)


def export_answer(
    request: Request[Any, Any, Any], exported: AccountExport, *, current_id: UUID | None
) -> Response[Envelope[AccountExportResponse]]:
    envelope = Envelope(
        message="Account exported successfully",
        data=AccountExportResponse.of(exported, current_id=current_id),
        meta=Meta.of(request),
    )
    return Response(envelope, headers=_AS_FILE)
