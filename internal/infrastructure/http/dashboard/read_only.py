from litestar.handlers import BaseRouteHandler

from internal.domain.errors import NotPermitted
from internal.domain.role import Permission
from internal.infrastructure.http.access import permission_of
from internal.infrastructure.http.caller import AnyConnection


def refuse_actions(connection: AnyConnection, handler: BaseRouteHandler) -> None:
    """Refuse every action, and every page that leads to one, also to admins. Raises NotPermitted."""
    if connection.scope.get("method") != "GET" or permission_of(handler) is Permission.MANAGE_TASKS:
        raise NotPermitted("This dashboard is read-only: DASHBOARD_READ_ONLY is set")
