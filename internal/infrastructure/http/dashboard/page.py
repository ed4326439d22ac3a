"""A page of the dashboard: the frame with its navigation, and who looks at it."""

from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import quote, urlencode

from litestar import Request
from litestar.di import NamedDependency
from litestar.params import SkipValidation
from litestar.response import Template

from internal.application.auth.authenticate import Principal
from internal.domain.role import Permission
from internal.infrastructure.http.dashboard.conditional_page import ConditionalPage
from internal.infrastructure.http.dashboard.drawings import Drawings
from internal.infrastructure.http.web.page import page
from internal.infrastructure.http.web.website import Website
from internal.infrastructure.monitoring.snapshot import Snapshot, Snapshots


@dataclass(frozen=True, slots=True)
class Frame:
    """What surrounds every page: the newest snapshot and the viewer."""

    request: Request[Any, Any, Any]
    snapshot: Snapshot
    principal: Principal
    drawings: Drawings
    is_read_only: bool

    @property
    def can_act(self) -> bool:
        return not self.is_read_only and self.principal.user.role.permits(Permission.MANAGE_TASKS)

    def page(
        self, template: str, *, status: HTTPStatus = HTTPStatus.OK, is_live: bool = True, **context: Any
    ) -> Template:
        """A page that is not live is not fetched again: a person fills it in."""
        return page(
            self.request,
            f"dashboard/{template}",
            status=status,
            kind=ConditionalPage,
            snapshot=self.snapshot,
            once=self.drawings.once,
            now=self.snapshot.at,
            viewer=self.principal.user,
            can_act=self.can_act,
            can_audit=self.principal.user.role.permits(Permission.VIEW_SECURITY_EVENTS),
            path=self.request.scope["path"].rstrip("/"),
            url=_address_of(self.request) if is_live else None,
            **context,
        )


async def provide_frame(
    request: Request[Any, Any, Any],
    snapshots: SkipValidation[NamedDependency[Snapshots]],
    drawings: SkipValidation[NamedDependency[Drawings]],
    principal: NamedDependency[Principal],
    website: NamedDependency[Website],
) -> Frame:
    return Frame(request, await snapshots.newest(), principal, drawings, website.is_read_only)


def _address_of(request: Request[Any, Any, Any]) -> str | None:
    """The address that shows the same page again, without the notice about what was done.

    None for the answer to a form: nothing may send a form again.
    """
    if request.method == "POST":
        return None
    query = [(name, value) for name, value in request.query_params.multi_items() if name != "notice"]
    # The path is decoded, and an id in it may have a percent sign.
    path = quote(request.scope["path"])
    return f"{path}?{urlencode(query)}" if query else path
