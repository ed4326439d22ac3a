from collections.abc import Collection, Mapping

from litestar.datastructures import MutableScopeHeaders
from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send


class AllowedMethods:
    """Answers OPTIONS with every method of the route.

    The framework names those of the handler that was registered first. `methods` has them by the path.
    """

    def __init__(self, app: ASGIApp, *, methods: Mapping[str, Collection[str]]) -> None:
        self._app = app
        self._allow = {path: ", ".join(sorted(of_path)) for path, of_path in methods.items()}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP or scope["method"] != "OPTIONS":
            await self._app(scope, receive, send)
            return

        async def send_with_methods(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableScopeHeaders.from_message(message)
                allow = self._allow.get(str(scope.get("path_template")))
                if allow and "Allow" in headers:
                    headers["Allow"] = allow
            await send(message)

        await self._app(scope, receive, send_with_methods)
