"""The main process imports this too, so it does without Litestar."""

from http import HTTPStatus

from internal.infrastructure.inbound.readiness import Status


def status_code(status: Status) -> HTTPStatus:
    return HTTPStatus.SERVICE_UNAVAILABLE if status == "down" else HTTPStatus.OK
