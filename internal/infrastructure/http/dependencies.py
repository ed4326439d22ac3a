from litestar import Litestar
from litestar.routes import HTTPRoute


def resolve_in_turn(app: Litestar) -> None:
    """Let each route resolve its dependencies one after the other.

    The framework starts a task for each of them. That costs much more than our dependencies, which wait for
    nothing.
    """
    for route in app.routes:
        if isinstance(route, HTTPRoute):
            for _, parameters in route.route_handler_map.values():
                parameters.dependency_batches = [
                    {each} for batch in parameters.dependency_batches for each in batch
                ]
