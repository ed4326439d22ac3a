"""`python -m cmd.server`: the HTTP API."""

from internal.infrastructure.bootstrap.entrypoint import entry_point
from internal.infrastructure.bootstrap.server import serve
from internal.infrastructure.bootstrap.services import locate_services
from internal.infrastructure.log import configure_logging


def main() -> None:
    with entry_point("cmd.server"):
        settings = locate_services()
        configure_logging(level=settings.log_level, log_format=settings.log_format)
        serve(settings)


if __name__ == "__main__":
    main()
